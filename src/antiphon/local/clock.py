"""The server's time: the system's, or one that tests move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class SystemClock:
    """The time of this machine."""

    def __call__(self) -> float:
        """Seconds since 1970."""
        return datetime.now(UTC).timestamp()


class VirtualClock:
    """A time that stands still until it is moved.

    Args:
        start: seconds since 1970; by default 2026-01-01T00:00:00Z.
    """

    def __init__(self, start: float = 1767225600.0) -> None:
        self._seconds = start
        self._moving = threading.Lock()

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let this many seconds pass."""
        if not seconds >= 0:
            raise ValueError(f"seconds: {seconds!r} is not a number from 0; time does not go back")
        with self._moving:
            self._seconds += seconds
