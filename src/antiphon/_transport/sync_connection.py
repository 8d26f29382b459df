"""One connection of the sync transport: opened within the connect clock, then bytes out and in.

`socket.create_connection` gives every address of a host the whole timeout, looks the name up
without any, and `ssl` cannot wrap a connection that is itself TLS. So opening is written here, step
by step, and every step (name, addresses, proxy, TLS) gets what is left of one connect clock.

A name is looked up in a thread of its own, because the system's call cannot be given a time limit.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias, TypeVar

from .._wire.http import BufferedBody, Request
from . import clocks
from .addresses import Address, families_in_turn, is_numeric
from .closing import shut_down
from .failures import OutOfTimeError, Progress, bounded
from .files import body_pieces, small_body
from .http1 import MalformedHTTPError, ResponseReader, request_head
from .origin import Origin
from .proxies import Proxy
from .route import Route
from .tcp import (
    NEXT_ADDRESS_SECONDS,
    WRITE_CHUNK_BYTES,
    keep_alive,
)
from .tls import shared_context

__all__ = ["Arrived", "SyncConnection", "check_tunnel", "is_readable", "open_connection"]

T = TypeVar("T")

# The largest record of TLS is 16 KiB; four of them are as much as one system call usually has.
_RECEIVE_BYTES = 64 * 1024


class SyncConnection:
    """One open socket."""

    __slots__ = ("_sock", "_timeout", "rests_since")

    def __init__(self, sock: Socket) -> None:
        self._sock = sock
        self.rests_since = 0.0
        self._timeout: float | None = -1.0  # none yet: the first bound is always set

    @property
    def is_open(self) -> bool:
        """Whether the socket has a descriptor; one that was collected or closed has none."""
        return self._sock.fileno() >= 0

    def is_fit(self, max_idle: float) -> bool:
        """Tell whether the server, as far as can be seen, still waits for a request.

        A socket that can be read while nothing was requested holds the end of the connection or
        bytes that belong to no request.
        """
        if clocks.now() - self.rests_since > max_idle or not self.is_open:
            return False
        return not is_readable(self._sock)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def shut_down(self) -> None:
        """End the connection under a thread that reads from it."""
        sock = self._sock.outer if isinstance(self._sock, NestedTLSSocket) else self._sock
        shut_down(sock)

    def write(self, route: Route, progress: Progress, arrived: Arrived) -> bool:
        """Send the request, each piece of it within the write clock.

        A server that refuses a large body responds, and often closes, before it has read all of it.
        So while a large body is sent, what arrives is read.

        Args:
            route: how the head of the request looks.
            progress: the attempt.
            arrived: called with what arrives meanwhile; true if it completes the head of the
                response.

        Returns:
            Whether all was sent.
        """
        progress.phase = "send"
        request = progress.request
        write = request.timeout.write
        self._bound(progress.limit(write))
        small = small_body(request.body)
        if failure := self._write_beginning(route, request, small or b""):
            raise failure
        if small is not None:
            return True
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ | selectors.EVENT_WRITE)
            for piece in body_pieces(request.body):
                rest = piece
                while rest:
                    ready = _events(selector, progress.limit(write))
                    if ready & selectors.EVENT_READ:
                        data = self._read_now()
                        if data is not None and arrived(data):
                            return False
                    if ready & selectors.EVENT_WRITE:
                        self._bound(progress.limit(write))
                        rest = rest[self._sock.send(rest[:WRITE_CHUNK_BYTES]) :]
        return True

    def _write_beginning(
        self, route: Route, request: Request, body: BufferedBody
    ) -> BaseException | None:
        """Send the head, and with it a small `body`; return what stopped that.

        The head holds the credential, and the frames below this one hold the head (`ssl` is
        written in Python). So the failure is returned without its frames, which a traceback with
        local variables would show.
        """
        try:
            self._sock.sendall(route.head(request) + body)
        except BaseException as error:
            return error.with_traceback(None)
        return None

    def read(self, seconds: float | None) -> bytes:
        """Return what has arrived, as soon as anything has; ``b""`` when the server closed."""
        if clocks.frozen is not None and not clocks.frozen.wait_readable(self._sock, seconds):
            raise OutOfTimeError
        self._bound(seconds)
        return self._sock.recv(_RECEIVE_BYTES)

    def _read_now(self) -> bytes | None:
        """Return what has arrived, ``b""`` at the end; `None` for a mere part of a TLS record."""
        self._bound(0)
        try:
            return self._sock.recv(_RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None

    def _bound(self, seconds: float | None) -> None:
        """Let no send or receive wait longer than this."""
        now = self._timeout
        # Setting it is a system call: a wait of seconds may last a tenth of one longer instead.
        if seconds == now or (seconds and now and 1 < seconds < now < seconds + 0.1):
            return
        self._sock.settimeout(bounded(seconds))
        self._timeout = seconds


def is_readable(sock: Socket | int) -> bool:
    """Tell whether bytes, or the end of the connection, have arrived at a socket or descriptor."""
    if isinstance(sock, NestedTLSSocket) and sock.has_received:
        return True
    # `poll` takes any descriptor, which `select` does only on Windows, where there is no `poll`.
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])


def _events(selector: selectors.BaseSelector, seconds: float | None) -> int:
    """Wait until the one socket of `selector` can be read or written; return what it can be.

    Raises:
        OutOfTimeError: neither came in time.
    """
    for _, events in selector.select(seconds):
        return events
    raise OutOfTimeError


def open_connection(route: Route, progress: Progress) -> SyncConnection:
    """Open a connection to the route's origin, through the proxy and TLS as needed.

    Raises:
        OSError: it could not be opened.
        OutOfTimeError: the connect clock ran out.
    """
    progress.phase = "connect" if route.proxy else "resolve"
    clock = _ConnectClock(progress.limit(progress.request.timeout.connect))
    with clocks.waiting(route.peer):
        return _opened(route, progress, clock)


def _opened(route: Route, progress: Progress, clock: _ConnectClock) -> SyncConnection:
    """Return a connection to the route's origin."""
    addresses = _addresses(*route.peer, clock)
    progress.phase = "connect"
    sock = _connected(addresses, clock)
    try:
        keep_alive(sock)
        if route.proxy is not None:
            progress.phase = "proxy"
            sock = _through_proxy(sock, route.origin, route.proxy, clock)
        if route.origin.scheme == "https":
            progress.phase = "tls"
            if isinstance(sock, ssl.SSLSocket):
                return SyncConnection(NestedTLSSocket.over(sock, route.origin.host, clock))
            sock = _secured(sock, route.origin.host, clock)
    except BaseException:
        sock.close()
        raise
    return SyncConnection(sock)


