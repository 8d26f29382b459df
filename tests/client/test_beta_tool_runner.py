"""`client.beta.messages.tool_runner`: the official names and methods."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import antiphon
from antiphon import AsyncClient, BetaStreamingToolRunner, BetaToolRunner, Client
from antiphon._stream.writer import write_message
from antiphon.local import App, AsyncInProcess, InProcess, VirtualClock
from antiphon.types import Message
from tests.support.scripted import Answer, Scripted
from tests.support.wire_samples import PLAIN

JSON = ("content-type", "application/json")
PROMPT: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 200}
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "More"}


class Recorder:
    """A tool that takes note of its calls."""

    def __init__(self, name: str = "look_up") -> None:
        self.name = name
        self.ran: list[Any] = []

    def to_dict(self) -> dict[str, Any]:
        key = {"key": {"type": "string"}}
        schema = {"type": "object", "properties": key, "required": ["key"]}
        return {"name": self.name, "description": "Look up", "input_schema": schema}

    def call(self, input: Any) -> str:
        self.ran.append(input["key"])
        return f"value of {input['key']}"


def message(*keys: str, stop: str = "tool_use", **fields: Any) -> dict[str, Any]:
    calls = [
        {"type": "tool_use", "id": f"toolu_{key}", "name": "look_up", "input": {"key": key}}
        for key in keys
    ]
    content = calls or [{"type": "text", "text": "Done"}]
    return {**PLAIN, "content": content, "stop_reason": stop, **fields}


def answer(*keys: str, **fields: Any) -> Answer:
    return Answer(json.dumps(message(*keys, **fields)).encode(), headers=(JSON,))


def done() -> Answer:
    return answer(stop="end_turn")


def streamed(*keys: str, stop: str = "tool_use") -> Answer:
    return Answer(b"".join(write_message(message(*keys, stop=stop))))


def runner_of(*answers: Answer, **given: Any) -> tuple[Any, Recorder, Scripted]:
    transport, tool = Scripted(*answers), Recorder()
    client = Client(api_key="k", http_client=transport, max_retries=0)
    given = {"tools": [tool], "messages": [HELLO], "thread": False, **given}
    return client.beta.messages.tool_runner(**PROMPT, **given), tool, transport


def sent(transport: Scripted) -> list[dict[str, Any]]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


def roles(body: dict[str, Any]) -> str:
    """Return the first letter of each role."""
    return "".join(each["role"][0] for each in body["messages"])


def test_both_runners_have_the_official_names():
    runner, _, _ = runner_of()
    assert isinstance(runner, BetaToolRunner)
    assert isinstance(runner, antiphon.ToolRunner)
    assert isinstance(runner_of(stream=True)[0], BetaStreamingToolRunner)
    asynchronous = AsyncClient(api_key="k").beta.messages.tool_runner(**PROMPT, messages=[HELLO])
    assert isinstance(asynchronous, antiphon.BetaAsyncToolRunner)
    assert antiphon.lib.tools.BetaAsyncStreamingToolRunner is antiphon.AsyncBetaStreamingToolRunner


@pytest.mark.parametrize("thread", [{}, {"thread": None}, {"thread": True}])
def test_it_runs_tools_in_a_thread(thread):
    transport, tool = Scripted(answer("a", "b"), done()), Recorder()
    client = Client(api_key="k", http_client=transport, max_retries=0)
    given = {**PROMPT, "tools": [tool], "messages": [HELLO], **thread}
    assert client.beta.messages.tool_runner(**given).until_done().stop_reason == "end_turn"
    assert tool.ran == ["a", "b"]
    assert [body["thread"]["type"] for body in sent(transport)] == ["create", "continue"]
    assert [roles(body) for body in sent(transport)] == ["u", "u"]


def test_a_server_that_keeps_no_threads_gets_whole_conversations():
    error = {"type": "invalid_request_error", "message": "No."}
    error["details"] = {"error_code": "thread_unsupported_request"}  # type: ignore[assignment]
    body = json.dumps({"type": "error", "error": error}).encode()
    unsupported = Answer(body, status=400, headers=(JSON,))
    runner, _, transport = runner_of(unsupported, answer("a"), done(), thread=True)
    runner.until_done()
    assert ["thread" in each for each in sent(transport)] == [True, False, False]
    assert [roles(each) for each in sent(transport)] == ["u", "u", "uau"]


def test_it_sends_no_thread_if_it_is_told_so():
    runner, tool, transport = runner_of(answer("a", "b"), done(), betas=["x"])
    assert runner.until_done().stop_reason == "end_turn"
    assert tool.ran == ["a", "b"]
    assert [roles(body) for body in sent(transport)] == ["u", "uau"]
    assert all("thread" not in body for body in sent(transport))
    assert transport.requests[0].headers["anthropic-beta"] == "x"


def test_the_last_calls_are_not_run_for_nothing():
    runner, tool, _ = runner_of(answer("a"), max_iterations=1)
    assert [each.stop_reason for each in runner] == ["tool_use"]
    assert tool.ran == []
    assert runner.stop_reason == "max_turns"


def test_results_can_be_asked_for_changed_and_appended():
    runner, tool, transport = runner_of(answer("a", "b"), done())
    for each in runner:
        response = runner.generate_tool_call_response()
        if response is None:
            continue
        assert runner.generate_tool_call_response() is response
        response["content"][-1]["cache_control"] = {"type": "ephemeral"}
        runner.append_messages(each, response)
    assert tool.ran == ["a", "b"]
    assert roles(sent(transport)[1]) == "uau"
    assert sent(transport)[1]["messages"][-1]["content"][-1]["cache_control"]


def test_results_that_were_asked_for_are_sent_without_being_appended():
    runner, tool, transport = runner_of(answer("a"), done())
    for _ in runner:
        runner.generate_tool_call_response()
    assert tool.ran == ["a"]
    assert roles(sent(transport)[1]) == "uau"


@pytest.mark.parametrize(
    "turn",
    [
        lambda each: each,
        lambda each: {"role": "assistant", "content": each.content},
        lambda each: each.to_param(),
        lambda each: {"role": "assistant", "content": each.model_dump()["content"]},
    ],
)
def test_the_message_may_be_appended_in_any_form_and_stands_there_once(turn):
    runner, _, transport = runner_of(answer("a"), done())
    for each in runner:
        runner.append_messages(turn(each))
        if response := runner.generate_tool_call_response():
            runner.append_messages(response)
    assert [roles(body) for body in sent(transport)] == ["u", "uau"]


def test_a_users_text_does_not_take_the_place_of_the_turn():
    runner, tool, transport = runner_of(answer("a"), done())
    for each in runner:
        if each.stop_reason == "tool_use":
            runner.append_messages(MORE)
    assert roles(sent(transport)[1]) == "uauu"
    assert sent(transport)[1]["messages"][-1] == MORE
    assert tool.ran == ["a"]


def test_calls_that_the_caller_answers_are_not_run():
    runner, tool, transport = runner_of(answer("a"), done())
    own = {"type": "tool_result", "tool_use_id": "toolu_a", "content": "mine"}
    for each in runner:
        if each.stop_reason == "tool_use":
            runner.append_messages(each, {"role": "user", "content": [own]})
    assert tool.ran == []
    assert sent(transport)[1]["messages"][-1]["content"] == [own]


def test_parameters_can_be_replaced_by_a_function():
    runner, _, transport = runner_of(answer("a"), done(), temperature=0.5, betas=["x"])
    for _ in runner:
        runner.set_messages_params(
            lambda given: (
                {name: given[name] for name in ("model", "messages", "tools")} | {"max_tokens": 7}
            )
        )
    second = sent(transport)[1]
    assert (second["max_tokens"], "temperature" in second, roles(second)) == (7, False, "uau")
    assert transport.requests[1].headers["anthropic-beta"] == "x"


def test_messages_can_be_replaced_with_the_turn_or_without():
    for keeps_turn in (False, True):
        runner, _, transport = runner_of(answer("a"), done())
        for each in runner:
            turn = [each.to_param()] if keeps_turn else []
            params = {**PROMPT, "tools": runner.params["tools"], "messages": [MORE, MORE, *turn]}
            runner.set_messages_params(params)
        assert roles(sent(transport)[1]) == "uuau"


def test_parameters_can_be_replaced_before_the_first_request():
    runner, _, transport = runner_of(done())
    runner.append_messages(MORE)
    runner.set_messages_params(lambda given: {**given, "messages": [*given["messages"], MORE]})
    runner.until_done()
    assert sent(transport)[0]["messages"] == [HELLO, MORE, MORE]
    with pytest.raises(TypeError, match="messages: expected a list"):
        runner.set_messages_params({"model": "m"})


def test_a_message_without_calls_is_the_last_one_whatever_is_appended():
    runner, _, transport = runner_of(done())
    for each in runner:
        runner.append_messages(each, MORE)
    assert len(transport.requests) == 1


@pytest.mark.filterwarnings("ignore:Tool 'look_up' not found in tool runner:UserWarning")
def test_tools_can_be_added_and_removed():
    runner, tool, transport = runner_of(answer("a"), done(), betas=["inline-tools-2026-09-15"])
    other = Recorder("other")
    for each in runner:
        if each.stop_reason == "tool_use":
            runner.add_tools(other, {"name": "plain", "input_schema": {"type": "object"}})
            runner.remove_tools(tool, "plain")
    second = sent(transport)[1]
    assert roles(second) == "uaus"
    assert [
        (block["type"], block["tool"]["type"]) for block in second["messages"][-1]["content"]
    ] == [
        ("tool_addition", "tool_definition"),
        ("tool_addition", "tool_definition"),
        ("tool_removal", "tool_reference"),
        ("tool_removal", "tool_reference"),
    ]
    assert second["messages"][-1]["content"][0]["tool"]["definition"] == other.to_dict()
    assert tool.ran == []  # it was removed before its call was run
    result = second["messages"][2]["content"][0]
    assert result["content"] == "Error: Tool 'look_up' not found"


def test_a_call_of_an_unknown_tool_is_a_warning():
    runner, _tool, transport = runner_of(answer("a"), done(), tools=[Recorder().to_dict()])
    with pytest.warns(UserWarning, match="Tool 'look_up' not found in tool runner"):
        runner.until_done()
    assert sent(transport)[1]["messages"][2]["content"][0]["is_error"]


def test_tools_may_be_given_again_by_their_definitions():
    other = Recorder("other")
    runner, _tool, _transport = runner_of(answer("a"), done(), tools=[Recorder(), other])
    original = runner.params["tools"][0]
    next(runner)
    runner.set_messages_params(lambda given: {**given, "tools": [{**given["tools"][0]}]})
    runner.until_done()
    assert original.ran == ["a"]
    assert runner.params["tools"] == [original]


def test_who_pays_goes_with_the_policy():
    policy = {"type": "billing_policy", "bill_to": "user_profile"}
    given = {"user_profile_id": "u", "workspace_id": "w", "billing_policy": policy}
    runner, _, transport = runner_of(answer("a"), done(), **given)
    for _ in runner:
        runner.set_messages_params({**PROMPT, "messages": [HELLO]})
    headers = [request.headers for request in transport.requests]
    assert [each.get("anthropic-user-profile-id") for each in headers] == ["u", None]
    assert [each.get("anthropic-workspace-id") for each in headers] == ["w", "w"]


def test_a_sync_runner_takes_no_async_tools_later_either():
    @antiphon.tool
    async def later() -> str:
        """Wait."""
        return ""

    runner, _, _ = runner_of()
    with pytest.raises(TypeError, match="'later' is async; give it to AsyncClient"):
        runner.add_tools(later)
    with pytest.raises(TypeError, match="'later' is async"):
        runner.set_messages_params(lambda given: {**given, "tools": [later]})
    with pytest.raises(TypeError, match=r"tools\[0\]"):
        runner.add_tools(len)


def test_a_summary_takes_the_place_of_the_conversation():
    summary = {"type": "compaction", "content": "We looked up a."}
    compacted = {**message(stop="compaction"), "content": [summary]}
    body = Answer(json.dumps(compacted).encode(), headers=(JSON,))
    runner, _, transport = runner_of(
        answer("a"), body, done(), max_iterations=2, betas=["compact-2026-09-04"]
    )
    stops = []
    for each in runner:
        stops.append(each.stop_reason)
        if each.stop_reason == "tool_use":
            runner.compact_before_next_turn()
    assert stops == ["tool_use", "compaction", "end_turn"]
    _, second, third = sent(transport)
    assert (second["compaction"], roles(second)) == ({"type": "summarize"}, "uau")
    assert third["messages"] == [{"role": "assistant", "content": [summary]}]
    assert "compaction" not in third


@pytest.mark.parametrize("is_summary", [True, False])
def test_a_summary_at_the_end_is_no_reason_to_go_on(is_summary):
    block = {"type": "compaction", "content": "Done."}
    content = [block] if is_summary else [{"type": "text", "text": "?"}]
    body = json.dumps({**message(stop="compaction"), "content": content}).encode()
    runner, _, transport = runner_of(done(), Answer(body, headers=(JSON,)))
    for each in runner:
        if each.stop_reason == "end_turn":
            runner.compact_before_next_turn({"type": "summarize", "instructions": "Be brief."})
    assert len(transport.requests) == 2
    assert runner.stop_reason == "end_turn"
    assert len(runner.messages) == (1 if is_summary else 2)


def test_a_summary_waits_for_the_end_of_a_paused_turn():
    paused = {**message(stop="pause_turn"), "content": [{"type": "text", "text": "Wait"}]}
    summary = {"type": "compaction", "content": "We waited."}
    compacted = {**message(stop="compaction"), "content": [summary]}
    answers = [Answer(json.dumps(body).encode(), headers=(JSON,)) for body in (paused, compacted)]
    runner, _, transport = runner_of(answers[0], done(), answers[1])
    for each in runner:
        if each.stop_reason == "pause_turn":
            runner.compact_before_next_turn()
    assert ["compaction" in body for body in sent(transport)] == [False, False, True]


def test_a_run_that_was_left_goes_on_and_a_closed_one_does_not():
    runner, tool, _ = runner_of(answer("a"), done())
    for _ in runner:
        break
    last = runner.until_done()
    assert last.stop_reason == "end_turn"
    assert runner.until_done() is last
    runner, tool, _ = runner_of(answer("a"), done())
    next(runner)
    runner.close()
    assert list(runner) == []
    assert tool.ran == []


def test_streams():
    runner, tool, _ = runner_of(streamed("a"), streamed(stop="end_turn"), stream=True)
    texts = []
    for stream in runner:
        response = runner.generate_tool_call_response()  # reads the stream to its end
        texts.append(stream.get_final_message().text)
        assert bool(response) is (not texts[-1])
    assert texts == ["", "Done"]
    assert tool.ran == ["a"]


def events_of(runner: Any, tool: Recorder, *, defer: str = "") -> list[Any]:
    """Return what had run when each call was received, and when each message had ended."""
    seen: list[Any] = []
    for stream in runner:
        for event in stream:
            if event.type == "content_block_stop" and event.content_block.type == "tool_use":
                seen.append([*tool.ran])
                if event.content_block.id == defer:
                    runner.defer_tool_call(event.content_block)
                    assert [call.id for call in runner.deferred_tool_calls] == [defer]
        seen.append([*tool.ran])
    return seen


def test_calls_run_as_soon_as_they_are_received():
    for eager in (True, False):
        answers = streamed("a", "b"), streamed(stop="end_turn")
        runner, tool, transport = runner_of(*answers, stream=True, run_tools_eagerly=eager)
        seen = events_of(runner, tool)
        assert seen == ([[], ["a"], ["a", "b"], ["a", "b"]] if eager else [[], [], [], ["a", "b"]])
        assert [each["tool_use_id"] for each in sent(transport)[1]["messages"][2]["content"]] == [
            "toolu_a",
            "toolu_b",
        ]


def test_a_deferred_call_waits_for_the_end_of_its_message():
    answers = streamed("a", "b"), streamed(stop="end_turn")
    runner, tool, transport = runner_of(*answers, stream=True, run_tools_eagerly=True)
    assert events_of(runner, tool, defer="toolu_a") == [[], [], ["b"], ["b", "a"]]
    assert runner.deferred_tool_calls == []
    results = sent(transport)[1]["messages"][2]["content"]
    assert [each["tool_use_id"] for each in results] == ["toolu_a", "toolu_b"]


@pytest.mark.parametrize("stop", ["max_tokens", "refusal", "end_turn"])
def test_the_last_call_of_a_message_that_was_cut_is_not_run(stop):
    runner, tool, _ = runner_of(streamed("a", "b", stop=stop), stream=True, run_tools_eagerly=True)
    runner.until_done()
    assert tool.ran == ["a"]
    assert runner.stop_reason == stop


def test_nothing_is_sure_before_the_end_once_another_model_took_over():
    change = {
        "type": "fallback",
        "from": {"model": "claude-opus-5"},
        "to": {"model": "claude-sonnet-5"},
        "trigger": {"type": "refusal", "category": None},
    }
    both = message("a", "b")
    both["content"].insert(1, change)
    answers = Answer(b"".join(write_message(both))), streamed(stop="end_turn")
    runner, tool, _ = runner_of(*answers, stream=True, run_tools_eagerly=True)
    for stream in runner:
        stream.until_done()
        assert tool.ran in ([], ["a", "b"])
    assert tool.ran == ["a", "b"]


@pytest.mark.parametrize("read", ["text_stream", "until_done", "get_final_message"])
def test_calls_are_run_early_however_the_stream_is_read(read):
    answers = streamed("a"), streamed(stop="end_turn")
    runner, tool, _ = runner_of(*answers, stream=True, run_tools_eagerly=True)
    stream = next(runner)
    if read == "text_stream":
        assert [*stream.text_stream] == []
    else:
        getattr(stream, read)()
    assert tool.ran == ["a"]


def test_ids_that_a_server_uses_again_are_new_calls():
    answers = streamed("a"), streamed("a"), streamed(stop="end_turn")
    for eager in (True, False):
        runner, tool, _ = runner_of(*answers, stream=True, run_tools_eagerly=eager)
        runner.until_done()
        assert tool.ran == ["a", "a"]


def test_the_async_runner_does_the_same():
    async def main() -> None:
        transport = AsyncInProcess(App(VirtualClock()))
        async with AsyncClient(api_key="k", http_client=transport) as client:
            question = {"role": "user", "content": "Use look_up for the key “x”."}
            for stream in (False, True):
                tool = Recorder()
                given: Any = {"stream": stream, "run_tools_eagerly": stream, "max_iterations": 3}
                runner: Any = client.beta.messages.tool_runner(
                    **PROMPT, messages=[question], tools=[tool], **given
                )
                async for each in runner:
                    if stream:
                        async for _ in each:
                            pass
                    response = await runner.generate_tool_call_response()
                    if response:
                        last = await each.get_final_message() if stream else each
                        runner.append_messages(last, response)
                assert len(tool.ran) == 1
                assert (await runner.until_done()).text
                assert len(runner.messages) == 4

    asyncio.run(main())


def test_a_thread_is_used_when_it_is_asked_for():
    client = Client(api_key="k", http_client=InProcess(App(VirtualClock())))
    tool = Recorder()
    question = {"role": "user", "content": "Use look_up for the key “x”."}
    runner: Any = client.beta.messages.tool_runner(
        **PROMPT, messages=[question], tools=[tool], thread=True
    )
    assert isinstance(runner.until_done(), Message)
    assert len(tool.ran) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (
            {"max_iteration": 1},
            TypeError,
            r"beta\.messages\.tool_runner\(\) got an unexpected keyword argument",
        ),
        ({"run_tools_eagerly": True}, ValueError, "mutually exclusive"),
        ({"thread": {"type": "create"}}, TypeError, "`thread` cannot be set"),
        ({"max_iterations": -1}, ValueError, "max_turns: expected at least 0"),
        ({"compaction": {"type": "summarize"}}, TypeError, "one summary at a time"),
        ({"compaction_control": {"enabled": True}}, TypeError, "compact_before_next_turn"),
        ({"tools": [len]}, TypeError, r"tools\[0\]"),
    ],
)
def test_bad_arguments_are_refused_at_once(wrong, error, text):
    with pytest.raises(error, match=text):
        runner_of(**wrong)


def test_runs_take_the_parameters_of_betas():
    transport, tool = Scripted(done()), Recorder()
    client = Client(api_key="k", http_client=transport)
    edits: Any = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    client.beta.messages.run_tools(
        **PROMPT, tools=[tool], messages=[HELLO], context_management=edits
    ).until_done()
    assert sent(transport)[0]["context_management"] == edits
    with pytest.raises(TypeError, match="context_management"):
        client.messages.run_tools(**PROMPT, messages=[HELLO], context_management=edits)  # type: ignore[call-overload]
