"""Rules about messages: their roles, their content, their end."""

from __future__ import annotations

from collections.abc import Iterator

from .._wire.json import is_list
from . import validators as schema
from .request_schema import BETA_BLOCKS, BLOCKS
from .request_view import RequestView, Turn
from .rule import NOWHERE, At, Chapter, at, named

CHAPTER = Chapter()


@CHAPTER.rule(
    "messages.none", "messages: at least one message is required",
    source="Messages", evidence="B 2025-06", remedy="Send at least one message.",
)  # fmt: skip
def no_messages(asked: RequestView) -> Iterator[At]:
    """An empty conversation."""
    if not asked.messages:
        yield at("messages")


@CHAPTER.rule(
    "messages.role",
    'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant"',
    source="Messages", evidence="B 2024-01", remedy="Use the roles user and assistant.",
)  # fmt: skip
def unknown_role(asked: RequestView) -> Iterator[At]:
    """A role that there is not."""
    for turn in asked.turns:
        if turn.role not in ("user", "assistant", "system"):
            yield at(f"messages.{turn.first}.role", role=named(turn.role))


@CHAPTER.rule(
    "messages.system.model", "role 'system' is not supported on this model",
    source="Mid-conversation system messages", evidence="A 2026-05",
    remedy="Use the top-level `system`, or another model.",
)  # fmt: skip
def system_role(asked: RequestView) -> Iterator[At]:
    """Messages of role system, on a model that takes none."""
    if asked.card is not None and not asked.card.system_role:
        for turn in _system(asked):
            yield at(f"messages.{turn.first}.role")


@CHAPTER.rule(
    "messages.system.place",
    "{path}: a 'system' message must follow a user message, or an assistant message that ends with a server tool"
    " result, and must be the last message or be followed by an assistant message",
    source="Mid-conversation system messages", evidence="C 2026-08",
    remedy="Move the system message right behind a user message.",
)  # fmt: skip
def system_in_its_place(asked: RequestView) -> Iterator[At]:
    """A system message at the beginning, between the wrong messages, or between a call and its result."""
    turns = asked.turns
    for index, turn in enumerate(turns):
        if turn.role == "system":
            after = turns[index + 1].role if index + 1 < len(turns) else None
            if index == 0 or not _may_precede_system(turns[index - 1]) or after == "user":
                yield at(f"messages.{turn.first}")


def _may_precede_system(turn: Turn) -> bool:
    if turn.role == "user":
        return True
    return bool(turn.blocks) and turn.blocks[-1].type.endswith("_tool_result")


@CHAPTER.rule(
    "messages.system.content", "{path}: 'system' messages cannot contain `{type}` blocks",
    source="Mid-conversation system messages", evidence="C 2026-08", remedy="Keep to text.",
)  # fmt: skip
def system_content(asked: RequestView) -> Iterator[At]:
    """Other than text in a system message."""
    for turn in _system(asked):
        for block in turn.blocks:
            if block.type not in ("text", "tool_addition", "tool_removal"):
                yield at(block.path, type=block.type)


def _system(asked: RequestView) -> Iterator[Turn]:
    return (turn for turn in asked.turns if turn.role == "system")


@CHAPTER.rule(
    "messages.beta", schema.TAG.text,
    source="Beta headers", evidence="A 2026-10", remedy="Send the `anthropic-beta` header of the feature.",
)  # fmt: skip
def blocks_of_betas(asked: RequestView) -> Iterator[At]:
    """Content blocks of a beta that was not asked for."""
    for kind, beta in BETA_BLOCKS.items():
        if kind in asked.blocks and not asked.has_beta(beta):
            for block in asked.of(kind):
                yield at(block.path, found=kind, expected=_expected)


_expected = schema.tags(BLOCKS)


@CHAPTER.rule(
    "messages.empty",
    "{path}: all messages must have non-empty content except for the optional final assistant message",
    source="Messages", evidence="A 2026-01", remedy="Give every message content.",
)  # fmt: skip
def empty_content(asked: RequestView) -> Iterator[At]:
    """A message without content that is not the last of the assistant."""
    last = len(asked.messages) - 1
    for index, message in enumerate(asked.messages):
        if not message["content"] and not (index == last and message["role"] == "assistant"):
            yield at(f"messages.{index}")


