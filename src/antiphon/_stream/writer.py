"""The writer of a stream: a message to the events and bytes that stream it; inverse of the reader.

`read(write(message)) == message` for every message. Order, spacing and the fields of each event
follow recordings of the Messages API (streaming): counts that are known at the end are not in the
first event, fields that change are null in it, and an event may have spaces before its last brace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from .._wire.json import dumps, is_list, is_object
from .._wire.json_writer import NotJSONError
from .._wire.literals import has_literals

__all__ = ["PING", "Event", "encoded", "events", "framed", "padding", "write_message"]

Event = dict[str, Any]

PING: Event = {"type": "ping"}
"""The event that says nothing but that the connection is alive; it may stand anywhere."""

_FIRST_OUTPUT_TOKENS = 4  # the API counts a few tokens before the first block, between 1 and 8
_KNOWN_AT_THE_END = ("container", "stop_reason", "stop_sequence", "stop_details")
# Fields of the message that stand beside `delta` in the last event, not in it.
_BESIDE_THE_DELTA = ("context_management", "input_transformations")
_COUNTED_AT_THE_END = ("output_tokens_details", "server_tool_use", "iterations", "fallback_credit")
_REPEATED_AT_THE_END = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)


def write_message(
    message: Mapping[str, Any],
    *,
    fragment: int = 24,
    rng: Random | None = None,
    raw_inputs: Mapping[int, str] | None = None,
) -> Iterator[bytes]:
    """Give the frames that stream `message`, one event each, in the order of the API.

    Args:
        message: a whole message as JSON values; fields and blocks of any type are written.
        fragment: the number of characters in one delta; with `rng`, on average.
        rng: source of uneven fragments, and of the 0 to 15 spaces that hide the length of an event.
        raw_inputs: the text of a tool's input by the index of its block, where it is not whole
            JSON.
    """
    for event in events(message, fragment=fragment, rng=rng, raw_inputs=raw_inputs):
        yield framed(event, padding(rng) if rng else 0)


def padding(rng: Random) -> int:
    """Return a number of spaces for `framed`: up to 15, as recordings have them."""
    return rng.getrandbits(4)  # a tenth of the time of `randint`


def framed(event: Mapping[str, Any], padding: int = 0) -> bytes:
    """Return one event as bytes, with `padding` spaces before its last brace."""
    # As recordings have it: a ping has a space after its colon, and no padding.
    if event == PING:
        return b'event: ping\ndata: {"type": "ping"}\n\n'
    start = encoded(event)[:-1]
    return b"event: %b\ndata: %b%b}\n\n" % (event["type"].encode(), start, b" " * padding)


def encoded(event: Mapping[str, Any]) -> bytes:
    """Return the JSON of an event."""
    try:
        return dumps(event)
    except NotJSONError:  # numbers and texts that are no JSON, but that readers may read
        return json.dumps(event).encode()


def events(
    message: Mapping[str, Any],
    *,
    fragment: int = 24,
    rng: Random | None = None,
    raw_inputs: Mapping[int, str] | None = None,
) -> Iterator[Event]:
    """Give the events of `write_message` as JSON values, which may be changed before sending."""
    yield {"type": "message_start", "message": _begun(message)}
    for index, block in enumerate(_content_of(message)):
        raw_input = (raw_inputs or {}).get(index)
        start, deltas = _parts(block, raw_input, _Fragments(fragment, rng))
        yield {"type": "content_block_start", "index": index, "content_block": start}
        # Recordings have their ping after the start of the first block.
        if index == 0:
            yield PING
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield _ended(message)
    yield {"type": "message_stop"}


def _content_of(message: Mapping[str, Any]) -> list[Any]:
    content = message.get("content")
    if isinstance(content, str):  # as some gateways write a text
        return [{"type": "text", "text": content}]
    return content if is_list(content) else []


def _begun(message: Mapping[str, Any]) -> Event:
    """Return the message as it is before its first block: what is known of it at once."""
    begun: Event = {**message, "content": []}
    for key in ("container", *_BESIDE_THE_DELTA):
        begun.pop(key, None)
    for key in _KNOWN_AT_THE_END:
        if key in begun:
            begun[key] = None
    if is_object(usage := message.get("usage")):
        first = {**usage}
        for key in _COUNTED_AT_THE_END:
            first.pop(key, None)
        if isinstance(first.get("output_tokens"), int):
            first["output_tokens"] = min(first["output_tokens"], _FIRST_OUTPUT_TOKENS)
        begun["usage"] = first
    return begun


def _ended(message: Mapping[str, Any]) -> Event:
    """Return the event after the last block; its counts are totals of the whole message."""
    event: Event = {"type": "message_delta"}
    event["delta"] = {key: message[key] for key in _KNOWN_AT_THE_END if key in message}
    if is_object(usage := message.get("usage")):
        told = _REPEATED_AT_THE_END + _COUNTED_AT_THE_END
        event["usage"] = {key: usage[key] for key in told if key in usage}
    event.update((key, message[key]) for key in _BESIDE_THE_DELTA if key in message)
    return event


class _Fragments:
    """Cuts a text into the fragments that deltas have."""

    def __init__(self, size: int, rng: Random | None) -> None:
        if size < 1:
            raise ValueError(f"fragment: {size}; give at least 1 character")
        self._size = size
        self._most = 2 * size - 1
        self._rng = rng

    def of(self, text: str) -> Iterator[str]:
        start = 0
        while start < len(text):
            # From 1 to 2n - 1 the mean is n, so `fragment` keeps its meaning.
            # By a float, in a quarter of the time of `randint`.
            size = 1 + int(self._rng.random() * self._most) if self._rng else self._size
            end = start + size
            yield text[start:end]
            start = end


def _parts(block: Any, raw_input: str | None, fragments: _Fragments) -> tuple[Any, Iterator[Event]]:
    """Return a block as its start and its deltas; without a text, all of it is in the start."""
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
        raw_input = _written(arguments) if arguments else ""
    # The API begins each input with an empty fragment, also one without arguments.
    yield {"type": "input_json_delta", "partial_json": ""}
    for fragment in fragments.of(raw_input):
        yield {"type": "input_json_delta", "partial_json": fragment}


def _written(arguments: dict[str, Any]) -> str:
    """Return a tool's input as the API writes it, with spaces, or with its own literals."""
    if has_literals(arguments):
        return dumps(arguments).decode()
    return json.dumps(arguments, ensure_ascii=False)
