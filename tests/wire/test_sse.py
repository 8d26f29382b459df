from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon._wire.sse import Frame, FrameTooLargeError, SSEDecoder


def decoded(*chunks: bytes) -> list[Frame]:
    decoder = SSEDecoder()
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.close()


def by_the_book(body: bytes) -> list[Frame]:
    """The whole body at once, as the standard words it."""
    frames: list[Frame] = []
    name, values = b"", list[bytes]()
    for line in [*re.split(rb"\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf")), b""]:
        if line == b"":
            if values:
                frames.append((name or None, b"\n".join(values)))
            name, values = b"", []
        elif match := re.fullmatch(rb"(?s)(event|data)(?:: ?(.*))?", line):
            value = match[2] or b""
            if match[1] == b"data":
                values.append(value)
            else:
                name = value
    return frames


LINES = [
    b"event: ping",
    b"event:x",
    b"event: ",
    b"event",
    b"data: {}",
    b"data:{}",
    b"data",
    b"data:  two",
    b"data: \xe2\x80\xa8\xc2\x85",
    b": comment",
    b"id: 1",
    b"retry: 5",
    b"",
    b"",
    b"dat",
    b"x: y",
    b"\xef\xbb\xbfdata: bom",
    b"data: \xf0\x9f\x8c\x8d",
    b"event: \xff",
    b"xevent: a",
]
PLAIN = b'event: content_block_delta\ndata: {"type":"content_block_delta"    }\n\n'

bodies = st.lists(
    st.one_of(
        st.just(PLAIN),
        st.tuples(st.sampled_from(LINES), st.sampled_from([b"\n", b"\n", b"\r", b"\r\n"])).map(
            b"".join
        ),
        st.binary(max_size=4),
    ),
    max_size=24,
).map(b"".join)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


@given(bodies, st.lists(st.integers(0, 4000), max_size=12))
@example(b"\xef\xbb\xbf" + PLAIN, [1])
@example(b"x" + PLAIN * 2, [])
@example(PLAIN + b"\n" + PLAIN, [3])
@example(PLAIN + b"\xef\xbb\xbfdata: no start\n\n", [len(PLAIN)])
@example(b"data: a\r\n\r\n", [8, 10])
@example(b"data: a\r\rdata: b", [9])
def test_any_bytes_in_any_cut_read_as_the_standard_says(body, places):
    assert decoded(*cut(body, places)) == by_the_book(body)


@given(bodies)
def test_byte_by_byte_is_the_same(body):
    assert decoded(*(body[at : at + 1] for at in range(len(body)))) == by_the_book(body)


def test_frames_come_as_soon_as_they_are_complete():
    decoder = SSEDecoder()
    assert decoder.feed(PLAIN * 2 + b"event: pi") == decoded(PLAIN * 2)
    assert decoder.feed(b"ng\r\ndata: 1\r\n\r") == [(b"ping", b"1")]
    assert decoder.feed(b"\ndata: 2\n\n") == [(None, b"2")]
    assert decoder.close() == []


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\v", "\f", "\x1c"])
def test_only_line_ends_end_lines(separator):
    value = f"a{separator}b".encode()
    assert decoded(b"data: " + value + b"\n\n") == [(None, value)]


def test_a_frame_may_come_in_many_pieces():
    pieces = [b"data: ", *[b"x" * 1000] * 5000, b"\n\n"]
    assert decoded(*pieces) == [(None, b"x" * 5_000_000)]


def test_an_event_that_is_too_large_is_refused_and_those_before_it_are_not_lost():
    decoder = SSEDecoder(largest=1000)
    assert decoder.feed(PLAIN + b"data: " + b"x" * 990) == decoded(PLAIN)
    assert decoder.feed(b"x" * 20) == []
    with pytest.raises(FrameTooLargeError, match="more than 1,000 bytes"):
        decoder.feed(b"x")


def test_lines_of_one_event_count_together():
    decoder = SSEDecoder(largest=1000)
    for _ in range(11):
        decoder.feed(b"data: " + b"x" * 94 + b"\n")
    with pytest.raises(FrameTooLargeError):
        decoder.feed(b"\n")


def test_events_that_were_completed_do_not_count():
    decoder = SSEDecoder(largest=1000)
    frames = [frame for _ in range(100) for frame in decoder.feed(PLAIN + b"data: 1\n\nda")]
    assert len(frames) >= 100