class _ConnectClock:
    """The connect clock of one connection."""

    __slots__ = ("_ends",)

    def __init__(self, seconds: float | None) -> None:
        self._ends = None if seconds is None else clocks.now() + seconds

    def left(self) -> float | None:
        """Return the seconds that are left, `None` without a limit.

        Raises:
            OutOfTimeError: none are left.
        """
        if self._ends is None:
            return None
        left = self._ends - clocks.now()
        if left <= 0:
            raise OutOfTimeError
        return left


Arrived: TypeAlias = Callable[[bytes], bool]
"""What is called with bytes that arrive while a request is sent."""


def _addresses(host: str, port: int, clock: _ConnectClock) -> Sequence[Address]:
    """Look `host` up, in a thread that is left behind when the clock runs out."""
    lookup = _Lookup(host, port)
    seconds = clock.left()
    if seconds is None or is_numeric(host):
        lookup.run()
    else:
        try:
            threading.Thread(target=lookup.run, name="antiphon-resolver", daemon=True).start()
        except RuntimeError:  # no more threads: the lookup is more important than its clock
            lookup.run()
        if not lookup.done.wait(seconds):
            raise OutOfTimeError
    if lookup.failure is not None:
        raise lookup.failure
    return lookup.addresses


class _Lookup:
    """The addresses of one host."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: Sequence[Address] = ()
        self.failure: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Look it up; note what came of it."""
        try:
            self.addresses = socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM)
        except BaseException as error:
            self.failure = error
        finally:
            self.done.set()


def _connected(addresses: Sequence[Address], clock: _ConnectClock) -> socket.socket:
    """Return a socket connected to the first of the addresses that accepts it."""
    waiting = deque(families_in_turn(addresses))
    failure: OSError | None = None
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or selector.get_map():
                if waiting:
                    try:
                        _begin_connecting(waiting.popleft(), selector)
                    except OSError as error:
                        failure = error
                        continue
                left = clock.left()
                patience = NEXT_ADDRESS_SECONDS if waiting else left
                if left is not None and patience is not None:
                    patience = min(left, patience)
                ready = selector.select(patience)
                if not (ready or waiting):
                    # All that was left is over. The clock may say otherwise: tests freeze it.
                    raise OutOfTimeError
                for key, _ in ready:
                    sock: socket.socket = key.data
                    selector.unregister(sock)
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return sock
                    sock.close()
                    failure = OSError(code, os.strerror(code))
        finally:
            for key in list(selector.get_map().values()):
                key.data.close()
    raise failure or OSError("the host has no address")


