"""`client.messages.run_tools`, in both worlds, against the local server and scripted responses."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import threading
from contextlib import nullcontext
from typing import Any

import pytest
import trio
from pydantic import BaseModel

import antiphon
from antiphon import AsyncClient, Client, ToolError, UsageError
from antiphon._stream.writer import write_message
from antiphon.local import App, AsyncInProcess, InProcess, VirtualClock
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.wire_samples import PLAIN, USAGE

JSON = ("content-type", "application/json")
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "More"}
PROMPT: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 200, "messages": [HELLO]}
WEATHER = {"role": "user", "content": "Use get_weather for Paris and Rome."}


@antiphon.tool
def get_weather(location: str) -> str:
    """Tell the weather at a place."""
    return f"Sunny in {location}"


@antiphon.tool
async def get_forecast(location: str) -> str:
    """Tell tomorrow's weather at a place."""
    return f"Rain in {location}"


def called(*calls: tuple[str, dict[str, Any]], stop: str = "tool_use", **fields: Any) -> Answer:
    blocks = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": call[0], "input": call[1]}
        for number, call in enumerate(calls)
    ]
    return answer(*blocks, stop=stop, **fields)


def answer(*blocks: Any, stop: str = "end_turn", **fields: Any) -> Answer:
    message = {**PLAIN, "content": list(blocks), "stop_reason": stop, **fields}
    return Answer(json.dumps(message).encode(), headers=(JSON,))


DONE = answer({"type": "text", "text": "Done"})


def client_of(*answers: Any) -> tuple[Client, Scripted]:
    transport = Scripted(*answers)
    return Client(api_key="k", http_client=transport, max_retries=0), transport


def async_client_of(*answers: Any) -> tuple[AsyncClient, AsyncScripted]:
    transport = AsyncScripted(*answers)
    return AsyncClient(api_key="k", http_client=transport, max_retries=0), transport


def sent(transport: Scripted) -> list[dict[str, Any]]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


def results(transport: Scripted | AsyncScripted) -> list[Any]:
    """Return the blocks that the last request ended with."""
    played = transport.played if isinstance(transport, AsyncScripted) else transport
    return sent(played)[-1]["messages"][-1]["content"]


def local() -> dict[str, Any]:
    return {"api_key": "k", "http_client": InProcess(App(VirtualClock()))}


def test_a_tool_is_run_until_claude_has_finished():
    runner = Client(**local()).messages.run_tools(
        **{**PROMPT, "messages": [WEATHER]}, tools=[get_weather]
    )
    assert runner.stop_reason is None
    first, last = runner
    assert [call.name for call in first.tool_uses] == ["get_weather", "get_weather"]
    assert "Sunny in Paris" in last.text
    assert "Sunny in Rome" in last.text
    assert runner.stop_reason == "end_turn"
    assert runner.messages == [WEATHER, first, runner.messages[2], last]
    assert runner.turns == 2
    assert runner.usage == first.usage + last.usage
    assert runner.until_done() is last


def test_the_same_with_async_tools_and_others():
    async def main() -> None:
        transport = AsyncInProcess(App(VirtualClock()))
        async with AsyncClient(api_key="k", http_client=transport) as client:
            question = {"role": "user", "content": "Use get_weather and get_forecast for Paris."}
            runner = client.messages.run_tools(
                **{**PROMPT, "messages": [question]}, tools=[get_weather, get_forecast]
            )
            seen = [message async for message in runner]
        assert "Sunny in Paris" in seen[-1].text
        assert "Rain in Paris" in seen[-1].text
        assert runner.stop_reason == "end_turn"

    asyncio.run(main())


@pytest.mark.parametrize("thread", [False, True])
def test_streams_are_read_to_their_end(thread):
    runner = Client(**local()).messages.run_tools(
        **{**PROMPT, "messages": [WEATHER]}, tools=[get_weather], stream=True, thread=thread
    )
    texts = []
    for number, stream in enumerate(runner):
        if number:  # of the first nothing is read
            texts += stream.text_stream
    assert "Sunny in Rome" in "".join(texts)
    assert runner.until_done().text == "".join(texts)
    assert len(runner.messages) == 4


