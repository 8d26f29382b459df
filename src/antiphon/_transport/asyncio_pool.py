"""The async transport: asyncio makes the connections, `http1` speaks over them.

The twin of `urllib3_pool`, with connections of its own for each event loop.
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, cast

from .._core.wire import Head, Request
from . import AsyncReply
from .failures import PROTOCOL_FAILURES, ClosedByPeerError, OutOfTimeError, Progress
from .http1 import ACCEPTED_ENCODINGS, AnswerReader, CutAnswerError, request_head
from .places import Origin, Place, place_of
from .proxies import Proxy, UnusableProxyError, proxy_for
from .redirects import follow_async
from .sockets import LONGEST_REST, MOST_CONNECTIONS, ONE_WRITE, PIECE, keep_alive
from .tls import shared_context

_MOST_WAITING = 1024 * 1024
"""Bytes received and not read, from which on the server has to wait."""
_NEXT_ADDRESS_AFTER = 0.25
"""Seconds before a further address of the host is tried at the same time (RFC 8305)."""
_LONGEST_HANDSHAKE = 3600.0
"""More than any connect clock, which is what ends it."""


class AsyncioTransport:
    """Connections kept per event loop and origin; opened when first needed."""

    def __init__(self, *, most_connections: int = MOST_CONNECTIONS) -> None:
        self._most = most_connections
        self._lines: Lines = {}
        _living.add(self)
        weakref.finalize(self, _end_all, self._lines)

    async def send(self, request: Request) -> AsyncReply:
        """Send `request` and wait for the head of its answer; redirects are followed."""
        return await follow_async(self._send, request)

    async def close(self) -> None:
        """Close every connection of the running loop."""
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is not None:
            line.end()

    def forget(self) -> None:
        """Start afresh after a fork: connections and loops belong to the parent."""
        _left_to_the_parent.append(self._lines.copy())
        self._lines.clear()

    async def _send(self, request: Request) -> AsyncReply:
        line = self._lines.get(asyncio.get_running_loop()) or await self._new_line()
        place = place_of(request.url)
        pool = line.pools.get(place.origin) or line.new_pool(request, place.origin)
        progress = Progress(request, pool.proxy)
        try:
            return await pool.exchange(place, progress)
        except PROTOCOL_FAILURES as error:
            raise progress.failure(error) from error

    async def _new_line(self) -> Line:
        loop = asyncio.get_running_loop()
        for other in list(self._lines):
            if other.is_closed() and (left := self._lines.pop(other, None)):
                left.end()
        line = self._lines[loop] = Line(self._most)
        await line.end_with_loop(self._lines)
        return line


_living: weakref.WeakSet[AsyncioTransport] = weakref.WeakSet()
# Ending them here would unregister the parent's sockets from the epoll that both processes share.
_left_to_the_parent: list[object] = []


def _forget_all() -> None:
    for transport in list(_living):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class Line:
    """The connections of one event loop."""

    def __init__(self, most: int) -> None:
        self.pools: dict[Origin, Pool] = {}
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._end: AsyncGenerator[None] | None = None

    def new_pool(self, request: Request, origin: Origin) -> Pool:
        """The connections to an origin that was not asked before."""
        try:
            proxy = proxy_for(origin)
        except UnusableProxyError as error:
            raise Progress(request, phase="proxy").failure(error) from error
        pool = self.pools[origin] = Pool(origin, proxy, self._most)
        return pool

    async def end_with_loop(self, lines: Lines) -> None:
        """Have the loop end this line when it shuts down, as `asyncio.run` does."""

        async def until_shutdown() -> AsyncGenerator[None]:
            try:
                yield
            finally:
                lines.pop(self._loop, None)
                for pool in self.pools.values():
                    pool.cut()

        self._end = until_shutdown()
        await anext(self._end)

    def end(self) -> None:
        """Cut every connection: here and now, or in the thread where the loop runs."""
        end, self._end = self._end, None
        if end is None:
            return
        if self._loop.is_running() and not _runs_here(self._loop):
            # Collecting the generator has the loop close it, in its own thread.
            return
        with suppress(StopIteration):
            end.aclose().send(None)


Lines = dict[asyncio.AbstractEventLoop, Line]


def _end_all(lines: Lines) -> None:
    while lines:
        lines.popitem()[1].end()


def _addresses_at_once(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """How asyncio's own loops are told to try several addresses; uvloop tries one after the other."""
    if isinstance(loop, asyncio.BaseEventLoop):
        return {"happy_eyeballs_delay": _NEXT_ADDRESS_AFTER}
    return {}


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


