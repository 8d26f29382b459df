"""The server's clock: real time, or time that stands still until a test moves it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

from ..._transport import clocks

__all__ = ["LATEST", "Clock", "SystemClock", "VirtualClock", "timestamp"]


# Dates of Python end with the year 9999, and batches name days after today.
_DAY = 86_400  # seconds
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""The last moment to which a clock can be moved, in seconds since 1970."""


class SystemClock:
    """The time of this machine, plus what `advance` has added."""

    running = True
    """Whether time passes by itself."""

    def __init__(self) -> None:
        self._added = 0.0
        self._watchers: set[Callable[[], None]] = set()

    def __call__(self) -> float:
        """Return the current time in seconds since 1970."""
        frozen = clocks.frozen
        now = time.time() if frozen is None else frozen.time()
        return now + self._added

    def today(self) -> date:
        """Return the current day in UTC; models are deprecated and retired by it."""
        return _day(int(self() // _DAY))

    def advance(self, seconds: float) -> None:
        """Move the time on at once: pauses that are over end, caches and batches expire.

        Args:
            seconds: how far to move, from 0.

        Raises:
            ValueError: `seconds` is negative or not a number, or leads beyond the year 9000.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"seconds: {seconds!r} is not a number from 0; time does not go back")
        if seconds > LATEST - self():
            raise ValueError(f"seconds: {seconds!r} leads beyond the year 9000")
        self._added += seconds
        for watcher in tuple(self._watchers):
            watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each `advance`, in the thread that called `advance`."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Stop calling `watcher`."""
        self._watchers.discard(watcher)


class VirtualClock(SystemClock):
    """A clock that stands still until `advance` moves it.

    Args:
        start: seconds since 1970; by default 2026-11-22T00:00:00Z, just before the day as of which
            the model catalogue was written, so that every model in it is still served.
    """

    running = False

    def __init__(self, start: float = 1795305600.0) -> None:
        super().__init__()
        self._start = start

    def __call__(self) -> float:
        """Return the current time in seconds since 1970."""
        return self._start + self._added


Clock = SystemClock
"""Any clock of a server."""


@lru_cache(maxsize=2)  # every request asks for it
def _day(number: int) -> date:
    """Return a day by the number of days since 1970."""
    return datetime.fromtimestamp(number * _DAY, UTC).date()


def timestamp(seconds: float) -> str:
    """Return a moment as most of the API writes it: in UTC, with microseconds and a Z.

    Args:
        seconds: the moment in seconds since 1970.
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
