"""Calls of a known price: what they ask, and what a script answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from antiphon import Client
from tests.support.scripted import Answer, Scripted
from tests.support.stream_events import framed

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
BODY: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}
PRICE = Decimal("0.0015")
JSON = (("content-type", "application/json"),)


def whole(**changes: object) -> Answer:
    return Answer(json.dumps({**BODY, **changes}).encode(), headers=JSON)


def refused(status: int) -> Answer:
    error = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    return Answer(json.dumps(error).encode(), status=status, headers=JSON)


def client(*answers: Answer | BaseException, **settings: Any) -> Client:
    return Client(api_key="k", http_client=Scripted(*answers), **settings)


def events() -> list[bytes]:
    """Return the events of a streamed message of 1,000 and 100 tokens."""
    start = {**BODY, "content": [], "stop_reason": None}
    start["usage"] = {"input_tokens": 1000, "output_tokens": 1}
    block = {"type": "text", "text": ""}
    delta = {"type": "text_delta", "text": "Hi"}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        framed({"type": "message_start", "message": start}),
        framed({"type": "content_block_start", "index": 0, "content_block": block}),
        framed({"type": "content_block_delta", "index": 0, "delta": delta}),
        framed({"type": "content_block_stop", "index": 0}),
        framed({"type": "message_delta", "delta": end, "usage": {"output_tokens": 100}}),
        framed({"type": "message_stop"}),
    ]
