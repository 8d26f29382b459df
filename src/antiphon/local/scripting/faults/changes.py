"""Functions from steps to steps: what a fault does to a response.

A fault sees the steps of a right response (`WriteHead`, `Write`, `Pause`) and gives those of a
wrong one. Most look for a place: in a stream it stands behind an event, in another body in the
middle, or behind a number of bytes in both. `placed` cuts the body so that the place lies between
two steps, and marks it.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from ...._stream.writer import framed
from ...._wire.json import JSONObject, dumps, is_object, loads
from ...api.errors import RequestRefusedError
from ...api.steps import HeaderPairs, Pause, Step, Steps, Write, WriteHead

__all__ = [
    "Change",
    "Place",
    "at_place",
    "before_head",
    "behind_end",
    "dripping",
    "each_event",
    "gzipped",
    "header",
    "joined_stream",
    "of_streams",
    "placed",
    "refused",
    "replaced",
    "text_changed",
    "with_split_characters",
]

Change: TypeAlias = Callable[[Steps], Steps]
"""Makes the steps of a wrong response of those of a right one."""

_RETRYABLE = frozenset({408, 409, 429})
_OF_THE_BODY = ("content-type", "content-length", "cache-control", "retry-after", "x-should-retry")
_MULTIBYTE = re.compile(rb"[\xc0-\xff][\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a body something happens."""

    event: int | None = None
    """Behind this many events of a stream; in the middle of a body that is no stream."""
    after: int | None = None
    """Behind this many bytes."""


def placed(steps: Steps, place: Place) -> Iterator[Step | None]:
    """Yield the steps with a None at the place, or at the end of a body that ends before it."""
    streamed, events, size, marked = False, 0, 0, False
    for step in steps:
        if isinstance(step, WriteHead):
            streamed = _is_stream(step)
            yield step
            if place.event == 0 or place.after == 0:
                marked = True
                yield None
            continue
        if not isinstance(step, Write) or marked:
            yield step
            continue
        for part in _events_in(step.content) if streamed else [step.content]:
            cut = len(part)
            if place.after is not None:
                cut = place.after - size
            elif not streamed:
                cut = len(part) // 2
            elif events + 1 < (place.event or 0):
                cut += 1
            events, size = events + 1, size + len(part)
            if marked or cut > len(part):
                yield Write(part)
                continue
            marked = True
            yield Write(part[:cut])
            yield None
            if part[cut:]:
                yield Write(part[cut:])
    if not marked:
        yield None


def at_place(place: Place, steps: Callable[[], Iterable[Step]], *, ends: bool = False) -> Change:
    """Return a change that performs further steps at a place.

    Args:
        place: where.
        steps: makes the further steps.
        ends: whether they end the response; if not, the rest of it follows.
    """

    def change(right: Steps) -> Steps:
        for step in placed(right, place):
            if step is not None:
                yield step
                continue
            yield from steps()
            if ends:
                return

    return change


def before_head(*steps: Step, ends: bool = False) -> Change:
    """Return a change that performs further steps before the response."""

    def change(right: Steps) -> Steps:
        yield from steps
        if not ends:
            yield from right

    return change


def behind_end(*steps: Step) -> Change:
    """Return a change that performs further steps behind the body."""

    def change(right: Steps) -> Steps:
        yield from right
        yield from steps

    return change


def header(*headers: tuple[str, str], **head: Any) -> Change:
    """Return a change of the head.

    Args:
        *headers: headers to be added.
        **head: other fields of the head, such as its version.
    """

    def change(right: Steps) -> Steps:
        for step in right:
            if isinstance(step, WriteHead):
                yield step._replace(headers=(*step.headers, *headers), **head)
            else:
                yield step

    return change


def replaced(response: Callable[[HeaderPairs], Iterable[Step]]) -> Change:
    """Return a change that sends another response instead.

    Args:
        response: makes it, with the headers of the right one that do not concern its body.
    """

    def change(right: Steps) -> Steps:
        for step in right:
            if isinstance(step, WriteHead):
                kept = (pair for pair in step.headers if pair[0] not in _OF_THE_BODY)
                yield from response(tuple(kept))
                return
            yield step

    return change


def refused(refusal: RequestRefusedError) -> Change:
    """Return a change that sends an error of the API instead."""

    def response(headers: HeaderPairs) -> Iterator[Step]:
        again = refusal.status in _RETRYABLE or refusal.status >= 500
        kind = ("content-type", "application/json")
        retry = ("x-should-retry", "true" if again else "false")
        yield WriteHead(refusal.status, (*headers, kind, retry, *refusal.headers))
        yield Write(dumps(refusal.body(dict(headers).get("request-id", ""))))

    return replaced(response)


def of_streams(change: Change) -> Change:
    """Return a change that leaves other bodies than streams alone."""

    def changed(right: Steps) -> Steps:
        begun: list[Step] = []
        for step in right:
            begun.append(step)
            if isinstance(step, WriteHead):
                break
        streamed = bool(begun) and isinstance(begun[-1], WriteHead) and _is_stream(begun[-1])
        whole = (step for step in chain(begun, right))
        yield from change(whole) if streamed else whole

    return changed


def text_changed(change_text: Callable[[bytes], bytes]) -> Change:
    """Return a change of the bytes of each event of a stream."""

    def change(right: Steps) -> Steps:
        for step in right:
            if isinstance(step, Write):
                yield Write(b"".join(map(change_text, _events_in(step.content))))
            else:
                yield step

    return of_streams(change)


