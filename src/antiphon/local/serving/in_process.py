"""The app without a socket: transports that perform its steps in the program that sends requests.

Nothing waits here: a pause moves the app's clock on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..._transport.content_encoding import UNREADABLE, BrokenEncodingError, decoder_for
from ..._transport.failures import Progress
from ..._wire.http import Headers, Request, ResponseHead
from ...errors import APIConnectionError, APITimeoutError
from ..api.app import App
from ..api.steps import (
    Abort,
    Close,
    Consult,
    Expire,
    Outcome,
    Pause,
    Step,
    Write,
    WriteHead,
    WriteRaw,
    next_visible_step,
)
from ..metering.clock import Clock, VirtualClock
from ..scripting.requests import Requests
from ..scripting.scripted_server import ScriptedServer
from .questions import Questions, answered, answered_async

__all__ = ["AsyncInProcess", "InProcess"]

_ENDS = {
    Abort: "the server reset the connection",
    Close: "the server closed the connection",
    WriteRaw: "the server sent bytes that are no HTTP",
}


class InProcess(ScriptedServer):
    """Carries the requests of sync clients to an app: ``Client(http_client=InProcess())``.

    Clients and threads may share it; the pauses of all responses add up on one clock.

    Args:
        app: makes the responses; by default a new `App` whose clock stands still between requests.
        strict: whether a request that no rule answers is an error, as soon as there are rules; if
            not, it gets a simulated reply. By default it is an error, or what the script of the
            app says.

    Raises:
        TypeError: `strict` is given, and the app has a script that says otherwise.
    """

    def __init__(self, app: App | None = None, *, strict: bool | None = None) -> None:
        super().__init__(app or App(VirtualClock()), strict=strict)
        self.clock: _AppClock = _AppClock(self.app.clock)
        self._turn = threading.Lock()

    def send(self, request: Request) -> _InProcessResponse:
        """Pass a request to the app; return once the head of the response is there."""
        exchange = _InProcessExchange(self.app, self._turn, request)
        answered(exchange.begin())
        return _InProcessResponse(exchange)

    @property
    def requests(self) -> Requests:
        """The requests so far, oldest first, without secrets."""
        return Requests(self.app.journal.entries())

    def close(self) -> None:
        """Do nothing: there are no connections."""


class AsyncInProcess(ScriptedServer):
    """`InProcess` for async clients: ``AsyncClient(http_client=AsyncInProcess())``."""

    def __init__(self, app: App | None = None, *, strict: bool | None = None) -> None:
        super().__init__(app or App(VirtualClock()), strict=strict)
        self.clock: _AsyncAppClock = _AsyncAppClock(self.app.clock)
        self._turn = threading.Lock()

    async def send(self, request: Request) -> _AsyncInProcessResponse:
        """Pass a request to the app; return once the head of the response is there."""
        exchange = _InProcessExchange(self.app, self._turn, request)
        await answered_async(exchange.begin())
        return _AsyncInProcessResponse(exchange)

    @property
    def requests(self) -> Requests:
        """The requests so far, oldest first, without secrets."""
        return Requests(self.app.journal.entries())

    async def close(self) -> None:
        """Do nothing: there are no connections."""


class _AppClock:
    """The app's clock as a sync client uses it: sleeping moves it on."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self.sleep: Callable[[float], None] = clock.advance


class _AsyncAppClock:
    """The app's clock as an async client uses it."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self._clock = clock

    async def sleep(self, seconds: float) -> None:
        """Move the clock on."""
        self._clock.advance(seconds)


class _InProcessResponse:
    """A response whose body is still to be performed."""

    def __init__(self, exchange: _InProcessExchange) -> None:
        self._exchange = exchange
        self.head: ResponseHead = exchange.head

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body; ``b""`` at the end."""
        return answered(self._exchange.read(timeout))

    def close(self) -> None:
        """Abandon the rest of the response."""
        self._exchange.close()


class _AsyncInProcessResponse:
    """`_InProcessResponse` for async clients."""

    def __init__(self, exchange: _InProcessExchange) -> None:
        self._exchange = exchange
        self.head: ResponseHead = exchange.head

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body; ``b""`` at the end."""
        return await answered_async(self._exchange.read(timeout))

    async def close(self) -> None:
        """Abandon the rest of the response."""
        self._exchange.close()


class _InProcessExchange:
    """One request and the performance of its response.

    The functions of scripts are asked by whoever runs `begin` and `read`: they may be async.

    Args:
        app: makes the response.
        turn: held while the app or its clock works, because threads may share them.
        request: the request; its clocks bound the pauses.
    """

    def __init__(self, app: App, turn: threading.Lock, request: Request) -> None:
        self._clock = app.clock
        self._turn = turn
        self._request = request
        self._phase = "first byte"
        self._started = app.clock()
        # What is left of a pause that was longer than the timeout of one `read`.
        self._pause_left = 0.0
        with turn:
            self._steps = app(request)

    def begin(self) -> Questions[None]:
        """Perform the response up to its head."""
        timeout = self._request.timeout
        head = yield from self._perform(timeout.within(timeout.total).read)
        assert isinstance(head, WriteHead)
        self.head: ResponseHead = ResponseHead(head.status, Headers(head.headers))
        self._decoder = decoder_for(self.head.headers)
        self._phase = "body"

    def read(self, timeout: float | None) -> Questions[bytes]:
        """Return the next bytes of the body; ``b""`` at the end."""
        while isinstance(step := (yield from self._perform(timeout)), Write):
            if content := self._decoded(step.content, last=False):
                return content
        return self._decoded(b"", last=True)

    def _decoded(self, content: bytes, *, last: bool) -> bytes:
        """Return bytes of the body with its content encoding undone."""
        if self._decoder is None:
            return content
        try:
            return self._decoder.feed(content, last=last)
        except (BrokenEncodingError, *UNREADABLE) as error:
            progress = Progress(self._request, phase="body")
            progress.head = self.head
            progress.fail(error)

    def close(self) -> None:
        """Abandon the rest of the response."""
        self._steps.close()

    def _perform(self, timeout: float | None) -> Questions[Step | None]:
        """Return the next step that is not a pause; pauses use up the timeout."""
        left = float("inf") if timeout is None else timeout
        outcome = Outcome()
        while True:
            if self._pause_left > left:
                self._pass_time(left)
                raise APITimeoutError(
                    message=f"{self._failure()}no progress within the time allowed.",
                    **self._facts(),
                )
            left -= self._pause_left
            self._pass_time(self._pause_left)
            with self._turn:
                step, outcome = next_visible_step(self._steps, outcome), Outcome()
            match step:
                case Consult():
                    outcome = yield step
                case Pause(seconds):
                    self._pause_left = seconds
                case Abort() | Close() | WriteRaw(behind=False):
                    what = _ENDS[type(step)]
                    message = f"{self._failure()}{what}."
                    raise APIConnectionError(message, **self._facts())
                case Expire() | WriteRaw():  # there is no connection that they could concern
                    continue
                case _:
                    return step

    def _pass_time(self, seconds: float) -> None:
        if seconds:
            self._pause_left -= seconds
            with self._turn:
                self._clock.advance(seconds)

    def _failure(self) -> str:
        """Return the beginning of an error text."""
        facts = self._facts()
        return (
            f"No complete response in process ({facts['phase']}, after {facts['elapsed']:.1f} s): "
        )

    def _facts(self) -> dict[str, Any]:
        """Return what an error of the client holds."""
        elapsed = self._clock() - self._started
        return {"request": self._request, "phase": self._phase, "elapsed": elapsed}
