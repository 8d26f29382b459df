"""Middleware: functions of the user around each attempt of a call."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from typing import Any

import pytest

import antiphon
from antiphon import (
    APIRequest,
    APIResponse,
    AsyncAPIResponse,
    AsyncClient,
    Client,
    InternalServerError,
    Middleware,
    RetryableError,
    omit,
)
from antiphon._wire.http import Headers
from tests.support.imports import loaded_by
from tests.support.scripted import Answer, AsyncScripted, Scripted, broken
from tests.support.stream_events import framed
from tests.support.wire_server import PATIENCE, Peer, WireServer

JSON = ("content-type", "application/json")
ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
MESSAGE: dict[str, Any] = {
    "model": "m",
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 50},
}
EVENTS = (
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
)


def message(**fields: Any) -> Answer:
    return Answer(json.dumps({**MESSAGE, **fields}).encode(), headers=(JSON,))


def failure(status: int = 500) -> Answer:
    error = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    headers = (JSON, ("retry-after-ms", "1"))
    return Answer(json.dumps(error).encode(), status=status, headers=headers)


def streamed() -> Answer:
    body = framed(*EVENTS)
    return Answer(body[:200], body[200:])


def made(transport: Scripted, *middleware: Any, **settings: Any) -> Client:
    return Client(api_key="k", http_client=transport, middleware=middleware, **settings)


def sent(transport: Scripted) -> dict[str, Any]:
    return json.loads(bytes(transport.requests[-1].buffered_body()))


def test_the_first_one_is_the_outermost():
    seen: list[str] = []

    def named(name: str) -> Any:
        def middleware(request: APIRequest, call_next: Any) -> Any:
            seen.append(f"{name} before")
            response = call_next(request)
            seen.append(f"{name} after")
            return response

        return middleware

    client = made(Scripted(message()), named("a"), named("b")).with_middleware(named("c"))
    assert client.messages.create(**ASK).text == "Hi"
    assert seen == ["a before", "b before", "c before", "c after", "b after", "a after"]


def test_a_request_shows_what_the_caller_said():
    seen: list[APIRequest] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        seen.append(request)
        return call_next(request)

    client = made(
        Scripted(message()),
        look,
        default_headers={"x-team": "search"},
        default_query={"all": "1"},
        max_retries=4,
    )
    client.messages.create(
        **ASK,
        extra_headers={"X-One": "1", "user-agent": omit},
        extra_query={"q": "2"},
        timeout=30,
    )
    request = seen[0]
    assert (request.method, request.url) == ("post", "/v1/messages")
    assert request.headers == {"x-one": "1", "user-agent": omit}
    assert request.query_params == {"q": "2"}
    assert request.json == ASK
    assert request.timeout.connect == pytest.approx(30, abs=1)
    assert (request.max_retries, request.retries_taken, request.stream) == (4, 0, False)
    assert request.options.json_data is request.json
    assert "sk-" not in repr(request)


def test_a_request_knows_what_becomes_of_its_response():
    seen: list[Any] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        seen.append((request.cast_to, request.stream_cls))
        return call_next(request)

    client = made(Scripted(message(), streamed(), message()), look)
    client.messages.create(**ASK)
    client.messages.create(**ASK, stream=True)
    client.get("/v1/x", cast_to=dict)
    kinds = [(antiphon.types.Message, None), (antiphon.types.Message, antiphon.Stream)]
    assert seen == [*kinds, (object, None)]


def test_a_request_without_changes_is_sent_as_it_was():
    plain, watched = Scripted(message()), Scripted(message())
    call = {**ASK, "extra_query": {"a": ["1", "2"]}, "extra_headers": {"x-a": "1"}}

    def look(request: APIRequest, call_next: Any) -> Any:
        assert request.query_params == {"a": ["1", "2"]}
        assert request.json is not None
        return call_next(request.copy())

    settings: dict[str, Any] = {"default_query": {"z": "0"}}
    Client(api_key="k", http_client=plain, **settings).messages.create(**call)
    made(watched, look, **settings).messages.create(**call)
    before, after = plain.requests[0], watched.requests[0]
    assert (after.method, after.url, after.body) == (before.method, before.url, before.body)
    assert dict(after.revealed_headers()) == dict(before.revealed_headers())


def test_a_copy_replaces_what_the_call_said_and_keeps_what_the_client_says():
    transport = Scripted(message())

    def change(request: APIRequest, call_next: Any) -> Any:
        return call_next(
            request.copy(
                url="/v1/other",
                method="PUT",
                headers={"x-two": "2"},
                params={"p": "3"},
                body={**request.json, "max_tokens": 5},
                timeout=7,
            )
        )

    client = made(transport, change, default_headers={"x-team": "search"})
    client.messages.create(**ASK, extra_headers={"x-one": "1"}, extra_query={"q": "2"})
    request = transport.requests[0]
    assert request.method == "PUT"
    assert request.url == "https://api.anthropic.com/v1/other?p=3"
    headers = request.revealed_headers()
    assert (headers["x-two"], headers["x-team"], headers["x-api-key"]) == ("2", "search", "k")
    assert "x-one" not in headers
    assert request.timeout.read == 7
    assert sent(transport) == {**ASK, "max_tokens": 5}


def test_changes_in_place_are_sent():
    transport = Scripted(message())

    def change(request: APIRequest, call_next: Any) -> Any:
        request.headers["Traceparent"] = "00-1"
        request.query_params["q"] = "1"
        request.json["metadata"] = {"user_id": "u"}
        return call_next(request)

    made(transport, change).messages.create(**ASK)
    request = transport.requests[0]
    assert request.headers["traceparent"] == "00-1"
    assert request.url.query == "q=1"
    assert sent(transport) == {**ASK, "metadata": {"user_id": "u"}}


def test_a_credential_of_the_middleware_is_the_only_one():
    transport = Scripted(message())

    def change(request: APIRequest, call_next: Any) -> Any:
        request.headers["authorization"] = "Bearer fresh"
        return call_next(request)

    made(transport, change).messages.create(**ASK)
    headers = transport.requests[0].revealed_headers()
    assert headers["authorization"] == "Bearer fresh"
    assert "x-api-key" not in headers


@pytest.mark.parametrize("body", [[1], 5], ids=["list", "number"])
def test_a_body_that_is_no_object_is_refused(body):
    client = made(Scripted(), lambda request, call_next: call_next(request.copy(body=body)))
    with pytest.raises(TypeError, match="body: expected a mapping or bytes"):
        client.messages.create(**ASK)


def test_a_whole_url_is_refused():
    client = made(Scripted(), lambda request, send: send(request.copy(url="https://evil.example/")))
    with pytest.raises(ValueError, match="does not begin with a slash"):
        client.messages.create(**ASK)


def test_it_runs_for_each_attempt_and_sees_failures_as_responses():
    seen: list[tuple[int, int]] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        seen.append((request.retries_taken, response.status_code))
        return response

    transport = Scripted(failure(), failure(529), message())
    assert made(transport, look).messages.create(**ASK).text == "Hi"
    assert seen == [(0, 500), (1, 529), (2, 200)]


def test_what_it_reads_is_there_for_the_call():
    seen: list[Any] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        seen.extend([response.json()["id"], response.parse().text, response.text()[:2]])
        seen.extend([response.request_id, response.is_closed, b"".join(response.iter_bytes())[:1]])
        return response

    assert made(Scripted(message()), look).messages.create(**ASK).text == "Hi"
    assert seen == ["msg_1", "Hi", '{"', "req_s", True, b"{"]


def test_what_it_reads_in_pieces_is_whole_for_the_call():
    """The transport knows where the body ended; who gets it once more must not stop there."""
    sizes: list[int] = []

    def script(peer: Peer) -> None:
        peer.request()
        body = json.dumps({**MESSAGE, "content": [{"type": "text", "text": "x" * 5000}]}).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        peer.send(f"{head}\r\n\r\n".encode() + body[:1000])
        read.wait(PATIENCE)
        peer.send(body[1000:])

    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        for chunk in response.iter_bytes():
            sizes.append(len(chunk))
            read.set()
        return response

    read = threading.Event()
    with WireServer(script) as server:
        client = Client(api_key="k", base_url=server.url, middleware=[look])
        assert client.messages.create(**ASK).text == "x" * 5000
    assert len(sizes) > 1


def test_what_it_parses_is_what_the_caller_gets():
    def change(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        assert response.parse() is response.parse()
        response.parse().content[0].text = "changed"
        return response

    client = made(Scripted(message(), message()), change)
    assert client.messages.create(**ASK).text == "changed"
    raw = client.messages.with_raw_response.create(**ASK)
    assert raw.parse().text == "changed"
    assert raw.json()["content"][0]["text"] == "Hi"


def test_a_response_that_is_parsed_after_the_call_is_what_the_caller_got():
    seen: list[Any] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        seen.append(call_next(request))
        return seen[-1]

    said = made(Scripted(failure(529), message()), look).messages.create(**ASK)
    refused, given = seen
    assert given.parse() is said
    with pytest.raises(antiphon.OverloadedError):
        refused.parse()


def test_responses_have_the_classes_of_responses():
    async def look(request: APIRequest, call_next: Any) -> Any:
        response = await call_next(request)
        assert isinstance(response, AsyncAPIResponse)
        return response

    async def main() -> None:
        transport = AsyncScripted(message())
        client = AsyncClient(api_key="k", http_client=transport, middleware=[look])
        await client.messages.create(**ASK)

    def plain(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        assert isinstance(response, APIResponse)
        return response

    made(Scripted(message()), plain).messages.create(**ASK)
    asyncio.run(main())


def test_an_error_can_be_parsed_only_by_raising_it():
    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        with pytest.raises(InternalServerError):
            response.parse()
        return response

    with pytest.raises(InternalServerError):
        made(Scripted(failure()), look, max_retries=0).messages.create(**ASK)


def test_a_stream_it_reads_is_still_whole_for_the_caller():
    seen: list[str] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        assert request.stream
        response = call_next(request)
        seen.extend(event.type for event in response.parse())
        return response

    client = made(Scripted(streamed(), streamed(), streamed()), look)
    events = [event.type for event in client.messages.create(**ASK, stream=True)]
    assert events == [event["type"] for event in EVENTS] == seen
    with client.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == "Hi"
    with client.messages.with_streaming_response.create(**ASK, stream=True) as response:
        assert response.read() == framed(*EVENTS)


def test_a_stream_it_begins_to_read_goes_on_for_the_caller():
    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        assert next(iter(response.iter_bytes())) == framed(*EVENTS)[:200]
        assert not response.is_closed
        return response

    with made(Scripted(streamed()), look).messages.stream(**ASK) as stream:
        assert stream.get_final_message().text == "Hi"


def test_a_stream_it_leaves_alone_is_not_waited_for():
    def look(request: APIRequest, call_next: Any) -> Any:
        return call_next(request)

    transport = Scripted(streamed())
    with made(transport, look).messages.stream(**ASK) as stream:
        assert len(transport.replies[0].parts) == 2
        assert stream.get_final_message().text == "Hi"


def test_a_large_message_that_is_streamed_is_parsed_as_a_message():
    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        assert response.parse().text == "Hi"
        return response

    client = made(Scripted(streamed()), look)
    assert client.messages.create(**{**ASK, "max_tokens": 64_000}).text == "Hi"


def test_it_may_send_several_times():
    def twice(request: APIRequest, call_next: Any) -> Any:
        first = call_next(request)
        if first.status_code == 500:
            return call_next(request.copy(headers={"x-again": "1"}))
        return first

    transport = Scripted(failure(), message())
    assert made(transport, twice, max_retries=0).messages.create(**ASK).text == "Hi"
    assert transport.replies[0].closed, "the connection of the other response is given back"
    assert transport.requests[1].headers["x-again"] == "1"


def test_it_may_return_a_response_it_kept():
    kept: list[Any] = []

    def cache(request: APIRequest, call_next: Any) -> Any:
        if not kept:
            kept.append(call_next(request))
            kept[0].read()
        return kept[0]

    transport = Scripted(message())
    client = made(transport, cache)
    assert [client.messages.create(**ASK).text for _ in range(3)] == ["Hi"] * 3
    assert len(transport.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("result", ["fake", None, 5])
def test_what_is_no_response_is_the_result_of_the_call(result, stream):
    client = made(Scripted(), lambda *_: result)
    assert client.messages.create(**ASK, stream=stream) is result
    assert client.messages.with_raw_response.create(**ASK, stream=stream) is result


def test_a_helper_of_streams_needs_a_response():
    client = made(Scripted(), lambda *_: "fake")
    with pytest.raises(TypeError, match="returned str instead of a response"):
        client.messages.stream(**ASK).__enter__()


def test_its_errors_are_raised_as_they_are():
    attempts: list[int] = []

    def fail(request: APIRequest, call_next: Any) -> Any:
        attempts.append(request.retries_taken)
        raise error

    for error in (ValueError("no"), OSError("no"), KeyError("no")):
        with pytest.raises(type(error)) as caught:
            made(Scripted(), fail).messages.create(**ASK)
        assert caught.value is error
    assert attempts == [0, 0, 0]


def test_an_error_after_a_response_gives_the_connection_back():
    def fail(request: APIRequest, call_next: Any) -> Any:
        call_next(request)
        raise ValueError("no")

    transport = Scripted(message())
    with pytest.raises(ValueError, match="no"):
        made(transport, fail).messages.create(**ASK)
    assert transport.replies[0].closed


def test_retryable_errors_are_retried_and_then_raised():
    def fail(request: APIRequest, call_next: Any) -> Any:
        if request.retries_taken < 2:
            raise RetryableError("not yet")
        return call_next(request)

    assert made(Scripted(message()), fail).messages.create(**ASK).text == "Hi"
    with pytest.raises(RetryableError, match="not yet") as caught:
        made(Scripted(), fail, max_retries=1).messages.create(**ASK)
    assert len(caught.value.attempts) == 2


def test_it_may_catch_a_connection_that_failed():
    def again(request: APIRequest, call_next: Any) -> Any:
        try:
            return call_next(request)
        except antiphon.APIConnectionError:
            return call_next(request)

    client = made(Scripted(broken(), message()), again, max_retries=0)
    assert client.messages.create(**ASK).text == "Hi"


class Both(Middleware):
    """Counts the calls of both clients."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def handle(self, request: APIRequest, call_next: Any) -> Any:
        self.calls.append("sync")
        return call_next(request)

    async def handle_async(self, request: APIRequest, call_next: Any) -> Any:
        self.calls.append("async")
        response = await call_next(request)
        assert (await response.json())["id"] == (await response.parse()).id
        return response