def test_a_stream_that_is_left_is_closed_with_the_runner():
    client, transport = client_of(Answer(b"event: ping\ndata: {}\n\n", b"never read"))
    with client.messages.run_tools(**PROMPT, tools=[get_weather], stream=True) as runner:
        for _ in runner:
            break
    assert transport.replies[0].closed
    assert list(runner) == []
    assert runner.stop_reason == "closed"


def test_a_stream_that_was_cut_by_the_caller_is_said_so():
    runner = Client(**local()).messages.run_tools(
        **{**PROMPT, "messages": [WEATHER]}, tools=[get_weather], stream=True
    )
    next(runner).close()
    with pytest.raises(UsageError, match="closed before its message was complete"):
        next(runner)


def test_a_thread_sends_new_messages_alone():
    app = App(VirtualClock(), control=True)
    client = Client(api_key="k", http_client=InProcess(app))
    bodies = []
    send = client._session.http_client.send

    def watched(request: Any) -> Any:
        bodies.append(json.loads(request.buffered_body()))
        return send(request)

    client._session.http_client.send = watched
    runner = client.messages.run_tools(
        **{**PROMPT, "messages": [WEATHER]}, tools=[get_weather], thread=True
    )
    last = runner.until_done()
    assert "Sunny in Rome" in last.text
    first, second = bodies
    assert first["thread"] == {"type": "create"}
    assert second["thread"]["type"] == "continue"
    assert [block["type"] for block in second["messages"][0]["content"]] == ["tool_result"] * 2
    assert "tools" not in second
    runner.messages.append(MORE)
    runner.until_done()
    assert bodies[2]["messages"] == [MORE]


def test_no_thread_is_used_unless_it_is_asked_for():
    client, transport = client_of(called(("get_weather", {"location": "Bern"})), DONE)
    client.messages.run_tools(**PROMPT, tools=[get_weather]).until_done()
    first, second = sent(transport)
    assert "thread" not in first
    assert second["messages"][:1] == first["messages"]
    assert second["tools"] == first["tools"] == [get_weather.to_dict()]
    assert "anthropic-beta" not in transport.requests[0].headers


def test_results_stand_in_the_order_of_the_calls():
    order: list[str] = []
    gates = {name: asyncio.Event() for name in "abc"}

    @antiphon.tool
    async def wait(name: str) -> str:
        """Wait for the call after this one."""
        if name != "c":
            await gates[name].wait()
        order.append(name)
        if name != "a":
            gates[{"b": "a", "c": "b"}[name]].set()
        return name

    async def main() -> None:
        client, transport = async_client_of(called(*[("wait", {"name": n}) for n in "abc"]), DONE)
        await client.messages.run_tools(**PROMPT, tools=[wait]).until_done()
        assert order == ["c", "b", "a"]
        assert [block["content"] for block in results(transport)] == ["a", "b", "c"]

    asyncio.run(main())


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (2, 2), (None, 3)])
def test_a_limit_of_calls_at_once(limit, at_once):
    running: list[int] = []
    most = 0

    @antiphon.tool
    async def work(number: int) -> None:
        """Work."""
        nonlocal most
        running.append(number)
        most = max(most, len(running))
        for _ in range(5):
            await asyncio.sleep(0)
        running.remove(number)

    async def main() -> None:
        client, _ = async_client_of(called(*[("work", {"number": n}) for n in range(3)]), DONE)
        await client.messages.run_tools(**PROMPT, tools=[work], concurrency=limit).until_done()

    asyncio.run(main())
    assert most == at_once


