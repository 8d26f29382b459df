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
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, cast

from .._wire.http import BufferedBody, Request
from . import clocks
from .addresses import Address, families_in_turn, is_numeric
from .failures import OutOfTimeError, Progress
from .files import async_body_pieces, small_body
from .http1 import ResponseReader, TruncatedResponseError, request_head
from .origin import Origin
from .proxies import Proxy
from .route import Route
from .sync_connection import Arrived, check_tunnel, is_readable
from .tcp import (
    NEXT_ADDRESS_SECONDS,
    WRITE_CHUNK_BYTES,
    keep_alive,
)
from .tls import shared_context

__all__ = ["AsyncConnection"]

# A caller that reads slowly makes the server wait, instead of filling the memory. A megabyte is
# some ten thousand events of a stream, so it is seldom reached.
_MAX_WAITING_BYTES = 1024 * 1024

# As much as asyncio itself reads at once.
_RECEIVE_BYTES = 256 * 1024

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
        self._patience = Deadline(self._loop, self._out_of_time, self._peer)
        self._is_full = False
        self._is_resting = False
        self.rests_since = 0.0

    async def open(self, route: Route, progress: Progress) -> None:
        """Connect to the route's origin, through the proxy and TLS as needed."""
        origin, proxy = route.origin, route.proxy
        progress.phase = "connect" if proxy else "resolve"
        addresses = await _addresses(self._loop, *route.peer)
        progress.phase = "connect"
        sock = await _connected(self._loop, families_in_turn(addresses))
        try:
            await self._loop.create_connection(lambda: self, sock=sock)
        except BaseException:
            sock.close()
            raise
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

    def _peer(self) -> clocks.Peer | None:
        """Return the address at the other end, None if the connection is closed."""
        address = self._transport and self._transport.get_extra_info("peername")
        return address[:2] if address else None

    def is_fit(self, max_idle: float) -> bool:
        """Tell whether the server seems to wait for a request still; end the connection if not."""
        self._is_resting = False
        if self._ended or clocks.now() - self.rests_since > max_idle:
            return False
        # What arrived while the loop was busy elsewhere is still in the system's buffer.
        descriptor: int = self._open_transport.get_extra_info("socket").fileno()
        return descriptor >= 0 and not is_readable(descriptor)

    def rest(self) -> bool:
        """Begin to wait for another request; return whether the connection can carry one."""
        self.rests_since = clocks.now()
        self._is_resting = not (self._ended or self._waiting)
        return self._is_resting

    def cut(self) -> None:
        """Close the socket at once, whether or not the loop still runs; may be called twice."""
        self._patience.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            self._closed(self)
            _cut(self._loop, transport)

    async def write(self, route: Route, progress: Progress, arrived: Arrived) -> bool:
        """Send the request, each piece of it within the write clock; return whether all was sent.

        A server that refuses a large body responds, and often closes, before it has read all of it.
        So while a large body is sent, what arrives goes to `arrived`, which returns true if it
        completes the head of the response.
        """
        progress.phase = "send"
        transport, request = self._open_transport, progress.request
        small = small_body(request.body)
        if failure := _write_beginning(transport, route, request, small or b""):
            raise failure
        if small is not None:
            return True
        async for piece in async_body_pieces(request.body):
            rest = piece
            # A closing transport takes what is written, and logs that it was for nothing.
            while rest and not transport.is_closing():
                if self._waiting and arrived(self._take()):
                    return False
                transport.write(rest[:WRITE_CHUNK_BYTES])
                rest = rest[WRITE_CHUNK_BYTES:]
                while self._is_full and not (self._waiting or self._ended):
                    await self._wait(progress.limit(request.timeout.write))
                # The loop looks for received bytes in one pass and hands them over in the next.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            if rest:
                return False
        return True

    async def receive(self, seconds: float | None) -> bytes:
        """Return what has arrived, as soon as anything has; ``b""`` when the server closed."""
        if not self._waiting and not self._ended:
            await self._wait(seconds)
        if not self._waiting:
            if self._failure is not None:
                raise self._failure
            return b""
        return self._take()

    def _take(self) -> bytes:
        """Return all that waits, and go on reading."""
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
            self._patience.end()

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
        if self._failure is None and exc is not None:
            # asyncio's frames hold what was being sent, and with it the credential.
            self._failure = exc.with_traceback(None)
            self._receive_the_rest()
        self._tell()
        self.cut()

    def _receive_the_rest(self) -> None:
        """Read what the server sent before a write failed: asyncio leaves it in the socket."""
        transport = self._transport
        if transport is None or transport.get_extra_info("ssl_object") is not None:
            return
        # uvloop gives no socket that could be copied (tried with 0.23).
        with suppress(OSError, TypeError), transport.get_extra_info("socket").dup() as copy:
            copy.setblocking(False)
            while data := copy.recv(_RECEIVE_BYTES):
                self._waiting.append(data)

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._tell()


