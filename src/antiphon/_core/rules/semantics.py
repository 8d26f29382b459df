"""What the API refuses of requests whose shape is right: one function per rule, in the API's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from .. import media
from ..model import is_list, is_object
from .asked import Asked, Block, inner

Confidence = Literal["A", "B", "C"]


class Refused(NamedTuple):
    """What a rule says of a request."""

    text: str
    path: str | None = None


class Rule(NamedTuple):
    """A rule of the API."""

    id: str
    source: str
    """The part of the Messages API's documentation it belongs to."""
    confidence: Confidence
    """A: its text was seen live in 2026; B: seen live before; C: documented, or worded by us."""
    remedy: str
    """What to change."""
    check: Callable[[Asked], Iterator[Refused]]


RULES: list[Rule] = []
"""Every rule, in the order in which they are checked."""


def rule(
    id: str, source: str, confidence: Confidence, remedy: str
) -> Callable[[Callable[[Asked], Iterator[Refused]]], Callable[[Asked], Iterator[Refused]]]:
    """Enter a check into the book."""

    def enter(check: Callable[[Asked], Iterator[Refused]]) -> Callable[[Asked], Iterator[Refused]]:
        RULES.append(Rule(id, source, confidence, remedy, check))
        return check

    return enter


_DOCS = "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude"


@rule("messages.none", "Messages", "B", "Send at least one message.")
def no_messages(asked: Asked) -> Iterator[Refused]:
    """An empty conversation."""
    if not asked.messages:
        yield Refused("messages: at least one message is required", "messages")


@rule("messages.role", "Messages", "B", "Use the roles user and assistant.")
def unknown_role(asked: Asked) -> Iterator[Refused]:
    """A role that there is not."""
    for message in asked.messages:
        if message["role"] not in ("user", "assistant", "system"):
            text = f'Unexpected role "{message["role"]}". Allowed roles are "user" or "assistant"'
            yield Refused(f"messages: {text}", "messages")


@rule("messages.system", "Mid-conversation system messages", "A", "Use the top-level `system`.")
def system_role(asked: Asked) -> Iterator[Refused]:
    """Messages of role system on a model that takes none."""
    used = any(message["role"] == "system" for message in asked.messages)
    if used and asked.card is not None and not asked.card.system_role:
        yield Refused("role 'system' is not supported on this model")


@rule("messages.empty", "Messages", "A", "Give every message content.")
def empty_content(asked: Asked) -> Iterator[Refused]:
    """A message without content that is not the last of the assistant."""
    last = len(asked.messages) - 1
    for index, message in enumerate(asked.messages):
        if not message["content"] and not (index == last and message["role"] == "assistant"):
            text = "all messages must have non-empty content except for the optional final assistant message"
            yield Refused(f"messages.{index}: {text}", f"messages.{index}")


@rule("cache.empty_text", "Prompt caching", "A", "Move cache_control to a block with text.")
def cached_empty_text(asked: Asked) -> Iterator[Refused]:
    """A cache breakpoint on an empty text."""
    for block in asked.blocks:
        if (
            block.type == "text"
            and not block.content["text"]
            and block.content.get("cache_control")
        ):
            path = f"{block.path}.text"
            yield Refused(f"{path}: cache_control cannot be set for empty text blocks", path)


@rule("text.empty", "Messages", "A", "Leave the block out.")
def empty_text(asked: Asked) -> Iterator[Refused]:
    """A text block without text."""
    for block in asked.blocks:
        if block.type == "text" and not block.content["text"] and is_list(_content(asked, block)):
            yield Refused("messages: text content blocks must be non-empty", block.path)


@rule("text.blank", "Messages", "B", "Leave the block out.")
def blank_text(asked: Asked) -> Iterator[Refused]:
    """A text block of white space alone."""
    for block in asked.blocks:
        if block.type == "text" and block.content["text"] and not block.content["text"].strip():
            yield Refused(
                "messages: text content blocks must contain non-whitespace text", block.path
            )


