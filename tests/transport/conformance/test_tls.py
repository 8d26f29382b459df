"""TLS: which certificates are trusted, and what happens when TLS meets plain HTTP."""

from __future__ import annotations

import pytest

from antiphon.errors import APITimeoutError
from tests.support.certificates import certified
from tests.support.conformance import failure_of, row
from tests.support.transport_kits import fetch, request
from tests.support.wire_server import Peer, WireServer


@pytest.mark.usefixtures("trusted")
@row("TLS with a private CA (SSL_CERT_FILE)")
async def test_private_ca_is_trusted(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        assert await fetch(transport, server.url) == b"ok"
        assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 1


@row("TLS certificate of an unknown CA")
async def test_unknown_ca_is_refused(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "tls"
    assert "SSL_CERT_FILE" in str(error)
    assert not server.requests


@pytest.mark.usefixtures("trusted")
@row("TLS certificate for another name")
async def test_certificate_for_another_name(transport):
    with WireServer(tls=certified("other.test")) as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "tls"
    assert "another name" in str(error)
    assert not server.requests


@row("TLS spoken to a plain port")
async def test_tls_spoken_to_a_plain_port(transport):
    def plain(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    with WireServer(plain) as server:
        error = await failure_of(transport.send(request(server.url.replace("http:", "https:"))))
    assert error.phase == "tls"
    assert "http://" in str(error)


@row("plain HTTP spoken to a TLS port")
async def test_plain_http_spoken_to_a_tls_port(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        error = await failure_of(transport.send(request(server.url.replace("https:", "http:"))))
    assert error.phase == "first byte"


@row("TLS handshake that never ends: connect timeout")
async def test_tls_handshake_that_never_ends(transport):
    with WireServer(Peer.wait_for_hangup) as server:
        url = server.url.replace("http:", "https:")
        error = await failure_of(transport.send(request(url, connect=0.1)))
    assert isinstance(error, APITimeoutError)
    assert error.phase in ("tls", "connect")
