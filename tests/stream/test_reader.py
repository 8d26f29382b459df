from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from antiphon import (
    APIError,
    APIStatusError,
    InternalServerError,
    OverloadedError,
    StreamInterruptedError,
    StreamProtocolError,
)
from antiphon._core.request_body import encode_body
from antiphon._stream.reader import MessageReader
from antiphon._stream.writer import PING, events, framed, write_message
from antiphon._wire.http import Headers, HTTPResponse
from antiphon.types import (
    CitationEvent,
    InputJsonEvent,
    Message,
    ParsedContentBlockStopEvent,
    ParsedMessageStopEvent,
    RawContentBlockDeltaEvent,
    RawContentBlockStopEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    SignatureEvent,
    TextEvent,
    ThinkingEvent,
    UnknownEvent,
)
from tests.support.stream_events import delta, start, stop

RESPONSE = HTTPResponse(200, Headers([("request-id", "req_1")]))
VIEWS = ["event", "events", "text"]
CITATION = {
    "type": "char_location",
    "cited_text": "a",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 1,
}
BASE: dict[str, Any] = {
    "model": "claude-haiku-4-5-20251001",
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": {
        "input_tokens": 7,
        "cache_read_input_tokens": 0,
        "output_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 3},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    },
}
CALL: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=5), values, max_size=3)
unknown = st.dictionaries(st.sampled_from(["mood", "_x", "self", "é"]), values, max_size=2)


def block(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    shape = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in fields.items()
    }
    return st.builds(lambda known, more: {**known, **more}, st.fixed_dictionaries(shape), unknown)


citations = st.lists(st.just(CITATION) | block(type="dream", depth=values), max_size=3)
blocks = st.one_of(
    block(type="text", text=st.text()),
    block(type="text", text=st.text(), citations=st.none() | citations),
    block(type="text", text=values),
    block(type="thinking", thinking=st.text(), signature=st.text()),
    block(type="redacted_thinking", data="Emw"),
    block(type="tool_use", id="t", name="f", input=objects, caller={"type": "direct"}),
    block(type="server_tool_use", id="s", name="web_search", input=objects),
    block(type="mcp_tool_use", id="m", name="f", input=objects),
    block(type="tool_use", id="t", input=values),
    block(type="web_search_tool_result", tool_use_id="s", content=values),
    block(type="compaction", content=st.text()),
    block(type=st.sampled_from(["hologram", "text", "tool_use", "thinking"])),
)
messages = st.builds(
    lambda content, more, ending, container: {
        **BASE,
        **more,
        "content": content,
        "stop_reason": ending,
        **container,
    },
    st.lists(blocks, max_size=5),
    unknown,
    st.sampled_from(["end_turn", "tool_use", "tired"]),
    st.sampled_from(
        [{}, {"container": None}, {"container": {"id": "c", "expires_at": "2026-08-19T14:49:30Z"}}]
    ),
)


def read(*chunks: bytes, view: str = "event", lenient: bool = False) -> MessageReader:
    """A reader that has read a whole body."""
    reader = MessageReader(RESPONSE, lenient=lenient)
    for chunk in chunks:
        for frame in reader.feed(chunk):
            getattr(reader, view)(frame)
    while frames := reader.close():
        for frame in frames:
            getattr(reader, view)(frame)
    return reader


def stream(*sent: dict[str, Any]) -> bytes:
    return b"".join(map(framed, sent))


def begun(**fields: Any) -> dict[str, Any]:
    unfinished = {**BASE, "stop_reason": None, "usage": {"input_tokens": 7, "output_tokens": 1}}
    return {"type": "message_start", "message": {**unfinished, **fields}}


def ended(reason: str = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


STOP = {"type": "message_stop"}
TEXT = {"type": "text", "text": ""}


def whole(*between: dict[str, Any], reason: str = "end_turn") -> Message:
    """The message of a stream with these events between its start and its end."""
    return read(stream(begun(), *between, ended(reason), STOP)).message


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[before:after] for before, after in pairwise(edges)]


@given(
    messages,
    st.integers(1, 40),
    st.integers(),
    st.lists(st.integers(0, 9999), max_size=9),
    st.sampled_from(VIEWS),
)
def test_every_message_is_read_as_it_was_written(message, fragment, seed, places, view):
    body = b"".join(write_message(message, fragment=fragment, rng=Random(seed)))
    reader = read(*cut(body, places), view=view)
    assert reader.finished
    assert reader.message.to_dict() == message
    assert reader.message.to_dict() == Message.decode(json.dumps(message)).to_dict()
    assert all(getattr(made, "complete", True) for made in reader.message.content)


