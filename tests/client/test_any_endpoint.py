"""Endpoints without a method, keys that a function gives, headers of the environment."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from antiphon import (
    APIResponseValidationError,
    AsyncClient,
    AuthenticationError,
    Client,
    Timeout,
    omit,
)
from antiphon.types import Message
from tests.support.scripted import Answer, AsyncScripted, Scripted, broken
from tests.support.stream_events import STREAMS

JSON = ("content-type", "application/json")
ASK = {
    "model": "claude-haiku-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hi"}],
}


def answered(body: Any = None, status: int = 200) -> Answer:
    return Answer(json.dumps(body or {"a": 1}).encode(), status=status, headers=(JSON,))


def unauthorized() -> Answer:
    error = {"type": "authentication_error", "message": "invalid x-api-key"}
    return answered({"type": "error", "error": error}, status=401)


class Thing(BaseModel):
    a: int


@pytest.mark.parametrize(
    ("cast_to", "result"),
    [
        (object, {"a": 1}),
        (dict, {"a": 1}),
        (str, '{"a": 1}'),
        (bytes, b'{"a": 1}'),
        (Thing, Thing(a=1)),
        (dict[str, int], {"a": 1}),
        (type(None), None),
    ],
)
def test_a_result_is_cast(cast_to, result):
    client = Client(api_key="k", http_client=Scripted(answered()))
    assert client.get("/v1/things", cast_to=cast_to) == result


def test_a_body_that_does_not_fit_the_type_is_an_error():
    client = Client(api_key="k", http_client=Scripted(answered({"b": 2})))
    with pytest.raises(APIResponseValidationError):
        client.get("/v1/things", cast_to=Thing)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_methods_send_their_body_with_the_settings_of_the_client(method):
    transport = Scripted(answered())
    client = Client(api_key="k", http_client=transport, default_query={"d": 1})
    getattr(client, method)(
        "/v1/things",
        cast_to=object,
        body={"b": [1]},
        options={
            "headers": {"X-A": "1", "user-agent": omit},
            "params": {"q": "x"},
            "timeout": 3,
            "extra_json": {"c": None},
        },
    )
    (request,) = transport.requests
    assert request.method == method.upper()
    assert request.url.endswith("/v1/things?d=1&q=x")
    assert json.loads(request.body) == {"b": [1], "c": None}
    assert (request.headers["x-a"], request.headers["x-api-key"]) == ("1", "k")
    assert "user-agent" not in request.headers
    assert request.timeout == Timeout.of(3)


@pytest.mark.parametrize(("body", "sent"), [(b"raw", b"raw"), ([1, 2], b"[1,2]"), (None, b"")])
def test_other_bodies_are_sent_as_they_are_or_as_json(body, sent):
    transport = Scripted(answered())
    Client(api_key="k", http_client=transport).post("/v1/x", cast_to=object, body=body)
    assert transport.requests[0].body == sent


def test_messages_can_be_posted(server):
    client = Client(api_key="k", base_url=server.url)
    assert client.post("/v1/messages", cast_to=Message, body=ASK).text
    stream: Any = client.post(
        "/v1/messages", cast_to=object, body={**ASK, "stream": True}, stream=True
    )
    assert next(stream).type == "message_start"
    stream.close()
    assert client.get("/v1/models", cast_to=object)["data"]


def test_retries_of_one_request():
    transport = Scripted(broken(), answered())
    client = Client(api_key="k", http_client=transport, max_retries=0)
    assert client.get("/v1/x", cast_to=object, options={"max_retries": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("path", "options", "error", "words"),
    [
        ("https://evil.example/x", {}, ValueError, "begin with a slash"),
        ("/v1/x", {"tiemout": 3}, TypeError, "'tiemout'"),
    ],
)
def test_wrong_arguments_are_named(path, options, error, words):
    with pytest.raises(error, match=words):
        Client(api_key="k", http_client=Scripted()).get(path, cast_to=object, options=options)


def test_the_same_asynchronously(server):
    async def main() -> str:
        client = AsyncClient(api_key="k", base_url=server.url)
        return (await client.post("/v1/messages", cast_to=Message, body=ASK)).text

    assert asyncio.run(main())


# Keys that a function gives


def keys(*given: str):
    rest = iter(given)
    return lambda: next(rest)


def test_a_function_gives_the_key_of_each_call():
    transport = Scripted(answered(), answered())
    client = Client(api_key=keys("one", "two"), http_client=transport)
    for _ in range(2):
        client.get("/v1/x", cast_to=object)
    assert [request.headers["x-api-key"] for request in transport.requests] == ["one", "two"]
    assert client.api_key is None


def test_it_is_asked_once_more_after_a_401():
    transport = Scripted(unauthorized(), answered())
    client = Client(auth_token=keys("old", "new"), http_client=transport, max_retries=0)
    assert client.get("/v1/x", cast_to=object) == {"a": 1}
    sent = [request.headers["authorization"] for request in transport.requests]
    assert sent == ["Bearer old", "Bearer new"]


def test_a_second_401_is_raised_with_both_attempts():
    transport = Scripted(unauthorized(), unauthorized())
    client = Client(api_key=keys("a", "b", "c"), http_client=transport)
    with pytest.raises(AuthenticationError) as caught:
        client.get("/v1/x", cast_to=object)
    assert len(caught.value.attempts) == 2


def test_a_401_of_a_plain_key_is_not_tried_again():
    transport = Scripted(unauthorized())
    with pytest.raises(AuthenticationError) as caught:
        Client(api_key="k", http_client=transport).get("/v1/x", cast_to=object)
    assert len(caught.value.attempts) == 1


def test_an_async_function_gives_the_key():
    async def key() -> str:
        return "mine"

    async def main() -> Any:
        transport = AsyncScripted(answered(), Answer(STREAMS["text"]))
        client = AsyncClient(api_key=key, http_client=transport)
        await client.get("/v1/x", cast_to=object)
        async with client.messages.stream(**ASK) as stream:
            await stream.until_done()
        return [request.headers["x-api-key"] for request in transport.played.requests]

    assert asyncio.run(main()) == ["mine", "mine"]
    with pytest.raises(TypeError, match="pass it to AsyncClient"):
        Client(api_key=key, http_client=Scripted()).get("/v1/x", cast_to=object)


@pytest.mark.parametrize(("given", "error"), [(3, TypeError), ("a b", ValueError)])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(given, error):
    client = Client(api_key=lambda: given, http_client=Scripted())
    with pytest.raises(error, match=r"api_key\(\)") as caught:
        client.get("/v1/x", cast_to=object)
    assert "a b" not in str(caught.value)


def test_a_failure_of_the_function_is_raised_as_it_is():
    def fail() -> str:
        raise LookupError("no vault")

    with pytest.raises(LookupError, match="no vault"):
        Client(api_key=fail, http_client=Scripted()).get("/v1/x", cast_to=object)


# Headers of the environment


def test_the_environment_adds_headers(monkeypatch):
    lines = "X-A: 1\r\n x-b :  two words \nno colon here\nx-c:\nX-Api-Key: from-env"
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", lines)
    transport = Scripted(answered())
    client = Client(default_headers={"x-a": "client"}, http_client=transport)
    client.get("/v1/x", cast_to=object)
    headers = transport.requests[0].headers
    assert (headers["x-a"], headers["x-b"], headers["x-c"]) == ("client", "two words", "")
    assert headers["x-api-key"] == "from-env"


def test_a_wrong_header_of_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x a: 1")
    with pytest.raises(ValueError, match="ANTHROPIC_CUSTOM_HEADERS"):
        Client(api_key="k")
