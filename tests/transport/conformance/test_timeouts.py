"""The clocks of a request."""

from __future__ import annotations

import itertools
import math
import threading
from typing import Any

import anyio

from antiphon.errors import APITimeoutError
from tests.support.conformance import failure_of, row, seen
from tests.support.transport_kits import fetch, request, whole
from tests.support.wire_server import PATIENCE, Peer, WireServer


@row("read timeout before the response")
async def test_read_timeout_before_the_head(transport):
    gone = threading.Event()

    def silent(peer: Peer) -> None:
        peer.request()
        peer.wait_for_hangup()
        gone.set()

    with WireServer(silent) as server:
        error = await failure_of(transport.send(request(server.url, read=0.1)))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "first byte"
        await seen(gone)


@row("the total bounds the wait for the response")
async def test_total_bounds_the_wait_for_the_head(transport):
    def silent(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.request()
        peer.wait_for_hangup()

    with WireServer(silent) as server:
        assert await fetch(transport, server.url) == b"ok"  # the connection is open from here on
        error = await failure_of(transport.send(request(server.url, total=0.5)))
    assert isinstance(error, APITimeoutError)
    assert error.phase == "first byte"


EACH_WAIT = "Every wait gets what was left when it began, however many there are."


def dripping(data: bytes) -> WireServer:
    """Return a server that sends `data` byte by byte, over and over."""

    def script(peer: Peer) -> None:
        peer.head()
        for byte in itertools.cycle(data):
            peer.send(bytes([byte]))
            over.wait(0.01)

    over = threading.Event()
    return WireServer(script)


@row("the total bounds a head that arrives byte by byte", httpx2_sync=EACH_WAIT)
async def test_total_bounds_a_dripping_head(transport):
    with dripping(b"HTTP/1.1 200 OK" + b"x" * 10_000_000) as server:
        error = await failure_of(transport.send(request(server.url, total=0.5)))
    assert isinstance(error, APITimeoutError)


@row("the total bounds interim responses without end", httpx2_sync=EACH_WAIT)
async def test_total_bounds_endless_interim_responses(transport):
    with dripping(b"HTTP/1.1 100 Continue\r\n\r\n") as server:
        error = await failure_of(transport.send(request(server.url, total=0.5)))
    assert isinstance(error, APITimeoutError)


@row(
    "read timeout within a body; the connection is not used again",
    httpx2_sync="The bound given at the first read holds for the whole body.",
)
async def test_read_timeout_within_a_body(transport):
    gone = threading.Event()

    def stalls(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.respond()
            return
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(stalls) as server:
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) == b"half-"
        error = await failure_of(response.read(0.1))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "body"
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 2


@row("write timeout while the server does not read")
async def test_write_timeout(transport):
    done = threading.Event()

    def deaf(peer: Peer) -> None:
        done.wait(PATIENCE)

    with WireServer(deaf) as server:
        outgoing = request(server.url, b"x" * 50_000_000, write=0.2)
        try:
            error = await failure_of(transport.send(outgoing))
        finally:
            done.set()
    assert isinstance(error, APITimeoutError)
    assert error.phase == "send"


@row("an exhausted pool waits, at most `pool` seconds", options={"max_connections": 1})
async def test_exhausted_pool_waits(transport):
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        read.wait(PATIENCE)
        peer.send(b"whole")
        peer.request()
        peer.respond()

    with WireServer(script) as server:
        first = await transport.send(request(server.url))
        error = await failure_of(transport.send(request(server.url, pool=0.05)))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "pool"
        bodies: list[bytes] = []

        async def second() -> None:
            bodies.append(await fetch(transport, server.url))

        async with anyio.create_task_group() as group:
            group.start_soon(second)
            await anyio.lowlevel.checkpoint()
            read.set()
            assert await whole(first) == b"half-whole"
        assert bodies == [b"ok"]
        assert server.connections == 1


@row("clocks longer than the system can wait", options={"max_connections": 1})
async def test_endless_clocks(transport):
    for seconds in (math.inf, 1e300, 1e12, 1e7):
        clocks = dict.fromkeys(("total", "connect", "read", "write", "pool"), seconds)
        with WireServer() as server:
            first = await transport.send(request(server.url, **clocks))
            assert await first.read(seconds) == b"ok"

            async def second(server: WireServer = server, clocks: Any = clocks) -> None:
                assert await fetch(transport, server.url, b"x" * 100_000, **clocks) == b"ok"

            async with anyio.create_task_group() as group:
                group.start_soon(second)
                await anyio.wait_all_tasks_blocked()
                await first.close()