@given(st.sampled_from(VIEWS), st.lists(st.sampled_from(VIEWS), min_size=1, max_size=7))
def test_views_may_be_mixed(first, views):
    message = {**BASE, "content": [{**TEXT, "text": "Hello, wörld"}, {**CALL, "input": {"a": [1]}}]}
    reader = MessageReader(RESPONSE)
    for number, item in enumerate(write_message(message, fragment=2)):
        for frame in reader.feed(item):
            getattr(reader, [first, *views][number % (len(views) + 1)])(frame)
    assert reader.message.to_dict() == message


def is_beginning(part: Any, truth: Any) -> bool:
    if isinstance(part, str) and isinstance(truth, str):
        return truth.startswith(part)
    if isinstance(part, list) and isinstance(truth, list):
        return len(part) <= len(truth) and all(map(is_beginning, part, truth))
    if isinstance(part, dict) and isinstance(truth, dict):
        return all(name in truth and is_beginning(part[name], truth[name]) for name in part)
    return part is None or (type(part) is type(truth) and part <= truth)


TRUTH: dict[str, Any] = {
    **BASE,
    "content": [
        {"type": "thinking", "thinking": "Hm, wörld.", "signature": "EqQB"},
        {"type": "text", "text": "Grün \U0001f30d.", "citations": [CITATION]},
        {**CALL, "input": {"city": "Zürich", "tags": ["a", {"b": "\u2028"}], "days": 35}},
    ],
}


@given(st.integers(0), st.sampled_from(VIEWS), st.integers(1, 9))
@example(0, "event", 3)
def test_a_body_cut_anywhere_is_never_a_message(end, view, fragment):
    body = b"".join(write_message(TRUTH, fragment=fragment))
    end %= len(body) - len(b"\n\n")
    with pytest.raises(StreamInterruptedError) as raised:
        read(body[:end], view=view)
    partial = raised.value.partial
    assert raised.value.request_id == "req_1"
    if partial is not None:
        assert is_beginning(partial.to_dict(), TRUTH)
        assert all(made.complete for made in partial.content[:-1])
        for made, truth in zip(partial.content, TRUTH["content"], strict=False):
            assert not made.complete or made.to_dict() == truth


def test_a_last_event_without_its_blank_line_counts():
    body = stream(begun(), ended(), STOP)
    assert read(body[:-2]).finished
    with pytest.raises(StreamInterruptedError):
        read(body[:-3])


def test_a_message_may_be_whole_from_its_start():
    message = {**BASE, "content": [{**CALL, "input": {"a": 1}}], "stop_reason": "tool_use"}
    reader = read(stream({"type": "message_start", "message": message}, STOP))
    assert reader.message.to_dict() == message
    assert reader.message.tool_uses[0].complete


def test_blocks_may_go_on_from_those_at_the_start():
    content = [{"type": "text", "text": "Hel"}]
    body = stream(begun(content=content), start(1, TEXT), delta(1, "text_delta", text="lo"), STOP)
    assert read(body).message.text == "Hello"


def test_a_start_that_comes_again_changes_nothing():
    text = [start(0, TEXT), delta(0, "text_delta", text="Hi"), begun(), stop(0)]
    assert whole(*text).text == "Hi"


def test_a_start_of_another_message_starts_over():
    old = [start(0, TEXT), delta(0, "text_delta", text="old")]
    new = [begun(id="msg_2"), start(0, TEXT), delta(0, "text_delta", text="new"), stop(0)]
    message = whole(*old, *new)
    assert (message.id, message.text) == ("msg_2", "new")


def test_indices_may_skip_and_blocks_interleave():
    message = whole(
        start(5, TEXT),
        start(2, TEXT),
        delta(5, "text_delta", text="c"),
        delta(2, "text_delta", text="a"),
        delta(5, "text_delta", text="d"),
        stop(5),
        stop(2),
    )
    assert [made.text for made in message.content] == ["a", "cd"]


def test_every_field_of_a_message_delta_is_put_on_the_message():
    changes = {
        "type": "message_delta",
        "delta": {"stop_reason": "pause_turn", "container": {"id": "c"}, "mood": {"level": 3}},
        "usage": {"output_tokens": 9},
        "context_management": {"applied_edits": []},
    }
    message = read(stream(begun(), changes, STOP)).message
    assert message.to_dict() == {
        **begun()["message"],
        "stop_reason": "pause_turn",
        "container": {"id": "c"},
        "mood": {"level": 3},
        "usage": {"input_tokens": 7, "output_tokens": 9},
        "context_management": {"applied_edits": []},
    }


def test_counts_are_totals_and_null_changes_nothing():
    first = {
        "input_tokens": 7,
        "output_tokens": 1,
        "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
    }
    sent = [
        begun(usage=first),
        ended(output_tokens=20, input_tokens=None, cache_creation={"ephemeral_5m_input_tokens": 4}),
        ended(output_tokens=30, input_tokens=90, server_tool_use=None, iterations=[{"a": 1}]),
        {"type": "message_delta", "delta": {"stop_reason": None}},
        STOP,
    ]
    message = read(stream(*sent)).message
    assert message.stop_reason == "end_turn"
    assert message.usage.to_dict() == {
        "input_tokens": 90,
        "output_tokens": 30,
        "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 3},
        "server_tool_use": None,
        "iterations": [{"a": 1}],
    }


