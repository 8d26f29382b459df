"""A run: what `run` and `arun` return. It begins when its first result is asked for.

`AsyncRun` does the work in the event loop that awaits it. `Run` has an event loop in a thread of
its own, and reads the results from the journal, so that a slow reader holds nothing up.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from heapq import merge
from pathlib import Path
from time import monotonic
from typing import Any, Final, ParamSpec, Self, TypeVar

from .._async.client import AsyncClient
from .._sync.client import Client
from ..errors import UsageError
from .batches import Batched, rows_left
from .calls import BulkClient, budget_of
from .engines import Engine, Local
from .export import check_format, export
from .job import Job, Stop
from .journal import RunJournal, open_run
from .plans import Planner, RunPlan
from .prompts import Prompts, TemplateInput
from .ray import Ray
from .records import Location, Records, Totals, settings_of
from .results import Kind, Result
from .rows import FileSource, RowsInput, Source, Values, comes_once, source_of

__all__ = ["CANCEL", "AsyncRun", "Run", "RunProgress", "RunSummary", "confirm", "directory_of"]

P = ParamSpec("P")
T = TypeVar("T")

_FORMAT = 1  # of the run directory; a later version may have to read an older one
_SUFFIX = ".run"

CANCEL: Final = "cancel"
"""The file in the run directory with which another process asks for the end of the session."""
_LOOKS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How a run goes."""

    rows: int | None
    """Rows of the input; None while that is not known."""
    ok: int
    errors: dict[str, int]
    """Rows that failed, by kind."""
    input_tokens: int
    output_tokens: int
    cost: Decimal
    """US dollars, those of earlier sessions included."""
    under_way: int
    """Calls that have no reply yet."""
    rows_per_second: float
    seconds_left: float | None
    """None while nobody can tell."""
    seconds: float
    """Since this session began."""
    limits: dict[str, Any]
    """What is known of the limits of the API; see `Limiter.state`."""

    @property
    def done(self) -> int:
        """Rows with a result."""
        return self.ok + sum(self.errors.values())


@dataclass(frozen=True, slots=True)
class RunSummary(Totals):
    """What a run came to, earlier sessions included."""

    rows: int
    """Rows with a result."""
    stopped: Stop | None
    """Why it ended before its last row; None if it is complete."""
    in_doubt: int
    """The most calls that were under way when earlier sessions died: they may be paid twice."""
    out: Path | None
    """Where the results are, if the run is complete and was given an `out`."""
    directory: Path
    """The run directory."""


class Setup:
    """What a run is, as it was given and checked."""

    def __init__(
        self,
        rows: RowsInput,
        *,
        out: Any,
        params: Mapping[str, Any] | None,
        template: TemplateInput | None,
        output_format: Any,
        tag: str | None,
        budget: Any,
        engine: Engine | str,
        via: str,
        client: Client | AsyncClient | None,
        ordered: bool,
        confirm_above: float | None,
        dedupe: bool,
    ) -> None:
        """Check what was given; nothing is written or sent.

        Raises:
            TypeError: an argument has the wrong type.
            ValueError: an argument has an impossible value.
            OSError: the input cannot be read.
        """
        self.out: Path | None = None if out is None else Path(out)
        if self.out is not None:
            check_format(self.out)
            if not self.out.parent.is_dir():
                raise FileNotFoundError(f"out: there is no folder {str(self.out.parent)!r}")
        self.source: Source = source_of(rows)
        self.prompts: Prompts = Prompts(params, template, output_format)
        self.output_format = output_format
        self.tag = tag
        budget_of(budget, Decimal(0))
        self.budget = budget
        self.engine: Engine = _engine_of(engine, via)
        self.client: BulkClient = BulkClient(client)
        self.ordered = ordered
        if confirm_above is not None and not confirm_above >= 0:
            raise ValueError(f"confirm_above: {confirm_above!r}; give US dollars, 0 or more")
        self.confirm_above = confirm_above
        self.dedupe = dedupe

    @property
    def directory(self) -> Path | None:
        """The run directory; None for a temporary one."""
        return None if self.out is None else directory_of(self.out)

    def settings(self) -> dict[str, Any]:
        """Return what must be the same when the run is resumed, as JSON values."""
        return {
            "format": _FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "input": self.source.identity,
            "path": str(self.source.path.resolve())
            if isinstance(self.source, FileSource)
            else None,
            **self.prompts.identity,
            "dedupe": self.dedupe,
        }

    def planned(self, done: bytearray, limits: Mapping[str, Any], *, closer: bool) -> RunPlan:
        """Read all rows and return what the run will take; see `Planner`."""
        planner = Planner(
            self.prompts,
            is_done=lambda index: index < len(done) and bool(done[index]),
            looks_closer=closer,
        )
        with closing(planner):
            for row in self.source.rows(bytearray()):
                planner.add(row)
            return planner.plan(limits)