def _content(asked: Asked, block: Block) -> Any:
    return asked.messages[block.message]["content"]


@rule("blocks.role", "Tool use", "A", "Put tool_use in assistant and tool_result in user messages.")
def blocks_in_their_role(asked: Asked) -> Iterator[Refused]:
    """Tool calls of the user, or results of the assistant."""
    for turn in asked.turns:
        for block in turn.blocks:
            if block.type == "tool_result" and turn.role != "user":
                yield Refused("`tool_result` blocks can only be in `user` messages", block.path)
            if block.type == "tool_use" and turn.role != "assistant":
                yield Refused("`tool_use` blocks can only be in `assistant` messages", block.path)


@rule("tools.ids", "Tool use", "A", "Give every call an id of its own.")
def unique_tool_use_ids(asked: Asked) -> Iterator[Refused]:
    """An id used twice."""
    seen: set[str] = set()
    for block in asked.blocks:
        if block.type == "tool_use":
            if block.content["id"] in seen:
                yield Refused(f"{block.path}: `tool_use` ids must be unique", block.path)
            seen.add(block.content["id"])


@rule("tools.unanswered", "Tool use", "A", "Answer every call in the next message, results first.")
def calls_are_answered(asked: Asked) -> Iterator[Refused]:
    """Calls without a result immediately after."""
    for turn, after in zip(asked.turns, [*asked.turns[1:], None], strict=False):
        calls = [block.content["id"] for block in turn.blocks if block.type == "tool_use"]
        answered = {b.content["tool_use_id"] for b in _results_first(after.blocks if after else [])}
        missing = [call for call in calls if call not in answered]
        if turn.role == "assistant" and missing:
            where = f"messages.{turn.message}"
            yield Refused(
                f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after:"
                f" {', '.join(missing)}. Each `tool_use` block must have a corresponding"
                " `tool_result` block in the next message.",
                where,
            )


