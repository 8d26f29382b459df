"""The async transport: connections kept per event loop and origin, HTTP/1.1 spoken by `http1`.

The pool works as the one of `sync_pool` does. What differs is that a connection belongs to the
event loop that opened it, and that a client may be used in several loops: one after the other
(`asyncio.run` in a script), or at the same time in several threads. So the transport keeps pools
per loop, and the pools must go when their loop goes.

A loop tells nobody that it ends, except its asynchronous generators: `asyncio.run` closes those
before the loop. So each `_LoopPools` keeps such a generator alive, suspended in a `try`, and its
`finally` closes the connections. A loop that is closed without that (`loop.close()`) is noticed
when the next loop sends its first request.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

from .._wire.http import Request
from . import AsyncOpenResponse, clocks
from .async_connection import AsyncConnection
from .failures import Progress
from .origin import Origin, target_of
from .pooled_response import PooledResponse
from .recorders import async_recorder_for
from .redirects import follow_async
from .route import Route
from .tcp import MAX_CONNECTIONS, MAX_IDLE_SECONDS

__all__ = ["AsyncioTransport"]


class AsyncioTransport:
    """The default transport of async clients under asyncio.

    Args:
        max_connections: to one origin, for each event loop; further calls wait for one to become
            free.
        max_idle: seconds that a connection rests before it is closed.
    """

    def __init__(
        self, *, max_connections: int = MAX_CONNECTIONS, max_idle: float = MAX_IDLE_SECONDS
    ) -> None:
        self._limits = (max_connections, max_idle)
        self._loops: _PoolsByLoop = {}
        _living.add(self)
        weakref.finalize(self, _end_all, self._loops)

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request` and wait for the head of its response; redirects are followed."""
        recorder = async_recorder_for(request)
        if recorder is not None:
            return await recorder.send(request)
        return await follow_async(self._send, request)

    async def close(self) -> None:
        """Close every connection of the running loop."""
        pools = self._loops.pop(asyncio.get_running_loop(), None)
        if pools is not None:
            pools.end()

    def forget(self) -> None:
        """Start afresh after a fork: connections and loops belong to the parent."""
        _left_to_the_parent.append(self._loops.copy())
        self._loops.clear()

    async def _send(self, request: Request) -> AsyncOpenResponse:
        pools = self._loops.get(asyncio.get_running_loop()) or await self._new_loop()
        origin = target_of(request.url).origin
        pool = pools.by_origin.get(origin) or pools.new_pool(request, origin)
        progress = Progress(request, pool.route.proxy)
        try:
            return await pool.exchange(progress)
        except Exception as error:
            if progress.may_be_stale:
                pool.close_resting()
            progress.fail(error)

    async def _new_loop(self) -> _LoopPools:
        for other in list(self._loops):
            if other.is_closed() and (left := self._loops.pop(other, None)):
                left.end()
        loop = asyncio.get_running_loop()
        pools = self._loops[loop] = _LoopPools(loop, self._limits)
        await pools.end_with_loop(self._loops)
        return pools


_living: weakref.WeakSet[AsyncioTransport] = weakref.WeakSet()
# Ending them here would unregister the parent's sockets from the epoll that both processes share.
_left_to_the_parent: list[object] = []


def _forget_all() -> None:
    for transport in list(_living):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