def test_threads_on_request_and_none_without():
    together = threading.Barrier(2)
    names: list[str] = []
    tenant = contextvars.ContextVar("tenant", default="nobody")

    @antiphon.tool
    def meet() -> str:
        """Wait for the other call."""
        names.append(threading.current_thread().name)
        together.wait(10)
        return tenant.get()

    @antiphon.tool
    def alone() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    tenant.set("me")
    client, transport = client_of(called(("meet", {}), ("meet", {})), DONE)
    client.messages.run_tools(**PROMPT, tools=[meet], concurrency=2).until_done()
    assert [block["content"] for block in results(transport)] == ["me", "me"]
    assert threading.current_thread().name not in names
    client, transport = client_of(called(("alone", {})), DONE)
    client.messages.run_tools(**PROMPT, tools=[alone]).until_done()
    assert results(transport)[0]["content"] == threading.current_thread().name


def test_a_plain_function_does_not_block_the_loop():
    reached = threading.Event()

    @antiphon.tool
    def patient() -> str:
        """Wait until the loop did something else."""
        return str(reached.wait(10))

    async def main() -> None:
        client, transport = async_client_of(called(("patient", {})), DONE)
        run = asyncio.create_task(client.messages.run_tools(**PROMPT, tools=[patient]).until_done())
        asyncio.get_running_loop().call_later(0, reached.set)
        await run
        assert results(transport)[0]["content"] == "True"

    asyncio.run(main())


@antiphon.tool
def fail() -> str:
    """Fail."""
    raise LookupError("no such row")


@antiphon.tool
def explain() -> str:
    """Fail with blocks."""
    raise ToolError([{"type": "text", "text": "Try another table."}])


def test_exceptions_become_results(caplog):
    errors: list[Any] = []
    client, transport = client_of(
        called(("fail", {}), ("explain", {}), ("nothing", {}), ("get_weather", {"place": 1})), DONE
    )
    client.messages.run_tools(
        **PROMPT,
        tools=[fail, explain, get_weather],
        on_error=lambda call, error: errors.append((call.name, type(error))),
    ).until_done()
    failed, explained, unknown, unfit = results(transport)
    assert failed["content"] == "LookupError: no such row"
    assert explained["content"] == [{"type": "text", "text": "Try another table."}]
    assert "Tool 'nothing' not found" in unknown["content"]
    assert "location" in unfit["content"]
    assert all(block["is_error"] for block in (failed, explained, unknown, unfit))
    # What cannot be run is told before anything is run.
    assert [name for name, _ in errors] == ["nothing", "fail", "explain", "get_weather"]
    assert errors[1] == ("fail", LookupError)
    with_traceback = [record.exc_info is not None for record in caplog.records]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 4
    assert with_traceback == [False, True, False, False]


def test_a_value_without_a_form_in_json_is_an_error():
    @antiphon.tool
    def odd() -> object:
        """Return something odd."""
        return object()

    client, transport = client_of(called(("odd", {})), DONE)
    client.messages.run_tools(**PROMPT, tools=[odd]).until_done()
    assert results(transport)[0]["is_error"]


def test_a_text_that_utf_8_cannot_hold_does_not_break_the_request():
    @antiphon.tool
    def broken(kind: str) -> str:
        """Fail in some way."""
        raise ToolError("half \ud800") if kind == "told" else ValueError("half \ud800")

    client, transport = client_of(
        called(("broken", {"kind": "told"}), ("broken", {"kind": ""})), DONE
    )
    client.messages.run_tools(**PROMPT, tools=[broken]).until_done()
    assert [block["content"] for block in results(transport)] == [
        "half \ufffd",
        "ValueError: half \ufffd",
    ]


def test_an_error_that_holds_what_no_result_can_is_described():
    @antiphon.tool
    def odd() -> str:
        """Fail oddly."""
        raise ToolError(object())

    client, transport = client_of(called(("odd", {})), DONE)
    client.messages.run_tools(**PROMPT, tools=[odd]).until_done()
    assert results(transport)[0]["content"].startswith("ToolError: ")


class Stop(BaseException):
    """Like KeyboardInterrupt, which pytest would take for itself."""


