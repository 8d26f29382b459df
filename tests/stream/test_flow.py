"""Streamed calls, from the bytes of a body to what a caller sees; on virtual time."""

from __future__ import annotations

import contextlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    BadRequestError,
    Client,
    OverloadedError,
    StreamProtocolError,
)
from antiphon._wire.sse import SSEDecoder
from antiphon.types import Message, TextEvent
from tests.support.request_samples import PARAMS
from tests.support.scripted import SSE, Answer, Scripted, broken
from tests.support.stream_events import START, delta, framed, overloaded, start, stop
from tests.support.stream_scripts import BEGIN, HELLO, LAST, OPEN, REST, WHOLE

LARGE = {**PARAMS, "max_tokens": 64_000}
JSON = ("content-type", "application/json")
MESSAGE: dict[str, Any] = {
    **START,
    "content": [
        {"type": "text", "text": "Hello, wörld"},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"city": "Zürich"}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 9, "output_tokens": 12},
}
OVERLOADED = json.dumps(overloaded()).encode()


def client(transport: Scripted, **settings: Any) -> Client:
    return Client(api_key="k", http_client=transport, **settings)


def answer(body: bytes, *headers: tuple[str, str]) -> Answer:
    return Answer(body, headers=headers)


# Frames: none is skipped and none is read twice, whatever its name and its data say.

numbered = st.integers(0, 10**6).map(lambda n: {"type": "hologram", "n": n})
texts = st.just(
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}
)
names = st.sampled_from(["error", "ping", "content_block_delta", "hologram", None, "message_stop"])
frames = st.tuples(names, numbered | texts)


def written(name: str | None, data: dict[str, Any]) -> bytes:
    named = b"" if name is None else b"event: %b\n" % name.encode()
    return named + b"data: %b\n\n" % json.dumps(data).encode()


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[before:after] for before, after in pairwise(edges) if after > before]


def is_error(name: str | None, data: dict[str, Any]) -> bool:
    return name == "error" and data["type"] == "hologram"


@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 9999), max_size=6))
@example([], [26])  # before the first brace
@example([("error", {"type": "hologram", "n": 1}), ("hologram", {"type": "hologram", "n": 2})], [])
@example(
    [
        (
            "error",
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "a"},
            },
        )
    ]
    * 3,
    [],
)
def test_no_frame_is_skipped_or_read_twice(sent, places):
    body = BEGIN + OPEN + b"".join(written(*frame) for frame in sent) + REST + LAST
    transport = Scripted(answer(body, SSE))
    transport.answers[0].parts = cut(body, places)
    seen: list[dict[str, Any]] = []
    failure = None
    try:
        for event in client(transport, max_retries=0).messages.create(**PARAMS, stream=True):
            seen += [event.to_dict()]
    except APIStatusError as error:
        failure = error
    expected = []
    for name, data in sent:
        if is_error(name, data):
            break
        if name != "ping":
            expected.append(data)
    else:
        assert failure is None
        assert [event["type"] for event in seen[-3:]] == [
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
        seen = seen[:-3]
    assert seen[2:] == expected
    if failure is not None:
        assert failure.partial is not None
        assert failure.partial.text == "a" * sum(data["type"] != "hologram" for data in expected)


def test_an_error_without_its_envelope_is_of_its_class_and_keeps_what_came_before():
    bad = b'event: error\ndata: {"type": "overloaded_error", "message": "Overloaded"}\n\n'
    transport = Scripted(answer(BEGIN + OPEN + HELLO + bad + HELLO + REST + LAST, SSE))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert next(stream.text_stream) == "Hello"
        with pytest.raises(OverloadedError, match="Overloaded") as raised:
            list(stream.text_stream)
        with pytest.raises(OverloadedError):
            stream.get_final_message()
    assert raised.value.partial is not None
    assert raised.value.partial.text == "Hello"


@pytest.mark.parametrize("named", [True, False])
def test_an_error_before_anything_was_delivered_is_tried_again(named):
    error = framed(overloaded())
    error = error if named else error.partition(b"\n")[2]
    transport = Scripted(answer(error, SSE), answer(WHOLE, SSE))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert stream.get_final_text() == "Hello"
    assert len(transport.requests) == 2


def test_everything_that_was_decoded_before_the_body_broke_off_is_in_partial():
    unfinished = framed(delta(0, "text_delta", text=", you"))[:-1]  # without its blank line
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, unfinished, broken()))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert next(stream.text_stream) == "Hello"
        with pytest.raises(APIConnectionError) as raised:
            list(stream.text_stream)
    assert raised.value.partial is not None
    assert raised.value.partial.text == "Hello, you"


# Bodies that are no event stream.

KINDS = [
    JSON,
    ("content-type", "application/problem+json; charset=utf-8"),
    SSE,
    ("content-type", "text/plain"),
]


