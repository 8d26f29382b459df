"""The events of streams as the API sends them, and three whole streams."""

from __future__ import annotations

import json
from typing import Any

START = {
    "model": "claude-haiku-4-5-20251001",
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "stop_details": None,
    "usage": {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": 1},
}
END = {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
CITATION = {
    "type": "char_location",
    "cited_text": "Gras ist grün.",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 14,
}


def start(index: int, content_block: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a `content_block_start`; the block is given whole or by its fields."""
    block = fields if content_block is None else content_block
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    """Return a `content_block_delta`."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    """Return a `content_block_stop`."""
    return {"type": "content_block_stop", "index": index}


def overloaded() -> dict[str, Any]:
    """Return the `error` event of an overloaded API."""
    return {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def framed(*events: dict[str, Any], ensure_ascii: bool = True) -> bytes:
    """Return events as the API frames them, with spaces before the last brace."""
    frames = []
    for event in events:
        data = json.dumps(event, ensure_ascii=ensure_ascii, separators=(",", ":"))
        frames.append(f"event: {event['type']}\ndata: {data[:-1]}   }}\n\n".encode())
    return b"".join(frames)


BLOCKS = {
    "text": [
        start(0, type="text", text=""),
        delta(0, "text_delta", text="Hello, "),
        delta(0, "text_delta", text="wörld \U0001f30d\u2028"),
        stop(0),
    ],
    "tool": [
        start(0, type="text", text=""),
        delta(0, "text_delta", text="I look."),
        stop(0),
        start(1, type="tool_use", id="toolu_01", name="look", input={}),
        delta(1, "input_json_delta", partial_json=""),
        delta(1, "input_json_delta", partial_json='{"city": "Zü'),
        delta(1, "input_json_delta", partial_json='rich", "days": 3}'),
        stop(1),
    ],
    "thinking": [
        start(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="Grass "),
        delta(0, "thinking_delta", thinking="is green."),
        delta(0, "signature_delta", signature="EqQBCgIYAg=="),
        stop(0),
        start(1, type="text", text="", citations=[]),
        delta(1, "citations_delta", citation=CITATION),
        delta(1, "text_delta", text="Green."),
        stop(1),
    ],
}


def events(name: str) -> list[dict[str, Any]]:
    final = {"type": "message_delta", "delta": END, "usage": {"output_tokens": 12}}
    begun, *rest = BLOCKS[name]
    return [
        {"type": "message_start", "message": START},
        begun,
        {"type": "ping"},
        *rest,
        final,
        {"type": "message_stop"},
    ]


STREAMS = {name: framed(*events(name), ensure_ascii=False) for name in BLOCKS}