@pytest.mark.parametrize("concurrency", [None, 2])
def test_an_interrupt_is_not_claudes_to_handle(concurrency):
    @antiphon.tool
    def stop() -> str:
        """Stop everything."""
        raise Stop

    client, _ = client_of(called(("stop", {})))
    runner = client.messages.run_tools(**PROMPT, tools=[stop], concurrency=concurrency)
    with pytest.raises(Stop):
        runner.until_done()

    async def main() -> None:
        client, _ = async_client_of(called(("stop", {})))
        with pytest.raises(Stop):
            await client.messages.run_tools(**PROMPT, tools=[stop]).until_done()

    asyncio.run(main())


def test_a_tool_that_takes_too_long():
    never = threading.Event()

    @antiphon.tool
    def slow() -> str:
        """Wait for good."""
        never.wait()
        return "late"

    @antiphon.tool
    async def slow_too() -> str:
        """Wait for good."""
        await asyncio.Event().wait()
        return "late"

    def check(transport: Any) -> None:
        late, *_, quick = results(transport)
        assert late["is_error"]
        assert late["content"] == "TimeoutError: the call took longer than 0.01 s"
        assert quick["content"] == "Sunny in Bern"

    quick = ("get_weather", {"location": "Bern"})
    limits = {"slow": 0.01, "slow_too": 0.01}
    client, transport = client_of(called(("slow", {}), quick), DONE)
    client.messages.run_tools(**PROMPT, tools=[slow, get_weather], tool_timeout=limits).until_done()
    check(transport)

    async def main() -> None:
        client, transport = async_client_of(called(("slow", {}), ("slow_too", {}), quick), DONE)
        await client.messages.run_tools(
            **PROMPT, tools=[slow, slow_too, get_weather], tool_timeout=limits
        ).until_done()
        check(transport)

    asyncio.run(main())
    never.set()


def test_a_timeout_of_the_tools_own_is_its_own():
    @antiphon.tool
    async def connect() -> str:
        """Connect."""
        raise TimeoutError("no route")

    async def main() -> None:
        client, transport = async_client_of(called(("connect", {})), DONE)
        await client.messages.run_tools(**PROMPT, tools=[connect], tool_timeout=60).until_done()
        assert results(transport)[0]["content"] == "TimeoutError: no route"

    asyncio.run(main())


def test_cancellation_cancels_the_tools_and_the_run_goes_on_afterwards():
    ended: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        @antiphon.tool
        async def hang() -> str:
            """Hang."""
            try:
                begun.set()
                await asyncio.Event().wait()
            finally:
                ended.append("hang")
            return ""

        client, transport = async_client_of(called(("hang", {}), ("hang", {})), DONE)
        runner = client.messages.run_tools(**PROMPT, tools=[hang])
        task = asyncio.create_task(runner.until_done())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == ["hang", "hang"]
        await runner.until_done()
        assert ended == ["hang", "hang"]
        assert all("outcome is unknown" in block["content"] for block in results(transport))

    asyncio.run(main())


def test_a_tool_that_cancels_something_of_its_own_has_failed():
    @antiphon.tool
    async def confused() -> str:
        """Give up."""
        raise asyncio.CancelledError

    async def main() -> None:
        client, transport = async_client_of(called(("confused", {})), DONE)
        await client.messages.run_tools(**PROMPT, tools=[confused]).until_done()
        assert results(transport)[0]["content"] == "RuntimeError: the call was cancelled"

    asyncio.run(main())


def test_under_trio_calls_run_one_after_another():
    running: list[str] = []

    @antiphon.tool
    async def wait(name: str) -> str:
        """Wait a moment."""
        running.append(name)
        await trio.lowlevel.checkpoint()
        assert running.pop() == name
        return name

    @antiphon.tool
    def plain() -> str:
        """Tell the thread."""
        return threading.current_thread().name

    @antiphon.tool
    async def hang() -> str:
        """Hang."""
        await trio.sleep_forever()
        return ""

    async def main() -> None:
        calls = ("wait", {"name": "a"}), ("wait", {"name": "b"}), ("plain", {}), ("hang", {})
        client, transport = async_client_of(called(*calls), DONE)
        await client.messages.run_tools(
            **PROMPT, tools=[wait, plain, hang, fail], tool_timeout={"hang": 0.01}
        ).until_done()
        first, second, other, late = results(transport)
        assert (first["content"], second["content"]) == ("a", "b")
        assert other["content"] != threading.current_thread().name
        assert late["content"] == "TimeoutError: the call took longer than 0.01 s"

    trio.run(main)


