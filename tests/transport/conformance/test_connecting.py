"""Opening a connection: what can go wrong before TLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from antiphon.errors import APITimeoutError
from tests.support.conformance import failure_of, row
from tests.support.transport_kits import fetch, request
from tests.support.wire_server import PATIENCE, WireServer, dead_port


@row("connection refused")
async def test_connection_refused(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = await failure_of(transport.send(request(f"http://127.0.0.1:{port}/")))
    assert error.phase == "connect"
    assert error.host == f"127.0.0.1:{port}"
    assert not error.stale
    assert "antiphon serve" in str(error)


@row("name not found")
async def test_name_not_found(transport):
    error = await failure_of(transport.send(request("http://nothing.invalid/")))
    assert error.phase == "resolve"
    assert error.host == "nothing.invalid:80"
    assert "base_url" in str(error)


@row("connect timeout")
async def test_connect_timeout(transport):
    with dead_port() as port:
        error = await failure_of(transport.send(request(f"http://127.0.0.1:{port}/", connect=0.1)))
    assert isinstance(error, APITimeoutError)
    assert error.phase == "connect"
    assert "connect=" in str(error)


def named(*hosts: str) -> Callable[..., list[Any]]:
    """Return a `getaddrinfo` by which `many.test` has all these addresses."""
    genuine = socket.getaddrinfo

    def lookup(host: Any, port: Any, *args: Any, **named: Any) -> list[Any]:
        if host not in ("many.test", b"many.test"):
            return genuine(host, port, *args, **named)
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, int(port))) for address in hosts]

    return lookup


SYNC_EACH = "Every address gets the whole clock, and the look-up of a name has none."


@row(
    "looking up a name: connect timeout",
    httpx2_sync=SYNC_EACH,
    httpx2_trio="trio waits for a look-up that has begun.",
)
async def test_slow_look_up_of_a_name(transport):
    done = threading.Event()

    def lookup(*args: Any, **named: Any) -> list[Any]:
        done.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_NONAME, "too late")

    with patch.object(socket, "getaddrinfo", lookup):
        try:
            error = await failure_of(transport.send(request("http://slow.test/", connect=0.1)))
        finally:
            done.set()
    assert isinstance(error, APITimeoutError)
    assert error.phase in ("resolve", "connect")


@row("several dead addresses share one connect timeout", httpx2_sync=SYNC_EACH)
async def test_several_dead_addresses(transport):
    with dead_port() as port, patch.object(socket, "getaddrinfo", named(*["127.0.0.1"] * 8)):
        url = f"http://many.test:{port}/"
        error = await failure_of(transport.send(request(url, connect=0.5)))
    assert isinstance(error, APITimeoutError)
    assert error.elapsed < 8 * 0.5


@row("a dead address does not use up the time of the next", httpx2_sync=SYNC_EACH)
async def test_a_dead_address_before_a_living_one(transport):
    with WireServer() as server, dead_port("127.0.0.2", server.port):
        lookup = named("127.0.0.2", "127.0.0.2", "127.0.0.1")
        with patch.object(socket, "getaddrinfo", lookup):
            url = f"http://many.test:{server.port}/"
            assert await fetch(transport, url, connect=5.0) == b"ok"
