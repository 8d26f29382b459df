"""Requests, responses and their headers as plain values, and the clocks of one call."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from .literals import read_exactly
from .secret import HIDDEN, Secret, is_secret_header
from .url import URL

__all__ = ["HTTPResponse", "Headers", "Timeout"]

T = TypeVar("T")


LONGEST = 1e9
"""Seconds, about 32 years: what is asked to last longer would overflow the clocks of the system."""


class Headers(Mapping[str, str]):
    """The headers of a response: a read-only mapping that ignores the case of names.

    A header that was sent several times has its values joined by ``", "`` (RFC 9110 §5.3); `raw`
    keeps what was received, in its order.
    """

    __slots__ = ("by_name", "raw")

    raw: Sequence[tuple[str, str]]
    """The (name, value) pairs as they were received."""
    by_name: Mapping[str, str]
    """The values by the names in lower case, for whoever looks up many."""

    def __init__(
        self, raw: Sequence[tuple[str, str]] = (), values: dict[str, str] | None = None
    ) -> None:
        """Keep headers.

        Args:
            raw: their names and values.
            values: the values by the names in lower case, from whoever has them already.
        """
        self.raw = raw
        self.by_name = {name.lower(): value for name, value in raw} if values is None else values
        if len(self.by_name) < len(raw):  # a header was sent several times
            self.by_name = _joined(raw)

    def __getitem__(self, name: str) -> str:
        return self.by_name[name.lower()]

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str) -> str: ...
    @overload
    def get(self, name: str, /, default: T) -> str | T: ...
    def get(self, name: str, /, default: object = None) -> object:
        """Return the value of a header, or `default` if it was not received."""
        return self.by_name.get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self.by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def items(self) -> ItemsView[str, str]:
        """Return the names in lower case with their values."""
        return self.by_name.items()  # that of `Mapping` would look each name up

    def __repr__(self) -> str:
        shown = {name: _shown(name, value) for name, value in self.items()}
        return f"Headers({shown!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]:
        return Headers, (list(self.raw),)


def _joined(raw: Sequence[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in raw:
        key = name.lower()
        values[key] = f"{values[key]}, {value}" if key in values else value
    return values


def _shown(name: str, value: str) -> str:
    return HIDDEN if is_secret_header(name) else value


@dataclass(frozen=True, slots=True)
class Timeout:
    """The clocks of one call, in seconds, such as ``Timeout(total=120, stall=30)``.

    `None` switches a clock off. A plain number given where a `Timeout` is expected sets every clock
    to that number. `total` limits the whole call with its retries and waits, `stall` the time in
    which a stream sends no content, and the others one step each.
    """

    total: float | None = 600.0
    """The whole call, with every attempt and wait; for a stream, up to its first event."""
    connect: float | None = 5.0
    """Opening a connection: name resolution, TCP, proxy and TLS together."""
    read: float | None = 600.0
    """Silence while waiting for bytes."""
    write: float | None = 600.0
    """Silence while sending."""
    pool: float | None = 600.0
    """Waiting for a free connection of the pool."""
    stall: float | None = None
    """A stream without *content*: pings do not count. `None` means the same as `read`."""

    @classmethod
    def of(cls, value: Any) -> Timeout:
        """Return a `Timeout` from a number, `None` (no limits), or an object with such attributes.

        Raises:
            TypeError: `value` is none of these, or a clock is not a number.
            ValueError: a clock is zero, negative or not a number of seconds.
        """
        if value is None:
            return cls(None, None, None, None, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            timeout = cls(value, value, value, value, value)
        elif isinstance(value, Timeout):
            timeout = value
        elif hasattr(value, "connect") and hasattr(value, "read"):
            timeout = cls._like(value)
        else:
            raise TypeError(
                f"timeout: {value!r} is not a number of seconds, None"
                " or a Timeout(total=…, connect=…, read=…)"
            )
        return timeout._checked()

    @classmethod
    def _like(cls, clocks: Any) -> Timeout:
        names = ("total", "connect", "read", "write", "pool", "stall")
        return cls(**{name: getattr(clocks, name, None) for name in names})

    def _checked(self) -> Timeout:
        clocks = {name: _checked_clock(name, getattr(self, name)) for name in self.__slots__}
        if all(clocks[name] is getattr(self, name) for name in clocks):
            return self  # the same object: the default timeout is told apart by being itself
        return Timeout(**clocks)

    @property
    def stall_limit(self) -> float | None:
        """Seconds a stream may go without content."""
        return self.read if self.stall is None else self.stall

    def within(self, seconds: float | None) -> Timeout:
        """Return the same clocks, none of them longer than `seconds`."""
        # Written out: every call asks this, and a loop would take twice as long.
        if seconds is None or (
            seconds == self.total
            and (self.connect or LONGEST) <= seconds
            and (self.read or LONGEST) <= seconds
            and (self.write or LONGEST) <= seconds
            and (self.pool or LONGEST) <= seconds
        ):
            return self
        connect, read, write, pool = [
            seconds if clock is None or seconds < clock else clock
            for clock in (self.connect, self.read, self.write, self.pool)
        ]
        # The total ends with the first event, so it does not bound the silence after it.
        return Timeout(seconds, connect, read, write, pool, self.stall)


def _checked_clock(name: str, seconds: Any) -> float | None:
    """Return a clock that can be waited for: a very long one is no limit at all."""
    if seconds is None:
        return None
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"timeout: {name}={seconds!r} is not a number of seconds or None")
    # Written so that NaN, which compares false with everything, is refused too.
    if not seconds > 0:
        raise ValueError(f"timeout: {name}={seconds!r}; give seconds above 0, or None for no limit")
    return None if seconds > LONGEST else seconds


class StreamedBody(Protocol):
    """A body that is made while it is sent, piece by piece; it can be made again."""

    def __len__(self) -> int:
        """Return its size in bytes."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Give its bytes in pieces."""
        ...

    def report(self, sent: int) -> None:
        """Take note that so many of its bytes were sent."""
        ...


