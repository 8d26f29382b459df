"""Requests read from bytes: the same ones however the bytes are cut, and nothing ambiguous."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.api.errors import RequestRefusedError
from antiphon.local.serving.request_reader import ReceivedRequest, RequestReader

BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(0, 3000), max_size=20)
HEAD = b"POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost\r\nX-Key: \xe4 b\r\n"


def sized(body: bytes) -> bytes:
    return HEAD + b"content-length: %d\r\n\r\n%b" % (len(body), body)


def chunked(body: bytes) -> bytes:
    parts = [body[start : start + 7] for start in range(0, len(body), 7)]
    chunks = b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in parts)
    return HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\nx-sum: 1\r\n\r\n"


def read(*pieces: bytes) -> list[ReceivedRequest]:
    """Feed what arrives in pieces, and take out the requests as they come."""
    reader = RequestReader()
    found: list[ReceivedRequest] = []
    for piece in pieces:
        reader.feed(piece)
        while (received := reader.next_request()) is not None:
            found.append(received)
    assert not reader.begun
    return found


@given(st.lists(st.tuples(st.sampled_from([sized, chunked]), BODIES), max_size=4), CUTS)
def test_requests_are_read_alike_however_they_are_cut(requests, places):
    data = b"".join(write(body) for write, body in requests)
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    found = read(*(data[start:end] for start, end in pairwise(ends)))
    assert [received.request.body for received in found] == [body for _, body in requests]
    for request, version, keeps in found:
        assert (request.method, version, keeps) == ("POST", "1.1", True)
        assert request.url == "http://localhost/v1/messages?beta=true"
        assert request.headers["x-key"] == "\xe4 b"


@pytest.mark.parametrize(
    ("data", "version", "keeps"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", "1.0", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "1.1", False),
        (b"GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", "1.1", True),
        (HEAD + b"content-length: 0\r\ncontent-length: 0\r\n\r\n", "1.1", True),
        (HEAD + b"x-folded: a\r\n b\r\n\r\n", "1.1", True),
    ],
)
def test_what_clients_may_send(data, version, keeps):
    [received] = read(data)
    assert (received.version, received.keeps) == (version, keeps)


AMBIGUOUS = [
    b"content-length: 1\r\ncontent-length: 2\r\n",
    b"content-length: -1\r\n",
    b"content-length: +1\r\n",
    b"content-length: 1_0\r\n",
    b"content-length: 0x1\r\n",
    b"content-length: 5\r\nhost: other\r\n",
    b"transfer-encoding: gzip, chunked\r\n",
    b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    b"x a: b\r\n",
    b"x-a : b\r\n",
    b": b\r\n",
    b"x: a\0b\r\n",
    b"x: a\rb\r\n",
]


@pytest.mark.parametrize("fields", AMBIGUOUS)
def test_what_two_programs_could_understand_differently_is_refused_as_h11_does(fields):
    data = HEAD + fields + b"\r\n"
    with pytest.raises(RequestRefusedError):
        read(data)
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(data)
    with pytest.raises(h11.RemoteProtocolError):
        parser.next_event()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEAD + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n", 400),
        (HEAD.replace(b"\r\n", b"\n") + b"\n\r\n\r\n", 400),
        (HEAD + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n", 400),
        (HEAD + b"transfer-encoding: br\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\nhost: a\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        (b"\x16\x03\x01\x02", 400),
        (b"\r\nGET / HTTP/1.1\r\n", 400),
        (HEAD + b"x: %b" % (b"x" * 70_000), 431),
        (HEAD + b"x: %b\r\n\r\n" % (b"x" * 70_000), 431),
        (HEAD + b"content-length: 99999999\r\n\r\n", 413),
    ],
)
def test_what_is_no_request_is_refused(data, status):
    with pytest.raises(RequestRefusedError) as refused:
        read(data)
    assert refused.value.status == status


def test_the_word_to_go_on_is_given_once():
    reader = RequestReader()
    reader.feed(HEAD + b"expect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert reader.next_request() is None
    assert [reader.waits_for_100(), reader.waits_for_100()] == [True, False]
    reader.feed(b"{}")
    received = reader.next_request()
    assert received is not None
    assert received.request.body == b"{}"
