"""Checks of thinking, of the thinking blocks sent back, and of effort."""

from __future__ import annotations

from collections.abc import Iterator

from .registry import Checks, Violation, at, block_parts
from .request_view import RequestView

__all__ = ["CHECKS"]

# With the beta of interleaved thinking the budget is that of a whole turn: it may be larger than
# `max_tokens`, and thinking may stand anywhere. Adaptive thinking is interleaved without a beta.
_INTERLEAVED = "interleaved-thinking-"
_KINDS = ("thinking", "redacted_thinking")

CHECKS = Checks()


@CHECKS.add("thinking.adaptive", "thinking")
def adaptive_thinking(request: RequestView) -> Iterator[Violation]:
    """Find adaptive thinking, for a model that has none."""
    if _is_refused(request) and request.thinking == "adaptive":
        yield at("thinking")


@CHECKS.add("thinking.off", "thinking")
def thinking_off(request: RequestView) -> Iterator[Violation]:
    """Find thinking switched off, for a model that thinks between tools instead."""
    if _is_refused(request) and request.thinking == "disabled" and _thinks_between_tools(request):
        yield at("thinking")


@CHECKS.add("thinking.type", "thinking")
def thinking_type(request: RequestView) -> Iterator[Violation]:
    """Find other types of thinking that the model does not have."""
    has_its_own_text = request.thinking == "adaptive" or (
        request.thinking == "disabled" and _thinks_between_tools(request)
    )
    if _is_refused(request) and not has_its_own_text:
        yield at("thinking", type=request.thinking)


def _is_refused(request: RequestView) -> bool:
    """Return whether the model does not have the requested type of thinking."""
    return (
        request.card is not None
        and request.thinking is not None
        and request.thinking not in request.card.thinking_types
    )


def _thinks_between_tools(request: RequestView) -> bool:
    return request.card is not None and "between_tools" in request.card.thinking_types


@CHECKS.add("thinking.budget", "thinking")
def thinking_budget(request: RequestView) -> Iterator[Violation]:
    """Find a budget that leaves no tokens for the reply."""
    if request.thinking == "enabled" and request.body.get("max_tokens"):
        too_much = request.part("thinking")["budget_tokens"] >= request.body["max_tokens"]
        if too_much and not request.has_beta(_INTERLEAVED):
            yield at("max_tokens")


@CHECKS.add("thinking.first", "thinking")
def thinking_comes_first(request: RequestView) -> Iterator[Violation]:
    """Find messages with thinking in another place than the first, if there is a budget."""
    if request.thinking != "enabled" or request.has_beta(_INTERLEAVED):
        return
    for turn in request.turns:
        kinds = [block.type for block in turn.blocks] if turn.role == "assistant" else []
        if kinds and kinds[0] not in _KINDS and any(kind in _KINDS for kind in kinds):
            yield at(turn.blocks[0].path, type=kinds[0])


@CHECKS.add("thinking.expected", "thinking")
def missing_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a final assistant message that does not begin with thinking, if there is a budget.

    Results of tools do not end it: they and the calls before them belong to the message.
    """
    if request.thinking != "enabled":
        return
    # From the end back to what the user wrote: one turn of the assistant, with its tool results.
    last = None
    for turn in reversed(request.turns):
        if turn.role == "assistant":
            last = last or (turn.blocks[0] if turn.blocks else None)
            if turn.blocks and turn.blocks[0].type in _KINDS:
                return
        elif any(block.type != "tool_result" for block in turn.blocks):
            break
    if last is not None:
        yield at(last.path, type=last.type)


@CHECKS.add("thinking.final", *block_parts(_KINDS))
def thinking_at_the_end(request: RequestView) -> Iterator[Violation]:
    """Find thinking in a message of the assistant that is to be continued without thinking."""
    if request.thinks or not request.turns or request.turns[-1].role != "assistant":
        return
    for block in request.turns[-1].blocks:
        if block.type in _KINDS:
            yield at(block.path, type=block.type)


@CHECKS.add("thinking.clearing", "context_management")
def clearing_without_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a request to clear thinking where the model does not think."""
    edits = () if request.thinks else request.part("context_management").get("edits") or ()
    for index, edit in enumerate(edits):
        if edit["type"].startswith("clear_thinking_"):
            yield at(f"context_management.edits.{index}", type=edit["type"])


@CHECKS.add("thinking.empty", "block.thinking")
def empty_thinking(request: RequestView) -> Iterator[Violation]:
    """Find thinking blocks without thinking; omitted thinking has at least a signature."""
    for block in request.of("thinking"):
        if not block.content["thinking"] and not block.content["signature"]:
            yield at(f"{block.path}.thinking")


@CHECKS.add("effort.model", "output_config")
def effort(request: RequestView) -> Iterator[Violation]:
    """Find an effort, for a model that has none."""
    if request.effort and request.card is not None and not request.card.efforts:
        yield at("output_config.effort")


@CHECKS.add("effort.level", "output_config")
def effort_level(request: RequestView) -> Iterator[Violation]:
    """Find a level of effort that the model does not have."""
    levels = request.card.efforts if request.card is not None else ()
    if request.effort and levels and request.effort not in levels:
        yield at("output_config.effort", effort=request.effort, levels=", ".join(sorted(levels)))


@CHECKS.add("effort.thinking", "output_config")
def effort_without_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a level of effort that the model does not have without thinking."""
    if request.card is not None and request.thinking in ("disabled", "between_tools"):
        refused = set(request.card.efforts) - set(request.card.unthinking_efforts)
        if request.effort in refused:
            yield at("output_config.effort", effort=request.effort)
