"""Spans of tool runners."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from antiphon import APIError, AsyncClient, Client, ToolError, tool
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.telemetry import Telemetry

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Is it warm in Oslo?"}],
}
JSON = (("content-type", "application/json"),)


def answer(*content: dict[str, Any], stop_reason: str = "tool_use") -> Answer:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    return Answer(json.dumps(body).encode(), headers=JSON)


def use(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": name, "input": {"city": "Oslo"}}


END = ({"type": "text", "text": "Yes."},)


class Seen:
    """What tools see while they run."""

    def __init__(self) -> None:
        self.current: list[int] = []

    def note(self) -> None:
        self.current.append(trace.get_current_span().get_span_context().span_id)


def tools(seen: Seen) -> list[Any]:
    @tool
    def weather(city: str) -> str:
        """Tell the weather."""
        seen.note()
        return f"20 degrees in {city}"

    @tool
    async def weather_later(city: str) -> str:
        """Tell the weather, in time."""
        seen.note()
        return f"20 degrees in {city}"

    @tool
    def broken(city: str) -> str:
        """Fail."""
        raise ToolError("no")

    return [weather, broken, weather_later]


def attributes(span: Any) -> dict[str, Any]:
    return dict(span.attributes or {})


RUN = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-haiku-4-5",
}
TOOL = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.tool.name": "weather",
    "gen_ai.tool.description": "Tell the weather.",
    "gen_ai.tool.call.id": "toolu_1",
    "gen_ai.tool.type": "function",
}


@pytest.mark.parametrize("threads", [{}, {"concurrency": 2}])
@pytest.mark.parametrize(
    ("conventions", "names"),
    [
        ("gen_ai", ["chat claude-haiku-4-5", "execute_tool weather", "invoke_agent"]),
        (
            "anthropic",
            [
                "anthropic.messages.create",
                "anthropic.custom_tool_use weather",
                "anthropic.messages.tool_runner",
            ],
        ),
    ],
)
def test_requests_and_tools_stand_under_the_run(conventions, names, threads):
    telemetry, seen = Telemetry(), Seen()
    client = Client(
        api_key="k",
        http_client=Scripted(answer(use("weather")), answer(*END, stop_reason="end_turn")),
        open_telemetry=telemetry.options(conventions=conventions),
    )
    client.messages.run_tools(**ASK, tools=tools(seen)[:2], **threads).until_done()
    first, called, second, run = telemetry.spans
    assert [each.name for each in (first, called, run)] == names
    assert second.name == first.name
    context = run.context
    assert context is not None
    for child in (first, called, second):
        assert child.parent is not None
        assert child.parent.span_id == context.span_id
    assert called.context is not None
    assert seen.current == [called.context.span_id]
    assert not trace.get_current_span().get_span_context().is_valid
    assert called.kind is run.kind is SpanKind.INTERNAL
    assert called.status.status_code is run.status.status_code is StatusCode.OK
    assert attributes(run) == RUN
    assert attributes(called) == TOOL


def test_an_async_run_has_the_same_spans():
    telemetry, seen = Telemetry(), Seen()
    transport = AsyncScripted(answer(use("weather_later")), answer(*END, stop_reason="end_turn"))

    async def main() -> None:
        client = AsyncClient(api_key="k", http_client=transport, open_telemetry=telemetry.options())
        async for _ in client.messages.run_tools(**ASK, tools=tools(seen)):
            # The caller's own spans do not stand under that of the run.
            assert not trace.get_current_span().get_span_context().is_valid

    asyncio.run(main())
    first, called, second, run = telemetry.spans
    assert called.name == "execute_tool weather_later"
    context = run.context
    assert context is not None
    for child in (first, called, second):
        assert child.parent is not None
        assert child.parent.span_id == context.span_id
    assert called.context is not None
    assert seen.current == [called.context.span_id]


@pytest.mark.parametrize(
    ("conventions", "kind"), [("gen_ai", "ToolError"), ("anthropic", "tool_error")]
)
def test_a_tool_that_fails_has_an_error(conventions, kind):
    telemetry = Telemetry()
    client = Client(
        api_key="k",
        http_client=Scripted(answer(use("broken")), answer(*END, stop_reason="end_turn")),
        open_telemetry=telemetry.options(conventions=conventions),
    )
    client.messages.run_tools(**ASK, tools=tools(Seen())[:2]).until_done()
    _, called, _, run = telemetry.spans
    assert called.status.status_code is StatusCode.ERROR
    assert attributes(called)["error.type"] == kind
    assert run.status.status_code is StatusCode.OK


def test_a_run_that_fails_ends_its_span_and_may_begin_another():
    telemetry = Telemetry()
    error = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    client = Client(
        api_key="k",
        http_client=Scripted(
            Answer(json.dumps(error).encode(), status=500, headers=JSON),
            answer(*END, stop_reason="end_turn"),
        ),
        max_retries=0,
        open_telemetry=telemetry.options(),
    )
    run = client.messages.run_tools(**ASK, tools=tools(Seen())[:2])
    with pytest.raises(APIError):
        run.until_done()
    assert run.until_done().text == "Yes."
    failed, ended = (span for span in telemetry.spans if span.name == "invoke_agent")
    assert failed.status.status_code is StatusCode.ERROR
    assert attributes(failed)["error.type"] == "InternalServerError"
    assert ended.status.status_code is StatusCode.OK


def test_a_run_that_is_closed_ends_its_span_without_a_status():
    telemetry = Telemetry()
    client = Client(
        api_key="k",
        http_client=Scripted(answer(use("weather"))),
        open_telemetry=telemetry.options(),
    )
    with client.messages.run_tools(**ASK, tools=tools(Seen())[:2]) as run:
        next(iter(run))
    assert telemetry.spans[-1].name == "invoke_agent"
    assert telemetry.spans[-1].status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("conventions", "name"),
    [("gen_ai", "gen_ai.tool.call.result"), ("anthropic", "anthropic.tool_result.content")],
)
def test_arguments_and_results_are_on_the_span_if_they_are_asked_for(conventions, name):
    telemetry = Telemetry()
    traces = {"content_mode": "content", "max_content_bytes": 16}
    client = Client(
        api_key="k",
        http_client=Scripted(answer(use("weather")), answer(*END, stop_reason="end_turn")),
        open_telemetry=telemetry.options(conventions=conventions, traces=traces),
    )
    client.messages.run_tools(**ASK, tools=tools(Seen())[:2]).until_done()
    _, called, _, _ = telemetry.spans
    assert attributes(called)["gen_ai.tool.call.arguments"] == '{"city": "Oslo"}'
    assert attributes(called)[name] == "20 degrees in Os"
