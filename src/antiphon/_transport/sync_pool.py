"""The sync transport: urllib3 makes the connections, `http1` speaks over them."""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections import deque
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import wait_for_read

from .._wire.http import Request, ResponseHead
from . import OpenResponse
from .failures import (
    PROTOCOL_FAILURES,
    ClosedByPeerError,
    OutOfTimeError,
    Progress,
)
from .http1 import (
    ACCEPTED_ENCODINGS,
    ResponseReader,
    TruncatedResponseError,
    request_head,
)
from .origin import Origin, target_of
from .proxies import Proxy, UnusableProxyError, proxy_for
from .redirects import follow
from .tcp import (
    MAX_CONNECTIONS,
    MAX_IDLE_SECONDS,
    SINGLE_WRITE_BYTES,
    WRITE_CHUNK_BYTES,
    keep_alive,
)
from .tls import shared_context

_RECEIVE = 64 * 1024

FAILURES = (*PROTOCOL_FAILURES, urllib3.exceptions.HTTPError)
"""What can stop an exchange."""


class SyncTransport:
    """Connections kept per origin, shared by threads; opened when first needed."""

    def __init__(self, *, most_connections: int = MAX_CONNECTIONS) -> None:
        self._most = most_connections
        self._pools: dict[Origin, SyncPool] = {}
        self._making = threading.Lock()
        _living.add(self)
        weakref.finalize(self, _close_all, self._pools)

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and wait for the head of its answer; redirects are followed."""
        return follow(self._send, request)

    def close(self) -> None:
        """Close every connection at rest; those in use are closed when their answers end."""
        _close_all(self._pools)

    def forget(self) -> None:
        """Start afresh after a fork: the connections belong to the parent."""
        self._making = threading.Lock()
        for pool in self._pools.values():
            pool.forget()
        self._pools.clear()

    def _send(self, request: Request) -> OpenResponse:
        place = target_of(request.url)
        pool = self._pools.get(place.origin) or self._new_pool(request, place.origin)
        progress = Progress(request, pool.proxy)
        opening = request_head(
            request.method,
            place.url if pool.forwards else place.target,
            {**pool.headers, **request.headers},
            len(request.body),
        )
        try:
            return pool.exchange(opening, progress)
        except FAILURES as error:
            raise progress.failure(error) from error

    def _new_pool(self, request: Request, origin: Origin) -> SyncPool:
        try:
            proxy = proxy_for(origin)
        except UnusableProxyError as error:
            raise Progress(request, phase="proxy").failure(error) from error
        with self._making:
            return self._pools.setdefault(origin, SyncPool(origin, proxy, self._most))


_living: weakref.WeakSet[SyncTransport] = weakref.WeakSet()


def _forget_all() -> None:
    for transport in list(_living):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _close_all(pools: dict[Origin, SyncPool]) -> None:
    while pools:
        pools.popitem()[1].close()


class SyncPool:
    """The connections to one origin."""

    def __init__(self, origin: Origin, proxy: Proxy | None, most: int) -> None:
        self.proxy = proxy
        self.forwards = proxy is not None and origin.scheme == "http"
        self.headers = {"host": origin.host_header, "accept-encoding": ACCEPTED_ENCODINGS}
        if proxy is not None and self.forwards:
            self.headers |= proxy.headers
        self._origin = origin
        self._most = most
        self._in_use = 0
        self._resting: deque[SyncConnection] = deque()
        self._closed = False
        self._free = threading.Condition()

    def exchange(self, opening: bytes, progress: Progress) -> OpenResponse:
        """Send a request and receive the head of its answer."""
        self._enter(progress)
        try:
            connection = self._rested(progress) or SyncConnection(
                opened(self._origin, self.proxy, progress)
            )
        except BaseException:
            self._leave()
            raise
        reply = SyncConnectionResponse(self, connection, progress)
        try:
            reply.open(opening)
        except BaseException:
            reply.close()
            raise
        return reply

    def give_back(self, connection: SyncConnection, *, fit: bool) -> None:
        """Take back a connection; `fit` for another request, or else to be closed."""
        with self._free:
            if fit and not self._closed:
                connection.rests_since = time.monotonic()
                self._resting.append(connection)
            else:
                connection.close()
        self._leave()

    def close(self) -> None:
        """Close what rests, and later what is given back."""
        with self._free:
            self._closed = True
            while self._resting:
                self._resting.pop().close()

    def forget(self) -> None:
        """After a fork, let go of what is shared with the parent, without a word on the wire."""
        self._free = threading.Condition()
        self.close()

    def _enter(self, progress: Progress) -> None:
        progress.phase = "pool"
        with self._free:
            if self._in_use >= self._most:
                seconds = progress.limit(progress.request.timeout.pool)
                if not self._free.wait_for(lambda: self._in_use < self._most, seconds):
                    raise OutOfTimeError
            self._in_use += 1

    def _leave(self) -> None:
        with self._free:
            self._in_use -= 1
            self._free.notify()

    def _rested(self, progress: Progress) -> SyncConnection | None:
        while self._resting:
            try:
                connection = self._resting.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_fit():
                progress.reused = True
                return connection
            connection.close()
        return None


class SyncConnection:
    """One open socket."""

    __slots__ = ("_timeout", "rests_since", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.rests_since = 0.0
        self._timeout: float | None = -1.0

    def is_fit(self) -> bool:
        """Whether the server, as far as can be seen, still listens."""
        if time.monotonic() - self.rests_since > MAX_IDLE_SECONDS:
            return False
        return not wait_for_read(self.sock, 0.0)

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()

    def bound(self, seconds: float | None) -> None:
        """Let no send or receive wait longer than this."""
        if seconds != self._timeout:
            self.sock.settimeout(seconds)
            self._timeout = seconds

    def write(self, opening: bytes, progress: Progress) -> None:
        """Send the head and the body, each piece within the write clock."""
        progress.phase = "send"
        body, write = progress.request.body, progress.request.timeout.write
        self.bound(progress.limit(write))
        if len(body) <= SINGLE_WRITE_BYTES:
            self.sock.sendall(opening + body)
            return
        self.sock.sendall(opening)
        rest = memoryview(body)
        while rest:
            self.bound(progress.limit(write))
            rest = rest[self.sock.send(rest[:WRITE_CHUNK_BYTES]) :]

    def read(self, seconds: float | None) -> bytes:
        """What has arrived, as soon as anything has; b"" when the server closed."""
        self.bound(seconds)
        return self.sock.recv(_RECEIVE)


class SyncConnectionResponse:
    """An answer arriving over a connection of a pool."""

    __slots__ = ("__weakref__", "_connection", "_pool", "_progress", "_reader", "head")

    head: ResponseHead

    def __init__(self, pool: SyncPool, connection: SyncConnection, progress: Progress) -> None:
        self._pool = pool
        self._connection: SyncConnection | None = connection
        self._progress = progress
        self._reader = ResponseReader(progress.request.method)

    def open(self, opening: bytes) -> None:
        """Send the request and wait for the head."""
        connection, progress, reader = self._connection, self._progress, self._reader
        assert connection is not None
        try:
            connection.write(opening, progress)
            progress.phase = "first byte"
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a large body may answer, and close, before it has read all of it.
            pass
        while reader.head is None:
            data = connection.read(progress.limit(progress.request.timeout.read))
            if not data:
                raise TruncatedResponseError if reader.begun else ClosedByPeerError
            reader.feed(data)
        progress.phase = "body"
        self.head = reader.head

    def read(self, timeout: float | None) -> bytes:
        """The next bytes as they arrive, content-encoding undone; ``b""`` at the clean end."""
        reader = self._reader
        try:
            while not (data := reader.body()):
                if reader.ended:
                    self.close()
                    break
                self._receive(timeout)
        except BaseException as error:
            self._cut()
            if isinstance(error, FAILURES):
                raise self._progress.failure(error) from error
            raise
        return data

    def _receive(self, timeout: float | None) -> None:
        if self._connection is None:
            raise TruncatedResponseError
        data = self._connection.read(timeout)
        if data:
            self._reader.feed(data)
        else:
            self._reader.finish()

    def close(self) -> None:
        """Give the connection back if the body was read to its end, otherwise cut it; idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, fit=self._reader.reusable)

    def _cut(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, fit=False)

    __del__ = close


