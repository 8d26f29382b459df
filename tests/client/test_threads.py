"""`client.beta.messages.thread`: conversations that the API keeps between turns."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

import antiphon
from antiphon import (
    AntiphonError,
    APIStatusError,
    AsyncClient,
    BadRequestError,
    Client,
    Message,
    NotFoundError,
    OutputError,
    StreamInterruptedError,
)
from antiphon._stream.writer import write_message
from tests.support.scripted import Answer, AsyncScripted
from tests.support.thread_answers import (
    HELLO,
    JSON,
    MORE,
    PROMPT,
    THREADS,
    TOOLS,
    betas,
    client_of,
    refused,
    said,
    sent,
    streamed,
    texts,
)
from tests.support.wire_samples import PLAIN

CONTINUE_UNTHREADED: dict[str, Any] = {"unsupported_request_behavior": "continue_unthreaded"}


def test_a_thread_on_the_local_server(server):
    with Client(base_url=server.url, api_key="k", max_retries=0) as client:
        given = {**PROMPT, **CONTINUE_UNTHREADED}
        thread = client.beta.messages.thread(**given, system="Be brief.")
        first = thread.send(HELLO)
        with thread.stream(MORE) as stream:
            second = stream.get_final_message()
        assert first.usage.total_input_tokens < second.usage.total_input_tokens
        assert thread.previous_message_id == second.id
        thread.send(MORE, max_tokens=2048, thinking={"type": "enabled", "budget_tokens": 1024})
        assert thread.previous_message_id is None
        assert len(thread.messages) == 6


def test_a_turn_that_another_program_sent_first(server):
    with Client(base_url=server.url, api_key="k", max_retries=0) as client:
        thread = client.beta.messages.thread(**PROMPT, messages=[HELLO])
        first = thread.send()
        before = {"type": "continue", "previous_message_id": first.id}
        turn = {**PROMPT, "messages": [MORE], "betas": [THREADS], "thread": before}
        client.beta.messages.create(**turn)
        with pytest.raises(BadRequestError) as caught:
            client.beta.messages.create(**turn)
        assert caught.value.error_code == "thread_already_continued"
        assert thread.send(MORE).id == thread.previous_message_id
        assert len(thread.messages) == 4


def test_a_thread_sends_only_new_messages():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, system="S", tools=TOOLS, betas=["x"])
    assert thread.previous_message_id is None
    thread.append(HELLO)
    assert thread.send().id == "msg_1"
    assert thread.send(MORE, max_tokens=9).id == "msg_2"
    assert sent(transport) == [
        {
            **PROMPT,
            "system": "S",
            "tools": TOOLS,
            "messages": [HELLO],
            "thread": {"type": "create"},
        },
        {
            **PROMPT,
            "max_tokens": 9,
            "messages": [MORE],
            "thread": {"type": "continue", "previous_message_id": "msg_1"},
        },
    ]
    assert betas(transport) == [f"x,{THREADS}"] * 2
    assert thread.previous_message_id == "msg_2"
    assert texts(thread.messages) == ["Hello", "this is msg_1", "More", "this is msg_2"]


@pytest.mark.parametrize(
    "code",
    [
        (404, "thread_not_found"),
        (400, "thread_already_continued"),
        (400, "thread_continue_in_flight"),
    ],
)
def test_a_lost_thread_is_sent_again_as_a_new_one(code):
    client, transport = client_of(said("msg_1"), refused(*code), said("msg_2"), said("msg_3"))
    thread = client.beta.messages.thread(**PROMPT, system="S", messages=[HELLO])
    thread.send()
    assert thread.send(MORE).id == "msg_2"
    thread.send(HELLO)
    again = sent(transport)[2]
    assert again["thread"] == {"type": "create"}
    assert again["system"] == "S"
    assert texts(again["messages"]) == ["Hello", "this is msg_1", "More"]
    assert sent(transport)[3]["thread"]["previous_message_id"] == "msg_2"
    assert sent(transport)[3]["messages"] == [HELLO]


def test_what_the_first_turn_gave_the_api_is_sent_again():
    client, transport = client_of(said("msg_1"), refused(404, "thread_not_found"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.send(HELLO, system="S", max_tokens=9)
    thread.send(MORE)
    assert [body.get("system") for body in sent(transport)] == ["S", None, "S"]
    assert [body["max_tokens"] for body in sent(transport)] == [9, 64, 64]


def test_a_thread_that_is_lost_twice_in_a_turn_is_an_error():
    lost = refused(404, "thread_not_found")
    client, transport = client_of(said("msg_1"), lost, refused(404, "thread_not_found"), said("x"))
    thread = client.beta.messages.thread(**PROMPT, messages=[HELLO])
    thread.send()
    with pytest.raises(NotFoundError):
        thread.send(MORE)
    assert texts(thread.messages) == ["Hello", "this is msg_1"]
    thread.send(MORE)
    assert texts(sent(transport)[3]["messages"]) == ["Hello", "this is msg_1", "More"]
    assert sent(transport)[3]["thread"] == {"type": "create"}


def test_what_a_thread_cannot_have_is_sent_without_one_from_then_on():
    unsupported = refused(400, "thread_unsupported_request")
    client, transport = client_of(said("msg_1"), unsupported, said("msg_2"), said("msg_3"))
    given = {**PROMPT, "system": "S", "messages": [HELLO], "betas": ["x"]}
    thread = client.beta.messages.thread(**given, **CONTINUE_UNTHREADED)
    thread.send()
    thread.send(MORE)
    thread.send(MORE)
    assert betas(transport) == [f"x,{THREADS}", f"x,{THREADS}", "x", "x"]
    assert ["thread" in body for body in sent(transport)] == [True, True, False, False]
    assert [len(body["messages"]) for body in sent(transport)] == [1, 1, 3, 5]
    assert [body.get("system") for body in sent(transport)] == ["S", None, "S", "S"]
    assert thread.previous_message_id is None


@pytest.mark.parametrize("given", [{}, {"unsupported_request_behavior": "error"}])
def test_what_a_thread_cannot_have_is_an_error_otherwise(given):
    client, transport = client_of(refused(400, "thread_unsupported_request"))
    thread = client.beta.messages.thread(**PROMPT, **given)
    with pytest.raises(BadRequestError):
        thread.send(HELLO)
    assert "unsupported_request_behavior" not in sent(transport)[0]


def test_other_errors_of_threads_are_raised():
    code = "thread_fingerprint_mismatch"
    client, transport = client_of(said("msg_1"), refused(400, code), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, messages=[HELLO])
    thread.send()
    with pytest.raises(BadRequestError) as caught:
        thread.send(MORE)
    assert caught.value.error_code == code
    thread.send(MORE)
    assert sent(transport)[1] == sent(transport)[2]


def test_the_error_of_another_kind_is_not_one_of_threads():
    client, transport = client_of(refused(400, "else"))
    with pytest.raises(APIStatusError):
        client.beta.messages.thread(**PROMPT).send(HELLO)
    assert len(transport.requests) == 1


def test_a_streamed_turn_is_kept_when_it_is_whole():
    client, transport = client_of(
        streamed("msg_1"), refused(404, "thread_not_found"), streamed("msg_2"), said("msg_3")
    )
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO) as stream:
        assert "".join(stream.text_stream) == "this is msg_1"
    with thread.stream(MORE) as stream:
        stream.until_done()
    thread.send(MORE)
    assert [body["thread"]["type"] for body in sent(transport)] == [
        "create",
        "continue",
        "create",
        "continue",
    ]
    assert len(thread.messages) == 6


def test_a_stream_that_is_refused_ends_its_turn():
    client, _ = client_of(refused(400, "else"), said("msg_1"))
    thread = client.beta.messages.thread(**PROMPT)
    with pytest.raises(BadRequestError), thread.stream(HELLO):
        pass
    assert thread.send(HELLO).id == "msg_1"


def test_a_thread_has_one_turn_at_a_time():
    client, _ = client_of(streamed("msg_1"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO), pytest.raises(AntiphonError, match="already in progress"):
        thread.send(MORE)


def test_what_is_appended_during_a_turn_is_for_the_next_one():
    client, transport = client_of(streamed("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO) as stream:
        thread.append(MORE)
        stream.until_done()
    thread.send()
    assert [texts(body["messages"]) for body in sent(transport)] == [["Hello"], ["More"]]
    assert texts(thread.messages) == ["Hello", "this is msg_1", "More", "this is msg_2"]


def test_a_fork_begins_with_the_whole_conversation():
    client, transport = client_of(said("msg_1"), said("msg_2"), said("msg_3"))
    thread = client.beta.messages.thread(**PROMPT, system="S")
    thread.send(HELLO)
    fork = thread.fork()
    assert fork.previous_message_id is None
    fork.send(MORE)
    assert sent(transport)[1]["thread"] == {"type": "create"}
    assert texts(sent(transport)[1]["messages"]) == ["Hello", "this is msg_1", "More"]
    assert len(thread.messages) == 2
    assert thread.params == {
        **PROMPT,
        "system": "S",
        "messages": [*thread.messages],
        "unsupported_request_behavior": "error",
    }
    client.beta.messages.thread(**thread.params).send(MORE)
    assert sent(transport)[2] == sent(transport)[1]


def test_what_the_api_keeps_cannot_change():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.update(system="new", max_tokens=5)
    thread.send(HELLO)
    assert (sent(transport)[0]["system"], sent(transport)[0]["max_tokens"]) == ("new", 5)
    with pytest.raises(AntiphonError, match="Cannot change `tools`"):
        thread.send(MORE, tools=TOOLS)
    thread.update(system="other", max_tokens=6)
    with pytest.raises(AntiphonError, match="Cannot change `system`"):
        thread.send(MORE)
    assert len(thread.messages) == 2
    thread.update(system="new")
    thread.send(MORE)
    assert sent(transport)[1]["max_tokens"] == 6


def test_parameters_of_threads_are_checked():
    client, _ = client_of()
    with pytest.raises(TypeError, match="max_tokens"):
        client.beta.messages.thread(model="m")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="thread"):
        client.beta.messages.thread(**PROMPT, thread={"type": "create"})
    thread = client.beta.messages.thread(**PROMPT)
    for method in (thread.send, thread.stream, thread.update):
        with pytest.raises(TypeError, match="mesages"):
            method(mesages=[])


def test_the_async_side_does_the_same():
    async def talk() -> tuple[Any, list[dict[str, Any]]]:
        transport = AsyncScripted(
            said("msg_1"), refused(404, "thread_not_found"), streamed("msg_2"), said("msg_3")
        )
        async with AsyncClient(api_key="k", http_client=transport, max_retries=0) as client:
            thread = client.beta.messages.thread(**PROMPT)
            first = await thread.send(HELLO)
            assert isinstance(first, Message)
            async with thread.stream(MORE) as stream:
                await stream.get_final_message()
            await client.beta.messages.create(**PROMPT, messages=[HELLO], compaction=None)
            return thread.messages, sent(transport.played)

    messages, bodies = asyncio.run(talk())
    assert texts(messages) == ["Hello", "this is msg_1", "More", "this is msg_2"]
    assert [body.get("thread", {}).get("type") for body in bodies] == [
        "create",
        "continue",
        "create",
        None,
    ]


# Messages that broke off.


def test_a_turn_whose_message_did_not_begin_is_not_kept():
    client, transport = client_of(streamed("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO):
        pass
    assert thread.messages == ()
    assert thread.previous_message_id is None
    thread.send(HELLO)
    assert sent(transport)[1]["messages"] == [HELLO]


def left_early(thread: Any, new: Any) -> None:
    """Read a stream to the first text."""
    with thread.stream(new) as stream:
        next(stream.text_stream)


def test_a_message_that_broke_off_is_created_anew():
    failed = refused(404, "else")
    client, transport = client_of(
        said("msg_1"), streamed("msg_2"), failed, said("msg_3"), said("msg_4")
    )
    thread = client.beta.messages.thread(**PROMPT)
    thread.send(HELLO)
    left_early(thread, MORE)
    assert texts(thread.messages) == ["Hello", "this is msg_1", "More", "this is msg_2"]
    assert thread.previous_message_id is None
    with pytest.raises(NotFoundError):
        thread.send()
    thread.send()
    assert texts(sent(transport)[3]["messages"]) == ["Hello", "this is msg_1", "More"]
    assert sent(transport)[3]["thread"] == {"type": "create"}
    assert texts(thread.messages) == ["Hello", "this is msg_1", "More", "this is msg_3"]
    thread.send(MORE)
    assert sent(transport)[4]["thread"]["previous_message_id"] == "msg_3"


@pytest.mark.parametrize("forked", [False, True])
def test_a_message_that_broke_off_stays_if_something_is_said_after_it(forked):
    client, transport = client_of(streamed("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    left_early(thread, HELLO)
    (thread.fork() if forked else thread).send(MORE)
    assert texts(sent(transport)[1]["messages"]) == ["Hello", "this is msg_1", "More"]


def test_a_call_that_broke_off_is_not_kept():
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
    message = {**PLAIN, "content": [{"type": "text", "text": "Look"}, call]}
    events = [event for event in write_message(message) if b"message_stop" not in event]
    client, _ = client_of(Answer(b"".join(events[:-2])))
    thread = client.beta.messages.thread(**PROMPT, tools=TOOLS)
    with thread.stream(HELLO) as stream, pytest.raises(StreamInterruptedError):
        stream.until_done()
    assert texts(thread.messages) == ["Hello", "Look"]


def test_the_next_turn_may_begin_as_soon_as_the_message_was_received():
    client, transport = client_of(streamed("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO) as stream:
        stream.until_done()
        assert thread.previous_message_id == "msg_1"
        thread.send(MORE)
    assert sent(transport)[1]["messages"] == [MORE]
    assert len(thread.messages) == 4


# Messages that end a thread of the API.


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_refused_turn_is_not_kept(is_streamed):
    answers = [said("msg_2", stop_reason="refusal"), streamed("msg_2", stop="refusal")]
    client, transport = client_of(said("msg_1"), answers[is_streamed], said("msg_3"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.send(HELLO)
    thread.append(MORE)
    refused_one = {"role": "user", "content": "Refused"}
    if is_streamed:
        with thread.stream(refused_one) as stream:
            stream.until_done()
    else:
        assert thread.send(refused_one).stop_reason == "refusal"
    assert texts(thread.messages) == ["Hello", "this is msg_1", "More"]
    thread.send()
    assert sent(transport)[2]["thread"] == {"type": "create"}
    assert texts(sent(transport)[2]["messages"]) == ["Hello", "this is msg_1", "More"]


@pytest.mark.parametrize("trace", ["block", "iteration"])
def test_the_message_of_a_fallback_model_is_sent_in_a_new_thread(trace):
    change = {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}
    usage = {**PLAIN["usage"], "iterations": [{"type": "fallback_message", "model": "b"}]}
    fields = {"content": [change]} if trace == "block" else {"usage": usage}
    client, transport = client_of(said("msg_1", **fields), said("msg_2"), said("msg_3"))
    thread = client.beta.messages.thread(**PROMPT, fallbacks="default")
    for new in (HELLO, MORE, MORE):
        thread.send(new)
    assert [body["thread"]["type"] for body in sent(transport)] == ["create", "create", "continue"]
    assert len(sent(transport)[1]["messages"]) == 3


@pytest.mark.parametrize("continued", [False, True])
def test_a_server_that_keeps_no_thread_is_sent_none_if_the_caller_allows_it(continued):
    between = [said("msg_3")] if continued else []
    client, transport = client_of(
        said("msg_1"),
        refused(404, "thread_not_found"),
        said("msg_2"),
        *between,
        refused(404, "thread_not_found"),
        said("msg_4"),
    )
    thread = client.beta.messages.thread(**PROMPT, **CONTINUE_UNTHREADED)
    for _ in range(3 + continued):
        thread.send(HELLO)
    # A thread that was continued shows that the server does keep some.
    assert ("thread" in sent(transport)[-1]) == continued


# What is sent.


MARK: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}


def marked(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text, **MARK}]}


def test_messages_that_are_sent_again_have_no_cache_marks():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": MARK, **MARK}
    result = {"type": "tool_result", "tool_use_id": "t", "content": marked("3")["content"], **MARK}
    seed = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    client, transport = client_of(said("msg_1"), refused(404, "thread_not_found"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, messages=seed)
    thread.send(marked("Hello"))
    thread.send(marked("More"))
    first, _, again = (body["messages"] for body in sent(transport))
    assert first == [*seed, marked("Hello")]
    assert json.dumps(again[:-1]).count("cache_control") == 1  # in the input of the call
    assert again[-1] == marked("More")


def test_later_turns_use_the_container_of_the_last_message():
    container = {"id": "c_1", "expires_at": "2030-01-01T00:00:00Z"}
    client, transport = client_of(said("msg_1", container=container), said("msg_2"), said("msg_3"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.send(HELLO)
    thread.send(MORE)
    thread.send(MORE, container="own")
    assert [body.get("container") for body in sent(transport)] == [None, "c_1", "own"]
    assert thread.params["container"] == "c_1"


def test_a_header_of_the_callers_gets_the_beta_too():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, extra_headers={"Anthropic-Beta": "x"})
    thread.send(HELLO)
    thread.send(MORE, extra_headers={"anthropic-beta": f"y,{THREADS}"})
    assert betas(transport) == [f"x,{THREADS}", f"y,{THREADS}"]


def test_a_message_that_is_there_is_not_appended_again():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.append(thread.send(HELLO), MORE)
    thread.send()
    assert sent(transport)[1]["messages"] == [MORE]


# Outputs.


class Total(BaseModel):
    """A sum."""

    total: int


@pytest.mark.parametrize("method", ["send", "parse", "stream"])
def test_a_thread_has_a_type_of_output(method):
    answer = {**PLAIN, "content": [{"type": "text", "text": '{"total": 3}'}]}
    whole = Answer(json.dumps(answer).encode(), headers=(JSON,))
    client, transport = client_of(
        Answer(b"".join(write_message(answer))) if method == "stream" else whole
    )
    thread = client.beta.messages.thread(**PROMPT, output_format=Total)
    if method == "stream":
        with thread.stream(HELLO) as stream:
            message: Any = stream.get_final_message()
    else:
        message = getattr(thread, method)(HELLO)
    assert getattr(message, "parsed_output", None) == (None if method == "send" else Total(total=3))
    assert sent(transport)[0]["output_config"]["format"]["type"] == "json_schema"
    assert len(thread.messages) == 2


def test_an_output_that_does_not_fit_is_a_turn_all_the_same():
    client, _ = client_of(said("msg_1"))
    thread = client.beta.messages.thread(**PROMPT, output_format=Total)
    with pytest.raises(OutputError):
        thread.parse(HELLO)
    assert thread.previous_message_id == "msg_1"
    assert len(thread.messages) == 2


def test_the_type_of_output_belongs_to_the_thread():
    client, _ = client_of()
    with pytest.raises(TypeError, match="give a schema as output_config"):
        client.beta.messages.thread(**PROMPT, output_format={"type": "object"})
    thread = client.beta.messages.thread(**PROMPT)
    for name in ("output_format", "output_config"):
        with pytest.raises(TypeError, match=name):
            thread.send(HELLO, **{name: None})


# What the API keeps.


def test_tools_that_were_changed_in_place_are_found():
    client, transport = client_of(said("msg_1"))
    tools: list[Any] = [{**TOOLS[0]}]
    thread = client.beta.messages.thread(**PROMPT, tools=tools)
    tools[0]["description"] = "one"
    thread.send(HELLO)
    assert sent(transport)[0]["tools"] == [{**TOOLS[0], "description": "one"}]
    tools[0]["description"] = "two"
    with pytest.raises(AntiphonError, match="Cannot change `tools`"):
        thread.send(MORE)


def test_what_was_changed_during_the_first_turn_is_not_lost():
    client, _ = client_of(streamed("msg_1"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO, system="one") as stream:
        thread.update(system="two")
        stream.until_done()
    assert thread.params["system"] == "two"
    with pytest.raises(AntiphonError, match="Cannot change `system`"):
        thread.send(MORE)


def test_a_thread_can_be_made_of_its_class():
    client, transport = client_of(said("msg_1"))
    thread = antiphon.MessageThread(client, **PROMPT, messages=[HELLO])
    assert thread.send().id == "msg_1"
    assert sent(transport)[0]["thread"] == {"type": "create"}


# Tools.


@antiphon.tool
def double(n: int) -> str:
    """Double a number."""
    return str(2 * n)


def called(name: str, n: int) -> Answer:
    call = {"type": "tool_use", "id": f"toolu_{n}", "name": "double", "input": {"n": n}}
    return said(name, content=[call], stop_reason="tool_use")


def test_a_runner_works_on_the_thread():
    client, transport = client_of(said("msg_1"), called("msg_2", 3), said("msg_3"), said("msg_4"))
    thread = client.beta.messages.thread(**PROMPT, tools=[double])
    thread.send(HELLO)
    thread.append(MORE)
    assert thread.tool_runner().until_done().id == "msg_3"
    thread.send(MORE)
    *_, third, fourth = sent(transport)
    assert [block["content"] for block in third["messages"][0]["content"]] == ["6"]
    assert third["thread"] == {"type": "continue", "previous_message_id": "msg_2"}
    assert fourth["messages"] == [MORE]
    assert [message["role"][0] for message in thread.messages] == [*"uauauaua"]
    assert thread.params["tools"] == [double]


def test_a_runner_at_its_limit_leaves_the_results_to_the_thread():
    client, transport = client_of(called("msg_1", 3), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, tools=[double], messages=[HELLO])
    runner = thread.tool_runner(max_iterations=1)
    assert runner.until_done().id == "msg_1"
    assert runner.stop_reason == "max_turns"
    thread.send()
    assert sent(transport)[1]["messages"][0]["content"][0]["content"] == "6"


def test_a_runner_goes_on_with_what_is_appended_to_the_thread():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, tools=[double], messages=[HELLO])
    for message in thread.tool_runner():
        if message.id == "msg_1":
            thread.append(MORE)
    assert sent(transport)[1]["messages"] == [MORE]


def test_a_runner_has_options_of_its_own_and_shares_the_parameters():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, messages=[HELLO], extra_headers={"x-a": "1"})
    runner = thread.tool_runner(extra_headers={"x-b": "2"})
    runner.set_messages_params(lambda given: {**given, "max_tokens": 7})
    runner.until_done()
    thread.send(MORE)
    headers = [request.headers for request in transport.requests]
    assert [(each.get("x-a"), each.get("x-b")) for each in headers] == [(None, "2"), ("1", None)]
    assert [body["max_tokens"] for body in sent(transport)] == [7, 7]


def test_a_runner_refuses_a_change_before_it_runs_a_tool():
    ran: list[int] = []

    @antiphon.tool
    def note(n: int) -> str:
        """Note a number."""
        ran.append(n)
        return ""

    answer = {"type": "tool_use", "id": "toolu_1", "name": "note", "input": {"n": 1}}
    client, _ = client_of(said("msg_1", content=[answer], stop_reason="tool_use"))
    thread = client.beta.messages.thread(**PROMPT, tools=[note], messages=[HELLO])
    runner = thread.tool_runner()
    next(runner)
    thread.update(system="S")
    with pytest.raises(AntiphonError, match="Cannot change `system`"):
        next(runner)
    assert ran == []


def test_a_runner_leaves_out_a_refusal_and_a_message_that_broke_off():
    client, transport = client_of(
        streamed("msg_1"), called("msg_2", 3), said("msg_3", stop_reason="refusal")
    )
    thread = client.beta.messages.thread(**PROMPT, tools=[double])
    left_early(thread, HELLO)
    assert thread.tool_runner().until_done().stop_reason == "refusal"
    assert sent(transport)[1]["messages"] == [HELLO]
    assert [message["role"][0] for message in thread.messages] == [*"uau"]


@pytest.mark.parametrize("answered", [False, True])
def test_a_streaming_runner_may_be_told_while_its_stream_is_open(answered):
    call = {"type": "tool_use", "id": "toolu_1", "name": "double", "input": {"n": 1}}
    message = {**PLAIN, "id": "msg_1", "content": [call], "stop_reason": "tool_use"}
    client, transport = client_of(Answer(b"".join(write_message(message))), streamed("msg_2"))
    thread = client.beta.messages.thread(**PROMPT, tools=[double], messages=[HELLO])
    for stream in thread.tool_runner(stream=True):
        if len(transport.requests) == 1:
            if answered:
                thread.append(stream.get_final_message())
            thread.append(MORE)
    result, more = sent(transport)[1]["messages"]
    assert result["content"][0]["content"] == "2"
    assert more == MORE


def test_the_async_runner_works_on_the_thread():
    async def run() -> Any:
        transport = AsyncScripted(called("msg_1", 3), said("msg_2"))
        async with AsyncClient(api_key="k", http_client=transport, max_retries=0) as client:
            thread = client.beta.messages.thread(**PROMPT, tools=[double], messages=[HELLO])
            await thread.tool_runner().until_done()
            return thread.messages, sent(transport.played)

    messages, bodies = asyncio.run(run())
    assert [message["role"][0] for message in messages] == [*"uaua"]
    assert [body["thread"]["type"] for body in bodies] == ["create", "continue"]
