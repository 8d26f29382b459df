"""Frozen time: a clock for the clients and the local servers of this process that tests move.

Strategy. Everything that waits says so: each sleep, each wait for bytes and each pause of a server
is a timer here. A thread of its own moves the time to the next timer as soon as nobody has anything
to do but wait. Real sockets and event loops do not tell when that is, so it finds out:

* at least one client waits; a pause of a server alone moves nothing;
* no local server is making a response, and no socket that a thread waits for has bytes;
* every event loop concerned has gone round several times, which takes in all that had arrived,
  without a single timer being set or cancelled meanwhile.

Timers go off one by one, in their order, and between two of them everything comes to rest again. So
what a server sends at a time is received before the next timer of a client, on any machine.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

from .._transport import clocks
from .._transport.sync_connection import is_readable
from ..local.serving.listener import open_listeners

__all__ = ["FrozenClock", "frozen"]

_NEVER = float("inf")
# A connection is accepted, made and read in four passes of a loop, and a task wakes in one more.
_PASSES = 8
# Real seconds after which to look again whether all wait, and how often to do so at most.
_LOOK_AGAIN = 0.001
_LOOKS = 1000


@dataclass(slots=True, eq=False)
class _FrozenTimer:
    """Something that happens at a time."""

    clock: FrozenClock
    due: float
    """When: seconds since the time was frozen."""
    call: Callable[[], object]
    order: int
    """A number that is higher than those of earlier timers."""
    of_client: bool = True
    """Whether a client waits for it, and not a server."""
    sock: Any = None
    """The socket for whose bytes it waits, too."""
    thread: int | None = None
    """The thread that does nothing else meanwhile."""
    reads: bool = False
    """Whether that thread waits in some way of its own."""

    def cancel(self) -> None:
        """Do not let it happen."""
        self.clock.remove(self)


class FrozenClock:
    """Time that stands still until all wait for it, or until `advance` moves it."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._wall = time.time()
        self._elapsed = 0.0
        self._timers: set[_FrozenTimer] = set()
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()
        # Counts what happens to timers: as long as it stays the same, nothing has happened.
        self._changes = 0
        self._orders = 0
        self._changed = threading.Condition()
        # Held by whoever moves the time.
        self._moving = threading.RLock()
        self._ended = False
        self._mover = threading.Thread(target=self._move, name="antiphon-frozen", daemon=True)

    @property
    def elapsed(self) -> float:
        """The seconds that have passed since the time was frozen, to the microsecond."""
        return round(self._elapsed, 6)

    def now(self) -> float:
        """Return seconds that never go back."""
        return self._started + self._elapsed

    def time(self) -> float:
        """Return the seconds since 1970; local servers have the same time."""
        return self._wall + self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass: waits that are over end, in their order.

        Args:
            seconds: how long, from 0.

        Raises:
            TypeError: `seconds` is no number.
            ValueError: `seconds` is negative or not finite.
        """
        if not isinstance(cast("object", seconds), int | float):
            raise TypeError(f"seconds: {seconds!r} is not a number")
        if not 0 <= seconds < _NEVER:
            raise ValueError(f"seconds: {seconds!r} is not a number from 0; time does not go back")
        with self._moving:
            end = self._elapsed + seconds
            while (timer := self._next()) is not None and timer.due <= end:
                self._fire(timer)
                self._come_to_rest()
            self._elapsed = max(self._elapsed, end)
            self._changes += 1

    def sleep(self, seconds: float) -> None:
        """Wait in this thread until so many seconds have passed."""
        over = threading.Event()
        timer = self._add(seconds, over.set, blocks=True)
        try:
            over.wait()
        finally:
            timer.cancel()

    async def async_sleep(self, seconds: float) -> None:
        """Wait until so many seconds have passed."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            await self._trio_sleep(seconds)
            return
        over = asyncio.Event()
        timer = self.call_later(loop, seconds, over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()

    async def _trio_sleep(self, seconds: float) -> None:
        import trio

        token, over = trio.lowlevel.current_trio_token(), trio.Event()
        timer = self._add(seconds, lambda: token.run_sync_soon(over.set), blocks=True, reads=True)
        try:
            await over.wait()
        finally:
            timer.cancel()

    def wait_readable(self, sock: Any, seconds: float | None) -> bool:
        """Wait until a socket can be read; return False if the time is over first."""
        if getattr(sock, "pending", int)():  # TLS has decrypted more than was read
            return True
        waker, sleeper = socket.socketpair()
        with waker, sleeper:
            timer = self._add(seconds, lambda: waker.send(b"."), sock=sock, blocks=True)
            try:
                if not is_readable(sock):
                    with selectors.DefaultSelector() as selector:
                        selector.register(sock, selectors.EVENT_READ)
                        selector.register(sleeper, selectors.EVENT_READ)
                        selector.select()
                return is_readable(sock)
            finally:
                timer.cancel()

    def call_later(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float | None,
        call: Callable[[], object],
        *,
        of_client: bool = True,
    ) -> clocks.Timer:
        """Call something in an event loop later; never without `seconds`."""

        def fire() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(call)

        self._loops[loop] = threading.get_ident()
        return self._add(seconds, fire, of_client=of_client)

    def waiting(self) -> clocks.Timer:
        """Note that a thread or a task waits for a server, until that is cancelled."""
        try:
            self._loops[asyncio.get_running_loop()] = threading.get_ident()
        except RuntimeError:
            return self._add(None, lambda: None, blocks=True, reads=True)
        return self._add(None, lambda: None)

    def remove(self, timer: _FrozenTimer) -> None:
        """Forget a timer."""
        with self._changed:
            self._timers.discard(timer)
            self._changes += 1
            self._changed.notify_all()

    def start(self) -> None:
        """Stand in for the time of the machine."""
        clocks.freeze(self)
        self._mover.start()
        self._tell_servers()

    def end(self) -> None:
        """Give the time back to the machine; what still waits ends."""
        clocks.thaw()
        with self._changed:
            self._ended = True
            left = list(self._timers)
            self._changed.notify_all()
        self._mover.join()
        for timer in left:
            if timer.of_client:
                timer.call()
        self._tell_servers()

    def _tell_servers(self) -> None:
        for listener in list(open_listeners):
            with suppress(RuntimeError):  # its loop is closed
                listener.look_at_the_clock()

    def _add(
        self,
        seconds: float | None,
        call: Callable[[], object],
        *,
        of_client: bool = True,
        sock: Any = None,
        blocks: bool = False,
        reads: bool = False,
    ) -> _FrozenTimer:
        with self._changed:
            due = _NEVER if seconds is None else self._elapsed + max(0.0, seconds)
            self._orders += 1
            thread = threading.get_ident() if blocks else None
            timer = _FrozenTimer(self, due, call, self._orders, of_client, sock, thread, reads)
            self._timers.add(timer)
            self._changes += 1
            self._changed.notify_all()
        return timer

    def _next(self) -> _FrozenTimer | None:
        """Return the timer that goes off next, if one ever will."""
        with self._changed:
            # At the same time servers come first: what they send then is in time.
            first = min(
                self._timers, key=lambda each: (each.due, each.of_client, each.order), default=None
            )
        return None if first is None or first.due == _NEVER else first

    def _fire(self, timer: _FrozenTimer) -> None:
        with self._changed:
            if timer not in self._timers:
                return
            self._timers.discard(timer)
            self._elapsed = max(self._elapsed, timer.due)
            self._changes += 1
        timer.call()

    def _move(self) -> None:
        """Move the time to the next timer whenever all wait."""
        while not self._ended:
            with self._changed:
                if not self._somebody_waits() and not self._ended:
                    self._changed.wait()
                    continue
            before = self._changes
            if self._is_at_rest():
                with self._moving:
                    timer = self._next()
                    if timer is not None and self._changes == before and not self._ended:
                        self._fire(timer)
                        continue
            with self._changed:
                if not self._ended:
                    self._changed.wait(_LOOK_AGAIN)

    def _somebody_waits(self) -> bool:
        return any(timer.of_client for timer in self._timers)

    def _come_to_rest(self) -> None:
        """Wait until everybody waits, but not for ever: a client may be busy with other things."""
        # Counted, because other tools may freeze the clock of the machine.
        for _ in range(_LOOKS):
            if self._is_at_rest():
                return
            with self._changed:
                self._changed.wait(_LOOK_AGAIN)

    def _is_at_rest(self) -> bool:
        """Return whether nobody has anything to do but wait."""
        before = self._changes
        for _ in range(_PASSES):
            listeners = list(open_listeners)
            loops = {listener.loop for listener in listeners} | set(self._loops)
            if not all(map(self._goes_round, loops)):
                return False
            if any(each.is_working for each in listeners) or not self._threads_wait():
                return False
            if self._changes != before:
                return False
        return True

    def _threads_wait(self) -> bool:
        """Return whether the threads that said so do wait."""
        with self._changed:
            socks = [timer.sock for timer in self._timers if timer.sock is not None]
            readers = [timer.thread for timer in self._timers if timer.reads]
        return not any(map(_has_bytes, socks)) and all(map(_is_reading, readers))

    def _goes_round(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether a loop has gone round; one whose thread waits here need not."""
        thread = self._loops.get(loop)
        with self._changed:
            blocked = {timer.thread for timer in self._timers}
        if thread is not None and (thread == threading.get_ident() or thread in blocked):
            return True
        passed = threading.Event()
        try:
            loop.call_soon_threadsafe(passed.set)
        except RuntimeError:  # it is closed
            self._loops.pop(loop, None)
            return True
        while loop.is_running() and not self._ended:
            if passed.wait(_LOOK_AGAIN):
                return True
        return False


def _has_bytes(sock: Any) -> bool:
    try:
        return is_readable(sock)
    except (OSError, ValueError):  # it was closed meanwhile
        return True


def _is_reading(thread: int | None) -> bool:
    """Return whether a thread is in a call that reads from a socket, of whatever library."""
    # httpx tells neither its socket nor when it waits (tried with httpx2 2.16, whose function is
    # `read`; those of `ssl` and `socket` have these names too). A trio loop waits in `get_events`
    # (tried with trio 0.35).
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]  documented
    frame = frames.get(thread or 0)
    return frame is not None and frame.f_code.co_name in ("read", "recv", "recv_into", "get_events")


@contextmanager
def frozen() -> Generator[FrozenClock]:
    """Freeze the time of the clients and the local servers of this process.

    Inside the block no time passes by itself. When a client waits, for a response, for the next
    attempt or for anything that a timeout bounds, and its server has nothing to do either, the time
    jumps to whatever comes first. So waits of any length take milliseconds.

    Yields:
        The clock: `advance` moves it, `elapsed` tells how much time has passed.

    Raises:
        RuntimeError: time is frozen already.
    """
    clock = FrozenClock()
    clock.start()
    try:
        yield clock
    finally:
        clock.end()
