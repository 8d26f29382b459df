"""Answers to the turns of message threads, and what of a turn was sent."""

from __future__ import annotations

import json
from typing import Any

from antiphon import Client
from tests.support.scripted import Answer, Scripted
from tests.support.stream_events import framed
from tests.support.wire_samples import PLAIN

JSON = ("content-type", "application/json")
THREADS = "message-threads-2026-08-12"
PROMPT: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 64}
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "More"}


def said(name: str, **fields: Any) -> Answer:
    content = [{"type": "text", "text": f"this is {name}"}]
    message = {**PLAIN, "id": name, "content": content, **fields}
    return Answer(json.dumps(message).encode(), headers=(JSON,))


def refused(status: int, code: str) -> Answer:
    kind = "not_found_error" if status == 404 else "invalid_request_error"
    error = {"type": kind, "message": "No.", "details": {"error_code": code}}
    body = {"type": "error", "error": error, "request_id": "req_1"}
    return Answer(json.dumps(body).encode(), status=status, headers=(JSON,))


def streamed(name: str, *, whole: bool = True, stop: str = "end_turn") -> Answer:
    ends = [
        {
            "type": "message_delta",
            "delta": {"stop_reason": stop},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
    ]
    return Answer(
        framed(
            {"type": "message_start", "message": {**PLAIN, "id": name, "content": []}},
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": f"this is {name}"},
            },
            {"type": "content_block_stop", "index": 0},
            *(ends if whole else []),
        )
    )


def client_of(*answers: Answer) -> tuple[Client, Scripted]:
    transport = Scripted(*answers)
    return Client(api_key="k", http_client=transport, max_retries=0), transport


def sent(transport: Scripted) -> list[dict[str, Any]]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


def betas(transport: Scripted) -> list[str | None]:
    return [request.headers.get("anthropic-beta") for request in transport.requests]


def texts(messages: Any) -> list[str]:
    return [
        message["content"]
        if isinstance(message["content"], str)
        else "".join(
            block["text"] if isinstance(block, dict) else block.text for block in message["content"]
        )
        for message in messages
    ]
