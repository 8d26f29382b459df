"""Connections: kept, reused, given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.errors import APIConnectionError
from tests.support.conformance import failure_of, row, seen
from tests.support.transport_kits import fetch, request, whole
from tests.support.wire_server import PATIENCE, Peer, Received, WireServer, forever


@row("connections are kept and used again")
async def test_connections_are_reused(transport):
    with WireServer() as server:
        for _ in range(5):
            assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 1


@row("`connection: close` is obeyed")
async def test_connection_close_is_obeyed(transport):
    with WireServer(
        forever(lambda peer, _: peer.respond(headers="connection: close\r\n"))
    ) as server:
        for _ in range(2):
            assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 2


@row("a kept connection that the server closes on the next request is stale")
async def test_closed_on_the_next_request_is_stale(transport):
    def once(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.request()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        error = await failure_of(transport.send(request(server.url)))
        assert error.stale
        assert error.phase in ("send", "first byte")
        assert await fetch(transport, server.url) == b"ok"


@row("a kept connection that the server resets is stale")
async def test_reset_on_the_next_request_is_stale(transport):
    def once(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.request()
        peer.reset()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        assert (await failure_of(transport.send(request(server.url)))).stale


@row("a connection that the server closed while idle costs no call")
async def test_closed_while_idle_costs_no_call(transport):
    closed = threading.Event()

    def once(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.sock.close()
        closed.set()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        await seen(closed)
        try:
            body = await fetch(transport, server.url)
        except APIConnectionError as error:
            if not error.stale:  # noticed only in the sending, and sent again by the core
                raise
        else:
            assert body == b"ok"
            assert server.connections == 2


@row("a body that is left unread cuts the connection")
async def test_unread_body_closes_the_connection(transport):
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nbegin")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) == b"begin"
        await response.close()
        await response.close()
        await seen(gone)


@row("a body that is read slowly waits at the server")
async def test_slow_reader_makes_the_server_wait(transport):
    sent: list[int] = []
    stuck = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.sock.settimeout(0.5)
        try:
            while sum(sent) < MUCH:
                sent.append(peer.sock.send(b"x" * 65536))
        except TimeoutError:
            stuck.set()
            peer.sock.settimeout(PATIENCE)
            peer.send(b"x" * (MUCH - sum(sent)))
        peer.sock.close()

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        size = len(await response.read(PATIENCE))
        await seen(stuck)
        assert sum(sent) < MUCH
        while piece := await response.read(PATIENCE):
            size += len(piece)
        assert size == MUCH
        await response.close()


MUCH = 64 * 1024 * 1024


@row("32 calls at once")
async def test_32_calls_at_once(transport):
    with WireServer(forever(lambda peer, received: peer.respond(received.body))) as server:
        bodies: dict[int, bytes] = {}

        async def call(number: int) -> None:
            for _ in range(5):
                bodies[number] = await fetch(transport, server.url, b"%d" % number)

        async with anyio.create_task_group() as group:
            for number in range(32):
                group.start_soon(call, number)
        assert bodies == {number: b"%d" % number for number in range(32)}
        assert server.connections <= 32


@pytest.mark.slow
@row("5,000 calls leave no descriptor behind")
async def test_5000_calls_leave_no_descriptor(transport):
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def respond(peer: Peer, received: Received) -> None:
        ending = "connection: close\r\n" if received.target == "/close" else ""
        peer.respond(headers=ending)
        if ending:
            raise ConnectionError

    with WireServer(forever(respond)) as server:
        before = 0
        for number in range(5000):
            await fetch(transport, f"{server.url}/close" if number % 10 == 0 else server.url)
            if number == 20:
                before = open_descriptors()
        assert open_descriptors() <= before + 2


def early(ending: Callable[[Peer], object]) -> Callable[[Any], Any]:
    """Return the body of a test whose server refuses an upload after its head, then ends so."""

    def refuse(peer: Peer) -> None:
        peer.head()
        peer.respond(b"too large", status="413 Payload Too Large", headers="connection: close\r\n")
        ending(peer)

    async def test(transport):
        with WireServer(refuse) as server:
            for _ in range(10):
                response = await transport.send(request(server.url, b"x" * 20_000_000))
                assert response.head.status == 413
                assert await whole(response) == b"too large"

    return test


OWN = "The client that you passed decides."
SENDS_FIRST = "httpx2 looks for a response only when it has sent the whole request."
LOSES = "asyncio drops what had arrived when a write fails, and httpx2 cannot get at it."

test_early_response_to_an_upload = row(
    "an early response to a large upload is read",
    **dict.fromkeys(("httpx2_sync", "httpx2_asyncio", "httpx2_trio"), SENDS_FIRST),
)(early(Peer.wait_in_silence))
test_early_response_and_close = row(
    "an early response before the server closes is read", httpx2_asyncio=LOSES
)(early(lambda peer: peer.sock.close()))
test_early_response_and_reset = row(
    "an early response before the server resets is read", httpx2_asyncio=LOSES
)(early(Peer.reset))


@row("a second response behind the first is never given to another call")
async def test_second_response_to_one_request(transport):
    def script(peer: Peer) -> None:
        peer.request()
        twice = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
        peer.send(twice + b"first" + twice + b"other")
        peer.request()
        peer.respond(b"right")

    with WireServer(script) as server:
        assert await fetch(transport, server.url) == b"first"
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) != b"other"
        await response.close()


@row("bytes that arrive on a resting connection are never given to another call")
async def test_bytes_on_a_resting_connection(transport):
    rests, sent = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.respond(b"first")
        if not peer.number:
            rests.wait(PATIENCE)
            peer.respond(b"idle", status="408 Request Timeout", headers="connection: close\r\n")
            sent.set()
        peer.request()
        peer.respond(b"right")

    with WireServer(script) as server:
        assert await fetch(transport, server.url) == b"first"
        rests.set()
        sent.wait(PATIENCE)  # and not `seen`: the loop has no chance to read
        response = await transport.send(request(server.url))
        assert response.head.status == 200
        assert await whole(response) == b"first"
        assert server.connections == 2


@row(
    "one dead connection closes all that rest",
    **dict.fromkeys(("httpx2_sync", "httpx2_asyncio", "httpx2_trio"), OWN),
)
async def test_a_stale_connection_closes_the_resting_ones(transport):
    served = threading.Barrier(3)

    def once(peer: Peer) -> None:
        peer.request()
        if peer.number < 3:
            served.wait(PATIENCE)
        peer.respond()
        peer.request()  # what a server that crashes has read; it closes without a byte

    with WireServer(once) as server:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(fetch, transport, server.url)
        assert (await failure_of(transport.send(request(server.url)))).stale
        assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 4


@row(
    "a connection that rests for longer than a minute is closed, without a further call",
    options={"max_idle": 0.05},
    **dict.fromkeys(("httpx2_sync", "httpx2_asyncio", "httpx2_trio"), OWN),
)
async def test_resting_connections_are_closed(transport):
    gone = [threading.Event() for _ in range(2)]

    def script(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.wait_for_hangup()
        gone[peer.number].set()

    with WireServer(script) as server:
        for event in gone:
            assert await fetch(transport, server.url) == b"ok"
            await seen(event)