def test_hooks_are_called_in_order():
    seen: list[Any] = []
    client, _ = client_of(called(("get_weather", {"location": "Bern"}), ("fail", {})), DONE)
    client.messages.run_tools(
        **PROMPT,
        tools=[get_weather, fail],
        on_call=lambda call: seen.append(("call", call.name)),
        on_result=lambda call, result: seen.append(("result", call.name, result["content"])),
        on_error=lambda call, error: seen.append(("error", call.name)),
    ).until_done()
    assert seen == [
        ("call", "get_weather"),
        ("result", "get_weather", "Sunny in Bern"),
        ("call", "fail"),
        ("error", "fail"),
        ("result", "fail", "LookupError: no such row"),
    ]


def test_a_denied_call_is_not_run_and_claude_is_told_why():
    ran: list[str] = []

    @antiphon.tool
    def delete(name: str) -> str:
        """Delete a file."""
        ran.append(name)
        return "deleted"

    verdicts: dict[str, Any] = {"a": True, "b": False, "c": "It is still needed."}

    def approve(call: Any) -> Any:
        return verdicts[call.input["name"]]

    async def approve_later(call: Any) -> Any:
        await asyncio.sleep(0)
        return verdicts[call.input["name"]]

    def check(transport: Any) -> None:
        assert [block["content"] for block in results(transport)] == [
            "deleted",
            "The user denied the call.",
            "The user denied the call: It is still needed.",
        ]
        assert [block.get("is_error") for block in results(transport)] == [None, True, True]

    calls = called(*[("delete", {"name": name}) for name in "abc"])
    client, transport = client_of(calls, DONE)
    client.messages.run_tools(**PROMPT, tools=[delete], approve=approve).until_done()
    check(transport)

    async def main() -> None:
        client, transport = async_client_of(calls, DONE)
        await client.messages.run_tools(
            **PROMPT, tools=[delete], approve=approve_later
        ).until_done()
        check(transport)

    asyncio.run(main())
    assert ran == ["a", "a"]


def test_an_approval_that_says_nothing_runs_nothing():
    client, _ = client_of(called(("fail", {})))
    runner = client.messages.run_tools(**PROMPT, tools=[fail], approve=lambda call: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="approve: it has to return True, False or a reason"):
        runner.until_done()


def test_an_async_hook_in_the_sync_world():
    async def approve(call: Any) -> bool:
        return True

    client, _ = client_of(called(("fail", {})))
    runner = client.messages.run_tools(**PROMPT, tools=[fail], approve=approve)
    with pytest.raises(TypeError, match="pass it to AsyncClient"):
        runner.until_done()


def test_the_last_calls_are_not_run_at_the_limit_of_turns():
    client, transport = client_of(called(("fail", {})), called(("fail", {})))
    ran: list[Any] = []
    runner = client.messages.run_tools(**PROMPT, tools=[fail], max_turns=2, on_call=ran.append)
    last = runner.until_done()
    assert (last.stop_reason, runner.stop_reason) == ("tool_use", "max_turns")
    assert (len(transport.requests), len(ran)) == (2, 1)