def directory_of(out: Path) -> Path:
    """Return the directory of the run whose results go to `out`."""
    return out if out.suffix == _SUFFIX else out.with_name(out.name + _SUFFIX)


def _engine_of(engine: Engine | str, via: str) -> Engine:
    if via not in ("live", "batch"):
        raise ValueError(f"via: {via!r}; give 'live' or 'batch'")
    if via == "batch":
        if engine != "local" and not isinstance(engine, Batched):
            raise ValueError("via: the Batches API does the work itself; leave engine= out")
        return engine if isinstance(engine, Batched) else Batched()
    if engine == "ray":
        return Ray()
    if isinstance(engine, str) and engine.startswith("ray://"):
        return Ray(engine)
    if engine == "local":
        return Local()
    if isinstance(engine, str) or not callable(getattr(engine, "run", None)):
        raise ValueError(  # noqa: TRY004 (one error for a wrong text and a wrong object)
            f"engine: {engine!r}; give 'local', 'ray', 'ray://HOST:PORT' or an engine"
        )
    return engine


class _Session:
    """One session of a run: from its beginning to its end, or to where it was stopped."""

    def __init__(self, setup: Setup) -> None:
        self.setup: Final = setup
        self.client: Final = setup.client
        self.job: Job | None = None
        self.journal: RunJournal | None = None
        self.rows: int | None = None
        self.begun = threading.Event()
        """Set once there is a journal, or the run has failed before."""
        self.ended = False
        self.again: tuple[Kind | None] | None = None
        """The kind of the failures that are asked again; None in it for all."""
        self._stopped: Stop | None = None
        self._started = monotonic()
        self._before = 0

    async def perform(self) -> RunSummary:
        """Perform the run.

        Raises:
            Exception: what made it stop; the results so far are in the journal.
        """
        try:
            return await self._performed()
        finally:
            self.ended = True
            self.begun.set()
            self.client.close()

    async def _performed(self) -> RunSummary:
        job, is_cancelled = await _in_thread(self._begin)
        if is_cancelled:
            job.stop("cancelled")
        self.begun.set()
        cancel = asyncio.create_task(_stop_if_asked(job))
        try:
            if job.stopped is None:
                with job.tagging():
                    await self.setup.engine.run(job)
                    while await rows_left(job):
                        await self.setup.engine.run(job)
        except asyncio.CancelledError:
            job.stop("cancelled")
        finally:
            cancel.cancel()
            # Whatever went wrong, what is there is kept; a cancellation comes too late now.
            await _in_thread(self._close, job)
        return self._summary(job)

    def _begin(self) -> Job:
        setup = self.setup
        directory = setup.directory
        if directory is None:
            directory = Path(tempfile.mkdtemp(prefix="antiphon-"))
            weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        settings = setup.settings()
        if settings_of(directory) is not None:
            open_run(directory, settings)  # before anything is written there
        journal = RunJournal(directory)
        try:
            open_run(directory, settings)
            (directory / CANCEL).unlink(missing_ok=True)  # it was for an earlier session
            self._check(journal.records)
            if self.again is not None:
                journal.forget(*self.again)
            spent = journal.records.totals()
            self.client.budget = budget_of(setup.budget, spent.cost)
            job = Job(
                setup.source,
                setup.prompts,
                journal,
                self.client,
                output_format=setup.output_format,
                tag=setup.tag,
                dedupe=setup.dedupe,
                before=spent,
            )
        except BaseException:
            journal.end()
            raise
        job.total = self.rows
        self._before = spent.done
        self._started = monotonic()
        self.journal, self.job = journal, job
        if self._stopped is not None:
            job.stop(self._stopped)
        return job

    def _check(self, records: Records) -> None:
        """Look through the rows, and ask whether they may cost what they will.

        Raises:
            ValueError: the rows cannot be asked.
            UsageError: nobody agreed to what the run may cost.
        """
        setup = self.setup
        if comes_once(setup.source):
            return
        asks = setup.confirm_above is not None
        if isinstance(setup.source, Values):
            self.rows = setup.source.total
        if records.sessions() and not asks:  # it was looked through when it began
            if self.rows is None and (sample := records.last_sample()) is not None:
                self.rows = sample[1]["rows"]
            return
        plan = setup.planned(records.done(), self.client.limits(), closer=asks)
        self.rows = plan.rows
        if plan.faulty and plan.faulty == plan.rows:
            raise ValueError(f"rows: none can be asked; {plan.faults[0]}")
        if asks:
            confirm(plan, setup.confirm_above or 0.0)

    def _close(self, job: Job) -> None:
        """Make all durable, and write `out` if the run is complete."""
        journal = job.journal
        try:
            journal.sample(job.state())
            if job.unsaved:
                _save_again(job)
            journal.commit()
            if job.stopped is None and self.setup.out is not None:
                export(
                    journal.records,
                    self.setup.out,
                    self.setup.output_format,
                    ordered=self.setup.ordered,
                )
        finally:
            job.close()
            journal.end()

    def _summary(self, job: Job) -> RunSummary:
        if job.stopped == "failed" and job.error is not None:
            raise job.error
        records = job.journal.records
        totals = records.totals()
        return RunSummary(
            **{each.name: getattr(totals, each.name) for each in fields(totals)},
            rows=totals.done,
            stopped=job.stopped,
            in_doubt=records.in_doubt(),
            out=self.setup.out if job.stopped is None else None,
            directory=records.path,
        )

    def stop(self, why: Stop) -> None:
        """Begin no further row."""
        self._stopped = why
        if self.job is not None:
            self.job.stop(why)

    def progress(self) -> RunProgress:
        """Return how the run goes."""
        job = self.job
        seconds = monotonic() - self._started
        if job is None:
            return RunProgress(None, 0, {}, 0, 0, Decimal(0), 0, 0.0, None, seconds, {})
        done = job.ok + sum(job.errors.values())
        speed = (done - self._before) / seconds if seconds else 0.0
        left = None
        if self.rows is not None and speed:
            left = (self.rows - done) / speed
        return RunProgress(
            rows=self.rows,
            ok=job.ok,
            errors={**job.errors},
            input_tokens=job.input_tokens,
            output_tokens=job.output_tokens,
            cost=job.cost,
            under_way=job.under_way,
            rows_per_second=speed,
            seconds_left=left,
            seconds=seconds,
            limits=self.client.limits(),
        )

    def blocks(self) -> Generator[list[Result]]:
        """Give the results in blocks as they come; blocks the thread, and ends with the run."""
        self.begun.wait()
        journal, setup = self.journal, self.setup
        if journal is None or self.job is None:
            return
        position, place, commits = 0, Location(0, 0, 0), 0
        while True:
            ended = self.ended  # asked before: what is there then is all there will be
            if setup.ordered:
                found = journal.records.in_order(position, setup.output_format)
                position += len(found)
            else:
                found, place = journal.records.as_completed(place, setup.output_format)
            if found:
                yield found
            elif ended:
                break
            else:
                commits = journal.wait(commits, 1.0)
        if self.job.stopped is not None:
            yield from self._after_a_stop(position)

    def _after_a_stop(self, position: int) -> Generator[list[Result]]:
        """Give the rows that were not asked, and in order the results that stand behind them."""
        source = self.setup.source
        assert self.journal is not None
        records = self.journal.records
        done = records.done()
        skipped: Iterator[Result] = iter(())
        if not comes_once(source):
            skipped = (
                Result(row.index, self.setup.prompts.id_of(row.value) or str(row.index), "skipped")
                for row in source.rows(done)
                if row.index >= len(done) or not done[row.index]
            )
        results: Iterator[Result] = iter(())
        if self.setup.ordered:
            results = records.rest(position, self.setup.output_format)
        for result in merge(results, skipped, key=lambda each: each.index):
            yield [result]


