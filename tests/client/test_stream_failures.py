"""Streams that fail: what is retried, raised and delivered; on virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    BadRequestError,
    Client,
    InternalServerError,
    OverloadedError,
    StreamInterruptedError,
    StreamProtocolError,
    StreamStalledError,
    Timeout,
)
from tests.support.request_samples import PARAMS
from tests.support.scripted import Answer, Scripted, broken
from tests.support.stream_events import delta, framed, overloaded
from tests.support.stream_scripts import (
    BEFORE_ANYTHING,
    BEGIN,
    HELLO,
    LAST,
    OPEN,
    PING,
    REST,
    WHOLE,
)


def client(transport: Scripted, **settings: Any) -> Client:
    return Client(api_key="k", http_client=transport, **settings)


def texts(transport: Scripted, **settings: Any) -> list[str]:
    with client(transport, **settings).messages.stream(**PARAMS) as stream:
        return list(stream.text_stream)


@pytest.mark.parametrize("failure", BEFORE_ANYTHING)
def test_what_fails_before_anything_was_handed_over_is_tried_again(failure):
    transport = Scripted(failure, Answer(WHOLE))
    timeout = Timeout(total=None, read=600)
    with client(transport, timeout=timeout).messages.stream(**PARAMS) as stream:
        assert list(stream.text_stream) == ["Hello"]
        assert stream.retries_taken == 1
        assert stream.get_final_message().stop_reason == "end_turn"
    assert transport.requests[0].body == transport.requests[1].body
    assert all(reply.closed for reply in transport.replies)


@pytest.mark.parametrize("failure", BEFORE_ANYTHING[:-1])
def test_but_not_without_retries(failure):
    with pytest.raises((APIConnectionError, OverloadedError)):
        texts(Scripted(failure), max_retries=0, timeout=Timeout(total=None, read=600))


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ([broken()], APIConnectionError),
        ([], StreamInterruptedError),
        ([framed(overloaded())], OverloadedError),
        ([700.0], StreamStalledError),
        ([b"data: {nope\n\n"], StreamProtocolError),
        ([framed(delta(7, "text_delta", text="?"))], StreamProtocolError),
    ],
)
def test_after_the_first_text_it_is_raised_with_what_had_arrived(failure, kind):
    transport = Scripted(Answer(BEGIN + OPEN, HELLO, *failure), Answer(WHOLE))
    with client(transport).messages.stream(**PARAMS) as stream:
        arrived = stream.text_stream
        assert next(arrived) == "Hello"
        with pytest.raises(kind) as raised:
            next(arrived)
    error = raised.value
    assert len(transport.requests) == 1
    assert error.partial is not None
    assert error.partial.text == "Hello"
    assert error.usage is not None
    assert error.usage.input_tokens == 9
    assert error.request_id == "req_s"
    assert len(error.attempts) == 1
    assert transport.replies[0].closed


def test_an_event_handed_over_counts_as_well():
    transport = Scripted(Answer(BEGIN, broken()), Answer(WHOLE))
    with client(transport).messages.stream(**PARAMS) as stream:
        events = iter(stream)
        assert next(events).type == "message_start"
        with pytest.raises(APIConnectionError):
            next(events)
    assert len(transport.requests) == 1


def test_waiting_for_the_whole_message_hands_over_nothing_until_then():
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, broken()), Answer(WHOLE))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert stream.get_final_message().text == "Hello"
    assert len(transport.requests) == 2


def test_a_refusal_inside_a_stream_is_not_tried_again():
    refusal = {"type": "error", "error": {"type": "invalid_request_error", "message": "max: no"}}
    transport = Scripted(Answer(framed(refusal)), Answer(WHOLE))
    with pytest.raises(BadRequestError) as raised:
        texts(transport)
    assert (raised.value.status_code, raised.value.response.status_code) == (400, 200)
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("body", "kind", "error", "shown"),
    [
        (b"<html>sign in</html>", "text/html", APIResponseValidationError, "sign in"),
        (b'{"id": 1}', "application/json", APIResponseValidationError, '{"id": 1}'),
        (
            b'{"type":"error","error":{"type":"api_error","message":"oh"}}',
            "application/json",
            InternalServerError,
            "oh",
        ),
    ],
)
def test_a_200_that_is_no_stream_shows_what_it_is(body, kind, error, shown):
    with pytest.raises(error, match=shown) as raised:
        texts(Scripted(*[Answer(body, headers=(("content-type", kind),))] * 3))
    assert raised.value.response.content == body


@pytest.mark.parametrize(
    "rest",
    [
        [broken()],
        [],
        [framed(overloaded())],
        [700.0],
        [b"event: content_block_delta\ndata: {bad\n\n", REST, LAST],
    ],
    ids=["connection", "end", "error event", "silence", "no JSON"],
)
def test_a_failure_is_final(rest):
    with client(Scripted(Answer(BEGIN + OPEN + HELLO, *rest))).messages.stream(**PARAMS) as stream:
        with pytest.raises(APIError) as first:
            list(stream.text_stream)
        for again in (
            lambda: list(stream.text_stream),
            lambda: list(stream),
            stream.get_final_message,
        ):
            with pytest.raises(APIError) as later:
                again()
            assert later.value is first.value
        assert len(first.value.attempts) == 1
        assert stream.current_message_snapshot.text == "Hello"


def test_a_failure_of_raw_events_is_final_too():
    stream = client(Scripted(Answer(BEGIN + OPEN + HELLO))).messages.create(**PARAMS, stream=True)
    for _ in range(2):
        with pytest.raises(StreamInterruptedError):
            list(stream)


def test_an_interrupted_stream_keeps_what_had_arrived_and_gives_no_more():
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, KeyboardInterrupt(), REST + LAST))
    with client(transport).messages.stream(**PARAMS) as stream:
        with pytest.raises(KeyboardInterrupt):
            list(stream.text_stream)
        assert transport.replies[0].closed
        with pytest.raises(RuntimeError, match="interruption"):
            stream.get_final_message()
        assert stream.current_message_snapshot.text == "Hello"


def test_text_that_is_cut_within_a_character_is_not_dropped():
    transport = Scripted(Answer(b"caf\xc3"))
    with client(transport).messages.with_streaming_response.create(**PARAMS) as response:
        assert "".join(response.iter_text()) == "caf\ufffd"


def test_pings_do_not_keep_a_stream_alive():
    pings = [part for _ in range(1000) for part in (5.0, PING)]
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, *pings))
    with client(transport, timeout=Timeout(stall=180)).messages.stream(**PARAMS) as stream:
        arrived = stream.text_stream
        next(arrived)
        with pytest.raises(StreamStalledError, match=r"no content for 180 s"):
            next(arrived)
    assert transport.clock.now() == pytest.approx(180, abs=5)


def test_content_does():
    slow = [part for _ in range(50) for part in (100.0, HELLO)]
    transport = Scripted(Answer(BEGIN + OPEN, *slow, REST + LAST))
    assert texts(transport) == ["Hello"] * 50
    assert transport.clock.now() == 5000


def test_the_total_bounds_the_opening_of_a_stream():
    pings = [part for _ in range(1000) for part in (5.0, PING)]
    transport = Scripted(*[Answer(*pings) for _ in range(20)])
    with pytest.raises(APITimeoutError):
        texts(transport, timeout=Timeout(total=60, stall=20), max_retries=15)
    assert transport.clock.now() <= 61


def test_a_total_that_was_asked_for_bounds_a_large_answer_to_its_end():
    slow = [part for _ in range(50) for part in (20.0, HELLO)]
    large = {**PARAMS, "max_tokens": 64_000}
    bounded = Scripted(Answer(BEGIN + OPEN, *slow, REST + LAST))
    with pytest.raises(APITimeoutError) as raised:
        client(bounded, max_retries=0).messages.create(**large, timeout=100)
    assert raised.value.partial is not None
    free = Scripted(Answer(BEGIN + OPEN, *slow, REST + LAST))
    assert client(free).messages.create(**large).text == "Hello" * 50


def test_large_answers_stream_on_the_wire_and_plain_ones_do_not():
    transport = Scripted(Answer(WHOLE))
    response = client(transport).messages.with_raw_response.create(
        **{**PARAMS, "max_tokens": 64_000}
    )
    assert b'"stream":true' in transport.requests[0].body
    assert response.parse().text == "Hello"
    assert response.json()["content"] == [{"type": "text", "text": "Hello"}]
    assert (response.status_code, response.request_id) == (200, "req_s")
    body = response.read()
    plain = Scripted(Answer(body, headers=(("content-type", "application/json"),)))
    message = client(plain, large_responses="wait").messages.create(
        **{**PARAMS, "max_tokens": 64_000}
    )
    assert b"stream" not in plain.requests[0].body
    assert message == response.parse()


def test_a_gateway_without_message_stop_needs_the_option():
    cut = Answer(BEGIN + OPEN + HELLO + REST)
    with pytest.raises(StreamInterruptedError):
        texts(Scripted(cut), max_retries=0)
    assert texts(Scripted(cut), lenient_streams=True) == ["Hello"]


def test_a_message_is_whole_although_the_connection_breaks_after_it():
    transport = Scripted(Answer(WHOLE, broken()))
    assert texts(transport) == ["Hello"]
    assert transport.replies[0].closed


def test_views_may_be_mixed_and_nothing_comes_twice():
    transport = Scripted(Answer(BEGIN + OPEN + HELLO + HELLO + HELLO + REST + LAST))
    with client(transport).messages.stream(**PARAMS) as stream:
        assert next(iter(stream)).type == "message_start"
        assert next(stream.text_stream) == "Hello"
        kinds = [event.type for event in stream]
        assert kinds.count("text") == 2
        assert stream.get_final_text() == "HelloHelloHello"
        assert stream.get_final_message() is not None
        assert list(stream) == []


def test_a_stream_left_early_is_cut_and_never_passes_for_whole():
    transport = Scripted(Answer(BEGIN + OPEN + HELLO, HELLO + REST + LAST))
    with client(transport).messages.stream(**PARAMS) as stream:
        for _ in stream.text_stream:
            break
    assert transport.replies[0].closed
    assert transport.replies[0].parts
    assert stream.current_message_snapshot.text == "Hello"
    with pytest.raises(RuntimeError, match="closed before"):
        stream.get_final_message()


def test_breaking_out_of_a_raw_stream_cuts_it():
    transport = Scripted(Answer(BEGIN, OPEN + HELLO + REST + LAST))
    for event in client(transport).messages.create(**PARAMS, stream=True):
        assert event.type == "message_start"
        break
    assert transport.replies[0].closed


def test_a_snapshot_before_the_first_event_is_a_clear_error():
    with client(Scripted(Answer(WHOLE))).messages.stream(**PARAMS) as stream:
        with pytest.raises(RuntimeError, match="event"):
            _ = stream.current_message_snapshot
        assert stream.response.status_code == 200
        assert stream.request_id == "req_s"


def test_a_streaming_response_reads_nothing_by_itself():
    transport = Scripted(Answer(WHOLE))
    manager = client(transport).messages.with_streaming_response.stream(**PARAMS)
    assert transport.requests == []
    with manager as response:
        assert response.http_response.status_code == 200
        assert transport.replies[0].parts == [WHOLE]
        assert list(response.text_stream) == ["Hello"]
        assert response.parse().get_final_message().text == "Hello"
    assert transport.replies[0].closed


def test_a_streaming_response_that_was_seen_is_not_replaced():
    transport = Scripted(Answer(broken()), Answer(WHOLE))
    with (
        pytest.raises(APIConnectionError),
        client(transport).messages.with_streaming_response.stream(**PARAMS) as response,
    ):
        list(response.text_stream)
    assert len(transport.requests) == 1


def test_the_bytes_of_a_streaming_response():
    def response(*parts):
        return client(Scripted(Answer(*parts))).messages.with_streaming_response.create(
            **PARAMS, stream=True
        )

    cut = WHOLE.find(b"Hello") + 2
    with response(WHOLE[:cut], WHOLE[cut:]) as answer:
        assert b"".join(answer.iter_bytes()) == WHOLE
    with response(WHOLE[:cut], WHOLE[cut:]) as answer:
        assert "".join(answer.iter_text()) == WHOLE.decode()
    with response(WHOLE[:cut], WHOLE[cut:]) as answer:
        assert list(answer.iter_lines()) == WHOLE.decode().split("\n")[:-1]
    with response(WHOLE) as answer:
        assert answer.read() == WHOLE == answer.read()
    with response(WHOLE) as answer:
        assert [event.type for event in answer.parse()][-1] == "message_stop"
