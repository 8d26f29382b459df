from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon._stream.writer import PING, events, framed, write_message
from antiphon._wire.sse import SSEDecoder
from tests.support.stream_events import delta, start, stop

START: dict[str, Any] = {
    "model": "m",
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 4, "service_tier": "standard"},
}
MESSAGE: dict[str, Any] = {
    **START,
    "stop_reason": "tool_use",
    "usage": {
        "input_tokens": 7,
        "output_tokens": 50,
        "service_tier": "standard",
        "server_tool_use": {"web_search_requests": 1},
    },
}


def of(*content: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """The events of a message, without its first and its last two."""
    return [*events({**MESSAGE, "content": list(content)}, **options)][1:-2]


def test_a_message_without_blocks():
    assert list(events({**MESSAGE, "content": []})) == [
        {"type": "message_start", "message": START},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {
                "input_tokens": 7,
                "output_tokens": 50,
                "server_tool_use": {"web_search_requests": 1},
            },
        },
        {"type": "message_stop"},
    ]


def test_the_container_is_known_at_the_end():
    first, *_, last, _ = events({**MESSAGE, "container": {"id": "c"}})
    assert "container" not in first["message"]
    assert last["delta"]["container"] == {"id": "c"}


def test_text_comes_in_fragments_after_its_citations():
    cited = {"type": "text", "text": "Hello", "citations": [{"type": "a"}, {"type": "b"}]}
    assert of({"type": "text", "text": "Hi"}, cited, fragment=3) == [
        start(0, type="text", text=""),
        PING,
        delta(0, "text_delta", text="Hi"),
        stop(0),
        start(1, type="text", text="", citations=[]),
        delta(1, "citations_delta", citation={"type": "a"}),
        delta(1, "citations_delta", citation={"type": "b"}),
        delta(1, "text_delta", text="Hel"),
        delta(1, "text_delta", text="lo"),
        stop(1),
    ]


def test_the_signature_is_the_last_delta_of_thinking():
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
    assert of(thinking) == [
        start(0, type="thinking", thinking="", signature=""),
        PING,
        delta(0, "thinking_delta", thinking="Hm."),
        delta(0, "signature_delta", signature="EqQB"),
        stop(0),
    ]


def test_tool_input_begins_with_an_empty_fragment():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "ü"}}
    assert of(call, {**call, "input": {}}, fragment=6) == [
        start(0, type="tool_use", id="t", name="f", input={}),
        PING,
        delta(0, "input_json_delta", partial_json=""),
        delta(0, "input_json_delta", partial_json='{"a": '),
        delta(0, "input_json_delta", partial_json='"ü"}'),
        stop(0),
        start(1, type="tool_use", id="t", name="f", input={}),
        delta(1, "input_json_delta", partial_json=""),
        stop(1),
    ]


def test_the_text_of_an_input_may_be_given():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    fragments = of(call, raw_inputs={0: '{"a": 1'})[2:-1]
    assert fragments[1:] == [delta(0, "input_json_delta", partial_json='{"a": 1')]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "redacted_thinking", "data": "Emw"},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "hologram", "text": "a", "input": {"b": 1}},
    ],
)
def test_blocks_that_do_not_grow_are_whole_in_their_start(block):
    assert of(block) == [start(0, **block), PING, stop(0)]


def test_compaction_comes_in_one_delta():
    assert of({"type": "compaction", "content": "So far."}) == [
        start(0, type="compaction", content=None),
        PING,
        delta(0, "compaction_delta", content="So far."),
        stop(0),
    ]


def test_frames_look_as_the_api_writes_them():
    assert framed(PING) == b'event: ping\ndata: {"type": "ping"}\n\n'
    event = delta(0, "text_delta", text="ü\n")
    assert framed(event, padding=2).decode() == (
        "event: content_block_delta\n"
        'data: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"ü\\n"}  }\n\n'
    )


@given(st.text(min_size=1), st.integers(1, 9), st.integers())
def test_uneven_fragments_and_padding_say_the_same(text, fragment, seed):
    message = {**MESSAGE, "content": [{"type": "text", "text": text}]}
    written = list(write_message(message, fragment=fragment, rng=Random(seed)))
    assert written == list(write_message(message, fragment=fragment, rng=Random(seed)))
    said = [json.loads(frame[1]) for item in written for frame in SSEDecoder().feed(item)]
    even = list(events(message, fragment=fragment))
    kinds = [event["type"] for event in said]
    assert kinds[:3] + kinds[-3:] == [e["type"] for e in even[:3] + even[-3:]]
    deltas = [event["delta"]["text"] for event in said if event["type"] == "content_block_delta"]
    assert "".join(deltas) == text
    assert all(0 < len(piece) < 2 * fragment for piece in deltas)


def test_padding_hides_lengths():
    message = {**MESSAGE, "content": [{"type": "text", "text": "a" * 4000}]}
    frames = [item for item in write_message(message, rng=Random(1)) if item != framed(PING)]
    paddings = {len(item) - len(item.removesuffix(b"}\n\n").rstrip(b" ")) - 3 for item in frames}
    assert paddings == set(range(16))


def test_a_fragment_is_at_least_a_character():
    with pytest.raises(ValueError, match="fragment: 0"):
        of({"type": "text", "text": "a"}, fragment=0)
