"""Functions from steps to steps: what a fault does to a response.

A fault sees the steps of a right response (`WriteHead`, `Write`, `Pause`) and gives those of a
wrong one. It may stand behind other faults, so nothing follows from the pieces in which a body
arrives: `EventEnds` finds the events of a stream in pieces of any size, `at_place` looks for a
place with it, and `_events` collects the steps of each event. What concerns the text of a body
is done before it is compressed (`uncompressed`), also where compression came first.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from ...._stream.writer import framed
from ...._wire.json import JSONObject, dumps, is_object, loads
from ...api.errors import RequestRefusedError
from ...api.steps import Abort, Close, HeaderPairs, Pause, Step, Steps, Write, WriteHead, WriteRaw

__all__ = [
    "Change",
    "ChangeEvent",
    "Changed",
    "EventEnds",
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
    "refused",
    "replaced",
    "text_changed",
    "uncompressed",
    "with_comments",
    "with_crlf",
    "with_split_characters",
]

Changed: TypeAlias = Generator[Step, Any, str | None]
"""The steps of a wrong response, and at last why it is the right one after all, if it is."""

Change: TypeAlias = Callable[[Steps], Changed]
"""Makes the steps of a wrong response of those of a right one."""

ChangeEvent: TypeAlias = Callable[[JSONObject], Iterable[JSONObject]]
"""Returns what stands in the place of an event of a stream."""

_RETRYABLE = frozenset({408, 409, 429})
_OF_THE_BODY = (
    "content-type",
    "content-length",
    "content-encoding",
    "cache-control",
    "retry-after",
    "x-should-retry",
)
# What `EventEnds` keeps of a line that is not complete: a name of a field.
_LINE_START = 6
# Behind a byte order mark, if there is one: the lines of an event that are not its comments.
_FIELDS = re.compile(rb"^(?:\xef\xbb\xbf)?(?=event:|data:)", re.MULTILINE)
_DATA = re.compile(rb"^data: ?(.*)", re.MULTILINE)
_GZIP = ("content-encoding", "gzip")
_GZIP_BITS = 31  # of zlib: the format of gzip
_MARK = b"\xef\xbb\xbf"
_MULTIBYTE = re.compile(rb"[\xc0-\xff][\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a body something happens."""

    event: int | None = None
    """Behind this many events of a stream; in the middle of a body that is no stream."""
    after: int | None = None
    """Behind this many bytes."""


class EventEnds:
    """Finds where the events of a stream end, in whatever pieces it arrives.

    An event is a block of lines with data, up to the empty line behind it. Comments are none.
    """

    def __init__(self) -> None:
        self._line = b""
        self._has_data = False

    def within(self, piece: bytes) -> Iterator[int]:
        """Yield how many bytes of the next piece stand before the end of each event."""
        start = 0
        while (end := piece.find(b"\n", start)) >= 0:
            line = (self._line + piece[start : min(end, start + _LINE_START)]).removesuffix(b"\r")
            start, self._line = end + 1, b""
            if line:
                self._has_data = self._has_data or line.startswith(b"data:")
            elif self._has_data:
                self._has_data = False
                yield start
        self._line = (self._line + piece[start : start + _LINE_START])[:_LINE_START]


