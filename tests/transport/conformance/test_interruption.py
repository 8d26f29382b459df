"""Calls that are cancelled or interrupted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import anyio
import pytest

from tests.support.conformance import add_row, failure_of, row, seen
from tests.support.transport_kits import Kit, fetch, request
from tests.support.wire_server import PATIENCE, Peer, WireServer

SYNC = "A sync call is interrupted, not cancelled."
ONE_THREAD = "Under an event loop there is no other thread: a task that is closed is cancelled."
ASYNC = "An async call is cancelled: `asyncio.run` turns Ctrl-C into that."


@row("cancellation closes the socket", sync=SYNC, httpx2_sync=SYNC)
async def test_cancelled_before_the_head(transport):
    waiting, gone = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.respond()
            return
        waiting.set()
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        async with anyio.create_task_group() as group:
            group.start_soon(transport.send, request(server.url))
            await seen(waiting)
            group.cancel_scope.cancel()
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"


@row("cancellation within a body closes the socket", sync=SYNC, httpx2_sync=SYNC)
async def test_cancelled_within_a_body(transport):
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.respond()
            return
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) == b"half-"
        async with anyio.create_task_group() as group:
            group.start_soon(response.read, PATIENCE)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        await response.close()
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"


def interrupt_row(title: str, path: str) -> Callable[..., None]:
    """A row for sync transports: SIGINT arrives while the main thread waits."""

    def body(kit: Kit) -> None:
        gone = threading.Event()

        def script(peer: Peer) -> None:
            if peer.request().target == "/":
                peer.respond()
                return
            if path == "/body":
                peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
            os.kill(os.getpid(), signal.SIGINT)
            peer.wait_for_hangup()
            gone.set()

        with WireServer(script) as server, kit.open_sync() as transport:
            with pytest.raises(KeyboardInterrupt):
                response = transport.send(request(server.url + path))
                while response.read(PATIENCE):
                    pass
            assert gone.wait(PATIENCE)
            response = transport.send(request(server.url))
            assert response.read(PATIENCE) == b"ok"
            response.close()

    unless = dict.fromkeys(("asyncio", "httpx2_asyncio", "httpx2_trio"), ASYNC)
    return pytest.mark.parametrize("kit", add_row(title, body, **unless))(body)


test_interrupted_before_the_head = interrupt_row("Ctrl-C while waiting for the response", "/head")
test_interrupted_within_a_body = interrupt_row("Ctrl-C within a body", "/body")


@row(
    "a response that another thread closes ends at once",
    **dict.fromkeys(("asyncio", "httpx2_asyncio", "httpx2_trio"), ONE_THREAD),
)
async def test_closed_by_another_thread(transport):
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf-")  # a body that the end of the connection ends
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) == b"half-"
        async with anyio.create_task_group() as group:
            group.start_soon(closed_meanwhile, response)
            await anyio.wait_all_tasks_blocked()
            await response.close()
            await seen(gone)


async def closed_meanwhile(response) -> None:
    error = await failure_of(response.read(PATIENCE))
    assert "closed by another thread" in str(error)
    assert not error.transient
