"""Responses that arrive as they should."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
import zlib

import brotli
import pytest
from backports import zstd

from antiphon.errors import APIConnectionError, APIResponseValidationError, ResponseTooLargeError
from tests.support.conformance import failure_of, responding, row
from tests.support.transport_kits import fetch, request, whole
from tests.support.wire_server import PATIENCE, Peer, Received, WireServer, forever


@row("bytes are given as they arrive")
async def test_bytes_are_given_as_they_arrive(transport):
    read = [threading.Event() for _ in range(3)]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for number, event in enumerate(read):
            peer.send(b"1\r\n%d\r\n" % number)
            assert event.wait(PATIENCE)
        peer.send(b"0\r\n\r\n")

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        for number, event in enumerate(read):
            assert await response.read(PATIENCE) == b"%d" % number
            event.set()
        assert await response.read(PATIENCE) == b""
        assert await response.read(PATIENCE) == b""
        await response.close()


@row("large bodies both ways")
async def test_large_bodies_both_ways(transport):
    large = os.urandom(3_000_000)
    sent = os.urandom(12_000_000)
    with WireServer(forever(lambda peer, received: peer.respond(large))) as server:
        response = await transport.send(request(server.url, sent))
        pieces = 0
        received = b""
        while piece := await response.read(PATIENCE):
            received += piece
            pieces += 1
        await response.close()
        assert received == large
        assert pieces > 10
        assert hashlib.sha256(server.requests[0].body).digest() == hashlib.sha256(sent).digest()
        assert await fetch(transport, server.url) == large
        assert server.connections == 1


@row("gzip and deflate are undone")
async def test_gzip_and_deflate_are_undone(transport):
    plain = b"some text " * 20_000
    encoded = {"/gzip": gzip.compress(plain), "/deflate": zlib.compress(plain)}

    def respond(peer: Peer, received: Received) -> None:
        peer.respond(
            encoded[received.target], headers=f"content-encoding: {received.target[1:]}\r\n"
        )

    with WireServer(forever(respond)) as server:
        for target in encoded:
            assert await fetch(transport, server.url + target) == plain
        accepted = server.requests[0].values("accept-encoding")[0]
        assert "gzip" in accepted


@row("gzip that arrives in pieces is given in pieces")
async def test_gzip_in_pieces_is_given_in_pieces(transport):
    encoder = zlib.compressobj(wbits=31)
    read = threading.Event()

    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
        )
        peer.send(chunk(encoder.compress(b"first") + encoder.flush(zlib.Z_SYNC_FLUSH)))
        assert read.wait(PATIENCE)
        peer.send(chunk(encoder.compress(b"second") + encoder.flush()) + b"0\r\n\r\n")

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        assert await response.read(PATIENCE) == b"first"
        read.set()
        assert await whole(response) == b"second"


@row("gzip that ends early is an error")
async def test_gzip_that_ends_early(transport):
    cut = gzip.compress(os.urandom(1000))[:-20]
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(cut)
    with responding(head + cut) as server:
        response = await transport.send(request(server.url))
        error = await failure_of(whole(response))
    assert error.phase == "body"


@row("an encoding that is unknown here: status and id are kept, no retry")
async def test_unknown_encoding(transport):
    head = (
        b"HTTP/1.1 500 Oops\r\ncontent-encoding: rot13\r\nrequest-id: req_1\r\n"
        b"content-length: 1\r\n\r\nx"
    )
    with responding(head) as server:
        response = await transport.send(request(server.url))
        assert response.head.status == 500
        with pytest.raises(APIResponseValidationError, match="rot13") as caught:
            await response.read(PATIENCE)
        await response.close()
    assert (caught.value.status_code, caught.value.request_id) == (500, "req_1")
    assert not isinstance(caught.value, APIConnectionError)


@row("br and zstd are undone where a library is installed; `none` is nothing")
async def test_unasked_encodings(transport):
    plain = b"some text " * 20_000
    encoded = {"br": brotli.compress(plain), "zstd": zstd.compress(plain), "none": plain}

    def respond(peer: Peer, received: Received) -> None:
        name = received.target[1:]
        peer.respond(encoded[name], headers=f"content-encoding: {name}\r\n")

    with WireServer(forever(respond)) as server:
        for name in encoded:
            assert await fetch(transport, f"{server.url}/{name}") == plain


@row("a body that expands more than 200:1 is an error, and never held whole")
async def test_expansion(transport):
    encoder = zlib.compressobj(9, wbits=31)
    bomb = b"".join(encoder.compress(bytes(1_000_000)) for _ in range(100)) + encoder.flush()

    def respond(peer: Peer, received: Received) -> None:
        peer.respond(bomb, headers="content-encoding: gzip\r\nrequest-id: req_1\r\n")

    with WireServer(forever(respond)) as server:
        response = await transport.send(request(server.url))
        size = 0
        with pytest.raises(ResponseTooLargeError, match="200 times") as caught:
            while piece := await response.read(PATIENCE):
                size += len(piece)
                assert len(piece) <= 200_000
        await response.close()
    assert size <= max(10_000_000, 200 * len(bomb))
    assert (caught.value.status_code, caught.value.request_id) == (200, "req_1")


@row("HTTP/1.0: the body ends with the connection")
async def test_http_1_0_body_ends_with_the_connection(transport):
    with responding(b"HTTP/1.0 200 OK\r\ncontent-type: x/y\r\n\r\nto the ", b"end") as server:
        response = await transport.send(request(server.url))
        assert response.head.http_version == "HTTP/1.0"
        assert await whole(response) == b"to the end"
        assert await fetch(transport, server.url) == b"to the end"


@row("responses without a body")
async def test_responses_without_a_body(transport):
    def respond(peer: Peer, received: Received) -> None:
        peer.send(b"HTTP/1.1 204 No Content\r\nx-y: z\r\n\r\n")

    with WireServer(forever(respond)) as server:
        for _ in range(2):
            response = await transport.send(request(server.url, b"", method="DELETE"))
            assert response.head.status == 204
            assert await whole(response) == b""
        assert server.connections == 1


@row("1xx responses are skipped")
async def test_interim_responses_are_skipped(transport):
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    with responding(interim, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as server:
        response = await transport.send(request(server.url))
        assert response.head.status == 200
        assert await whole(response) == b"ok"


@row("headers: repeated, empty, of 12 KiB, in any case")
async def test_unusual_headers(transport):
    odd = f"X-Two: a\r\nx-two: b\r\nx-empty:\r\nx-long: {'v' * 12_288}\r\nX-LATIN: caf\xe9\r\n"
    with WireServer(forever(lambda peer, received: peer.respond(headers=odd))) as server:
        response = await transport.send(request(server.url))
        headers = response.head.headers
        assert headers["x-TWO"] == "a, b"
        assert headers["x-empty"] == ""
        assert len(headers["x-long"]) == 12_288
        assert headers["x-latin"] == "caf\xe9"
        assert await whole(response) == b"ok"


@row("the request is sent as it was made")
async def test_request_is_sent_as_it_was_made(transport):
    headers = {"x-api-key": "sk-secret", "content-type": "application/json", "user-agent": "mine/1"}
    with WireServer() as server:
        await fetch(transport, f"{server.url}/v1/a%20b?beta=true&x=%2F", b"[1]", headers=headers)
        (received,) = server.requests
        assert (received.method, received.target) == ("POST", "/v1/a%20b?beta=true&x=%2F")
        assert received.body == b"[1]"
        assert received.values("host") == [f"127.0.0.1:{server.port}"]
        assert received.values("content-length") == ["3"]
        for name, value in headers.items():
            assert received.values(name) == [value]
        assert not received.values("cookie")


@row(
    "cookies are not kept",
    **dict.fromkeys(
        ("httpx2_sync", "httpx2_asyncio", "httpx2_trio"), "The client that you passed decides."
    ),
)
async def test_cookies_are_not_kept(transport):
    with WireServer(forever(lambda peer, _: peer.respond(headers="set-cookie: a=b\r\n"))) as server:
        await fetch(transport, server.url)
        await fetch(transport, server.url)
        assert not server.requests[1].values("cookie")
