"""Conversations mended: calls without results, and results without calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._wire.json import is_list

_UNANSWERED = "The call was not run: no result was recorded."

Message = Mapping[str, Any]
Block = Mapping[str, Any]


def repair(messages: Iterable[Message]) -> list[Message]:
    """The conversation with every tool call answered and every tool result belonging to a call.

    A call without a result gets one that says it is an error; a result without a call becomes text.
    Valid conversations come back as they are, and nothing that was said is dropped.

    Args:
        messages: dicts, as they are sent; use `message.to_param()` for received ones.
    """
    mended: list[Message] = []
    for message in messages:
        calls = _calls(mended)
        if message.get("role") == "user":
            mended.append(_answering(message, calls))
            continue
        if calls and message.get("role") == "assistant":
            mended.append({"role": "user", "content": [_failure(call) for call in calls]})
        mended.append(_without_orphans(message, []))
    calls = _calls(mended)
    if calls:
        mended.append({"role": "user", "content": [_failure(call) for call in calls]})
    return mended


def _calls(mended: list[Message]) -> list[str]:
    """The calls that the last message makes."""
    if not mended or mended[-1].get("role") != "assistant":
        return []
    return [block["id"] for block in _blocks(mended[-1]) if block.get("type") == "tool_use"]


def _answering(message: Message, calls: list[str]) -> Message:
    """A user message in which every call is answered, results first."""
    kept = _without_orphans(message, calls)
    blocks = _blocks(kept)
    results = [block for block in blocks if block.get("type") == "tool_result"]
    answered = {block["tool_use_id"] for block in results}
    missing = [_failure(call) for call in calls if call not in answered]
    others = [block for block in blocks if block.get("type") != "tool_result"]
    if not missing and (not calls or blocks == results + others):
        return kept
    return {**message, "content": [*results, *missing, *others]}


def _without_orphans(message: Message, calls: list[str]) -> Message:
    blocks = _blocks(message)
    if all(not _is_orphan(block, calls) for block in blocks):
        return message
    return {**message, "content": [_as_text(b) if _is_orphan(b, calls) else b for b in blocks]}


def _is_orphan(block: Block, calls: list[str]) -> bool:
    return block.get("type") == "tool_result" and block.get("tool_use_id") not in calls


def _as_text(result: Block) -> Block:
    content = result.get("content")
    said = content if isinstance(content, str) else _said(content)
    return {"type": "text", "text": f"[result of {result.get('tool_use_id')}] {said}".strip()}


def _said(content: Any) -> str:
    parts = content if is_list(content) else []
    return "\n".join(str(part.get("text") or f"({part.get('type')})") for part in parts)


def _failure(call: str) -> Block:
    return {"type": "tool_result", "tool_use_id": call, "is_error": True, "content": _UNANSWERED}


def _blocks(message: Message) -> list[Block]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content or ())