def test_a_class_serves_both_clients():
    both = Both()
    middleware = [both]

    async def main() -> str:
        transport = AsyncScripted(message())
        client = AsyncClient(api_key="k", http_client=transport, middleware=middleware)
        return (await client.messages.create(**ASK)).text

    assert made(Scripted(message()), *middleware).messages.create(**ASK).text == "Hi"
    assert asyncio.run(main()) == "Hi"
    assert both.calls == ["sync", "async"]


def test_an_async_client_has_async_functions():
    async def look(request: APIRequest, call_next: Any) -> Any:
        if request.retries_taken == 0:
            raise RetryableError
        response = await call_next(request)
        seen.extend([event.type async for event in await response.parse()])
        return response

    async def main() -> str:
        transport = AsyncScripted(streamed())
        client = AsyncClient(api_key="k", http_client=transport, middleware=[look])
        async with client.messages.stream(**ASK) as stream:
            return await stream.get_final_text()

    seen: list[str] = []
    assert asyncio.run(main()) == "Hi"
    assert seen == [event["type"] for event in EVENTS]


async def _async(request: APIRequest, call_next: Any) -> Any:
    return await call_next(request)


class AsyncOnly(Middleware):
    """Serves the async client alone."""

    async def handle_async(self, request: APIRequest, call_next: Any) -> Any:
        return await super().handle_async(request, call_next)