def test_a_signature_replaces_the_one_before():
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    message = whole(
        start(0, thinking),
        delta(0, "signature_delta", signature="one"),
        delta(0, "signature_delta", signature="two"),
        stop(0),
    )
    assert message.content[0].to_dict() == {**thinking, "signature": "two"}


def test_a_block_may_start_with_its_first_words():
    sent = [start(0, {"type": "text", "text": "Hel"}), delta(0, "text_delta", text="lo"), stop(0)]
    assert whole(*sent).text == "Hello"
    reader = MessageReader(RESPONSE)
    frames = reader.feed(stream(begun(), *sent))
    assert "".join(reader.text(frame) or "" for frame in frames) == "Hello"
    reader = MessageReader(RESPONSE)
    made = [
        event for frame in reader.feed(stream(begun(), *sent)) for event in reader.events(frame)
    ]
    assert [(e.text, e.snapshot) for e in made if isinstance(e, TextEvent)] == [
        ("Hel", "Hel"),
        ("lo", "Hello"),
    ]


@pytest.mark.parametrize(
    ("before", "deltas", "after"),
    [
        ({"content": None}, [{"content": "So "}, {"content": "far."}], {"content": "So far."}),
        ({"frames": [1]}, [{"frames": [2]}, {"frames": [3]}], {"frames": [1, 2, 3]}),
        ({"level": 1}, [{"level": 2}, {"mood": {}}], {"level": 2, "mood": {}}),
        ({"a": "text"}, [{"a": "ual"}, {"a": 5}], {"a": 5}),
        ({"a": [1]}, [{"a": "b"}], {"a": "b"}),
    ],
)
@pytest.mark.parametrize("kind", ["hologram", "text"])
def test_deltas_of_unknown_kinds_change_their_block_by_their_fields(kind, before, deltas, after):
    known = {"type": kind, **({"text": "x"} if kind == "text" else {})}
    changes = [delta(0, f"{kind}_tomorrow_delta", **fields) for fields in deltas]
    for view in VIEWS:
        body = stream(begun(), start(0, {**known, **before}), *changes, stop(0), STOP)
        made = read(body, view=view).message.content[0]
        assert made.to_dict() == {**known, **after}


def test_blocks_of_unknown_kinds_take_every_delta():
    sent = [
        start(0, {"type": "hologram", "input": {}}),
        delta(0, "text_delta", text="a"),
        delta(0, "text_delta", text="b"),
        delta(0, "thinking_delta", thinking="c"),
        delta(0, "citations_delta", citation=CITATION),
        delta(0, "signature_delta", signature="s"),
        delta(0, "input_json_delta", partial_json='{"d":'),
        delta(0, "input_json_delta", partial_json=" 1}"),
        stop(0),
    ]
    for view in VIEWS:
        made = read(stream(begun(), *sent, STOP), view=view).message.content[0]
        assert made.to_dict() == {
            "type": "hologram",
            "text": "ab",
            "thinking": "c",
            "citations": [CITATION],
            "signature": "s",
            "input": {"d": 1},
        }


def called(*fragments: str, input: Any = None, reason: str = "tool_use") -> Any:
    """The call that arrives in these fragments."""
    deltas = [delta(0, "input_json_delta", partial_json=fragment) for fragment in fragments]
    sent = [start(0, {**CALL, "input": input or {}}), *deltas, stop(0)]
    return whole(*sent, reason=reason).tool_uses[0]


@pytest.mark.parametrize("fragments", [(), ("",), ("", "  "), ("{", "}")])
def test_a_call_without_arguments_is_complete(fragments):
    call = called(*fragments)
    assert (call.input, call.complete, call.raw_input) == ({}, True, None)


def test_a_call_whose_start_has_no_input_gets_one():
    begun_call = {"type": "tool_use", "id": "t", "name": "f"}
    message = whole(start(0, begun_call), delta(0, "input_json_delta", partial_json=""), stop(0))
    assert message.content[0].to_dict() == {**begun_call, "input": {}}


def test_input_in_the_start_is_kept():
    assert called(input={"a": 1}).input == {"a": 1}
    assert called("", input={"a": 1}).input == {"a": 1}
    assert called("", '{"b": 2}', input={"a": 1}).input == {"b": 2}