class Pool:
    """The connections of a loop to one origin."""

    def __init__(self, origin: Origin, proxy: Proxy | None, most: int) -> None:
        self.proxy = proxy
        self._forwards = proxy is not None and origin.scheme == "http"
        self._headers = {"host": origin.host_header, "accept-encoding": ACCEPTED_ENCODINGS}
        if proxy is not None and self._forwards:
            self._headers |= proxy.headers
        self._origin = origin
        self._free = asyncio.Semaphore(most)
        self._resting: deque[Connection] = deque()
        self._open: set[Connection] = set()

    async def exchange(self, place: Place, progress: Progress) -> AsyncReply:
        """Send a request and receive the head of its answer."""
        request = progress.request
        opening = request_head(
            request.method,
            place.url if self._forwards else place.target,
            self._headers | request.headers,
            len(request.body),
        )
        reply = ConnectionReply(self, await self._connection(progress), progress)
        try:
            await reply.open(opening)
        except BaseException:
            await reply.close()
            raise
        return reply

    def give_back(self, connection: Connection, *, fit: bool) -> None:
        """Take back a connection; `fit` for another request, or else to be cut."""
        if fit and connection.rest():
            self._resting.append(connection)
        else:
            connection.cut()
        self._free.release()

    def lost(self, connection: Connection) -> None:
        """A connection is no longer open."""
        self._open.discard(connection)

    def cut(self) -> None:
        """Cut every connection."""
        for connection in list(self._open):
            connection.cut()

    async def _connection(self, progress: Progress) -> Connection:
        progress.phase = "pool"
        if self._free.locked():
            async with asyncio.timeout(progress.limit(progress.request.timeout.pool)):
                await self._free.acquire()
        else:
            await self._free.acquire()  # at once
        try:
            return self._rested(progress) or await self._opened(progress)
        except BaseException:
            self._free.release()
            raise

    def _rested(self, progress: Progress) -> Connection | None:
        while self._resting:
            connection = self._resting.pop()
            if connection.is_fit():
                progress.reused = True
                return connection
            connection.cut()
        return None

    async def _opened(self, progress: Progress) -> Connection:
        connection = Connection(self)
        try:
            async with asyncio.timeout(progress.limit(progress.request.timeout.connect)):
                await connection.open(self._origin, self.proxy, progress)
        except BaseException:
            connection.cut()
            raise
        self._open.add(connection)
        return connection


