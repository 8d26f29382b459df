"""One connection of the async transport: bytes out, bytes in, and clocks.

It is an asyncio protocol, not a pair of streams: asyncio's `StreamReader` copies what arrives once
more, and its `readuntil` knows nothing of HTTP. Received bytes wait in a list until the one reader
takes them all; when more than a megabyte waits, the socket is not read until then.

Every wait is bounded, but a timer for each wait costs a tenth of the wait itself. So a `Deadline`
keeps one timer per connection. A wait only notes when it ends, and a timer that rings too early
sets itself again.

A connection may outlive its loop, and then asyncio offers no public way to close the socket
without a warning. `_cut` at the end of the file says what it does instead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from .failures import OutOfTimeError, Progress
from .http1 import ResponseReader, TruncatedResponseError, request_head
from .origin import Origin
from .proxies import Proxy
from .route import Route
from .sync_connection import check_tunnel
from .tcp import (
    MAX_IDLE_SECONDS,
    NEXT_ADDRESS_SECONDS,
    SINGLE_WRITE_BYTES,
    WRITE_CHUNK_BYTES,
    keep_alive,
)
from .tls import shared_context

__all__ = ["AsyncConnection"]

# A caller that reads slowly makes the server wait, instead of filling the memory. A megabyte is
# some ten thousand events of a stream, so it is seldom reached.
_MAX_WAITING_BYTES = 1024 * 1024

# asyncio bounds the TLS handshake by itself, and by 60 seconds unless it is told otherwise. The
# connect clock is what ends it, so this has to be more than any connect clock.
_MAX_HANDSHAKE_SECONDS = 3600.0


class AsyncConnection(asyncio.Protocol):
    """One open socket: what it receives waits here.

    Args:
        closed: called when the connection is closed, by either side.
    """

    def __init__(self, closed: Callable[[AsyncConnection], object]) -> None:
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._size = 0
        self._ended = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._patience = Deadline(self._loop, self._out_of_time)
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_resting = False
        self._rests_since = 0.0

    async def open(self, route: Route, progress: Progress) -> None:
        """Connect to the route's origin, through the proxy and TLS as needed."""
        progress.phase = "connect"
        origin, proxy = route.origin, route.proxy
        end = proxy or origin
        await self._loop.create_connection(
            lambda: self, end.host, end.port, **_addresses_at_once(self._loop)
        )
        keep_alive(self._open_transport.get_extra_info("socket"))
        if proxy is not None:
            progress.phase = "proxy"
            if proxy.scheme == "https":
                await self._secure(proxy.host)
            if origin.scheme == "https":
                await self._tunnel(origin, proxy)
        if origin.scheme == "https":
            progress.phase = "tls"
            await self._secure(origin.host)

    async def _secure(self, host: str) -> None:
        self._transport = cast(
            "asyncio.Transport",
            await self._loop.start_tls(
                self._open_transport,
                self,
                shared_context(),
                server_hostname=host,
                ssl_handshake_timeout=_MAX_HANDSHAKE_SECONDS,
            ),
        )

    async def _tunnel(self, origin: Origin, proxy: Proxy) -> None:
        headers = {"host": origin.shown, **proxy.headers}
        self._open_transport.write(request_head("CONNECT", origin.shown, headers, 0))
        reader = ResponseReader("CONNECT")
        while reader.head is None:
            reader.feed(await self.receive(None))  # bounded by the connect clock around `open`
        check_tunnel(reader)

    @property
    def _open_transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise self._failure or TruncatedResponseError()
        return self._transport

    def is_fit(self) -> bool:
        """Tell whether the server, as far as can be seen, still waits for a request; end the rest."""
        self._is_resting = False
        fresh = time.monotonic() - self._rests_since <= MAX_IDLE_SECONDS
        return fresh and not self._ended

    def rest(self) -> bool:
        """Begin to wait for another request; return whether the connection can carry one."""
        self._rests_since = time.monotonic()
        self._is_resting = not (self._ended or self._waiting)
        return self._is_resting

    def cut(self) -> None:
        """Close the socket at once, whether or not the loop still runs; may be called twice."""
        self._patience.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            self._closed(self)
            _cut(self._loop, transport)

    async def write(self, route: Route, progress: Progress) -> None:
        """Send the request, each piece of it within the write clock."""
        progress.phase = "send"
        transport, request = self._open_transport, progress.request
        if len(request.body) <= SINGLE_WRITE_BYTES:
            transport.write(route.head(request) + request.body)
            return
        transport.write(route.head(request))
        rest = memoryview(request.body)
        while rest and not self._ended:
            transport.write(rest[:WRITE_CHUNK_BYTES])
            rest = rest[WRITE_CHUNK_BYTES:]
            async with asyncio.timeout(progress.limit(request.timeout.write)):
                await self._writable.wait()

    async def receive(self, seconds: float | None) -> bytes:
        """Return what has arrived, as soon as anything has; ``b""`` when the server closed."""
        if not self._waiting and not self._ended:
            await self._wait(seconds)
        if not self._waiting:
            if self._failure is not None:
                raise self._failure
            return b""
        received = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        if self._size > _MAX_WAITING_BYTES and self._transport is not None:
            self._transport.resume_reading()
        self._waiting.clear()
        self._size = 0
        return received

    async def _wait(self, seconds: float | None) -> None:
        self._news = self._loop.create_future()
        self._patience.begin(seconds)
        try:
            await self._news
        finally:
            self._news = None
            self._patience.ends = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _out_of_time(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_exception(OutOfTimeError())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._is_resting:  # nothing was requested: it belongs to no response
            self.connection_lost(None)
            return
        self._waiting.append(data)
        self._size += len(data)
        if self._size > _MAX_WAITING_BYTES:
            self._open_transport.pause_reading()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = self._failure or exc
        self._writable.set()
        self._tell()
        self.cut()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()


def _addresses_at_once(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """Return the argument that has a loop try several addresses at once."""
    # uvloop does not know it (tried with 0.21 and 0.22) and tries one address after the other.
    if isinstance(loop, asyncio.BaseEventLoop):
        return {"happy_eyeballs_delay": NEXT_ADDRESS_SECONDS}
    return {}


class Deadline:
    """Bounds the waits of one reader with a single timer: a new one per wait costs a tenth of it."""

    __slots__ = ("_loop", "_out_of_time", "_timer", "ends")

    ends: float | None
    """When the wait under way has lasted too long, on the loop's clock; `None` between waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out_of_time: Callable[[], object]) -> None:
        self._loop = loop
        self._out_of_time = out_of_time
        self._timer: asyncio.TimerHandle | None = None
        self.ends = None

    def begin(self, seconds: float | None) -> None:
        """Note that a wait begins which may last this long."""
        if seconds is None:
            return
        self.ends = ends = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > ends:
            self.cancel()
            self._timer = self._loop.call_at(ends, self._ring)

    def cancel(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self.ends is None:
            return
        if self._loop.time() < self.ends:
            self._timer = self._loop.call_at(self.ends, self._ring)
        else:
            self._out_of_time()


def _cut(loop: asyncio.AbstractEventLoop, transport: Any) -> None:
    """Close the socket under `transport`, now.

    A loop that does not run any more would have to run once to close it, and asyncio warns about
    transports that are collected while open. So where the loop stands still this does by hand what
    the loop would do next. It uses names that are not public: `_call_connection_lost` of asyncio's
    socket transports, and `_ssl_protocol` and `_closed` of those under TLS (tried with CPython 3.11
    to 3.14). Where a name is missing, as under uvloop, the socket is closed when it is collected.
    """
    if loop.is_running():
        transport.abort()
        return
    under_tls = getattr(transport, "_ssl_protocol", None)
    if under_tls is not None:
        transport._closed = True
        transport = under_tls._transport
    lost = getattr(transport, "_call_connection_lost", None)
    if lost is not None:
        transport.pause_reading()
        # With the socket closed, TLS would have the loop pass the news on.
        with suppress(RuntimeError):
            lost(None)
