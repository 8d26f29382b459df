"""The async transport: aiohttp, with one set of connections per event loop."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from .._core.wire import Body, Request
from . import AsyncReply
from .aiohttp_reply import FAILURES, AiohttpReply
from .failures import Progress
from .http1 import ACCEPTED_ENCODINGS, MalformedAnswerError
from .places import place_of
from .proxies import Proxy, proxy_for
from .redirects import follow_async
from .tls import shared_context

_MOST_CONNECTIONS = 1000
_LONGEST_REST = 60.0
_READ = 64 * 1024
_PIECE = 256 * 1024
_HEAD_LIMIT = 256 * 1024
_NO_CLOCKS = aiohttp.ClientTimeout(total=None, sock_connect=None)
_NO_AUTO_HEADERS = ("User-Agent", "Accept", "Content-Type")


class AiohttpTransport:
    """Connections kept per event loop and origin; opened when first needed."""

    def __init__(self, *, most_connections: int = _MOST_CONNECTIONS) -> None:
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
        progress = Progress(request, phase="proxy")
        try:
            progress.proxy = line.proxy(request)
            return await line.exchange(progress)
        except aiohttp.ClientResponseError as error:
            # Told in other words and outside of this block: aiohttp's error shows the headers sent.
            if isinstance(error, aiohttp.ClientHttpProxyError):
                progress.phase = "proxy"
            said = f"{error.status} {error.message}" if progress.phase == "proxy" else error.message
        except FAILURES as error:
            raise progress.failure(error) from error
        refused = MalformedAnswerError(said)
        raise progress.failure(refused) from refused

    async def _new_line(self) -> Line:
        loop = asyncio.get_running_loop()
        for other in list(self._lines):
            if other.is_closed() and (left := self._lines.pop(other, None)):
                left.end()
        line = self._lines[loop] = Line(self._most)
        await line.end_with_loop(self._lines)
        return line


_living: weakref.WeakSet[AiohttpTransport] = weakref.WeakSet()
# Ending them here would unregister the parent's sockets from the epoll that both processes share.
_left_to_the_parent: list[object] = []


def _forget_all() -> None:
    for transport in list(_living):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _end_all(lines: Lines) -> None:
    while lines:
        lines.popitem()[1].end()


class Line:
    """The connections of one event loop."""

    def __init__(self, most: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._connector = Connector(
            limit=most,
            keepalive_timeout=_LONGEST_REST,
            resolver=aiohttp.ThreadedResolver(),
        )
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_AUTO_HEADERS,
            timeout=_NO_CLOCKS,
            read_bufsize=_READ,
            max_line_size=_HEAD_LIMIT,
            max_field_size=_HEAD_LIMIT,
            auto_decompress=False,  # it takes an encoding that ends early for a whole one
        )
        self._proxies: dict[object, Proxy | None] = {}
        self._end: AsyncGenerator[None] | None = None

    async def end_with_loop(self, lines: Lines) -> None:
        """Have the loop end this line when it shuts down, as `asyncio.run` does."""

        async def until_shutdown() -> AsyncGenerator[None]:
            try:
                yield
            finally:
                lines.pop(self._loop, None)
                self._cut()

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

    def _cut(self) -> None:
        self._connector.cut()
        self._session.detach()

    def proxy(self, request: Request) -> Proxy | None:
        """The proxy for `request`, looked up once per origin."""
        origin = place_of(request.url).origin
        if origin not in self._proxies:
            self._proxies[origin] = proxy_for(origin)
        return self._proxies[origin]

    async def exchange(self, progress: Progress) -> AsyncReply:
        """Send a request and receive the head of its answer."""
        request, proxy = progress.request, progress.proxy
        headers = {"accept-encoding": ACCEPTED_ENCODINGS, **request.headers}
        body: Body | AsyncIterator[memoryview] = request.body
        clock = asyncio.timeout(None)
        if len(request.body) > _PIECE:
            headers["content-length"] = str(len(request.body))
            body = _pieces(progress, clock)
        if proxy and progress.origin.scheme == "http":
            headers |= proxy.headers
        _current.set((progress, clock))
        async with clock:
            response = await self._session.request(
                request.method,
                _parsed(request.url),
                data=body or None,
                headers=headers,
                proxy=_parsed(proxy.url) if proxy else None,
                proxy_headers=proxy.headers if proxy else None,
                ssl=shared_context() if progress.origin.scheme == "https" else True,
                allow_redirects=False,
            )
        progress.phase = "body"
        return AiohttpReply(response, progress)


Lines = dict[asyncio.AbstractEventLoop, Line]


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


@lru_cache(maxsize=256)
def _parsed(url: str) -> URL:
    return URL(place_of(url).url, encoded=True)


_current: ContextVar[tuple[Progress, asyncio.Timeout]] = ContextVar("progress")


def _next_phase(
    progress: Progress, clock: asyncio.Timeout, phase: str, limit: float | None
) -> None:
    """Move on to `phase`, which may take `limit` seconds."""
    progress.phase = phase
    seconds = progress.limit(limit)
    now = asyncio.get_running_loop().time()
    clock.reschedule(None if seconds is None else now + seconds)


async def _pieces(progress: Progress, clock: asyncio.Timeout) -> AsyncIterator[memoryview]:
    """A large body in pieces, each to be sent within the write clock."""
    rest = memoryview(progress.request.body)
    timeout = progress.request.timeout
    while rest:
        _next_phase(progress, clock, "send", timeout.write)
        yield rest[:_PIECE]
        rest = rest[_PIECE:]
    _next_phase(progress, clock, "first byte", timeout.read)


class Connector(aiohttp.TCPConnector):
    """aiohttp's pool, telling the attempt under way how far it got."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """Take a connection from the pool, or open one."""
        progress, clock = _current.get()
        progress.phase, progress.reused = "pool", True
        connection = await super().connect(req, traces, timeout)
        _next_phase(progress, clock, "first byte", progress.request.timeout.read)
        return connection

    async def _wait_for_available_connection(self, key: Any, traces: Any) -> None:
        progress, clock = _current.get()
        _next_phase(progress, clock, "pool", progress.request.timeout.pool)
        await super()._wait_for_available_connection(key, traces)

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> ResponseHandler:
        progress, clock = _current.get()
        progress.reused = False
        _next_phase(progress, clock, "connect", progress.request.timeout.connect)
        return await super()._create_connection(req, traces, timeout)

    def cut(self) -> None:
        """Close every connection without waiting, whether or not the loop still runs."""
        kept = [entry[0] for entries in self._conns.values() for entry in entries]
        for protocol in [*kept, *self._acquired]:
            transport = protocol.transport
            if transport is not None:
                _cut(self._loop, transport)
        self._conns.clear()
        self._acquired.clear()


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
