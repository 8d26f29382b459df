"""How much of a response is taken in, and keys over plain http."""

from __future__ import annotations

import asyncio
import json

import pytest

from antiphon import (
    AsyncClient,
    BadRequestError,
    Client,
    InternalServerError,
    ResponseTooLargeError,
)
from antiphon._core import call
from antiphon._transport import plain_http
from antiphon.transport import PlainHTTPWarning
from tests.support.scripted import Answer, AsyncScripted, Scripted

JSON = ("content-type", "application/json")
ASK = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m"}
KILOBYTE = b" " * 1024


def large(*, status: int = 200, kilobytes: int = 3) -> Answer:
    body = json.dumps(MESSAGE).encode()
    return Answer(body, *[KILOBYTE] * kilobytes, status=status, headers=(JSON,))


def test_a_response_that_is_too_large_is_not_taken_in():
    transport = Scripted(large(kilobytes=100))
    client = Client(api_key="k", http_client=transport, max_response_bytes=2048)
    with pytest.raises(ResponseTooLargeError, match="larger than 2048 bytes") as caught:
        client.messages.create(**ASK)
    assert caught.value.request_id == "req_s"
    assert caught.value.status_code == 200
    assert len(caught.value.attempts) == 1
    (reply,) = transport.replies
    assert len(reply.parts) > 90
    assert reply.closed


def test_the_same_asynchronously():
    transport = AsyncScripted(large())
    client = AsyncClient(api_key="k", http_client=transport, max_response_bytes=2048)
    with pytest.raises(ResponseTooLargeError):
        asyncio.run(client.messages.create(**ASK))


@pytest.mark.parametrize("limit", [4096, None])
def test_a_response_within_the_limit_is_taken_in(limit):
    client = Client(api_key="k", http_client=Scripted(large()), max_response_bytes=limit)
    assert client.messages.create(**ASK).id == "msg_1"


def test_downloads_have_no_limit():
    client = Client(api_key="k", http_client=Scripted(large()), max_response_bytes=10)
    assert len(list(client.files.download("file_1").iter_bytes())) == 4


def test_of_an_error_the_first_megabyte_is_kept():
    transport = Scripted(large(status=500, kilobytes=3000))
    client = Client(api_key="k", http_client=transport, max_retries=0, max_response_bytes=10)
    with pytest.raises(InternalServerError) as caught:
        client.messages.create(**ASK)
    assert 1024 * 1024 < len(caught.value.response.content) < 1026 * 1024
    assert len(transport.replies[0].parts) > 1900


def test_an_error_of_usual_size_keeps_its_text():
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    transport = Scripted(Answer(json.dumps(error).encode(), status=400, headers=(JSON,)))
    with pytest.raises(BadRequestError, match="no"):
        Client(api_key="k", http_client=transport, max_response_bytes=1).messages.create(**ASK)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1 MB"])
def test_a_limit_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match="max_response_bytes"):
        Client(api_key="k", max_response_bytes=value)


@pytest.fixture
def nothing_warned_yet(monkeypatch):
    monkeypatch.setattr(call, "_checked_origins", set())
    monkeypatch.setattr(plain_http, "_warned", set())


def test_a_key_over_plain_http_is_warned_of_once(nothing_warned_yet):
    transport = Scripted(large(), large(), large())
    client = Client(api_key="sk-secret", base_url="http://gateway:8080", http_client=transport)
    with pytest.warns(PlainHTTPWarning, match=r"gateway:8080 .* allow_plain_http=True") as caught:
        client.messages.create(**ASK)
    assert caught[0].filename == __file__
    assert "sk-secret" not in str(caught[0].message)
    client.messages.create(**ASK)
    client.with_options(base_url="http://127.0.0.1:9").messages.create(**ASK)


def test_the_warning_can_be_silenced(nothing_warned_yet):
    transport = Scripted(large())
    settings = {"base_url": "http://gateway", "allow_plain_http": True}
    assert Client(api_key="k", http_client=transport, **settings).messages.create(**ASK).id