@pytest.mark.parametrize(
    ("text", "read_of_it"),
    [
        ('{"a": [1, "two', {"a": [1, "two"]}),
        ('{"a": 1, "b": 2', {"a": 1}),
        ('{"a": 1} and more', {"a": 1}),
        ('{"a": nope}', {}),
        ('["a"]', {}),
        ('"a"', {}),
        ("{", {}),
        ('{"a": ' + "[" * 300 + "]" * 300 + "}", None),
    ],
)
def test_input_that_is_no_whole_object_is_marked(text, read_of_it):
    call = called("", text[:5], text[5:])
    assert not call.complete
    assert call.raw_input == text
    assert call.input_error
    assert read_of_it is None or call.input == read_of_it


def test_input_that_is_nested_as_deep_as_json_may_be_is_kept():
    for depth in range(180, 200):
        text = '{"a":' * depth + "1" + "}" * depth
        assert called(text).input == json.loads(text)


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded"])
def test_an_empty_call_that_a_limit_cut_off_is_not_complete(reason):
    assert not called("", reason=reason).complete
    assert called("", '{"a": 1}', reason=reason).complete
    assert called("", reason="tool_use").complete


def test_a_limit_may_cut_off_before_the_first_block():
    assert whole(reason="max_tokens").content == []


def test_only_the_last_call_was_cut_off():
    first, second = start(0, CALL), start(1, CALL)
    message = whole(first, stop(0), second, stop(1), reason="max_tokens")
    assert [call.complete for call in message.tool_uses] == [True, False]


def test_before_its_start_there_is_no_message():
    reader = MessageReader(RESPONSE)
    assert reader.partial is None
    with pytest.raises(RuntimeError, match="read the first event"):
        _ = reader.message


def test_a_message_so_far_is_a_snapshot():
    reader = MessageReader(RESPONSE)
    seen = []
    sent = [begun(), start(0, CALL), delta(0, "input_json_delta", partial_json='{"a": {"b": "c')]
    for frame in reader.feed(stream(*sent, delta(0, "input_json_delta", partial_json='d"}}'))):
        reader.text(frame)
        seen.append(reader.message)
    reader.message.content.clear()
    seen[-1].tool_uses[0].input["a"]["b"] = "changed"
    assert [[call.input for call in message.tool_uses] for message in seen[:-1]] == [
        [],
        [{}],
        [{"a": {"b": "c"}}],
    ]
    assert reader.message.tool_uses[0].input == {"a": {"b": "cd"}}
    assert not reader.message.tool_uses[0].complete
    assert reader.message._request_id == "req_1"


def test_text_that_is_still_arriving_is_not_complete():
    reader = MessageReader(RESPONSE)
    sent = [begun(), start(0, TEXT), stop(0), start(1, TEXT), delta(1, "text_delta", text="a")]
    for frame in reader.feed(stream(*sent)):
        reader.event(frame)
    assert [made.complete for made in reader.message.content] == [True, False]


def all_events(body: bytes) -> list[Any]:
    reader = MessageReader(RESPONSE)
    return [event for frame in reader.feed(body) for event in reader.events(frame)]


def test_each_raw_event_is_followed_or_replaced_by_what_is_made_from_it():
    made = all_events(b"".join(write_message(TRUTH, fragment=9999)))
    assert [type(event).__name__ for event in made] == [
        "RawMessageStartEvent",
        "RawContentBlockStartEvent",
        "RawContentBlockDeltaEvent",
        "ThinkingEvent",
        "RawContentBlockDeltaEvent",
        "SignatureEvent",
        "ParsedContentBlockStopEvent",
        "RawContentBlockStartEvent",
        "RawContentBlockDeltaEvent",
        "CitationEvent",
        "RawContentBlockDeltaEvent",
        "TextEvent",
        "ParsedContentBlockStopEvent",
        "RawContentBlockStartEvent",
        "RawContentBlockDeltaEvent",
        "InputJsonEvent",
        "RawContentBlockDeltaEvent",
        "InputJsonEvent",
        "ParsedContentBlockStopEvent",
        "RawMessageDeltaEvent",
        "ParsedMessageStopEvent",
    ]
    stops = [event for event in made if isinstance(event, ParsedContentBlockStopEvent)]
    assert [(e.index, e.content_block.to_dict()) for e in stops] == [*enumerate(TRUTH["content"])]
    assert made[-1].message.to_dict() == TRUTH


def test_the_last_event_has_the_final_message():
    reader = MessageReader(RESPONSE)
    made = [
        e
        for item in write_message(TRUTH)
        for frame in reader.feed(item)
        for e in reader.events(frame)
    ]
    assert isinstance(made[-1], ParsedMessageStopEvent)
    assert made[-1].message is reader.message