@pytest.mark.parametrize("headers", [*[(kind,) for kind in KINDS], ()])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n "])
def test_a_whole_message_is_a_whole_message(headers, mark):
    body = mark + json.dumps(MESSAGE).encode()
    message = client(Scripted(answer(body, *headers))).messages.create(**LARGE)
    assert message.to_dict() == MESSAGE
    transport = Scripted(answer(body, *headers), answer(body, *headers), answer(body, *headers))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert "".join(stream.text_stream) == "Hello, wörld"
        assert stream.get_final_message().to_dict() == MESSAGE
        assert stream.get_final_message()._request_id == "req_s"
    with client(transport).messages.stream(**PARAMS) as stream:
        events = list(stream)
    assert [event.text for event in events if isinstance(event, TextEvent)] == ["Hello, wörld"]
    assert events[-1].message.to_dict() == MESSAGE
    kinds = [event.type for event in client(transport).messages.create(**PARAMS, stream=True)]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


def test_a_whole_message_in_several_pieces_is_read_to_its_end():
    body = json.dumps(MESSAGE).encode()
    transport = Scripted(Answer(body[:1], body[1:40], body[40:], headers=()))
    assert client(transport).messages.create(**LARGE).to_dict() == MESSAGE


def test_a_streamed_response_gives_the_bytes_of_a_whole_message():
    body = json.dumps(MESSAGE).encode()
    messages = client(Scripted(answer(body, JSON))).messages
    with messages.with_streaming_response.create(**PARAMS, stream=True) as response:
        assert response.read() == body


@pytest.mark.parametrize(
    "content",
    ["Hello", None, [], [{"type": "text", "text": ""}], [5, {"type": "hologram", "n": 1.10}]],
)
def test_a_whole_message_may_be_odd(content):
    body = json.dumps({"type": "message", "content": content, "usage": "free"}).encode()
    message = client(Scripted(answer(body, JSON))).messages.create(**LARGE)
    assert message.text == ("Hello" if content == "Hello" else "")


def test_a_whole_message_keeps_its_literals():
    text = json.dumps(MESSAGE).replace('{"city": "Z\\u00fcrich"}', '{"price": 1.10}').encode()
    message = client(Scripted(answer(text, JSON))).messages.create(**LARGE)
    assert '"input":{"price":1.10}' in message.to_json(indent=None)


@pytest.mark.parametrize("headers", [*[(kind,) for kind in KINDS], ()])
@pytest.mark.parametrize("method", ["create", "large", "stream", "raw events", "count_tokens"])
def test_an_error_under_status_200_is_of_its_class_and_tried_again(headers, method):
    def call(transport: Scripted) -> object:
        messages = client(transport).messages
        match method:
            case "create":
                return messages.create(**PARAMS)
            case "large":
                return messages.create(**LARGE)
            case "stream":
                with messages.stream(**PARAMS) as stream:
                    return stream.get_final_message()
            case "raw events":
                return list(messages.create(**PARAMS, stream=True))
            case _:
                return messages.count_tokens(model="m", messages=PARAMS["messages"])

    good = b'{"input_tokens": 5}' if method == "count_tokens" else json.dumps(MESSAGE).encode()
    assert call(Scripted(answer(OVERLOADED, *headers), answer(good, JSON)))
    with pytest.raises(OverloadedError, match="529 overloaded_error: Overloaded") as raised:
        call(Scripted(*[answer(OVERLOADED, *headers)] * 3))
    assert len(raised.value.attempts) == 3
    assert raised.value.type == "overloaded_error"
    assert raised.value.request_id == "req_s"
    final = json.dumps(
        {"type": "error", "error": {"type": "invalid_request_error", "message": "No"}}
    )
    with pytest.raises(BadRequestError, match="No"):
        call(Scripted(answer(final.encode(), *headers)))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Bad gateway</html>", ("content-type", "text/html")),
        (b"<html>Bad gateway</html>", SSE),
        (b"upstream connect failed", ("content-type", "text/plain")),
        (b"Bad gateway", ("content-type", "text/plain")),
        (b'{"answer": "Bad gateway"}', JSON),
        (b'["Bad gateway"]', JSON),
        (b"Bad gateway", JSON),
    ],
)
def test_any_other_body_is_shown_in_the_error(body, kind):
    for large in (True, False):
        with pytest.raises(APIResponseValidationError) as raised:
            messages = client(Scripted(answer(body, kind))).messages
            if large:
                messages.create(**LARGE)
            else:
                list(messages.create(**PARAMS, stream=True))
        assert body.decode() in str(raised.value)
        assert raised.value.response.content == body
        assert raised.value.status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"input_tokens": null}', json.dumps(MESSAGE).encode(), b'{"input_tokens": "5"}'],
)
def test_what_counts_no_tokens_is_no_count(body):
    with pytest.raises(APIResponseValidationError):
        client(Scripted(answer(body, JSON))).messages.count_tokens(model="m", messages=[])


