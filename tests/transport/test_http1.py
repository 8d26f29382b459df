"""HTTP/1.1 read from bytes: the same response however the bytes are cut."""

from __future__ import annotations

import gzip
import zlib
from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon._transport.content_encoding import BrokenEncodingError
from antiphon._transport.http1 import (
    ClosedByPeerError,
    MalformedHTTPError,
    ResponseReader,
    TruncatedResponseError,
    request_head,
)
from antiphon._wire.secret import Secret

BODIES = st.binary(max_size=400)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in pieces."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


CUTS = st.lists(st.integers(0, 2000), max_size=20)


def read(pieces: list[bytes]) -> tuple[ResponseReader, bytes]:
    """Feed an response in pieces and take out its body as it comes."""
    reader = ResponseReader("POST")
    body = b""
    for piece in pieces:
        reader.feed(piece)
        while data := reader.body():
            body += data
    return reader, body


def chunked(parts: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = [b"%X%b\r\n%b\r\n" % (len(part), extension, part) for part in parts if part]
    return b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"


def response(headers: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nx-first: 1\r\n" + headers + b"\r\n" + body


@given(
    st.lists(BODIES, max_size=6),
    st.sampled_from([b"", b";name=value", b" ;a"]),
    st.sampled_from([b"", b"x-checksum: 1\r\n", b"a: b\r\nc: d\r\n"]),
    CUTS,
)
def test_chunks_are_read_alike_however_they_are_cut(parts, extension, trailers, places):
    data = response(b"transfer-encoding: chunked\r\n", chunked(parts, extension, trailers))
    reader, body = read(cut(data, places))
    assert body == b"".join(parts)
    assert reader.ended
    assert reader.reusable


@given(BODIES, CUTS)
def test_a_sized_body_is_read_alike_however_it_is_cut(body, places):
    reader, received = read(cut(response(b"content-length: %d\r\n" % len(body), body), places))
    assert received == body
    assert reader.ended
    assert reader.reusable


@given(st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=6), CUTS, st.data())
def test_a_response_that_breaks_off_is_never_whole(parts, places, draw):
    framed = draw.draw(
        st.sampled_from(
            [
                response(b"transfer-encoding: chunked\r\n", chunked(parts)),
                response(b"content-length: %d\r\n" % len(b"".join(parts)), b"".join(parts)),
            ]
        )
    )
    end = draw.draw(st.integers(0, len(framed) - 1))
    reader, body = read(cut(framed[:end], places))
    assert not reader.ended
    assert b"".join(parts).startswith(body)
    with pytest.raises(TruncatedResponseError if end else ClosedByPeerError):
        reader.feed(b"")


@given(
    st.binary(max_size=100_000), CUTS, st.sampled_from(["gzip", "deflate", "raw", "two members"])
)
def test_encodings_are_undone_however_they_are_cut(plain, places, encoding):
    raw = zlib.compressobj(wbits=-15)
    encoded = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw": raw.compress(plain) + raw.flush(),
        "two members": gzip.compress(plain[:50]) + gzip.compress(plain[50:]),
    }[encoding]
    name = b"deflate" if encoding in ("deflate", "raw") else b"gzip"
    headers = b"content-encoding: %b\r\ncontent-length: %d\r\n" % (name, len(encoded))
    reader, body = read(cut(response(headers, encoded), places))
    assert body == plain
    assert reader.ended


@given(st.binary(max_size=3000).map(gzip.compress), st.data())
def test_an_encoding_that_breaks_off_is_never_whole(encoded, draw):
    end = draw.draw(st.integers(1, len(encoded) - 1))
    with pytest.raises(BrokenEncodingError):
        read([response(b"content-encoding: gzip\r\ncontent-length: %d\r\n" % end, encoded[:end])])


def test_a_body_without_length_ends_with_the_connection():
    reader, body = read([response(b"", b"to the "), b"end"])
    assert not reader.ended
    reader.feed(b"")
    assert (body, reader.ended, reader.reusable) == (b"to the end", True, False)


@pytest.mark.parametrize(
    ("version", "headers", "reusable"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"connection: close\r\n", False),
        (b"1.1", b"Connection: TE, Close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"connection: Keep-Alive\r\n", True),
    ],
)
def test_whether_the_connection_can_be_used_again(version, headers, reusable):
    head = b"HTTP/%b 200 OK\r\ncontent-length: 2\r\n%b\r\n" % (version, headers)
    reader, body = read([head + b"ok"])
    assert body == b"ok"
    assert reader.reusable is reusable


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\n", b"x"])
@pytest.mark.parametrize(
    "whole",
    [
        response(b"content-length: 2\r\n", b"ok"),
        response(b"transfer-encoding: chunked\r\n", chunked([b"ok"])),
    ],
)
def test_bytes_after_the_response_end_the_connection(whole, surplus):
    reader, body = read([whole + surplus])
    assert body == b"ok"
    assert reader.ended
    assert not reader.reusable


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_statuses_without_a_body(status):
    reader, body = read([b"HTTP/1.1 %b\r\ncontent-length: 5\r\n\r\n" % status])
    assert body == b""
    assert reader.ended


