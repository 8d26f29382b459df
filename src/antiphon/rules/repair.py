"""Repair of conversations in which tool calls and their results do not match.

Programs that crash between a call and its result, or cut old messages off, leave conversations that
the API refuses. They are repaired with the least change: what matches stays as it is, a missing
result is added as an error, and a result without its call becomes text, so nothing said is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._wire.json import is_list

__all__ = ["repair"]

_NO_RESULT = "The call was not run: no result was recorded."


def repair(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the conversation with a result for every tool call and a call for every result.

    A call without a result gets one that says it is an error; a result without a call becomes text.
    A valid conversation comes back unchanged, and no content is dropped.

    Args:
        messages: dicts as they are sent; use `message.to_param()` for received ones.

    Returns:
        A new list; messages that need no repair are the same objects.
    """
    mended: list[Mapping[str, Any]] = []
    for message in messages:
        calls = _calls(mended)
        if message.get("role") == "user":
            mended.append(_with_results(message, calls))
            continue
        # Two assistant messages are one turn: the results have to come between them.
        if calls and message.get("role") == "assistant":
            mended.append({"role": "user", "content": [_failure(call) for call in calls]})
        mended.append(_without_orphans(message, []))
    calls = _calls(mended)
    if calls:
        mended.append({"role": "user", "content": [_failure(call) for call in calls]})
    return mended


def _calls(mended: list[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the calls that the last message makes."""
    if not mended or mended[-1].get("role") != "assistant":
        return []
    return [block["id"] for block in _blocks(mended[-1]) if block.get("type") == "tool_use"]


def _with_results(message: Mapping[str, Any], calls: list[str]) -> Mapping[str, Any]:
    """Return a user message with a result for every call, results first."""
    kept = _without_orphans(message, calls)
    blocks = _blocks(kept)
    results = [block for block in blocks if block.get("type") == "tool_result"]
    with_result = {block["tool_use_id"] for block in results}
    missing = [_failure(call) for call in calls if call not in with_result]
    others = [block for block in blocks if block.get("type") != "tool_result"]
    if not missing and (not calls or blocks == results + others):
        return kept
    # The API takes only results at the start of a message for results of the calls before it.
    return {**message, "content": [*results, *missing, *others]}


def _without_orphans(message: Mapping[str, Any], calls: list[str]) -> Mapping[str, Any]:
    blocks = _blocks(message)
    if all(not _is_orphan(block, calls) for block in blocks):
        return message
    return {**message, "content": [_as_text(b) if _is_orphan(b, calls) else b for b in blocks]}


def _is_orphan(block: Mapping[str, Any], calls: list[str]) -> bool:
    return block.get("type") == "tool_result" and block.get("tool_use_id") not in calls


def _as_text(result: Mapping[str, Any]) -> Mapping[str, Any]:
    content = result.get("content")
    said = content if isinstance(content, str) else _said(content)
    return {"type": "text", "text": f"[result of {result.get('tool_use_id')}] {said}".strip()}


def _said(content: Any) -> str:
    parts = content if is_list(content) else []
    return "\n".join(str(part.get("text") or f"({part.get('type')})") for part in parts)


def _failure(call: str) -> Mapping[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "is_error": True, "content": _NO_RESULT}


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content or ())
