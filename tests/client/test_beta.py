"""`client.beta`: the same resources with the parameters of betas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon import (
    Client,
)
from antiphon._stream.writer import write_message
from tests.support.scripted import Answer
from tests.support.stream_events import framed
from tests.support.thread_answers import (
    HELLO,
    JSON,
    PROMPT,
    THREADS,
    betas,
    client_of,
    said,
    sent,
    streamed,
)
from tests.support.wire_samples import PLAIN

BETA_PARAMS: dict[str, Any] = {
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "compaction": {"type": "summarize"},
    "mcp_servers": [{"type": "url", "name": "a", "url": "https://a.example"}],
    "billing_policy": {"type": "billing_policy", "bill_to": "self"},
}


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
