"""The loop of a tool runner, its steps performed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon import Client, UsageError
from antiphon._core.tool_loop import CreateMessage, End, RunCalls, ToolLoop
from antiphon._transport.files import read_file
from antiphon.types import Message
from tests.support.media_samples import JPEG

PARAMS: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 100}
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "More"}


class Named:
    """A tool that is never run here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "input_schema": {"type": "object"}}

    def call(self, input: Any) -> Any:
        raise AssertionError("the loop runs nothing")


ADD, READ = Named("add"), Named("read")


def loop_of(*messages: Any, **options: Any) -> ToolLoop:
    params = {**PARAMS, "tools": [ADD, READ], "messages": messages or [HELLO]}
    return ToolLoop.begun(params, options)  # type: ignore[arg-type]


def call(name: str, id: str = "toolu_1", **input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def said(*content: Any, stop: str = "tool_use", **fields: Any) -> Message:
    blocks = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    usage = {"input_tokens": 3, "output_tokens": 2}
    own = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": usage}
    return Message.from_value({**own, "content": blocks, "stop_reason": stop, **fields})


def create(loop: ToolLoop) -> list[Any]:
    """Return the messages of the request that is due."""
    step = loop.next_step()
    assert isinstance(step, CreateMessage)
    return step.params["messages"]


def due(loop: ToolLoop) -> list[Any]:
    """Return the calls that are due."""
    step = loop.next_step()
    assert isinstance(step, RunCalls)
    return step.calls


def result(id: str, content: Any, *, is_error: bool = False) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": id, "content": content}
    return {**block, "is_error": True} if is_error else block


def results(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": [*blocks]}


def saved(loop: ToolLoop) -> Any:
    return json.loads(json.dumps(loop.state(read_file)))


def resumed(loop: ToolLoop, **options: Any) -> ToolLoop:
    twin = ToolLoop.begun({**PARAMS, "tools": [ADD, READ]}, options)  # type: ignore[arg-type]
    twin.restore(saved(loop), read_file)
    return twin


def test_a_call_its_result_and_the_last_message():
    loop = loop_of()
    assert create(loop) == [HELLO]
    first = said("Let me see.", call("add", a=1))
    loop.receive(first)
    [wanted] = due(loop)
    assert wanted is first.content[1]
    assert loop.finish(wanted, "2") == result("toolu_1", "2")
    assert create(loop) == [HELLO, first, results(result("toolu_1", "2"))]
    last = said("It is 2.", stop="end_turn")
    loop.receive(last)
    assert loop.next_step() == End("end_turn")
    assert loop.history[-1] is last is loop.last_message()
    assert (loop.turns, loop.usage.output_tokens) == (2, 4)


def test_a_step_is_the_same_until_something_is_reported():
    loop = loop_of()
    assert loop.next_step() == loop.next_step()
    loop.receive(said(call("add")))
    assert due(loop) == due(loop)
    loop.finish(due(loop)[0], "")
    assert create(loop) == create(loop)
    loop.receive(said("Done", stop="end_turn"))
    assert loop.next_step() == loop.next_step() == End("end_turn")


def test_results_stand_in_the_order_of_the_calls():
    loop = loop_of()
    loop.receive(said(call("add", "a"), call("read", "b"), call("add", "c")))
    calls = due(loop)
    for each in reversed(calls):
        loop.begin(each)
        loop.finish(each, each.id)
    [*_, last] = create(loop)
    assert [block["tool_use_id"] for block in last["content"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "stop", ["end_turn", "max_tokens", "refusal", "stop_sequence", "model_context_window_exceeded"]
)
def test_other_stop_reasons_end_the_run_and_run_no_call(stop):
    loop = loop_of()
    loop.receive(said(call("add"), stop=stop))
    assert loop.next_step() == End(stop)


def test_a_message_that_calls_no_tool_ends_the_run():
    loop = loop_of()
    loop.receive(said("Hm.", stop="tool_use"))
    assert loop.next_step() == End("tool_use")


@pytest.mark.parametrize("stop", ["pause_turn", "compaction"])
def test_an_unfinished_turn_goes_on(stop):
    loop = loop_of(max_turns=2)
    paused = said("One moment", stop=stop)
    loop.receive(paused)
    assert create(loop) == [HELLO, paused]
    loop.receive(said("…", stop=stop))
    assert loop.next_step() == End("max_turns")


def test_calls_are_not_run_if_nobody_would_see_their_results():
    loop = loop_of(max_turns=1)
    loop.receive(said(call("add")))
    assert loop.next_step() == End("max_turns")
    more = resumed(loop, max_turns=2)
    assert [each.id for each in due(more)] == ["toolu_1"]


def test_no_turns_at_all():
    loop = loop_of(max_turns=0)
    assert loop.next_step() == End("max_turns")
    with pytest.raises(UsageError, match="before Claude created a message"):
        loop.last_message()


def test_the_end_of_a_run_is_no_limit_that_was_reached():
    loop = loop_of(max_turns=1)
    loop.receive(said("Done", stop="end_turn"))
    assert loop.next_step() == End("end_turn")


def test_a_container_is_used_again():
    container = {"id": "container_1", "expires_at": "2026-12-01T00:00:00Z"}
    for own, sent in [
        ({}, "container_1"),
        ({"container": "old"}, "container_1"),
        ({"container": {"skills": []}}, {"skills": [], "id": "container_1"}),
    ]:
        loop = ToolLoop.begun({**PARAMS, **own, "tools": [ADD], "messages": [HELLO]}, {})
        loop.receive(said(call("add"), container=container))
        loop.finish(due(loop)[0], "")
        for each in (loop, resumed(loop)):
            each.params |= own
            step = each.next_step()
            assert isinstance(step, CreateMessage)
            assert step.params["container"] == sent


def test_what_the_caller_appends_stands_behind_the_results():
    loop = loop_of()
    first = said(call("add"))
    loop.receive(first)
    loop.history.append(MORE)
    loop.finish(due(loop)[0], "2")
    assert create(loop) == [HELLO, first, results(result("toolu_1", "2")), MORE]


def test_the_caller_may_shorten_the_conversation():
    loop = loop_of(HELLO, MORE, HELLO)
    first = said(call("add"))
    loop.receive(first)
    loop.finish(due(loop)[0], "2")
    loop.history.append(MORE)
    del loop.history[:2]
    for each in (loop, resumed(loop)):
        assert create(each) == [HELLO, first, results(result("toolu_1", "2")), MORE]


def test_calls_that_the_caller_answers_are_not_run():
    loop = loop_of()
    first = said(call("add", "a"), call("add", "b"))
    loop.receive(first)
    own = results(result("a", "mine"))
    loop.history.append(own)
    assert [each.id for each in due(loop)] == ["b"]
    loop.finish(due(loop)[0], "2")
    assert create(loop) == [HELLO, first, results(result("b", "2")), own]


def test_a_conversation_goes_on_if_the_caller_appends_to_it():
    loop = loop_of()
    done = said("Done", stop="end_turn")
    loop.receive(done)
    assert isinstance(loop.next_step(), End)
    loop.history.append(MORE)
    assert create(loop) == [HELLO, done, MORE]


def test_calls_of_a_message_that_was_cut_are_answered_if_the_caller_goes_on():
    loop = loop_of()
    loop.receive(said(call("add"), stop="max_tokens"))
    loop.history.append(MORE)
    [*_, answer, more] = create(loop)
    assert answer["content"][0]["is_error"]
    assert "max_tokens" in answer["content"][0]["content"]
    assert more == MORE


def test_an_incomplete_call_is_not_run_and_its_text_goes_back():
    message = said("So", call("add", "a", x=1), call("add", "b"))
    message.content[2].mark_incomplete('{"x": ', "Expecting value")
    loop = loop_of()
    loop.receive(message)
    good, bad = due(loop)
    assert loop.refusal(good) is None
    assert '{"x": ' in (loop.refusal(bad) or "")
    loop.finish(good, "1")
    loop.finish(bad, loop.refusal(bad), is_error=True)
    [_, turn, _] = create(loop)
    assert turn["content"][2]["input"] == {"INVALID_JSON": '{"x": '}
    with Client(api_key="k") as client:
        tools = [ADD.to_dict(), READ.to_dict()]
        assert client.messages.check(**PARAMS, tools=tools, messages=loop.history) == []


def test_unknown_tools_are_refused_in_words_for_claude():
    loop = loop_of()
    loop.receive(said(call("subtract")))
    assert loop.refusal(due(loop)[0]) == "Error: Tool 'subtract' not found"


def test_a_message_without_content_is_no_turn():
    loop = loop_of()
    loop.receive(said(stop="end_turn"))
    assert loop.history == [HELLO]
    loop.history.append(MORE)
    assert create(loop) == [HELLO, MORE]


def test_a_closed_loop_has_ended():
    loop = loop_of()
    loop.receive(said(call("add")))
    loop.closed = True
    assert loop.next_step() == End("closed")


def test_a_summary_takes_the_place_of_the_conversation():
    params = {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}}}
    loop = loop_of(max_turns=2)
    forced = {"type": "any"}
    loop.params |= params | {"stop_sequences": ["x"], "temperature": 0.5, "tool_choice": forced}
    loop.receive(said(call("add")))
    loop.compaction = {"type": "summarize"}
    loop.finish(due(loop)[0], "2")
    step = loop.next_step()
    assert isinstance(step, CreateMessage)
    assert step.params["compaction"] == {"type": "summarize"}
    assert step.params["output_config"] == {"effort": "low"}
    assert not step.params.keys() & {"stop_sequences", "tool_choice"}
    assert len(step.params["messages"]) == 3
    summary = said({"type": "compaction", "content": "We added."}, stop="compaction")
    loop.receive(summary)
    step = loop.next_step()
    assert isinstance(step, CreateMessage)
    assert step.params["messages"] == [summary]
    assert "compaction" not in step.params
    assert step.params["stop_sequences"] == ["x"]
    assert loop.turns == 1


def test_an_interrupted_call_is_answered_and_not_run():
    loop = loop_of()
    loop.receive(said(call("add", "a"), call("read", "b"), call("read", "c")))
    first, second, _ = due(loop)
    loop.begin(first)
    loop.finish(first, "1")
    loop.begin(second)
    for options, reason in [({}, "outcome is unknown"), ({"rerun": ["add"]}, "unknown")]:
        after = resumed(loop, **options)
        interrupted, unseen = due(after)
        assert reason in (after.refusal(interrupted) or "")
        assert after.refusal(unseen) is None
    for options in ({"rerun": True}, {"rerun": ["read"]}):
        after = resumed(loop, **options)
        assert [after.refusal(each) for each in due(after)] == [None, None]


def test_a_state_has_what_was_received_and_the_files_of_the_messages(tmp_path: Path):
    (tmp_path / "a.jpg").write_bytes(JPEG)
    source = {"type": "base64", "media_type": "image/jpeg", "data": tmp_path / "a.jpg"}
    seen = {"role": "user", "content": [{"type": "image", "source": source}]}
    loop = loop_of(seen)
    first = said("I see", call("add", a=1.10), container=None, new_field={"kept": True})
    loop.receive(first)
    twin = loop_of(seen)
    twin.restore(saved(loop), read_file)
    assert isinstance(twin.history[0]["content"][0]["source"]["data"], str)
    assert twin.history[1] == first == twin.last_message()
    assert twin.usage == loop.usage


@pytest.mark.parametrize("state", [None, [], {}, {"version": 99}, {"version": 1}])
def test_other_things_are_no_state(state):
    with pytest.raises(ValueError, match="no state that a runner"):
        loop_of().restore(state, read_file)


def test_a_state_of_another_conversation_is_refused():
    state = saved(loop_of(HELLO))
    with pytest.raises(ValueError, match="began with other messages"):
        loop_of(MORE).restore(state, read_file)
    again = loop_of(HELLO)
    again.restore(state, read_file)
    # Also after the conversation has grown, and was saved once more.
    again.receive(said("Done", stop="end_turn"))
    loop_of(HELLO).restore(saved(again), read_file)


@pytest.mark.parametrize(
    ("tools", "error", "text"),
    [
        (3, TypeError, "tools: expected a list"),
        ([len], TypeError, r"tools\[0\].*@antiphon.tool"),
        ([ADD, Named("add")], ValueError, "two tools with the name 'add'"),
        ([ADD, {"name": "add", "input_schema": {}}], ValueError, "two tools"),
    ],
)
def test_bad_tools_are_refused_at_once(tools, error, text):
    with pytest.raises(error, match=text):
        ToolLoop.begun({**PARAMS, "tools": tools, "messages": [HELLO]}, {})


# What may happen between two requests.
CALLS = st.lists(st.tuples(st.sampled_from(["add", "read", "unknown"]), st.booleans()), max_size=4)
STOPS = st.sampled_from(["tool_use"] * 6 + ["pause_turn", "end_turn", "max_tokens", "refusal"])
EXTRAS = st.sampled_from(["nothing"] * 4 + ["text", "own result", "kill"])
TURNS = st.lists(st.tuples(CALLS, STOPS, EXTRAS, st.integers(0, 9)), max_size=7)


@settings(max_examples=60, deadline=None)
@given(TURNS)
def test_every_history_is_one_that_the_api_accepts(turns):
    ran: list[str] = []
    loop = loop_of()
    for number, (calls, stop, extra, killed_at) in enumerate(turns):
        if isinstance(loop.next_step(), End):
            break
        blocks = [call(name, f"toolu_{number}_{i}") for i, (name, _) in enumerate(calls)]
        message = said("Well", *blocks, stop=stop, id=f"msg_{number}")
        for block, (_, whole) in zip(message.content[1:], calls, strict=True):
            if not whole:
                block.mark_incomplete("{", "it ends early")
        loop.receive(message)
        if extra == "text":
            loop.history.append(MORE)
        if extra == "own result" and calls and stop == "tool_use":
            loop.history.append(results(result(f"toolu_{number}_0", "mine")))
        loop = performed(loop, ran, killed_at if extra == "kill" else None)
        assert_accepted(loop)
    assert len(ran) == len({*ran})


def performed(loop: ToolLoop, ran: list[str], killed_at: int | None) -> ToolLoop:
    """Run what is due; the program is killed when it has done `killed_at` things."""
    done = 0
    while isinstance(step := loop.next_step(), RunCalls):
        for each in step.calls:
            if (text := loop.refusal(each)) is not None:
                loop.finish(each, text, is_error=True)
                continue
            for act in ("begin", "run", "finish"):
                if act == "begin":
                    loop.begin(each)
                elif act == "run":
                    ran.append(each.id)
                else:
                    loop.finish(each, "result")
                done += 1
                if done == killed_at:
                    return performed(resumed(loop), ran, None)
    return loop


def assert_accepted(loop: ToolLoop) -> None:
    step = loop.next_step()
    if isinstance(step, CreateMessage):
        tools = [ADD.to_dict(), READ.to_dict()]
        sent = {**PARAMS, "tools": tools, "messages": step.params["messages"]}
        assert CLIENT.messages.check(**sent) == []


CLIENT = Client(api_key="k")
