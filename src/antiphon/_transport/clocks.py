"""The clocks of the shells; a transport may bring its own as `clock`, e.g. a simulated one."""

from __future__ import annotations

import time


class SystemClock:
    """Seconds that never go back, and waiting for them to pass."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class AsyncSystemClock:
    """`SystemClock`, awaited under asyncio."""

    now = staticmethod(time.monotonic)

    @staticmethod
    async def sleep(seconds: float) -> None:
        """Let other tasks run for this long."""
        import asyncio

        await asyncio.sleep(seconds)
