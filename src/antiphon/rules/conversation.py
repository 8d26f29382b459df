"""Checks of the messages: their roles, their content, their end."""

from __future__ import annotations

from collections.abc import Iterator

from .registry import EVERYWHERE, Checks, Violation, at, block_parts, shorten
from .request_schema import BETA_BLOCKS, BLOCKS
from .request_view import NEWER_VERSION, RequestView, Turn
from .validators import tags

__all__ = ["CHECKS"]

_KNOWN_BLOCKS = tags(BLOCKS)

CHECKS = Checks()


@CHECKS.add("messages.none")
def no_messages(request: RequestView) -> Iterator[Violation]:
    """Find an empty conversation."""
    if not request.messages:
        yield at("messages")


@CHECKS.add("messages.role")
def unknown_role(request: RequestView) -> Iterator[Violation]:
    """Find unknown roles."""
    for turn in request.turns:
        if turn.role not in ("user", "assistant", "system"):
            yield at(f"{turn.path}.role", role=shorten(turn.role))


@CHECKS.add("messages.system.model", "role.system")
def system_role(request: RequestView) -> Iterator[Violation]:
    """Find system messages for a model that takes none."""
    if request.card is not None and not request.card.system_role:
        for turn in _system(request):
            yield at(f"{turn.path}.role")


@CHECKS.add("messages.system.place", "role.system")
def misplaced_system(request: RequestView) -> Iterator[Violation]:
    """Find system messages at the beginning, behind a wrong message, or before a user message."""
    turns = request.turns
    for index, turn in enumerate(turns):
        if turn.role == "system":
            after = turns[index + 1].role if index + 1 < len(turns) else None
            if index == 0 or not _may_precede_system(turns[index - 1]) or after == "user":
                yield at(turn.path)


def _may_precede_system(turn: Turn) -> bool:
    """Return whether a system message may follow: after the user, or after a server tool."""
    if turn.role == "user":
        return True
    return bool(turn.blocks) and turn.blocks[-1].type.endswith("_tool_result")


@CHECKS.add("messages.system.content", "role.system")
def system_content(request: RequestView) -> Iterator[Violation]:
    """Find blocks in system messages that are not text."""
    for turn in _system(request):
        for block in turn.blocks:
            # The other two are of a beta; without it they are found as blocks of a beta.
            if block.type not in ("text", "tool_addition", "tool_removal"):
                yield at(block.path, type=block.type)


def _system(request: RequestView) -> Iterator[Turn]:
    return (turn for turn in request.turns if turn.role == "system")


@CHECKS.add("messages.beta", *block_parts(BETA_BLOCKS))
def blocks_of_betas(request: RequestView) -> Iterator[Violation]:
    """Find content blocks of a beta that the request does not name."""
    for kind, betas in BETA_BLOCKS.items():
        if kind in request.blocks and not request.has_beta(*betas):
            for block in request.of(kind):
                yield at(block.path, found=kind, expected=_KNOWN_BLOCKS)


@CHECKS.add("messages.empty")
def empty_content(request: RequestView) -> Iterator[Violation]:
    """Find messages without content, except the last one of the assistant."""
    for turn in request.turns:
        # A final assistant message without content is a prefill of nothing, which is accepted.
        may_end_empty = turn is request.turns[-1] and turn.role == "assistant"
        if not all(turn.contents[:-1] if may_end_empty else turn.contents):
            yield at(turn.path)


@CHECKS.add("cache.empty_text", "system", "field.cache_control")
def cached_empty_text(request: RequestView) -> Iterator[Violation]:
    """Find cache breakpoints on empty texts."""
    for index, text in enumerate(request.system):
        if not text["text"] and text.get("cache_control"):
            yield at(f"system.{index}.text")
    for block in request.of("text"):
        if not block.content["text"] and block.content.get("cache_control"):
            yield at(f"{block.path}.text")


@CHECKS.add("text.empty", "system", "block.text")
def empty_text(request: RequestView) -> Iterator[Violation]:
    """Find empty text blocks."""
    for index, text in enumerate(request.system):
        if not text["text"]:
            yield at(f"system.{index}", where="system")
    for block in request.of("text"):
        if not block.content["text"]:
            yield at(block.path, where="messages")


@CHECKS.add("text.blank", "block.text")
def blank_text(request: RequestView) -> Iterator[Violation]:
    """Find text blocks of white space alone, except the assistant's: the API itself writes such."""
    for block in request.of("text"):
        if block.role != "assistant" and block.content["text"].isspace():
            yield at(block.path)


@CHECKS.add("prefill.unsupported", "role.assistant")
def prefill(request: RequestView) -> Iterator[Violation]:
    """Find a prefilled reply, for a model that takes none."""
    if request.card is not None and not request.card.prefill and _is_prefilled(request):
        yield EVERYWHERE


@CHECKS.add("prefill.space", "role.assistant")
def trailing_space(request: RequestView) -> Iterator[Violation]:
    """Find a prefilled reply that ends in white space."""
    if _is_prefilled(request) and request.turns[-1].blocks:
        last = request.turns[-1].blocks[-1]
        if last.type == "text" and last.content["text"][-1:].isspace():
            yield at(last.path)


@CHECKS.add("prefill.format", "output_config", "output_format")
def prefilled_json(request: RequestView) -> Iterator[Violation]:
    """Find a prefilled reply where structured output is requested."""
    if request.output_format is not None and _is_prefilled(request):
        yield EVERYWHERE


def _is_prefilled(request: RequestView) -> bool:
    """Return whether the assistant has begun the reply, and not just used a server tool."""
    if not request.turns or request.turns[-1].role != "assistant":
        return False
    # After a pause (`pause_turn`, `compaction`) a conversation ends with a server tool or with a
    # summary. That is no prefill.
    last = request.turns[-1].blocks[-1:]
    return not last or not last[0].type.endswith(("_tool_use", "_tool_result", "compaction"))


@CHECKS.add("version.documents", "block.document")
def documents_of_the_assistant(request: RequestView) -> Iterator[Violation]:
    """Find documents in assistant messages, which the newer version refuses."""
    if request.version == NEWER_VERSION:
        for block in request.of("document"):
            if block.role == "assistant":
                yield at(block.path)


@CHECKS.add("version.citations", "field.citations", "block.search_result")
def citations_of_the_user(request: RequestView) -> Iterator[Violation]:
    """Find citations in user messages, which the newer version refuses."""
    if request.version != NEWER_VERSION:
        return
    for block in request.of("text"):
        if block.role == "user" and block.content.get("citations"):
            yield at(f"{block.path}.text.citations")
    for block in request.of("search_result"):
        for index, part in enumerate(block.content["content"]):
            if part.get("citations"):
                yield at(f"{block.path}.search_result.content.{index}.text.citations")