class Wrong(Middleware):
    """Is not async where it should be."""

    def handle_async(self, request: APIRequest, call_next: Any) -> Any:
        return call_next(request)


class _AsyncObject:
    async def __call__(self, request: APIRequest, call_next: Any) -> Any:
        return await call_next(request)


@pytest.mark.parametrize(
    ("kind", "middleware", "message"),
    [
        (Client, _async, "_async is an async function"),
        (Client, _AsyncObject(), "is an async function"),
        (
            AsyncClient,
            lambda request, send: send(request),
            "is not an async function; the async",
        ),
        (Client, Both, "middleware Both is a class; pass an object of it"),
        (AsyncClient, 5, "5 is not callable"),
        (
            Client,
            Middleware(),
            r"Middleware does not implement `handle\(\)`, which",
        ),
        (Client, AsyncOnly(), r"AsyncOnly does not implement `handle\(\)`"),
        (AsyncClient, Middleware(), r"Middleware does not implement `handle_async\(\)`"),
        (AsyncClient, Wrong(), r"Wrong defines `handle_async\(\)` as a sync function"),
    ],
)
def test_the_wrong_kind_is_refused_at_once(kind, middleware, message):
    with pytest.raises(TypeError, match=message):
        kind(api_key="k", middleware=[middleware])
    with pytest.raises(TypeError, match=message):
        kind(api_key="k").with_middleware(middleware)