@pytest.mark.parametrize("where", ["client", "call", "block"])
def test_no_tool_is_run_if_the_budget_has_nothing_left_for_its_result(where):
    budget, usage = antiphon.Budget(tokens=5_500), {**USAGE, "output_tokens": 5_000}
    ran: list[Any] = []
    first = called(("get_weather", {"location": "Bern"}), usage=usage)
    client, transport = client_of(first, DONE)
    given: Any = {"budget": budget} if where == "call" else {}
    if where == "client":
        client = client.with_options(budget=budget)
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather], on_call=ran.append, **given)
    with budget if where == "block" else nullcontext(), pytest.raises(antiphon.BudgetExceededError):
        runner.until_done()
    assert (len(transport.requests), ran, budget.reserved) == (1, [], 0)
    if where == "block":  # and without the budget it goes on where it stopped
        runner.until_done()
        assert len(ran) == 1


@pytest.mark.parametrize("stop", ["refusal", "max_tokens"])
def test_the_end_can_be_seen(stop):
    client, _ = client_of(called(("fail", {}), stop=stop))
    ran: list[Any] = []
    runner = client.messages.run_tools(**PROMPT, tools=[fail], on_call=ran.append)
    assert runner.until_done().stop_reason == stop == runner.stop_reason
    assert ran == []


def test_a_conversation_can_be_extended_while_it_runs_and_after_its_end():
    client, transport = client_of(called(("get_weather", {"location": "Bern"})), DONE, DONE)
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather])
    next(runner)
    runner.messages.append(MORE)
    runner.until_done()
    assert [message["role"] for message in sent(transport)[1]["messages"]] == [
        "user",
        "assistant",
        "user",
        "user",
    ]
    runner.messages.append(MORE)
    assert runner.stop_reason == "end_turn"
    runner.until_done()
    assert len(transport.requests) == 3


def test_parameters_can_be_changed_while_it_runs():
    client, transport = client_of(called(("get_weather", {"location": "Bern"})), DONE)
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather])
    for _ in runner:
        runner.params["max_tokens"] = 50
    assert [body["max_tokens"] for body in sent(transport)] == [200, 50]


def test_an_error_of_the_api_leaves_the_loop_which_can_go_on():
    busy = Answer(b'{"type":"error"}', status=529, headers=(JSON,))
    client, transport = client_of(called(("get_weather", {"location": "Bern"})), busy, DONE)
    ran: list[Any] = []
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather], on_call=ran.append)
    with pytest.raises(antiphon.OverloadedError):
        runner.until_done()
    runner.until_done()
    assert sent(transport)[1] == sent(transport)[2]
    assert len(ran) == 1


def test_usage_is_summed():
    client, _ = client_of(called(("get_weather", {"location": "Bern"})), DONE)
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather])
    assert runner.usage is None
    runner.until_done()
    assert runner.usage is not None
    assert runner.usage.output_tokens == 2 * USAGE["output_tokens"]


def test_a_run_that_is_closed_says_so_at_once():
    client, transport = client_of(DONE)
    left = client.messages.run_tools(**PROMPT, tools=[get_weather])
    left.close()
    assert (left.stop_reason, [*left], transport.requests) == ("closed", [], [])


def test_a_run_that_has_ended_keeps_its_reason_when_it_is_closed():
    client, _ = client_of(DONE)
    with client.messages.run_tools(**PROMPT, tools=[get_weather]) as runner:
        runner.until_done()
    assert ([*runner], runner.stop_reason) == ([], "end_turn")


def test_tools_are_closed_with_the_runner():
    closed: list[str] = []

    class Session(antiphon.Tool):
        def to_dict(self) -> Any:
            return {"name": "session", "input_schema": {"type": "object"}}

        def call(self, input: Any, /) -> str:
            return "open" if not closed else "closed"

        def close(self) -> None:
            closed.append("session")

    client, transport = client_of(called(("session", {})), DONE)
    with client.messages.run_tools(**PROMPT, tools=[Session()]) as runner:
        runner.until_done()
    assert results(transport)[0]["content"] == "open"
    assert closed == ["session"]
    runner.close()
    assert closed == ["session"]


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"max_turn": 3}, TypeError, "did you mean 'max_turns'"),
        ({"max_turns": -1}, ValueError, "max_turns: expected at least 0"),
        ({"max_turns": "3"}, TypeError, "max_turns: expected a number"),
        ({"concurrency": 0}, ValueError, "concurrency: expected at least 1"),
        ({"tool_timeout": -1}, ValueError, "tool_timeout"),
        ({"tool_timeout": {"fail": "1"}}, TypeError, "tool_timeout"),
        ({"approve": True}, TypeError, "approve: expected a function"),
        ({"tools": [get_forecast]}, TypeError, "'get_forecast' is async; give it to AsyncClient"),
        ({"messages": "Hello"}, TypeError, "messages: expected a list"),
    ],
)
def test_bad_arguments_are_refused_at_once(wrong, error, text):
    client, _ = client_of()
    with pytest.raises(error, match=text):
        client.messages.run_tools(**{**PROMPT, "tools": [fail], **wrong})


