"""Proxies named by the environment."""

from __future__ import annotations

import socket

import pytest

from antiphon.errors import APITimeoutError
from tests.support.certificates import certified
from tests.support.conformance import CREDENTIALS, add_row, failure_of, proxy_row
from tests.support.transport_kits import fetch, request
from tests.support.wire_server import Peer, WireServer


@proxy_row("proxy from the environment: CONNECT for https")
async def test_proxy_tunnels_https(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        url = f"https://api.test:{server.port}/v1"
        assert await fetch(transport, url) == b"ok"
        assert await fetch(transport, url) == b"ok"
        assert [received.target for received in proxy.requests] == [f"api.test:{server.port}"]
        assert not proxy.requests[0].values("x-api-key")


@proxy_row("a proxy that itself speaks TLS", tls=True, given="me:pass%20word@")
async def test_proxy_that_speaks_tls(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        assert await fetch(transport, f"https://api.test:{server.port}/") == b"ok"
        assert [received.target for received in proxy.requests] == [f"api.test:{server.port}"]
        assert not server.requests[0].values("proxy-authorization")


@proxy_row("proxy credentials reach the proxy alone", given="me:pass%20word@")
async def test_proxy_credentials_reach_the_proxy_alone(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        assert await fetch(transport, f"https://api.test:{server.port}/") == b"ok"
        assert proxy.requests[0].values("proxy-authorization") == [CREDENTIALS]
        assert not server.requests[0].values("proxy-authorization")


@proxy_row("proxy for http: the whole URL is requested", given="me:pass%20word@")
async def test_proxy_forwards_http(transport, proxy):
    assert (
        await fetch(transport, "http://api.test:81/v1?x=1") == b"proxied http://api.test:81/v1?x=1"
    )
    assert proxy.requests[0].values("proxy-authorization") == [CREDENTIALS]
    assert proxy.requests[0].values("host") == ["api.test:81"]


@proxy_row("proxy refuses: phase proxy, no credentials shown", given="me:wrong@")
async def test_proxy_that_refuses(transport, proxy):
    error = await failure_of(transport.send(request("https://api.test/")))
    assert error.phase == "proxy"
    assert "407" in str(error)
    assert error.proxy is not None


async def nothing_listens(transport):
    error = await failure_of(transport.send(request("https://api.test/")))
    assert error.phase == "proxy"
    assert error.proxy is not None


@pytest.mark.parametrize("kit", add_row("proxy that is not there: phase proxy", nothing_listens))
def test_proxy_that_is_not_there(kit, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:wrong@127.0.0.1:{listener.getsockname()[1]}")
    kit.run(nothing_listens)


async def drips(transport):
    error = await failure_of(transport.send(request("https://api.test/", connect=0.5)))
    assert isinstance(error, APITimeoutError)
    assert error.phase == "proxy"


@pytest.mark.parametrize(
    "kit",
    add_row(
        "connect timeout while the proxy responds byte by byte",
        drips,
        **dict.fromkeys(
            ("httpx2_sync", "httpx2_asyncio", "httpx2_trio"),
            "Every wait for the proxy gets the whole clock; the total bounds them all.",
        ),
    ),
)
def test_proxy_that_responds_byte_by_byte(kit, proxied):
    def drip(peer: Peer) -> None:
        peer.head()
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    with WireServer(drip) as proxy:
        proxied(proxy)
        kit.run(drips)


@proxy_row("NO_PROXY goes straight to the host")
async def test_no_proxy_goes_straight(transport, proxy):
    # `invalid` never resolves, which only a direct connection would find out.
    error = await failure_of(transport.send(request("https://direct.invalid/")))
    assert error.phase == "resolve"
    assert not proxy.requests