@CHAPTER.rule(
    "cache.empty_text", "{path}: cache_control cannot be set for empty text blocks",
    source="Prompt caching", evidence="A 2026-08", remedy="Move cache_control to a block with text.",
)  # fmt: skip
def cached_empty_text(asked: RequestView) -> Iterator[At]:
    """A cache breakpoint on an empty text."""
    system = asked.body.get("system")
    for index, block in enumerate(system if is_list(system) else ()):
        if not block["text"] and block.get("cache_control"):
            yield at(f"system.{index}.text")
    for each in asked.of("text"):
        if not each.content["text"] and each.content.get("cache_control"):
            yield at(f"{each.path}.text")


@CHAPTER.rule(
    "text.empty", "{where}: text content blocks must be non-empty",
    source="Messages", evidence="A 2026-09", remedy="Leave the block out.",
)  # fmt: skip
def empty_text(asked: RequestView) -> Iterator[At]:
    """A text block without text."""
    system = asked.body.get("system")
    for index, each in enumerate(system if is_list(system) else ()):
        if not each["text"]:
            yield at(f"system.{index}", where="system")
    for block in asked.of("text"):
        if not block.content["text"] and is_list(asked.messages[block.message]["content"]):
            yield at(block.path, where="messages")


@CHAPTER.rule(
    "text.blank", "messages: text content blocks must contain non-whitespace text",
    source="Messages", evidence="B 2026-08", remedy="Leave the block out.",
)  # fmt: skip
def blank_text(asked: RequestView) -> Iterator[At]:
    """A text block of white space alone."""
    for block in asked.of("text"):
        if block.content["text"].isspace():
            yield at(block.path)


@CHAPTER.rule(
    "prefill.unsupported",
    "This model does not support assistant message prefill. The conversation must end with a user message.",
    source="Errors", evidence="C 2026-10", remedy="End the conversation with a user message.",
)  # fmt: skip
def prefill(asked: RequestView) -> Iterator[At]:
    """The beginning of an answer, on a model that wants to begin itself."""
    if asked.card is not None and not asked.card.prefill and _is_prefilled(asked):
        yield NOWHERE


@CHAPTER.rule(
    "prefill.space", "messages: final assistant content cannot end with trailing whitespace",
    source="Messages", evidence="B 2025-08", remedy="Strip the end of the last message.",
)  # fmt: skip
def trailing_space(asked: RequestView) -> Iterator[At]:
    """The beginning of an answer that ends in white space."""
    if _is_prefilled(asked) and asked.turns[-1].blocks:
        last = asked.turns[-1].blocks[-1]
        if last.type == "text" and last.content["text"][-1:].isspace():
            yield at(last.path)


@CHAPTER.rule(
    "prefill.format", "Assistant message prefill is not supported with `output_config.format`.",
    source="Structured outputs", evidence="C 2026-08", remedy="End the conversation with a user message.",
)  # fmt: skip
def prefilled_json(asked: RequestView) -> Iterator[At]:
    """The beginning of an answer that is to be JSON."""
    if asked.output_format is not None and _is_prefilled(asked):
        yield NOWHERE


def _is_prefilled(asked: RequestView) -> bool:
    """Whether the conversation ends with the assistant, other than in the middle of its server tools."""
    if not asked.turns or asked.turns[-1].role != "assistant":
        return False
    last = asked.turns[-1].blocks[-1:]
    return not last or not last[0].type.endswith(("_tool_use", "_tool_result"))


@CHAPTER.rule(
    "version.documents", "{path}: `document` blocks are not allowed in `assistant` messages",
    source="API versions", evidence="C 2026-10", remedy="Send documents in user messages.",
)  # fmt: skip
def documents_of_the_assistant(asked: RequestView) -> Iterator[At]:
    """Documents of the assistant, under the version that has none."""
    if asked.version == "2026-10-21":
        for block in asked.of("document"):
            if asked.messages[block.message]["role"] == "assistant":
                yield at(block.path)


@CHAPTER.rule(
    "version.citations", "{path}: citations are not allowed in `user` messages",
    source="API versions", evidence="C 2026-10", remedy="Leave citations out of what the user says.",
)  # fmt: skip
def citations_of_the_user(asked: RequestView) -> Iterator[At]:
    """Citations of the user, under the version that has none."""
    if asked.version != "2026-10-21":
        return
    for block in asked.of("text"):
        if asked.messages[block.message]["role"] == "user" and block.content.get("citations"):
            yield at(f"{block.path}.text.citations")
    for block in asked.of("search_result"):
        for index, part in enumerate(block.content["content"]):
            if part.get("citations"):
                yield at(f"{block.path}.search_result.content.{index}.text.citations")
