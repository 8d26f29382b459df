"""Clients, streams and responses behave as Python objects: patched, copied, pickled, subclassed."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import pickle
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import httpx2
import pytest

from antiphon import (
    APIResponse,
    APIStatusError,
    AsyncClient,
    AsyncMessageStream,
    AsyncMessageStreamManager,
    AsyncStream,
    Client,
    CredentialsError,
    MessageStream,
    MessageStreamManager,
    Stream,
    Timeout,
    omit,
)
from antiphon.types import Message, RawMessageStreamEvent, ThinkingDelta
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.stream_events import STREAMS

ASK = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
JSON = ("content-type", "application/json")
KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])


def answered(**fields) -> Answer:
    return Answer(json.dumps({**MESSAGE, **fields}).encode(), headers=(JSON,))


def streamed() -> Answer:
    return Answer(STREAMS["text"])


def refused() -> Answer:
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}
    return Answer(json.dumps(body).encode(), status=400, headers=(JSON,))


# Patching


@KINDS
def test_the_messages_of_a_client_are_one_object(kind):
    client = kind(api_key="k")
    assert client.messages is client.messages
    assert client.messages.with_raw_response is client.messages.with_raw_response
    assert client.messages.with_streaming_response is client.messages.with_streaming_response


def test_a_patched_method_is_called_and_no_request_goes_out():
    transport = Scripted()
    client = Client(api_key="k", http_client=transport)
    with patch.object(client.messages, "create", return_value="fake"):
        assert client.messages.create(**ASK) == "fake"
    client.messages.create = MagicMock(return_value="other")
    assert client.messages.create(**ASK) == "other"
    assert transport.requests == []


def test_a_patched_async_method_is_awaited():
    client = AsyncClient(api_key="k", http_client=AsyncScripted())
    with patch.object(client.messages, "create", return_value="fake") as create:
        assert isinstance(create, AsyncMock)
        assert asyncio.run(client.messages.create(**ASK)) == "fake"


def test_a_method_patched_on_the_class_is_called():
    with patch("antiphon.Messages.create", return_value="fake"):
        assert Client(api_key="k").messages.create(**ASK) == "fake"


def test_a_patched_raw_view_is_used():
    client = Client(api_key="k", http_client=Scripted())
    client.messages.with_raw_response.create = MagicMock(return_value="fake")
    assert client.messages.with_raw_response.create(**ASK) == "fake"


# Settings


@KINDS
def test_settings_can_be_read(kind):
    client = kind(
        api_key="k",
        base_url="http://127.0.0.1:8080/base",
        timeout=7,
        max_retries=5,
        default_headers={"x-team": "search", "user-agent": omit},
        default_query={"a": "1"},
    )
    assert (client.api_key, client.auth_token, client.max_retries) == ("k", None, 5)
    assert client.base_url == "http://127.0.0.1:8080/base"
    url = client.base_url
    assert (url.scheme, url.host, url.port, url.path) == ("http", "127.0.0.1", 8080, "/base")
    assert client.timeout == Timeout.of(7)
    assert client.default_headers["anthropic-version"] == "2023-06-01"
    assert client.default_headers["x-team"] == "search"
    assert client.default_query == {"a": "1"}
    assert kind(auth_token="t").auth_token == "t"
    assert kind(auth_token="t").api_key is None


def test_settings_that_are_changed_hold_for_the_next_call():
    transport = Scripted(answered(), answered(), answered())
    client = Client(api_key="old", http_client=transport)
    messages = client.messages
    messages.create(**ASK)
    client.api_key = "new"
    client.base_url = "https://gateway/base/"
    client.timeout = 3
    client.max_retries = 0
    client.default_headers = {"x-team": "search"}
    client.default_query = {"a": "1"}
    messages.create(**ASK)
    client.auth_token = "token"
    messages.create(**ASK)
    first, second, third = transport.requests
    assert first.headers["x-api-key"] == "old"
    assert second.headers["x-api-key"] == "new"
    assert second.url == "https://gateway/base/v1/messages?a=1"
    assert second.headers["x-team"] == "search"
    assert second.timeout == Timeout.of(3)
    assert third.headers["authorization"] == "Bearer token"
    assert "x-api-key" not in third.headers


def test_a_key_that_is_taken_away_is_not_sent():
    client = Client(api_key="k", http_client=Scripted())
    client.api_key = None
    with pytest.raises(CredentialsError):
        client.messages.create(**ASK)


def test_default_headers_refuse_to_be_changed_in_place():
    client = Client(api_key="k")
    with pytest.raises(TypeError):
        client.default_headers["x"] = "1"
    assert "x-api-key" not in client.default_headers


@KINDS
def test_a_misspelt_setting_names_the_nearest_one(kind):
    client = kind(api_key="k")
    with pytest.raises(AttributeError, match=r"'api_kye'; did you mean 'api_key'"):
        client.api_kye = "new"
    with pytest.raises(AttributeError, match="no setting 'colour'"):
        client.colour = "red"
    client._own = 1
    client.messages = "patched"
    assert (client._own, client.messages) == (1, "patched")


@KINDS
def test_a_wrong_value_names_the_setting(kind):
    client = kind(api_key="k")
    with pytest.raises(ValueError, match="max_retries"):
        client.max_retries = -1
    assert client.max_retries == 2


@KINDS
def test_no_setting_shows_the_key(kind):
    client = kind(api_key="sk-secret", default_headers={"Authorization": "Bearer sk-other"})
    shown = f"{client!r} {client.default_headers!r} {client._session.options!r} {vars(client)!r}"
    assert "sk-" not in shown


# Copies and pickles


@KINDS
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_credential_and_has_settings_of_its_own(kind, copied):
    client = kind(api_key="k", timeout=3)
    assert client.messages  # what a call needs was made
    twin = copied(client)
    assert (twin.api_key, twin.timeout) == ("k", Timeout.of(3))
    assert twin.messages is not client.messages
    twin.api_key = "other"
    assert client.api_key == "k"


def test_a_client_is_copied_after_its_first_call(server):
    client = Client(api_key="k", base_url=server.url)
    ask = {**ASK, "model": "claude-haiku-4-5"}
    assert client.messages.create(**ask).text
    assert copy.deepcopy(client).messages.create(**ask).text


@KINDS
def test_a_pickle_holds_no_key_and_finds_one_in_the_environment(kind, monkeypatch):
    client = kind(api_key="sk-secret", base_url="http://localhost:1", max_retries=4)
    views = (client, client.messages, client.messages.with_raw_response)
    stored = [pickle.dumps(thing) for thing in views]
    assert all(b"sk-secret" not in each for each in stored)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-found")
    loaded = pickle.loads(stored[0])
    assert (loaded.api_key, loaded.max_retries) == ("sk-found", 4)
    assert loaded.base_url == "http://localhost:1"


def test_a_loaded_client_without_a_key_says_so_at_its_first_call(server):
    client = pickle.loads(pickle.dumps(Client(api_key="k", base_url=server.url)))
    ask = {**ASK, "model": "claude-haiku-4-5"}
    with pytest.raises(CredentialsError, match="pickle"):
        client.messages.create(**ask)
    client.api_key = "k"
    assert client.messages.create(**ask).text


def test_a_client_with_a_transport_of_its_own_refuses_to_be_pickled():
    client = Client(api_key="k", http_client=Scripted())
    with pytest.raises(TypeError, match="http_client"):
        pickle.dumps(client)
    assert copy.deepcopy(client)._session.http_client is client._session.http_client


# Subclasses


class Tenant(Client):
    def __init__(self, tenant: str, **settings) -> None:
        super().__init__(**settings)
        self.tenant = tenant


def test_a_subclass_keeps_its_attributes_through_copies():
    client = Tenant("acme", api_key="k")
    twin = client.with_options(timeout=3)
    assert (type(twin), twin.tenant, twin.timeout) == (Tenant, "acme", Timeout.of(3))
    assert client.copy().tenant == copy.deepcopy(client).tenant == "acme"


def test_headers_of_a_copy_are_added_or_set():
    client = Client(api_key="k", default_headers={"a": "1"}, default_query={"q": "1"})
    added = client.with_options(default_headers={"b": "2"})
    assert {"a", "b"} <= added.default_headers.keys()
    replaced = client.with_options(set_default_headers={"b": "2"}, set_default_query={})
    assert "a" not in replaced.default_headers
    assert replaced.default_query == {}


# Old names


def test_the_old_names_of_settings_warn_and_work():
    with pytest.warns(DeprecationWarning, match="large_responses='wait'") as caught:
        client = Client(api_key="k", wire="plain")
    assert caught[0].filename == __file__
    assert client._session.options.large_responses == "wait"
    with pytest.raises(ValueError, match="wire"):
        Client(api_key="k", wire="slow")
    with Client(api_key="k", http_client=Scripted(streamed())).messages.stream(**ASK) as stream:
        with pytest.warns(DeprecationWarning, match="attempts") as caught:
            assert stream.tries.retries == 0
        assert caught[0].filename == __file__


def test_a_setting_of_the_official_package_is_accepted():
    transport = Scripted(answered())
    client = Client(api_key="k", _strict_response_validation=True, http_client=transport)
    assert client.messages.create(**ASK).text == "Hello"


def test_old_module_names_warn_and_hold_the_same_classes():
    with pytest.warns(DeprecationWarning, match="antiphon.client"):
        import antiphon.client
    assert antiphon.client.Client is Client


# Streams


def test_streams_are_iterators():
    client = Client(api_key="k", http_client=Scripted(streamed(), streamed()))
    with client.messages.stream(**ASK) as stream:
        assert next(stream).type == "message_start"
    with client.messages.create(**ASK, stream=True) as raw:
        assert next(raw).type == "message_start"
        assert [event.type for event in raw][-1] == "message_stop"
        with pytest.raises(StopIteration):
            next(raw)


def test_async_streams_are_iterators():
    async def main() -> list[str]:
        client = AsyncClient(api_key="k", http_client=AsyncScripted(streamed(), streamed()))
        async with client.messages.stream(**ASK) as stream:
            first = await anext(stream)
        raw = await client.messages.create(**ASK, stream=True)
        return [first.type, (await anext(raw)).type]

    assert asyncio.run(main()) == ["message_start", "message_start"]


@pytest.mark.parametrize(
    "kind",
    [
        APIResponse,
        AsyncMessageStream,
        AsyncMessageStreamManager,
        AsyncStream,
        MessageStream,
        MessageStreamManager,
        Stream,
    ],
)
def test_generic_classes_take_a_type(kind):
    assert kind[RawMessageStreamEvent].__origin__ is kind


def test_closed_is_a_value_and_a_function():
    client = Client(api_key="k")
    assert not client.is_closed
    assert client.is_closed() is False
    client.close()
    assert client.is_closed
    assert client.is_closed() is True
    assert repr(client.is_closed) == "True"


# Responses


def test_a_raw_response_tells_what_was_sent():
    client = Client(api_key="sk-secret", http_client=Scripted(answered()))
    response = client.messages.with_raw_response.create(**ASK)
    assert isinstance(response.elapsed, timedelta)
    assert (response.method, response.http_version) == ("POST", "HTTP/1.1")
    assert response.is_closed is True
    assert response.url.path == response.http_request.url.path == "/v1/messages"
    assert response.http_request.headers["anthropic-version"] == "2023-06-01"
    assert "x-api-key" not in response.http_request.headers
    loaded = pickle.loads(pickle.dumps(response.http_response))
    assert loaded == response.http_response


def test_an_error_tells_what_was_sent_without_the_key():
    client = Client(api_key="sk-secret", http_client=Scripted(refused()))
    with pytest.raises(APIStatusError) as caught:
        client.messages.create(**ASK)
    for request in (caught.value.request, caught.value.response.request):
        assert request.url.path == "/v1/messages"
        assert json.loads(request.body) == ASK
        assert "x-api-key" not in request.headers
    assert b"sk-secret" not in pickle.dumps(caught.value)


def test_a_streamed_response_is_closed_when_it_was_read():
    client = Client(api_key="k", http_client=Scripted(answered()))
    with client.messages.with_streaming_response.create(**ASK) as response:
        assert response.is_closed is False
        assert isinstance(response.parse(), Message)
        assert response.is_closed is True


def test_an_async_response_is_parsed_with_and_without_await():
    async def main() -> tuple[object, ...]:
        transport = AsyncScripted(answered(), streamed())
        raw = AsyncClient(api_key="k", http_client=transport).messages.with_raw_response
        response = await raw.create(**ASK)
        streaming = await raw.create(**ASK, stream=True)
        return response.parse(), await response.parse(), await streaming.parse()

    plain, awaited, stream = asyncio.run(main())
    assert plain is awaited
    assert isinstance(plain, Message)
    assert isinstance(stream, AsyncStream)


# Betas


@pytest.mark.parametrize("method", ["create", "stream", "count_tokens"])
def test_betas_of_client_and_call_are_joined(method):
    transport = Scripted(*[answered(input_tokens=1)] * 2)
    client = Client(
        api_key="k",
        default_headers={"anthropic-beta": "one, two"},
        http_client=transport,
        max_retries=0,
    )
    ask = {name: v for name, v in ASK.items() if method != "count_tokens" or name != "max_tokens"}
    for extra in ({}, {"extra_headers": {"anthropic-beta": "only"}}):
        called = getattr(client.messages, method)(**ask, betas=["two", "three"], **extra)
        if method == "stream":
            with called:
                pass
    first, second = transport.requests
    assert first.headers["anthropic-beta"] == "one,two,three"
    assert second.headers["anthropic-beta"] == "only"


def test_betas_that_are_no_list_are_refused():
    client = Client(api_key="k", http_client=Scripted())
    with pytest.raises(TypeError, match=r"betas=\['files'\]"):
        client.messages.create(**ASK, betas="files")
    with pytest.raises(TypeError, match=r"betas\[1\]"):
        client.messages.create(**ASK, betas=["files", 2])


def test_headers_of_a_client_ignore_case():
    client = Client(api_key="k", default_headers={"X-Foo": "bar", "user-agent": omit})
    assert client.default_headers["x-foo"] == client.default_headers["X-Foo"] == "bar"
    assert "User-Agent" not in client.default_headers
    assert dict(client.default_headers)["x-foo"] == "bar"


@pytest.mark.parametrize(
    ("kind", "http_client", "why"),
    [
        (Client, "x", "cannot carry requests"),
        (Client, httpx2.AsyncClient(), "is async; pass it to AsyncClient"),
        (AsyncClient, httpx2.Client(), "is sync; pass it to Client"),
        (Client, httpx2.Client, "is a class"),
    ],
)
def test_an_http_client_is_checked_when_it_is_given(kind, http_client, why):
    with pytest.raises(TypeError, match=why):
        kind(api_key="k", http_client=http_client)
    with pytest.raises(TypeError, match=why):
        kind(api_key="k").with_options(http_client=http_client)


@pytest.mark.parametrize("value", [None, "3"])
def test_retries_are_a_number(value):
    with pytest.raises(TypeError, match="max_retries"):
        Client(api_key="k", max_retries=value)


def test_the_response_of_a_stream_says_when_it_is_closed(client):
    asked = {"max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    with client.messages.stream(model="claude-haiku-4-5", **asked) as stream:
        assert not stream.response.is_closed
        stream.until_done()
        assert stream.response.is_closed
    with client.messages.stream(model="claude-haiku-4-5", **asked) as stream:
        pass
    assert stream.response.is_closed
    assert client.messages.with_raw_response.count_tokens(
        model="claude-haiku-4-5", messages=asked["messages"]
    ).http_response.is_closed


def test_an_estimate_is_there_only_if_it_was_received():
    plain = ThinkingDelta.from_value({"type": "thinking_delta", "thinking": "Hm"})
    assert plain.to_dict() == {"type": "thinking_delta", "thinking": "Hm"}
    assert "estimated_tokens" not in plain.model_dump()
    told: Any = ThinkingDelta.from_value({**plain.to_dict(), "estimated_tokens": 3})
    assert told.estimated_tokens == 3


def test_a_client_made_from_another_adds_headers_or_replaces_them():
    client = Client(api_key="k")
    with pytest.raises(ValueError, match="mutually exclusive"):
        client.copy(default_headers={"a": "1"}, set_default_headers={"b": "2"})
    with pytest.raises(ValueError, match="mutually exclusive"):
        client.copy(default_query={"a": "1"}, set_default_query={})


def test_requests_have_what_programs_read_of_requests_of_httpx():
    transport = Scripted(Answer(json.dumps(MESSAGE).encode(), headers=(("content-type", "json"),)))
    raw = Client(api_key="k", http_client=transport).messages.with_raw_response.create(
        **ASK, timeout=5
    )
    assert raw.http_request is not None
    assert json.loads(raw.http_request.content)["messages"] == ASK["messages"]
    assert raw.http_request.extensions["timeout"]["read"] == pytest.approx(5, abs=1)


def test_the_workspace_of_a_response():
    headers = (("content-type", "text/event-stream"), ("anthropic-workspace-id", "wrkspc_1"))
    transport = Scripted(*[Answer(STREAMS["text"], headers=headers)] * 2)
    client = Client(api_key="k", http_client=transport)
    with client.messages.stream(**ASK) as stream:
        assert stream.workspace_id == "wrkspc_1"
    with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
        assert response.workspace_id == "wrkspc_1"


# httpx2 leaves the sockets of the first loop open, and Python warns of them.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_client_of_httpx_may_be_used_in_several_loops(server):
    def used(client: AsyncClient) -> list[str]:
        async def main() -> str:
            return (await client.messages.create(**{**ASK, "model": "claude-haiku-4-5"})).type

        return [asyncio.run(main()) for _ in range(3)]

    own = {"base_url": server.url, "http_client": httpx2.AsyncClient()}
    assert used(AsyncClient(api_key="k", **own)) == ["message"] * 3
    del own
    gc.collect()  # here, where the warning is expected


@pytest.mark.parametrize(
    "set_url",
    [
        lambda client, url: Client(api_key="k", base_url=url),
        lambda client, url: client.with_options(base_url=url),
        lambda client, url: setattr(client, "base_url", url),
    ],
)
def test_a_warning_about_the_base_url_names_the_line_of_the_caller(set_url):
    client = Client(api_key="k")
    with pytest.warns(UserWarning, match="ends in") as caught:
        set_url(client, "https://h/v1")
    assert [warning.filename for warning in caught] == [__file__]