@pytest.mark.slow
@given(st.randoms(use_true_random=False))
def test_snapshots_are_those_of_their_events_whenever_they_are_looked_at(rng):
    made = all_events(b"".join(write_message(TRUTH, fragment=2)))
    thinking = [e for e in made if isinstance(e, ThinkingEvent)]
    texts = [e for e in made if isinstance(e, TextEvent)]
    inputs = [e for e in made if isinstance(e, InputJsonEvent)]
    looked = [*thinking, *texts, *inputs]
    rng.shuffle(looked)
    seen = {id(event): event.snapshot for event in looked}
    for kind, news in ((thinking, "thinking"), (texts, "text")):
        for number, event in enumerate(kind):
            assert seen[id(event)] == "".join(getattr(e, news) for e in kind[: number + 1])
    for before, after in pairwise(inputs):
        assert is_beginning(seen[id(before)], seen[id(after)])
    assert seen[id(inputs[-1])] == TRUTH["content"][2]["input"]


def test_citations_and_signatures_have_events():
    other = {"type": "dream", "depth": 2}
    sent = [
        start(0, {**TEXT, "citations": []}),
        delta(0, "citations_delta", citation=CITATION),
        delta(0, "citations_delta", citation=other),
        stop(0),
        start(1, {"type": "thinking", "thinking": ""}),
        delta(1, "signature_delta", signature="Eq"),
    ]
    made = all_events(stream(begun(), *sent))
    first, second = (event for event in made if isinstance(event, CitationEvent))
    assert [c.to_dict() for c in second.snapshot] == [CITATION, other]
    assert [c.to_dict() for c in first.snapshot] == [first.citation.to_dict()] == [CITATION]
    assert [e.signature for e in made if isinstance(e, SignatureEvent)] == ["Eq"]


def test_raw_events_are_those_on_the_wire():
    body = b"".join(write_message(TRUTH, fragment=9))
    reader = MessageReader(RESPONSE)
    made = [reader.event(frame) for frame in reader.feed(body)]
    said = [event.to_dict() for event in made if event is not None]
    assert said == [event for event in events(TRUTH, fragment=9) if event != PING]
    assert isinstance(made[0], RawMessageStartEvent)
    assert isinstance(made[3], RawContentBlockDeltaEvent)
    assert isinstance(made[-1], RawMessageStopEvent)
    assert sum(isinstance(event, RawContentBlockStopEvent) for event in made) == 3


def test_events_of_unknown_kinds_are_passed_on_anywhere():
    strange = {"type": "message_pause", "until": "later"}
    body = stream(strange, begun(), strange, ended(), STOP)
    made = [event for event in all_events(body) if isinstance(event, UnknownEvent)]
    assert [event.to_dict() for event in made] == [strange, strange]
    assert read(body, view="text").finished


def test_a_missing_name_is_found_in_the_json():
    body = stream(begun(), PING, start(0, TEXT), delta(0, "text_delta", text="Hi"), ended(), STOP)
    nameless = b"".join(line + b"\n" for line in body.split(b"\n") if not line.startswith(b"event"))
    assert read(nameless).message == read(body).message


def test_what_follows_the_end_is_ignored():
    after = b"data: [DONE]\n\n" + stream(begun(id="msg_2"), {"type": "error", "error": {}})
    for view in VIEWS:
        assert read(stream(begun(), ended(), STOP) + after, view=view).message.id == "msg_1"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, OverloadedError, 529),
        ({"type": "api_error", "message": "Internal"}, InternalServerError, 500),
        ({"type": "tired_error", "message": "Tired"}, APIStatusError, 200),
    ],
)
def test_an_error_event_is_raised_as_its_class(view, error, kind, status):
    sent = [
        begun(),
        start(0, TEXT),
        delta(0, "text_delta", text="Hi"),
        {"type": "error", "error": error},
    ]
    with pytest.raises(APIStatusError) as raised:
        read(stream(*sent), view=view)
    assert type(raised.value) is kind
    assert (raised.value.message, raised.value.status_code) == (error["message"], status)
    assert raised.value.request_id == "req_1"
    assert raised.value.partial is not None
    assert raised.value.partial.text == "Hi"
    assert not raised.value.partial.content[0].complete


