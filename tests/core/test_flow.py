"""The retry loop, answered step by step: no client, no network, no waiting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon._core.endpoints import Call
from antiphon._core.flow import Attempts, Read, Send, Sleep, SuccessfulResponse, exchange
from antiphon._core.retry import RetryPolicy
from antiphon._wire.http import Headers, ResponseHead, Timeout
from antiphon.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    BadRequestError,
    InternalServerError,
    OverloadedError,
    RateLimitError,
)

BODY = b'{"input_tokens":3}'


class World:
    """Answers steps from a list; waiting moves its clock."""

    def __init__(self, *answers: Any, takes: float = 0.0) -> None:
        self.answers = list(answers)
        self.takes = takes
        self.now = 1000.0
        self.steps: list[Any] = []
        self.body = b""

    def perform(self, step: Any) -> Any:
        self.steps.append(step)
        if isinstance(step, Sleep):
            self.now += step.seconds
            return None
        if isinstance(step, Read):
            chunk, self.body = self.body, b""
            return chunk
        self.now += min(self.takes, step.request.timeout.read or self.takes)
        answer = self.answers.pop(0)
        if isinstance(answer, APIError):
            raise answer
        status, self.body, *headers = answer
        return ResponseHead(status, Headers(headers))

    def run(
        self, *, timeout: Timeout | None = None, retries: int = 2, unread: bool = False
    ) -> SuccessfulResponse:
        call = Call(
            "POST",
            "http://x/v1",
            {},
            b"{}",
            timeout or Timeout(),
            RetryPolicy(retries),
            lambda body: body,
        )
        flow = exchange(Attempts(call, lambda: self.now, lambda: 0.0), unread=unread)
        try:
            step = next(flow)
            while True:
                try:
                    result = self.perform(step)
                except APIError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            return end.value

    @property
    def slept(self) -> list[float]:
        return [step.seconds for step in self.steps if isinstance(step, Sleep)]

    @property
    def sent(self) -> int:
        return sum(isinstance(step, Send) for step in self.steps)


def error(status: int, kind: str, *headers: tuple[str, str]) -> tuple[Any, ...]:
    body = {"type": "error", "error": {"type": kind, "message": "no"}}
    return (status, json.dumps(body).encode(), *headers)


def failing(world: World, **how: Any) -> Any:
    with pytest.raises(APIError) as raised:
        world.run(**how)
    return raised.value


def test_a_good_answer_is_one_send():
    world = World((200, BODY, ("request-id", "req_1")))
    answer = world.run()
    assert answer.body == BODY
    assert answer.http_response().headers["Request-Id"] == "req_1"
    assert (world.sent, world.slept, answer.attempts.retries) == (1, [], 0)


def test_it_tries_again_with_growing_waits():
    world = World(error(529, "overloaded_error"), error(500, "api_error"), (200, BODY))
    answer = world.run()
    assert (answer.body, world.slept, answer.attempts.retries) == (BODY, [0.5, 1.0], 2)


def test_the_last_error_tells_of_every_attempt():
    world = World(
        error(529, "overloaded_error"),
        error(500, "api_error"),
        error(529, "overloaded_error"),
        takes=2.0,
    )
    raised = failing(world)
    assert type(raised) is OverloadedError
    assert [attempt.started for attempt in raised.attempts] == [0.0, 2.5, 5.5]
    assert [attempt.elapsed for attempt in raised.attempts] == [2.0, 2.0, 2.0]
    assert "500 api_error: no" in raised.attempts[1].failure
    assert str(raised).endswith("(after 3 attempts)")


def test_a_refusal_is_raised_at_once():
    world = World(error(400, "invalid_request_error"))
    assert type(failing(world)) is BadRequestError
    assert world.sent == 1


def test_no_retries_means_one_send():
    world = World(error(500, "api_error"))
    assert type(failing(world, retries=0)) is InternalServerError
    assert world.sent == 1


def test_a_wait_that_does_not_fit_into_the_total_raises_at_once():
    world = World(error(429, "rate_limit_error", ("retry-after", "90")))
    raised = failing(world, timeout=Timeout.of(60))
    assert type(raised) is RateLimitError
    assert (raised.retry_after, world.slept, world.sent) == (90.0, [], 1)


def test_the_total_bounds_attempts_and_waits_together():
    world = World(*[error(500, "api_error")] * 50, takes=3.0)
    failing(world, retries=50, timeout=Timeout.of(20))
    assert world.now - 1000.0 <= 20.0
    assert world.sent > 2


def test_clocks_of_an_attempt_shrink_with_the_time_left():
    world = World(error(500, "api_error"), (200, BODY), takes=4.0)
    world.run(timeout=Timeout.of(10))
    first, second = (step.request.timeout for step in world.steps if isinstance(step, Send))
    assert (first.read, second.read, second.total) == (10, 5.5, 5.5)


def test_a_body_that_arrives_for_ever_ends_with_the_total():
    class Dripping(World):
        def perform(self, step: Any) -> Any:
            if isinstance(step, Read):
                self.now += 1.0
                return b" "
            return super().perform(step)

    raised = failing(Dripping((200, b"")), timeout=Timeout.of(5), retries=0)
    assert isinstance(raised, APITimeoutError)
    assert "timeout.total=5 s" in str(raised)


def test_a_stale_connection_is_replaced_free_of_charge_and_listed():
    world = World(APIConnectionError("closed", stale=True), (200, BODY))
    answer = world.run(retries=0)
    assert (answer.attempts.retries, world.slept, world.sent) == (0, [], 2)
    assert [attempt.failure for attempt in answer.attempts.failures] == ["closed"]


def test_a_second_stale_connection_is_not_replaced_free_of_charge():
    world = World(*[APIConnectionError("closed", stale=True) for _ in range(100)])
    raised = failing(world, retries=0)
    assert world.sent == len(raised.attempts) == 2


def test_an_unread_answer_keeps_its_body():
    world = World((200, BODY))
    assert world.run(unread=True).body == b""
    assert not any(isinstance(step, Read) for step in world.steps)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        (b"", "an empty body"),
        (b'{"ty', '{"ty'),
    ],
)
def test_errors_that_are_not_json_show_what_came(body, shown):
    raised = failing(World((502, body)), retries=0)
    assert type(raised) is InternalServerError
    assert (raised.status_code, raised.type) == (502, None)
    assert shown in str(raised)


def test_an_error_in_the_shell_passes_through_untouched():
    class Broken(World):
        def perform(self, step: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Broken().run()
