"""A message to the events and bytes that stream it: the inverse of `reading`.

Order, spacing and field placement follow recordings of the Messages API (streaming).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

__all__ = ["PING", "Event", "events", "framed", "write_message"]

Event = dict[str, Any]

PING: Event = {"type": "ping"}
"""Says that the connection is alive; may stand anywhere."""

_MOST_PADDING = 15
_FIRST_OUTPUT_TOKENS = 4
_KNOWN_AT_THE_END = ("container", "stop_reason", "stop_sequence", "stop_details")
# Fields of the message that stand beside `delta` in the last event, not in it.
_BESIDE_THE_DELTA = ("context_management",)
_COUNTED_AT_THE_END = ("output_tokens_details", "server_tool_use", "iterations")
_REPEATED_AT_THE_END = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_message(
    message: Mapping[str, Any],
    *,
    fragment: int = 24,
    rng: Random | None = None,
    raw_inputs: Mapping[int, str] | None = None,
) -> Iterator[bytes]:
    """The frames that stream `message`, one event each, in the order the API sends them.

    Args:
        message: a whole message as JSON values; fields and blocks of any kind are carried.
        fragment: how many characters one delta carries; with `rng`, on average.
        rng: source of uneven fragments, and of the 0 to 15 spaces that hide the length of an event.
        raw_inputs: the text of a tool's input by the index of its block, when it is not whole JSON.
    """
    for event in events(message, fragment=fragment, rng=rng, raw_inputs=raw_inputs):
        yield framed(event, rng.randint(0, _MOST_PADDING) if rng else 0)


def framed(event: Mapping[str, Any], padding: int = 0) -> bytes:
    """One event as bytes, with `padding` spaces before its last brace."""
    if event == PING:
        return b'event: ping\ndata: {"type": "ping"}\n\n'
    content = _compact(event)
    return f"event: {event['type']}\ndata: {content[:-1]}{' ' * padding}}}\n\n".encode()


def events(
    message: Mapping[str, Any],
    *,
    fragment: int = 24,
    rng: Random | None = None,
    raw_inputs: Mapping[int, str] | None = None,
) -> Iterator[Event]:
    """The events of `write` as JSON values, for those who change them before they are sent."""
    yield {"type": "message_start", "message": _begun(message)}
    for index, block in enumerate(message["content"]):
        raw_input = (raw_inputs or {}).get(index)
        start, deltas = _parts(block, raw_input, _Fragments(fragment, rng))
        yield {"type": "content_block_start", "index": index, "content_block": start}
        if index == 0:
            yield PING
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield _ended(message)
    yield {"type": "message_stop"}


def _begun(message: Mapping[str, Any]) -> Event:
    """The message before its first block: what is known of it at once."""
    left_out = ("container", *_BESIDE_THE_DELTA)
    begun = {key: value for key, value in message.items() if key not in left_out}
    begun["content"] = []
    for key in _KNOWN_AT_THE_END:
        if key in begun:
            begun[key] = None
    if usage := message.get("usage"):
        first = {key: usage[key] for key in usage if key not in _COUNTED_AT_THE_END}
        if isinstance(first.get("output_tokens"), int):
            first["output_tokens"] = min(first["output_tokens"], _FIRST_OUTPUT_TOKENS)
        begun["usage"] = first
    return begun


def _ended(message: Mapping[str, Any]) -> Event:
    """What is known once the last block is whole; counts are totals of the whole message."""
    event: Event = {"type": "message_delta"}
    event["delta"] = {key: message[key] for key in _KNOWN_AT_THE_END if key in message}
    if usage := message.get("usage"):
        told = _REPEATED_AT_THE_END + _COUNTED_AT_THE_END
        event["usage"] = {key: usage[key] for key in told if key in usage}
    event.update((key, message[key]) for key in _BESIDE_THE_DELTA if key in message)
    return event


class _Fragments:
    """Cuts text into the pieces that deltas carry."""

    def __init__(self, size: int, rng: Random | None) -> None:
        if size < 1:
            raise ValueError(f"fragment: {size}; give at least 1 character")
        self._size = size
        self._rng = rng

    def of(self, text: str) -> Iterator[str]:
        start = 0
        while start < len(text):
            end = start + (self._rng.randint(1, 2 * self._size - 1) if self._rng else self._size)
            yield text[start:end]
            start = end


def _parts(block: Any, raw_input: str | None, fragments: _Fragments) -> tuple[Any, Iterator[Event]]:
    """A block as its start and its deltas; one without a text to stream is whole in its start."""
    match block:
        case {"type": "text", "text": str(text)}:
            return _text_start(block), _text_deltas(block, fragments.of(text))
        case {"type": "thinking", "thinking": str(thinking), "signature": str(signature)}:
            start = {**block, "thinking": "", "signature": ""}
            return start, _thinking_deltas(fragments.of(thinking), signature)
        case {"type": "compaction", "content": str(content)}:
            delta = {"type": "compaction_delta", "content": content}
            return {**block, "content": None}, iter([delta])
        case {"type": "tool_use" | "server_tool_use" | "mcp_tool_use", "input": dict()}:
            return {**block, "input": {}}, _input_deltas(block["input"], raw_input, fragments)
        case _:
            return block, iter(())


def _text_start(block: Mapping[str, Any]) -> Event:
    start = {**block, "text": ""}
    if block.get("citations"):
        start["citations"] = []
    return start


def _text_deltas(block: Mapping[str, Any], fragments: Iterator[str]) -> Iterator[Event]:
    for citation in block.get("citations") or ():
        yield {"type": "citations_delta", "citation": citation}
    for text in fragments:
        yield {"type": "text_delta", "text": text}


def _thinking_deltas(fragments: Iterator[str], signature: str) -> Iterator[Event]:
    for thinking in fragments:
        yield {"type": "thinking_delta", "thinking": thinking}
    yield {"type": "signature_delta", "signature": signature}


def _input_deltas(
    arguments: dict[str, Any], raw_input: str | None, fragments: _Fragments
) -> Iterator[Event]:
    if raw_input is None:
        raw_input = json.dumps(arguments, ensure_ascii=False) if arguments else ""
    yield {"type": "input_json_delta", "partial_json": ""}
    for fragment in fragments.of(raw_input):
        yield {"type": "input_json_delta", "partial_json": fragment}
