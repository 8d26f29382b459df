"""Steps and the work between them."""

from __future__ import annotations

from antiphon.local.api.steps import (
    Outcome,
    Reschedule,
    Work,
    Write,
    advance,
    next_visible_step,
    outcome_of,
    work,
)

LARGE = 1_000_000


def flow(call, size=LARGE):
    yield Reschedule()
    try:
        value = yield from work(call, size)
    except ZeroDivisionError:
        value = b"caught"
    yield Write(value)


def test_result_of_work_is_sent_into_the_generator():
    steps = flow(lambda: b"made")
    assert advance(steps) == Reschedule()
    step = advance(steps)
    assert isinstance(step, Work)
    assert step.size == LARGE
    assert advance(steps, outcome_of(step)) == Write(b"made")
    assert advance(steps) is None


def test_small_work_is_done_at_once():
    steps = flow(lambda: b"made", 5)
    assert [advance(steps), advance(steps)] == [Reschedule(), Write(b"made")]
    steps = flow(lambda: 1 // 0, 5)
    assert [advance(steps), advance(steps)] == [Reschedule(), Write(b"caught")]


def test_exception_of_work_is_thrown_into_the_generator():
    outcome = outcome_of(Work(lambda: 1 // 0, LARGE))
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, ZeroDivisionError)
    steps = flow(lambda: 1 // 0)
    assert next_visible_step(steps) == Write(b"caught")
    assert next_visible_step(steps) is None


def test_only_visible_steps_are_returned():
    assert next_visible_step(flow(lambda: b"made")) == Write(b"made")
