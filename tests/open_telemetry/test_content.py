"""Texts of prompts and messages on spans."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import Client
from antiphon.open_telemetry.content import input_messages, output_messages, system_parts
from tests.support.scripted import Scripted
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, events, streamed, whole

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
CONTENT = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.request.stop_sequences",
)


def traced(ask: dict[str, Any], answer: Any, **options: Any) -> dict[str, Any]:
    seen = Telemetry()
    client = Client(
        api_key="k", http_client=Scripted(answer), open_telemetry=seen.options(**options)
    )
    client.messages.create(**{**ASK, **ask})
    return seen.attributes


def test_no_text_is_recorded_unless_it_is_asked_for():
    ask = {"system": "Be brief.", "stop_sequences": ["END"]}
    for conventions in ("gen_ai", "anthropic"):
        found = traced(ask, whole(), conventions=conventions)
        assert not {"gen_ai.input.messages", "gen_ai.output.messages"} & set(found)
        assert "gen_ai.system_instructions" not in found
        assert "Hello" not in json.dumps(found)


@pytest.mark.parametrize("conventions", ["gen_ai", "anthropic"])
def test_texts_are_json_by_the_conventions(conventions):
    ask = {
        "system": [{"type": "text", "text": "Be brief."}],
        "stop_sequences": ["END"],
        "messages": [
            {"role": "user", "content": [IMAGE, {"type": "text", "text": "Look."}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                    {"type": "tool_use", "id": "toolu_1", "name": "see", "input": {"at": 1}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "A cat"}],
            },
        ],
    }
    found = traced(ask, whole(), conventions=conventions, traces={"content_mode": "content"})
    assert json.loads(found["gen_ai.input.messages"]) == [
        {
            "role": "user",
            "parts": [{"type": "anthropic_image"}, {"type": "text", "content": "Look."}],
        },
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "id": "toolu_1", "name": "see", "arguments": {"at": 1}},
            ],
        },
        {
            "role": "user",
            "parts": [{"type": "tool_call_response", "id": "toolu_1", "response": "A cat"}],
        },
    ]
    assert json.loads(found["gen_ai.system_instructions"]) == [
        {"type": "text", "content": "Be brief."}
    ]
    assert json.loads(found["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "Hi"}],
            "finish_reason": "end_turn",
        }
    ]
    assert found["gen_ai.request.stop_sequences"] == ("END",)
    assert "AAAA" not in json.dumps(found)


def test_the_text_of_a_stream_is_recorded_too():
    seen = Telemetry()
    client = Client(
        api_key="k",
        http_client=Scripted(streamed(*events(0.1, 0.1))),
        open_telemetry=seen.options(traces={"content_mode": "content"}),
    )
    for _ in client.messages.create(**ASK, stream=True):
        pass
    (message,) = json.loads(seen.attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "HiHi"}]


def test_the_newest_messages_are_kept_and_a_long_text_is_cut():
    turns = [{"role": "user", "content": word * 100} for word in ("a", "b", "c")]
    kept = json.loads(input_messages({"messages": turns}, 320))
    assert [turn["parts"][0]["content"][0] for turn in kept] == ["b", "c"]
    assert kept[1]["parts"][0]["content"] == "c" * 100
    assert 0 < len(kept[0]["parts"][0]["content"]) < 100


texts = st.text(st.characters(codec=None), max_size=60)
blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    st.builds(
        lambda text: {"type": "tool_use", "id": "t", "name": "n", "input": {"a": text}}, texts
    ),
    st.builds(lambda text: {"type": "tool_result", "tool_use_id": "t", "content": text}, texts),
    st.just(IMAGE),
)
messages = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "assistant"]),
        texts | st.lists(blocks, max_size=4),
    ),
    max_size=4,
)


@given(messages, st.integers(0, 600))
def test_no_attribute_is_larger_than_allowed(turns, size):
    attributes = [
        input_messages({"messages": turns}, size),
        *(output_messages(turn["content"], "end_turn", size) for turn in turns),
        *(system_parts({"system": turn["content"]}, size) or "[]" for turn in turns),
    ]
    for text in attributes:
        assert isinstance(json.loads(text), list)
        assert len(text.encode()) <= max(size, len("[]"))


@given(messages)
def test_what_fits_is_kept_whole(turns):
    kept = json.loads(input_messages({"messages": turns}, 1_000_000))
    assert [turn["role"] for turn in kept] == [turn["role"] for turn in turns]
    for turn, sent in zip(kept, turns, strict=True):
        expected = 1 if isinstance(sent["content"], str) else len(sent["content"])
        assert len(turn["parts"]) == expected


@given(
    st.none() | st.integers() | texts | st.lists(st.none() | texts | st.dictionaries(texts, texts))
)
def test_a_body_of_any_shape_is_no_failure(value):
    for text in (
        input_messages({"messages": value}, 1000),
        output_messages(value, value, 1000),
        system_parts({"system": value}, 1000) or "[]",
    ):
        assert isinstance(json.loads(text), list)