def test_a_run_needs_messages_or_a_state():
    client, _ = client_of()
    runner = client.messages.run_tools(model="m", max_tokens=5, tools=[fail])
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'messages'"):
        runner.until_done()


class Total(BaseModel):
    cents: int


def test_the_last_message_is_a_value():
    client, transport = client_of(
        called(("get_weather", {"location": "Bern"})),
        answer({"type": "text", "text": '{"cents": 5}'}),
    )
    runner = client.messages.run_tools(**PROMPT, tools=[get_weather], output_format=Total)
    first, last = runner
    assert (first.parsed_output, last.parsed_output) == (None, Total(cents=5))
    assert all(body["output_config"]["format"]["type"] == "json_schema" for body in sent(transport))
    client, _ = client_of()
    again = client.messages.run_tools(
        **PROMPT, tools=[get_weather], output_format=Total, state=runner.state()
    )
    assert again.until_done().parsed_output == Total(cents=5)


@pytest.mark.parametrize("stream", [False, True])
def test_a_message_without_the_output_belongs_to_the_run_nevertheless(stream):
    message = {**PLAIN, "content": [{"type": "text", "text": "five"}]}
    whole = Answer(json.dumps(message).encode(), headers=(JSON,))
    client, _ = client_of(Answer(b"".join(write_message(message))) if stream else whole)
    runner = client.messages.run_tools(
        **PROMPT, tools=[get_weather], output_format=Total, stream=stream
    )
    with pytest.raises(antiphon.OutputValidationError):
        runner.until_done()
    assert runner.messages[-1].text == "five"
    assert runner.turns == 1
    runner.until_done()
    assert runner.stop_reason == "end_turn"


def test_a_thread_may_have_a_type_of_output():
    message = {**PLAIN, "content": [{"type": "text", "text": '{"cents": 5}'}]}
    client, transport = client_of(Answer(json.dumps(message).encode(), headers=(JSON,)))
    given: Any = {**PROMPT, "messages": [WEATHER]}
    runner = client.messages.run_tools(
        **given, tools=[get_weather], output_format=Total, thread=True
    )
    assert runner.until_done().parsed_output == Total(cents=5)
    assert json.loads(transport.requests[0].buffered_body())["thread"] == {"type": "create"}


@pytest.mark.parametrize("stream", [False, True])
def test_async_threads_and_outputs(stream):
    async def main() -> None:
        client = AsyncClient(api_key="k", http_client=AsyncInProcess(App(VirtualClock())))
        given: Any = {**PROMPT, "messages": [WEATHER], "tools": [get_weather], "stream": stream}
        runner = client.messages.run_tools(**given, thread=True)
        assert "Sunny in Rome" in (await runner.until_done()).text
        message = {**PLAIN, "content": [{"type": "text", "text": "five"}]}
        whole = Answer(json.dumps(message).encode(), headers=(JSON,))
        client, _ = async_client_of(Answer(b"".join(write_message(message))) if stream else whole)
        async with client.messages.run_tools(**given, output_format=Total) as run:
            with pytest.raises(antiphon.OutputValidationError):
                await run.until_done()
            assert run.turns == 1

    asyncio.run(main())