@pytest.mark.parametrize("body", [b"{}", b'{"input_tokens": 5}', b"[]", b"null"])
def test_what_is_no_message_is_no_message(body):
    with pytest.raises(APIResponseValidationError):
        client(Scripted(answer(body, JSON))).messages.create(**PARAMS)


def test_an_event_that_is_too_large_is_an_error_of_ours(monkeypatch):
    monkeypatch.setattr("antiphon._stream.reader.SSEDecoder", lambda: SSEDecoder(1000))
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, *[b"data: " + b"x" * 600] * 3))
    stream = client(transport).messages.stream(**PARAMS)
    with (
        pytest.raises(StreamProtocolError, match="more than 1,000 bytes") as raised,
        stream as events,
    ):
        list(events.text_stream)
    assert raised.value.partial is not None
    assert raised.value.partial.text == "Hello"


def test_halves_of_characters_do_not_break_an_error():
    body = b'{"type": "error", "error": {"type": "api_error", "message": "a\\ud83d"}}'
    transport = Scripted(Answer(body, status=500, headers=(JSON,)))
    with pytest.raises(APIStatusError) as raised:
        client(transport, max_retries=0).messages.create(**PARAMS)
    print(raised.value, repr(raised.value), raised.value.body)
    assert raised.value.message == "a\ufffd"
    str(raised.value).encode()


@pytest.mark.parametrize("depth", [150, 199, 255, 1000])
def test_a_tools_input_may_be_nested_deeply(depth):
    text = '{"a":' * depth + "1" + "}" * depth
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    sent = framed(start(0, block), delta(0, "input_json_delta", partial_json=text))
    message = client(Scripted(answer(BEGIN + sent + REST + LAST, SSE))).messages.create(**LARGE)
    assert message.tool_uses[0].complete is (depth < 200)
    json.loads(message.to_json())
    assert message.to_dict()["content"]


# The boundary: any bytes that a server may send end in a message or in an error of ours.

WORDS = [
    b"event: ",
    b"data: ",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"[DONE]",
    b"{",
    b"}",
    b'"',
    b"\\ud83d",
    b"1e400",
    b"null",
    BEGIN,
    OPEN,
    HELLO,
    REST,
    LAST,
    OVERLOADED,
    json.dumps(MESSAGE).encode(),
    b"[" * 1000,
    b'{"a":' * 1000,
    b'{"type":"error","error":' + b"[" * 100_000,
    framed(stop(0)),
    framed(start(1, type=["text"])),
    b"\xef\xbb\xbf",
]
bodies = st.lists(st.sampled_from(WORDS) | st.binary(max_size=20), max_size=8).map(b"".join)
heads = st.sampled_from(
    [(), (JSON,), (SSE,), (("content-type", "text/html"),), (("content-type", "\xe9"),)]
)
statuses = st.sampled_from([200, 201, 204, 400, 404, 429, 500, 529, 599])
odd_headers = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "retry-after",
                "retry-after-ms",
                "date",
                "request-id",
                "x-should-retry",
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-reset",
            ]
        ),
        st.sampled_from(
            ["9" * 5000, "1e308", "inf", "nan", "-1", "soon", "", "Fri, 31 Dec 9999 23:59:59 -2359"]
        ),
    ),
    max_size=3,
)


@pytest.mark.slow
@given(
    bodies,
    heads,
    statuses,
    odd_headers,
    st.sampled_from(["create", "large", "stream", "events", "count", "raw"]),
)
@example(b'{"type":"error","error":' + b"[" * 100_000, (JSON,), 500, [], "create")
@example(b"", (), 200, [("anthropic-ratelimit-requests-limit", "9" * 5000)], "raw")
def test_any_bytes_of_a_server_end_in_a_message_or_in_an_error_of_ours(
    body, head, status, odd, method
):
    transport = Scripted(*[Answer(body, status=status, headers=(*head, *odd))] * 3)
    messages = client(transport, timeout=None).messages
    with contextlib.suppress(APIError) as _:
        match method:
            case "create":
                made: Any = messages.create(**PARAMS)
            case "large":
                made = messages.create(**LARGE)
            case "stream":
                with messages.stream(**PARAMS) as stream:
                    list(stream.text_stream)
                    made = stream.get_final_message()
            case "events":
                made = [event.to_dict() for event in messages.create(**PARAMS, stream=True)]
            case "count":
                made = messages.count_tokens(model="m", messages=[])
            case _:
                response = messages.with_raw_response.create(**PARAMS)
                assert response.rate_limits
                made = response.parse()
        if isinstance(made, Message):
            json.loads(made.to_json())