def _begin_connecting(address: Address, selector: selectors.BaseSelector) -> None:
    family, kind, protocol, _, where = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        # Not `connect_ex`: tools that guard the network, such as pytest-socket, watch `connect`.
        with suppress(BlockingIOError):
            sock.connect(where)
        selector.register(sock, selectors.EVENT_WRITE, sock)
    except BaseException:
        sock.close()
        raise


def _through_proxy(
    sock: socket.socket, origin: Origin, proxy: Proxy, clock: _ConnectClock
) -> socket.socket:
    """Return the socket on which the proxy forwards, or behind which its tunnel begins."""
    if proxy.scheme == "https":
        sock = _secured(sock, proxy.host, clock)
    if origin.scheme == "https":
        try:
            _open_tunnel(sock, origin, proxy, clock)
        except BaseException:
            sock.close()
            raise
    return sock


def _open_tunnel(sock: socket.socket, origin: Origin, proxy: Proxy, clock: _ConnectClock) -> None:
    headers = {"host": origin.shown, **proxy.headers}
    sock.settimeout(clock.left())
    sock.sendall(request_head("CONNECT", origin.shown, headers, 0))
    reader = ResponseReader("CONNECT")
    while reader.head is None:
        sock.settimeout(clock.left())
        reader.feed(sock.recv(_RECEIVE_BYTES))
    check_tunnel(reader)


def check_tunnel(reader: ResponseReader) -> None:
    """Check the response of a proxy to CONNECT.

    Raises:
        OSError: the proxy refused.
        MalformedHTTPError: bytes follow that only the server behind it could have sent.
    """
    assert reader.head is not None
    if not reader.head.ok:
        raise OSError(f"the proxy answered {reader.head.status}")
    if reader.body():
        raise MalformedHTTPError("the proxy sent bytes before the tunnel was used")


def _secured(sock: socket.socket, host: str, clock: _ConnectClock) -> ssl.SSLSocket:
    """Return a TLS socket in the place of `sock`; nothing stays open if the handshake fails."""
    sock.settimeout(clock.left())
    secured = shared_context().wrap_socket(
        sock, server_hostname=host, do_handshake_on_connect=False
    )
    try:
        secured.do_handshake()  # the timeout bounds all of it, not each of its reads
    except BaseException:
        secured.close()
        raise
    return secured


class NestedTLSSocket:
    """TLS inside the TLS of a proxy.

    `ssl.SSLSocket` speaks to a descriptor, so it cannot speak through another one. This one keeps
    the inner TLS in memory and passes its records through the outer socket.
    """

    def __init__(self, outer: ssl.SSLSocket, context: ssl.SSLContext, host: str) -> None:
        self.outer = outer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    @classmethod
    def over(cls, outer: ssl.SSLSocket, host: str, clock: _ConnectClock) -> NestedTLSSocket:
        """Agree on TLS with `host` through `outer`; return the socket that speaks it."""
        nested = cls(outer, shared_context(), host)
        nested._perform(nested._tls.do_handshake, clock.left)
        return nested

    @property
    def has_received(self) -> bool:
        """Whether records have arrived that were not read."""
        return bool(self._incoming.pending)

    def recv(self, size: int) -> bytes:
        """Return what has arrived, at most `size` bytes; ``b""`` at the end."""
        try:
            return self._perform(lambda: self._tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    def send(self, data: bytes | memoryview) -> int:
        """Send all of `data`; return its size."""
        return self._perform(lambda: self._tls.write(data))

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self.send(data)

    def _perform(self, step: Callable[[], T], left: Callable[[], float | None] | None = None) -> T:
        """Run a step of the inner TLS, and move its records until it is done."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                if left is not None:
                    self.outer.settimeout(left())
                self._flush()
                data = self.outer.recv(_RECEIVE_BYTES)
                self._incoming.write(data) if data else self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        if records := self._outgoing.read():
            self.outer.sendall(records)

    def settimeout(self, seconds: float | None) -> None:
        """Let no send or receive wait longer than this."""
        self.outer.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor of the outer socket."""
        return self.outer.fileno()

    def close(self) -> None:
        """Close the outer socket."""
        self.outer.close()


Socket: TypeAlias = "socket.socket | NestedTLSSocket"
"""A connected socket, with or without TLS."""
