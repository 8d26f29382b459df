"""An engine on a pool of threads or processes: what another engine takes."""

from __future__ import annotations

import asyncio
import pickle
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from antiphon import Limiter
from antiphon.bulk.job import Job, Stop
from antiphon.bulk.leading import Leader, WorkerProgress
from antiphon.bulk.shards import Loan, Shard, ShardOutcome, ShardRun, ShardWork
from antiphon.bulk.stores import store_of


class Pool:
    """Asks from the workers of an executor."""

    def __init__(
        self, executor: Executor, *, workers: int = 2, shard_rows: int = 50, storage: Any = None
    ) -> None:
        self.executor = executor
        self.workers = workers
        self.shard_rows = shard_rows
        self.storage = storage

    async def run(self, job: Job) -> None:
        store = store_of(self.storage, job.journal.path)
        job.journal.begin(0, "pool")
        work = pickle.dumps(ShardWork.of(job, store, concurrency=10))
        worker = PoolWorker(self.executor, work, job.journal.path / "limits")
        leader = Leader(job, store, self.shard_rows, nothing_known)
        await leader.run([worker] * self.workers)


class PoolWorker:
    """Performs each shard as a task of the executor."""

    def __init__(self, executor: Executor, work: bytes, limits: Path) -> None:
        self.executor = executor
        self.work = work
        self.limits = limits

    async def perform(self, shard: Shard, loan: Loan | None) -> ShardOutcome:
        call = asyncio.get_running_loop().run_in_executor
        return await call(self.executor, perform, self.work, self.limits, shard, loan)

    async def stop(self, why: Stop) -> None:
        """Let the shards under way end: they are short."""


def perform(pickled: bytes, limits: Path, shard: Shard, loan: Loan | None) -> ShardOutcome:
    work: ShardWork = pickle.loads(pickled)
    work.client = work.client.with_options(limiter=Limiter(shared=limits))
    return asyncio.run(ShardRun(work, shard, loan).perform())


async def nothing_known() -> WorkerProgress:
    return WorkerProgress({}, {})
