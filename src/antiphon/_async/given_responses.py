"""Streams of responses that other code has received: those of httpx2 and httpx."""

from __future__ import annotations

from typing import Any

from .._core.call import Call
from .._core.flow import Attempts
from .._core.retry import RetryPolicy
from .._stream.flow import StreamFlow
from .._wire.http import Headers, ResponseHead, Timeout
from .._wire.url import URL
from .runner import AsyncRunner

__all__ = ["async_opened"]


class _AsyncGivenResponse:
    """A response of httpx2 or httpx, whose body is still to be read."""

    def __init__(self, response: Any) -> None:
        self.head: ResponseHead = ResponseHead(
            response.status_code, Headers([*response.headers.multi_items()])
        )
        self._response = response
        self._chunks = response.aiter_bytes()

    async def read(self, timeout: float | None) -> bytes:  # noqa: ARG002 (its client has clocks)
        """Return the next bytes of the body; b"" at its end."""
        async for chunk in self._chunks:
            if chunk:
                received: bytes = chunk
                return received
        return b""

    async def close(self) -> None:
        """Close the response."""
        await self._response.aclose()


def async_opened(response: Any) -> tuple[StreamFlow, AsyncRunner]:
    """Return what a stream reads the events of `response` with."""
    given = _AsyncGivenResponse(response)
    call: Call[Any] = Call(
        "POST", URL(), {}, b"", Timeout(), RetryPolicy(0), lambda body: body, streamed=True
    )
    runner = AsyncRunner.around(given)
    attempts: Attempts = runner.attempts(call)
    flow = StreamFlow(attempts)
    flow.take_over(given.head)
    return flow, runner
