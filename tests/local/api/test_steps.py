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


def flow(call):
    yield Reschedule()
    try:
        value = yield from work(call, 5)
    except ZeroDivisionError:
        value = b"caught"
    yield Write(value)


def test_result_of_work_is_sent_into_the_generator():
    steps = flow(lambda: b"made")
    assert advance(steps) == Reschedule()
    step = advance(steps)
    assert isinstance(step, Work)
    assert step.size == 5
    assert advance(steps, outcome_of(step)) == Write(b"made")
    assert advance(steps) is None


def test_exception_of_work_is_thrown_into_the_generator():
    outcome = outcome_of(Work(lambda: 1 // 0, 0))
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, ZeroDivisionError)
    steps = flow(lambda: 1 // 0)
    assert next_visible_step(steps) == Write(b"caught")
    assert next_visible_step(steps) is None


def test_only_visible_steps_are_returned():
    assert next_visible_step(flow(lambda: b"made")) == Write(b"made")
