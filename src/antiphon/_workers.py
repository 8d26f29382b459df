"""What runs the tools of a runner: one call after another, in threads, or as tasks.

The two classes have the same methods, so that `scripts/unasync` puts one in the place of the other.
They start calls and give back what came of them, whichever is done first. A function that runs in a
thread cannot be stopped: after its timeout, or when the runner is left, nobody waits for it. Such
threads are daemons, so that they do not keep a program from ending either.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import asyncio

__all__ = ["AsyncWorkers", "CallOutcome", "Workers"]

_MOST_TASKS = 10
"""Calls of one message that run at once under asyncio, unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What came of a call: a value, or an error."""

    key: str
    """The call."""
    value: Any = None
    error: BaseException | None = None


def _outcome(key: str, function: Callable[[], Any]) -> CallOutcome:
    try:
        return CallOutcome(key, function())
    except BaseException as error:  # an interrupt in a thread belongs to whoever waits for it
        return CallOutcome(key, error=error)


def _timed_out(key: str, timeout: float) -> CallOutcome:
    return CallOutcome(key, error=TimeoutError(f"the call took longer than {timeout:g} s"))


class Workers:
    """Runs calls in the thread of the caller or, with a limit or a timeout, in threads."""

    may_await = False
    """Whether it can run async functions."""

    def __init__(self, limit: int | None) -> None:
        """Prepare to run calls.

        Args:
            limit: how many run at once in threads; None to run them in the thread of the caller.
        """
        self._limit = limit
        self._done: SimpleQueue[CallOutcome] = SimpleQueue()
        self._running: dict[str, tuple[float | None, float | None]] = {}  # timeout, when it ends

    @property
    def busy(self) -> bool:
        """Whether there is an outcome to wait for."""
        return bool(self._running)

    @property
    def full(self) -> bool:
        """Whether no more calls may be started now."""
        return len(self._running) >= (self._limit or 1)

    def start(
        self, key: str, function: Callable[[], Any], timeout: float | None, is_async: bool = False
    ) -> None:
        """Run a function.

        Args:
            key: names the call.
            function: what to run.
            timeout: seconds after which nobody waits for it any more.
            is_async: whether the function is async, which it must not be here.
        """
        assert not is_async
        if self._limit is None and timeout is None:
            self._running[key] = (None, None)
            self._done.put(_outcome(key, function))
            return
        ends = None if timeout is None else time.monotonic() + timeout
        self._running[key] = (timeout, ends)
        context = copy_context()  # a tool sees the context variables of the caller

        def work() -> None:
            self._done.put(context.run(_outcome, key, function))

        threading.Thread(target=work, name=f"antiphon tool call {key}", daemon=True).start()

    def next_done(self) -> CallOutcome:
        """Wait until a call is done or has run out of time."""
        # Nobody watches the clock meanwhile: the wait itself ends when the first time is up.
        while True:
            ends = [(end, key) for key, (_, end) in self._running.items() if end is not None]
            end, key = min(ends, default=(None, ""))
            try:
                patience = None if end is None else max(0.0, end - time.monotonic())
                outcome = self._done.get(timeout=patience)
            except Empty:
                timeout, _ = self._running.pop(key)
                return _timed_out(key, timeout or 0)
            # What comes after its timeout comes too late: it was reported already.
            if self._running.pop(outcome.key, None) is not None:
                return outcome

    def close(self) -> None:
        """Wait for no call any more."""
        self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncWorkers:
    """Runs async functions as tasks and others in threads, up to a limit at once.

    Under trio, where a task needs a nursery around it, calls run one after another.
    """

    # Not a task group: it would cancel the other calls when one fails.

    may_await = True
    """Whether it can run async functions."""

    def __init__(self, limit: int | None) -> None:
        """Prepare to run calls.

        Args:
            limit: how many run at once; ten by default.
        """
        self._limit = limit or _MOST_TASKS
        self._tasks: set[asyncio.Task[CallOutcome]] = set()
        self._done: list[CallOutcome] = []

    @property
    def busy(self) -> bool:
        """Whether there is an outcome to wait for."""
        return bool(self._tasks or self._done)

    @property
    def full(self) -> bool:
        """Whether no more calls may be started now."""
        return len(self._tasks) + len(self._done) >= self._limit

    async def start(
        self, key: str, function: Callable[[], Any], timeout: float | None, is_async: bool = False
    ) -> None:
        """Run a function.

        Args:
            key: names the call.
            function: what to run.
            timeout: seconds after which it is cancelled, or nobody waits for its thread any more.
            is_async: whether the function is async.
        """
        trio: Any = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            self._done.append(await _in_trio(trio, key, function, timeout, is_async))
            return
        import asyncio

        work = _in_asyncio(key, function, timeout, is_async)
        self._tasks.add(asyncio.create_task(work, name=f"antiphon tool call {key}"))

    async def next_done(self) -> CallOutcome:
        """Wait until a call is done or has run out of time."""
        if not self._done:
            import asyncio

            done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            self._done += (task.result() for task in done)
        return self._done.pop(0)

    async def close(self) -> None:
        """Cancel the calls that still run, and wait until they have ended."""
        if self._tasks:
            import asyncio

            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
            self._tasks.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _in_asyncio(
    key: str, function: Callable[[], Any], timeout: float | None, is_async: bool
) -> CallOutcome:
    import asyncio

    task, clock = asyncio.current_task(), asyncio.timeout(timeout)
    try:
        async with clock:
            value = await (function() if is_async else _in_daemon(key, function))
    except TimeoutError as error:
        # The tool may have raised one of its own.
        return _timed_out(key, timeout or 0) if clock.expired() else CallOutcome(key, error=error)
    except asyncio.CancelledError as error:
        if task is not None and task.cancelling():
            raise  # the runner was cancelled, and its calls with it
        # The tool cancelled something of its own: a failure like any other.
        return CallOutcome(key, error=_because(RuntimeError("the call was cancelled"), error))
    except BaseException as error:
        return CallOutcome(key, error=error)
    return CallOutcome(key, value)


def _because(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


async def _in_daemon(key: str, function: Callable[[], Any]) -> Any:
    """Run a function in a thread that nobody has to wait for.

    `asyncio.to_thread` would: a program ends only when the last of its threads has.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[CallOutcome] = loop.create_future()
    run = copy_context().run

    def report(outcome: CallOutcome) -> None:
        if not waiting.done():
            waiting.set_result(outcome)

    def work() -> None:
        outcome = run(_outcome, key, function)
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the outcome
            loop.call_soon_threadsafe(report, outcome)

    threading.Thread(target=work, name=f"antiphon tool call {key}", daemon=True).start()
    outcome = await waiting
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


async def _in_trio(
    trio: Any, key: str, function: Callable[[], Any], timeout: float | None, is_async: bool
) -> CallOutcome:
    clock = trio.CancelScope() if timeout is None else trio.move_on_after(timeout)
    try:
        with clock:
            if is_async:
                return CallOutcome(key, await function())
            return CallOutcome(key, await trio.to_thread.run_sync(function, abandon_on_cancel=True))
    except Exception as error:
        return CallOutcome(key, error=error)
    return _timed_out(key, timeout or 0)
