"""The clocks of the clients; a transport may bring its own as `clock`, e.g. a simulated one.

All that waits or measures in a client asks here. So one object can stand in for the time of the
machine: `antiphon.testing.frozen` calls `freeze`, and from then on `frozen` is not None. Where
something waits for a socket and not for the time alone, it looks at `frozen` itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeAlias

__all__ = [
    "AsyncMonotonicClock",
    "FrozenTime",
    "MonotonicClock",
    "Peer",
    "Timer",
    "freeze",
    "machine_now",
    "machine_sleep",
    "now",
    "thaw",
    "waiting",
]

Peer: TypeAlias = tuple[str, int]
"""Host and port of a server that somebody waits for."""


class Timer(Protocol):
    """Something that happens at a time, unless it is cancelled."""

    def cancel(self) -> None:
        """Do not let it happen."""
        ...


class FrozenTime(Protocol):
    """What stands in for the time of the machine."""

    def now(self) -> float:
        """Return seconds that never go back."""
        ...

    def time(self) -> float:
        """Return the seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def async_sleep(self, seconds: float) -> None:
        """Wait, and let other tasks of this event loop run."""
        ...

    def wait_readable(self, sock: Any, seconds: float | None) -> bool:
        """Wait until a socket can be read; return False if the time is over first."""
        ...

    def call_later(
        self,
        loop: Any,
        seconds: float | None,
        call: Callable[[], object],
        *,
        of_client: bool = True,
        peer: Peer | None = None,
    ) -> Timer:
        """Call something in an event loop later; never without `seconds`.

        Args:
            loop: the event loop.
            seconds: when.
            call: what to call.
            of_client: whether a client waits for it, and not a server.
            peer: the server that the client waits for meanwhile.
        """
        ...

    def waiting(self, peer: Peer) -> Timer:
        """Note that a thread waits for a server in some way of its own, until it is cancelled."""
        ...


frozen: FrozenTime | None = None
"""What stands in for the time of the machine; None for the machine itself."""


# Wrapped, so that tools that freeze the time of a whole program, such as freezegun, do not find
# them: with time standing still, no time limit would ever be noticed. A `partial` costs no frame.
machine_now: Callable[[], float] = partial(time.monotonic)
"""Returns seconds of the machine that never go back."""
_machine_sleep = staticmethod(time.sleep)

now: Callable[[], float] = machine_now
"""Returns seconds that never go back; ask for it by `clocks.now()`, since `freeze` replaces it."""


@contextmanager
def waiting(peer: Peer) -> Generator[None]:
    """Let frozen time know that somebody waits for a server in the block."""
    if frozen is None:
        yield
        return
    waits = frozen.waiting(peer)
    try:
        yield
    finally:
        waits.cancel()


async def machine_sleep(seconds: float) -> None:
    """Let other tasks run for this many seconds of the machine, under asyncio or trio."""
    # trio is only asked when the program has imported it: importing it here would cost every
    # client.
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        await trio.sleep(seconds)
        return
    import asyncio

    await asyncio.sleep(seconds)


class MonotonicClock:
    """Seconds that never go back, and a way to wait for them to pass."""

    now = staticmethod(machine_now)

    @staticmethod
    def sleep(seconds: float) -> None:
        """Wait for this many seconds."""
        if frozen is None:
            _machine_sleep(seconds)
        else:
            frozen.sleep(seconds)


class AsyncMonotonicClock:
    """A `MonotonicClock` whose `sleep` is awaited, under asyncio or trio."""

    now = staticmethod(machine_now)

    @staticmethod
    async def sleep(seconds: float) -> None:
        """Let other tasks run for this many seconds."""
        if frozen is None:
            await machine_sleep(seconds)
        else:
            await frozen.async_sleep(seconds)


def freeze(instead: FrozenTime) -> None:
    """Let `instead` stand in for the time of the machine.

    Raises:
        RuntimeError: something does already.
    """
    global frozen
    if frozen is not None:
        raise RuntimeError("time is frozen already; use the clock of the outer block")
    frozen = instead
    _ask(instead.now)


def thaw() -> None:
    """Go back to the time of the machine."""
    global frozen
    frozen = None
    _ask(machine_now)


def _ask(function: Callable[[], float]) -> None:
    """Let all that measures time ask a function. A look at `frozen` each time would cost more."""
    global now
    now = function
    MonotonicClock.now = AsyncMonotonicClock.now = staticmethod(function)
