"""Engines: where and when the rows of a run are asked. This one asks from the process itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice
from time import monotonic
from typing import Final, Protocol

from .job import Job
from .rows import Row, Values

__all__ = ["Engine", "Feed", "Local"]

# Rows that are taken at a time from an iterable that may wait, and for how long.
_TAKEN, _TAKEN_SECONDS = 64, 0.05
# Rows that are passed without giving way to other tasks.
_WITHOUT_PAUSE = 100


class Engine(Protocol):
    """What performs a job."""

    async def run(self, job: Job) -> None:
        """Perform the rows of a job, until none is left or the job is stopped.

        A cancellation ends it at once. Whatever it raises ends the run.
        """
        ...


class Local:
    """Asks from this process, so many rows at a time."""

    def __init__(self, concurrency: int = 200) -> None:
        """Make an engine.

        Args:
            concurrency: the most calls that are under way at a time. The limiter finds out how
                many are useful.

        Raises:
            ValueError: it is no positive number.
        """
        if isinstance(concurrency, bool) or not concurrency >= 1:
            raise ValueError(f"concurrency: {concurrency!r}; give a number from 1")
        self.concurrency: Final = concurrency

    async def run(self, job: Job) -> None:
        """Perform a job; see `Engine`."""
        job.begin(self.concurrency, "live")
        feed = Feed(job)
        workers = [asyncio.create_task(self._work(job, feed)) for _ in range(self.concurrency)]
        try:
            ended = await asyncio.gather(*workers, return_exceptions=True)
        except asyncio.CancelledError:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            raise
        for each in ended:
            if isinstance(each, BaseException):
                raise each

    async def _work(self, job: Job, feed: Feed) -> None:
        try:
            while job.stopped is None and (row := await feed.next()) is not None:
                await job.perform(row)
        except Exception as error:  # of the input, or a fault of ours: the others end in order
            job.stop("failed", error)
            raise


class Feed:
    """The rows of a job, for workers that take one after the other."""

    def __init__(self, job: Job, start: int = 0, stop: int | None = None) -> None:
        """Take the rows of a job, from `start` to `stop`."""
        self._rows: Iterator[Row] = job.rows(start, stop)
        # The next row of a file or a list is there; a generator may wait for anything.
        self._waits = isinstance(job.source, Values) and job.source.total is None
        self._taken: deque[Row] = deque()
        self._turn = asyncio.Lock()
        self._given = 0

    async def next(self) -> Row | None:
        """Return the next row; None if there is none."""
        if self._waits:
            async with self._turn:
                if not self._taken:
                    self._taken.extend(await asyncio.to_thread(self._take))
                return self._taken.popleft() if self._taken else None
        self._given += 1
        if self._given % _WITHOUT_PAUSE == 0:  # rows that fail at once give way to nobody
            await asyncio.sleep(0)
        return next(self._rows, None)

    def _take(self) -> list[Row]:
        """Take some rows: one at least, and more as long as they come at once."""
        taken: list[Row] = []
        end = monotonic() + _TAKEN_SECONDS
        for row in islice(self._rows, _TAKEN):
            taken.append(row)
            if monotonic() > end:
                break
        return taken
