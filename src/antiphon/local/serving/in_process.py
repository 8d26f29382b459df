"""The app without a socket: transports that perform its steps in the program that asks.

Nothing waits here: a pause moves the app's clock on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ..._wire.http import Headers, Request, ResponseHead
from ...errors import APIConnectionError, APITimeoutError
from ..api import steps
from ..api.app import App
from ..api.steps import Step, Steps
from ..metering.clock import Clock, VirtualClock

__all__ = ["AsyncInProcess", "InProcess"]


class InProcess:
    """Carries the requests of sync clients to an app: ``Client(http_client=InProcess())``.

    It may be shared by clients and threads; the pauses of all their answers add up.

    Args:
        app: what answers; by default a new `App` on a clock that stands still between requests.
    """

    def __init__(self, app: App | None = None) -> None:
        self.app: App = app or App(VirtualClock())
        self.clock: _AppClock = _AppClock(self.app.clock)
        self._stage = _InProcessExchange(self.app)

    def send(self, request: Request) -> _InProcessResponse:
        """Ask the app, up to the head of its answer."""
        return _InProcessResponse(self._stage.open(request))

    def close(self) -> None:
        """Do nothing: there are no connections."""


class AsyncInProcess:
    """`InProcess` for async clients: ``AsyncClient(http_client=AsyncInProcess())``."""

    def __init__(self, app: App | None = None) -> None:
        self.app: App = app or App(VirtualClock())
        self.clock: _AsyncAppClock = _AsyncAppClock(self.app.clock)
        self._stage = _InProcessExchange(self.app)

    async def send(self, request: Request) -> _AsyncInProcessResponse:
        """Ask the app, up to the head of its answer."""
        return _AsyncInProcessResponse(self._stage.open(request))

    async def close(self) -> None:
        """Do nothing: there are no connections."""


class _AppClock:
    """The app's time as a client waits by it: waiting moves it on."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self.sleep: Callable[[float], None] = clock.advance


class _AsyncAppClock:
    """`_AppClock`, awaited."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock
        self._clock = clock

    async def sleep(self, seconds: float) -> None:
        """Move the clock on."""
        self._clock.advance(seconds)


class _InProcessResponse:
    """An answer being performed."""

    def __init__(self, play: _AsyncInProcessExchange) -> None:
        self._play = play
        self.head: ResponseHead = play.head

    def read(self, timeout: float | None) -> bytes:
        """The next bytes; ``b""`` at the end."""
        return self._play.read(timeout)

    def close(self) -> None:
        """Perform no more of it."""
        self._play.close()


class _AsyncInProcessResponse:
    """`_InProcessResponse`, awaited."""

    def __init__(self, play: _AsyncInProcessExchange) -> None:
        self._play = play
        self.head: ResponseHead = play.head

    async def read(self, timeout: float | None) -> bytes:
        """The next bytes; ``b""`` at the end."""
        return self._play.read(timeout)

    async def close(self) -> None:
        """Perform no more of it."""
        self._play.close()


class _InProcessExchange:
    """Where an app's answers are performed, one step at a time whatever the threads."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.clock: Clock = app.clock
        self._turn = threading.Lock()

    def open(self, request: Request) -> _AsyncInProcessExchange:
        """The answer to `request`, its head already performed."""
        return _AsyncInProcessExchange(self, request)

    def next_step(self, steps: Steps) -> Step | None:
        """The next step; a pause has not passed yet."""
        with self._turn:
            return next(steps, None)

    def start(self, request: Request) -> Steps:
        """The steps that answer `request`."""
        with self._turn:
            return self._app(request)

    def pass_time(self, seconds: float) -> None:
        """Move the clock on."""
        with self._turn:
            self.clock.advance(seconds)


class _AsyncInProcessExchange:
    """One answer on a stage."""

    def __init__(self, stage: _InProcessExchange, request: Request) -> None:
        self._stage = stage
        self._request = request
        self._phase = "first byte"
        self._started = stage.clock()
        self._pausing = 0.0
        self._steps = stage.start(request)
        head = self._perform(request.timeout.within(request.timeout.total).read)
        assert isinstance(head, steps.WriteHead)
        self.head: ResponseHead = ResponseHead(head.status, Headers(head.headers))
        self._phase = "body"

    def read(self, timeout: float | None) -> bytes:
        """The next bytes; ``b""`` at the end."""
        while isinstance(step := self._perform(timeout), steps.Write):
            if step.content:
                return step.content
        return b""

    def close(self) -> None:
        """Perform no more."""
        self._steps.close()

    def _perform(self, timeout: float | None) -> Step | None:
        """The next step that is no pause; pauses use the timeout up."""
        left = float("inf") if timeout is None else timeout
        while True:
            if self._pausing > left:
                self._pass_time(left)
                raise APITimeoutError(
                    message=f"{self._failed()}no progress within the time allowed.", **self._where()
                )
            left -= self._pausing
            self._pass_time(self._pausing)
            match self._stage.next_step(self._steps):
                case steps.Pause(seconds):
                    self._pausing = seconds
                case steps.Abort():
                    message = f"{self._failed()}the server reset the connection."
                    raise APIConnectionError(message, **self._where())
                case step:
                    return step

    def _pass_time(self, seconds: float) -> None:
        if seconds:
            self._pausing -= seconds
            self._stage.pass_time(seconds)

    def _failed(self) -> str:
        where = self._where()
        return f"No whole answer in process ({where['phase']}, after {where['elapsed']:.1f} s): "

    def _where(self) -> dict[str, Any]:
        elapsed = self._stage.clock() - self._started
        return {"request": self._request, "phase": self._phase, "elapsed": elapsed}
