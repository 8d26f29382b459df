"""respx, pytest-httpx, responses, requests-mock and unittest.mock."""

import asyncio
from unittest import mock

import httpx
import httpx2
import pytest
import requests_mock
import responses
import respx
from counter import ASK, async_call, call, start

import antiphon

API = "http://api.test"


@respx.mock
def test_respx():
    route = respx.post(f"{API}/v1/messages/count_tokens")
    route.mock(return_value=httpx.Response(200, json={"input_tokens": 5}))
    assert call(API) == call(API, http_client=httpx.Client()) == 5
    assert asyncio.run(async_call(API)) == 5


@respx.mock
def test_respx_without_a_route():
    with pytest.raises(antiphon.APIConnectionError) as caught:
        call(API)
    assert len(caught.value.attempts) == 1


def test_pytest_httpx(httpx_mock):
    httpx_mock.add_response(json={"input_tokens": 6}, is_reusable=True)
    assert call(API) == 6
    assert asyncio.run(async_call(API)) == 6


@responses.activate
def test_responses_stops_the_call():
    with pytest.raises(antiphon.APIConnectionError, match="responses"):
        call(API)
    assert call(start())


def test_requests_mock_stops_the_call():
    with (
        requests_mock.Mocker(),
        pytest.raises(antiphon.APIConnectionError, match="requests-mock"),
    ):
        call(API)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_mock_transports(library):
    transport = library.MockTransport(lambda _: library.Response(200, json={"input_tokens": 8}))
    assert call(API, http_client=library.Client(transport=transport)) == 8


def test_unittest_mock():
    client = antiphon.Client(api_key="k", base_url=API)
    with mock.patch.object(client.messages, "count_tokens") as patched:
        client.messages.count_tokens(**ASK)
    assert patched.called
    with (
        mock.patch("socket.socket.connect", side_effect=RuntimeError("no network")),
        pytest.raises(antiphon.APIConnectionError, match="no network"),
    ):
        call("http://127.0.0.1:9")
