"""The leader of a run that several workers perform: who gets which shard, and what it may spend.

An engine brings the workers and the way to reach them; all else is here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from .job import Job, Stop
from .records import Records, Totals
from .shards import Loan, Shard, ShardOutcome, Shards
from .stores import Store

__all__ = ["Leader", "ShardWorker", "WorkerProgress"]

_LOOK_SECONDS = 1.0  # between two looks at how the workers get on
_NOTHING = Decimal("1e-12")  # the least that a budget takes, which lets no call pass


class ShardWorker(Protocol):
    """What performs one shard after the other."""

    async def perform(self, shard: Shard, loan: Loan | None) -> ShardOutcome:
        """Perform a shard, as `ShardRun` does; again if the process dies that does it."""
        ...

    async def stop(self, why: Stop) -> None:
        """Begin no further row of the present shard."""
        ...


class WorkerProgress(NamedTuple):
    """How the workers get on."""

    shards: Mapping[str, Mapping[str, Any]]
    """The state of the job of each shard, by name; see `Job.state`."""
    limits: Mapping[str, Any]
    """What is known of the limits of the API; see `Limiter.state`."""


class Leader:
    """Gives shards to workers, and adopts what they publish."""

    def __init__(
        self,
        job: Job,
        store: Store,
        shard_rows: int,
        progress: Callable[[], Awaitable[WorkerProgress]],
    ) -> None:
        """Take a job whose session has begun.

        Args:
            job: the job.
            store: where the shards are.
            shard_rows: the rows of a shard.
            progress: tells how the workers get on.
        """
        self._job: Final = job
        self._store: Final = store
        self._shard_rows: Final = shard_rows
        self._progress: Final = progress
        self._workers: Sequence[ShardWorker] = ()
        self._adopting = asyncio.Lock()
        self._lent = 0
        self._loans_changed = asyncio.Condition()
        self._under_way: set[str] = set()
        self._adopted = job.journal.records.totals()

    async def run(self, workers: Sequence[ShardWorker]) -> None:
        """Let the workers perform the job, until no row is left or the job is stopped.

        Raises:
            Exception: what ended the run.
        """
        self._workers = workers
        for name in await asyncio.to_thread(self._store.names):  # of an earlier session
            await self._adopt(name)
        shards = Shards(self._job, self._store, self._shard_rows)
        watching = asyncio.create_task(self._watch())
        leading = [asyncio.create_task(self._lead(each, shards)) for each in workers]
        try:
            ended = await asyncio.gather(*leading, return_exceptions=True)
        finally:
            for task in (watching, *leading):
                task.cancel()
            await asyncio.gather(watching, *leading, return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each

    def adopt_rest(self) -> None:
        """Adopt what workers that were ended have left in the folder of the run."""
        for path in sorted(self._store.folder.glob("*/")):
            self._job.journal.adopt(path)

    async def _lead(self, worker: ShardWorker, shards: Shards) -> None:
        job = self._job
        try:
            while job.stopped is None:
                shard = await asyncio.to_thread(shards.next)
                if shard is None:
                    return
                self._under_way.add(shard.name)
                outcome = await self._performed(worker, shard)
                if outcome.stopped is not None:
                    job.stop(outcome.stopped, outcome.error)
                await self._adopt(shard.name)
        except Exception as error:  # of the input, or a worker: the others end in order
            job.stop("failed", error)
            raise

    async def _performed(self, worker: ShardWorker, shard: Shard) -> ShardOutcome:
        if self._job.client.budget is None:
            return await worker.perform(shard, None)
        alone = False
        while True:
            loan = await self._lend(alone)
            outcome = await worker.perform(shard, loan)
            await self._end(loan, outcome.spent)
            if outcome.stopped != "budget" or loan.is_last:
                return outcome
            alone = True

    async def _lend(self, alone: bool) -> Loan:
        """Lend a worker its part of the budget, or all of it once nobody else has any."""
        job, budget = self._job, self._job.client.budget
        assert budget is not None
        async with self._loans_changed:
            await self._loans_changed.wait_for(
                lambda: job.stopped or not self._lent or (budget.left > 0 and not alone)
            )
            if job.stopped:
                amount = _NOTHING
            else:
                amount = budget.left if alone else budget.left / (len(self._workers) - self._lent)
            amount = max(amount, _NOTHING)
            self._lent += 1
            return Loan(amount, budget.lend(amount), alone or job.stopped is not None)

    async def _end(self, loan: Loan, spent: Decimal | None) -> None:
        budget = self._job.client.budget
        assert budget is not None
        async with self._loans_changed:
            budget.end_loan(loan.amount, loan.amount if spent is None else spent)
            self._lent -= 1
            self._loans_changed.notify_all()

    async def _adopt(self, name: str) -> None:
        async with self._adopting:  # the journal takes one after the other
            totals = await asyncio.to_thread(self._adopt_published, name)
        self._under_way.discard(name)
        if totals is not None:
            self._adopted = self._adopted.plus(totals)
            self._count({})

    def _adopt_published(self, name: str) -> Totals | None:
        if not self._store.is_published(name):
            return None
        path = self._store.fetch(name)
        totals = Records(path).totals()
        self._job.journal.adopt(path)
        self._store.forget(name)
        return totals

    async def _watch(self) -> None:
        """Count what the workers do, and tell them when the job is stopped."""
        try:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                await self._look()
        except Exception as error:  # nobody would hear of a stop any more
            self._job.stop("failed", error)

    async def _look(self) -> None:
        job = self._job
        if job.stopped is not None:
            async with self._loans_changed:
                self._loans_changed.notify_all()
            await asyncio.gather(*(each.stop(job.stopped) for each in self._workers))
        progress = await self._progress()
        self._count(progress.shards)
        job.journal.sample({**job.state(), "limits": progress.limits})

    def _count(self, shards: Mapping[str, Mapping[str, Any]]) -> None:
        job, done = self._job, self._adopted
        states = [state for name, state in shards.items() if name in self._under_way and state]
        job.ok = done.ok + sum(state["ok"] for state in states)
        job.input_tokens = done.input_tokens + sum(state["input_tokens"] for state in states)
        job.output_tokens = done.output_tokens + sum(state["output_tokens"] for state in states)
        job.cost = done.cost + Decimal(str(sum(state["cost"] for state in states)))
        job.unpriced = done.unpriced
        job.under_way = sum(state["under_way"] for state in states)
        job.errors = {**done.errors}
        for state in states:
            for kind, count in state["errors"].items():
                job.errors[kind] = job.errors.get(kind, 0) + count
