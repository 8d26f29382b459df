"""The form of a message, whole or streamed.

The events of a stream are put together to a message, and that has to have the form of one that was
not streamed. What the API may do at any time is right: pings at any place, kinds of blocks and of
deltas that are not known here, several `message_delta` events.
"""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

from ..._wire.json import is_list, is_object
from ..._wire.literals import read_exactly
from ..._wire.sse import FrameTooLargeError, SSEDecoder
from ...catalog.stop_reasons import StopReason
from .expectations import (
    NonconformityError,
    expect,
    expect_object,
    expect_text,
    is_count,
    is_list_of_objects,
    is_text,
    shortened,
)

__all__ = ["StreamedMessage", "check_message", "read_stream"]

_STOP_REASONS = get_args(StopReason)
_CACHE_COUNTS = ("cache_creation_input_tokens", "cache_read_input_tokens")


class _DeltaKind(NamedTuple):
    """What the deltas of one type hold."""

    block: str
    """The type of the blocks that they change."""
    field: str
    kind: type


_DELTAS = {
    "text_delta": _DeltaKind("text", "text", str),
    "citations_delta": _DeltaKind("text", "citation", dict),
    "thinking_delta": _DeltaKind("thinking", "thinking", str),
    "signature_delta": _DeltaKind("thinking", "signature", str),
    "input_json_delta": _DeltaKind("tool_use", "partial_json", str),
}
_BLOCKS = {each.block for each in _DELTAS.values()} | {"redacted_thinking"}

# What may come next, by what came last.
_NEXT = {
    "nothing": ("message_start",),
    "message_start": ("content_block_start", "message_delta"),
    "content_block_start": ("content_block_delta", "content_block_stop"),
    "content_block_delta": ("content_block_delta", "content_block_stop"),
    "content_block_stop": ("content_block_start", "message_delta"),
    "message_delta": ("message_delta", "message_stop"),
    "message_stop": (),
}


class StreamedMessage(NamedTuple):
    """What a stream gave."""

    message: dict[str, Any]
    """The message that the events make, with the form of one that was not streamed."""
    deltas: list[dict[str, Any]]
    """The deltas of all blocks, in order."""

    def expect_deltas(self, *kinds: str) -> None:
        """Expect deltas of each of these types."""
        for kind in kinds:
            expect(any(each["type"] == kind for each in self.deltas), f"{kind} events", "none")


def check_message(found: object) -> dict[str, Any]:
    """Return a message whose form is that of the API.

    Raises:
        NonconformityError: it has another form.
    """
    message = _check_frame(found, "the message")
    for number, block in enumerate(message["content"]):
        _check_block(block, f"content.{number}")
    reason = message.get("stop_reason")
    expect(reason in _STOP_REASONS, "a stop_reason of the API", repr(reason))
    return message


def read_stream(content: bytes) -> StreamedMessage:
    """Return the message that the events of a stream make.

    Raises:
        NonconformityError: the events have another form or order than those of the API.
    """
    decoder = SSEDecoder()
    try:
        frames = [*decoder.feed(content), *decoder.close()]
    except FrameTooLargeError as error:
        raise NonconformityError(f"expected events of usual sizes; saw {error}") from error
    assembly = _Assembly()
    for number, (name, data) in enumerate(frames, 1):
        where = f"event {number}"
        event = _read_event(name, data, where)
        if event["type"] != "ping":
            assembly.take(event, where)
    ended = assembly.last == "message_stop"
    expect(ended, "message_stop at the end", f"the end after {len(frames)} events")
    return StreamedMessage(check_message(assembly.message), assembly.deltas)


def _read_event(name: bytes | None, data: bytes, where: str) -> dict[str, Any]:
    try:
        event: object = read_exactly(data)
    except ValueError as error:
        seen = shortened(data.decode("utf-8", "replace"))
        raise NonconformityError(f"expected {where}: JSON; saw {seen!r}") from error
    event = expect_object(event, where)
    kind = expect_text(event.get("type"), f"{where}: its type")
    told = None if name is None else name.decode("utf-8", "replace")
    expect(told == kind, f"{where}: its name to be its type {kind!r}", repr(told))
    return event


