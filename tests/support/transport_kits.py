"""The transports under test, each behind one awaitable face."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
import httpx2

from antiphon._transport import AsyncOpenResponse, AsyncTransport, OpenResponse, Transport
from antiphon._transport.async_pool import AsyncioTransport
from antiphon._transport.httpx import AsyncHttpxTransport, HttpxTransport
from antiphon._transport.sync_pool import SyncTransport
from antiphon._transport.tls import shared_context
from antiphon._wire.http import Request, ResponseHead, Timeout
from antiphon._wire.secret import Secret
from tests.support.wire_server import PATIENCE

CLOCKS = Timeout(PATIENCE, PATIENCE, PATIENCE, PATIENCE, PATIENCE)


def request(url: str, body: bytes = b"{}", *, method: str = "POST", **settings: Any) -> Request:
    """Return a request as the core makes it."""
    headers = settings.pop(
        "headers", {"x-api-key": Secret("sk-secret"), "content-type": "application/json"}
    )
    clocks = {name: getattr(CLOCKS, name) for name in CLOCKS.__slots__} | settings
    return Request(method, url, headers, body, Timeout(**clocks))


class Threaded:
    """A sync transport, each of its calls in a worker thread."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def send(self, outgoing: Request) -> ThreadedResponse:
        return ThreadedResponse(await anyio.to_thread.run_sync(self.transport.send, outgoing))

    async def close(self) -> None:
        self.transport.close()


class ThreadedResponse:
    """A sync response, each of its calls in a worker thread."""

    def __init__(self, response: OpenResponse) -> None:
        self.head: ResponseHead = response.head
        self._response = response

    async def read(self, timeout: float | None) -> bytes:
        return await anyio.to_thread.run_sync(self._response.read, timeout)

    async def close(self) -> None:
        self._response.close()


@contextlib.contextmanager
def sync_own(**options: Any) -> Iterator[Transport]:
    yield SyncTransport(**options)


@contextlib.contextmanager
def httpx2_sync(max_connections: int = 1000) -> Iterator[Transport]:
    limits = httpx2.Limits(max_connections=max_connections)
    with httpx2.Client(verify=shared_context(), limits=limits) as client:
        yield HttpxTransport(client)


@contextlib.asynccontextmanager
async def asyncio_own(**options: Any) -> AsyncIterator[AsyncTransport]:
    yield AsyncioTransport(**options)


@contextlib.asynccontextmanager
async def httpx2_async(max_connections: int = 1000) -> AsyncIterator[AsyncTransport]:
    limits = httpx2.Limits(max_connections=max_connections)
    async with httpx2.AsyncClient(verify=shared_context(), limits=limits) as client:
        yield AsyncHttpxTransport(client)


@dataclass(frozen=True)
class Kit:
    """One transport, and how to run it: either `open_sync` or `open_async`."""

    name: str
    open_sync: Callable[..., contextlib.AbstractContextManager[Transport]] | None = None
    open_async: Callable[..., contextlib.AbstractAsyncContextManager[AsyncTransport]] | None = None
    backend: str = "asyncio"

    @property
    def is_async(self) -> bool:
        return self.open_async is not None

    def run(self, body: Callable[..., Awaitable[None]], *args: Any, **options: Any) -> None:
        """Run a test's body with a fresh transport; nothing may be left behind."""

        async def main() -> None:
            if self.open_async is not None:
                async with self.open_async(**options) as transport:
                    await body(transport, *args)
            else:
                with self.open_sync(**options) as transport:
                    await body(Threaded(transport), *args)

        anyio.run(main, backend=self.backend)
        gc.collect()


KITS = {
    kit.name: kit
    for kit in (
        Kit("sync", open_sync=sync_own),
        Kit("asyncio", open_async=asyncio_own),
        Kit("httpx2, sync", open_sync=httpx2_sync),
        Kit("httpx2, asyncio", open_async=httpx2_async),
        Kit("httpx2, trio", open_async=httpx2_async, backend="trio"),
    )
}


async def whole(response: AsyncOpenResponse) -> bytes:
    """Return the body of a response, read to its end; then the connection is given back."""
    pieces: list[bytes] = []
    while piece := await response.read(PATIENCE):
        pieces.append(piece)
    await response.close()
    return b"".join(pieces)


async def fetch(transport: AsyncTransport, url: str, body: bytes = b"{}", **settings: Any) -> bytes:
    """Send a request and read the whole body of its response."""
    return await whole(await transport.send(request(url, body, **settings)))
