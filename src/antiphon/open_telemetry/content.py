"""The texts of prompts and messages as attributes of spans: JSON of a limited size.

What the conventions call a part is a content block without what is too large to look at: the bytes
of images and documents are left out. If the whole does not fit, the newest messages of a prompt
and the first blocks of a message are kept; a text that fits in part is cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

__all__ = ["as_json", "input_messages", "output_messages", "system_parts"]

Part: TypeAlias = "dict[str, Any]"

# Where the text of a part stands that may be cut.
_TEXTS = ("content", "response", "arguments")

_COMMA = 2  # bytes between two values of a list, in JSON as it is written here


def input_messages(body: Mapping[str, Any], size: int) -> str:
    """Return the messages of a request as JSON of at most `size` bytes."""
    messages = body.get("messages")
    turns = [
        (_text_of(message.get("role")), _parts(message.get("content")))
        for message in _objects(messages)
    ]
    kept: list[dict[str, Any]] = []
    room = size - len("[]")
    for role, parts in reversed(turns):
        empty = {"role": role, "parts": list[Part]()}
        left = room - _length(empty) - _COMMA
        fitting = _fitting(parts, left)
        if left < 0 or (parts and not fitting):
            break
        kept.insert(0, {**empty, "parts": fitting})
        room = left - sum(_length(part) + _COMMA for part in fitting)
        if len(fitting) < len(parts):
            break
    return as_json(kept)


def output_messages(content: Any, stop_reason: object, size: int) -> str:
    """Return a message of Claude as JSON of at most `size` bytes.

    Args:
        content: its blocks, as JSON values.
        stop_reason: why it ended, if that is known.
        size: bytes.
    """
    message: dict[str, Any] = {"role": "assistant", "parts": []}
    if isinstance(stop_reason, str):
        message["finish_reason"] = stop_reason
    room = size - _length([message])
    if room < 0:
        return "[]"
    return as_json([{**message, "parts": _fitting(_parts(content), room)}])


def system_parts(body: Mapping[str, Any], size: int) -> str | None:
    """Return the system prompt as JSON of at most `size` bytes; None if there is none."""
    if not body.get("system"):
        return None
    return as_json(_fitting(_parts(body["system"]), size - len("[]")))


def as_json(value: object) -> str:
    """Return `value` as JSON; a half of a character that UTF-8 cannot hold becomes a `?`."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace").decode()


def _length(value: object) -> int:
    return len(as_json(value).encode())


def _fitting(parts: list[Part], room: int) -> list[Part]:
    """Return the first of `parts` that fit into `room` bytes, the last one perhaps cut."""
    kept: list[Part] = []
    for part in parts:
        needed = _length(part) + _COMMA
        if needed > room:
            shorter = _cut(part, room - _COMMA)
            return kept if shorter is None else [*kept, shorter]
        kept.append(part)
        room -= needed
    return kept


def _cut(part: Part, room: int) -> Part | None:
    """Return `part` with as much of its text as fits into `room` bytes; None if none does."""
    name = next((name for name in _TEXTS if isinstance(part.get(name), str)), None)
    if name is None:
        return None
    text = str(part[name])
    while text and (excess := _length({**part, name: text}) - room) > 0:
        # A character takes six bytes at most, as an escape: so never too many are taken away.
        text = text[: -max(1, excess // 6)]
    return {**part, name: text} if text else None


def _parts(content: object) -> list[Part]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    return [_part(block) for block in _objects(content)]


def _part(block: Mapping[str, Any]) -> Part:
    kind = _text_of(block.get("type"))
    if kind == "text":
        return {"type": "text", "content": block.get("text")}
    if kind == "thinking":
        return {"type": "reasoning", "content": block.get("thinking")}
    if kind.endswith("tool_use"):
        called = {"id": block.get("id"), "name": block.get("name")}
        return {"type": "tool_call", **called, "arguments": block.get("input")}
    if kind.endswith("tool_result"):
        response = _without_bytes(block.get("content"))
        return {
            "type": "tool_call_response",
            "id": block.get("tool_use_id"),
            "response": response if isinstance(response, str) else as_json(response),
        }
    return {"type": f"anthropic_{kind}"}


def _without_bytes(content: object) -> object:
    """Return the content of a result with images and documents as parts, without their data."""
    if not isinstance(content, list):
        return content
    return [
        _part(block) if block.get("type") in ("image", "document") else block
        for block in _objects(cast("object", content))
    ]


def _objects(values: object) -> Iterable[Mapping[str, Any]]:
    given = cast("list[object]", values) if isinstance(values, list) else []
    return [cast("Mapping[str, Any]", each) for each in given if isinstance(each, Mapping)]


def _text_of(value: object) -> str:
    return value if isinstance(value, str) else "unknown"