def test_one_function_is_no_list():
    with pytest.raises(TypeError, match="middleware: expected a list of functions"):
        Client(api_key="k", middleware=_async)  # type: ignore[arg-type]


def test_clients_made_from_a_client_keep_it():
    both = Both()
    client = made(Scripted(message(), message()), both)
    assert client.with_options(max_retries=1).middleware == (both,)
    assert client.with_options(middleware=[]).middleware == ()
    assert client.with_middleware(both).middleware == (both, both)
    assert client.middleware == (both,)


def test_every_resource_goes_through_it(server):
    paths: list[str] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        paths.append(f"{request.method} {request.url} {request.query_params} {request.json}")
        return call_next(request)

    client = Client(api_key="k", base_url=server.url, middleware=[look])
    assert len(list(client.models.list(limit=5))) > 5
    uploaded = client.files.upload(file=("a.txt", b"text", "text/plain"))
    assert client.files.delete(uploaded.id).id == uploaded.id
    assert client.beta.messages.create(**ASK, betas=["files-api-2025-04-14"]).text
    assert paths[0] == "get /v1/models {'limit': 5} None"
    assert paths[1].startswith("get /v1/models {'limit': 5, 'after_id': ")
    assert "post /v1/files {} None" in paths
    assert f"delete /v1/files/{uploaded.id} {{}} None" in paths


