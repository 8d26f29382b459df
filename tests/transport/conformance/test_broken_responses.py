"""Responses that break off or are not HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable

import anyio
import pytest

from antiphon.errors import APIConnectionError, APITimeoutError
from tests.support.conformance import failure_of, responding, row, seen
from tests.support.transport_kits import fetch, request
from tests.support.wire_server import PATIENCE, Peer, WireServer

CUTS = {
    "clean cut of a content-length": (b"content-length: 10\r\n\r\nhalf-",),
    "missing last chunk": (b"transfer-encoding: chunked\r\n\r\n5\r\nhalf-\r\n",),
    "cut within a chunk": (b"transfer-encoding: chunked\r\n\r\na\r\nhalf-",),
    "reset within a body": (b"content-length: 10\r\n\r\nhalf-", "reset"),
}


def cut_row(title: str) -> Callable[..., None]:
    head, *after = CUTS[title]

    @row(f"{title}: an error in phase body, what arrived is given")
    async def test(transport):
        read = threading.Event()

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\n" + head)
            read.wait(PATIENCE)
            if after:
                peer.reset()

        with WireServer(script) as server:
            response = await transport.send(request(server.url))
            arrived = await response.read(PATIENCE)
            while arrived != b"half-":
                arrived += await response.read(PATIENCE)
            read.set()
            error = await failure_of(response.read(PATIENCE))
        assert error.phase == "body"
        assert not isinstance(error, APITimeoutError)
        assert not error.stale

    return test


test_content_length_cut_short = cut_row("clean cut of a content-length")
test_last_chunk_missing = cut_row("missing last chunk")
test_chunk_cut_short = cut_row("cut within a chunk")
test_reset_in_body = cut_row("reset within a body")


@row("what arrived before a cut is given, however late it is read")
async def test_bytes_before_a_cut_are_given_to_a_late_reader(transport):
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nha")
        peer.send(b"lf-")
        peer.sock.close()
        closed.set()

    with WireServer(script) as server:
        response = await transport.send(request(server.url))
        await seen(closed)
        await anyio.wait_all_tasks_blocked()
        arrived = b""
        while len(arrived) < 5:
            arrived += await response.read(PATIENCE)
        assert arrived == b"half-"
        assert (await failure_of(response.read(PATIENCE))).phase == "body"


@row("closed without a response: phase first byte, not stale on a new connection")
async def test_closed_without_a_response(transport):
    with responding() as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "first byte"
    assert not error.stale


@row("what is not HTTP is an error")
async def test_bytes_that_are_not_http(transport):
    with responding(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "first byte"


@row("malformed chunks are an error")
async def test_malformed_chunks(transport):
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhalf"
    with responding(head, Peer.wait_for_hangup) as server, pytest.raises(APIConnectionError):
        await fetch(transport, server.url)
