"""Whole replies: true to the wire, deterministic, and fit to be sent back."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon._stream.writer import events
from antiphon._wire.decoding import Decoder
from antiphon._wire.partial_json import PartialJSON
from antiphon.catalog.models import CATALOG
from antiphon.catalog.tokens import PromptTokens, count_text
from antiphon.local.metering.prompt_cache import CacheUsage
from antiphon.rules import findings
from antiphon.rules.request_view import merge
from antiphon.types.content import UnknownBlock
from antiphon.types.message import Message
from tests.support.replies import (
    CODE,
    FETCH,
    FIND,
    HAIKU,
    OPUS,
    SEARCH,
    SIGNATURES,
    TIME,
    WITH_CITATIONS,
    document,
    reply,
    reply_to,
    request,
    uses,
)
from tests.support.request_samples import MESSAGES, WEATHER


def test_message_has_the_keys_of_the_api_in_its_order():
    message = reply("hello").message(CacheUsage(1, 2, 4, 8))
    assert list(message) == [
        "model",
        "id",
        "type",
        "role",
        "content",
        "stop_reason",
        "stop_sequence",
        "stop_details",
        "usage",
        "diagnostics",
    ]
    assert message["model"] == "claude-haiku-4-5-20251001"
    assert re.fullmatch("msg_01[1-9A-HJ-NP-Za-km-z]{22}", message["id"])
    assert (message["type"], message["role"], message["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert message["stop_sequence"] is message["stop_details"] is None
    assert message["usage"] == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 6,
        "cache_read_input_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
        "output_tokens": count_text(HAIKU, message["content"][0]["text"]),
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def test_same_request_gets_same_reply_and_another_seed_other_ids():
    body = request("hello", tools=[WEATHER], tool_choice={"type": "any"})
    first, second = (reply_to(body) for _ in range(2))
    assert first == second == reply_to({**body, "stream": True})
    other = reply_to(body, seed=1)
    assert other.id != first.id
    assert other.content[0]["id"] != first.content[0]["id"]


def test_reply_ends_where_the_context_window_is_full():
    given = reply_to(request("hello"), input_tokens=199_995)
    assert given.stop_reason == "model_context_window_exceeded"
    assert given.output_tokens == 5


def test_container_of_the_request_is_used_again():
    given = reply("compute 2 + 3", tools=[CODE], container="container_01abc")
    assert given.container == {
        "id": "container_01abc",
        "expires_at": "2026-05-28T20:31:40.000000Z",
    }


def test_usage_names_speed_region_and_service_tier():
    given = reply("hello", OPUS, speed="fast", inference_geo="us")
    usage = given.message(CacheUsage(0, 0, 0, 1), service_tier="batch")["usage"]
    assert (usage["speed"], usage["inference_geo"], usage["service_tier"]) == (
        "fast",
        "us",
        "batch",
    )


TOOLS = st.lists(
    st.sampled_from(
        [WEATHER, TIME, SEARCH, FETCH, CODE, FIND, {"type": "computer_toolset_20260801"}]
    ),
    max_size=4,
    unique_by=lambda tool: tool.get("name"),
)
CHOICES = st.sampled_from(
    [
        None,
        {"type": "auto"},
        {"type": "any"},
        {"type": "none"},
        {"type": "tool", "name": "get_time"},
    ]
)


@given(
    st.sampled_from([*(card.id for card in CATALOG), "unknown-model"]),
    MESSAGES.filter(bool),
    TOOLS,
    CHOICES,
    st.integers(0, 200),
    st.sampled_from(["", "search the weather news", "use get_time", "[[pause_turn]]"]),
)
@settings(max_examples=200)
def test_any_valid_request_gets_a_reply(model, messages, tools, choice, max_tokens, last):
    body = {"model": model, "max_tokens": max_tokens, "messages": messages, "tools": tools}
    if last:
        body["messages"] = [*messages, {"role": "user", "content": last}]
    if choice:
        body["tool_choice"] = choice
    given = reply_to(body)
    message = given.message(CacheUsage(0, 0, 0, PromptTokens(body).total))
    json.dumps(message, ensure_ascii=False).encode()
    assert given.output_tokens <= max_tokens
    assert (given.stop_reason == "tool_use") <= bool(uses(given))
    assert given == reply_to(body)


CONVERSATIONS = [
    request("hello"),
    request("hello", OPUS),
    request("hello", OPUS, thinking={"type": "adaptive", "display": "summarized"}),
    request("[[redacted_thinking]] hello", OPUS),
    request("the weather in Paris and Rome?", tools=[WEATHER]),
    request("search for whales", tools=[SEARCH]),
    request("read https://example.org/a", tools=[FETCH]),
    request("read https://example.org/a", tools=[{**FETCH, "citations": {"enabled": True}}]),
    request("compute 2 + 3", tools=[CODE]),
    request("write code into plan/a.txt", tools=[CODE]),
    request("the weather in Rome?", tools=[FIND, {**WEATHER, "defer_loading": True}]),
    request("use web_search and get_weather", tools=[SEARCH, WEATHER]),
    request([document("Grass is green.", **WITH_CITATIONS), {"type": "text", "text": "Really?"}]),
]


@pytest.mark.parametrize("body", CONVERSATIONS)
def test_replies_decode_to_known_types_and_keep_every_value(body):
    message = reply_to(body).message(CacheUsage(0, 0, 0, 9))
    decoded = Decoder(Message).decode(json.dumps(message).encode())
    assert not any(isinstance(block, UnknownBlock) for block in decoded.content)
    assert decoded.to_dict() == message


@pytest.mark.parametrize("body", CONVERSATIONS)
def test_replies_may_be_sent_back(body):
    given = reply_to(body)
    results = [{"type": "tool_result", "tool_use_id": use["id"]} for use in uses(given)]
    turns = [
        *body["messages"],
        {"role": "assistant", "content": given.content},
        {"role": "user", "content": results or "and then?"},
    ]
    later = {**body, "messages": turns}
    found = findings(
        later,
        endpoint="create",
        version="2023-06-01",
        betas=(),
        count=lambda body: PromptTokens(body).total,
    )
    assert next(found, None) is None
    assert SIGNATURES.verify(merge(later["messages"])) is None
    assert reply_to(later).content


@given(st.integers(1, 40), st.sampled_from(CONVERSATIONS))
def test_streams_carry_the_same_tool_input_as_whole_messages(max_tokens, body):
    given = reply_to({**body, "max_tokens": max_tokens})
    message = given.message(CacheUsage(0, 0, 0, 9))
    told = {}
    for event in events(message, raw_inputs=given.raw_inputs):
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            parsed = told.setdefault(event["index"], PartialJSON())
            parsed.feed(event["delta"]["partial_json"])
    for index, parsed in told.items():
        assert parsed.value() == message["content"][index]["input"]


RAN_CODE = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "bash_code_execution",
    "input": {"command": "ls"},
}
CODE_RESULT = {
    "type": "bash_code_execution_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": {"type": "bash_code_execution_result", "stdout": "", "stderr": "", "return_code": 0},
}


def test_container_is_named_while_the_history_uses_it():
    turns = [
        {"role": "user", "content": "list the files"},
        {"role": "assistant", "content": [RAN_CODE, CODE_RESULT]},
        {"role": "user", "content": "thanks"},
    ]
    assert reply(turns, tools=[CODE]).container["id"].startswith("container_01")
    assert reply(turns, tools=[CODE], container="container_01abc").container["id"] == (
        "container_01abc"
    )
    assert reply("hello", tools=[CODE]).container is None


def test_context_management_follows_usage():
    message = reply("hello", context_management={"edits": []}).message(CacheUsage(0, 0, 0, 1))
    assert list(message)[-3:] == ["usage", "context_management", "diagnostics"]
    assert message["context_management"] == {"applied_edits": []}
