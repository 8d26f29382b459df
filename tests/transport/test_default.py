"""Which transport a client gets, and when clients share one."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import weakref

import anyio
import httpx2
import pytest

from antiphon import AsyncClient, Client, DefaultHttpxClient, Timeout
from antiphon._transport import AsyncTransport, Transport
from antiphon._transport.default import async_transport_for, transport_for
from antiphon.errors import APIConnectionError
from antiphon.transport import Headers, Request, ResponseHead
from tests.support.scripted import AsyncClock, Clock
from tests.support.transport_kits import Threaded, fetch, request
from tests.support.wire_server import PATIENCE, Peer, Received, WireServer, forever


def test_clients_of_one_environment_share_a_transport():
    assert transport_for() is transport_for()
    assert isinstance(transport_for(), Transport)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE"])
def test_another_environment_is_another_transport(monkeypatch, variable):
    one = transport_for()
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv(variable, "http://proxy.test:3128")
        assert transport_for() is not one
    assert transport_for() is one


def test_a_transport_goes_with_its_last_client():
    transport = transport_for()
    with WireServer() as server:
        response = transport.send(request(server.url))
        while response.read(PATIENCE):
            pass
        response.close()
        gone = weakref.ref(transport)
        del transport, response
        gc.collect()
        assert gone() is None
        assert server.connections == 1


@pytest.mark.parametrize("http_client", [httpx2.Client(timeout=30), DefaultHttpxClient(timeout=30)])
def test_the_clocks_of_an_http_client_apply_unless_others_are_given(http_client):
    clocks = Timeout(total=None, connect=30, read=30, write=30, pool=30)
    client = Client(http_client=http_client)
    assert client.timeout == Client().with_options(http_client=http_client).timeout == clocks
    assert client.with_options(max_retries=0).timeout == clocks
    assert Client(http_client=http_client, timeout=None).timeout == Timeout.of(None)


@pytest.mark.parametrize("http_client", [httpx2.Client(), DefaultHttpxClient(), None])
def test_an_http_client_that_was_given_no_clocks_has_none(http_client):
    assert Client(http_client=http_client).timeout is Client().timeout


def test_async_clients_share_one_transport_over_all_loops():
    async def transport() -> AsyncTransport:
        return async_transport_for()

    assert anyio.run(transport) is anyio.run(transport)


def test_trio_is_served_through_httpx2():
    async def main() -> None:
        with WireServer() as server:
            transport = async_transport_for()
            assert await fetch(transport, server.url) == b"ok"
            assert await fetch(transport, server.url) == b"ok"

    anyio.run(main, backend="trio")


def test_making_a_client_loads_no_network_library():
    code = "import sys, antiphon; antiphon.Client(api_key='k'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(run.stdout.split()) & {"ssl", "urllib3", "http.client", "asyncio"}


COUNTED = b'{"input_tokens": 3}'


def deaf_to_the_second(peer: Peer) -> None:
    peer.request()
    peer.respond(COUNTED, headers="content-type: application/json\r\n")
    peer.request()


def test_a_stale_connection_costs_no_retry():
    with WireServer(deaf_to_the_second) as server:
        client = Client(base_url=server.url, api_key="k", max_retries=0)
        for _ in range(3):
            counted = client.messages.count_tokens(
                model="m", messages=[{"role": "user", "content": "Hello"}]
            )
            assert counted.input_tokens == 3
        assert server.connections == 3


def test_a_stale_connection_costs_no_retry_under_asyncio():
    async def main() -> None:
        client = AsyncClient(base_url=server.url, api_key="k", max_retries=0)
        for _ in range(3):
            counted = await client.messages.count_tokens(
                model="m", messages=[{"role": "user", "content": "Hello"}]
            )
            assert counted.input_tokens == 3

    with WireServer(deaf_to_the_second) as server:
        anyio.run(main)
        assert server.connections == 3


def test_a_transport_is_taken_as_it_is():
    transport = transport_for()
    assert transport_for(transport) is transport


def test_an_async_transport_is_taken_as_it_is():
    async def main() -> None:
        transport = async_transport_for()
        assert async_transport_for(transport) is transport

    anyio.run(main)


def test_a_client_of_the_user_carries_the_requests_and_stays_open():
    with WireServer() as server, httpx2.Client(headers={"x-mine": "1"}) as client:
        transport = transport_for(client)
        response = transport.send(request(server.url))
        assert response.read(PATIENCE) == b"ok"
        response.close()
        transport.close()
        assert not client.is_closed
        assert server.requests[0].values("x-mine") == ["1"]


def test_an_async_client_of_the_user_stays_open():
    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            transport = async_transport_for(client)
            assert await fetch(transport, server.url) == b"ok"
            await transport.close()
            assert not client.is_closed

    with WireServer() as server:
        anyio.run(main)


@pytest.mark.parametrize("kind", [httpx2.Client, httpx2.AsyncClient])
def test_the_credentials_of_the_users_client_stay_at_home(kind):
    def moved(peer: Peer, received: Received) -> None:
        peer.respond(status="307 Moved", headers=f"location: {other.url}/\r\n")

    async def main() -> None:
        client = kind(headers={"x-api-key": "sk-secret", "x-mine": "1"}, auth=("me", "pass"))
        if kind is httpx2.Client:
            with client:
                assert await fetch(Threaded(transport_for(client)), server.url, headers={}) == b"ok"
        else:
            async with client:
                assert await fetch(async_transport_for(client), server.url, headers={}) == b"ok"

    with WireServer() as other, WireServer(forever(moved)) as server:
        anyio.run(main)
        (first,), (last,) = server.requests, other.requests
        assert first.values("x-api-key") == ["sk-secret"]
        assert first.values("authorization") == ["Basic bWU6cGFzcw=="]
        assert not last.values("x-mine")
        assert not last.values("x-api-key")
        assert not last.values("authorization")


def test_a_closed_client_of_the_user_is_a_failed_connection_and_not_retried():
    http_client = httpx2.Client()
    http_client.close()
    client = Client(base_url="http://127.0.0.1:9", api_key="k", http_client=http_client)
    with pytest.raises(APIConnectionError, match="closed") as caught:
        client.messages.count_tokens(model="m", messages=[])
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert len(caught.value.attempts) == 1


class Broken:
    """A transport of a user that raises; its response raises in its turn."""

    def __init__(self, *, send: Exception | None = None, read: Exception | None = None) -> None:
        self.failures = (send, read)
        self.clock = Clock()  # waiting between attempts takes no time
        self.sent = 0
        self.head = ResponseHead(200, Headers())

    def send(self, request: Request) -> Broken:
        self.sent += 1
        return self._fail(0)

    def read(self, timeout: float | None) -> Broken:
        return self._fail(1)

    def _fail(self, step: int) -> Broken:
        if failure := self.failures[step]:
            raise failure
        return self

    def close(self) -> None: ...


class AsyncBroken:
    """`Broken`, awaited."""

    def __init__(self, **failures: Exception) -> None:
        self.broken = Broken(**failures)
        self.clock = AsyncClock(self.broken.clock)
        self.head = self.broken.head

    async def send(self, request: Request) -> AsyncBroken:
        self.broken.send(request)
        return self

    async def read(self, timeout: float | None) -> Broken:
        return self.broken.read(timeout)

    async def close(self) -> None: ...


FAILURES = [
    (OSError("no route"), 3),
    (EOFError("gone"), 3),
    (AssertionError("no recorded request fits"), 1),
    (TypeError("not bytes"), 1),
    (RuntimeError("the network is blocked"), 1),
]


@pytest.mark.parametrize("step", ["send", "read"])
@pytest.mark.parametrize(("failure", "attempts"), FAILURES)
def test_exceptions_of_a_users_transport_are_failed_connections(step, failure, attempts):
    transport = Broken(**{step: failure})
    client = Client(api_key="k", http_client=transport)
    with pytest.raises(APIConnectionError, match=str(failure)) as caught:
        client.messages.count_tokens(model="m", messages=[])
    assert caught.value.__cause__ is failure
    assert caught.value.phase == ("first byte" if step == "send" else "body")
    assert transport.sent == len(caught.value.attempts) == attempts


@pytest.mark.parametrize("step", ["send", "read"])
@pytest.mark.parametrize(("failure", "attempts"), FAILURES)
def test_exceptions_of_a_users_async_transport_are_failed_connections(step, failure, attempts):
    transport = AsyncBroken(**{step: failure})

    async def main() -> None:
        client = AsyncClient(api_key="k", http_client=transport)
        with pytest.raises(APIConnectionError, match=str(failure)) as caught:
            await client.messages.count_tokens(model="m", messages=[])
        assert caught.value.__cause__ is failure

    anyio.run(main)
    assert transport.broken.sent == attempts


def test_what_a_guard_of_the_network_raises_is_a_failed_connection(monkeypatch):
    class BlockedSocket(socket.socket):
        def __init__(self, *args: object) -> None:
            raise RuntimeError("sockets are blocked in tests")

    monkeypatch.setattr(socket, "socket", BlockedSocket)
    with pytest.raises(APIConnectionError, match="sockets are blocked") as caught:
        transport_for().send(request("http://127.0.0.1:9/"))
    assert caught.value.phase == "connect"
    assert not caught.value.transient


class AsyncOnly:
    async def send(self, request: object) -> object: ...

    async def close(self) -> None: ...


class SyncOnly:
    def send(self, request: object) -> object: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("choose", [transport_for, async_transport_for])
@pytest.mark.parametrize("kind", [httpx2.Client, httpx2.AsyncClient, SyncOnly, AsyncOnly])
def test_a_class_in_place_of_an_instance_is_refused(choose, kind):
    with pytest.raises(
        TypeError, match=f"^Invalid `http_client` argument: {kind.__name__} is a class"
    ):
        choose(kind)


class RequestsSession(SyncOnly):
    """What `requests.Session` looks like."""

    def prepare_request(self, request: object) -> object: ...


def test_a_session_of_requests_is_refused():
    with pytest.raises(
        TypeError, match=r"^Invalid `http_client` argument: .* is a session of requests"
    ):
        transport_for(RequestsSession())


def test_a_transport_whose_response_is_none_is_a_failed_connection():
    client = Client(api_key="k", http_client=SyncOnly())
    with pytest.raises(APIConnectionError) as caught:
        client.messages.count_tokens(model="m", messages=[])
    assert isinstance(caught.value.__cause__, AttributeError)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (httpx2.AsyncClient, "httpx2.Client"),
        (AsyncOnly, "AsyncClient"),
        (object, "httpx2.Client"),
    ],
)
def test_a_sync_client_refuses_what_cannot_carry_its_requests(made, words):
    with pytest.raises(TypeError, match=f"^Invalid `http_client` argument: .*{words}"):
        transport_for(made())


@pytest.mark.parametrize(
    ("made", "words"),
    [(httpx2.Client, "httpx2.AsyncClient"), (SyncOnly, "Client"), (object, "httpx2.AsyncClient")],
)
def test_an_async_client_refuses_what_cannot_carry_its_requests(made, words):
    with pytest.raises(TypeError, match=f"^Invalid `http_client` argument: .*{words}"):
        async_transport_for(made())
