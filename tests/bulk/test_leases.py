"""Limits that workers have in common, on a virtual clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon._core import endpoints
from antiphon._core.flow import Attempts
from antiphon._core.options import resolve_options
from antiphon._wire.http import Headers, ResponseHead
from antiphon.bulk.leases import PERIOD, LeasedLimiter, Leases, Need, PoolReport, fair_parts
from antiphon.types import Message

POOL = ("caller", "claude-haiku-4-5")
amounts = st.integers(0, 10**6)


def report(want=0.0, sent=0.0, limit=60_000.0, left=None, held_for=0.0):
    need = Need(want, sent, limit, left)
    other = Need(0.0, 0.0, 0.0, None)
    needs = {"requests": need, "input_tokens": other, "output_tokens": other}
    return {POOL: PoolReport(needs, held_for)}


def requests_of(leases, worker):
    return leases[worker][POOL].units["requests"]


@given(amounts, st.lists(amounts))
def test_parts_are_fair(available, wants):
    parts = fair_parts(available, wants)
    assert all(0 <= part <= want for part, want in zip(parts, wants, strict=True))
    assert sum(parts) == pytest.approx(min(available, sum(wants)))
    short = [part for part, want in zip(parts, wants, strict=True) if part < want]
    assert all(part >= max(parts) * (1 - 1e-9) for part in short)


def test_two_workers_have_one_limit():
    leases = Leases()
    # The API says that nothing is left: from now on there is what comes in.
    leases.round({"a": report(left=0), "b": report(left=0)}, 0.0)
    leased = {"a": 0.0, "b": 0.0}
    for turn in range(1, 101):
        given_ = leases.round(
            {
                worker: report(want=500, sent=before)
                for worker, before in {"a": 100.0, "b": 100.0}.items()
            },
            turn * PERIOD,
        )
        for worker in leased:
            leased[worker] += requests_of(given_, worker)
    assert leased["a"] == pytest.approx(leased["b"])
    # 1,000 a second, and for 20 seconds, but for the share that the limiter leaves.
    assert sum(leased.values()) == pytest.approx(0.98 * 20_000, rel=0.001)


def test_a_worker_that_wants_little_leaves_the_rest():
    leases = Leases()
    leases.round({"a": report(left=0), "b": report(left=0)}, 0.0)
    found = leases.round({"a": report(want=10), "b": report(want=500)}, PERIOD)
    assert requests_of(found, "a") == 10
    assert requests_of(found, "b") == pytest.approx(0.98 * 1000 * PERIOD - 10)


def test_units_that_are_given_back_go_to_others():
    leases = Leases()
    leases.round({"a": report(left=0)}, 0.0)
    first = leases.round({"a": report(want=500)}, PERIOD)
    back = requests_of(first, "a")
    second = leases.round({"a": report(want=-back), "b": report(want=500)}, PERIOD)
    assert requests_of(second, "b") == pytest.approx(back)


def test_a_limit_that_one_worker_learned_is_known_to_all():
    leases = Leases()
    found = leases.round({"a": report(left=50), "b": report(limit=0.0)}, 0.0)
    assert found["b"][POOL].limits["requests"] == 60_000
    assert found["b"][POOL].limits["input_tokens"] == 0


def test_a_refusal_holds_all_workers():
    leases = Leases()
    leases.round({"a": report(left=1000), "b": report()}, 0.0)
    found = leases.round({"a": report(want=5, held_for=3.0), "b": report(want=5)}, 1.0)
    assert requests_of(found, "b") == 0
    assert found["b"][POOL].held_for == 3.0
    found = leases.round({"b": report(want=5)}, 4.0)
    assert requests_of(found, "b") == 5


def test_what_the_api_says_is_believed_if_it_is_less():
    leases = Leases()
    leases.round({"a": report(left=1000)}, 0.0)
    found = leases.round({"a": report(want=900, left=20)}, 0.0)
    assert requests_of(found, "a") == 20


def test_new_leases_learn_the_limit_from_the_next_reports():
    found = Leases().round({"a": report(want=100, sent=7), "b": report(want=100, left=30)}, 9.0)
    assert requests_of(found, "a") + requests_of(found, "b") == 30


class Clock:
    """A clock of a test, which a call asks and a wait moves on."""

    def __init__(self):
        self.now = 0.0

    def attempts(self):
        ask = {"model": POOL[1], "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
        call = endpoints.create(resolve_options({"api_key": "k"}, {}), ask)
        return Attempts(call, lambda: self.now, lambda: 0.5)


LIMITS = [
    ("anthropic-ratelimit-requests-limit", "60"),
    ("anthropic-ratelimit-requests-remaining", "0"),
]
ALL_LIMITS = [
    (f"anthropic-ratelimit-{bucket}-{part}", "6000")
    for bucket in ("requests", "input-tokens", "output-tokens")
    for part in ("limit", "remaining")
]


def test_a_worker_sends_what_it_was_leased_and_no_more():
    clock, limiter, leases = Clock(), LeasedLimiter(), Leases()
    first = clock.attempts()
    assert [*limiter.admit(first)] == []  # nobody knows a limit
    limiter.responded(first, ResponseHead(200, Headers(LIMITS)))
    limiter.ended(first, None, None)
    flow = limiter.admit(clock.attempts())
    assert next(flow).seconds > 0
    waited = 0.0
    while True:
        limiter.take(leases.round({"a": limiter.report(clock.now)}, clock.now)["a"], clock.now)
        clock.now += PERIOD
        waited += PERIOD
        if next(flow, None) is None:
            break
    # One a second, and the last of it comes in within the period of its lease.
    assert 1.0 < waited <= 1.0 + 2 * PERIOD


def test_a_call_goes_on_behind_one_that_used_less_than_was_expected():
    clock, limiter, leases = Clock(), LeasedLimiter(), Leases()
    told = ResponseHead(200, Headers(ALL_LIMITS))
    message = Message.from_value(
        {"type": "message", "content": [], "usage": {"input_tokens": 1, "output_tokens": 0}}
    )

    def lease_until_it_goes(flow):
        for _ in range(50):
            limiter.take(leases.round({"a": limiter.report(clock.now)}, clock.now)["a"], clock.now)
            clock.now += PERIOD
            if next(flow, None) is None:
                return
        pytest.fail("it waits for ever")

    for _ in range(3):  # so that a limit is known, and more than one call may be under way
        attempts = clock.attempts()
        lease_until_it_goes(limiter.admit(attempts))
        limiter.responded(attempts, told)
        limiter.ended(attempts, message, None)
    before, behind = clock.attempts(), limiter.admit(clock.attempts())
    lease_until_it_goes(limiter.admit(before))
    assert next(behind).seconds > 0
    limiter.ended(before, message, None)
    lease_until_it_goes(behind)


def test_a_hold_that_came_with_a_lease_is_no_news():
    clock, limiter, leases = Clock(), LeasedLimiter(), Leases()
    [*limiter.admit(clock.attempts())]
    (pool,) = limiter.report(0.0)
    other = {pool: report(held_for=2.0)[POOL]}
    limiter.take(leases.round({"a": limiter.report(0.0), "b": other}, 0.0)["a"], 0.0)
    assert next(limiter.admit(clock.attempts())).seconds == 2.0
    assert limiter.report(0.5)[pool].held_for == 0.0
