"""The engine for several processes or machines: Ray, of which it uses actors alone.

Strategy. Each worker is an actor that performs one shard after the other, as one machine does, with
a journal of its own; Ray starts it anew when its process dies, and it goes on from that journal.
One more actor leases the rates. Rows and results pass through files: Ray carries names, ranges and
counts. The leader adopts what is published, so that the run directory is that of any other run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import secrets
import socket
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import CredentialsError
from .calls import BulkClient
from .job import Job, Stop
from .leading import Leader, WorkerProgress
from .leases import PERIOD, LeasedLimiter, Leases, PoolLeases, Report
from .shards import Loan, Shard, ShardOutcome, ShardRun, ShardWork
from .stores import store_of

__all__ = ["Ray"]

_CONNECT_SECONDS = 5.0
_CLIENT_PORT = 10001  # of ray://, unless the address says another one
_OBJECT_STORE_BYTES = 80 * 2**20  # the least that Ray takes; no row or result goes there
# A worker waits for the network most of the time.
_WORKER = {"num_cpus": 0.5, "max_restarts": -1, "max_task_retries": -1}
_LIMITER = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}


class Ray:
    """Asks from workers of a Ray cluster, or from some processes of this machine."""

    def __init__(
        self,
        address: str | None = None,
        *,
        shard_rows: int = 2_000,
        workers: int | None = None,
        concurrency: int = 200,
        storage: str | None = None,
    ) -> None:
        """Make an engine; nothing is started.

        Args:
            address: that of a cluster, such as "ray://HOST:PORT"; by default that of the variable
                RAY_ADDRESS, else a cluster is started on this machine for the time of the run.
            shard_rows: the rows that a worker gets at a time, from 1; 500 to 10,000 are usual.
            workers: how many workers there are; by default one for each processor.
            concurrency: the most calls that one worker has under way.
            storage: where shards are published if the workers do not see the folder of `out`: an
                address that fsspec knows, such as "s3://bucket/folder".

        Raises:
            ValueError: a number is not positive.
            ImportError: Ray is not installed.
        """
        numbers = {"shard_rows": shard_rows, "workers": workers, "concurrency": concurrency}
        for name, number in numbers.items():
            if number is not None and (isinstance(number, bool) or not number >= 1):
                raise ValueError(f"{name}: {number!r}; give a number from 1")
        self.address: Final = address
        self.shard_rows: Final = shard_rows
        self.workers: Final = workers
        self.concurrency: Final = concurrency
        self.storage: Final = storage
        if find_spec("ray") is None:
            raise ImportError("engine: Ray is not installed; install antiphon[ray]")

    async def run(self, job: Job) -> None:
        """Perform a job; see `Engine`.

        Raises:
            ConnectionError: no cluster answers at the address.
            TypeError: the client cannot be sent to workers, or something else of the job.
        """
        store = store_of(self.storage, job.journal.path)
        # By the pickle of Ray, which knows types that only the user's program has.
        pickled = (await asyncio.to_thread(_ray, self.address)).cloudpickle.dumps
        work = pickled(ShardWork.of(job, store, self.concurrency))
        async with _connected(self.address) as ray:
            count = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            # The journals of shards know their calls; those on the disks of workers may be lost.
            doubt = 0 if self.storage is None else count * self.shard_rows
            job.journal.begin(doubt, "ray")
            limiter = ray.remote(CommonLimiter).options(**_LIMITER).remote()
            make = ray.remote(Worker).options(**_WORKER).remote
            workers = [_RemoteWorker(make(work), limiter) for _ in range(count)]

            async def progress() -> WorkerProgress:
                found: WorkerProgress = await limiter.progress.remote()
                return found

            leader = Leader(job, store, self.shard_rows, progress)
            try:
                await leader.run(workers)
            finally:
                for actor in (*(each.actor for each in workers), limiter):
                    ray.kill(actor)
                await asyncio.to_thread(leader.adopt_rest)


class _RemoteWorker:
    """A worker, for the leader."""

    def __init__(self, actor: Any, limiter: Any) -> None:
        self.actor: Final = actor
        self._limiter: Final = limiter

    async def perform(self, shard: Shard, loan: Loan | None) -> ShardOutcome:
        outcome: ShardOutcome = await self.actor.perform.remote(shard, loan, self._limiter)
        if isinstance(outcome.error, CredentialsError):
            missing = CredentialsError(
                "A worker has no API key. Keys are not sent to workers: set ANTHROPIC_API_KEY here,"
                " before the run begins, and on each machine where workers run."
            )
            return outcome._replace(error=missing)
        return outcome

    async def stop(self, why: Stop) -> None:
        await self.actor.stop.remote(why)


class Worker:
    """The actor that performs shards."""

    def __init__(self, work: bytes) -> None:
        """Take what all shards have in common."""
        self._work: ShardWork = pickle.loads(work)  # noqa: S301 (the leader of the run made it)
        with suppress(OSError):
            os.chdir(self._work.folder)
        self._limiter = LeasedLimiter()
        client = self._work.client.with_options(limiter=self._limiter)
        self._work.client = BulkClient(client).client  # one, whose connections stay
        self._name = secrets.token_hex(8)
        self._run: ShardRun | None = None
        self._leasing: asyncio.Task[None] | None = None

    async def perform(self, shard: Shard, loan: Loan | None, limiter: Any) -> ShardOutcome:
        """Perform a shard at the rates that the actor `limiter` leases; see `ShardRun`."""
        run = self._run = ShardRun(self._work, shard, loan)
        # It goes on between shards, so that units that are not needed go to the others.
        leasing = self._leasing = self._leasing or asyncio.create_task(self._lease(limiter))
        performing = asyncio.create_task(run.perform())
        try:
            await asyncio.wait({performing, leasing}, return_when=asyncio.FIRST_COMPLETED)
            if leasing.done():  # it never ends by itself, and without leases the calls wait forever
                self._leasing = None
                leasing.result()
            return performing.result()
        finally:
            performing.cancel()
            await asyncio.gather(performing, return_exceptions=True)

    async def stop(self, why: Stop) -> None:
        """Begin no further row."""
        if self._run is not None:
            self._run.stop(why)

    async def _lease(self, limiter: Any) -> None:
        while True:
            # Not at once: what has just come would count as not needed.
            await asyncio.sleep(PERIOD / 2)
            assert self._run is not None
            state = {name: each for name, each in self._run.state().items() if name != "limits"}
            report = self._limiter.report(time.monotonic())
            leases = await limiter.lease.remote(self._name, report, self._run.name, state)
            self._limiter.take(leases, time.monotonic())


class CommonLimiter:
    """The actor that leases rates to all workers. A new one learns all again in one round."""

    def __init__(self) -> None:
        self._leases = Leases()
        self._reports: dict[str, Report] = {}
        self._states: dict[str, tuple[str, dict[str, Any]]] = {}
        self._round: asyncio.Task[dict[str, PoolLeases]] | None = None

    async def lease(
        self, worker: str, report: Report, shard: str, state: dict[str, Any]
    ) -> PoolLeases:
        """Return the leases of a worker, at the end of the round; remember how it gets on."""
        self._reports[worker] = report
        self._states[worker] = shard, state
        if self._round is None:
            self._round = asyncio.create_task(self._next_round())
        return (await asyncio.shield(self._round))[worker]

    async def progress(self) -> WorkerProgress:
        """Return how the workers get on."""
        return WorkerProgress(dict(self._states.values()), self._leases.state(time.monotonic()))

    async def _next_round(self) -> dict[str, PoolLeases]:
        await asyncio.sleep(PERIOD / 2)  # for the others, so that all have the same rounds
        reports, self._reports, self._round = self._reports, {}, None
        return self._leases.round(reports, time.monotonic())


@asynccontextmanager
async def _connected(address: str | None) -> AsyncGenerator[Any]:
    """Give Ray, connected to a cluster; let go of the cluster if it was started for that."""
    connecting = asyncio.create_task(asyncio.to_thread(_connect, address))
    try:
        yield (await asyncio.shield(connecting))[0]
    finally:
        ray, is_ours = await connecting  # a thread cannot be cancelled
        if is_ours:
            await asyncio.to_thread(ray.shutdown)


def _connect(address: str | None) -> tuple[Any, bool]:
    """Return Ray, and whether the connection was made here.

    Raises:
        ConnectionError: no cluster answers at the address.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    if address is not None:
        _check_that_something_answers(address)
    ray = _ray(address)
    if ray.is_initialized():
        return ray, False
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        with _environment(_local_settings()):
            ray.init(
                "local",
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                _node_ip_address="127.0.0.1",
                **quiet,
            )
    else:
        try:
            ray.init(address, **quiet)
        except ConnectionError as error:  # its text may be a traceback of the cluster
            reason = str(error).strip().rpartition("\n")[2]
            raise ConnectionError(
                f"engine: the Ray cluster at {address!r} takes no runs now ({reason}); nothing was"
                " sent"
            ) from error
    return ray, True