class _LoopPools:
    """The pools of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: tuple[int, float]) -> None:
        self.by_origin: dict[Origin, AsyncPool] = {}
        self._loop = loop
        self._limits = limits
        self._end: AsyncGenerator[None] | None = None

    def new_pool(self, request: Request, origin: Origin) -> AsyncPool:
        """Make the pool of an origin to which nothing was sent before.

        Raises:
            APIConnectionError: the environment names a proxy that cannot be used.
        """
        pool = AsyncPool(Route.to(origin, request), *self._limits)
        self.by_origin[origin] = pool
        return pool

    async def end_with_loop(self, loops: _PoolsByLoop) -> None:
        """Have the loop close the connections when it shuts down, as `asyncio.run` does."""

        async def until_shutdown() -> AsyncGenerator[None]:
            try:
                yield
            finally:
                loops.pop(self._loop, None)
                for pool in self.by_origin.values():
                    pool.cut()

        self._end = until_shutdown()
        await anext(self._end)

    def end(self) -> None:
        """Close every connection: here and now, or in the thread where the loop runs."""
        end, self._end = self._end, None
        if end is None:
            return
        if self._loop.is_running() and not _runs_here(self._loop):
            # Collecting the generator has the loop close it, in its own thread.
            return
        # The generator awaits nothing, so one step runs it to its end, with or without a loop.
        with suppress(StopIteration):
            end.aclose().send(None)


_PoolsByLoop = dict[asyncio.AbstractEventLoop, _LoopPools]


def _end_all(loops: _PoolsByLoop) -> None:
    while loops:
        loops.popitem()[1].end()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


class AsyncPool:
    """The connections of an event loop to one origin."""

    def __init__(self, route: Route, max_connections: int, max_idle: float) -> None:
        self.route = route
        self._loop = asyncio.get_running_loop()
        self._places = max_connections
        self._waiting: deque[asyncio.Future[None]] = deque()  # for a place, the first in front
        self._max_idle = max_idle
        self._resting: deque[AsyncConnection] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._open: set[AsyncConnection] = set()

    async def exchange(self, progress: Progress) -> AsyncOpenResponse:
        """Send a request and receive the head of its response."""
        await self._enter(progress)
        try:
            connection = self._rested(progress) or await self._opened(progress)
        except BaseException:
            self._leave()
            raise
        response = AsyncResponse(self, connection, progress)
        try:
            await response.open(self.route)
        except BaseException:
            await response.close()
            raise
        return response

    def give_back(self, connection: AsyncConnection, *, fit: bool) -> None:
        """Take back a connection: `fit` for another request, or to be closed."""
        if fit and connection.rest():
            self._resting.append(connection)
            if self._sweeper is None:
                self._sweeper = self._loop.call_later(self._max_idle, self._sweep)
        else:
            connection.cut()
        self._leave()

    def close_resting(self) -> None:
        """Close what rests: when one kept connection was dead, the others most likely are too."""
        while self._resting:
            self._resting.pop().cut()

    def abandon(self, connection: AsyncConnection) -> None:
        """Cut a connection whose response was collected, in whatever thread that happened."""
        if self._loop.is_running() and not _runs_here(self._loop):
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(lambda: self.give_back(connection, fit=False))
            return
        with suppress(RuntimeError):  # the loop is closed, and with it those who wait for a place
            self.give_back(connection, fit=False)

    def cut(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            connection.cut()
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _sweep(self) -> None:
        """Close what has rested too long; come back when the next one will have."""
        self._sweeper = None
        while self._resting:
            left = self._resting[0].rests_since + self._max_idle - clocks.now()
            if left > 0:
                self._sweeper = self._loop.call_later(left, self._sweep)
                return
            self._resting.popleft().cut()

    async def _enter(self, progress: Progress) -> None:
        """Wait until a connection may be used."""
        progress.phase = "pool"
        # Counted by hand: a semaphore and a timeout cost more than all else that is done here.
        if self._places:
            self._places -= 1
            return
        place = self._loop.create_future()
        self._waiting.append(place)
        try:
            async with asyncio.timeout(progress.limit(progress.request.timeout.pool)):
                await place
        except BaseException:
            # It may have been handed over in the moment in which the wait ended.
            if not place.cancel() and not place.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        """Hand a place to the one who has waited longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # its caller still waits
                place.set_result(None)
                return
        self._places += 1

    def _rested(self, progress: Progress) -> AsyncConnection | None:
        """Return a resting connection that is still fit; close those that are not."""
        while self._resting:
            connection = self._resting.pop()
            if connection.is_fit(self._max_idle):
                progress.may_be_stale = True
                return connection
            connection.cut()
        return None

    async def _opened(self, progress: Progress) -> AsyncConnection:
        connection = AsyncConnection(self._open.discard)
        try:
            async with asyncio.timeout(progress.limit(progress.request.timeout.connect)):
                with clocks.waiting(self.route.peer):
                    await connection.open(self.route, progress)
        except BaseException:
            connection.cut()
            raise
        self._open.add(connection)
        return connection


class AsyncResponse(PooledResponse[AsyncConnection]):
    """A response arriving over a connection of a pool."""

    __slots__ = ()

    _pool: AsyncPool

    async def open(self, route: Route) -> None:
        """Send the request and wait for the head."""
        connection, progress, reader = self._connected(), self._progress, self._reader
        self._sent = await connection.write(route, progress, self._has_head)
        if self._sent:
            progress.phase = "first byte"
        while reader.head is None:
            data = await connection.receive(progress.limit(progress.request.timeout.read))
            reader.feed(data)
            progress.may_be_stale = False
        progress.phase = "body"
        self.head = reader.head

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the end."""
        reader = self._reader
        try:
            while not (data := reader.body()) and not reader.ended:
                reader.feed(await self._connected().receive(timeout))
        except BaseException as error:
            self._fail(error)
        if not data or reader.gave_all:
            self.head.body_ended = True
            self._release(fit=True)
        return data

    async def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        self._release(fit=True)

    def __del__(self) -> None:
        # Its connection may be collected in the same moment, so nothing is given back from here.
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.abandon(connection)