def test_a_base_url_with_a_path_is_no_part_of_the_url():
    transport = Scripted(message())
    seen: list[str] = []

    def look(request: APIRequest, call_next: Any) -> Any:
        seen.append(request.url)
        return call_next(request.copy(params={"b": "2"}))

    base_url = "https://gateway.example/team?a=1"
    made(transport, look, base_url=base_url).messages.create(**ASK)
    assert seen == ["/v1/messages"]
    assert transport.requests[0].url == "https://gateway.example/team/v1/messages?a=1&b=2"


def test_a_response_is_told_apart_from_a_raw_response():
    # A raw response is what a call returns: it is taken as the result.
    raw = Client(api_key="k", http_client=Scripted(message())).messages.with_raw_response
    kept = raw.create(**ASK)
    assert isinstance(kept, APIResponse)
    assert made(Scripted(), lambda *_: kept).messages.create(**ASK) is kept


def test_headers_of_a_response_ignore_case():
    def look(request: APIRequest, call_next: Any) -> Any:
        response = call_next(request)
        assert isinstance(response.headers, Headers)
        assert response.headers["Request-ID"] == "req_s"
        assert response.http_request.headers["anthropic-version"] == "2023-06-01"
        return response

    made(Scripted(message()), look).messages.create(**ASK)


def test_without_middleware_nothing_of_it_is_loaded_or_called():
    calls: list[str] = []

    def called(frame: Any, happening: str, _: Any) -> None:
        if happening == "call":
            calls.append(frame.f_code.co_filename)

    assert "antiphon.middleware" not in loaded_by(
        "from antiphon import Client; Client(api_key='k')"
    )
    client = Client(api_key="k", http_client=Scripted(message(), message()))
    client.messages.create(**ASK)
    sys.setprofile(called)
    try:
        client.messages.create(**ASK)
    finally:
        sys.setprofile(None)
    assert not [name for name in calls if "middleware" in name]
