"""Recorders and mocks of other libraries see the requests of our transports, or stop them."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import sys
import urllib.request
from types import ModuleType
from typing import Any

import httpx2
import pytest
import vcr

from antiphon import APIConnectionError, AsyncClient, Client
from antiphon._transport.recorders import recorder_for
from tests.support.transport_kits import request
from tests.support.wire_server import ConnectProxy, Peer, Received, WireServer, forever

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def count(peer: Peer, received: Received) -> None:
    """Respond with the number of the request, compressed."""
    body = gzip.compress(json.dumps({"input_tokens": len(peer.server.requests)}).encode())
    peer.respond(body, headers="content-type: application/json\r\ncontent-encoding: gzip\r\n")


def counted(url: str) -> int:
    client = Client(api_key="sk-secret", base_url=url, max_retries=0, allow_plain_http=True)
    return client.messages.count_tokens(**ASK).input_tokens


async def async_counted(url: str) -> int:
    client = AsyncClient(api_key="sk-secret", base_url=url, max_retries=0, allow_plain_http=True)
    return (await client.messages.count_tokens(**ASK)).input_tokens


@pytest.fixture
def tape(tmp_path):
    """The path of a cassette."""
    return str(tmp_path / "tape.yaml")


@pytest.mark.parametrize("used_before", [False, True])
def test_a_cassette_records_and_replays_and_the_next_call_is_real_again(tape, used_before):
    with WireServer(forever(count)) as server:
        real = [counted(server.url)] if used_before else []
        with vcr.use_cassette(tape):
            recorded = counted(server.url)
        real.append(counted(server.url))
        with vcr.use_cassette(tape, record_mode="none"):
            assert counted(server.url) == recorded
        assert len(server.requests) == len(real) + 1


def test_a_cassette_replays_for_the_async_client(tape):
    with WireServer(forever(count)) as server:
        with vcr.use_cassette(tape):
            recorded = asyncio.run(async_counted(server.url))
        with vcr.use_cassette(tape, record_mode="none"):
            assert asyncio.run(async_counted(server.url)) == recorded
        assert len(server.requests) == 1


def test_a_request_that_a_cassette_does_not_have_is_a_failed_connection_and_not_retried(tape):
    with vcr.use_cassette(tape, record_mode="none"):
        client = Client(api_key="sk-secret", base_url="http://api.test", allow_plain_http=True)
        with pytest.raises(APIConnectionError, match="recorded") as caught:
            client.messages.count_tokens(**ASK)
    assert len(caught.value.attempts) == 1


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "recorded"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
STRICT = vcr.VCR(match_on=["method", "uri", "body"])


def record(tape: str, query: str, asked: dict[str, Any]) -> str:
    """Record a plain message for what another client asks; return the server's address."""

    def answer(peer: Peer, received: Received) -> None:
        peer.respond(json.dumps(MESSAGE).encode(), headers="content-type: application/json\r\n")

    with WireServer(forever(answer)) as server, STRICT.use_cassette(tape):
        body = json.dumps(asked).encode()
        sent = urllib.request.Request(
            f"{server.url}/v1/messages{query}", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(sent) as response:
            response.read()
        return server.url


@pytest.mark.parametrize("beta", [False, True])
@pytest.mark.parametrize("max_tokens", [100, 30_000])
def test_what_an_official_client_recorded_is_found_in_its_form(tape, beta, max_tokens):
    """Before 2.3 it marked the URLs of betas, and it never streams what a program waits for."""
    asked = {**ASK, "max_tokens": max_tokens}
    url = record(tape, "?beta=true" if beta else "", asked)
    client, asynchronous = (kind(api_key="k", base_url=url) for kind in (Client, AsyncClient))
    with STRICT.use_cassette(tape, record_mode="none", allow_playback_repeats=True):
        messages = client.beta.messages if beta else client.messages
        assert messages.create(**asked).text == "recorded"
        messages = asynchronous.beta.messages if beta else asynchronous.messages
        assert asyncio.run(messages.create(**asked)).text == "recorded"


def test_what_nobody_recorded_is_refused_in_the_form_in_which_it_was_sent(tape):
    url = record(tape, "?beta=true", {**ASK, "max_tokens": 100})
    client = Client(api_key="k", base_url=url)
    refused = pytest.raises(APIConnectionError, match="recorded")
    with STRICT.use_cassette(tape, record_mode="none"), refused as caught:
        client.messages.create(**ASK, max_tokens=101)
    assert caught.value.request.url == f"{url}/v1/messages"


@pytest.mark.usefixtures("trusted")
def test_what_is_recorded_may_go_through_tls_and_a_proxy(tape, proxied):
    from tests.support.certificates import certified

    with (
        WireServer(forever(count), tls=certified("api.test")) as server,
        ConnectProxy("Basic bWU6cGFzcyB3b3Jk") as proxy,
        vcr.use_cassette(tape) as cassette,
    ):
        proxied(proxy, "me:pass%20word@")
        assert counted(f"https://api.test:{server.port}") == 1
        assert len(cassette) == len(proxy.requests) == 1


def test_other_replacements_of_the_standard_library_are_seen_too(monkeypatch):
    class Replaced(http.client.HTTPConnection):
        pass

    assert recorder_for(request("http://api.test/")) is None
    monkeypatch.setattr(http.client, "HTTPConnection", Replaced)
    assert recorder_for(request("http://api.test/")) is not None


def test_a_mock_of_httpx_is_given_the_requests(monkeypatch):
    def handle_request(transport: object, sent: httpx2.Request) -> httpx2.Response:
        assert sent.url == "http://api.test/v1/messages/count_tokens"
        return httpx2.Response(200, json={"input_tokens": 7})

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", handle_request)
    assert counted("http://api.test") == 7


def test_a_mock_of_async_httpx_is_given_the_requests(monkeypatch):
    async def handle(transport: object, sent: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"input_tokens": 7})

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", handle)
    assert asyncio.run(async_counted("http://api.test")) == 7


@pytest.fixture
def requests_is_mocked(monkeypatch):
    """What `responses` does, without `requests`."""

    def send(adapter: object, request: object) -> None: ...

    module = ModuleType("requests.adapters")
    module.HTTPAdapter = type("HTTPAdapter", (), {"send": send})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "requests", ModuleType("requests"))
    monkeypatch.setitem(sys.modules, "requests.adapters", module)


@pytest.mark.usefixtures("requests_is_mocked")
def test_a_mock_of_requests_stops_what_it_cannot_see():
    with pytest.raises(APIConnectionError, match="responses") as caught:
        counted("http://api.test")
    assert not caught.value.transient
    with pytest.raises(APIConnectionError, match="responses"):
        asyncio.run(async_counted("http://api.test"))


@pytest.mark.usefixtures("requests_is_mocked")
def test_a_mock_of_requests_does_not_stop_what_stays_on_this_machine():
    with WireServer(forever(count)) as server:
        assert counted(server.url) == 1