BufferedBody: TypeAlias = bytes | bytearray
"""A body that is in memory; nobody changes it."""

Body: TypeAlias = BufferedBody | StreamedBody
"""The body of a request."""


@dataclass(slots=True, repr=False)
class Request:
    """One HTTP request, ready to send."""

    method: str
    """Upper case: `POST`, `GET`, …"""
    url: URL
    """Absolute, query included."""
    headers: Mapping[str, str | Secret]
    """Lower-case names. The value of a credential hides itself; see `revealed_headers`."""
    body: Body
    timeout: Timeout
    """The clocks in force for this attempt."""
    follow_redirects: bool = True
    """Whether a response that redirects leads to another request."""

    @property
    def content(self) -> bytes:
        """The whole body."""
        return bytes(self.buffered_body())

    @property
    def extensions(self) -> dict[str, dict[str, float | None]]:
        """The clocks under the names of httpx, for programs that read them there."""
        clocks = self.timeout
        names = ("connect", "read", "write", "pool")
        return {"timeout": {name: getattr(clocks, name) for name in names}}

    def buffered_body(self) -> BufferedBody:
        """Return the whole body, read into memory if need be."""
        body = self.body
        return body if isinstance(body, (bytes, bytearray)) else b"".join(body.pieces())

    def revealed_headers(self) -> dict[str, str]:
        """Return the headers with their secrets in plain text, for a transport to send them."""
        headers = self.headers
        if isinstance(headers, Headers):  # a server has received them, and they hold no `Secret`
            return dict(headers.items())
        return {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in headers.items()
        }

    def without_secrets(self) -> Request:
        """Return the same request without the headers that carry a credential."""
        # Comparing classes costs no call; this runs once for each header of each response.
        shown: dict[str, str | Secret] = {
            name: value for name, value in self.headers.items() if value.__class__ is str
        }
        return Request(self.method, self.url, shown, self.body, self.timeout)

    def plain(self) -> Request:
        """Return the same request for a pickle: without credentials, and without its files."""
        shown = {k: v for k, v in self.without_secrets().headers.items() if not is_secret_header(k)}
        body = self.body if isinstance(self.body, (bytes, bytearray)) else b""
        return Request(self.method, self.url, shown, body, self.timeout)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url} ({len(self.body)} bytes)>"


@dataclass(slots=True)
class ResponseHead:
    """Status and headers of a response: what is known before its body."""

    status: int
    headers: Headers
    http_version: str = "HTTP/1.1"
    received_at: float | None = None
    """When it was received, in seconds since 1970; a `retry-after` date counts from then."""
    body_ended: bool = False
    """Whether a transport knows that it has given out the whole body; else another read tells."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(slots=True, repr=False)
class HTTPResponse:
    """A response as plain values, which can be pickled and compared."""

    status_code: int
    headers: Headers
    content: bytes = b""
    """The body; empty while a stream has not been read."""
    method: str = "POST"
    url: URL = URL()  # noqa: RUF009 (immutable)
    http_version: str = "HTTP/1.1"
    received_at: float | None = field(default=None, compare=False)
    """When the head was received, in seconds since 1970."""
    request: Request | None = field(default=None, compare=False)
    """What was sent, without its credential; not stored in a pickle."""
    is_closed: bool = field(default=True, compare=False)
    """Whether nothing more of the body is received."""

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON values.

        Raises:
            ValueError: the body is not JSON.
        """
        return read_exactly(self.content)

    @property
    def retry_after(self) -> float | None:
        """Seconds the API asks to wait before another attempt, if it says so."""
        return retry_after(self.headers, self.received_at)

    def __reduce__(self) -> tuple[Any, ...]:
        stored = (self.status_code, self.headers, self.content, self.method, self.url)
        return HTTPResponse, (*stored, self.http_version, self.received_at)

    def __repr__(self) -> str:
        sent = f"{self.method} {self.url}"
        return f"<HTTPResponse {self.status_code} {sent} ({len(self.content)} bytes)>"


def retry_after(headers: Headers, received_at: float | None = None) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` (seconds or a date) ask to wait.

    Args:
        headers: those of the response.
        received_at: when they were received, in seconds since 1970; a date counts from then if the
            response does not say when it was sent.
    """
    # The finer of the two comes first: `retry-after` counts whole seconds.
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    until, sent = _epoch(value), _epoch(headers.get("date"))
    start = received_at if sent is None else sent
    return None if until is None or start is None else min(max(0.0, until - start), LONGEST)


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(seconds, LONGEST) if 0 <= seconds < float("inf") else None


def _epoch(date: str | None) -> float | None:
    """Return the seconds since 1970 that an HTTP date stands for."""
    from email.utils import parsedate_to_datetime  # loads nine modules, and is rarely needed

    try:
        moment = parsedate_to_datetime(date or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):  # of a year or a time zone that cannot be
        return None
