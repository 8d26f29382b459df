"""The catalogue: every fault by its name, with arguments where it takes some.

All raise TypeError for an argument of another kind, and ValueError for one that is out of range.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from ...._core.retry import is_temporary
from ...._stream.writer import PING, framed
from ...._wire.json import JSONObject, dumps
from ....errors import (
    APIConnectionError,
    APIResponseValidationError,
    APITimeoutError,
    RateLimitError,
    error_class,
)
from ...api.steps import (
    Abort,
    Close,
    Expire,
    HeaderPairs,
    Pause,
    Step,
    Write,
    WriteHead,
    WriteRaw,
)
from ..failure import KINDS, failure
from . import arguments, changes
from .changes import ChangeEvent, Place
from .fault import NamedFault

__all__ = [
    "ALL",
    "bad_tool_json",
    "byte_order_mark",
    "comments",
    "crlf",
    "cut",
    "done_marker",
    "drip",
    "early_end",
    "error_event",
    "garbled_chunk",
    "glued_response",
    "gzip",
    "html",
    "http_1_0",
    "json_instead_of_stream",
    "latency",
    "line_separators",
    "lone_surrogates",
    "missing_last_chunk",
    "no_response",
    "oversized_headers",
    "pings_only",
    "reset",
    "retry_after",
    "silence",
    "split_utf8",
    "stale_connection",
    "stall",
    "status",
    "unknown_block",
    "unknown_delta",
    "unknown_event",
]

_STREAM = frozenset({"stream"})
_PLAIN = frozenset({"plain"})
_PING_SECONDS = 15.0
# More than any client takes: those that are known stop at 64 KB to 1 MB.
_OVERSIZED = 2 * 1024 * 1024
# Of a text: its message, its block, a ping, and two deltas.
_EVENT = 5
_BODILESS = (204, 205, 304)
_HTML = b"<html><head><title>Bad Gateway</title></head><body>upstream failed</body></html>"


def status(status: int | str = 529, message: str | None = None) -> NamedFault:
    """Return a fault: the API refuses, with this status.

    Args:
        status: a status from 400 to 599, or the `type` of an error of the API.
        message: what the error says.
    """
    said = None if message is None else arguments.text("message", message)
    refusal = failure(status, said, name="status")
    code = refusal.status
    return NamedFault(
        f"status_{code}",
        f"The API refuses with status {code}, {refusal.kind}.",
        error_class(code, refusal.kind),
        changes.refused(refusal),
        retried=is_temporary(code, None),
    )


def retry_after(form: str = "seconds", seconds: float = 2) -> NamedFault:
    """Return a fault: a rate limit, which says in some form how long to wait.

    Args:
        form: "seconds", "milliseconds", "date", or "nonsense" for what no client can read.
        seconds: how long to wait.
    """

    def response(headers: HeaderPairs) -> Iterator[Step]:
        refusal = failure(429)
        kind = ("content-type", "application/json")
        wait = _wait(form, seconds, dict(headers))
        yield WriteHead(429, (*headers, kind, wait, ("x-should-retry", "true")))
        yield Write(dumps(refusal.body(dict(headers).get("request-id", ""))))

    if arguments.text("form", form) not in _FORMS:
        raise ValueError(f"form: {form!r}; give one of {', '.join(_FORMS)}")
    arguments.seconds(seconds)
    return NamedFault(
        f"retry_after_{form}",
        f"A rate limit refuses; its retry-after is {_FORMS[form]}.",
        RateLimitError,
        changes.replaced(response),
        retried=True,
    )


_FORMS = {
    "seconds": "a number of seconds",
    "milliseconds": "the header retry-after-ms",
    "date": "a date",
    "nonsense": "no number and no date",
}


def _wait(form: str, seconds: float, headers: dict[str, str]) -> tuple[str, str]:
    if form == "milliseconds":
        return "retry-after-ms", f"{seconds * 1000:g}"
    if form == "date":
        until = parsedate_to_datetime(headers["date"]) + timedelta(seconds=seconds)
        return "retry-after", format_datetime(until, usegmt=True)
    return "retry-after", "soon" if form == "nonsense" else f"{seconds:g}"


def latency(seconds: float = 3) -> NamedFault:
    """Return a fault: the response begins late.

    Args:
        seconds: how late. For later than your client waits take `silence`, which is a failure.
    """
    change = changes.before_head(Pause(arguments.seconds(seconds)))
    return NamedFault("latency", "The response begins some seconds late.", None, change)


def silence(seconds: float = 3600) -> NamedFault:
    """Return a fault: no response begins for a long time.

    Args:
        seconds: how long; see `NamedFault.retried` for when a call is tried again.
    """
    return NamedFault(
        "silence",
        "No response begins for longer than a client waits.",
        APITimeoutError,
        changes.before_head(Pause(arguments.seconds(seconds))),
        retried=True,
    )


def stall(
    seconds: float = 3600, *, event: int | None = None, after: int | None = None
) -> NamedFault:
    """Return a fault: nothing is sent for a long time in the middle of the body.

    Args:
        seconds: how long; see `NamedFault.retried` for when a call is tried again.
        event: behind how many events of a stream.
        after: behind how many bytes.
    """
    pause = Pause(arguments.seconds(seconds))
    return NamedFault(
        "stall",
        "Nothing is sent for longer than a client waits, in the middle of the body.",
        APITimeoutError,
        changes.at_place(_place(event, after), lambda: (pause,)),
        retried=True,
    )


def pings_only(seconds: float = 3600, *, event: int | None = None) -> NamedFault:
    """Return a fault: a stream sends nothing but pings for a long time.

    Args:
        seconds: how long; see `NamedFault.retried` for when a call is tried again.
        event: behind how many events.
    """
    arguments.seconds(seconds)

    def pings() -> Iterator[Step]:
        left = seconds
        while left > 0:
            yield Pause(min(left, _PING_SECONDS))
            yield Write(framed(PING))
            left -= _PING_SECONDS

    return NamedFault(
        "pings_only",
        "A stream sends nothing but pings for longer than a client waits.",
        APITimeoutError,
        changes.of_streams(changes.at_place(_place(event), pings)),
        retried=True,
        affects=_STREAM,
    )


def drip(size: int = 64, seconds: float = 0.01) -> NamedFault:
    """Return a fault: the body arrives in small pieces.

    Args:
        size: the bytes of a piece.
        seconds: the pause before each piece.
    """
    change = changes.dripping(arguments.whole("size", size, 1), arguments.seconds(seconds))
    return NamedFault("drip", "The body arrives in small pieces, slowly.", None, change)


def no_response() -> NamedFault:
    """Return a fault: the connection is closed instead of a response."""
    return NamedFault(
        "no_response",
        "The connection is closed before a response begins.",
        APIConnectionError,
        changes.before_head(Close(), ends=True),
        retried=True,
    )


def cut(*, event: int | None = None, after: int | None = None) -> NamedFault:
    """Return a fault: the connection is closed in the middle of the body.

    Args:
        event: behind how many events of a stream.
        after: behind how many bytes.
    """
    return NamedFault(
        "cut" if after is None else "cut_after_bytes",
        "The connection is closed in the middle of the body"
        + (", behind an event." if after is None else ", behind some bytes."),
        APIConnectionError,
        changes.at_place(_place(event, after), lambda: (Close(),), ends=True),
        retried=True,
    )


def reset(*, event: int | None = None, after: int | None = None) -> NamedFault:
    """Return a fault: the connection is reset in the middle of the body.

    Args:
        event: behind how many events of a stream.
        after: behind how many bytes.
    """
    return NamedFault(
        "reset" if after is None else "reset_after_bytes",
        "The connection is reset in the middle of the body"
        + (", behind an event." if after is None else ", behind some bytes."),
        APIConnectionError,
        changes.at_place(_place(event, after), lambda: (Abort(),), ends=True),
        retried=True,
    )


def early_end(*, event: int | None = None) -> NamedFault:
    """Return a fault: a stream ends as it should, but before its message is complete.

    Args:
        event: behind how many events.
    """
    return NamedFault(
        "early_end",
        "A stream ends properly before its message is complete.",
        APIConnectionError,
        changes.of_streams(changes.at_place(_place(event), tuple, ends=True)),
        retried=True,
        affects=_STREAM,
    )


def missing_last_chunk() -> NamedFault:
    """Return a fault: the body is complete, but the connection is closed instead of its end."""
    return NamedFault(
        "missing_last_chunk",
        "The whole body arrives, but the connection is closed without its last chunk.",
        APIConnectionError,
        changes.behind_end(Close()),
        retried=True,
        affects=_PLAIN,
    )


def garbled_chunk(*, event: int | None = None) -> NamedFault:
    """Return a fault: bytes that are no chunk stand in the middle of the body.

    Args:
        event: behind how many events of a stream.
    """
    return NamedFault(
        "garbled_chunk",
        "Bytes that are no chunk stand in the middle of the body.",
        APIConnectionError,
        changes.at_place(
            _place(event), lambda: (WriteRaw(b"zz\r\nno chunk\r\n"), Close()), ends=True
        ),
        retried=True,
    )


def error_event(
    kind: str = "overloaded_error", message: str = "Overloaded", *, event: int | None = None
) -> NamedFault:
    """Return a fault: a stream ends with an `error` event.

    Args:
        kind: the `type` of the error.
        message: what it says.
        event: behind how many events.
    """
    said = {"type": arguments.text("kind", kind), "message": arguments.text("message", message)}
    error = {"type": "error", "error": said}
    return NamedFault(
        "error_event",
        "A stream ends with an error event.",
        error_class(200, kind),
        changes.of_streams(
            changes.at_place(_place(event), lambda: (Write(framed(error)),), ends=True)
        ),
        retried=kind in KINDS.values() and is_temporary(failure(kind).status, None),
        affects=_STREAM,
    )


def unknown_event(*, event: int | None = None) -> NamedFault:
    """Return a fault: an event of a type that nobody knows.

    Args:
        event: behind how many events.
    """
    unknown = {"type": "sparkle", "sparkle": {"bright": True}}
    return NamedFault(
        "unknown_event",
        "A stream has an event of an unknown type.",
        None,
        changes.of_streams(changes.at_place(_place(event), lambda: (Write(framed(unknown)),))),
        affects=_STREAM,
    )


def unknown_block() -> NamedFault:
    """Return a fault: a content block of a type that nobody knows stands behind the others."""
    block = {"type": "hologram", "depth": 3}

    def of_stream() -> ChangeEvent:
        index = 0

        def changed(event: JSONObject) -> Iterator[JSONObject]:
            nonlocal index
            if event.get("type") == "content_block_start":
                index = event["index"] + 1
            if event.get("type") == "message_delta":
                yield {"type": "content_block_start", "index": index, "content_block": block}
                yield {"type": "content_block_stop", "index": index}
            yield event

        return changed

    return NamedFault(
        "unknown_block",
        "The message has a content block of an unknown type.",
        None,
        changes.each_event(
            of_stream, lambda message: {**message, "content": [*message["content"], block]}
        ),
    )


def unknown_delta() -> NamedFault:
    """Return a fault: a delta of a type that nobody knows stands in each text block."""

    def of_stream(event: JSONObject) -> Iterator[JSONObject]:
        yield event
        if event.get("type") == "content_block_start":
            delta = {"type": "sparkle_delta", "sparkle": "✨"}
            yield {"type": "content_block_delta", "index": event["index"], "delta": delta}

    return NamedFault(
        "unknown_delta",
        "A content block of a stream has a delta of an unknown type.",
        None,
        changes.each_event(lambda: of_stream),
        affects=_STREAM,
    )


def bad_tool_json() -> NamedFault:
    """Return a fault: the input of a tool call is no JSON."""

    def of_stream(event: JSONObject) -> Iterator[JSONObject]:
        match event:
            case {"type": "content_block_delta", "delta": {"partial_json": str(text)}} if text:
                yield {**event, "delta": {**event["delta"], "partial_json": text.replace(":", "=")}}
            case _:
                yield event

    return NamedFault(
        "bad_tool_json",
        "The input of a tool call in a stream is no JSON.",
        None,
        changes.each_event(lambda: of_stream),
        affects=_STREAM,
    )


def split_utf8(seconds: float = 0.01) -> NamedFault:
    """Return a fault: each character of several bytes arrives in two pieces.

    Args:
        seconds: the pause between them.
    """
    sentence = "Characters of several bytes arrive in two pieces."
    return NamedFault(
        "split_utf8", sentence, None, changes.with_split_characters(arguments.seconds(seconds))
    )


def lone_surrogates() -> NamedFault:
    """Return a fault: half of a character stands at the end of each text."""

    def of_stream() -> ChangeEvent:
        texts: set[int] = set()

        def changed(event: JSONObject) -> Iterator[JSONObject]:
            match event:
                case {"type": "content_block_stop", "index": int(index)} if index in texts:
                    for half in ("\ud83d", "\ude00", "\ud83d"):
                        delta = {"type": "text_delta", "text": half}
                        yield {"type": "content_block_delta", "index": index, "delta": delta}
                case {"type": "content_block_start", "index": int(index), "content_block": block}:
                    (texts.add if block["type"] == "text" else texts.discard)(index)
                case _:
                    pass
            yield event

        return changed

    def of_message(message: JSONObject) -> JSONObject:
        return {
            **message,
            "content": [_with_text(each, "\U0001f600\ud83d") for each in message["content"]],
        }

    return NamedFault(
        "lone_surrogates",
        "A text has half of a character, and one in two deltas.",
        None,
        changes.each_event(of_stream, of_message),
    )


def _with_text(block: JSONObject, added: str) -> JSONObject:
    return {**block, "text": block["text"] + added} if block["type"] == "text" else block


def line_separators() -> NamedFault:
    """Return a fault: texts have characters that some programs take for ends of lines."""
    odd = "\u2028\u2029\x85"

    def of_stream(event: JSONObject) -> Iterator[JSONObject]:
        match event:
            case {"type": "content_block_delta", "delta": {"text": str(text)}}:
                yield {**event, "delta": {**event["delta"], "text": text + odd}}
            case _:
                yield event

    def of_message(message: JSONObject) -> JSONObject:
        return {**message, "content": [_with_text(each, odd) for each in message["content"]]}

    return NamedFault(
        "line_separators",
        "Texts have U+2028, U+2029 and U+0085, which are no ends of lines in a stream.",
        None,
        changes.each_event(lambda: of_stream, of_message),
    )


def crlf() -> NamedFault:
    """Return a fault: the lines of a stream end with CR and LF."""
    return NamedFault(
        "crlf",
        "The lines of a stream end with CR and LF.",
        None,
        changes.text_changed(changes.with_crlf),
        affects=_STREAM,
    )


def byte_order_mark() -> NamedFault:
    """Return a fault: a stream begins with a byte order mark."""
    return NamedFault(
        "byte_order_mark",
        "A stream begins with a byte order mark.",
        None,
        changes.of_streams(changes.at_place(Place(event=0), lambda: (Write(b"\xef\xbb\xbf"),))),
        affects=_STREAM,
    )


def comments() -> NamedFault:
    """Return a fault: comments stand between the events of a stream."""
    return NamedFault(
        "comments",
        "Comments and unknown fields stand between the events of a stream.",
        None,
        changes.text_changed(changes.with_comments),
        affects=_STREAM,
    )


def done_marker() -> NamedFault:
    """Return a fault: a stream ends with ``[DONE]``, as those of other APIs do."""
    return NamedFault(
        "done_marker",
        "A stream ends with [DONE], as those of other APIs do.",
        None,
        changes.of_streams(changes.behind_end(Write(b"data: [DONE]\n\n"))),
        affects=_STREAM,
    )


def gzip() -> NamedFault:
    """Return a fault: the body is compressed with gzip."""
    return NamedFault("gzip", "The body is compressed, event by event.", None, changes.gzipped)


def oversized_headers() -> NamedFault:
    """Return a fault: a header is larger than clients take."""
    return NamedFault(
        "oversized_headers",
        "A header is larger than clients take.",
        APIConnectionError,
        changes.header(("x-oversized", "x" * _OVERSIZED)),
        retried=True,
    )


def http_1_0() -> NamedFault:
    """Return a fault: the response is one of HTTP/1.0, which ends with the connection."""
    return NamedFault(
        "http_1_0",
        "The response is one of HTTP/1.0: its body ends with the connection.",
        None,
        changes.header(version="1.0"),
    )


def json_instead_of_stream() -> NamedFault:
    """Return a fault: the message of a stream arrives whole, as JSON."""
    return NamedFault(
        "json_instead_of_stream",
        "The message arrives whole, as JSON, though a stream was asked for.",
        None,
        changes.joined_stream,
        affects=_STREAM,
    )


def html(status: int = 502) -> NamedFault:
    """Return a fault: a proxy sends a page.

    Args:
        status: its status, from 200 to 599: 502 as proxies have it, or 200; one with a body.
    """

    def response(headers: HeaderPairs) -> Iterator[Step]:
        yield WriteHead(status, (*headers, ("content-type", "text/html")))
        yield Write(_HTML)

    if not 200 <= arguments.whole("status", status) <= 599:
        raise ValueError(f"status: {status!r}; give one from 200 to 599")
    if status in _BODILESS:
        raise ValueError(f"status: {status!r}; give one whose responses have a body")
    failed = status >= 300
    return NamedFault(
        f"html_{status}",
        f"A proxy sends a page instead of the response, with status {status}.",
        error_class(status, None) if failed else APIResponseValidationError,
        changes.replaced(response),
        retried=is_temporary(status, None),
    )


def stale_connection() -> NamedFault:
    """Return a fault: the connection is kept, and closed when the next request arrives on it."""
    return NamedFault(
        "stale_connection",
        "The connection is kept, and closed when the next request arrives on it.",
        None,
        changes.behind_end(Expire()),
    )


def glued_response() -> NamedFault:
    """Return a fault: another response, which nobody asked for, follows behind the first."""
    surplus = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    return NamedFault(
        "glued_response",
        "A response that nobody asked for follows behind the right one.",
        None,
        changes.behind_end(WriteRaw(surplus, behind=True)),
    )


def _place(event: int | None = None, after: int | None = None) -> Place:
    if event is not None and after is not None:
        raise ValueError("event, after: give one of them")
    if after is not None:
        return Place(after=arguments.whole("after", after))
    return Place(arguments.whole("event", _EVENT if event is None else event))


ALL: tuple[NamedFault, ...] = (
    *(status(code) for code in sorted({*KINDS, 408, 502, 503})),
    *(retry_after(form) for form in _FORMS),
    latency(),
    silence(),
    stall(),
    pings_only(),
    drip(),
    no_response(),
    cut(),
    cut(after=20),
    reset(),
    reset(after=20),
    early_end(),
    missing_last_chunk(),
    garbled_chunk(),
    error_event(),
    unknown_event(),
    unknown_block(),
    unknown_delta(),
    bad_tool_json(),
    split_utf8(),
    lone_surrogates(),
    line_separators(),
    crlf(),
    byte_order_mark(),
    comments(),
    done_marker(),
    gzip(),
    oversized_headers(),
    http_1_0(),
    json_instead_of_stream(),
    html(),
    html(200),
    stale_connection(),
    glued_response(),
)
"""Every fault, with its usual arguments."""