class _Assembly:
    """The message that the events so far make."""

    def __init__(self) -> None:
        self.message: dict[str, Any] = {}
        self.deltas: list[dict[str, Any]] = []
        self.last = "nothing"
        self._block: dict[str, Any] = {}  # the one that is being received
        self._input: list[str] = []  # its parts of JSON

    def take(self, event: dict[str, Any], where: str) -> None:
        """Add an event, its form and place checked."""
        kind = event["type"]
        allowed = _NEXT[self.last]
        wanted = " or ".join(allowed) or "nothing more"
        # An error in the stream says itself what is wrong.
        expect(kind in allowed, f"{where}: {wanted}", event if kind == "error" else kind)
        self.last = kind
        if kind == "message_start":
            self._start(event.get("message"), where)
        elif kind == "message_delta":
            self._change(event, where)
        elif kind != "message_stop":
            index = event.get("index")
            ours = len(self.message["content"]) - (kind != "content_block_start")
            expect(is_count(index) and index == ours, f"{where}: index {ours}", repr(index))
            self._take_of_block(event, where)

    def _start(self, found: object, where: str) -> None:
        message = _check_frame(found, f"{where}: message")
        content, reason = message["content"], message.get("stop_reason")
        expect(not content, f"{where}: no content yet, since events bring it", repr(content))
        expect(
            reason is None, f"{where}: stop_reason: null, since it is not known yet", repr(reason)
        )
        self.message = {**message, "content": []}

    def _take_of_block(self, event: dict[str, Any], where: str) -> None:
        if event["type"] == "content_block_start":
            self._block = dict(_check_block(event.get("content_block"), f"{where}: content_block"))
            self._input = []
            self.message["content"].append(self._block)
        elif event["type"] == "content_block_delta":
            self._extend(expect_object(event.get("delta"), f"{where}: delta"), where)
        elif text := "".join(self._input):
            self._block["input"] = _read_input(text)

    def _extend(self, delta: dict[str, Any], where: str) -> None:
        kind = expect_text(delta.get("type"), f"{where}: delta.type")
        self.deltas.append(delta)
        block = self._block["type"]
        if kind not in _DELTAS:
            return
        known = _DELTAS[kind]
        if block in _BLOCKS:
            expect(known.block == block, f"{where}: a delta of a {block} block", kind)
        value = _check_field(delta, known.field, known.kind, f"{where}: delta")
        if kind == "input_json_delta":
            self._input.append(value)
        elif kind == "citations_delta":
            self._block["citations"] = [*(self._block.get("citations") or ()), value]
        elif kind == "signature_delta":
            self._block["signature"] = value  # it comes whole
        elif block in _BLOCKS:
            self._block[known.field] += value

    def _change(self, event: dict[str, Any], where: str) -> None:
        delta = expect_object(event.get("delta"), f"{where}: delta")
        _check_stop_sequence(delta, f"{where}: delta")
        # Its counts are totals, and one that is missing or null leaves the earlier one in force.
        usage = expect_object(event.get("usage"), f"{where}: usage")
        given = {name: count for name, count in usage.items() if count is not None}
        expect("output_tokens" in given, f"{where}: usage.output_tokens", repr(usage))
        counts = _check_usage({**self.message["usage"], **given}, f"{where}: usage")
        self.message = {**self.message, **delta, "usage": counts}


def _check_frame(found: object, what: str) -> dict[str, Any]:
    """Return a message, all but its blocks and its stop reason checked."""
    message = expect_object(found, what)
    for name, wanted in (("type", "message"), ("role", "assistant")):
        seen = message.get(name)
        expect(seen == wanted, f"{what}: {name}: {wanted!r}", repr(seen))
    for name in ("id", "model"):
        expect_text(message.get(name), f"{what}: {name}")
    content = message.get("content")
    expect(is_list(content), f"{what}: a list of content", repr(content))
    _check_stop_sequence(message, what)
    _check_usage(message.get("usage"), f"{what}: usage")
    return message


def _check_stop_sequence(found: dict[str, Any], what: str) -> None:
    expect("stop_sequence" in found, f"{what}: stop_sequence, if only null", "none")
    sequence = found["stop_sequence"]
    told = sequence is None or is_text(sequence)
    expect(told, f"{what}: stop_sequence: null or a text", repr(sequence))


def _check_usage(found: object, what: str) -> dict[str, Any]:
    usage = expect_object(found, what)
    for name in ("input_tokens", "output_tokens"):
        expect(is_count(usage.get(name)), f"{what}.{name}: a whole number", repr(usage.get(name)))
    for name in _CACHE_COUNTS:
        count = usage.get(name)
        told = count is None or is_count(count)
        expect(told, f"{what}.{name}: a whole number or null", repr(count))
    return usage


def _check_block(found: object, what: str) -> dict[str, Any]:
    """Return a content block that has the fields of its type, if that is known here."""
    block = expect_object(found, what)
    kind = expect_text(block.get("type"), f"{what}: its type")
    if kind in ("text", "thinking"):
        _check_field(block, kind, str, what)
    if kind == "text":
        citations = block.get("citations")
        told = citations is None or is_list_of_objects(citations)
        expect(told, f"{what}.citations: null or a list of objects", repr(citations))
    if kind == "redacted_thinking":
        _check_field(block, "data", str, what)
    if kind == "tool_use":
        for name in ("id", "name"):
            expect_text(block.get(name), f"{what}.{name}")
        _check_field(block, "input", dict, what)
    return block


def _check_field(found: dict[str, Any], name: str, kind: type, what: str) -> Any:
    value = found.get(name)
    said = "a text" if kind is str else "an object"
    expect(isinstance(value, kind), f"{what}.{name}: {said}", repr(value))
    return value


def _read_input(text: str) -> dict[str, Any]:
    try:
        found = read_exactly(text)
    except ValueError as error:
        wrong = f"expected JSON in partial_json; saw {shortened(text)!r}"
        raise NonconformityError(wrong) from error
    expect(is_object(found), "an object in partial_json", repr(found))
    return dict(found)