def _results_first(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.type != "tool_result":
            return
        yield block


@rule("tools.orphan", "Tool use", "A", "Send the call before its result, or drop the result.")
def results_have_calls(asked: Asked) -> Iterator[Refused]:
    """Results of calls that the message before does not hold."""
    for before, turn in zip([None, *asked.turns[:-1]], asked.turns, strict=False):
        calls = {b.content["id"] for b in (before.blocks if before else []) if b.type == "tool_use"}
        for block in turn.blocks:
            if block.type == "tool_result" and block.content["tool_use_id"] not in calls:
                yield Refused(
                    f"{block.path}: unexpected `tool_use_id` found in `tool_result` blocks:"
                    f" {block.content['tool_use_id']}. Each `tool_result` block must have a"
                    " corresponding `tool_use` block in the previous message.",
                    block.path,
                )


@rule("prefill.unsupported", "Errors", "C", "End the conversation with a user message.")
def prefill(asked: Asked) -> Iterator[Refused]:
    """The beginning of an answer, on a model that wants to begin itself."""
    if _prefilled(asked) and asked.card is not None and not asked.card.prefill:
        yield Refused(
            "This model does not support assistant message prefill."
            " The conversation must end with a user message."
        )


@rule("prefill.space", "Messages", "B", "Strip the end of the last message.")
def trailing_space(asked: Asked) -> Iterator[Refused]:
    """The beginning of an answer that ends in white space."""
    last = (
        asked.turns[-1].blocks[-1:] if asked.turns and asked.turns[-1].role == "assistant" else []
    )
    if last and last[0].type == "text" and last[0].content["text"][-1:].isspace():
        yield Refused("messages: final assistant content cannot end with trailing whitespace")


def _prefilled(asked: Asked) -> bool:
    """Whether the conversation ends with the assistant, other than in the middle of server tools."""
    if not asked.turns or asked.turns[-1].role != "assistant" or not asked.turns[-1].blocks:
        return False
    last = asked.turns[-1].blocks[-1].type
    return last != "server_tool_use" and not last.endswith("_tool_result")


@rule("max_tokens.large", "Models", "A", "Lower max_tokens to what the model can write.")
def max_tokens(asked: Asked) -> Iterator[Refused]:
    """More tokens than the model writes."""
    wanted = asked.body.get("max_tokens", 0)
    if asked.card is not None and wanted > asked.card.max_output:
        text = f"{wanted} > {asked.card.max_output}, which is the maximum allowed number of output tokens"
        yield Refused(f"max_tokens: {text} for {asked.card.id}", "max_tokens")


@rule("max_tokens.zero", "Prompt caching", "C", "Send max_tokens: 0 alone, or a larger number.")
def warming(asked: Asked) -> Iterator[Refused]:
    """A cache warmed together with what needs an answer."""
    if asked.body.get("max_tokens") != 0:
        return
    output = asked.output_config
    for name, given in (
        ("stream", asked.body.get("stream")),
        ("thinking", asked.thinking == "enabled"),
        ("output_config.format", output.get("format")),
        ("tool_choice", asked.forces_a_tool),
    ):
        if given:
            yield Refused(f"max_tokens: 0 cannot be combined with `{name}`", "max_tokens")


@rule(
    "sampling.version",
    "API versions",
    "C",
    "Leave sampling parameters out, or send version 2023-06-01.",
)
def sampling_by_version(asked: Asked) -> Iterator[Refused]:
    """Sampling parameters under the version that has none."""
    if asked.version == "2026-10-21":
        for name in ("temperature", "top_p", "top_k"):
            if name in asked.body:
                yield Refused(f"{name}: Extra inputs are not permitted", name)


_DEFAULTS = {"temperature": 1, "top_p": 1, "top_k": 0}


@rule("sampling.model", "Models", "A", "Leave the parameter out.")
def sampling_by_model(asked: Asked) -> Iterator[Refused]:
    """Sampling other than by default, on a model that has no choice."""
    if asked.card is not None and not asked.card.sampling:
        for name, default in _DEFAULTS.items():
            if asked.body.get(name, default) != default:
                yield Refused(f"`{name}` is deprecated for this model.", name)


@rule("sampling.both", "Messages", "A", "Give temperature or top_p, not both.")
def sampling_twice(asked: Asked) -> Iterator[Refused]:
    """Both ways of sampling."""
    if "temperature" in asked.body and "top_p" in asked.body:
        yield Refused(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        )


@rule(
    "sampling.thinking", "Extended thinking", "A", "Leave sampling parameters out while thinking."
)
def sampling_while_thinking(asked: Asked) -> Iterator[Refused]:
    """Sampling other than by default, while thinking."""
    if asked.thinking not in ("enabled", "adaptive"):
        return
    if asked.body.get("temperature", 1) != 1:
        yield Refused(
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode."
            f" {_DOCS}/extended-thinking"
        )


@rule("stop_sequences.empty", "Messages", "B", "Give every stop sequence text.")
def stop_sequences(asked: Asked) -> Iterator[Refused]:
    """Stop sequences that hold nothing to find."""
    for sequence in asked.body.get("stop_sequences") or ():
        if not sequence:
            text = "each stop sequence must be non-empty"
            yield Refused(f"stop_sequences: {text}", "stop_sequences")
        elif not sequence.strip():
            text = "each stop sequence must contain non-whitespace"
            yield Refused(f"stop_sequences: {text}", "stop_sequences")


@rule("tools.unique", "Tool use", "A", "Rename one of the tools.")
def unique_tools(asked: Asked) -> Iterator[Refused]:
    """Two tools of one name."""
    names = [tool["name"] for tool in asked.body.get("tools") or () if "name" in tool]
    if len(names) != len(set(map(str, names))):
        yield Refused("tools: Tool names must be unique.", "tools")


@rule("tools.deferred", "Tool search", "C", "Leave defer_loading out of one tool.")
def deferred_tools(asked: Asked) -> Iterator[Refused]:
    """Tools that are all to be found only later."""
    tools = asked.body.get("tools") or ()
    if tools and all(tool.get("defer_loading") for tool in tools):
        text = "At least one tool must have defer_loading=false. All tools cannot be deferred."
        yield Refused(text, "tools")


@rule(
    "tool_choice.model", "Errors", "C", "Use tool_choice auto, and ask for the tool in the prompt."
)
def forced_choice(asked: Asked) -> Iterator[Refused]:
    """A forced choice, on a model that takes none."""
    if asked.forces_a_tool and asked.card is not None and not asked.card.forced_tool_choice:
        text = 'type "tool" and "any" are not supported for this model.'
        yield Refused(f"tool_choice: {text}", "tool_choice")


@rule(
    "tool_choice.thinking",
    "Extended thinking",
    "A",
    "Switch thinking off, or leave the choice free.",
)
def forced_while_thinking(asked: Asked) -> Iterator[Refused]:
    """A forced choice, while thinking."""
    if asked.forces_a_tool and asked.thinks:
        yield Refused(
            "Thinking may not be enabled when tool_choice forces tool use.", "tool_choice"
        )


@rule("thinking.type", "Extended thinking", "C", "Use a type of thinking that the model has.")
def thinking_type(asked: Asked) -> Iterator[Refused]:
    """A type of thinking that the model has not."""
    if asked.thinking is None or asked.card is None or asked.thinking in asked.card.thinking_types:
        return
    if asked.thinking == "adaptive":
        yield Refused("adaptive thinking is not supported on this model", "thinking")
    elif asked.card.line == "sonnet" and asked.thinking == "disabled":
        yield Refused(
            'To turn thinking off on this model, send "thinking": {"type": "between_tools"}'
            ' instead of {"type": "disabled"}.',
            "thinking",
        )
    else:
        yield Refused(
            f'"thinking.type.{asked.thinking}" is not supported for this model. Use'
            ' "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
            "thinking",
        )


@rule("thinking.budget", "Extended thinking", "A", "Raise max_tokens, or lower the budget.")
def thinking_budget(asked: Asked) -> Iterator[Refused]:
    """More thinking than answer."""
    if asked.thinking != "enabled" or "max_tokens" not in asked.body:
        return
    interleaved = any(beta.startswith("interleaved-thinking-") for beta in asked.betas)
    if asked.body["thinking"]["budget_tokens"] >= asked.body["max_tokens"] and not interleaved:
        yield Refused(
            "`max_tokens` must be greater than `thinking.budget_tokens`."
            f" {_DOCS}/extended-thinking#max-tokens-and-context-window-size",
            "max_tokens",
        )


@rule(
    "thinking.first", "Extended thinking", "B", "Send the thinking block first, as it was received."
)
def thinking_comes_first(asked: Asked) -> Iterator[Refused]:
    """Thinking that does not begin its message."""
    kinds = ("thinking", "redacted_thinking")
    for turn in asked.turns:
        thinks = [block.type in kinds for block in turn.blocks]
        if turn.role == "assistant" and any(thinks) and not thinks[0]:
            first = turn.blocks[0]
            yield Refused(
                f"{first.path}: If an assistant message contains any thinking blocks, the first block"
                f" must be thinking or redacted_thinking. Found {first.type}.",
                first.path,
            )


@rule("effort", "Effort", "A", "Use an effort that the model has, or none.")
def effort(asked: Asked) -> Iterator[Refused]:
    """An effort that the model has not."""
    output = asked.output_config
    wanted = output.get("effort")
    if wanted is None or asked.card is None or wanted in asked.card.efforts:
        return
    if not asked.card.efforts:
        yield Refused("This model does not support the effort parameter.", "output_config.effort")
        return
    levels = ", ".join(sorted(asked.card.efforts))
    text = f"This model does not support effort level '{wanted}'. Supported levels: {levels}."
    yield Refused(text, "output_config.effort")


@rule("cache.most", "Prompt caching", "A", "Keep four cache_control marks at most.")
def cache_marks(asked: Asked) -> Iterator[Refused]:
    """More breakpoints than there may be."""
    found = sum(1 for _ in asked.marked()) + bool(asked.body.get("cache_control"))
    if found > 4:
        yield Refused(f"A maximum of 4 blocks with cache_control may be provided. Found {found}.")


@rule("cache.order", "Prompt caching", "A", "Put marks of one hour before those of five minutes.")
def cache_order(asked: Asked) -> Iterator[Refused]:
    """A long-lived breakpoint after a short-lived one."""
    short = False
    for path, mark in asked.marked():
        if mark.get("ttl", "5m") == "1h" and short:
            where = f"{path}.cache_control.ttl"
            yield Refused(
                f"{where}: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control"
                " block. Note that blocks are processed in the following order: `tools`, `system`,"
                " `messages`.",
                where,
            )
        short = short or mark.get("ttl", "5m") == "5m"


@rule("cache.thinking", "Prompt caching", "C", "Mark another block.")
def cached_thinking(asked: Asked) -> Iterator[Refused]:
    """A breakpoint on thinking."""
    for block in asked.blocks:
        if block.type in ("thinking", "redacted_thinking") and "cache_control" in block.content:
            where = f"{block.path}.{block.type}.cache_control"
            yield Refused(f"{where}: Extra inputs are not permitted", where)


@rule(
    "citations.structured",
    "Structured outputs",
    "C",
    "Switch citations off, or leave the format out.",
)
def cited_json(asked: Asked) -> Iterator[Refused]:
    """Citations in an answer that is to be JSON."""
    output = asked.output_config
    if output.get("format") and any(map(_is_cited, _documents(asked))):
        yield Refused("output_config.format: citations cannot be enabled with a JSON schema format")


@rule("citations.all", "Citations", "C", "Enable citations on all documents, or on none.")
def cited_documents(asked: Asked) -> Iterator[Refused]:
    """Citations of some documents only."""
    enabled = [_is_cited(block) for block in _documents(asked)]
    if any(enabled) and not all(enabled):
        yield Refused("citations must be enabled on all documents or on none of them")


def _is_cited(block: Block) -> bool:
    citations = block.content.get("citations")
    return is_object(citations) and bool(citations.get("enabled"))


def _documents(asked: Asked) -> list[Block]:
    return [block for block in asked.blocks if block.type in ("document", "search_result")]


@rule("documents.assistant", "API versions", "C", "Send documents in user messages.")
def documents_of_the_assistant(asked: Asked) -> Iterator[Refused]:
    """Documents of the assistant, under the version that has none."""
    if asked.version == "2026-10-21":
        for turn in asked.turns:
            for block in turn.blocks:
                if turn.role == "assistant" and block.type == "document":
                    text = "`document` blocks are not allowed in `assistant` messages"
                    yield Refused(f"{block.path}: {text}", block.path)


@rule("citations.user", "API versions", "C", "Leave citations out of what the user says.")
def citations_of_the_user(asked: Asked) -> Iterator[Refused]:
    """Citations of the user, under the version that has none."""
    if asked.version == "2026-10-21":
        for turn in asked.turns:
            for block in turn.blocks:
                if turn.role == "user" and block.type == "text" and block.content.get("citations"):
                    where = f"{block.path}.text.citations"
                    yield Refused(f"{where}: citations are not allowed in `user` messages", where)


_MOST_BYTES = 5 * 1024 * 1024
_MOST_PIXELS, _MOST_PIXELS_OF_MANY, _MANY = 8000, 2000, 20


@rule("images", "Vision", "A", "Send the image in its true format and within the limits.")
def images(asked: Asked) -> Iterator[Refused]:
    """Images that are not what they say, or too large."""
    found = list(_media(asked, "image"))
    limit = _MOST_PIXELS_OF_MANY if len(found) > _MANY else _MOST_PIXELS
    for path, block in found:
        source = block["source"]
        if source["type"] == "base64":
            yield from _image(f"{path}.source.base64", source, limit)


def _image(path: str, source: Any, limit: int) -> Iterator[Refused]:
    size = len(source["data"])
    if size > _MOST_BYTES:
        yield Refused(
            f"{path}: image exceeds 5 MB maximum: {size} bytes > {_MOST_BYTES} bytes", path
        )
        return
    seen = media.image(source["data"])
    if seen is None:
        yield Refused("Could not process image", f"{path}.data")
    elif seen.media_type != source["media_type"]:
        yield Refused(
            f"{path}: The image was specified using the {source['media_type']} media type,"
            f" but the image appears to be a {seen.media_type} image",
            path,
        )
    elif max(seen.width, seen.height) > limit:
        kind = "for many-image requests: " if limit == _MOST_PIXELS_OF_MANY else ""
        size_text = f"max allowed size{' ' + kind.rstrip() if kind else ':'} {limit} pixels"
        text = f"At least one of the image dimensions exceed {size_text}"
        yield Refused(f"{path}.data: {text}", f"{path}.data")


@rule("pdfs", "PDF support", "B", "Send a valid PDF without a password, within the page limit.")
def pdfs(asked: Asked) -> Iterator[Refused]:
    """PDFs that cannot be read, or have too many pages."""
    limit = asked.card.media_limit if asked.card else 600
    for path, block in _media(asked, "document"):
        source = block["source"]
        if source["type"] != "base64" or not media.reads_pdfs():
            continue
        where = f"{path}.source.base64.data"
        found = media.pdf(source["data"])
        if found is None:
            yield Refused(f"{where}: The PDF specified was not valid.", where)
        elif found.encrypted:
            yield Refused(f"{where}: The PDF specified is password protected", where)
        elif found.pages > limit:
            yield Refused(f"{where}: A maximum of {limit} PDF pages may be provided.", where)


@rule("media.most", "Vision", "A", "Send fewer images.")
def most_media(asked: Asked) -> Iterator[Refused]:
    """More images than there may be."""
    limit = asked.card.media_limit if asked.card else 600
    found = sum(1 for _ in _media(asked, "image"))
    if found > limit:
        yield Refused(f"Too much media: 0 document pages + {found} images > {limit}")


def _media(asked: Asked, kind: str) -> Iterator[tuple[str, Any]]:
    for block in asked.blocks:
        for path, part in inner(block):
            if part.get("type") == kind and is_object(part.get("source")):
                yield path, part


@rule(
    "structured.objects",
    "Structured outputs",
    "A",
    'Set "additionalProperties": false on every object.',
)
def closed_objects(asked: Asked) -> Iterator[Refused]:
    """Objects in a JSON schema that are left open."""
    output = asked.output_config
    if is_object(output.get("format")):
        yield from _closed(output["format"].get("schema"), "output_config.format.schema", 0)


def _closed(schema: Any, path: str, depth: int) -> Iterator[Refused]:
    if not is_object(schema) or depth > 50:
        return
    extra = schema.get("additionalProperties")
    if schema.get("type") == "object" and extra is not False:
        told = "must be explicitly set to false"
        text = f"{path}: For 'object' type, 'additionalProperties' {told}"
        if extra is True:
            told = "is not supported. Please set 'additionalProperties' to false"
            text = f"{path}: For 'object' type, 'additionalProperties: true' {told}"
        yield Refused(text, path)
    for value in schema.values():
        for inside in value.values() if is_object(value) else value if is_list(value) else ():
            yield from _closed(inside, path, depth + 1)
        yield from _closed(value, path, depth + 1)


@rule("context", "Context windows", "A", "Shorten the conversation.")
def context_length(asked: Asked) -> Iterator[Refused]:
    """A prompt larger than the model's window."""
    if asked.card is None or asked.count is None:
        return
    tokens = asked.count(asked.body)
    if tokens > asked.card.window:
        yield Refused(f"prompt is too long: {tokens} tokens > {asked.card.window} maximum")
