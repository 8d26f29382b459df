"""One recorded interaction: a request and its response, as readable JSON without secrets.

A cassette is a file of JSON Lines, an interaction a line. Bodies are JSON values, and streams are
lists of events with the milliseconds at which they came. What is neither is text or base64. A body
that would be played as another one keeps its bytes beside what is readable.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ..._wire.json import dumps, is_object, loads
from ..._wire.secret import HIDDEN
from ..._wire.sse import SSEDecoder
from .line_check import check_line, date_of, is_stream
from .recorded_request import RequestForm, bytes_of, kept, readable
from .scrubbing import Scrubber

__all__ = ["Chunk", "Interaction"]

VERSION = 1
"""Of the form of a line; a line of another version is refused."""

_DATE = "%Y-%m-%dT%H:%M:%SZ"

# The headers that are kept: what a test may look at.
_RETRY_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry")
_RESPONSE_HEADERS = ("content-type", "request-id", *_RETRY_HEADERS)


class Chunk(NamedTuple):
    """A part of a body, and when it came."""

    ms: int
    """Milliseconds after the request was sent."""
    content: bytes


@dataclass(slots=True)
class Interaction:
    """A request and its response."""

    method: str
    path: str
    """With its query."""
    request: Any
    """The body as JSON values; a text, or {"base64": …}, if it is not JSON."""
    status: int
    headers: dict[str, str]
    """Those of the response that are kept."""
    response: Any
    """The body as JSON values, a text, {"base64": …}, or {"events": […]} of a stream."""
    request_headers: dict[str, str] = field(default_factory=dict[str, str])
    raw: str | None = None
    """The body in base64, if what is readable would be played as another one."""
    received: list[Chunk] | None = None
    """A stream as it came, if that was asked for."""
    recorded_at: datetime | None = None
    """When it was recorded; None if nobody has noted it."""

    def __post_init__(self) -> None:
        # Lines that were written by hand, or by an older version, are compared in the same form.
        form = RequestForm(self.path, self.request_headers, self.request).again()
        self.path, self.request_headers, self.request = form

    @classmethod
    def of(
        cls,
        request: tuple[str, str, Mapping[str, str], bytes],
        response: tuple[int, Mapping[str, str], Sequence[Chunk]],
    ) -> Interaction:
        """Return the record of what was sent and received.

        Args:
            request: its method, its path with the query, its headers and its body.
            response: its status, its headers, and its body as it came.
        """
        method, path, sent, body = request
        form = RequestForm.of(path, sent, body)
        scrubber = Scrubber.of(sent, path)
        status, received, chunks = response
        content = b"".join(chunk.content for chunk in chunks)
        headers = kept(received, _RESPONSE_HEADERS)
        if "text/event-stream" in headers.get("content-type", ""):
            shown: Any = {"events": scrubber.events([*_events(chunks)])}
        else:
            shown = scrubber.value(readable(content))
        again = b"".join(chunk.content for chunk in _chunks(shown))
        # Streams have blanks in their data that mean nothing; what is not a stream at all, or not
        # whole, keeps its bytes.
        same = again == content or bool(content and _frames(again) == _frames(content))
        # Bytes with a secret must not be kept, also where what is readable does not show it.
        hides = HIDDEN in repr(shown) or scrubber.content(content) != content
        raw = None if same or hides else base64.b64encode(content).decode()
        clean = {name: scrubber.text(value) for name, value in headers.items()}
        return cls(method, form.path, form.body, status, clean, shown, form.headers, raw)

    def keep_bytes(self, chunks: Sequence[Chunk], scrubber: Scrubber) -> None:
        """Keep a stream as it came, too, unless a secret is in it; other bodies need no bytes.

        Args:
            chunks: the body as it came.
            scrubber: knows the secrets of the request.
        """
        content = b"".join(chunk.content for chunk in chunks)
        hides = HIDDEN in repr(self.response) or scrubber.content(content) != content
        if is_stream(self.response) and not hides:
            self.received, self.raw = [*chunks], None

    def chunks(self) -> list[Chunk]:
        """Return the body of the response, as it came."""
        if self.received is not None:
            return self.received
        if self.raw is not None:
            return [Chunk(0, base64.b64decode(self.raw))]
        return [*_chunks(self.response)]

    def line(self) -> str:
        """Return this interaction as a line of a cassette."""
        content: dict[str, Any] = {"version": VERSION}
        if self.recorded_at is not None:
            content["recorded_at"] = self.recorded_at.strftime(_DATE)
        content |= {
            "request": {
                "method": self.method,
                "path": self.path,
                "headers": self.request_headers,
                "body": self.request,
            },
            "response": {"status": self.status, "headers": self.headers, "body": self.response},
        }
        if self.raw is not None:
            content["response"]["raw"] = self.raw
        if self.received is not None:
            content["response"]["received"] = [
                {"ms": ms, "base64": base64.b64encode(part).decode()} for ms, part in self.received
            ]
        return dumps(content).decode()

    @classmethod
    def from_line(cls, line: str) -> Interaction:
        """Return the interaction in a line of a cassette.

        Raises:
            ValueError: it holds none, or one of another version.
        """
        content: Any = loads(line.encode())
        version = content.get("version") if is_object(content) else None
        if version != VERSION:
            raise ValueError(f"no interaction of version {VERSION}: version is {version!r}")
        check_line(content)
        request, response = content["request"], content["response"]
        return cls(
            request["method"],
            request["path"],
            request["body"],
            response["status"],
            response["headers"],
            response["body"],
            request.get("headers", {}),
            response.get("raw"),
            _received(response.get("received")),
            date_of(content.get("recorded_at")),
        )


def _received(parts: Any) -> list[Chunk] | None:
    if parts is None:
        return None
    return [Chunk(part["ms"], base64.b64decode(part["base64"])) for part in parts]


def _events(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    decoder = SSEDecoder()
    for ms, content in chunks:
        for frame in decoder.feed(content):
            yield _event(ms, frame)
    for frame in decoder.close():
        yield _event(chunks[-1].ms if chunks else 0, frame)


def _frames(content: bytes) -> list[Any]:
    """Return the events in a body; what no event holds is one of its own."""
    if not content.endswith(b"\n\n"):
        return [content]
    events = _events([Chunk(0, content)])
    return [content] if b"\n:" in content or b"\r" in content else [*events]


def _event(ms: int, frame: tuple[bytes | None, bytes]) -> dict[str, Any]:
    name, data = frame
    shown = {"ms": ms, "event": name and name.decode("utf-8", "replace")}
    return {**shown, "data": readable(data)}


def _chunks(body: Any) -> Iterator[Chunk]:
    """Yield the parts of a body that is written in a readable form."""
    if body is None:
        return
    if is_stream(body):
        for event in body["events"]:
            name = f"event: {event['event']}\n" if event.get("event") else ""
            yield Chunk(event["ms"], f"{name}data: ".encode() + bytes_of(event["data"]) + b"\n\n")
    else:
        yield Chunk(0, bytes_of(body))