class _Search:
    """Looks for a place in a body."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._ends = EventEnds()
        self._count = 0

    def within(self, step: Step) -> int | None:
        """Return how many bytes of the next step stand before the place; None if it is behind."""
        if isinstance(step, WriteHead):
            return 0 if not (self._place.event or self._place.after) else None
        if not isinstance(step, Write):
            return None
        if self._place.after is not None:
            before, self._count = self._count, self._count + len(step.content)
            return self._place.after - before if self._place.after <= self._count else None
        for end in self._ends.within(step.content):
            self._count += 1
            if self._count == self._place.event:
                return end
        return None

    @property
    def failure(self) -> str:
        """Why a body that ends here has no such place."""
        if self._place.after is not None:
            return f"its place is behind {self._place.after} bytes, the body had {self._count}"
        return f"its place is behind {self._place.event} events, the stream had {self._count}"


def at_place(place: Place, steps: Callable[[], Iterable[Step]], *, ends: bool = False) -> Change:
    """Return a change that performs further steps at a place.

    Args:
        place: where.
        steps: makes the further steps.
        ends: whether they end the response; if not, the rest of it follows.
    """

    def change(right: Steps) -> Changed:
        search, body = _searched(place, right)
        for step in body:
            cut = search.within(step)
            if cut is None:
                yield step
                if isinstance(step, Close | Abort):  # another fault has ended the response
                    return None
                continue
            before, behind = _cut(step, cut)
            yield before
            yield from steps()
            if not ends:
                yield from behind
                yield from body
            return None
        return search.failure

    # Bytes are counted as they are sent, events as they were before they were compressed.
    return change if place.after is not None else uncompressed(change)


def _searched(place: Place, right: Steps) -> tuple[_Search, Steps]:
    """Return what looks for a place in a response, and all the steps of that."""
    head, steps = _begun(right)
    if not place.event or head is None or _is_stream(head):
        return _Search(place), steps
    whole = list(steps)
    return _Search(Place(after=len(_content(whole)) // 2)), _steps(whole)


def _cut(step: Step, size: int) -> tuple[Step, tuple[Step, ...]]:
    """Return a step up to so many bytes, and what is left of it."""
    if not isinstance(step, Write):
        return step, ()
    return Write(step.content[:size]), (Write(step.content[size:]),)


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
    """Return a change of the text of streams, which leaves other bodies alone."""

    def changed(right: Steps) -> Changed:
        head, steps = _begun(right)
        if head is None or not _is_stream(head):
            yield from steps
            return None
        return (yield from change(steps))

    return uncompressed(changed)


def uncompressed(change: Change) -> Change:
    """Return a change that sees a body as it was before another fault compressed it."""

    def changed(right: Steps) -> Changed:
        head, steps = _begun(right)
        if head is None or _GZIP not in head.headers:
            return (yield from change(steps))
        missed: str | None = None

        def noting_end() -> Steps:
            nonlocal missed
            missed = yield from change(_decompressed(steps))

        yield from gzipped(noting_end())
        return missed

    return changed


def _decompressed(right: Steps) -> Steps:
    decompressor = zlib.decompressobj(wbits=_GZIP_BITS)
    for step in right:
        if isinstance(step, WriteHead):
            yield step._replace(headers=tuple(pair for pair in step.headers if pair != _GZIP))
        elif isinstance(step, Write):
            yield Write(decompressor.decompress(step.content))
        else:
            yield step


def text_changed(change_text: Callable[[bytes], bytes]) -> Change:
    """Return a change of the bytes of each event of a stream."""

    def change(right: Steps) -> Steps:
        for group in _events(right):
            yield from _filled(group, change_text(_content(group)))

    return of_streams(change)


def each_event(
    of_stream: Callable[[], ChangeEvent],
    of_message: Callable[[JSONObject], JSONObject] | None = None,
) -> Change:
    """Return a change of the events of a stream, and of a message that is sent whole.

    Args:
        of_stream: makes, for each response, the function that returns what stands in the place of
            an event.
        of_message: returns what stands in the place of a whole message; by default itself.
    """

    def change(right: Steps) -> Steps:
        head, steps = _begun(right)
        if head is not None and _is_stream(head):
            change_event = of_stream()
            for group in _events(steps):
                yield from _filled(group, _with_events(_content(group), change_event))
            return
        whole = list(steps)
        message = _message_in(_content(whole))
        if message is None or of_message is None:
            yield from whole
        else:
            # Escapes: what is no text of Unicode can be written with them alone.
            yield from _filled(whole, json.dumps(of_message(message)).encode())

    return uncompressed(change)


def _with_events(block: bytes, change_event: ChangeEvent) -> bytes:
    """Return the block of an event with other events in its place, and its comments before them."""
    event, fields = _event(block), _FIELDS.search(block)
    if event is None or fields is None:
        return block
    changed = list(change_event(event))
    if len(changed) == 1 and changed[0] is event:
        return block
    written = b"".join(map(_framed, changed))
    if block.endswith(b"\r\n"):
        written = with_crlf(written)
    return block[: fields.end()] + written


def with_comments(block: bytes) -> bytes:
    """Return the block of an event with a comment and unknown fields before it."""
    # Behind a byte order mark, which may only stand at the very beginning.
    content = block.removeprefix(_MARK)
    mark = block[: len(block) - len(content)]
    return mark + b": keep-alive\n\nretry: 3000\nid: 7\n" + content


def with_crlf(text: bytes) -> bytes:
    """Return a text whose lines end with CR and LF."""
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


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

    return uncompressed(change)


def gzipped(right: Steps) -> Steps:
    """Compress a body, piece by piece, if it is not compressed."""
    head, steps = _begun(right)
    if head is not None and _GZIP in head.headers:
        yield from steps
        return
    compressor = zlib.compressobj(wbits=_GZIP_BITS)
    for step in steps:
        if isinstance(step, WriteHead):
            yield step._replace(headers=(*step.headers, _GZIP))
        elif isinstance(step, Write):
            content = compressor.compress(step.content)
            yield Write(content + compressor.flush(zlib.Z_SYNC_FLUSH))
        elif isinstance(step, WriteRaw) and step.behind:  # nothing of the body follows
            yield Write(compressor.flush())
            yield step
            yield from steps
            return
        else:
            yield step
    yield Write(compressor.flush())


def _joined(right: Steps) -> Steps:
    events, others = list[JSONObject](), list[Step]()
    head: WriteHead | None = None
    for group in _events(right):
        yield from others
        others = [step for step in group if not isinstance(step, Write | WriteHead)]
        head = next((step for step in group if isinstance(step, WriteHead)), head)
        events += filter(None, [_event(_content(group))])
    assert head is not None  # `of_streams` has seen it
    # What stands behind the end of a whole stream stands behind the end of its message.
    whole = bool(events) and events[-1].get("type") == "message_stop"
    if not whole:
        yield from others
    kept = (pair for pair in head.headers if pair[0] not in _OF_THE_BODY)
    yield WriteHead(head.status, (*kept, ("content-type", "application/json")))
    # Escapes: another fault may have written what is no text of Unicode.
    yield Write(json.dumps(_message(events)).encode())
    if whole:
        yield from others


joined_stream: Change = of_streams(_joined)
"""Sends the message of a stream whole, as JSON."""


def _message(events: Sequence[JSONObject]) -> JSONObject:
    """Return the message that events stream."""
    message: JSONObject = {}
    blocks = list[JSONObject]()
    inputs: dict[int, str] = {}
    for event in events:
        match event:
            case {"type": "error"}:
                return event
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
        with suppress(ValueError):  # none, or another fault has broken it
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


def _steps(steps: Iterable[Step]) -> Steps:
    yield from steps


def _begun(right: Steps) -> tuple[WriteHead | None, Steps]:
    """Return the head of a response, if it has one, and all its steps."""
    begun: list[Step] = []
    for step in right:
        begun.append(step)
        if isinstance(step, WriteHead):
            return step, _steps(chain(begun, right))
    return None, _steps(begun)


def _events(right: Steps) -> Iterator[list[Step]]:
    """Yield the steps of a stream in groups, each with one event and what stands before it."""
    ends, group = EventEnds(), list[Step]()
    for step in right:
        if not isinstance(step, Write):
            group.append(step)
            continue
        start = 0
        for end in ends.within(step.content):
            yield [*group, Write(step.content[start:end])]
            group, start = [], end
        group.append(Write(step.content[start:]))
    yield group


def _content(steps: Iterable[Step]) -> bytes:
    return b"".join(step.content for step in steps if isinstance(step, Write))


def _filled(steps: Sequence[Step], content: bytes) -> Iterator[Step]:
    """Yield steps with another content, in pieces of the sizes that the pieces had."""
    left = sum(isinstance(step, Write) for step in steps)
    for step in steps:
        if not isinstance(step, Write):
            yield step
            continue
        left -= 1
        size = len(step.content) if left else len(content)
        yield Write(content[:size])
        content = content[size:]


# Both read with `json`, which takes what other faults have made: lone halves of characters.
def _event(block: bytes) -> JSONObject | None:
    """Return the JSON of an event; None for what has none."""
    found = _DATA.search(block)
    try:
        value = json.loads(found[1]) if found else None
    except ValueError:  # another fault has broken it
        return None
    return value if is_object(value) else None


def _message_in(content: bytes) -> JSONObject | None:
    """Return the message that a body is; None for errors, and for what another fault has broken."""
    try:
        value = json.loads(content)
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
