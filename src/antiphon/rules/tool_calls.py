"""Checks of calls of tools and of their results, for tools of the caller and of the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from .._wire.json import is_object
from .registry import EVERYWHERE, Checks, Violation, at, block_parts, shorten
from .request_schema import BETA_BLOCKS, BLOCKS
from .request_view import BlockView, RequestView, Turn

__all__ = ["CHECKS"]

# Results of MCP tools belong to `mcp_tool_use` blocks, whose ids are another matter.
_SERVER_RESULTS = frozenset(
    kind
    for kind in (*BLOCKS, *BETA_BLOCKS)
    if kind.endswith("_tool_result") and kind != "mcp_tool_result"
)

CHECKS = Checks()


@CHECKS.add("blocks.use_role", "block.tool_use")
def uses_of_the_assistant(request: RequestView) -> Iterator[Violation]:
    """Find calls in messages that are not the assistant's."""
    return _in_other_roles(request, "tool_use", "assistant")


@CHECKS.add("blocks.result_role", "block.tool_result")
def results_of_the_user(request: RequestView) -> Iterator[Violation]:
    """Find results in messages that are not the user's."""
    return _in_other_roles(request, "tool_result", "user")


def _in_other_roles(request: RequestView, kind: str, role: str) -> Iterator[Violation]:
    for block in request.of(kind):
        if block.role != role:
            yield at(block.path)


@CHECKS.add("tool_use.ids", "block.tool_use")
def unique_ids(request: RequestView) -> Iterator[Violation]:
    """Find calls with the id of an earlier one of their message; other messages may repeat it."""
    seen: set[tuple[int, str]] = set()
    for block in request.of("tool_use"):
        call = block.turn, block.content["id"]
        if call in seen:
            yield at(block.path)
        seen.add(call)


@CHECKS.add("tool_use.unanswered", "block.tool_use")
def calls_are_answered(request: RequestView) -> Iterator[Violation]:
    """Find calls without a result at the start of the next message."""
    # After the last turn nothing follows: calls at the end of a conversation have no result either.
    for turn, after in zip(request.turns, [*request.turns[1:], None], strict=False):
        calls = [use["id"] for use in turn.of("tool_use")] if turn.role == "assistant" else []
        with_result = {result["tool_use_id"] for result in _first_results(after)}
        missing = [call for call in calls if call not in with_result]
        if missing:
            yield at(turn.path, ids=", ".join(missing))


def _first_results(turn: Turn | None) -> Iterator[Mapping[str, Any]]:
    """Return the results that a turn begins with; those after other content do not count."""
    for block in turn.blocks if turn else ():
        if block.type != "tool_result":
            return
        yield block.content


@CHECKS.add("tool_result.orphan", "block.tool_result")
def results_have_calls(request: RequestView) -> Iterator[Violation]:
    """Find results whose call is not in the message before."""
    calls: set[str] = set()
    for turn in request.turns:
        for block in turn.blocks:
            if block.type == "tool_result" and block.content["tool_use_id"] not in calls:
                yield at(block.path, id=block.content["tool_use_id"])
        calls = {use["id"] for use in turn.of("tool_use")}


@CHECKS.add("tool_result.duplicate", "block.tool_result")
def duplicate_results(request: RequestView) -> Iterator[Violation]:
    """Find results with the id of an earlier one of the same message."""
    seen: set[tuple[int, str]] = set()
    for block in request.of("tool_result"):
        result = block.turn, block.content["tool_use_id"]
        if result in seen:
            yield at(block.path, id=block.content["tool_use_id"])
        seen.add(result)


@CHECKS.add("server_tools.orphan", *block_parts(_SERVER_RESULTS))
def server_results_have_calls(request: RequestView) -> Iterator[Violation]:
    """Find results of server tools whose call is not before them."""
    uses: dict[str, tuple[int, int]] = {}
    for block in request.of("server_tool_use"):
        uses.setdefault(block.content["id"], _position(block))  # a later turn may repeat the id
    for kind in request.blocks:
        if kind in _SERVER_RESULTS:
            for block in request.of(kind):
                called = block.content.get("tool_use_id")
                if not isinstance(called, str) or uses.get(called, _position(block)) >= _position(
                    block
                ):
                    yield at(block.path, kind=kind, id=shorten(called))


def _position(block: BlockView) -> tuple[int, int]:
    return block.turn, block.position


@CHECKS.add("programmatic.results", "block.tool_use")
def pending_results(request: RequestView) -> Iterator[Violation]:
    """Find other blocks beside the results that running code waits for."""
    for turn, after in pairwise(request.turns):
        if _is_pending(turn):
            for block in after.blocks:
                if block.type != "tool_result":
                    yield at(block.path, type=block.type)


@CHECKS.add("server_tools.unanswered", "block.server_tool_use")
def server_calls_have_results(request: RequestView) -> Iterator[Violation]:
    """Find calls of server tools without a result, unless they are still to run."""
    kinds = [kind for kind in request.blocks if kind.endswith("_tool_result")]
    with_result = {block.content.get("tool_use_id") for block in request.of(*kinds)}
    for turn, after in pairwise(request.turns):
        # Results alone continue the turn of the assistant: its server tools may still have to run.
        if turn.role != "assistant" or all(block.type == "tool_result" for block in after.blocks):
            continue
        for block in turn.blocks:
            if block.type == "server_tool_use" and block.content["id"] not in with_result:
                name = shorten(block.content["name"])
                # The two tool search tools share the type of their results.
                result = "tool_search" if name.startswith("tool_search") else name
                yield at(
                    block.path, name=name, id=block.content["id"], result=f"{result}_tool_result"
                )


@CHECKS.add("server_tools.missing", "block.server_tool_use")
def server_tools_are_there(request: RequestView) -> Iterator[Violation]:
    """Find calls of a web tool that the request does not define."""
    kinds = {str(tool.get("type")) for tool in request.tools}
    for block in request.of("server_tool_use"):
        name = block.content["name"]
        if name in ("web_search", "web_fetch") and not any(
            kind.startswith(f"{name}_") for kind in kinds
        ):
            yield at(block.path, name=name)


@CHECKS.add("programmatic.source", "block.tool_use")
def callers_are_there(request: RequestView) -> Iterator[Violation]:
    """Find calls made by code that is not in the conversation."""
    uses = {block.content["id"] for block in request.of("server_tool_use")}
    for block in request.of("tool_use"):
        caller = block.content.get("caller")
        source = caller.get("tool_id") if is_object(caller) else None
        if isinstance(source, str) and source not in uses:
            yield at(block.path, source=source, id=block.content["id"])


@CHECKS.add("programmatic.container", "block.tool_use")
def pending_containers(request: RequestView) -> Iterator[Violation]:
    """Find results for code that waits in a container the request does not name."""
    if (
        len(request.turns) > 1
        and _is_pending(request.turns[-2])
        and not request.body.get("container")
    ):
        yield EVERYWHERE


def _is_pending(turn: Turn) -> bool:
    """Return whether code waits for the results of calls that it made."""
    callers = (use.get("caller") for use in turn.of("tool_use"))
    return any(is_object(caller) and caller.get("type") != "direct" for caller in callers)