def _check_that_something_answers(address: str) -> None:
    # Ray itself tries for minutes.
    parts = urlsplit(address if "://" in address else f"ray://{address}")
    if parts.hostname is None or address == "auto":
        return
    place = parts.hostname, parts.port or _CLIENT_PORT
    try:
        socket.create_connection(place, _CONNECT_SECONDS).close()
    except OSError as error:
        raise ConnectionError(
            f"engine: no Ray cluster answers at {address!r} ({error}); nothing was sent"
        ) from error


def _ray(address: str | None) -> Any:
    """Return Ray, which reads some variables when it is loaded."""
    with _environment({} if address else _local_settings()):
        return import_module("ray")


def _local_settings() -> dict[str, str]:
    """Return the variables with which a cluster of this machine is started, and reached."""
    return {
        "RAY_USAGE_STATS_ENABLED": "0",
        # Other users of the machine must not reach it, and no token goes into the home.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _token(),
        # In spite of its name, on each system: listen on the loopback interface alone.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }


@cache
def _token() -> str:
    # One for the process: Ray remembers the first that it was given.
    return secrets.token_hex(32)


@contextmanager
def _environment(variables: dict[str, str]) -> Generator[None]:
    """Set variables that are not set, for the time of the block."""
    added = [name for name in variables if name not in os.environ]
    os.environ.update({name: variables[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
