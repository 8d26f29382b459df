"""Answers to calls whose spans and metrics are looked at."""

from __future__ import annotations

import json
from typing import Any

from tests.support.scripted import Answer
from tests.support.stream_events import framed

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
USAGE = {
    "input_tokens": 10,
    "output_tokens": 20,
    "cache_read_input_tokens": 300,
    "cache_creation_input_tokens": 4000,
    "cache_creation": {"ephemeral_5m_input_tokens": 3000, "ephemeral_1h_input_tokens": 1000},
    "output_tokens_details": {"thinking_tokens": 7},
    "service_tier": "standard",
}
BODY: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
HEADERS = (
    ("content-type", "application/json"),
    ("anthropic-organization-id", "org_1"),
    ("anthropic-workspace-id", "wrkspc_1"),
)


def whole(**changes: object) -> Answer:
    return Answer(json.dumps({**BODY, **changes}).encode(), headers=HEADERS)


def refused(status: int = 529, kind: str = "overloaded_error") -> Answer:
    error = {"type": "error", "error": {"type": kind, "message": "no"}}
    return Answer(json.dumps(error).encode(), status=status, headers=HEADERS)


def events(*pauses: float) -> list[Any]:
    """Return the parts of a stream: a delta after each pause, in seconds."""
    start = {**BODY, "content": [], "stop_reason": None}
    block = {"type": "text", "text": ""}
    delta = {"type": "text_delta", "text": "Hi"}
    part = framed({"type": "content_block_delta", "index": 0, "delta": delta})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        framed({"type": "message_start", "message": start}),
        framed({"type": "content_block_start", "index": 0, "content_block": block}),
        *(each for pause in pauses for each in (pause, part)),
        framed({"type": "content_block_stop", "index": 0}),
        framed({"type": "message_delta", "delta": end, "usage": {"output_tokens": 20}}),
        framed({"type": "message_stop"}),
    ]


def streamed(*parts: Any) -> Answer:
    stream = ("content-type", "text/event-stream")
    return Answer(*parts, headers=(stream, *HEADERS[1:]))
