"""The server's time: that of this machine, or one that stands still; both can be moved on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


class SystemClock:
    """The time of this machine, plus what was added to it."""

    running = True
    """Whether time passes by itself."""

    def __init__(self) -> None:
        self._added = 0.0
        self._watchers: set[Callable[[], None]] = set()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return datetime.now(UTC).timestamp() + self._added

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass at once: waits that are due end, caches and batches expire.

        Raises:
            ValueError: `seconds` is below zero or no number.
        """
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"seconds: {seconds!r} is not a number from 0; time does not go back")
        self._added += seconds
        for watcher in tuple(self._watchers):
            watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever time is moved on, in the thread that moves it."""
        self._watchers.add(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Stop calling `watcher`."""
        self._watchers.discard(watcher)


class VirtualClock(SystemClock):
    """A time that stands still until it is moved on.

    Args:
        start: seconds since 1970; by default 2026-11-22T00:00:00Z, when the models table was made.
    """

    running = False

    def __init__(self, start: float = 1795305600.0) -> None:
        super().__init__()
        self._start = start

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._start + self._added


Clock = SystemClock
"""Any clock of a server."""
