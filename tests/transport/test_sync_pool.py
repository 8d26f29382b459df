"""When a connection of the sync pool goes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon import Client
from antiphon._transport.sync_pool import SyncResponse, SyncTransport
from tests.support.transport_kits import request
from tests.support.wire_server import PATIENCE, Peer, WireServer, respond_to_all


@pytest.fixture
def transport() -> Iterator[SyncTransport]:
    made = SyncTransport(max_connections=1)
    yield made
    made.close()


def test_the_last_byte_of_a_body_gives_the_connection_back(transport):
    with WireServer(respond_to_all) as server:
        first = transport.send(request(server.url))
        assert not first.head.body_ended
        assert first.read(PATIENCE) == b"ok"
        assert first.head.body_ended
        second = transport.send(request(server.url))  # would wait if the first still held it
        assert [first.read(PATIENCE), second.read(PATIENCE)] == [b"", b"ok"]
        assert server.connections == 1


def test_closing_in_the_moment_of_the_last_byte_spoils_no_other_call(transport):
    """One thread reads the end while another closes: the connection may serve the next call."""

    class Busy:
        """A lock of a reader that ends its body just when somebody else finds the lock taken."""

        def __init__(self, response: SyncResponse) -> None:
            self._response = response
            self._lock = response._reading

        def acquire(self, *, blocking: bool) -> bool:
            assert not blocking
            self._response._reading = self._lock
            assert self._response.read(PATIENCE) == b"ok"
            others.append(transport.send(request(server.url)))
            return False

    def script(peer: Peer) -> None:
        peer.request()
        peer.respond()
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
        assert closed.wait(PATIENCE)
        peer.send(b"ok")

    others: list[Any] = []
    closed = threading.Event()
    with WireServer(script) as server:
        response = transport.send(request(server.url))
        assert isinstance(response, SyncResponse)
        response._reading = Busy(response)  # type: ignore[assignment]
        response.close()
        closed.set()
        assert others[0].read(PATIENCE) == b"ok"


def test_a_transport_around_another_may_give_its_body_in_other_pieces(transport):
    class Byte:
        """A response in single bytes, with the head of the one that it is made from."""

        def __init__(self, inner: Any) -> None:
            self.head = inner.head
            self._inner = inner
            self._left = b""

        def read(self, timeout: float | None) -> bytes:
            self._left = self._left or self._inner.read(timeout)
            byte, self._left = self._left[:1], self._left[1:]
            return byte

        def close(self) -> None:
            self._inner.close()

    class Bytes:
        def send(self, request: Any) -> Byte:
            return Byte(transport.send(request))

        def close(self) -> None:
            pass

    with WireServer(
        lambda peer: [peer.request(), peer.respond(b'{"input_tokens": 1234}')]
    ) as server:
        client = Client(api_key="k", base_url=server.url, http_client=Bytes())
        counted = client.messages.count_tokens(
            model="m", messages=[{"role": "user", "content": ""}]
        )
        assert counted.input_tokens == 1234