async def _in_thread(function: Callable[P, T], *args: P.args, **more: P.kwargs) -> tuple[T, bool]:
    """Call a function in a thread and wait for it, since a thread cannot be cancelled.

    Returns:
        what it returned, and whether the task was cancelled meanwhile.
    """
    call = asyncio.create_task(asyncio.to_thread(function, *args, **more))
    try:
        return await asyncio.shield(call), False
    except asyncio.CancelledError:
        return await call, True


def _save_again(job: Job) -> None:
    """Write the results that could not be written; leave them on the error if that fails again."""
    try:
        while job.unsaved:
            job.journal.add(job.unsaved[0], None, job.output_format)
            del job.unsaved[0]
    except OSError as error:
        error.add_note(
            f"{len(job.unsaved)} results could not be written; they are in run.unsaved. Make room"
            " and give the same command again."
        )
        raise


async def _stop_if_asked(job: Job) -> None:
    """Wait until another process asks for the end of the session, and begin no further row."""
    while not (job.journal.path / CANCEL).exists():  # noqa: ASYNC110 (a file sets no event)
        await asyncio.sleep(_LOOKS_SECONDS)
    job.stop("drained")


def confirm(plan: RunPlan, limit: float) -> None:
    """Ask on the terminal whether a run may cost more US dollars than the limit.

    Raises:
        UsageError: it may not, or there is nobody to ask.
    """
    if plan.cost_high is not None and plan.cost_high <= Decimal(str(limit)):
        return
    could = "an unknown sum" if plan.cost_high is None else f"${plan.cost_high:.2f}"
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"confirm_above: the run could cost {could}, and there is no terminal to ask whether it"
            " may; nothing was sent. Give a larger confirm_above, or leave it out."
        )
    print(plan, file=sys.stderr)
    print(f"This could cost {could}. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("the run was not confirmed; nothing was sent")


class _BaseRun:
    """What both kinds of runs can tell at any time."""

    def __init__(self, setup: Setup) -> None:
        self._setup: Final = setup
        self._session: Final = _Session(setup)
        self._started = False

    @property
    def directory(self) -> Path | None:
        """The run directory; None before a run without `out` has begun."""
        journal = self._session.journal
        return self._setup.directory if journal is None else journal.path

    @property
    def progress(self) -> RunProgress:
        """How it goes; it may be asked from any thread."""
        return self._session.progress()

    @property
    def stopped(self) -> Stop | None:
        """Why no further row is begun; None while rows are, and if all were."""
        job = self._session.job
        return None if job is None else job.stopped

    @property
    def unsaved(self) -> list[Result]:
        """Results that were received and could not be written, because the disk is full."""
        job = self._session.job
        return [] if job is None else job.unsaved

    def stop(self) -> None:
        """Begin no further row; the calls under way are waited for. May be called anywhere."""
        self._session.stop("drained")

    def retry(self, only: Kind | None = None) -> Self:
        """Ask the rows that failed again, when the run begins.

        Args:
            only: those whose failure is of this kind; None for all.

        Returns:
            The run.
        """
        self._session.again = (only,)
        return self

    def _planned(self) -> RunPlan:
        if comes_once(self._setup.source):
            raise UsageError(
                "the rows come from an iterator, which a plan would use up; give a list or a file"
            )
        done = bytearray()
        directory = self._setup.directory
        if directory is not None and settings_of(directory) is not None:
            done = Records(directory).done()
        return self._setup.planned(done, self._session.client.limits(), closer=True)

    def __del__(self) -> None:
        if not getattr(self, "_started", True):
            self._started = True
            warnings.warn(
                "a run was made and never begun: iterate over it, or call its wait()",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )

    def __repr__(self) -> str:
        progress = self.progress
        rows = "?" if progress.rows is None else f"{progress.rows:,}"
        return f"<{type(self).__name__}: {progress.done:,} of {rows} rows done>"


class Run(_BaseRun):
    """A run for programs that do not await; it begins when its first result is asked for.

    Iterate over it for the results, or call `wait`. Leaving the loop early stops the run in order:
    calls under way are waited for and kept, and the same call of `run` goes on from there.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[RunSummary] | None = None
        self._summary: RunSummary | None = None
        self._error: BaseException | None = None

    def plan(self) -> RunPlan:
        """Read all rows and return what the run will take; nothing is sent.

        Raises:
            ValueError: the rows cannot be asked.
            UsageError: they come from an iterator, which can be read only once.
        """
        self._started = True  # somebody looks after it
        return self._planned()

    def __iter__(self) -> Generator[Result]:
        """Give the results, those of earlier sessions first.

        Raises:
            Exception: what made the run fail, after the results that there are.
        """
        self._begin()
        try:
            for block in self._session.blocks():
                yield from block
        except BaseException:
            self._drain()
            raise
        self.wait()

    def wait(self) -> RunSummary:
        """Wait for the end and return what the run came to; begin it if it has not begun.

        Raises:
            Exception: what made the run fail; the results so far are kept.
        """
        self._begin()
        assert self._thread is not None
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self._drain()
            raise
        if self._error is not None:
            raise self._error
        assert self._summary is not None
        return self._summary

    def cancel(self) -> None:
        """End at once: the calls under way are cut, and may be paid for."""
        loop, task = self._loop, self._task
        if loop is None or task is None:
            return self._session.stop("cancelled")

        def cut() -> None:  # in one step: an engine that ended in between would not be cut
            self._session.stop("cancelled")
            task.cancel()

        with suppress(RuntimeError):  # it has ended meanwhile
            loop.call_soon_threadsafe(cut)
        return None

    def _begin(self) -> None:
        if self._thread is None:
            self._started = True
            self._thread = threading.Thread(target=self._perform, name="antiphon-bulk")
            self._thread.start()

    def _perform(self) -> None:
        async def perform() -> RunSummary:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            return await self._session.perform()

        try:
            self._summary = asyncio.run(perform())
        except BaseException as error:  # it belongs to the thread that waits
            self._error = error

    def _drain(self) -> None:
        """Stop and wait; a second interrupt cuts the calls under way."""
        self.stop()
        assert self._thread is not None
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self.cancel()
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._drain()
        self._started = True


class AsyncRun(_BaseRun):
    """A run for programs with an event loop (asyncio); it begins with its first result.

    Iterate over it with `async for`, or await `wait`. As a context manager it stops in order when
    the block is left.
    """

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._task: asyncio.Task[RunSummary] | None = None

    def __await__(self) -> Generator[Any, None, Self]:
        """Return the run itself, for those who write ``await arun(…)``; nothing begins."""
        return self
        yield  # an awaitable is a generator that ends at once

    async def plan(self) -> RunPlan:
        """Read all rows and return what the run will take; see `Run.plan`."""
        self._started = True
        return await asyncio.to_thread(self._planned)

    async def __aiter__(self) -> AsyncIterator[Result]:
        """Give the results, those of earlier sessions first.

        Raises:
            Exception: what made the run fail, after the results that there are.
        """
        self._begin()
        blocks = self._session.blocks()
        while (block := await asyncio.to_thread(next, blocks, None)) is not None:
            for result in block:
                yield result
        await self.wait()

    async def wait(self) -> RunSummary:
        """Wait for the end and return what the run came to; see `Run.wait`."""
        return await asyncio.shield(self._begin())

    async def cancel(self) -> None:
        """End at once: the calls under way are cut, and may be paid for."""
        self._session.stop("cancelled")
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> asyncio.Task[RunSummary]:
        if self._task is None:
            self._started = True
            self._task = asyncio.create_task(self._session.perform())
        return self._task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._started = True
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])
