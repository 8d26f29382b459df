"""Frozen time: a clock for the clients and the local servers of this process that tests move.

Strategy. Everything that waits says so: each sleep, each wait for bytes and each pause of a server
is a timer here. A thread of its own moves the time to the next timer as soon as nobody has anything
to do but wait. Real sockets and event loops do not tell when that is, so it finds out:

* at least one client waits; a pause of a server alone moves nothing;
* no local server is making a response, unless a function of the user makes it that itself waits for
  a server: its timers tell by `question_here` whose they are;
* no socket that a thread waits for, or that a local server reads, has bytes;
* every event loop concerned has gone round several times, which takes in all that had arrived,
  without a single timer being set or cancelled meanwhile.

Nothing tells when a server of another process will respond. So while a client waits for one, time
does not jump: it passes as that of the machine does, and the client's limits with it. The same
keeps all from waiting for ever when something takes long that cannot be seen, as a function of a
script that waits for a thread of the user.

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
from ..local.metering.clock import LATEST
from ..local.serving.listener import Listener, open_listeners
from ..local.serving.questions import question_here

__all__ = ["FrozenClock", "frozen"]

_NEVER = float("inf")
# A connection is accepted, made and read in four passes of a loop, and a task wakes in one more.
_PASSES = 8
# Seconds of the machine after which to look again whether all wait.
_LOOK_AGAIN = 0.001
# The same while time passes for a server elsewhere, which may take minutes.
_LOOK_OUTSIDE = 0.01
# Those that one pass of a loop may take; it may be blocked.
_PASS = 0.1
# Those that anybody may be at work before time passes.
_PATIENCE = 1.0


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
    peer: clocks.Peer | None = None
    """The server that the client waits for, if it is known."""
    question: object = None
    """What identifies the question of a local server that waits for it, too."""

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
        # Those that went off while their threads have not woken yet.
        self._waking: set[_FrozenTimer] = set()
        self._threads: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()
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
            ValueError: `seconds` is negative or not finite, or leads beyond the year 9000.
        """
        if not isinstance(cast("object", seconds), int | float):
            raise TypeError(f"seconds: {seconds!r} is not a number")
        if not 0 <= seconds < _NEVER:
            raise ValueError(f"seconds: {seconds!r} is not a number from 0; time does not go back")
        if seconds > LATEST - self.time():
            raise ValueError(f"seconds: {seconds!r} leads beyond the year 9000")
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

        def fire() -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(over.set)

        timer = self._add(seconds, fire, blocks=True, reads=True)
        try:
            await over.wait()
        finally:
            timer.cancel()

    def wait_readable(self, sock: Any, seconds: float | None) -> bool:
        """Wait until a socket can be read; return False if the time is over first."""
        if getattr(sock, "pending", int)():  # TLS has decrypted more than was read
            return True
        waker, sleeper = socket.socketpair()

        def fire() -> None:
            with suppress(OSError):  # bytes came in the same moment, and the wait is over
                waker.send(b".")

        with waker, sleeper:
            peer = _peer_of(sock)
            timer = self._add(seconds, fire, sock=sock, blocks=True, peer=peer)
            try:
                if not is_readable(sock):
                    with selectors.DefaultSelector() as selector:
                        selector.register(sock, selectors.EVENT_READ)
                        selector.register(sleeper, selectors.EVENT_READ)
                        selector.select()
                # After the block, the wait goes on in the time of the machine.
                return self._ended or is_readable(sock)
            finally:
                timer.cancel()

    def call_later(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float | None,
        call: Callable[[], object],
        *,
        of_client: bool = True,
        peer: clocks.Peer | None = None,
    ) -> clocks.Timer:
        """Call something in an event loop later; never without `seconds`."""

        def fire() -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(call)

        self._note(loop)
        return self._add(seconds, fire, of_client=of_client, peer=peer)

    def waiting(self, peer: clocks.Peer) -> clocks.Timer:
        """Note that a thread or a task waits for a server, until that is cancelled."""
        try:
            self._note(asyncio.get_running_loop())
        except RuntimeError:
            return self._add(None, lambda: None, blocks=True, reads=True, peer=peer)
        return self._add(None, lambda: None, peer=peer)

    def _note(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note that somebody waits in a loop, which runs in this thread."""
        with self._changed:
            self._threads[loop] = threading.get_ident()

    def remove(self, timer: _FrozenTimer) -> None:
        """Forget a timer."""
        with self._changed:
            self._timers.discard(timer)
            self._waking.discard(timer)
            self._changes += 1
            self._changed.notify_all()

    def start(self) -> None:
        """Stand in for the time of the machine."""
        clocks.freeze(self)
        self._mover.start()
        self._tell_servers()

    def end(self) -> None:
        """Give the time back to the machine; sleeps end, waits for servers go on in its time."""
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
        for listener in _listeners():
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
        peer: clocks.Peer | None = None,
    ) -> _FrozenTimer:
        thread = threading.get_ident() if blocks else None
        question = question_here.get() if of_client else None
        with self._changed:
            due = _NEVER if seconds is None else self._elapsed + max(0.0, seconds)
            self._orders += 1
            timer = _FrozenTimer(
                self, due, call, self._orders, of_client, sock, thread, reads, peer, question
            )
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
            if timer.thread is not None:
                self._waking.add(timer)
            self._elapsed = max(self._elapsed, timer.due)
            self._changes += 1
        timer.call()

    def _move(self) -> None:
        """Move the time to the next timer whenever all wait; else let it pass where it has to."""
        seen, passes = -1, False
        since = looked = clocks.machine_now()
        while not self._ended:
            last, looked = looked, clocks.machine_now()
            if passes:
                self._pass(looked - last)
            with self._changed:
                if not self._somebody_waits() and not self._ended:
                    self._changed.wait()
                    since, passes = clocks.machine_now(), False
                    continue
            before = self._changes
            at_rest = self._is_at_rest()
            outside = self._waits_outside()
            if at_rest and not outside and self._jump(before):
                passes = False
                continue
            # Once something has lasted too long, time passes until all wait: the timers that go off
            # meanwhile are changes, too.
            if at_rest or (before != seen and looked - since < _PATIENCE):
                seen, since = before, looked
            passes = (at_rest and outside) or looked - since >= _PATIENCE
            with self._changed:
                if not self._ended:
                    self._changed.wait(_LOOK_OUTSIDE if outside else _LOOK_AGAIN)

    def _jump(self, before: int) -> bool:
        """Let the next timer go off, unless something has changed; return whether one did."""
        with self._moving:
            timer = self._next()
            if timer is None or self._changes != before or self._ended:
                return False
            self._fire(timer)
            return True

    def _pass(self, seconds: float) -> None:
        """Let time pass, at most until a timer goes off: what follows from it comes first."""
        with self._moving:
            timer, end = self._next(), self._elapsed + seconds
            if timer is not None and timer.due <= end:
                self._fire(timer)
            else:
                self._elapsed = end

    def _somebody_waits(self) -> bool:
        return any(timer.of_client for timer in self._timers)

    def _waits_outside(self) -> bool:
        """Return whether a client waits for a server that does not run in this process."""
        with self._changed:
            peers = {timer.peer for timer in self._timers if timer.peer is not None}
        listeners = _listeners()
        return not all(any(each.is_at(*peer) for each in listeners) for peer in peers)

    def _come_to_rest(self) -> None:
        """Wait until everybody waits, but not for ever: a client may be busy with other things."""
        ends = clocks.machine_now() + _PATIENCE
        while not self._is_at_rest() and clocks.machine_now() < ends:
            with self._changed:
                self._changed.wait(_LOOK_AGAIN)

    def _is_at_rest(self) -> bool:
        """Return whether nobody has anything to do but wait."""
        before = self._changes
        for _ in range(_PASSES):
            listeners = _listeners()
            with self._changed:
                threads = {each.loop: each.thread for each in listeners} | dict(self._threads)
            if not all(self._goes_round(*each) for each in threads.items()):
                return False
            if not self._servers_wait(listeners) or not self._threads_wait():
                return False
            if self._changes != before:
                return False
        return True

    def _servers_wait(self, listeners: list[Listener]) -> bool:
        """Return whether no response is being made, but by functions that wait themselves."""
        for each in listeners:
            if each.is_working or any(map(_has_bytes, each.read_sockets)):
                return False
        with self._changed:
            waiting = {timer.question for timer in self._timers}
        return all(each.questions <= waiting for each in listeners)

    def _threads_wait(self) -> bool:
        """Return whether the threads that said so do wait."""
        with self._changed:
            if self._waking:
                return False
            socks = [timer.sock for timer in self._timers if timer.sock is not None]
            readers = [timer.thread for timer in self._timers if timer.reads]
        return not any(map(_has_bytes, socks)) and all(map(_is_reading, readers))

    def _goes_round(self, loop: asyncio.AbstractEventLoop, thread: int) -> bool:
        """Return whether a loop has gone round; one whose thread waits here need not."""
        with self._changed:
            blocked = {timer.thread for timer in self._timers}
        if thread == threading.get_ident() or thread in blocked:
            return True
        passed = threading.Event()
        try:
            loop.call_soon_threadsafe(passed.set)
        except RuntimeError:  # it is closed
            with self._changed:
                self._threads.pop(loop, None)
            return True
        ends = clocks.machine_now() + _PASS
        while loop.is_running() and not self._ended and clocks.machine_now() < ends:
            if passed.wait(_LOOK_AGAIN):
                return True
        return False


def _listeners() -> list[Listener]:
    while True:
        with suppress(RuntimeError):  # another thread has just opened one
            return list(open_listeners)


def _peer_of(sock: Any) -> clocks.Peer | None:
    """Return the address at the other end of a connection, None if there is no other end now."""
    try:
        host, port = getattr(sock, "outer", sock).getpeername()[:2]
    except OSError:
        return None
    return host, port


def _has_bytes(sock: Any) -> bool:
    try:
        return is_readable(sock)
    except (OSError, ValueError):  # it was closed meanwhile
        return True


def _is_reading(thread: int | None) -> bool:
    """Return whether a thread waits in a call that reads from a socket, of whatever library."""
    # httpx tells neither its socket nor when it waits (tried with httpx2 2.16, whose function is
    # `read`; those of `ssl` and `socket` have these names too). A trio loop waits in `get_events`
    # (tried with trio 0.35).
    frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]  documented
    frame = frames.get(thread or 0)
    if frame is None or frame.f_code.co_name not in ("read", "recv", "recv_into", "get_events"):
        return False
    # What has arrived wakes the thread only after a while.
    reader = frame.f_locals.get("self")
    sources = (getattr(reader, name, None) for name in ("_sock", "_epoll", "_kqueue"))
    return not any(_has_bytes(source) for source in sources if source is not None)


@contextmanager
def frozen() -> Generator[FrozenClock]:
    """Freeze the time of the clients and the local servers of this process.

    Inside the block no time passes by itself. When a client waits, for a response, for the next
    attempt or for anything that a timeout bounds, and its server has nothing to do either, the time
    jumps to whatever comes first. So waits of any length take milliseconds. While a client waits
    for a server that this process does not run, time passes as that of the machine.

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
