"""Spans of calls, as the SDK of OpenTelemetry exports them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from antiphon import (
    APIConnectionError,
    APIError,
    AsyncClient,
    Budget,
    BudgetExceededError,
    Client,
    OverloadedError,
)
from antiphon._version import __version__
from tests.support.scripted import AsyncScripted, Scripted, broken
from tests.support.stream_events import framed
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, events, refused, streamed, whole

# What each span of a message has that was answered with BODY.
REQUEST = {
    "gen_ai.provider.name": "anthropic",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-haiku-4-5",
    "gen_ai.request.max_tokens": 100,
    "server.address": "api.anthropic.com",
    "server.port": 443,
    "http.request.method": "POST",
}
HEAD = {
    "http.response.status_code": 200,
    "anthropic.request.id": "req_s",
    "anthropic.organization.id": "org_1",
    "anthropic.workspace.id": "wrkspc_1",
}
MESSAGE = {
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.model": "claude-haiku-4-5-20251001",
    "gen_ai.usage.input_tokens": 4310,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 300,
    "gen_ai.usage.cache_write.input_tokens": 4000,
    "gen_ai.usage.reasoning.output_tokens": 7,
}
FINISHED = {"gen_ai.response.finish_reasons": ("end_turn",)}


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest):
    """Return what performs a call of either client and returns the telemetry and the requests."""

    def made(
        call: Any, *answers: Any, telemetry: dict[str, Any] | None = None, **settings: Any
    ) -> tuple[Telemetry, list[Any]]:
        seen = Telemetry()
        options = seen.options(**(telemetry or {}))
        if request.param == "sync":
            transport = Scripted(*answers)
            client = Client(api_key="k", http_client=transport, open_telemetry=options, **settings)
            call.sync(client)
            return seen, transport.requests
        played = AsyncScripted(*answers)
        other = AsyncClient(api_key="k", http_client=played, open_telemetry=options, **settings)
        asyncio.run(call.awaited(other))
        return seen, played.played.requests

    return made


class Create:
    """`messages.create`, perhaps failing."""

    def __init__(self, raises: type[BaseException] | None = None, **params: Any) -> None:
        self.params = {**ASK, **params}
        self.raises = raises

    def sync(self, client: Client) -> None:
        if self.raises is None:
            client.messages.create(**self.params)
            return
        with pytest.raises(self.raises):
            client.messages.create(**self.params)

    async def awaited(self, client: AsyncClient) -> None:
        if self.raises is None:
            await client.messages.create(**self.params)
            return
        with pytest.raises(self.raises):
            await client.messages.create(**self.params)


class Stream:
    """`messages.stream`, read to its end, for some events, or until it fails."""

    def __init__(self, raises: type[BaseException] | None = None, events: int = 1000) -> None:
        self.raises = raises
        self.events = events

    def sync(self, client: Client) -> None:
        def read() -> None:
            with client.messages.stream(**ASK) as stream:
                for _ in zip(range(self.events), stream, strict=False):
                    pass

        if self.raises is None:
            read()
            return
        with pytest.raises(self.raises):
            read()

    async def awaited(self, client: AsyncClient) -> None:
        async def read() -> None:
            async with client.messages.stream(**ASK) as stream:
                left = self.events
                async for _ in stream:
                    left -= 1
                    if not left:
                        break

        if self.raises is None:
            await read()
            return
        with pytest.raises(self.raises):
            await read()


def test_a_call_has_a_span_by_the_conventions(make):
    seen, _ = make(Create(), whole())
    span = seen.span
    assert span.name == "chat claude-haiku-4-5"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.OK
    assert span.status.description is None
    assert not span.events
    scope = span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("antiphon", __version__)
    assert seen.attributes == {**REQUEST, **HEAD, **MESSAGE, **FINISHED}


def test_what_was_asked_for_is_on_the_span(make):
    ask = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "stop_sequences": ["END"],
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": {"type": "object"}},
        },
    }
    seen, _ = make(Create(**ask), whole(), telemetry={"conversation_id": "c-1"})
    assert seen.attributes == {
        **REQUEST,
        **HEAD,
        **MESSAGE,
        **FINISHED,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.top_k": 5,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.output.type": "json",
        "gen_ai.conversation.id": "c-1",
    }


def test_a_stream_has_a_span_that_ends_with_it(make):
    seen, _ = make(Stream(), streamed(*events(2.0, 1.0)))
    assert seen.span.status.status_code is StatusCode.OK
    assert seen.attributes == {
        **REQUEST,
        **HEAD,
        **MESSAGE,
        **FINISHED,
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 2.0,
    }


def test_a_stream_without_content_has_no_first_chunk(make):
    seen, _ = make(Stream(), streamed(*events()))
    assert "gen_ai.response.time_to_first_chunk" not in seen.attributes


def test_the_span_of_a_stream_that_is_left_has_no_status(make):
    seen, _ = make(Stream(events=4), streamed(*events(1.0), 5.0))
    assert seen.span.status.status_code is StatusCode.UNSET
    assert "error.type" not in seen.attributes
    assert "gen_ai.response.finish_reasons" not in seen.attributes
    assert seen.attributes["gen_ai.response.id"] == "msg_1"


def test_an_error_in_a_stream_is_that_of_the_api(make):
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
    parts = [*events(1.0)[:4], framed(error)]
    seen, _ = make(Stream(APIError), streamed(*parts), max_retries=0)
    assert seen.span.status.status_code is StatusCode.ERROR
    assert seen.span.status.description is None
    assert seen.attributes["error.type"] == "overloaded_error"
    assert seen.attributes["http.response.status_code"] == 200
    assert seen.attributes["gen_ai.response.id"] == "msg_1"


@pytest.mark.parametrize(
    ("conventions", "kind"), [("gen_ai", "StreamInterruptedError"), ("anthropic", "api_error")]
)
def test_a_stream_without_an_end_is_an_error(make, conventions, kind):
    parts = events(1.0)[:4]
    seen, _ = make(
        Stream(APIConnectionError), streamed(*parts), telemetry={"conventions": conventions}
    )
    assert seen.attributes["error.type"] == kind


def test_one_span_covers_all_attempts(make):
    seen, requests = make(Create(), refused(), refused(), whole())
    assert len(requests) == 3
    assert seen.attributes == {
        **REQUEST,
        **HEAD,
        **MESSAGE,
        **FINISHED,
        "http.request.resend_count": 2,
    }


def test_a_failed_call_has_the_kind_of_its_error(make):
    seen, _ = make(Create(OverloadedError), refused(), max_retries=0)
    assert seen.span.status.status_code is StatusCode.ERROR
    assert seen.attributes == {
        **REQUEST,
        **HEAD,
        "http.response.status_code": 529,
        "error.type": "overloaded_error",
    }


@pytest.mark.parametrize(
    ("conventions", "kind"), [("gen_ai", "APIConnectionError"), ("anthropic", "connection_error")]
)
def test_a_call_without_a_response_has_an_error_too(make, conventions, kind):
    seen, _ = make(
        Create(APIConnectionError),
        broken(),
        max_retries=0,
        telemetry={"conventions": conventions},
    )
    assert seen.attributes["error.type"] == kind
    assert "http.response.status_code" not in seen.attributes


def test_an_interrupt_ends_the_span(make):
    seen, _ = make(Create(KeyboardInterrupt), KeyboardInterrupt())
    assert seen.span.status.status_code is StatusCode.ERROR
    assert seen.attributes["error.type"] == "KeyboardInterrupt"


def test_a_call_that_the_budget_refuses_has_a_span(make):
    seen, requests = make(Create(BudgetExceededError), budget=Budget(tokens=1))
    assert not requests
    assert seen.attributes["error.type"] == "BudgetExceededError"


def test_a_cancelled_call_has_a_span():
    seen = Telemetry()

    class Never(AsyncScripted):
        async def send(self, request: Any) -> Any:
            await asyncio.Event().wait()

    async def main() -> None:
        client = AsyncClient(api_key="k", http_client=Never(), open_telemetry=seen.options())
        call = asyncio.create_task(client.messages.create(**ASK))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
    assert seen.attributes["error.type"] == "CancelledError"
    assert seen.span.status.status_code is StatusCode.ERROR


def test_each_request_carries_the_id_of_its_span(make):
    seen, requests = make(Create(), refused(), whole())
    context = seen.span.context
    assert context is not None
    sent = f"00-{context.trace_id:032x}-{context.span_id:016x}-"
    assert all(request.headers["traceparent"].startswith(sent) for request in requests)


def test_a_header_of_the_user_wins(make):
    own = {"traceparent": "00-11111111111111111111111111111111-2222222222222222-01"}
    _, (request,) = make(Create(extra_headers=own), whole())
    assert request.headers["traceparent"] == own["traceparent"]


def test_propagation_can_be_off(make):
    seen, (request,) = make(Create(), whole(), telemetry={"propagation": False})
    assert seen.span
    assert "traceparent" not in request.headers


def test_the_span_stands_under_that_of_the_program():
    seen = Telemetry()
    client = Client(api_key="k", http_client=Scripted(whole()), open_telemetry=seen.options())
    with seen.tracers.get_tracer("program").start_as_current_span("work") as work:
        client.messages.create(**ASK)
        assert trace.get_current_span() is work
    call, _ = seen.spans
    assert call.parent is not None
    assert call.parent.span_id == work.get_span_context().span_id


def test_raw_responses_have_the_same_span():
    seen = Telemetry()
    client = Client(
        api_key="k",
        http_client=Scripted(whole(), whole()),
        open_telemetry=seen.options(),
    )
    client.messages.with_raw_response.create(**ASK)
    with client.messages.with_streaming_response.create(**ASK) as response:
        response.parse()
    assert [dict(span.attributes or {}) for span in seen.spans] == [
        {**REQUEST, **HEAD, **MESSAGE, **FINISHED}
    ] * 2


def test_a_middleware_that_reads_the_message_makes_no_other_span():
    seen = Telemetry()

    def looking(request: Any, call_next: Any) -> Any:
        response = call_next(request)
        response.parse()
        return response

    client = Client(
        api_key="k",
        http_client=Scripted(whole()),
        open_telemetry=seen.options(),
        middleware=[looking],
    )
    client.messages.create(**ASK)
    assert seen.span
