"""Rate limits on a clock that tests move."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog.limit_class import limit_class
from antiphon.local.metering.clock import VirtualClock
from antiphon.local.metering.rate_limits import Limits, RateLimitBuckets

MODEL = "claude-sonnet-4-6"
ORGANIZATION = "00000000-0000-4000-8000-000000000000"


def limited(clock, **limits):
    return RateLimitBuckets(Limits(**limits), clock, ORGANIZATION)


def test_headers_of_full_buckets_are_as_recorded():
    clock = VirtualClock(datetime(2026, 8, 19, 14, 34, 19, tzinfo=UTC).timestamp())
    now = "2026-08-19T14:34:19Z"
    assert limited(clock).headers(MODEL) == [
        ("anthropic-ratelimit-requests-limit", "10000"),
        ("anthropic-ratelimit-requests-remaining", "10000"),
        ("anthropic-ratelimit-requests-reset", now),
        ("anthropic-ratelimit-input-tokens-limit", "10000000"),
        ("anthropic-ratelimit-input-tokens-remaining", "10000000"),
        ("anthropic-ratelimit-input-tokens-reset", now),
        ("anthropic-ratelimit-output-tokens-limit", "2000000"),
        ("anthropic-ratelimit-output-tokens-remaining", "2000000"),
        ("anthropic-ratelimit-output-tokens-reset", now),
        ("anthropic-ratelimit-tokens-limit", "12000000"),
        ("anthropic-ratelimit-tokens-remaining", "12000000"),
        ("anthropic-ratelimit-tokens-reset", now),
    ]


def test_remaining_counts_down_in_thousands():
    limits = limited(VirtualClock())
    assert limits.admit(MODEL, 8) is None
    headers = dict(limits.headers(MODEL))
    assert headers["anthropic-ratelimit-requests-remaining"] == "9999"
    assert headers["anthropic-ratelimit-input-tokens-remaining"] == "9999000"
    assert headers["anthropic-ratelimit-output-tokens-remaining"] == "2000000"
    assert headers["anthropic-ratelimit-tokens-remaining"] == "11999000"


def test_reset_header_is_when_the_bucket_is_full():
    clock = VirtualClock(0.0)
    limits = limited(clock, input_tokens=60_000)
    limits.admit(MODEL, 30_000)
    assert dict(limits.headers(MODEL))["anthropic-ratelimit-input-tokens-reset"] == (
        "1970-01-01T00:00:30Z"
    )


@pytest.mark.parametrize(
    ("limits", "tokens", "produced", "unit"),
    [
        ({"requests": 1}, 1, 0, "1 requests"),
        ({"input_tokens": 30_000}, 30_000, 0, "30,000 input tokens"),
        ({"output_tokens": 500}, 1, 600, "500 output tokens"),
    ],
)
def test_used_up_limit_refuses_in_the_words_of_the_api(limits, tokens, produced, unit):
    organization = limited(VirtualClock(), **limits)
    assert organization.admit(MODEL, tokens) is None
    organization.produced(MODEL, produced)
    over = organization.admit(MODEL, tokens)
    assert over is not None
    assert over.message == (
        f"This request would exceed your organization's rate limit of {unit} per minute "
        f"(org: {ORGANIZATION}, model: {MODEL}). For details, refer to: "
        "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current "
        "usage. Please reduce the prompt length or the maximum tokens requested, or try again "
        "later. You may also contact sales at https://claude.com/contact-sales to discuss your "
        "options for a rate limit increase."
    )


@given(st.integers(1, 500), st.integers(1, 100_000), st.integers(1, 100_000))
def test_request_is_admitted_after_retry_after(requests, capacity, tokens):
    clock = VirtualClock()
    limits = limited(clock, requests=requests, input_tokens=capacity)
    tokens = min(tokens, capacity)
    while (over := limits.admit(MODEL, tokens)) is None:
        pass
    assert over.retry_after >= 1
    clock.advance(over.retry_after)
    assert limits.admit(MODEL, tokens) is None


@pytest.mark.parametrize(("taken", "retry_after"), [(0, 1), (30, 30), (60, 60)])
def test_request_over_the_capacity_waits_until_the_bucket_is_full(taken, retry_after):
    limits = limited(VirtualClock(), input_tokens=60)
    limits.admit(MODEL, taken)
    over = limits.admit(MODEL, 1_000)
    assert over is not None
    assert over.retry_after == retry_after


def test_refused_request_takes_nothing_from_the_buckets():
    clock = VirtualClock()
    limits = limited(clock, input_tokens=1_000)
    limits.admit(MODEL, 900)
    before = limits.headers(MODEL)
    assert limits.admit(MODEL, 200)
    assert limits.headers(MODEL) == before
    assert limits.admit(MODEL, 100) is None


def test_buckets_fill_continuously_and_not_beyond_a_minute():
    clock = VirtualClock()
    limits = limited(clock, requests=60)
    for _ in range(60):
        assert limits.admit(MODEL, 0) is None
    assert limits.admit(MODEL, 0)
    clock.advance(1)
    assert limits.admit(MODEL, 0) is None
    assert limits.admit(MODEL, 0)
    clock.advance(3_600)
    assert dict(limits.headers(MODEL))["anthropic-ratelimit-requests-remaining"] == "60"


def test_classes_of_models_have_their_own_buckets():
    limits = limited(VirtualClock(), requests=1)
    assert limits.admit("claude-opus-4-6", 1) is None
    assert limits.admit("claude-opus-4-8", 1)
    assert limits.admit("claude-opus-5", 1) is None
    assert limits.admit("claude-haiku-4-5", 1) is None
    assert limits.admit("claude-haiku-4-5-20251001", 1)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("claude-opus-4-5-20251101", "opus-4"),
        ("claude-sonnet-4-6", "sonnet-4"),
        ("claude-sonnet-5", "sonnet-5"),
        ("claude-sonnet-5-5", "sonnet-5-5"),
        ("claude-fable-5-2", "fable-5"),
        ("claude-mythos-5", "mythos-5"),
        ("some-other-model", "some-other-model"),
    ],
)
def test_models_that_share_limits_have_one_class(model, name):
    assert limit_class(model) == name


def test_any_number_of_model_names_is_admitted():
    limits = limited(VirtualClock(), requests=1)
    for number in range(5_000):
        assert limits.admit(f"model-{number}", 1) is None


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(0, 4 * 10**9))
def test_headers_keep_their_format(taken, produced, now):
    limits = limited(VirtualClock(now))
    limits.admit(MODEL, taken)
    limits.produced(MODEL, produced)
    for name, value in limits.headers(MODEL):
        form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" if name.endswith("reset") else r"\d+"
        assert re.fullmatch(form, value), (name, value)


@pytest.mark.parametrize("name", ["requests", "input_tokens", "output_tokens"])
def test_limits_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"^{name}: 0"):
        Limits(**{name: 0})


def test_nothing_is_refused_unless_limits_are_set():
    buckets = RateLimitBuckets(None, lambda: 0.0, "org")
    for _ in range(10_001):
        assert buckets.admit("claude-haiku-4-5", 10_000) is None
    buckets.produced("claude-haiku-4-5", 10**9)
    shown = dict(buckets.headers("claude-haiku-4-5"))
    assert shown["anthropic-ratelimit-requests-limit"] == "10000"
    assert shown["anthropic-ratelimit-requests-remaining"] == "10000"