def test_an_error_event_may_say_so_by_its_name_alone():
    body = b'event: error\ndata: {"error": {"type": "overloaded_error", "message": "Busy"}}\n\n'
    with pytest.raises(OverloadedError, match="Busy"):
        read(body)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([start(0, TEXT)], r"Event 1 \(content_block_start\).*no message_start"),
        ([ended()], r"Event 1 \(message_delta\).*no message_start"),
        ([delta(0, "text_delta", text="a")], r"Event 1 .*no message_start"),
        ([STOP], r"Event 1 \(message_stop\).*no message_start"),
        ([{"type": "message_start"}], "no message"),
        ([PING, begun(), delta(0, "text_delta", text="a")], r"Event 3 .*block 0 has not begun"),
        ([begun(), stop(1)], "block 1 has not begun"),
        ([begun(), start(0, TEXT), start(0, TEXT)], "block 0 has begun already"),
        ([begun(), start(0, TEXT), stop(0), start(0, TEXT)], "block 0 has begun already"),
        ([begun(), start(0, TEXT), stop(0), stop(0)], "stopped already"),
        ([begun(), start(0, TEXT), stop(0), delta(0, "text_delta", text="")], "has been stopped"),
        (
            [begun(), start(0, CALL), delta(0, "text_delta", text="a")],
            "'tool_use' takes no text_delta",
        ),
        (
            [begun(), start(0, TEXT), delta(0, "input_json_delta", partial_json="")],
            "takes no input_json",
        ),
        ([begun(), start(0, TEXT), delta(0, "text_delta")], "no text"),
        ([begun(), start(0, TEXT), delta(0, "text_delta", text=5)], "text is no string"),
        ([begun(), start(0, TEXT), {**stop(0), "type": "content_block_delta"}], "no delta"),
        ([begun(), start(0, "bare"), delta(0, "x_delta")], "no fields"),
        ([begun(), start(None, TEXT)], "no index"),  # type: ignore[arg-type]
        ([begun(), stop([])], "has not begun"),  # type: ignore[arg-type]
        ([begun(), {"type": "message_delta"}], "no delta"),
    ],
)
def test_events_that_do_not_fit_are_named(view, sent, said):
    with pytest.raises(StreamProtocolError, match=said) as raised:
        read(stream(*sent), view=view)
    assert raised.value.status_code == 200
    assert (raised.value.partial is not None) == (begun() in sent)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b'data: {"type":\n\n', "cannot be read: EOF"),
        (b"data: <html>\n\n", "<html>"),
        (b"data: [1]\n\n", "no object"),
        (b"data: {}\n\n", "no type"),
        (b'data: {"type": 5}\n\n', "no type"),
        (b'data: "\xff"\n\n', "cannot be read"),
    ],
)
def test_data_that_cannot_be_read_is_shown(bad, said):
    with pytest.raises(StreamProtocolError, match=f"Event 2 .*{said}") as raised:
        read(stream(begun()) + bad + stream(STOP))
    assert raised.value.partial is not None
    assert raised.value.partial.id == "msg_1"


def test_an_interruption_says_after_what():
    with pytest.raises(StreamInterruptedError, match="before its first event") as empty:
        read(b"")
    assert empty.value.partial is None
    with pytest.raises(StreamInterruptedError, match=r"after event 2 \(content_block_start\)"):
        read(stream(begun(), start(0, TEXT)))
    with pytest.raises(StreamInterruptedError, match=r"after event 1 \(ping\)"):
        read(stream(PING))


def test_a_missing_end_is_tolerated_only_when_asked_and_only_if_all_else_is_there():
    blocks = [start(0, TEXT), delta(0, "text_delta", text="Hi"), stop(0)]
    body = stream(begun(), *blocks, ended())
    assert read(body, lenient=True).message.text == "Hi"
    for short in (body, b"", stream(begun(), *blocks), stream(begun(), *blocks[:-1], ended())):
        with pytest.raises(StreamInterruptedError):
            read(short, lenient=short is not body)


@pytest.mark.parametrize("view", VIEWS)
def test_empty_data_says_nothing(view):
    empty = b"event: content_block_delta\ndata:\n\ndata: \n\n"
    body = stream(begun()) + empty + stream(start(0, TEXT), stop(0), ended(), STOP)
    assert read(body, view=view).finished


DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("view", VIEWS)
def test_done_is_the_end_of_the_body(view):
    blocks = [start(0, TEXT), delta(0, "text_delta", text="Hi"), stop(0)]
    without_stop = stream(begun(), *blocks, ended()) + DONE
    assert read(without_stop, view=view, lenient=True).message.text == "Hi"
    for body, lenient in ((without_stop, False), (stream(begun(), *blocks) + DONE, True)):
        with pytest.raises(StreamInterruptedError) as raised:
            read(body, view=view, lenient=lenient)
        assert raised.value.partial is not None
        assert raised.value.partial.text == "Hi"
    assert read(stream(begun(), *blocks, ended(), STOP) + DONE, view=view).message.text == "Hi"


@pytest.mark.parametrize("view", VIEWS)
def test_deltas_without_what_they_add_are_taken_when_lenient(view):
    sent = [
        begun(),
        start(0, TEXT),
        delta(0, "text_delta"),
        delta(0, "text_delta", text="Hi"),
        stop(0),
        {"type": "message_delta", "usage": {"output_tokens": 5}},
        ended(),
        STOP,
    ]
    assert read(stream(*sent), view=view, lenient=True).message.text == "Hi"
    for missing in (sent[2], sent[5]):
        with pytest.raises(StreamProtocolError):
            read(
                stream(*[e for e in sent if e is missing or e not in (sent[2], sent[5])]), view=view
            )


