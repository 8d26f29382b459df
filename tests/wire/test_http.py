"""Values that cross the wire: clocks, headers, bodies."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import Timeout
from antiphon._wire.http import LONGEST, Headers, HTTPResponse, retry_after


@pytest.mark.parametrize("seconds", [math.inf, 1e12, 10**400, LONGEST + 1])
def test_a_clock_of_many_years_is_no_limit(seconds: Any) -> None:
    assert Timeout.of(seconds) == Timeout(None, None, None, None, None)
    clocks = Timeout.of(Timeout(total=seconds, connect=3))
    assert (clocks.total, clocks.connect) == (None, 3)


def test_the_clocks_that_can_be_waited_for_stay_as_they_are() -> None:
    clocks = Timeout(total=LONGEST, connect=0.1)
    assert Timeout.of(clocks) is clocks


@pytest.mark.parametrize("seconds", [0, -1, math.nan, -math.inf])
def test_an_impossible_clock_is_named(seconds: float) -> None:
    with pytest.raises(ValueError, match="timeout: connect="):
        Timeout.of(Timeout(connect=seconds))


@pytest.mark.parametrize("seconds", ["5", True, [], 1j, b"5"])
def test_a_clock_that_is_no_number_is_named(seconds: Any) -> None:
    with pytest.raises(TypeError, match=r"timeout: read=.* is not a number of seconds"):
        Timeout.of(Timeout(read=seconds))
    if seconds != b"5":
        with pytest.raises(TypeError, match=r"^timeout: "):
            Timeout.of(seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "1e308"}, LONGEST),
        ({"retry-after": "9" * 5000}, None),
        ({"retry-after-ms": "1e308"}, LONGEST / 1000),
        ({"retry-after": "Wed, 19 Aug 99999 14:34:19 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 +9999"}, None),
        (
            {
                "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT",
                "date": "Thu, 01 Jan 1970 00:00:00 GMT",
            },
            LONGEST,
        ),
    ],
)
def test_waits_that_would_overflow_a_clock_are_bounded(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(Headers([*headers.items()])) == seconds


@given(st.text(), st.text(), st.floats(allow_nan=False) | st.none())
def test_any_headers_ask_to_wait_a_while_or_not(
    text: str, date: str, received: float | None
) -> None:
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after(Headers([(name, text), ("date", date)]), received)
        assert seconds is None or 0 <= seconds <= LONGEST


def body(content: bytes) -> HTTPResponse:
    return HTTPResponse(200, Headers(), content)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a": "\\ud83d\\ude0b"}', {"a": "\U0001f60b"}),
        (b"[1.5, NaN]", None),
    ],
)
def test_a_body_is_read_as_json_whatever_wrote_it(content: bytes, value: Any) -> None:
    read = body(content).json()
    assert value is None or read == value
    str(read).encode()


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_not_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):
        body(content).json()


def test_responses_pickle_and_compare() -> None:
    response = HTTPResponse(429, Headers([("a", "b")]), b"x", received_at=5.0)
    assert pickle.loads(pickle.dumps(response)) == response