def test_interim_responses_are_skipped():
    reader, body = read(
        [b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + response(b"content-length: 2\r\n", b"ok")]
    )
    assert reader.head is not None
    assert (reader.head.status, body) == (200, b"ok")
    assert "link" not in reader.head.headers


def test_a_folded_header_is_one():
    reader, _ = read([b"HTTP/1.1 200 OK\r\nx-a: one\r\n  two\r\ncontent-length: 0\r\n\r\n"])
    assert reader.head is not None
    assert reader.head.headers["x-a"] == "one two"


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        response(b"content-length: 2, 3\r\n", b""),
        response(b"content-length: -1\r\n", b""),
        response(b"content-length: +2\r\n", b""),
        response(b"content-length: 2_0\r\n", b""),
        response(b"transfer-encoding: gzip, chunked\r\n", b""),
        response(b"transfer-encoding: chunked\r\n", b"0x5\r\nhello\r\n"),
        response(b"transfer-encoding: chunked\r\n", b"-5\r\nhello\r\n"),
        response(b"transfer-encoding: chunked\r\n", b"5\nhello\n"),
        response(b"transfer-encoding: chunked\r\n", b"2\r\nhello\r\n"),
        response(b"transfer-encoding: chunked\r\n", b"1" * 5000),
        response(b"transfer-encoding: chunked\r\n", b"0\r\n" + b"x: y\r\n" * 60_000),
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 60_000,
    ],
)
def test_what_is_not_http_is_said_to_be_so(data):
    with pytest.raises(MalformedHTTPError):
        read([data])


@pytest.mark.parametrize("together", [True, False])
def test_chunks_before_what_is_no_chunk_are_given(together):
    good = chunked([b"one", b"two"])[: -len(b"0\r\n\r\n")]
    pieces = [response(b"transfer-encoding: chunked\r\n", b""), good + b"nonsense\r\n"]
    reader = ResponseReader("GET")
    for piece in [b"".join(pieces)] if together else pieces:
        reader.feed(piece)
    assert reader.body() == b"onetwo"
    with pytest.raises(MalformedHTTPError, match="nonsense"):
        reader.body()


STRAY = [b"\r", b"\n", b"\0", b"a\rb", b"\r\r"]


@pytest.mark.parametrize("stray", STRAY)
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK%b\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: b%bc\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx%b: c\r\n\r\n",
    ],
)
def test_stray_line_ends_and_nulls_in_a_head_are_refused_as_h11_does(head, stray):
    with pytest.raises(MalformedHTTPError):
        read([head % stray])
    if stray != b"\n":  # where h11 is more tolerant
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method="GET", target="/", headers=[("host", "a")]))
        parser.send(h11.EndOfMessage())
        parser.receive_data(head % stray)
        with pytest.raises(h11.RemoteProtocolError):
            parser.next_event()


@pytest.mark.parametrize(
    "trailers", [b"no colon\r\n", b"bad name: x\r\n", b"x: a\rb\r\n", b"x: \0\r\n", b": x\r\n"]
)
def test_malformed_trailers_are_refused(trailers):
    with pytest.raises(MalformedHTTPError):
        read([response(b"transfer-encoding: chunked\r\n", chunked([b"ok"], b"", trailers))])


def test_a_content_length_of_thousands_of_digits_is_refused():
    with pytest.raises(MalformedHTTPError):
        read([response(b"content-length: %b\r\n" % (b"9" * 5000), b"")])


def test_what_is_not_in_the_encoding_that_it_names_is_refused():
    with pytest.raises(BrokenEncodingError):
        read([response(b"content-encoding: gzip\r\ncontent-length: 4\r\n", b"nope")])


def test_equal_lengths_said_twice_are_one():
    reader, body = read([response(b"content-length: 2\r\ncontent-length: 2\r\n", b"ok")])
    assert (body, reader.ended) == (b"ok", True)


def test_the_head_of_a_request():
    head = request_head("POST", "/v1/messages", {"host": "a.test", "x-a": "\xe9"}, 3)
    assert head == (
        b"POST /v1/messages HTTP/1.1\r\nhost: a.test\r\nx-a: \xe9\r\ncontent-length: 3\r\n\r\n"
    )


def test_a_header_that_is_not_latin_1_is_refused_without_showing_the_head():
    headers = {"x-api-key": Secret("sk-secret"), "x-title": "\u65e5\u672c"}
    with pytest.raises(ValueError, match="Latin-1") as caught:
        request_head("POST", "/", headers, 0)
    assert not isinstance(caught.value, UnicodeError)
    assert caught.value.__context__ is None


def test_a_get_without_body_has_no_length():
    assert b"content-length" not in request_head("GET", "/", {"host": "a.test"}, 0)


@given(st.text(alphabet="ab\r\n", min_size=1, max_size=5), st.booleans())
def test_no_header_can_start_another(text, in_name):
    header = {text: "v"} if in_name else {"n": text}
    if "\r" in text or "\n" in text:
        with pytest.raises(ValueError, match="line break"):
            request_head("POST", "/", header, 0)
    else:
        assert request_head("POST", "/", header, 0).count(b"\n") == 4