def test_counts_inside_the_delta_are_merged():
    change = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "usage": {"output_tokens": 9}},
    }
    message = read(stream(begun(), change, STOP)).message
    assert message.usage.to_dict() == {"input_tokens": 7, "output_tokens": 9}
    both = {**change, "usage": {"output_tokens": 10, "input_tokens": 8}}
    assert read(stream(begun(), both, STOP)).message.usage.input_tokens == 8


def test_content_that_is_a_text_is_a_text_block():
    message = read(stream(begun(content="Hello"), ended(), STOP)).message
    assert message.text == "Hello"
    assert message.content[0].to_dict() == {"type": "text", "text": "Hello"}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", [["text"], {"a": 1}, None, 5, True])
def test_a_block_whose_type_is_no_text_is_kept(view, kind):
    block = {"type": kind, "text": "a"}
    body = stream(begun(), start(0, block), delta(0, "text_delta", text="b"), stop(0), STOP)
    assert read(body, view=view).message.to_dict()["content"] == [{"type": kind, "text": "ab"}]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        ({"type": "overloaded_error", "message": "Busy"}, OverloadedError, "Busy"),
        ({"error": {"type": "overloaded_error", "message": "Busy"}}, OverloadedError, "Busy"),
        ({"type": "tired", "message": "Tired"}, APIStatusError, "Tired"),
        ({"message": "Nobody knows"}, APIStatusError, "Nobody knows"),
        ({"type": ["error"], "message": "Odd"}, APIStatusError, "Odd"),
    ],
)
def test_an_event_named_error_is_one_whatever_its_data_says(view, data, kind, message):
    bad = b"event: error\ndata: " + json.dumps(data).encode() + b"\n\n"
    with pytest.raises(APIStatusError) as raised:
        read(stream(begun(), start(0, TEXT), delta(0, "text_delta", text="Hi")) + bad, view=view)
    assert (type(raised.value), raised.value.message) == (kind, message)
    assert raised.value.partial is not None
    assert raised.value.partial.text == "Hi"


def test_an_event_named_error_with_the_data_of_another_is_the_other():
    said = delta(0, "text_delta", text="Hi")
    body = stream(said, PING).replace(b"event: content_block_delta", b"event: error")
    reader = read(stream(begun(), start(0, TEXT)) + body + stream(stop(0), ended(), STOP))
    assert reader.message.text == "Hi"


def test_what_was_received_when_the_body_broke_off_is_not_lost():
    reader = MessageReader(RESPONSE)
    whole = stream(begun(), start(0, TEXT), delta(0, "text_delta", text="Hi"))
    for frame in reader.feed(whole.removesuffix(b"\n")):
        reader.event(frame)
    reader.take_rest()
    assert reader.message.text == "Hi"
    reader.feed(b'event: content_block_delta\ndata: {"type"')
    reader.take_rest()
    assert reader.message.text == "Hi"


# Surrogates: JSON may write a character as two halves, and a delta may end between them.

halves = st.lists(st.sampled_from(["a", "\ud83d", "\ude0b", "é", "\U0001f30d"]), max_size=8).map(
    "".join
)


