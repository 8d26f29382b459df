"""Shards: parts of a run that are performed elsewhere, each with a journal of its own.

A shard is performed as a run is: by the engine of one machine, into a run directory. Then it is
published, and whoever leads the run adopts its results. A shard that was left behind is adopted as
far as it came. So no row that has a result is asked again.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from .._async.client import AsyncClient
from .._sync.client import Client
from ..costs.budget import Budget
from ..limiter import Limiter
from .calls import BulkClient
from .engines import Local
from .job import Job, Stop
from .journal import RunJournal
from .prompts import Prompts
from .rows import Row, Source, Values
from .stores import Store

__all__ = ["Loan", "Shard", "ShardOutcome", "ShardRun", "ShardWork", "Shards"]

# Positions from the first to the last row of a shard, where most rows between them are done.
_LONGEST = 50_000
# What killed the worker of a shard so often may be one of its rows.
_MOST_DEATHS = 10


class Shard(NamedTuple):
    """Some rows of a run."""

    name: str
    source: Source


class Shards:
    """The rows of a job that have no result, cut into shards."""

    def __init__(self, job: Job, store: Store, shard_rows: int) -> None:
        """Take a job whose session has begun.

        Args:
            job: the job.
            store: where rows that are not in a file are written for the workers.
            shard_rows: the rows of a shard.
        """
        self._source: Final = job.source
        self._session: Final = job.journal.session
        self._store: Final = store
        self._shard_rows: Final = shard_rows
        self._rows: Final = job.rows()
        self._number = 0
        self._lock = threading.Lock()

    def next(self) -> Shard | None:
        """Return the next shard; None if there is none. It may wait for rows.

        Raises:
            ValueError: a row of an iterable is another one than when the run began.
            OSError: the rows of a shard cannot be written.
        """
        with self._lock:
            rows = self._next_rows()
            first = next(rows, None)
            if first is None:
                return None
            self._number += 1
            name = f"{self._session:04}-{self._number:06}"
            if isinstance(self._source, Values):
                return Shard(name, self._spooled(name, first, rows))
            asked = bytearray(b"\1")
            for row in rows:
                asked.extend(bytes(row.index - first.index - len(asked)) + b"\1")
            return Shard(name, _PartOfFile(self._source, first.index, asked))

    def _next_rows(self) -> Iterator[Row]:
        first = None
        for row in islice(self._rows, self._shard_rows):
            yield row
            first = row.index if first is None else first
            if row.index - first >= _LONGEST:
                return

    def _spooled(self, name: str, first: Row, rows: Iterator[Row]) -> Source:
        count = 1
        with self._store.write(name) as file:
            # Not as JSON: a table has dates, and the digest of a row is that of its very values.
            pickle.dump((first.index, first.value), file)
            for count, row in enumerate(rows, 2):  # noqa: B007
                pickle.dump((row.index, row.value), file)
        return _SpooledRows(self._store, name, count)


class _PartOfFile:
    """Some rows of a file."""

    def __init__(self, source: Source, start: int, asked: bytearray) -> None:
        self._source = source
        self._start, self._stop = start, start + len(asked)
        self._asked = asked  # a 1 for each row that is to be asked, from `start` on

    @property
    def identity(self) -> dict[str, Any]:
        """That of the file."""
        return self._source.identity

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows; see `Source`."""
        left = bytearray(self._start) + self._asked.translate(_INVERTED)
        for index, each in enumerate(done[self._start : self._stop], self._start):
            left[index] |= each
        first, end = max(start, self._start), min(stop or self._stop, self._stop)
        return self._source.rows(left, first, end)


_INVERTED = bytes([1, 0, *range(2, 256)])


