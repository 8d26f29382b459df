"""What a client sends its calls with: a session for all of them, a runner for each."""

from __future__ import annotations

import random
import time
from logging import INFO
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from .._core.call import Call
from .._core.flow import Attempts, Flow, Load, Open, Read, Send, Sleep, Step, exchange
from .._core.options import Options
from .._transport import AsyncOpenResponse, AsyncTransport
from .._transport.clocks import AsyncMonotonicClock
from .._transport.default import async_transport_for, leaves_it_to_us
from .._transport.files import async_open_file, async_read_file
from .._wire.awaitable import async_result
from .._wire.http import Request
from ..base_client import SessionState
from ..errors import APIError, UsageError
from ..responses import APIResponse
from ..telemetry import (
    log_attempt_failure,
    log_failure,
    log_read,
    log_request,
    log_response,
    log_sleep,
    log_stream_end,
    logger,
)

if TYPE_CHECKING:
    from .._stream.flow import StreamFlow

__all__ = ["AsyncRunner", "AsyncSession"]

T = TypeVar("T")


class AsyncSession(SessionState):
    """The settings of one client, and what its calls are sent with."""

    _transport: AsyncTransport | None

    def __init__(self, options: Options, http_client: Any) -> None:
        """Check what was given.

        Raises:
            TypeError: `http_client` cannot carry the requests of this client.
        """
        super().__init__(options, http_client)
        # The default is made later: which one it is may depend on the event loop.
        if not leaves_it_to_us(http_client):
            self._transport = async_transport_for(http_client)

    def runner(self) -> AsyncRunner:
        """Return the runner of a new call.

        Raises:
            UsageError: the client is closed.
        """
        if self.closed:
            raise UsageError("the client is closed; make another one")
        if self._transport is None:
            self._transport = async_transport_for(self.http_client)
        return AsyncRunner(self._transport)

    async def respond(self, call: Call[T]) -> APIResponse[T]:
        """Send `call` and receive its whole response."""
        self.watch(call)
        runner = self.runner()
        attempts = runner.attempts(call)
        try:
            if call.whole:
                from .._stream.flow import whole_message  # many programs stream nothing

                lenient = self.options.lenient_streams
                response, message = await runner.run(whole_message(attempts, lenient=lenient))
                finish = call.finish or _as_it_is
                return APIResponse(response, attempts, lambda _: cast("T", finish(message)))
            received = await runner.run(exchange(attempts))
        except BaseException as error:
            attempts.end(None, error)
            raise
        finally:
            # This gives the connection back, or cuts it if not all was read.
            await runner.close()
        return APIResponse(received, attempts, call.decode).told()

    async def open(self, call: Call[Any]) -> tuple[StreamFlow, AsyncRunner]:
        """Send `call` and receive the head of its response; its body is read later."""
        from .._stream.flow import stream_flow

        # No block here: the connection stays open for whoever reads the body, and closes it.
        runner = self.runner()
        self.watch(call)
        attempts = runner.attempts(call)
        flow = stream_flow(attempts, lenient=self.options.lenient_streams)
        try:
            await runner.run(flow.open())
        except BaseException as error:
            attempts.end(None, error)
            raise
        return flow, runner


def _as_it_is(message: object) -> object:
    return message


class AsyncRunner:
    """Performs the steps of one call: sends, reads and sleeps."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        # The in-process transport and tests bring a clock on which waiting takes no time.
        self._clock = getattr(transport, "clock", AsyncMonotonicClock)
        self._response: AsyncOpenResponse | None = None
        self._logs = logger.isEnabledFor(INFO)  # asked once: most programs log nothing

    @classmethod
    def around(cls, response: AsyncOpenResponse) -> Self:
        """Return a runner that sends nothing, and reads `response`."""
        runner = cls(cast("AsyncTransport", None))  # it is never asked to send
        runner._response = response
        return runner

    def attempts(self, call: Call[Any]) -> Attempts:
        """Return the attempts of `call`, on the clock of this runner."""
        return Attempts(call, self._clock.now, random.random)

    async def run(self, flow: Flow[T]) -> T:
        """Perform the steps of `flow` and return its result."""
        # A failure goes into the flow, which decides whether to try again. What else may be raised
        # here (an interrupt, a cancellation, a bug) ends the call: its connection is cut, because
        # nobody knows how much of the response was read.
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._perform(step)
                except APIError as error:
                    log_attempt_failure(error)
                    step = flow.throw(error)
                except (OSError, ValueError) as error:  # of a file; transports raise APIError
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            value: T = end.value  # a `cast` would be a call
            return value
        except BaseException as error:
            await self.close()
            if isinstance(error, APIError):
                log_failure(error)
            raise

    async def receive(self, flow: StreamFlow) -> bool:
        """Receive further frames of a stream; return False once it has ended."""
        ended = flow.ended
        received = await self.run(flow.receive())
        if flow.ended and not ended:
            log_stream_end(flow.response)
        return received

    async def _perform(self, step: Step) -> object:
        if isinstance(step, Read):
            if self._response is None:
                raise UsageError(
                    "the response was cut off by an interruption; there is no more to read"
                )
            chunk = await self._response.read(step.timeout)
            if self._logs:
                log_read(chunk)
            return chunk
        if isinstance(step, Send):
            if self._response is not None:
                await self.close()
            self._response = await self._open(step.request)
            return self._response.head
        if isinstance(step, Sleep):
            await self.close()
            log_sleep(step.seconds)
            await self._clock.sleep(step.seconds)
            return None
        if isinstance(step, Load):
            return await async_read_file(step.file)
        if isinstance(step, Open):
            return await async_open_file(step.content, step.name)
        return await async_result(step.function())

    async def _open(self, request: Request) -> AsyncOpenResponse:
        """Send `request`: what stands around each attempt overrides this method."""
        if self._logs:
            log_request(request)
        response = await self._transport.send(request)
        response.head.received_at = time.time()  # the core reads no clock
        if self._logs:
            log_response(request, response.head)
        return response

    async def close(self) -> None:
        """Give back the connection, or cut it if something is still arriving; idempotent."""
        response, self._response = self._response, None
        if response is not None:
            await response.close()
