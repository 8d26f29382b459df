"""The sync transport: connections kept per origin and shared by threads, HTTP/1.1 by `http1`.

A pool hands out the connection that has rested for the shortest time, because it is the least
likely to have been closed meanwhile; the others grow old and are closed. A connection carries one
request at a time. It goes back to the pool only when its response was read to the end; one that is
left half-way is closed, since the rest of the body would otherwise have to be read first.

Locks are held only to count and to move connections, never while waiting for the network. The
resting connections are a `deque`, whose `append` and `pop` are atomic.

A pool also holds the connections that are in use. When a response is collected with everything
around it, its socket must not be: Python collects a cycle in any order, and would warn about a
socket that was not closed, and its descriptor could be another connection's by the time it is given
back.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from contextlib import suppress

from .._wire.http import Request
from . import OpenResponse, clocks
from .closing import ClosedByThreadError
from .failures import OutOfTimeError, Progress
from .origin import Origin, target_of
from .pooled_response import PooledResponse
from .recorders import recorder_for
from .redirects import follow
from .route import Route
from .sync_connection import SyncConnection, open_connection
from .tcp import MAX_CONNECTIONS, MAX_IDLE_SECONDS

__all__ = ["SyncTransport"]


class SyncTransport:
    """The default transport of sync clients.

    Args:
        max_connections: to one origin; further calls wait for one to become free.
        max_idle: seconds that a connection rests before it is closed.
    """

    def __init__(
        self, *, max_connections: int = MAX_CONNECTIONS, max_idle: float = MAX_IDLE_SECONDS
    ) -> None:
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._pools: dict[Origin, SyncPool] = {}
        self._making = threading.Lock()
        _living.add(self)
        weakref.finalize(self, _close_all, self._pools)

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and wait for the head of its response; redirects are followed."""
        recorder = recorder_for(request)
        return follow(self._send, request) if recorder is None else recorder.send(request)

    def close(self) -> None:
        """Close every resting connection; those in use are closed when their responses end."""
        _close_all(self._pools)

    def forget(self) -> None:
        """Start afresh after a fork: the connections belong to the parent."""
        self._making = threading.Lock()
        for pool in self._pools.values():
            pool.forget()
        self._pools.clear()

    def _send(self, request: Request) -> OpenResponse:
        origin = target_of(request.url).origin
        pool = self._pools.get(origin) or self._new_pool(request, origin)
        progress = Progress(request, pool.route.proxy)
        try:
            return pool.exchange(progress)
        except Exception as error:
            if progress.may_be_stale:
                pool.close_resting()
            progress.fail(error)

    def _new_pool(self, request: Request, origin: Origin) -> SyncPool:
        pool = SyncPool(Route.to(origin, request), self._max_connections, self._max_idle)
        with self._making:
            return self._pools.setdefault(origin, pool)


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

    def __init__(self, route: Route, max_connections: int, max_idle: float) -> None:
        self.route = route
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._entered = 0
        self._waiting = 0  # for a place
        self._in_use: set[SyncConnection] = set()
        self._resting: deque[SyncConnection] = deque()
        self._sweeper: threading.Timer | None = None
        self._closed = False
        self._make_locks()

    def _make_locks(self) -> None:
        # Entered by itself, the lock costs no frame of Python, which the condition does.
        self.lock = threading.RLock()
        self._free = threading.Condition(self.lock)

    def exchange(self, progress: Progress) -> OpenResponse:
        """Send a request and receive the head of its response."""
        self._enter(progress)
        try:
            connection = self._rested(progress) or open_connection(self.route, progress)
        except BaseException:
            self._leave()
            raise
        self._in_use.add(connection)
        response = SyncResponse(self, connection, progress)
        try:
            response.open(self.route)
        except BaseException:
            response.close()
            raise
        return response

    def give_back(self, connection: SyncConnection, *, fit: bool) -> None:
        """Take back a connection: `fit` for another request, or to be closed."""
        with self.lock:
            self._in_use.discard(connection)
            if fit and connection.is_open and not self._closed:
                connection.rests_since = clocks.now()
                self._resting.append(connection)
                if self._sweeper is None:
                    self._sweep_in(self._max_idle)
            else:
                connection.close()
            self._leave()

    def close(self) -> None:
        """Close what rests, and from now on also what is given back."""
        with self.lock:
            self._closed = True
            self.close_resting()
            if self._sweeper is not None:
                self._sweeper.cancel()

    def close_resting(self) -> None:
        """Close what rests: when one kept connection was dead, the others most likely are too."""
        while self._resting:
            with suppress(IndexError):  # another thread was faster
                self._resting.pop().close()

    def sweep(self) -> None:
        """Close what has rested too long; come back when the next one will have."""
        with self.lock:
            self._sweeper = None
            while self._resting:
                oldest = self._resting.popleft()
                left = oldest.rests_since + self._max_idle - clocks.now()
                if left > 0:
                    self._resting.appendleft(oldest)
                    self._sweep_in(left)
                    return
                oldest.close()

    def _sweep_in(self, seconds: float) -> None:
        # The thread must keep neither the pool nor the program alive.
        self._sweeper = threading.Timer(seconds, _sweep, (weakref.ref(self),))
        self._sweeper.daemon = True
        self._sweeper.name = "antiphon-sweeper"
        with suppress(RuntimeError):  # the program is ending, or has no threads left
            self._sweeper.start()

    def forget(self) -> None:
        """Let go, after a fork, of what is shared with the parent; nothing is sent."""
        self._make_locks()
        self.close()

    def _enter(self, progress: Progress) -> None:
        """Wait until a connection may be used."""
        progress.phase = "pool"
        with self.lock:
            if self._entered >= self._max_connections:
                self._wait_for_place(progress)
            self._entered += 1

    def _wait_for_place(self, progress: Progress) -> None:
        seconds = progress.limit(progress.request.timeout.pool)
        self._waiting += 1
        try:
            if not self._free.wait_for(lambda: self._entered < self._max_connections, seconds):
                raise OutOfTimeError
        finally:
            self._waiting -= 1

    def _leave(self) -> None:
        with self.lock:
            self._entered -= 1
            if self._waiting:  # nearly never, and telling them takes longer than all else here
                self._free.notify()

    def _rested(self, progress: Progress) -> SyncConnection | None:
        """Return a resting connection that is still fit; close those that are not."""
        while self._resting:
            try:
                connection = self._resting.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_fit(self._max_idle):
                progress.may_be_stale = True
                return connection
            connection.close()
        return None