def opened(origin: Origin, proxy: Proxy | None, progress: Progress) -> socket.socket:
    """A new socket to `origin`, through the proxy and TLS as needed."""
    progress.phase = "connect"
    seconds = progress.limit(progress.request.timeout.connect)
    connection = _line(origin, proxy, seconds)
    connection.progress = progress
    connection.ends = None if seconds is None else time.monotonic() + seconds
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection.sock


class _Phased(HTTPConnection):
    """A connection that tells the attempt how far it got."""

    progress: Progress
    ends: float | None
    """When opening it has lasted too long."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        keep_alive(sock)
        if self.ends is not None:  # what is left is for the proxy and for TLS
            sock.settimeout(max(self.ends - time.monotonic(), 0.001))
        self.progress.phase = "proxy" if self.proxy_is_tunneling else "tls"
        return sock


class _PhasedTLS(_Phased, HTTPSConnection):
    """The same, with TLS."""


def _line(origin: Origin, proxy: Proxy | None, seconds: float | None) -> _Phased:
    end = proxy or origin
    settings: dict[str, Any] = {"timeout": seconds}
    if origin.scheme == "http" and end.scheme == "http":
        return _Phased(end.host, end.port, **settings)
    line = _PhasedTLS(end.host, end.port, ssl_context=shared_context(), **settings)
    if proxy is not None and origin.scheme == "https":
        manager = urllib3.ProxyManager(proxy.url, proxy_ssl_context=shared_context())
        line.proxy_config = manager.proxy_config
        line.set_tunnel(origin.host, origin.port, proxy.headers, scheme=proxy.scheme)
    return line