def each_event(
    of_stream: Callable[[], Callable[[JSONObject], Iterable[JSONObject]]],
    of_message: Callable[[JSONObject], JSONObject] | None = None,
) -> Change:
    """Return a change of the events of a stream, and of a message that is sent whole.

    Args:
        of_stream: makes, for each response, the function that returns what stands in the place of
            an event.
        of_message: returns what stands in the place of a whole message; by default itself.
    """

    def change(right: Steps) -> Steps:
        streamed, change_event = False, of_stream()
        for step in right:
            if isinstance(step, WriteHead):
                streamed = _is_stream(step)
            if not isinstance(step, Write):
                yield step
            elif streamed:
                for part in _events_in(step.content):
                    event = _event(part)
                    changed = None if event is None else list(change_event(event))
                    same = changed is None or (len(changed) == 1 and changed[0] is event)
                    yield Write(part if same else b"".join(map(_framed, changed or ())))
            elif of_message is not None and (value := _message_in(step.content)) is not None:
                # Escapes: what is no text of Unicode can be written with them alone.
                yield Write(json.dumps(of_message(value)).encode())
            else:
                yield step

    return change


def dripping(size: int, seconds: float) -> Change:
    """Return a change that sends a body in small pieces, with a pause before each."""

    def change(right: Steps) -> Steps:
        for step in right:
            if not isinstance(step, Write):
                yield step
                continue
            for start in range(0, len(step.content), size):
                yield Pause(seconds)
                yield Write(step.content[start : start + size])

    return change


def with_split_characters(seconds: float) -> Change:
    """Return a change that cuts the body within each character of several bytes."""

    def change(right: Steps) -> Steps:
        for step in right:
            if not isinstance(step, Write):
                yield step
                continue
            start = 0
            for match in _MULTIBYTE.finditer(step.content):
                yield Write(step.content[start : match.start() + 1])
                yield Pause(seconds)
                start = match.start() + 1
            yield Write(step.content[start:])

    return change


def gzipped(right: Steps) -> Steps:
    """Compress a body, event by event."""
    # 31 writes a gzip header.
    compressor = zlib.compressobj(wbits=31)
    for step in right:
        if isinstance(step, WriteHead):
            yield step._replace(headers=(*step.headers, ("content-encoding", "gzip")))
        elif isinstance(step, Write):
            content = compressor.compress(step.content)
            yield Write(content + compressor.flush(zlib.Z_SYNC_FLUSH))
        else:
            yield step
    yield Write(compressor.flush())


def joined_stream(right: Steps) -> Steps:
    """Send the message of a stream whole, as JSON."""
    head, events = None, list[JSONObject]()
    for step in right:
        if isinstance(step, WriteHead):
            if not _is_stream(step):
                yield step
                yield from right
                return
            head = step
        elif isinstance(step, Write):
            events += filter(None, map(_event, _events_in(step.content)))
        else:
            yield step
    assert head is not None
    kept = (pair for pair in head.headers if pair[0] not in _OF_THE_BODY)
    yield WriteHead(head.status, (*kept, ("content-type", "application/json")))
    yield Write(dumps(_message(events)))


def _message(events: Sequence[JSONObject]) -> JSONObject:
    """Return the message that events stream."""
    message: JSONObject = {}
    blocks = list[JSONObject]()
    inputs: dict[int, str] = {}
    for event in events:
        match event:
            case {"type": "message_start", "message": begun}:
                message = {**begun}
            case {"type": "content_block_start", "content_block": begun}:
                blocks.append({**begun})
            case {"type": "content_block_delta", "index": int(index), "delta": delta}:
                block = blocks[index]
                _extend(block, delta)
                inputs[index] = inputs.get(index, "") + delta.get("partial_json", "")
            case {"type": "message_delta", "delta": delta, "usage": usage}:
                message |= {**delta, "usage": {**message["usage"], **usage}}
            case _:
                pass
    for index, text in inputs.items():
        if text:
            blocks[index]["input"] = loads(text)
    return {**message, "content": blocks}


def _extend(block: JSONObject, delta: JSONObject) -> None:
    match delta:
        case {"type": "citations_delta", "citation": citation}:
            block["citations"] = [*(block.get("citations") or ()), citation]
        case {"type": "input_json_delta"}:
            pass
        case _:
            for name, added in delta.items():
                if name != "type":
                    block[name] = f"{block.get(name) or ''}{added}"


def _is_stream(head: WriteHead) -> bool:
    return any(
        name == "content-type" and value.startswith("text/event-stream")
        for name, value in head.headers
    )


def _events_in(content: bytes) -> list[bytes]:
    """Return the events in a part of a stream, each with the empty line behind it."""
    parts = content.split(b"\n\n")
    last = [parts[-1]] if parts[-1] else []
    return [*(part + b"\n\n" for part in parts[:-1]), *last]


def _event(part: bytes) -> JSONObject | None:
    """Return the JSON of an event; None for what has none."""
    _, found, data = part.partition(b"data: ")
    try:
        value = loads(data) if found else None
    except ValueError:  # another fault has broken it
        return None
    return value if is_object(value) else None


def _message_in(content: bytes) -> JSONObject | None:
    """Return the message that a body is; None for errors, and for what another fault has broken."""
    try:
        value = loads(content)
    except ValueError:
        return None
    return value if is_object(value) and value.get("type") == "message" else None


def _framed(event: JSONObject) -> bytes:
    try:
        return framed(event)
    except ValueError:
        # A lone surrogate: it can only be written with an escape.
        kind = str(event["type"])
        return f"event: {kind}\ndata: {json.dumps(event)}\n\n".encode()
