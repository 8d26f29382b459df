"""Flows: what a call does, as generators of the requests they make of the world.

A flow yields steps and is sent their results; the shells perform them, sync or async. Clocks and
chance are arguments, so that a test can answer every step by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from .._wire.http import HTTPResponse, Request, ResponseHead
from ..errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Attempt,
    status_error,
)
from .endpoints import Call

T = TypeVar("T")

_FREE_RETRIES = 16
"""How many stale connections in a row are replaced without counting as retries: a pool's worth."""


class Send(NamedTuple):
    """Send this request and wait for the head of its answer; what was open before is dropped."""

    request: Request


class Read(NamedTuple):
    """Read the next bytes of the answer, b"" at its end, within these seconds."""

    timeout: float | None


class Sleep(NamedTuple):
    """Wait this many seconds."""

    seconds: float


Step = Send | Read | Sleep
Flow = Generator[Step, Any, T]
"""A generator that yields steps, is sent `ResponseHead` for `Send` and bytes for `Read`, and returns a T."""


@dataclass(slots=True)
class Attempts:
    """The attempts of one call, and the time that is left for them."""

    call: Call[Any]
    now: Callable[[], float]
    """Seconds on a clock that never goes back."""
    chance: Callable[[], float]
    """A random number in [0, 1)."""
    failures: list[Attempt] = field(default_factory=list[Attempt])
    retries: int = 0
    """Attempts after the first that counted."""
    started: float = 0.0
    attempt_started: float = 0.0
    request: Request | None = None

    def __post_init__(self) -> None:
        self.started = self.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.now() - self.started

    @property
    def remaining(self) -> float | None:
        """Seconds left of the total, `None` without a limit; never below zero."""
        total = self.call.timeout.total
        return None if total is None else max(0.0, total - self.elapsed)

    def next_request(self) -> Request:
        """The request of another attempt, its clocks cut to the time that is left."""
        self.attempt_started = self.now()
        self.request = self.call.request(self.call.timeout.within(self.remaining))
        return self.request

    def patience(self) -> float | None:
        """How long the next read may take.

        Raises:
            APITimeoutError: the call's total is used up.
        """
        read, remaining = self.call.timeout.read, self.remaining
        if remaining is None:
            return read
        if remaining <= 0:
            raise self.out_of_time()
        return remaining if read is None else min(read, remaining)

    def out_of_time(self) -> APITimeoutError:
        """The error of a call whose total is used up."""
        total = self.call.timeout.total
        message = (
            f"The call took longer than timeout.total={total:g} s; the answer was still arriving."
        )
        return APITimeoutError(self.request, message=message, phase="body", elapsed=self.elapsed)

    def failed(self, error: APIError) -> float:
        """Note a failed attempt; the seconds to wait before the next.

        Raises:
            APIError: `error` itself, complete, when there is to be no other attempt.
        """
        self.signed(error)
        if isinstance(error, APIConnectionError) and error.stale and self._is_free():
            return 0.0
        delay = self.call.retry.delay(self.retries, error, self.chance())
        if delay is None or not self._fits(delay):
            raise error
        self.retries += 1
        return delay

    def signed(self, error: APIError) -> APIError:
        """`error` with the attempts so far, the one it ended included."""
        if error.request is None:
            error.request = self.request
        self.failures.append(
            Attempt(
                self.attempt_started - self.started,
                self.now() - self.attempt_started,
                error.summary,
            )
        )
        error.attempts = tuple(self.failures)
        return error

    def _is_free(self) -> bool:
        return len(self.failures) - self.retries <= _FREE_RETRIES

    def _fits(self, delay: float) -> bool:
        remaining = self.remaining
        return remaining is None or delay < remaining


class SuccessfulResponse(NamedTuple):
    """A 2xx answer: its head, its body unless that is still to be read, and how it was come by."""

    head: ResponseHead
    body: bytes
    tries: Attempts

    def http_response(self) -> HTTPResponse:
        """The HTTP side, as users see it."""
        return as_response(self.head, self.body, self.tries.request)


def exchange(tries: Attempts, *, unread: bool = False) -> Flow[SuccessfulResponse]:
    """Send the call until it succeeds or is not worth another attempt.

    The body of a successful answer is left `unread` on request.
    """
    while True:
        try:
            head = yield Send(tries.next_request())
            if head.ok and unread:
                return SuccessfulResponse(head, b"", tries)
            body = yield from whole_body(tries)
            if head.ok:
                return SuccessfulResponse(head, body, tries)
            raise _refusal(head, body, tries.request)
        except APIError as error:
            delay = tries.failed(error)
        yield from waited(delay)


def waited(delay: float) -> Flow[None]:
    """Wait, unless there is nothing to wait for."""
    if delay > 0:
        yield Sleep(delay)


def whole_body(tries: Attempts) -> Flow[bytes]:
    """Read an answer to its end."""
    first: bytes = yield Read(tries.patience())
    chunks = [first]
    while chunks[-1]:
        chunks.append((yield Read(tries.patience())))
    return first if len(chunks) <= 2 else b"".join(chunks)


def _refusal(head: ResponseHead, body: bytes, request: Request | None) -> APIError:
    response = as_response(head, body, request)
    try:
        return status_error(response, response.json())
    except ValueError:
        return status_error(response, response.text)


def as_response(head: ResponseHead, body: bytes, request: Request | None) -> HTTPResponse:
    """What arrived, as plain values."""
    method, url = (request.method, request.url) if request else ("POST", "")
    return HTTPResponse(head.status, head.headers, body, method, url, head.http_version)
