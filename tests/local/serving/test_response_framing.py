"""One answer as bytes."""

from __future__ import annotations

import pytest

from antiphon.local.serving.response_framing import ResponseFraming

PLAIN = (("content-type", "text/plain"),)


def test_body_of_unknown_length_is_chunked():
    framing = ResponseFraming()
    assert framing.head(200, PLAIN) == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    assert framing.body(b"twelve bytes") == b"c\r\ntwelve bytes\r\n"
    assert framing.body(b"") == b""
    assert framing.end() == b"0\r\n\r\n"
    assert framing.keeps


@pytest.mark.parametrize(("said", "keeps"), [(3, True), (4, False), (2, False)])
def test_untrue_length_ends_the_connection(said, keeps):
    framing = ResponseFraming()
    head = framing.head(200, (("Content-Length", str(said)),))
    assert b"chunked" not in head
    assert framing.body(b"abc") + framing.end() == b"abc"
    assert framing.keeps is keeps


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body_get_none(status):
    framing = ResponseFraming()
    assert b"chunked" not in framing.head(status, ())
    assert framing.body(b"x") + framing.end() == b""


def test_response_to_head_has_no_body():
    framing = ResponseFraming("HEAD")
    framing.head(200, (("content-length", "5"),))
    assert framing.body(b"hello") + framing.end() == b""
    assert framing.keeps


@pytest.mark.parametrize(
    "framing",
    [ResponseFraming(version="1.0"), ResponseFraming(keep=False)],
    ids=["old", "asked to close"],
)
def test_old_or_closing_client_gets_connection_close(framing):
    assert framing.head(200, PLAIN).count(b"\r\nconnection: close\r\n") == 1
    assert not framing.keeps


def test_connection_close_of_the_response_ends_the_connection():
    framing = ResponseFraming()
    assert framing.head(200, (("connection", "close"),)).count(b"connection: close") == 1
    assert not framing.keeps


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb"])
def test_header_with_a_line_break_is_refused(value):
    with pytest.raises(ValueError, match="line break"):
        ResponseFraming().head(200, (("x", value),))


def test_529_has_a_reason_phrase_and_unknown_statuses_none():
    assert ResponseFraming().head(529, ()).startswith(b"HTTP/1.1 529 Overloaded\r\n")
    assert ResponseFraming().head(599, ()).startswith(b"HTTP/1.1 599 \r\n")
