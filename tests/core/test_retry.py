"""Whether and when a failed attempt is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon._core.retry import RetryPolicy, backoff
from antiphon._wire.http import Headers, HTTPResponse, retry_after
from antiphon.errors import (
    APIConnectionError,
    APIResponseValidationError,
    status_error,
)


def failure(status: int, *headers: tuple[str, str], code: str | None = None):
    body = {"type": "error", "error": {"type": "api_error", "message": "no"}}
    if code:
        body["error"]["details"] = {"error_code": code}
    return status_error(HTTPResponse(status, Headers(headers)), body)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_tried_again(status):
    assert RetryPolicy(2).delay(0, failure(status), 0.0) == 0.5


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_will_not_pass_is_not(status):
    assert RetryPolicy(2).delay(0, failure(status), 0.0) is None


def test_connection_failures_are_tried_again_and_broken_answers_are_not():
    assert RetryPolicy(2).delay(0, APIConnectionError("gone"), 0.0) == 0.5
    broken = APIResponseValidationError(HTTPResponse(200, Headers()))
    assert RetryPolicy(2).delay(0, broken, 0.0) is None


def test_the_server_decides_when_it_says_so():
    assert RetryPolicy(2).delay(0, failure(400, ("x-should-retry", "true")), 0.0) == 0.5
    assert RetryPolicy(2).delay(0, failure(529, ("x-should-retry", "false")), 0.0) is None


def test_a_spend_limit_is_not_waited_for():
    spent = failure(429, code="enforced_spend_limit_reached")
    assert RetryPolicy(2).delay(0, spent, 0.0) is None
    assert RetryPolicy(2).delay(0, failure(429, code="ramp_limit_exceeded"), 0.0) == 0.5


def test_no_more_than_the_maximum_and_zero_turns_it_off():
    assert RetryPolicy(2).delay(2, failure(500), 0.0) is None
    assert RetryPolicy(0).delay(0, failure(500), 0.0) is None


def test_backoff_doubles_to_eight_seconds():
    assert [backoff(n, 0.0) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_takes_off_at_most_a_quarter(retries, chance):
    whole = backoff(retries, 0.0)
    assert whole * 0.75 <= backoff(retries, chance) <= whole
    assert backoff(retries, 1.0) == whole * 0.75


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("retry-after-ms", "1500"), ("retry-after", "9")], 1.5),
        ([("Retry-After", "16")], 16.0),
        ([("retry-after", "0.25")], 0.25),
        (
            [
                ("retry-after", "Wed, 19 Aug 2026 14:34:19 GMT"),
                ("date", "Wed, 19 Aug 2026 14:34:00 GMT"),
            ],
            19.0,
        ),
        (
            [
                ("retry-after", "Wed, 19 Aug 2026 14:34:00 GMT"),
                ("date", "Wed, 19 Aug 2026 14:34:19 GMT"),
            ],
            0.0,
        ),
        ([("retry-after", "Wed, 19 Aug 2026 14:34:19 GMT")], None),
        ([("retry-after", "soon")], None),
        ([("retry-after", "nan")], None),
        ([("retry-after", "-3")], None),
        ([], None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers, seconds):
    assert retry_after(Headers(headers)) == seconds


def test_what_the_server_asks_for_replaces_the_backoff():
    assert RetryPolicy(2).delay(0, failure(429, ("retry-after", "7")), 0.9) == 7.0


@given(st.text(), st.text())
def test_odd_headers_never_break_it(asked, date):
    seconds = retry_after(Headers([("retry-after", asked), ("date", date)]))
    assert seconds is None or seconds >= 0