def _write_beginning(
    transport: asyncio.Transport, route: Route, request: Request, body: BufferedBody
) -> BaseException | None:
    """Send the head, and with it a small `body`; return what stopped that.

    The failure is returned without its frames, because they hold the credential as bytes.
    """
    try:
        transport.write(route.head(request) + body)
    except BaseException as error:
        return error.with_traceback(None)
    return None


async def _addresses(loop: asyncio.AbstractEventLoop, host: str, port: int) -> Sequence[Address]:
    if is_numeric(host):  # the loop would use a thread for it
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def _connected(
    loop: asyncio.AbstractEventLoop, addresses: Sequence[Address]
) -> socket.socket:
    """Return a socket connected to the first of the addresses that accepts it.

    The loop's own `create_connection` does the same, but loses every exception that is no `OSError`
    and raises an `IndexError` instead (CPython 3.11), and that of uvloop tries one address
    after the other.
    """
    if len(addresses) == 1:  # nearly always: behind a proxy, on this machine, in a test
        return await _connect(loop, addresses[0])
    waiting = deque(addresses)
    attempts: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException | None = None
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(loop.create_task(_connect(loop, waiting.popleft())))
            patience = NEXT_ADDRESS_SECONDS if waiting else None
            done, attempts = await asyncio.wait(
                attempts, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                failure = attempt.exception()
                if failure is None:
                    attempts |= done - {attempt}
                    return attempt.result()
    finally:
        await _give_up(attempts)
    raise failure or OSError("the host has no address")


async def _give_up(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """Cancel what still connects; close what has connected meanwhile."""
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connect(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


class Deadline:
    """Bounds the waits of one reader with one timer: a new one per wait costs a tenth of it."""

    __slots__ = ("_loop", "_out_of_time", "_peer", "_rings_at", "_timer", "ends")

    ends: float | None
    """When the wait under way has lasted too long, on the loop's clock; `None` between waits."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        out_of_time: Callable[[], object],
        peer: Callable[[], clocks.Peer | None],
    ) -> None:
        self._loop = loop
        self._out_of_time = out_of_time
        self._peer = peer  # asked only while time is frozen
        self._timer: clocks.Timer | None = None
        self._rings_at = inf
        self.ends = None

    def begin(self, seconds: float | None) -> None:
        """Note that a wait begins which may last this long."""
        if clocks.frozen is not None:
            self.cancel()
            over = partial(self._frozen_wait_over, seconds)
            self._timer = clocks.frozen.call_later(self._loop, seconds, over, peer=self._peer())
            self.ends = self._rings_at = inf  # the next timer of the loop replaces it
            return
        if seconds is None:
            return
        self.ends = ends = self._loop.time() + seconds
        if self._timer is None or self._rings_at > ends:
            self._ring_at(ends)

    def end(self) -> None:
        """Note that the wait is over."""
        self.ends = None
        if clocks.frozen is not None:  # its timers say who waits
            self.cancel()

    def _frozen_wait_over(self, seconds: float | None) -> None:
        if clocks.frozen is not None:
            self._out_of_time()
        elif self.ends is not None:  # time has been given back to the machine meanwhile
            self.begin(seconds)

    def cancel(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring_at(self, ends: float) -> None:
        self.cancel()
        self._rings_at = ends
        self._timer = self._loop.call_at(ends, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.ends is None:
            return
        if self._loop.time() < self.ends:
            self._ring_at(self.ends)
        else:
            self._out_of_time()


def _cut(loop: asyncio.AbstractEventLoop, transport: Any) -> None:
    """Close the socket under `transport`, now.

    A loop that does not run any more would have to run once to close it, and asyncio warns about
    transports that are collected while open. So where the loop stands still this does by hand what
    the loop would do next. It uses names that are not public: `_call_connection_lost` and
    `_closing` of asyncio's socket transports, and `_ssl_protocol` and `_closed` of those under TLS
    (tried with CPython 3.11 to 3.13). Where a name is missing, as under uvloop, the socket is
    closed when it is collected.
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
        # The loop refuses a new socket whose descriptor an open transport had.
        transport._closing = True
        # With the socket closed, TLS would have the loop pass the news on.
        with suppress(RuntimeError):
            lost(None)
