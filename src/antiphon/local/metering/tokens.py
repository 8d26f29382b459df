"""What a request costs in tokens: one estimate for counting, usage, caching and streams alike.

Calibrated on recorded requests (Messages API, token counting): within 5 % or 2 tokens of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from ..._wire.json import JSONObject
from ...catalog import media
from ...catalog import models as catalog
from ...catalog.image_tokens import TIERS, image_tokens
from .canonical_json import canonical
from .request_parts import content_blocks, object_at
from .word_tokens import word_tokens

__all__ = ["CountedBlock", "PromptTokens", "count_text", "output_tokens"]

Section = Literal["tools", "system", "messages"]

# The constants below were fitted to recorded pairs of a request and its `input_tokens`.
_REQUEST = 3
"""Tokens around every prompt without tools."""
_TURN = 4
"""Tokens that mark the role of a turn."""
_PER_TOOL = 10
"""Tokens around a tool definition, a tool call or a tool result."""
_JSON_CHARACTERS_PER_TOKEN = 3.6
_NEW_TOKENIZER = 1.3
"""Tokens of the newer tokenizer for one of the older (docs: "about a third more")."""
_BASH, _BASH_NEW = 244, 325
_ANTHROPIC_TOOLS = {"text_editor_": 700, "computer_toolset_": 4_500, "browser_toolset_": 6_600}
"""Tokens of the hidden definitions of Anthropic's own tools, by the beginning of their types."""
# A page of a PDF costs its text and an image of this size (docs, PDF support).
_PDF_PAGE_TEXT = 1_500
_PDF_PAGE_PIXELS = (1075, 1520)
# Images behind URLs and file ids cannot be seen here; they count as one of 1000 by 1000 pixels.
_UNSEEN_IMAGE = 1_296
_UNSEEN_PAGES = 1
_THINKING = ("thinking", "redacted_thinking")


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
        """The input tokens of the request."""
        return sum(each.tokens for each in self.blocks)


def count_text(model: str, text: str) -> int:
    """Return the tokens of a plain text as `model` reads or writes it."""
    return _estimate(model).text(text)


def output_tokens(model: str, block: JSONObject) -> int:
    """Return the tokens that `model` needs to write a content block.

    Results of the server's own tools cost none: the API writes them, not Claude.
    """
    estimate = _estimate(model)
    match block:
        case {"type": "text", "text": str(text)}:
            return estimate.text(text)
        case {"type": "thinking", "thinking": str(thinking)}:
            return estimate.text(thinking)
        case {"type": "tool_use" | "server_tool_use", "name": str(name), "input": arguments}:
            return _PER_TOOL + estimate.text(name) + estimate.json(arguments)
        case _:
            return 0


def _counted_blocks(body: JSONObject) -> Iterator[CountedBlock]:
    estimate = _estimate(body["model"])
    tools = body.get("tools") or ()
    yield from _of_tools(tools, object_at(body, "tool_choice"), estimate)
    yield from _of_system(body, estimate)
    yield from _of_messages(body["messages"], estimate, 0 if tools else _REQUEST)


def _of_tools(
    tools: Sequence[JSONObject], choice: JSONObject, estimate: _Estimate
) -> Iterator[CountedBlock]:
    """Yield the tool definitions; the first also pays for the hidden prompt about tools."""
    extra = estimate.hidden_prompt(choice)
    for tool in tools:
        yield CountedBlock("tools", "", tool, extra + estimate.tool(tool))
        extra = 0


def _of_system(body: JSONObject, estimate: _Estimate) -> Iterator[CountedBlock]:
    """Yield the instructions that an output format brings, and those of the request."""
    output = object_at(object_at(body, "output_config"), "format") or object_at(
        body, "output_format"
    )
    if output:
        yield CountedBlock("system", "system", output, estimate.json(output.get("schema")))
    for block in content_blocks(body.get("system")):
        yield CountedBlock("system", "system", block, estimate.block(block))


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
            if index < last_turn and block.get("type") in _THINKING:
                continue
            yield CountedBlock("messages", role, block, extra + estimate.block(block))
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
    """The token estimate of one model."""

    __slots__ = ("_factor", "_hidden_prompts", "_is_new", "_tier", "keeps_thinking")

    def __init__(self, model: str) -> None:
        card = catalog.find(model)
        self._is_new = card is None or card.tokenizer == "new"
        self._factor = _NEW_TOKENIZER if self._is_new else 1.0
        self._tier = TIERS[card.image_tier if card else "high"]
        self._hidden_prompts = (card.tool_overhead, card.forced_tool_overhead) if card else (0, 0)
        self.keeps_thinking = card is None or card.keeps_thinking

    def text(self, text: str) -> int:
        """Return the tokens of prose."""
        return self._scaled(word_tokens(text))

    def json(self, value: Any) -> int:
        """Return the tokens of a value written as JSON."""
        return self._scaled(len(canonical(value)) / _JSON_CHARACTERS_PER_TOKEN)

    def hidden_prompt(self, choice: JSONObject) -> int:
        """Return the tokens of the instructions that the API adds when there are tools."""
        return self._hidden_prompts[choice.get("type") in ("any", "tool")]

    def tool(self, tool: JSONObject) -> int:
        """Return the tokens of one tool definition."""
        definition = {key: tool[key] for key in tool if key != "cache_control"}
        size = len(canonical(definition)) / _JSON_CHARACTERS_PER_TOKEN
        return self._scaled(size + _PER_TOOL) + self._anthropic_tool(str(tool.get("type") or ""))

    def _anthropic_tool(self, kind: str) -> int:
        """Return the tokens of the hidden definition of one of Anthropic's own tools."""
        if kind.startswith("bash_"):
            return _BASH_NEW if self._is_new else _BASH
        return next((extra for name, extra in _ANTHROPIC_TOOLS.items() if kind.startswith(name)), 0)

    def block(self, block: JSONObject) -> int:
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
                return _PER_TOOL + self.text(str(block.get("name"))) + self.json(arguments)
            case {"type": "tool_result"}:
                return _PER_TOOL + self._content(block.get("content"))
            case {"type": "search_result", "content": content}:
                about = f"{block.get('title') or ''} {block.get('source') or ''}"
                return self.text(about) + self._content(content)
            case {"type": "thinking", "thinking": str(thinking)}:
                return self.text(thinking)
            case _:
                return self.json({key: block[key] for key in block if key != "cache_control"})

    def _content(self, content: Any) -> int:
        return sum(self.block(block) for block in content_blocks(content))

    def _document(self, source: JSONObject) -> int:
        match source:
            case {"type": "text", "data": str(text)}:
                return self.text(text)
            case {"type": "content", "content": content}:
                return self._content(content)
            case {"type": "base64", "data": str(encoded)}:
                pages = media.pdf_pages(encoded) or _UNSEEN_PAGES
            case _:
                pages = _UNSEEN_PAGES
        page = self._scaled(_PDF_PAGE_TEXT) + image_tokens(*_PDF_PAGE_PIXELS, self._tier)
        return pages * page

    def _image(self, source: JSONObject) -> int:
        match source:
            case {"type": "base64", "data": str(encoded)}:
                seen = media.image(encoded)
                return image_tokens(seen.width, seen.height, self._tier) if seen else _UNSEEN_IMAGE
            case _:
                return _UNSEEN_IMAGE

    def _scaled(self, tokens: float) -> int:
        """Return tokens of the older tokenizer as whole tokens of this model's."""
        return int(tokens * self._factor + 0.5)