def paired(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def shown(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= c < "\ue000" else c for c in paired(text))


@given(halves, st.lists(st.integers(0, 99), max_size=5), st.sampled_from(VIEWS))
@example("a\ud83d\ude0b", [2], "text")
@example("a\ud83d", [1], "events")
@example("\ude0b", [], "event")
def test_text_may_be_cut_within_a_character(text, places, view):
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    pieces = [text[before:after] for before, after in pairwise(edges)]
    deltas = [delta(0, "text_delta", text=piece) for piece in pieces]
    reader = MessageReader(RESPONSE)
    seen: list[str] = []
    for frame in reader.feed(
        stream_of_halves(begun(), start(0, TEXT), *deltas, stop(0), ended(), STOP)
    ):
        made = getattr(reader, view)(frame)
        match view:
            case "text":
                seen.append(made or "")
            case "events":
                seen += [event.text for event in made if isinstance(event, TextEvent)]
    message = reader.message
    assert message.text == shown(text)
    assert view == "event" or "".join(seen) == shown(text)
    # What is sent back has the escapes that were received.
    sent = json.loads(encode_body({"messages": [message]}))["messages"][0]["content"]
    assert [block["text"] for block in sent] == ([paired(text)] if text.strip() else [])


def stream_of_halves(*sent: dict[str, Any]) -> bytes:
    """Events whose texts hold surrogates; they are escaped, as JSON is ASCII here."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode())
        for event in sent
    )


def test_snapshots_of_text_with_halves_are_those_of_their_events():
    deltas = [delta(0, "text_delta", text=piece) for piece in ("a\ud83d", "\ude0b", "b\ud83d", "c")]
    made = all_events(stream_of_halves(begun(), start(0, TEXT), *deltas, stop(0), ended(), STOP))
    texts = [event for event in made if isinstance(event, TextEvent)]
    assert [event.text for event in texts] == ["a", "\U0001f60b", "b", "\ufffdc"]
    assert [event.snapshot for event in reversed(texts)] == [
        "a\U0001f60bb\ufffdc",
        "a\U0001f60bb",
        "a\U0001f60b",
        "a",
    ]


def test_halves_anywhere_in_a_message_are_kept():
    odd = {"type": "hologram", "of": "\ud83d", "n": 1}
    message = read(
        stream_of_halves(begun(mood="\ude0b"), start(0, odd), stop(0), ended(), STOP)
    ).message
    assert json.loads(message.to_json())["content"] == [odd]
    assert json.loads(message.to_json())["mood"] == "\ude0b"
    str(message).encode()


INPUTS = [
    '{"price": 1.10, "big": 123456789012345678901234567890, "huge": 1e400, "zero": -0, "e": 1E5}',
    '{"a": ["\\ud83d", {"\\ude0b": 1.50}], "n": ' + "7" * 5000 + "}",
]


@pytest.mark.parametrize("text", INPUTS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_tools_input_is_sent_back_as_it_was_received(text, view):
    compact = text.replace(": ", ":").replace(", ", ",")
    deltas = [delta(0, "input_json_delta", partial_json=piece) for piece in (text[:7], text[7:])]
    body = stream(begun(), start(0, CALL), *deltas, stop(0), ended("tool_use"), STOP)
    message = read(body, view=view).message
    decoded = Message.decode(message.to_json())
    block = message.content[0]
    for turn in (
        message,
        decoded,
        {"role": "assistant", "content": message.content},
        {"role": "assistant", "content": [block.to_param()]},
        message.to_param(),
    ):
        sent = encode_body({"messages": [turn]}).decode()
        assert f'"input":{compact}' in sent
    assert message.tool_uses[0].complete


@pytest.mark.parametrize("text", INPUTS)
def test_an_input_received_in_one_piece_is_sent_back_as_it_was_received(text):
    compact = text.replace(": ", ":").replace(", ", ",")
    call = '{"type":"tool_use","id":"t","name":"f","input":' + compact + "}"
    start_event = f'{{"type":"content_block_start","index":0,"content_block":{call}}}'
    body = (
        stream(begun())
        + b"data: "
        + start_event.encode()
        + b"\n\n"
        + stream(stop(0), ended(), STOP)
    )
    made = [Message.decode('{"type":"message","content":[' + call + "]}"), read(body).message]
    for message in made:
        assert f'"input":{compact}' in encode_body({"messages": [message]}).decode()
        assert call in message.to_json(indent=None)


def test_an_input_that_was_changed_is_sent_as_it_is_now():
    message = Message.decode(
        '{"type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":{"a":1.10}}]}'
    )
    message.tool_uses[0].input["a"] = 2
    assert '"input":{"a":2}' in encode_body({"messages": [message]}).decode()


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(
        ["text", "tool_use", "thinking", "text_delta", "input_json_delta", "error", 0]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "index",
                    "delta",
                    "text",
                    "content_block",
                    "content",
                    "message",
                    "error",
                    "usage",
                    "partial_json",
                    "citation",
                    "id",
                    "stop_reason",
                    "input",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KINDS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
    "ping",
    "hologram",
]
garbled_events = st.builds(
    lambda kind, fields: {**fields, "type": kind},
    st.sampled_from(KINDS) | JUNK,
    st.dictionaries(
        st.sampled_from(["index", "delta", "content_block", "message", "error", "usage"]),
        JUNK,
        max_size=4,
    ),
)
sound_events = st.sampled_from(
    [
        begun(),
        start(0, TEXT),
        start(1, CALL),
        delta(0, "text_delta", text="a"),
        stop(0),
        stop(1),
        delta(1, "input_json_delta", partial_json='{"a":'),
        ended(),
        STOP,
    ]
)


@pytest.mark.slow
@settings(max_examples=500)
@given(st.lists(sound_events | garbled_events, max_size=9), st.sampled_from(VIEWS), st.booleans())
def test_any_events_end_in_a_message_or_in_an_error_of_ours(sent, view, lenient):
    names = [event["type"] if isinstance(event["type"], str) else "x" for event in sent]
    body = b"".join(
        b"event: %b\ndata: %b\n\n" % (name.encode("utf-8", "replace"), json.dumps(event).encode())
        for name, event in zip(names, sent, strict=True)
    )
    try:
        message = read(body, view=view, lenient=lenient).message
    except APIError as error:
        message = error.partial
        str(error).encode()
    if message is not None:
        json.loads(message.to_json())
        message.to_dict()
        assert isinstance(message.text, str)
        str(message).encode()


@pytest.mark.slow
@given(st.binary(max_size=200), st.sampled_from(VIEWS))
def test_any_bytes_end_in_a_message_or_in_an_error_of_ours(body, view):
    with contextlib.suppress(APIError):
        read(stream(begun()) + body, view=view)
