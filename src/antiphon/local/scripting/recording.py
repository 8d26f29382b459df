"""One recorded interaction: a request and its response, as readable JSON without secrets.

A cassette is a file of JSON Lines, an interaction a line. Bodies are JSON values, and streams are
lists of events with the milliseconds at which they came. What is neither is text or base64. A body
that would be played as another one keeps its bytes beside what is readable.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ..._wire.json import dumps, is_list, is_object, loads
from ..._wire.sse import SSEDecoder
from .line_check import check_line, date_of, decoded, is_stream

__all__ = ["Chunk", "Interaction", "readable", "scrubbed", "secrets_of"]

VERSION = 1
"""Of the form of a line; a line of another version is refused."""

_DATE = "%Y-%m-%dT%H:%M:%SZ"

# The headers that are kept: what a test may look at, and nothing that says who asked.
_REQUEST_HEADERS = ("anthropic-version", "anthropic-beta", "content-type")
_RESPONSE_HEADERS = (
    "content-type",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
)

_HIDDEN = "[secret]"
# Keys as the API writes them, wherever they stand.
_KEY = re.compile(r"sk-ant-[A-Za-z0-9_-]{8,}")
# Fields whose text is a secret, whatever it looks like.
_SECRET_FIELDS = frozenset(
    {"authorization_token", "api_key", "apikey", "authorization", "password", "secret"}
)

# Where a caller has its key. A shorter one is a placeholder, such as "any" or "test", and hiding it
# would change other words.
_SECRET_HEADERS = ("x-api-key", "authorization")
_SHORTEST_SECRET = 12


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
        secrets = secrets_of(sent)
        status, received, chunks = response
        content = b"".join(chunk.content for chunk in chunks)
        kept = _kept(received, _RESPONSE_HEADERS)
        shown = readable(content)
        if "text/event-stream" in kept.get("content-type", ""):
            shown = {"events": [*_events(chunks)]}
        shown = scrubbed(shown, secrets)
        again = b"".join(chunk.content for chunk in _chunks(shown))
        # Streams have blanks in their data that mean nothing; what is not a stream at all, or not
        # whole, keeps its bytes.
        same = again == content or bool(content and _frames(again) == _frames(content))
        hides = _HIDDEN in repr(shown)  # then the bytes must not be kept either
        raw = None if same or hides else base64.b64encode(content).decode()
        return cls(
            method,
            path,
            scrubbed(readable(body), secrets),
            status,
            kept,
            shown,
            _kept(sent, _REQUEST_HEADERS),
            raw,
        )

    def keep_bytes(self, chunks: Sequence[Chunk], secrets: Sequence[str]) -> None:
        """Keep a stream as it came, too, unless a secret is in it; other bodies need no bytes.

        Args:
            chunks: the body as it came.
            secrets: texts that are secret.
        """
        text = b"".join(chunk.content for chunk in chunks).decode("utf-8", "replace")
        hides = _HIDDEN in repr(self.response) or scrubbed(text, secrets) != text
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


def secrets_of(headers: Mapping[str, str]) -> list[str]:
    """Return the texts in the headers of a request that must not be written: the caller's key."""
    kept = _kept(headers, _SECRET_HEADERS)
    texts = [text.rpartition(" ")[2] for text in kept.values()]  # without "Bearer"
    return [text for text in texts if len(text) >= _SHORTEST_SECRET]


def scrubbed(value: Any, secrets: Sequence[str] = ()) -> Any:
    """Return JSON values with "[secret]" in the place of keys, tokens and passwords.

    Args:
        value: the values.
        secrets: texts that are secret, too.
    """
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _HIDDEN)
        return _KEY.sub(_HIDDEN, value)
    if is_list(value):
        return [scrubbed(each, secrets) for each in value]
    if is_object(value):
        return {
            name: _HIDDEN
            if name.lower() in _SECRET_FIELDS and isinstance(each, str)
            else scrubbed(each, secrets)
            for name, each in value.items()
        }
    return value


def _kept(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name] for name in names if name in lower}


def readable(content: bytes) -> Any:
    """Return a body as JSON values, as a text, or as {"base64": …}."""
    if not content:
        return None
    try:
        return loads(content)
    except ValueError:
        pass
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


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
            yield Chunk(event["ms"], f"{name}data: ".encode() + _bytes(event["data"]) + b"\n\n")
    else:
        yield Chunk(0, _bytes(body))


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if is_object(body) and [*body] == ["base64"]:
        content = decoded(body["base64"])
        return dumps(body) if content is None else content
    return b"" if body is None else dumps(body)
