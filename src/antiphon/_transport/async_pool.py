"""The async transport: asyncio makes the connections, `http1` speaks over them.

The twin of `urllib3_pool`, with connections of its own for each event loop.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

from .._wire.http import Request, ResponseHead
from . import AsyncOpenResponse
from .async_connection import AsyncConnection
from .failures import PROTOCOL_FAILURES, ClosedByPeerError, Progress
from .http1 import (
    ACCEPTED_ENCODINGS,
    ResponseReader,
    TruncatedResponseError,
    request_head,
)
from .origin import Origin, Target, target_of
from .proxies import Proxy, UnusableProxyError, proxy_for
from .redirects import follow_async
from .tcp import MAX_CONNECTIONS


class AsyncioTransport:
    """Connections kept per event loop and origin; opened when first needed."""

    def __init__(self, *, most_connections: int = MAX_CONNECTIONS) -> None:
        self._most = most_connections
        self._lines: _PoolsByLoop = {}
        _living.add(self)
        weakref.finalize(self, _end_all, self._lines)

    async def send(self, request: Request) -> AsyncOpenResponse:
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

    async def _send(self, request: Request) -> AsyncOpenResponse:
        line = self._lines.get(asyncio.get_running_loop()) or await self._new_line()
        place = target_of(request.url)
        pool = line.pools.get(place.origin) or line.new_pool(request, place.origin)
        progress = Progress(request, pool.proxy)
        try:
            return await pool.exchange(place, progress)
        except PROTOCOL_FAILURES as error:
            raise progress.failure(error) from error

    async def _new_line(self) -> _LoopPools:
        loop = asyncio.get_running_loop()
        for other in list(self._lines):
            if other.is_closed() and (left := self._lines.pop(other, None)):
                left.end()
        line = self._lines[loop] = _LoopPools(self._most)
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


class _LoopPools:
    """The connections of one event loop."""

    def __init__(self, most: int) -> None:
        self.pools: dict[Origin, AsyncPool] = {}
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._end: AsyncGenerator[None] | None = None

    def new_pool(self, request: Request, origin: Origin) -> AsyncPool:
        """The connections to an origin that was not asked before."""
        try:
            proxy = proxy_for(origin)
        except UnusableProxyError as error:
            raise Progress(request, phase="proxy").failure(error) from error
        pool = self.pools[origin] = AsyncPool(origin, proxy, self._most)
        return pool

    async def end_with_loop(self, lines: _PoolsByLoop) -> None:
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


_PoolsByLoop = dict[asyncio.AbstractEventLoop, _LoopPools]


def _end_all(lines: _PoolsByLoop) -> None:
    while lines:
        lines.popitem()[1].end()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


class AsyncPool:
    """The connections of a loop to one origin."""

    def __init__(self, origin: Origin, proxy: Proxy | None, most: int) -> None:
        self.proxy = proxy
        self._forwards = proxy is not None and origin.scheme == "http"
        self._headers = {"host": origin.host_header, "accept-encoding": ACCEPTED_ENCODINGS}
        if proxy is not None and self._forwards:
            self._headers |= proxy.headers
        self._origin = origin
        self._free = asyncio.Semaphore(most)
        self._resting: deque[AsyncConnection] = deque()
        self._open: set[AsyncConnection] = set()

    async def exchange(self, place: Target, progress: Progress) -> AsyncOpenResponse:
        """Send a request and receive the head of its answer."""
        request = progress.request
        opening = request_head(
            request.method,
            place.url if self._forwards else place.target,
            {**self._headers, **request.headers},
            len(request.body),
        )
        reply = AsyncConnectionResponse(self, await self._connection(progress), progress)
        try:
            await reply.open(opening)
        except BaseException:
            await reply.close()
            raise
        return reply

    def give_back(self, connection: AsyncConnection, *, fit: bool) -> None:
        """Take back a connection; `fit` for another request, or else to be cut."""
        if fit and connection.rest():
            self._resting.append(connection)
        else:
            connection.cut()
        self._free.release()

    def cut(self) -> None:
        """Cut every connection."""
        for connection in list(self._open):
            connection.cut()

    async def _connection(self, progress: Progress) -> AsyncConnection:
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

    def _rested(self, progress: Progress) -> AsyncConnection | None:
        while self._resting:
            connection = self._resting.pop()
            if connection.is_fit():
                progress.reused = True
                return connection
            connection.cut()
        return None

    async def _opened(self, progress: Progress) -> AsyncConnection:
        connection = AsyncConnection(self._open.discard)
        try:
            async with asyncio.timeout(progress.limit(progress.request.timeout.connect)):
                await connection.open(self._origin, self.proxy, progress)
        except BaseException:
            connection.cut()
            raise
        self._open.add(connection)
        return connection


class AsyncConnectionResponse:
    """An answer arriving over a connection of a pool."""

    __slots__ = ("__weakref__", "_connection", "_pool", "_progress", "_reader", "head")

    head: ResponseHead

    def __init__(self, pool: AsyncPool, connection: AsyncConnection, progress: Progress) -> None:
        self._pool = pool
        self._connection: AsyncConnection | None = connection
        self._progress = progress
        self._reader = ResponseReader(progress.request.method)

    async def open(self, opening: bytes) -> None:
        """Send the request and wait for the head."""
        connection, progress, reader = self._connection, self._progress, self._reader
        assert connection is not None
        await connection.write(opening, progress)
        progress.phase = "first byte"
        while reader.head is None:
            data = await connection.receive(progress.limit(progress.request.timeout.read))
            if not data:
                raise TruncatedResponseError if reader.begun else ClosedByPeerError
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
            raise TruncatedResponseError
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
