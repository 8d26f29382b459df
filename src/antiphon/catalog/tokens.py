"""What a request costs in tokens: one estimate for counting, usage, caching and streams alike.

Claude's tokenizers are not public, and neither is the text into which the API turns a request. So
the estimate has two parts: the tokens of what was sent (`word_tokens`, times a factor for the
model and the kind of text), and the tokens of what the API puts around it: constants, fitted to
recorded pairs of a request and its `input_tokens`. docs/simulated.md says how close that comes.

The constants are sums of what cannot be seen apart. The names say to what they belong; a single one
may be off, as long as the sums are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from .._wire.json import JSONObject, is_list, is_object
from . import media
from . import models as catalog
from .canonical_json import canonical
from .image_tokens import PDF_PAGE_PIXELS, PDF_PAGE_TEXT, TIERS, image_tokens
from .request_parts import content_blocks, may_be_cited, object_at
from .word_tokens import word_tokens

__all__ = ["CountedBlock", "PromptTokens", "block_tokens", "count_text", "output_tokens"]

Section = Literal["tools", "system", "messages"]


class _Family(NamedTuple):
    """How the models of one tokenizer differ."""

    text: float
    """Tokens of prose for one token of the older tokenizer."""
    json: float
    """The same for JSON."""
    structure: float
    """The same for what stands around tools, their calls and their results."""
    any_deferred: int
    """Tokens of the note that there are deferred tools."""


_OLD = _Family(text=1.0, json=1.07, structure=1.0, any_deferred=0)
_NEW = _Family(text=1.26, json=1.4, structure=0.8, any_deferred=95)

_TURN = 4
"""Tokens that mark the role of a turn."""
_REPLY_START = 3
"""Tokens that ask for the reply, behind all blocks; never cached."""
_PREFILL_START = 1
"""The same where the reply was begun by the request."""
_TOOL = 2
_CALL = 16
_PARAMETER = 10
"""Tokens around each argument of a call."""
_RESULT = 31
_TOOL_REFERENCE = 7
_DEFERRED_TOOL = 5
_FORMAT = 95
"""Tokens of the instructions that an output format brings, besides its schema."""
_FORMAT_SCHEMA = 1.35
"""How often the schema of an output format counts: its parts are explained too."""
_CITATIONS = 560
"""Tokens of the instructions to cite, from one recording."""
_THINKING_ENABLED = 30
_THINKING_ADAPTIVE_OLD = 16
"""Tokens that adaptive thinking adds with the older tokenizer, from one recording."""
_BASH, _BASH_NEW = 244, 325
# Hidden definitions of Anthropic's own tools, by the beginning of their types: of client tools as
# documented, of server tools from one to ten recordings each.
_ANTHROPIC_TOOLS = {
    "text_editor_": 700,
    "computer_toolset_": 4_500,
    "browser_toolset_": 6_600,
    "web_search_": 1_710,
    "web_fetch_": 525,
    "code_execution_": 1_780,
    "tool_search_tool_": 200,
}
# Images behind URLs and file ids cannot be seen here; they count as one of 1000 by 1000 pixels.
_UNSEEN_IMAGE = 1_296
_UNSEEN_PAGES = 1
# Fields that a block has for the API, not for Claude.
_UNSEEN_FIELDS = ("type", "id", "tool_use_id", "caller", "cache_control")
_THINKING_BLOCKS = ("thinking", "redacted_thinking")


class CountedBlock(NamedTuple):
    """One block of a prompt and its share of the tokens."""

    section: Section
    """The part of the request that holds the block."""
    role: str
    """The role of its message: "user", "assistant" or "system"; "" for a tool."""
    block: JSONObject
    """The block as it was sent; a plain string as a text block."""
    tokens: int
    """Its tokens, with those that the API puts before it."""


class PromptTokens:
    """The tokens of a request's prompt, counted block by block when they are first needed.

    One object serves all who need the count (rules, cache, rate limits), because counting a long
    conversation costs more than anything else that the server does for a request.

    Args:
        body: the body of a create or count_tokens request.
    """

    def __init__(self, body: JSONObject) -> None:
        self.body = body
        self._blocks: Sequence[CountedBlock] | None = None
        self._total: int | None = None

    # Not a `cached_property`: until Python 3.12, one of these that takes seconds in a thread keeps
    # every other thread waiting that needs the same property, even of another object.
    @property
    def blocks(self) -> Sequence[CountedBlock]:
        """The blocks in the order in which Claude reads them: tools, system, messages."""
        if self._blocks is None:
            self._blocks = tuple(_counted_blocks(self.body))
        return self._blocks

    @property
    def total(self) -> int:
        """The input tokens of the request: those of all blocks, and of the start of the reply."""
        if self._total is None:
            messages = self.body["messages"]
            prefilled = bool(messages) and messages[-1]["role"] == "assistant"
            start = _PREFILL_START if prefilled else _REPLY_START
            self._total = start + sum(each.tokens for each in self.blocks)
        return self._total


def count_text(model: str, text: str) -> int:
    """Return the tokens of a plain text as `model` reads or writes it."""
    return _whole(_estimate(model).text(text))


def block_tokens(model: str, block: JSONObject) -> int:
    """Return the tokens of a content block as `model` reads it."""
    return _whole(_estimate(model).block(block))


def output_tokens(model: str, block: JSONObject) -> int:
    """Return the tokens that `model` needs to write a content block.

    Results of the server's own tools cost none: the API writes them, not Claude.
    """
    estimate = _estimate(model)
    match block:
        case {"type": "text", "text": str(text)}:
            return _whole(estimate.text(text))
        case {"type": "thinking", "thinking": str(thinking)}:
            return _whole(estimate.text(thinking))
        case {
            "type": "tool_use" | "server_tool_use" | "mcp_tool_use",
            "name": str(name),
            "input": arguments,
        }:
            return _whole(estimate.call(name, arguments))
        case _:
            return 0


def _whole(tokens: float) -> int:
    return int(tokens + 0.5)


def _counted_blocks(body: JSONObject) -> Iterator[CountedBlock]:
    estimate = _estimate(body["model"])
    yield from _of_tools(body, estimate)
    yield from _of_system(body, estimate)
    yield from _of_messages(body["messages"], estimate, _for_all_messages(body, estimate))


def _of_tools(body: JSONObject, estimate: _Estimate) -> Iterator[CountedBlock]:
    """Yield the tool definitions; the first also pays for the hidden prompt about tools."""
    tools: Sequence[JSONObject] = body.get("tools") or ()
    if not tools:
        return
    extra = estimate.hidden_prompt(object_at(body, "tool_choice"))
    loaded: frozenset[str] = frozenset()
    if any(tool.get("defer_loading") for tool in tools):
        extra += estimate.family.any_deferred
        loaded = _referenced_tools(body["messages"])
    for tool in tools:
        is_absent = tool.get("defer_loading") and tool.get("name") not in loaded
        tokens = _DEFERRED_TOOL if is_absent else _whole(estimate.tool(tool))
        yield CountedBlock("tools", "", tool, extra + tokens)
        extra = 0


def _referenced_tools(messages: Sequence[JSONObject]) -> frozenset[str]:
    """Return the names of the deferred tools that the conversation has loaded."""
    names: set[str] = set()
    for message in messages:
        for block in content_blocks(message["content"]):
            content = block.get("content")
            inner: Any = content.get("tool_references") if is_object(content) else content
            for part in inner if is_list(inner) else ():
                if is_object(part) and isinstance(name := part.get("tool_name"), str):
                    names.add(name)
    return frozenset(names)


def _of_system(body: JSONObject, estimate: _Estimate) -> Iterator[CountedBlock]:
    """Yield the instructions that an output format brings, and those of the request."""
    output = object_at(object_at(body, "output_config"), "format") or object_at(
        body, "output_format"
    )
    if output:
        schema = _FORMAT_SCHEMA * estimate.json(output.get("schema"))
        yield CountedBlock("system", "system", output, _whole(_FORMAT + schema))
    for block in content_blocks(body.get("system")):
        yield CountedBlock("system", "system", block, _whole(estimate.block(block)))


def _for_all_messages(body: JSONObject, estimate: _Estimate) -> int:
    """Return the tokens of instructions that settings and messages bring, before all messages."""
    tokens = estimate.thinking(object_at(body, "thinking"), object_at(body, "tool_choice"))
    contents = (each["content"] for each in body["messages"] if is_list(each["content"]))
    blocks = (block for content in contents for block in content)
    if any(may_be_cited(part) for block in blocks for part in _with_content(block)):
        tokens += _CITATIONS
    return tokens


def _with_content(block: JSONObject) -> Iterator[JSONObject]:
    """Yield a block and, for a tool result, the blocks in it."""
    yield block
    if block.get("type") == "tool_result":
        yield from content_blocks(block.get("content"))


def _of_messages(
    messages: Sequence[JSONObject], estimate: _Estimate, extra: int
) -> Iterator[CountedBlock]:
    """Yield the blocks of all messages; consecutive messages of one role are one turn."""
    previous_role = None
    last_turn = -1 if estimate.keeps_thinking else _last_user_turn(messages)
    for index, message in enumerate(messages):
        role = message["role"]
        extra += _TURN if role != previous_role else 0
        previous_role = role
        for block in content_blocks(message["content"]):
            if index < last_turn and block.get("type") in _THINKING_BLOCKS:
                continue
            yield CountedBlock("messages", role, block, extra + _whole(estimate.block(block)))
            extra = 0


def _last_user_turn(messages: Sequence[JSONObject]) -> int:
    """Return the index of the last message the user wrote, tool results not counted; else -1.

    Some models drop the thinking of everything before that message.
    """
    for index in reversed(range(len(messages))):
        message = messages[index]
        written = (
            block for block in content_blocks(message["content"]) if block["type"] != "tool_result"
        )
        if message["role"] == "user" and any(written):
            return index
    return -1


@lru_cache(maxsize=64)
def _estimate(model: str) -> _Estimate:
    return _Estimate(model)


class _Estimate:
    """The token estimate of one model; whole tokens are only made of whole blocks."""

    __slots__ = ("_hidden_prompts", "_is_new", "_tier", "family", "keeps_thinking")

    def __init__(self, model: str) -> None:
        card = catalog.find(model)
        self._is_new = card is None or card.tokenizer == "new"
        self.family = _NEW if self._is_new else _OLD
        self._tier = TIERS[card.image_tier if card else "high"]
        self._hidden_prompts = (card.tool_overhead, card.forced_tool_overhead) if card else (0, 0)
        self.keeps_thinking = card is None or card.keeps_thinking

    def text(self, text: str) -> float:
        """Return the tokens of prose."""
        return self.family.text * word_tokens(text)

    def json(self, value: Any) -> float:
        """Return the tokens of a value written as JSON."""
        return self.family.json * word_tokens(canonical(value).decode())

    def hidden_prompt(self, choice: JSONObject) -> int:
        """Return the tokens of the instructions that the API adds when there are tools."""
        return self._hidden_prompts[choice.get("type") in ("any", "tool")]

    def thinking(self, config: JSONObject, choice: JSONObject) -> int:
        """Return the tokens of the instructions to think."""
        if config.get("type") == "enabled":
            return _THINKING_ENABLED
        forced = choice.get("type") in ("any", "tool")  # the model cannot think then
        adaptive = config.get("type") == "adaptive" and not self._is_new and not forced
        return _THINKING_ADAPTIVE_OLD if adaptive else 0

    def tool(self, tool: JSONObject) -> float:
        """Return the tokens of one tool definition."""
        if "input_schema" not in tool:
            return self._anthropic_tool(str(tool.get("type") or ""))
        definition = {
            "description": tool.get("description"),
            "name": tool.get("name"),
            "parameters": tool["input_schema"],
        }
        return self.family.structure * _TOOL + self.json(definition)

    def _anthropic_tool(self, kind: str) -> int:
        """Return the tokens of the hidden definition of one of Anthropic's own tools."""
        if kind.startswith("bash_"):
            return _BASH_NEW if self._is_new else _BASH
        return next((extra for name, extra in _ANTHROPIC_TOOLS.items() if kind.startswith(name)), 0)

    def call(self, name: str, arguments: Any) -> float:
        """Return the tokens of a tool call."""
        structure = _CALL + _PARAMETER * (len(arguments) if is_object(arguments) else 1)
        return self.family.structure * structure + self.json([name, arguments])

    def block(self, block: JSONObject) -> float:
        """Return the tokens of a content block as input; citations and cache marks cost none."""
        match block:
            case {"type": "text", "text": str(text)}:
                return self.text(text)
            case {"type": "image", "source": source}:
                return self._image(source)
            case {"type": "document", "source": source}:
                about = f"{block.get('title') or ''} {block.get('context') or ''}".strip()
                return self.text(about) + self._document(source)
            case {"type": "tool_use" | "server_tool_use" | "mcp_tool_use", "input": arguments}:
                return self.call(str(block.get("name")), arguments)
            case {"type": "tool_result"}:
                return self.family.structure * _RESULT + self._content(block.get("content"))
            case {"type": "tool_reference"}:
                return self.family.structure * _TOOL_REFERENCE
            case {"type": "search_result", "content": content}:
                about = f"{block.get('title') or ''} {block.get('source') or ''}"
                return self.text(about) + self._content(content)
            case {"type": "thinking", "thinking": str(thinking)}:
                return self.text(thinking)
            case _:
                return self.json({key: block[key] for key in block if key not in _UNSEEN_FIELDS})

    def _content(self, content: Any) -> float:
        return sum((self.block(block) for block in content_blocks(content)), 0.0)

    def _document(self, source: JSONObject) -> float:
        match source:
            case {"type": "text", "data": str(text)}:
                return self.text(text)
            case {"type": "content", "content": content}:
                return self._content(content)
            case {"type": "base64", "data": str(encoded)}:
                pages = media.pdf_pages(encoded) or _UNSEEN_PAGES
            case _:
                pages = _UNSEEN_PAGES
        words = self.family.text * PDF_PAGE_TEXT
        return pages * (words + image_tokens(*PDF_PAGE_PIXELS, self._tier))

    def _image(self, source: JSONObject) -> int:
        match source:
            case {"type": "base64", "data": str(encoded)}:
                seen = media.image(encoded)
                return image_tokens(seen.width, seen.height, self._tier) if seen else _UNSEEN_IMAGE
            case _:
                return _UNSEEN_IMAGE
