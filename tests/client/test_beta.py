"""`client.beta`: the same resources with the parameters of betas, and message threads."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from antiphon import (
    AntiphonError,
    APIStatusError,
    AsyncClient,
    BadRequestError,
    Client,
    Message,
    NotFoundError,
)
from antiphon._stream.writer import write_message
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.stream_events import framed
from tests.support.wire_samples import PLAIN

JSON = ("content-type", "application/json")
THREADS = "message-threads-2026-08-12"
PROMPT: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 64}
TOOLS = [{"name": "f", "input_schema": {"type": "object"}}]
HELLO = {"role": "user", "content": "Hello"}
MORE = {"role": "user", "content": "More"}
BETA_PARAMS: dict[str, Any] = {
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "compaction": {"type": "summarize"},
    "mcp_servers": [{"type": "url", "name": "a", "url": "https://a.example"}],
    "billing_policy": {"type": "billing_policy", "bill_to": "self"},
}


def said(name: str) -> Answer:
    message = {**PLAIN, "id": name, "content": [{"type": "text", "text": f"this is {name}"}]}
    return Answer(json.dumps(message).encode(), headers=(JSON,))


def refused(status: int, code: str) -> Answer:
    kind = "not_found_error" if status == 404 else "invalid_request_error"
    error = {"type": kind, "message": "No.", "details": {"error_code": code}}
    body = {"type": "error", "error": error, "request_id": "req_1"}
    return Answer(json.dumps(body).encode(), status=status, headers=(JSON,))


def streamed(name: str, *, whole: bool = True) -> Answer:
    ends = [
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 2},
        },
        {"type": "message_stop"},
    ]
    return Answer(
        framed(
            {"type": "message_start", "message": {**PLAIN, "id": name, "content": []}},
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": f"this is {name}"},
            },
            {"type": "content_block_stop", "index": 0},
            *(ends if whole else []),
        )
    )


def client_of(*answers: Answer) -> tuple[Client, Scripted]:
    transport = Scripted(*answers)
    return Client(api_key="k", http_client=transport, max_retries=0), transport


def sent(transport: Scripted) -> list[dict[str, Any]]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


def betas(transport: Scripted) -> list[str | None]:
    return [request.headers.get("anthropic-beta") for request in transport.requests]


def texts(messages: Any) -> list[str]:
    return [
        message["content"]
        if isinstance(message["content"], str)
        else "".join(
            block["text"] if isinstance(block, dict) else block.text for block in message["content"]
        )
        for message in messages
    ]


def test_beta_parameters_are_sent_and_plain_messages_refuse_them():
    client, transport = client_of(said("msg_1"))
    more = {"fallbacks": "default", "fallback_credit_token": "t", "thread": {"type": "create"}}
    client.beta.messages.create(**PROMPT, messages=[HELLO], betas=["a", "b"], **BETA_PARAMS, **more)
    assert sent(transport) == [{**PROMPT, "messages": [HELLO], **BETA_PARAMS, **more}]
    assert betas(transport) == ["a,b"]
    for name, value in {**BETA_PARAMS, **more}.items():
        with pytest.raises(TypeError, match=name):
            client.messages.create(**PROMPT, messages=[HELLO], **{name: value})
    with pytest.raises(TypeError, match="did you mean 'mcp_servers'"):
        client.beta.messages.create(**PROMPT, messages=[HELLO], mcp_server=[])


def test_counting_takes_the_parameters_of_a_prompt_and_adds_no_beta():
    count = {"input_tokens": 5, "context_management": {"original_input_tokens": 9}}
    client, transport = client_of(Answer(json.dumps(count).encode(), headers=(JSON,)))
    counted = client.beta.messages.count_tokens(
        model="m", messages=[HELLO], betas=["context-management-2025-06-27"], **BETA_PARAMS
    )
    assert counted.context_management.original_input_tokens == 9
    assert sent(transport) == [{"model": "m", "messages": [HELLO], **BETA_PARAMS}]
    assert betas(transport) == ["context-management-2025-06-27"]
    with pytest.raises(TypeError, match="thread"):
        client.beta.messages.count_tokens(model="m", messages=[HELLO], thread={"type": "create"})


def test_the_views_take_beta_parameters():
    client, transport = client_of(said("a"), said("b"), streamed("c"), streamed("d"), said("e"))
    given = {**PROMPT, "messages": [HELLO], "compaction": {"type": "summarize"}, "betas": ["x"]}
    raw = client.beta.messages.with_raw_response.create(**given)
    assert raw.parse().id == "a"
    assert client.beta.with_raw_response.messages.create(**given).parse().id == "b"
    with client.beta.messages.stream(**given) as stream:
        assert stream.get_final_message().id == "c"
    with client.beta.messages.with_streaming_response.stream(**given) as response:
        assert response.parse().get_final_message().id == "d"
    with client.beta.with_streaming_response.messages.create(**given) as response:
        assert response.parse().id == "e"
    assert {json.dumps(body["compaction"]) for body in sent(transport)} == {'{"type": "summarize"}'}
    assert betas(transport) == ["x"] * 5


def test_a_compaction_and_a_fallback_are_streamed():
    summary = {"type": "compaction", "content": "We talked.", "encrypted_content": "E"}
    change = {
        "type": "fallback",
        "from": {"model": "claude-opus-5"},
        "to": {"model": "claude-sonnet-5"},
        "trigger": {"type": "refusal", "category": None},
    }
    call = {"type": "mcp_tool_use", "id": "m", "name": "f", "server_name": "s", "input": {"a": 1}}
    edits = {"applied_edits": [{"type": "clear_thinking_20251015", "cleared_input_tokens": 5}]}
    counts = {"input_tokens": 1, "output_tokens": 2}
    message = {
        **PLAIN,
        "model": "claude-sonnet-5",
        "content": [summary, change, call],
        "stop_reason": "compaction",
        "usage": {**counts, "iterations": [{"type": "compaction", **counts}]},
        "context_management": edits,
    }
    begun = {**message, "model": "claude-opus-5"}
    client, _ = client_of(Answer(b"".join(write_message({**begun, "stop_details": None}))))
    with client.beta.messages.stream(**PROMPT, messages=[HELLO]) as stream:
        events = list(stream)
        whole = stream.get_final_message()
    [made] = [event for event in events if event.type == "compaction"]
    assert (made.content, made.encrypted_content) == ("We talked.", None)
    [ended] = [event for event in events if event.type == "message_delta"]
    assert ended.context_management.to_dict() == edits
    assert ended.usage.iterations[0].input_tokens == 1
    assert whole.to_dict() == {**message, "stop_details": None}
    assert [block.type for block in whole.content] == ["compaction", "fallback", "mcp_tool_use"]


def test_a_second_summary_replaces_the_first():
    deltas = [{"content": "a", "encrypted_content": "E"}, {"content": "b"}, {"content": None}]
    body = framed(
        {"type": "message_start", "message": {**PLAIN, "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "compaction"}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "compaction_delta", **each},
            }
            for each in deltas
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    )
    client, _ = client_of(Answer(body))
    with client.beta.messages.stream(**PROMPT, messages=[HELLO]) as stream:
        [block] = stream.get_final_message().content
    assert block.to_dict() == {"type": "compaction", "content": "b", "encrypted_content": "E"}


def test_files_and_models_are_those_of_the_client():
    client, _ = client_of()
    views = (client, client.beta), (client.with_options(), client.with_options().beta)
    for plain, beta in views:
        assert type(beta.files) is type(plain.files)
        assert type(beta.models) is type(plain.models)
        assert isinstance(beta.messages, type(plain.messages))
        assert type(beta.messages.batches) is type(plain.messages.batches)
    for name in ("with_raw_response", "with_streaming_response"):
        view = getattr(client.beta, name)
        assert type(view.files) is type(getattr(client.files, name))
        assert type(view.models) is type(getattr(client.models, name))


def test_betas_work_for_every_resource(server):
    with Client(base_url=server.url, api_key="k") as client:
        model = client.beta.models.retrieve("claude-haiku-4-5", betas=[THREADS])
        assert model.id.startswith("claude-haiku-4-5")
        assert model in list(client.beta.models.list(betas=[THREADS]))


def test_a_thread_on_the_local_server(server):
    with Client(base_url=server.url, api_key="k", max_retries=0) as client:
        thread = client.beta.messages.thread(**PROMPT, system="Be brief.")
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


@pytest.mark.parametrize("code", [(404, "thread_not_found"), (400, "thread_already_continued")])
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
    thread = client.beta.messages.thread(**PROMPT, system="S", messages=[HELLO], betas=["x"])
    thread.send()
    thread.send(MORE)
    thread.send(MORE)
    assert betas(transport) == [f"x,{THREADS}", f"x,{THREADS}", "x", "x"]
    assert ["thread" in body for body in sent(transport)] == [True, True, False, False]
    assert [len(body["messages"]) for body in sent(transport)] == [1, 1, 3, 5]
    assert [body.get("system") for body in sent(transport)] == ["S", None, "S", "S"]
    assert thread.previous_message_id is None


def test_a_thread_can_be_told_to_raise_instead():
    client, transport = client_of(refused(400, "thread_unsupported_request"))
    thread = client.beta.messages.thread(**PROMPT, unsupported_request_behavior="error")
    with pytest.raises(BadRequestError):
        thread.send(HELLO)
    assert "unsupported_request_behavior" not in sent(transport)[0]


@pytest.mark.parametrize("code", ["thread_fingerprint_mismatch", "thread_continue_in_flight"])
def test_other_errors_of_threads_are_raised(code):
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


def test_a_streamed_turn_that_was_left_early_is_not_kept():
    client, transport = client_of(streamed("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO) as stream:
        next(iter(stream))
    assert thread.messages == ()
    assert thread.previous_message_id is None
    thread.send(HELLO)
    assert sent(transport)[1]["thread"] == {"type": "create"}


def test_a_stream_that_is_refused_ends_its_turn():
    client, _ = client_of(refused(400, "else"), said("msg_1"))
    thread = client.beta.messages.thread(**PROMPT)
    with pytest.raises(BadRequestError), thread.stream(HELLO):
        pass
    assert thread.send(HELLO).id == "msg_1"


def test_a_thread_has_one_turn_at_a_time():
    client, _ = client_of(streamed("msg_1"))
    thread = client.beta.messages.thread(**PROMPT)
    with thread.stream(HELLO), pytest.raises(AntiphonError, match="another turn"):
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
        "unsupported_request_behavior": "continue_unthreaded",
    }
    client.beta.messages.thread(**thread.params).send(MORE)
    assert sent(transport)[2] == sent(transport)[1]


def test_what_the_api_keeps_cannot_change():
    client, transport = client_of(said("msg_1"), said("msg_2"))
    thread = client.beta.messages.thread(**PROMPT)
    thread.update(system="new", max_tokens=5)
    thread.send(HELLO)
    assert (sent(transport)[0]["system"], sent(transport)[0]["max_tokens"]) == ("new", 5)
    with pytest.raises(AntiphonError, match="system cannot change"):
        thread.update(system="other")
    with pytest.raises(AntiphonError, match="tools cannot change"):
        thread.send(MORE, tools=TOOLS)
    thread.update(max_tokens=6)
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