class _SpooledRows(Values):
    """Rows of an iterable, which were written for a worker."""

    def __init__(self, store: Store, name: str, total: int) -> None:
        super().__init__((), total)
        self._store, self._name = store, name

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give all rows of the shard; see `Values`."""
        del done, start, stop
        with self._store.read(self._name) as file:
            for _ in range(self.total or 0):
                yield Row(*pickle.load(file))  # noqa: S301 (the leader of the run wrote it)


class Loan(NamedTuple):
    """What a shard may spend."""

    amount: Decimal
    terms: dict[str, Any]
    """The arguments of its `Budget`."""
    is_last: bool
    """Whether there is no other loan if it is used up."""


class ShardOutcome(NamedTuple):
    """How a shard ended; what became of its rows is in its journal."""

    stopped: Stop | None
    """Why it ended before its last row."""
    error: Exception | None
    spent: Decimal | None
    """Of its loan; None if that is not known."""


@dataclass
class ShardWork:
    """What the shards of a run have in common. A pickle of it has no key."""

    client: Client | AsyncClient
    prompts: Prompts
    store: Store
    output_format: Any
    tag: str | None
    dedupe: bool
    concurrency: int
    """The most calls that one worker has under way."""
    folder: Path
    """The working folder, from which the paths in prompts start."""

    @classmethod
    def of(cls, job: Job, store: Store, concurrency: int) -> ShardWork:
        """Return the work of a job, to be sent to workers."""
        return cls(
            job.client.client.with_options(limiter=Limiter()),  # that of the worker takes its place
            job.prompts,
            store,
            job.output_format,
            job.tag,
            job.dedupe,
            concurrency,
            Path.cwd(),
        )


class ShardRun:
    """One shard as a worker performs it."""

    def __init__(self, work: ShardWork, shard: Shard, loan: Loan | None) -> None:
        """Take a shard; `perform` begins it."""
        self.name: Final = shard.name
        self._work: Final = work
        self._shard: Final = shard
        self._loan: Final = loan
        self._job: Job | None = None

    async def perform(self) -> ShardOutcome:
        """Ask the rows that have no result, and publish the shard.

        A shard whose loan was used up is not published if it gets another one.
        """
        store, name = self._work.store, self.name
        if store.is_published(name):  # before the worker died that was to say so
            return ShardOutcome(None, None, None)
        try:
            outcome = await self._performed(store.journal(name))
            if self._loan is None or self._loan.is_last or outcome.stopped != "budget":
                store.publish(name)
        except Exception as error:
            return ShardOutcome("failed", error, None)
        return outcome

    async def _performed(self, path: Path) -> ShardOutcome:
        work = self._work
        journal = RunJournal(path)
        try:
            before = journal.records.totals()
            if journal.records.in_doubt() >= _MOST_DEATHS * work.concurrency:
                raise RuntimeError(
                    f"the worker of shard {self.name} died {_MOST_DEATHS} times; one of its"
                    " rows may be the reason"
                )
            budget = _rest_of(self._loan, before.cost, before.input_tokens + before.output_tokens)
            client = BulkClient(work.client)
            client.budget = budget
            job = self._job = Job(
                self._shard.source,
                work.prompts,
                journal,
                client,
                output_format=work.output_format,
                tag=work.tag,
                dedupe=work.dedupe,
            )
            with job.tagging():
                await Local(work.concurrency).run(job)
            journal.commit()
            job.close()
            client.close()
        finally:
            journal.end()
        return ShardOutcome(job.stopped, job.error, None if budget is None else budget.spent)

    def stop(self, why: Stop) -> None:
        """Begin no further row."""
        if self._job is not None:
            self._job.stop(why)

    def state(self) -> dict[str, Any]:
        """Return how it goes: that of its job."""
        return {} if self._job is None else self._job.state()


def _rest_of(loan: Loan | None, dollars: Decimal, tokens: int) -> Budget | None:
    """Return the budget of a shard, of which earlier sessions have spent something."""
    if loan is None:
        return None
    budget = Budget(**loan.terms)
    budget.end_loan(Decimal(0), dollars if "usd" in loan.terms else Decimal(tokens))
    return budget
