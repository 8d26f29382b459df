"""Plain calls, sync and async: raw responses, retries, virtual time, bad input, what is sent."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import warnings
import weakref
from datetime import UTC, datetime
from typing import Any

import pytest

from antiphon import (
    AntiphonError,
    APIConnectionError,
    APIResponseValidationError,
    APITimeoutError,
    AsyncClient,
    BadRequestError,
    Client,
    InternalServerError,
    OverloadedError,
    RateLimitError,
    RequestEncodingError,
    omit,
)
from antiphon._core import endpoints
from tests.support.scripted import Answer, AsyncScripted, Scripted, broken

ASK: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hi"}],
}
MESSAGE: dict[str, Any] = {
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
LIMITS = (
    ("anthropic-ratelimit-requests-limit", "50"),
    ("anthropic-ratelimit-requests-remaining", "49"),
    ("anthropic-ratelimit-requests-reset", "2026-08-19T14:34:19Z"),
    ("retry-after", "16"),
)


def answered(body: Any = MESSAGE, *, headers: tuple[Any, ...] = (), status: int = 200) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(content, status=status, headers=(JSON, *headers))


def failed(status: int, kind: str, *headers: tuple[str, str]) -> Answer:
    error = {"type": "error", "error": {"type": kind, "message": "no"}, "request_id": "req_b"}
    return answered(error, status=status, headers=headers)


class World:
    """A client, sync or async, whose answers are scripted."""

    def __init__(self, kind: type[Client | AsyncClient], *answers: Any, **settings: Any) -> None:
        self.is_async = kind is AsyncClient
        transport = AsyncScripted(*answers) if self.is_async else Scripted(*answers)
        self.script: Scripted = transport.played if self.is_async else transport
        self.client: Any = kind(api_key="k", http_client=transport, **settings)

    def call(self, method: str = "create", *, raw: bool = False, **params: Any) -> Any:
        messages = self.client.messages.with_raw_response if raw else self.client.messages
        called = getattr(messages, method)(**params)
        return asyncio.run(called) if self.is_async else called

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.script.requests]

    @property
    def waited(self) -> float:
        return self.script.clock.seconds


@pytest.fixture(params=[Client, AsyncClient])
def world(request):
    return lambda *answers, **settings: World(request.param, *answers, **settings)


def test_a_message_and_its_request_id(world):
    message = world(answered()).call(**ASK)
    assert (message.text, message._request_id) == ("Hello", "req_s")


def test_a_raw_response_tells_everything(world):
    response = world(failed(529, "overloaded_error"), answered(headers=LIMITS)).call(
        raw=True, **ASK
    )
    assert (response.status_code, response.request_id, response.retries_taken) == (200, "req_s", 1)
    assert response.headers["CONTENT-TYPE"] == response.http_response.headers["content-type"]
    assert response.elapsed.total_seconds() >= 0.375
    limits = response.rate_limits
    assert (limits.requests.limit, limits.requests.remaining, limits.retry_after) == (50, 49, 16)
    assert limits.requests.reset == datetime(2026, 8, 19, 14, 34, 19, tzinfo=UTC)
    assert limits.tokens.limit is None
    assert response.parse() is response.parse()
    assert response.parse().text == "Hello"
    assert response.json() == json.loads(response.text()) == json.loads(response.read()) == MESSAGE


def test_a_raw_count(world):
    counting = {name: value for name, value in ASK.items() if name != "max_tokens"}
    response = world(answered({"input_tokens": 3})).call("count_tokens", raw=True, **counting)
    assert response.parse().input_tokens == 3


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (failed(500, "api_error"), 0.375, 0.5),
        (failed(408, "timeout_error"), 0.375, 0.5),
        (failed(429, "rate_limit_error", ("retry-after", "7")), 7, 7),
        (
            failed(429, "rate_limit_error", ("retry-after-ms", "70"), ("retry-after", "7")),
            0.07,
            0.07,
        ),
        (failed(400, "invalid_request_error", ("x-should-retry", "true")), 0.375, 0.5),
        (broken(), 0.375, 0.5),
    ],
    ids=["500", "408", "retry-after", "retry-after-ms", "told to", "connection"],
)
def test_what_is_tried_again_and_when(world, answer, least, most):
    calling = world(answer, answered())
    assert calling.call(**ASK).text == "Hello"
    assert least <= calling.waited <= most
    assert calling.sent == [ASK, ASK]


@pytest.mark.parametrize(
    "answer",
    [
        failed(400, "invalid_request_error"),
        failed(500, "api_error", ("x-should-retry", "false")),
    ],
)
def test_what_is_not(world, answer):
    calling = world(answer, answered())
    with pytest.raises((BadRequestError, InternalServerError)):
        calling.call(**ASK)
    assert len(calling.sent) == 1
    assert not calling.waited


def test_after_the_last_retry_the_attempts_are_told(world):
    calling = world(*[failed(529, "overloaded_error")] * 3)
    with pytest.raises(OverloadedError) as caught:
        calling.call(**ASK)
    assert ["529" in attempt.failure for attempt in caught.value.attempts] == [True] * 3
    assert [attempt.started for attempt in caught.value.attempts] == sorted(
        {attempt.started for attempt in caught.value.attempts}
    )
    assert caught.value.request_id == "req_s"
    assert 0.375 + 0.75 <= calling.waited <= 0.5 + 1


def test_retries_can_be_turned_off(world):
    calling = world(broken(), answered(), max_retries=0)
    with pytest.raises(APIConnectionError):
        calling.call(**ASK)


def test_a_wait_that_does_not_fit_is_not_begun(world):
    calling = world(failed(429, "rate_limit_error", ("retry-after", "60")), answered(), timeout=30)
    with pytest.raises(RateLimitError) as caught:
        calling.call(**ASK)
    assert caught.value.retry_after == 60
    assert not calling.waited


def test_the_total_bounds_attempts_and_waits_together(world):
    calling = world(Answer(4.0, broken()), Answer(20.0, b"late"), answered(), timeout=10)
    with pytest.raises(APITimeoutError):
        calling.call(**ASK)
    assert calling.waited <= 10


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (answered(b"<html>login</html>"), APIResponseValidationError, "<html>login"),
        (answered(b'{"id": "msg_1", "con'), APIResponseValidationError, "Status 200"),
        (answered(b""), APIResponseValidationError, "empty"),
        (answered([1]), APIResponseValidationError, "Status 200"),
        (answered(b"<html>bad gateway</html>", status=502), InternalServerError, "502"),
    ],
)
def test_bodies_that_are_not_the_apis(world, answer, kind, words):
    with pytest.raises(kind, match=words):
        world(answer, max_retries=0).call(**ASK)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"modle": "m", "max_tokens": 9}, "'modle'; did you mean 'model'"),
        ({"model": "m"}, "missing 2 required keyword-only arguments: 'max_tokens' and 'messages'"),
    ],
)
def test_arguments_that_are_wrong_are_named(world, params, words):
    with pytest.raises(TypeError, match=words):
        world().call(**params)


def test_bytes_are_refused_with_their_path(world):
    source = {"type": "base64", "media_type": "image/png", "data": b"raw"}
    messages = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    path = r"messages\[0\].content\[0\].source.data: bytes; antiphon.image and"
    with pytest.raises(RequestEncodingError, match=path):
        world().call(**{**ASK, "messages": messages})


def test_a_message_goes_back_as_it_came(world):
    blocks = [
        {"type": "hologram", "depth": 3},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "f",
            "input": {"a": 1.50},
            "caller": {"type": "direct"},
        },
    ]
    calling = world(answered({**MESSAGE, "content": blocks}), answered(), answered())
    message = calling.call(**ASK)
    calling.call(**{**ASK, "messages": [*ASK["messages"], message]})
    calling.call(**{**ASK, "messages": [{"role": "assistant", "content": message.content}]})
    assert calling.sent[1]["messages"][1] == {"role": "assistant", "content": blocks}
    assert calling.sent[2]["messages"][0]["content"] == blocks


def test_what_a_call_adds_is_sent(world):
    calling = world(answered(), base_url="https://gateway/base")
    extra = {
        "extra_headers": {"X-Team": "search"},
        "extra_query": {"beta": "true"},
        "extra_body": {"new_field": None},
    }
    calling.call(**ASK, **extra, temperature=0.5, system=omit)
    (request,) = calling.script.requests
    assert request.url == "https://gateway/base/v1/messages?beta=true"
    assert request.headers["x-team"] == "search"
    assert calling.sent == [{**ASK, "temperature": 0.5, "new_field": None}]


def test_a_client_closes_with_its_block_and_says_so():
    with Client(api_key="k", http_client=Scripted(answered())) as client:
        client.messages.create(**ASK)
        assert not client.is_closed
    assert client.is_closed
    with pytest.raises(RuntimeError, match="closed"):
        client.messages.create(**ASK)


def test_a_client_goes_when_nobody_holds_it(server):
    client = Client(api_key="k", base_url=server.url)
    client.messages.create(**{**ASK, "model": "claude-haiku-4-5"})
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


def test_a_model_that_is_about_to_be_retired_is_warned_of_once(world):
    endpoints._warned_lines.clear()
    calling = world(answered(), answered(), answered())
    ask = {**ASK, "model": "claude-opus-4-5"}
    with pytest.warns(DeprecationWarning, match="retired on 2027-01-22") as caught:
        calling.call(**ask)
    assert len(caught) == 1
    calling.call(**ask)  # a second warning would fail the test
    calling.call(**{**ASK, "model": "claude-haiku-4-5"})


def test_models_that_are_gone_are_warned_of():
    client = Client(api_key="k", http_client=Scripted(answered()))
    with pytest.warns(DeprecationWarning, match="retired on 2026-01-05"):
        client.messages.create(**{**ASK, "model": "claude-3-opus-20240229"})


def test_the_warning_names_the_line_of_the_caller():
    endpoints._warned_lines.clear()
    client = Client(api_key="k", http_client=Scripted(answered(), answered()))
    ask = {**ASK, "model": "claude-opus-4-5"}
    with warnings.catch_warnings(record=True, action="always") as caught:
        client.messages.create(**ask)
        client.messages.stream(**ask)
        for _ in range(2):
            client.messages.stream(**ask)
    start = inspect.getsourcelines(test_the_warning_names_the_line_of_the_caller)[1]
    assert [warning.filename for warning in caught] == [__file__] * 3
    assert [warning.lineno - start for warning in caught] == [5, 6, 8]


def test_the_warning_of_the_async_client_names_the_line_of_the_caller():
    endpoints._warned_lines.clear()

    async def main() -> None:
        client = AsyncClient(api_key="k", http_client=AsyncScripted(answered()))
        await client.messages.create(**{**ASK, "model": "claude-opus-4-5"})

    with pytest.warns(DeprecationWarning, match="claude-opus-4-5") as caught:
        asyncio.run(main())
    assert [warning.filename for warning in caught] == [__file__]


SCHEMA = {"type": "json_schema", "schema": {"type": "object", "properties": {}}}


def test_a_schema_in_output_format_goes_where_the_api_takes_it():
    transport = Scripted(answered())
    client = Client(api_key="k", http_client=transport, max_retries=0)
    with pytest.warns(DeprecationWarning, match="use 'output_config.format' instead") as caught:
        client.beta.messages.create(
            **ASK,
            output_format=SCHEMA,  # type: ignore[call-arg]
            output_config={"effort": "low"},
        )
    assert [warning.filename for warning in caught] == [__file__]
    body = json.loads(bytes(transport.requests[0].buffered_body()))
    assert body["output_config"] == {"effort": "low", "format": SCHEMA}
    assert "output_format" not in body


def test_an_output_format_of_create_is_a_schema_and_the_only_one():
    client = Client(api_key="k", http_client=Scripted(answered()))
    with pytest.raises(TypeError, match=r"call messages.parse\(output_format=…\)"):
        client.messages.create(**ASK, output_format=dict)
    with pytest.raises(AntiphonError, match="Both output_format and"):
        client.messages.create(**ASK, output_format=SCHEMA, output_config={"format": SCHEMA})
    assert client.messages.create(**ASK, output_format=omit).id


def test_a_function_among_tools_is_told_the_way_out():
    client = Client(api_key="k", base_url="http://127.0.0.1:9")
    with pytest.raises(RequestEncodingError, match=r"tools\[0\]: .*decorate a function with @ant"):
        client.messages.create(**ASK, tools=[print])


@pytest.mark.parametrize("name", ["extra_headers", "extra_query", "extra_body", "betas"])
def test_arguments_of_another_kind_are_refused_by_name(name):
    client = Client(api_key="k", base_url="http://127.0.0.1:9")
    with pytest.raises(TypeError, match=f"{name}: expected a .*, got int"):
        client.messages.create(**ASK, **{name: 5})


@pytest.mark.parametrize("name", ["default_headers", "default_query"])
def test_settings_of_another_kind_are_refused_by_name(name):
    with pytest.raises(TypeError, match=f"{name}: expected a dict, got int"):
        Client(api_key="k", **{name: 5})
