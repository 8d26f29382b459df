"""The clocks of the clients; a transport may bring its own as `clock`, e.g. a simulated one."""

from __future__ import annotations

import sys
import time
from typing import Any

__all__ = ["AsyncMonotonicClock", "MonotonicClock"]


class MonotonicClock:
    """Seconds that never go back, and a way to wait for them to pass."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class AsyncMonotonicClock:
    """A `MonotonicClock` whose `sleep` is awaited, under asyncio or trio."""

    now = staticmethod(time.monotonic)

    @staticmethod
    async def sleep(seconds: float) -> None:
        """Let other tasks run for this many seconds."""
        # trio is only asked when the program has imported it: importing it here would cost every
        # client.
        trio: Any = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            await trio.sleep(seconds)
            return
        import asyncio

        await asyncio.sleep(seconds)
