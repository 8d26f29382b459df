"""Endpoints without a method, keys that a function gives, headers of the environment."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx2
import pytest
from pydantic import BaseModel

from antiphon import (
    APIResponseValidationError,
    APIStatusError,
    AsyncClient,
    AsyncStream,
    AuthenticationError,
    Client,
    Stream,
    Timeout,
    omit,
)
from antiphon._core.any_endpoint import FinalRequestOptions
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


@pytest.mark.parametrize(("body", "sent"), [("raw", b'"raw"'), ([1, 2], b"[1,2]"), (None, b"")])
def test_other_bodies_are_sent_as_json(body, sent):
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


@pytest.mark.parametrize(
    "content", [b"raw", bytearray(b"raw"), [b"r", b"aw"], iter([b"raw"]), io.BytesIO(b"raw")]
)
def test_content_is_sent_as_it_is(content):
    transport = Scripted(answered())
    client = Client(api_key="k", http_client=transport)
    options: Any = {"headers": {"Content-Type": "application/octet-stream"}}
    client.post("/v1/x", cast_to=object, content=content, options=options)
    [request] = transport.requests
    assert bytes(request.buffered_body()) == b"raw"
    assert request.headers["content-type"] == "application/octet-stream"


def test_content_of_a_path_and_of_an_async_iterable(tmp_path):
    async def pieces() -> Any:
        yield b"r"
        yield b"aw"

    async def main(content: Any) -> bytes:
        transport = AsyncScripted(answered())
        client = AsyncClient(api_key="k", http_client=transport)
        await client.put("/v1/x", cast_to=object, content=content)
        return bytes(transport.played.requests[0].buffered_body())

    path = tmp_path / "file"
    path.write_bytes(b"raw")
    assert asyncio.run(main(pieces())) == b"raw"
    assert asyncio.run(main(path)) == b"raw"
    with path.open("rb") as file:
        assert asyncio.run(main(file)) == b"raw"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"content": b"x", "body": {"a": 1}}, "body and content: give one of them"),
        ({"content": "text"}, "content: expected bytes, a file or an iterable of bytes, got str"),
        ({"content": 5}, "got int"),
        ({"body": b"raw"}, "Passing raw bytes as `body` is not supported"),
    ],
)
def test_wrong_content_is_refused(settings, message):
    client = Client(api_key="k", http_client=Scripted())
    with pytest.raises(TypeError, match=message):
        client.post("/v1/x", cast_to=object, **settings)


def test_redirects_are_followed_unless_the_call_says_no(redirecting):
    client = Client(api_key="k", base_url=redirecting, max_retries=0, allow_plain_http=True)
    assert client.get("/here", cast_to=object) == {"a": 1}
    with pytest.raises(APIStatusError) as caught:
        client.get("/here", cast_to=object, options={"follow_redirects": False})
    assert caught.value.status_code == 302
    assert caught.value.response.headers["location"] == "/there"


@pytest.fixture
def redirecting():
    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"" if self.path == "/here" else b'{"a": 1}'
            self.send_response(200 if body else 302)
            if not body:
                self.send_header("location", "/there")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Traced(Stream):  # type: ignore[type-arg]
    """A stream as tracers make them: a subclass that looks at its events."""

    seen: ClassVar[list[str]] = []

    def __stream__(self) -> Any:
        for event in super().__stream__():
            self.seen.append(event.type)
            yield event


def test_a_stream_may_be_of_another_class():
    client = Client(api_key="k", http_client=Scripted(Answer(STREAMS["text"])))
    Traced.seen.clear()
    body = {**ASK, "stream": True}
    stream: Any = client.post(
        "/v1/messages", cast_to=Message, body=body, stream=True, stream_cls=Traced
    )
    assert isinstance(stream, Traced)
    assert [event.type for event in stream] == Traced.seen
    assert Traced.seen[0] == "message_start"


def test_a_whole_request_may_be_described_by_one_object():
    transport = Scripted(answered())
    client = Client(api_key="k", http_client=transport)
    options = FinalRequestOptions.construct(
        method="post", url="/v1/x", json_data={"b": 2}, params={"q": "1"}, headers={"x-a": "1"}
    )
    assert client.request(dict, options) == {"a": 1}
    [request] = transport.requests
    assert (request.method, request.url.path, request.url.query) == ("POST", "/v1/x", "q=1")
    assert bytes(request.buffered_body()) == b'{"b":2}'
    assert request.headers["x-a"] == "1"


def tracer(original: Any, seen: list[Any]) -> Any:
    """Return a `request` as a tracer puts it in the place of ours."""

    def request(*args: Any, **settings: Any) -> Any:
        options = args[-1]
        seen.append((options.method, options.url, options.json_data, settings["stream"]))
        if settings["stream"]:
            settings["stream_cls"] = Traced
        return original(*args, **settings)

    return request


@pytest.mark.parametrize("place", ["client", "class", "subclass"])
def test_a_request_that_a_tracer_replaces_sees_every_call(place, monkeypatch):
    text = Answer(STREAMS["text"])
    message = json.dumps({"id": "msg_1", "type": "message", "content": []}).encode()
    whole = Answer(message, headers=(JSON,))
    transport = Scripted(whole, whole, text, text)
    seen: list[Any] = []

    class Own(Client):
        """A client whose class overrides the method."""

        def request(self, *args: Any, **settings: Any) -> Any:
            return tracer(super().request, seen)(*args, **settings)

    if place == "class":
        monkeypatch.setattr(Client, "request", tracer(Client.request, seen))
    client = (Own if place == "subclass" else Client)(api_key="k", http_client=transport)
    if place == "client":
        monkeypatch.setattr(client, "request", tracer(client.request, seen))
    Traced.seen.clear()
    assert client.messages.create(**ASK).id == "msg_1"
    raw = client.messages.with_raw_response.create(**ASK)
    assert raw.parse().id == "msg_1"
    assert raw.request_id == "req_s"
    events = [event.type for event in client.messages.create(**ASK, stream=True)]
    assert events == Traced.seen
    with client.messages.stream(**ASK) as stream:
        stream.until_done()
    plain = ("post", "/v1/messages", ASK, False)
    streamed = ("post", "/v1/messages", {**ASK, "stream": True}, True)
    assert seen == [plain, plain, streamed, streamed]


def test_a_request_that_is_put_back_is_ours_again(monkeypatch):
    client = Client(api_key="k", http_client=Scripted(answered(), answered()))
    with monkeypatch.context() as patch:
        patch.setattr(client, "request", lambda *_, **__: "mock")
        assert client.get("/v1/x", cast_to=object) == "mock"
        assert client.models.retrieve("m") == "mock"
        assert client.with_options(timeout=3).get("/v1/x", cast_to=object) == {"a": 1}
    assert client.get("/v1/x", cast_to=object) == {"a": 1}


def test_an_async_request_is_replaced_as_well():
    async def main() -> Any:
        transport = AsyncScripted(answered(), Answer(STREAMS["text"]))
        client = AsyncClient(api_key="k", http_client=transport)
        original = client.request

        async def request(*args: Any, **settings: Any) -> Any:
            seen.append(args[-1].url)
            return await original(*args, **settings)

        client.request = request  # type: ignore[method-assign]
        assert await client.get("/v1/x", cast_to=object) == {"a": 1}
        return [event.type async for event in await client.messages.create(**ASK, stream=True)]

    seen: list[str] = []
    assert asyncio.run(main())[0] == "message_start"
    assert seen == ["/v1/x", "/v1/messages"]


def test_a_stream_may_be_made_of_a_response_of_httpx():
    response = httpx2.Response(
        200,
        headers={"content-type": "text/event-stream", "request-id": "req_1"},
        content=iter([STREAMS["text"][:50], STREAMS["text"][50:]]),
    )
    stream = Stream(cast_to=Message, response=response, client=Client(api_key="k"))
    assert stream.request_id == "req_1"
    assert next(stream).type == "message_start"
    assert [event.type for event in stream][-1] == "message_stop"
    assert response.is_closed


def test_an_async_stream_may_be_made_of_a_response_of_httpx():
    async def main() -> list[str]:
        async def body() -> Any:
            yield STREAMS["text"]

        response = httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, content=body()
        )
        stream = AsyncStream(cast_to=Message, response=response, client=AsyncClient(api_key="k"))
        return [event.type async for event in stream]

    assert asyncio.run(main())[-1] == "message_stop"


def test_a_stream_of_nothing_is_refused():
    with pytest.raises(TypeError, match="needs the response"):
        Stream(cast_to=Message)