def _sweep(pool: weakref.ref[SyncPool]) -> None:
    if (living := pool()) is not None:
        living.sweep()


class SyncResponse(PooledResponse[SyncConnection]):
    """A response arriving over a connection of a pool."""

    __slots__ = ("_is_interrupted", "_reading")

    _pool: SyncPool

    def __init__(self, pool: SyncPool, connection: SyncConnection, progress: Progress) -> None:
        super().__init__(pool, connection, progress)
        self._reading = threading.Lock()
        self._is_interrupted = False

    def open(self, route: Route) -> None:
        """Send the request and wait for the head."""
        connection, progress, reader = self._connected(), self._progress, self._reader
        try:  # noqa: SIM105  (`suppress` is slower)
            self._sent = connection.write(route, progress, self._has_head)
        except (BrokenPipeError, ConnectionResetError):  # it may have responded before it closed
            pass
        if self._sent:
            progress.phase = "first byte"
        while reader.head is None:
            data = connection.read(progress.limit(progress.request.timeout.read))
            reader.feed(data)
            progress.may_be_stale = False
        progress.phase = "body"
        self.head = reader.head

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the end."""
        reader = self._reader
        with self._reading:
            try:
                while not (data := reader.body()) and not reader.ended:
                    reader.feed(self._connected().read(timeout))
            except BaseException as error:
                interrupted = self._is_interrupted and isinstance(error, Exception)
                self._fail(ClosedByThreadError() if interrupted else error)
            if self._is_interrupted:  # the end of the connection may look like that of the body
                self._fail(ClosedByThreadError())
            if not data or reader.gave_all:
                self.head.body_ended = True
                self._release(fit=True)
        return data

    def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        connection = self._connection
        if connection is None:
            return  # as after nearly all responses: they were read to the end
        if self._reading.acquire(blocking=False):
            self._release(fit=True)
            self._reading.release()
        else:
            self._is_interrupted = True
            with self._pool.lock:
                # The other thread may just have given it back, and then it is not ours any more.
                if self._connection is connection:
                    connection.shut_down()

    def __del__(self) -> None:
        # Its connection may be collected in the same moment, so nothing is given back from here.
        if self._connection is not None:
            self._release(fit=False)