class Connection(asyncio.Protocol):
    """One open socket: what it receives waits here."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._size = 0
        self._ended = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._patience = Patience(self._loop, self._out_of_time)
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_resting = False
        self._rests_since = 0.0

    async def open(self, origin: Origin, proxy: Proxy | None, progress: Progress) -> None:
        """Connect to `origin`, through the proxy and TLS as needed."""
        progress.phase = "connect"
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
                ssl_handshake_timeout=_LONGEST_HANDSHAKE,
            ),
        )

    async def _tunnel(self, origin: Origin, proxy: Proxy) -> None:
        headers = {"host": origin.shown, **proxy.headers}
        self._open_transport.write(request_head("CONNECT", origin.shown, headers, 0))
        reader = AnswerReader("CONNECT")
        while reader.head is None:
            data = await self.receive(None)
            if not data:
                raise ClosedByPeerError
            reader.feed(data)
        if not 200 <= reader.head.status < 300:
            raise OSError(f"the proxy answered {reader.head.status}")

    @property
    def _open_transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise self._failure or ClosedByPeerError()
        return self._transport

    def is_fit(self) -> bool:
        """Whether the server, as far as can be seen, still listens; it rests no longer."""
        self._is_resting = False
        fresh = time.monotonic() - self._rests_since <= LONGEST_REST
        return fresh and not self._ended

    def rest(self) -> bool:
        """Wait for another request; false if it cannot."""
        self._rests_since = time.monotonic()
        self._is_resting = not (self._ended or self._waiting)
        return self._is_resting

    def cut(self) -> None:
        """Close the socket at once, whether or not the loop still runs; idempotent."""
        self._patience.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            self._pool.lost(self)
            _cut(self._loop, transport)

    async def write(self, opening: bytes, progress: Progress) -> None:
        """Send the head and the body, each piece within the write clock."""
        progress.phase = "send"
        transport, body = self._open_transport, progress.request.body
        if len(body) <= ONE_WRITE:
            transport.write(opening + body)
            return
        transport.write(opening)
        rest = memoryview(body)
        while rest and not self._ended:
            transport.write(rest[:PIECE])
            rest = rest[PIECE:]
            async with asyncio.timeout(progress.limit(progress.request.timeout.write)):
                await self._writable.wait()

    async def receive(self, seconds: float | None) -> bytes:
        """What has arrived, as soon as anything has; b"" when the server closed."""
        if not self._waiting and not self._ended:
            await self._wait(seconds)
        if not self._waiting:
            if self._failure is not None:
                raise self._failure
            return b""
        received = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        if self._size > _MOST_WAITING and self._transport is not None:
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
        if self._is_resting:  # nobody asked
            self.connection_lost(None)
            return
        self._waiting.append(data)
        self._size += len(data)
        if self._size > _MOST_WAITING:
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


class ConnectionReply:
    """An answer arriving over a connection of a pool."""

    __slots__ = ("__weakref__", "_connection", "_pool", "_progress", "_reader", "head")

    head: Head

    def __init__(self, pool: Pool, connection: Connection, progress: Progress) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self._progress = progress
        self._reader = AnswerReader(progress.request.method)

    async def open(self, opening: bytes) -> None:
        """Send the request and wait for the head."""
        connection, progress, reader = self._connection, self._progress, self._reader
        assert connection is not None
        await connection.write(opening, progress)
        progress.phase = "first byte"
        while reader.head is None:
            data = await connection.receive(progress.limit(progress.request.timeout.read))
            if not data:
                raise CutAnswerError if reader.begun else ClosedByPeerError
            reader.feed(data)
        progress.phase = "body"
        self.head = reader.head

    async def read(self, timeout: float | None) -> bytes:
        """The next bytes as they arrive, content-encoding undone; ``b""`` at the clean end."""
        reader = self._reader
        try:
            while not (data := reader.body()):
                if reader.ended:
                    self._give_back()
                    break
                await self._receive(timeout)
        except BaseException as error:
            self._cut()
            if isinstance(error, PROTOCOL_FAILURES):
                raise self._progress.failure(error) from error
            raise
        return data

    async def _receive(self, timeout: float | None) -> None:
        if self._connection is None:
            raise CutAnswerError
        data = await self._connection.receive(timeout)
        if data:
            self._reader.feed(data)
        else:
            self._reader.finish()

    async def close(self) -> None:
        """Give the connection back if the body was read to its end, otherwise cut it; idempotent."""
        self._give_back()

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, fit=self._reader.reusable)

    def _cut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, fit=False)

    __del__ = _give_back


class Patience:
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
        """A wait begins that may last this long."""
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
    if loop.is_running():
        transport.abort()
        return
    # Closing goes through the loop, which will not run again: asyncio offers no other way to close
    # the socket, and would warn about it when the transport is collected.
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
