"""An engine that sends the rows through the Batches API: at half the price, within a day.

Strategy. Rows become the body of a batch, one by one, until it is full. The batch is noted in the
ledger, then created, then its id is noted: so a process that dies in between leaves a note, and the
next one asks the API whether there is such a batch before it sends anything again. Meanwhile each
batch is looked at now and then. When it has ended, its results are read line by line into the
journal; rows that expired or met an error that may pass go into another batch.

Whoever stops a run leaves its batches at the API, where they go on; the next session takes up their
results, whichever way it asks the other rows. Only `cancel` cancels them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from json import loads
from typing import Any, Final

from .._transport import clocks
from .._wire.http import Headers, HTTPResponse
from ..costs.tally import may_have_cost
from ..errors import (
    AntiphonError,
    APIError,
    APIStatusError,
    BudgetExceededError,
    CredentialsError,
    NotFoundError,
    UsageError,
    error_class,
    status_error,
)
from ..telemetry import logger
from ..types.batches import (
    MessageBatch,
    MessageBatchErroredResult,
    MessageBatchIndividualResponse,
    MessageBatchSucceededResult,
)
from ..types.wire_errors import ErrorResponse
from .batch_drafts import SMALLEST, BatchDraft, encoded, position_in
from .batch_notes import BatchNotes, NotedBatch, NotedRow
from .engines import Feed
from .job import Job
from .records import Location
from .results import Result, cost_in, failure, kind_of, read_output
from .rows import Row
from .seen import Seen

__all__ = ["Batched", "rows_left"]

# Limits of the Batches API.
_MOST_REQUESTS = 100_000
_MOST_BYTES = 256_000_000

# In how many batches a row is at most, if it expires or meets an error that may pass.
_MOST_ATTEMPTS = 3
# The API may not know a batch yet for some seconds after it was created.
_SETTLED_SECONDS = 60.0
# The clocks here and there may differ, and a large body takes minutes to be sent.
_TOLERANCE = timedelta(minutes=15)
# Half an hour at the longest pause: nothing that is under way at the API gets lost meanwhile.
_MOST_FAILURES = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
# How soon it is noticed in a pause that the run stops.
_GLANCE_SECONDS = 0.2
_FREE = Decimal(0)


class Batched:
    """Sends the rows through the Batches API."""

    def __init__(
        self,
        requests: int = _MOST_REQUESTS,
        size: int = _MOST_BYTES,
        every: float = _LONGEST_PAUSE,
    ) -> None:
        """Make an engine.

        Args:
            requests: the most requests of a batch.
            size: the most bytes of a batch.
            every: seconds after which a batch is looked at again; at first it is sooner.

        Raises:
            ValueError: the API does not take such batches, or `every` is no time.
        """
        for name, given, most in (
            ("requests", requests, _MOST_REQUESTS),
            ("size", size, _MOST_BYTES),
        ):
            if isinstance(given, bool) or not 1 <= given <= most:
                raise ValueError(f"{name}: {given!r}; give a number from 1 to {most:,}")
        if not every > 0:
            raise ValueError(f"every: {every!r}; give seconds, more than 0")
        self.requests: Final = requests
        self.size: Final = size
        self.every: Final = every

    async def run(self, job: Job) -> None:
        """Perform a job; see `Engine`.

        Raises:
            TypeError: the client is sync, with a transport or middleware of its own.
        """
        async with _working(job, self) as work:
            # Nothing is in doubt when a session dies: what it had begun is looked up.
            job.begin(0, "batch")
            await work.fill(Feed(job))
            await work.finish()


async def rows_left(job: Job) -> bool:
    """Wait for the batches that a run has under way, and keep their results.

    Returns:
        whether the engine is to be run once more, for rows that are to be asked again.
    """
    notes = BatchNotes(job.journal.path)
    if job.stopped is not None or not (notes.under_way() or notes.left()):
        return False
    async with _working(job, Batched()) as work:
        await work.finish()
    await asyncio.to_thread(job.journal.commit)
    await asyncio.to_thread(notes.clear)
    if job.stopped is not None or not notes.left():
        return False
    if job.comes_once:
        logger.warning("some rows are to be asked again: make the same call with the rows anew")
        job.stop("drained")
    return not job.comes_once


@asynccontextmanager
async def _working(job: Job, engine: Batched) -> AsyncGenerator[_BatchWork]:
    """Take up the batches of earlier sessions; in the end leave or cancel those under way."""
    work = _BatchWork(job, engine)
    try:
        await work.take_up()
        yield work
    except asyncio.CancelledError:
        # Not when an event loop is shut down: what the batches will cost is worth their results.
        if job.stopped == "cancelled":
            await work.cancel()
        raise
    finally:
        work.leave()


class _ForeignBatchError(Exception):
    """The batch that was found for a note is not the one of the note."""


class _BatchWork:
    """What one session does with batches."""

    def __init__(self, job: Job, engine: Batched) -> None:
        self._job: Final = job
        self._engine: Final = engine
        self._client: Final = job.client.asynchronous
        self._notes: Final = BatchNotes(job.journal.path)
        self._draft = BatchDraft()
        self._open: dict[str, NotedBatch] = {}
        """The batches under way, by their ids."""
        self._since: dict[str, float] = {}
        """From when on this session knows them."""
        self._foreign = set[str]()
        """Ids of batches that were found for a note, and were not the ones."""
        self._reserved = _FREE
        self._failures = 0
        self._pause = min(_FIRST_PAUSE, engine.every)

    async def take_up(self) -> None:
        """Find out about the batches that earlier sessions left."""
        await asyncio.to_thread(self._notes.clear)
        for batch in self._notes.under_way():
            if batch.id is None:
                await self._look_up(batch)
            else:
                logger.info("batch %s is under way with %d rows", batch.id, batch.rows)
                self._follow(batch, batch.id)
        if (budget := self._job.client.budget) is not None:
            for batch in self._open.values():
                for row in self._notes.rows_of(batch.mark):
                    budget.reserve_again(row.held)
                    self._reserved += row.held

    async def fill(self, feed: Feed) -> None:
        """Put the rows of a feed into batches, as far as the budget goes."""
        job, equal = self._job, Seen()
        try:
            if job.dedupe:
                for batch in self._open.values():
                    found = (row.digest for row in self._notes.rows_of(batch.mark))
                    equal.update((each, Location(0, 0, 0)) for each in found if each)
            with self._notes.reading() as noted:
                while job.stopped is None and (row := await feed.next()) is not None:
                    before = noted.row(row.index)
                    await self._add(row, 0 if before is None else before.attempts, equal)
            if job.stopped is None:
                await self._send()
        finally:
            equal.close()

    async def finish(self) -> None:
        """Wait for the batches under way and keep their results, unless the run stops."""
        while self._open and self._job.stopped is None:
            if not await self._look():
                await self._wait()

    async def cancel(self) -> None:
        """Cancel the batches under way; what they gave until then is for the next session."""
        for identifier, batch in self._open.items():
            self._notes.cancelling(batch.mark)
            try:
                await self._client.messages.batches.cancel(identifier)
                logger.info("batch %s is being cancelled", identifier)
            except APIError as error:  # it has ended meanwhile, for example
                logger.warning("batch %s could not be cancelled: %s", identifier, error)

    def leave(self) -> None:
        """Say what stays under way; a budget is free again for what is reserved for it."""
        for identifier, batch in self._open.items():
            self._job.under_way -= batch.rows
            logger.warning(
                "batch %s with %d rows stays at the API; the same call goes on with it",
                identifier,
                batch.rows,
            )
        if (budget := self._job.client.budget) is not None:
            budget.settle(self._reserved)

    async def _add(self, row: Row, attempts: int, equal: Seen) -> None:
        """Add a row to the draft, which is sent before if it is full."""
        job = self._job
        name, digest = job.name_of(row), job.digest(row)
        noted = NotedRow(row.index, None, name, digest, attempts, _FREE)
        if job.dedupe and digest is not None:
            if (same := job.answered(row, name, digest)) is not None:
                return job.keep(same, digest)
            # Rows that come only once cannot wait for the message of an equal one.
            if not equal.add(digest) and not job.comes_once:
                return self._draft.rows.append(noted)
        try:
            params = await encoded(await job.params_of(row))
            if (size := SMALLEST + len(params)) > self._engine.size:
                raise ValueError(  # noqa: TRY301
                    f"the request of the row has {size:,} bytes, and a batch may have"
                    f" {self._engine.size:,}"
                )
        except UsageError as error:
            return job.stop("failed", error)
        except (ValueError, TypeError, OSError, ImportError) as error:
            return job.keep(failure(row.index, name, error), digest)
        draft = self._draft
        if draft.requests == self._engine.requests or draft.size_with(params) > self._engine.size:
            await self._send()
        held = await self._reserve(params)
        if held is not None:
            self._draft.add(noted._replace(held=held), params)
        return None

    async def _reserve(self, params: bytes | bytearray) -> Decimal | None:
        """Reserve what a request may cost; return None if the run stops."""
        budget = self._job.client.budget
        if budget is None:
            return _FREE
        body: dict[str, Any] = loads(params)
        while self._job.stopped is None:
            try:
                held = budget.reserve(body)
            except UsageError as error:
                self._job.stop("failed", error)
            except BudgetExceededError as error:
                # What is under way has reserved more than it will cost.
                if self._draft.requests:
                    await self._send()
                elif not self._open:
                    self._job.stop("budget", error)
                elif not await self._look():
                    await self._wait()
            else:
                self._reserved += held
                return held
        return None

    async def _send(self) -> None:
        """Create a batch of the draft, and begin another draft."""
        draft, self._draft = self._draft, BatchDraft()
        if not draft.requests:
            return await asyncio.to_thread(self._notes.leave, draft.rows)
        batch = NotedBatch(draft.mark, None, _now(), "creating", draft.requests)
        await asyncio.to_thread(self._notes.begin, batch, draft.rows)
        body, sure = draft.finished(), True
        while self._job.stopped is None:
            try:
                identifier = None if sure else await self._found(batch)
                identifier = identifier or await self._created(body)
            except (APIError, CredentialsError) as error:
                if kind_of(error) != "exhausted":
                    self._notes.end(batch.mark, state="refused", attempts=0)
                    return self._job.stop("failed", error)
                # Did it arrive? Another attempt could be paid twice, so look for the first one.
                sure = False
                lost = isinstance(error, APIError) and may_have_cost(error)
                await self._failed(error, _SETTLED_SECONDS if lost else None)
                await self._look()
            else:
                self._failures = 0
                await asyncio.to_thread(self._notes.created, batch.mark, identifier)
                logger.info("batch %s was created with %d rows", identifier, batch.rows)
                self._follow(batch, identifier)
                await self._look()
                return None
        return None

    async def _created(self, body: bytearray) -> str:
        # Not by `batches.create`, which takes values of Python. And without retries: those of the
        # client do not look whether the attempt before has created a batch.
        batch = await self._client.post(
            "/v1/messages/batches",
            content=body,
            cast_to=MessageBatch,
            options={"headers": {"content-type": "application/json"}, "max_retries": 0},
        )
        return batch.id

    async def _look_up(self, batch: NotedBatch) -> None:
        """Look for a batch whose id was not noted, for as long as the API may not know it yet."""
        while self._job.stopped is None:
            sure = _now() > batch.created + _SETTLED_SECONDS
            try:
                identifier = await self._found(batch)
            except APIError as error:
                await self._failed(error)
                continue
            if identifier is not None:
                logger.warning(
                    "batch %s seems to be the one that an earlier session created before it ended",
                    identifier,
                )
                self._notes.created(batch.mark, identifier)
                return self._follow(batch, identifier)
            if sure:
                logger.warning(
                    "an earlier session ended before it created a batch of %d rows: they are asked"
                    " again",
                    batch.rows,
                )
                return self._notes.end(batch.mark, state="never created", attempts=0)
            await self._wait()
        return None

    async def _found(self, batch: NotedBatch) -> str | None:
        """Return the id of a batch that can be the one of a note; its results tell for sure."""
        known = self._notes.ids() | self._foreign
        noted = datetime.fromtimestamp(batch.created, UTC)
        async for each in self._client.messages.batches.list(limit=100):
            if each.created_at < noted - _TOLERANCE:
                break  # they come newest first
            counts = each.request_counts
            rows = counts.processing + counts.succeeded + counts.errored
            rows += counts.canceled + counts.expired
            if rows == batch.rows and each.created_at < noted + _TOLERANCE and each.id not in known:
                return each.id
        return None

    def _follow(self, batch: NotedBatch, identifier: str) -> None:
        self._open[identifier] = batch
        self._since[identifier] = clocks.now()
        self._job.under_way += batch.rows

    async def _look(self) -> bool:
        """Keep the results of batches that have ended; return whether there were any."""
        before = len(self._open)
        for identifier in [*self._open]:
            if self._job.stopped is not None:
                break
            try:
                found = await self._client.messages.batches.retrieve(identifier)
                if found.processing_status == "ended":
                    await self._collect(found)
                self._failures = 0
            except NotFoundError as error:
                if clocks.now() - self._since[identifier] > _SETTLED_SECONDS:
                    error.add_note(
                        f"batch {identifier} was deleted, or belongs to the workspace of another"
                        " key; to ask its rows again, give another out"
                    )
                    self._job.stop("failed", error)
            except APIError as error:
                await self._failed(error)
        return len(self._open) < before

    async def _collect(self, ended: MessageBatch) -> None:
        """Keep the results of a batch.

        Raises:
            APIError: they could not be read to their end; what was read is kept.
        """
        batch = self._open[ended.id]
        # Of an earlier reading that broke off: its rows are not taken twice.
        await self._cleared()
        if ended.results_url is None:
            logger.warning("batch %s has no results any more: its rows are asked again", ended.id)
        else:
            try:
                if not await self._read(ended, batch):
                    return None
            except _ForeignBatchError:
                logger.warning("batch %s is one of somebody else", ended.id)
                self._foreign.add(ended.id)
                self._close(ended.id)
                return await self._look_up(batch)
            await self._cleared()
        attempts = 0 if batch.state == "cancelling" else 1
        for row in self._notes.rows_of(batch.mark):
            self._settle(row)
        await asyncio.to_thread(self._notes.end, batch.mark, state="ended", attempts=attempts)
        self._pause = min(_FIRST_PAUSE, self._engine.every)
        self._close(ended.id)
        return None

    async def _read(self, ended: MessageBatch, batch: NotedBatch) -> bool:
        """Keep each result of a batch, as its line arrives; return False if there is no room.

        Raises:
            APIError: they could not be read to their end.
            _ForeignBatchError: the requests were not those of the batch.
        """
        job = self._job
        took = (ended.ended_at or ended.created_at) - ended.created_at
        with self._notes.reading() as noted:
            async with await self._client.messages.batches.results(ended.id) as lines:
                async for line in lines:
                    position = position_in(line.custom_id, batch.mark)
                    if position is None:
                        raise _ForeignBatchError
                    row = noted.row(position)
                    if row is None or row.mark != batch.mark:
                        continue  # it has its result
                    result = self._result(line, row, batch)
                    if result is None:
                        continue
                    result.seconds = took.total_seconds()
                    job.keep(result, row.digest)
                    self._settle(row, result)
                    if result.message is not None:
                        self._client.costs.add(result.message, tag=job.tag)
                    if job.unsaved:  # the others can still be read when there is
                        return False
        return True

    def _result(
        self, line: MessageBatchIndividualResponse, row: NotedRow, batch: NotedBatch
    ) -> Result | None:
        """Return what a line says of a row; None if the row is to be asked again."""
        result = Result(row.position, row.id, "error", attempts=row.attempts + 1)
        given = line.result
        if isinstance(given, MessageBatchSucceededResult):
            result.status, result.message = "ok", given.message
            result.cost = cost_in(given.message)
            read_output(result, self._job.output_format)
            return result
        if isinstance(given, MessageBatchErroredResult):
            result.error = _error_of(given.error)
            result.kind = kind_of(result.error)
            may_pass = result.kind == "exhausted"
        else:
            result.error = AntiphonError(f"the batch gave the row no message: {given.type}")
            result.kind = "expired"
            may_pass = given.type != "canceled"
        # Whom this program cancels is asked when the run goes on. Somebody else who cancels does
        # not want that: such a row has an error, until it is retried on purpose.
        if batch.state == "cancelling" and given.type == "canceled":
            return None
        return None if may_pass and result.attempts < _MOST_ATTEMPTS else result

    def _settle(self, row: NotedRow, result: Result | None = None) -> None:
        """Let a budget know what the request of a row has cost."""
        if (budget := self._job.client.budget) is not None:
            message = None if result is None else result.message
            budget.settle(row.held, message, None if message is None else message.model)
            self._reserved -= row.held

    async def _cleared(self) -> None:
        await asyncio.to_thread(self._job.journal.commit)
        await asyncio.to_thread(self._notes.clear)

    def _close(self, identifier: str) -> None:
        del self._since[identifier]
        self._job.under_way -= self._open.pop(identifier).rows

    async def _failed(self, error: Exception, seconds: float | None = None) -> None:
        """Wait after a failure; stop the run if it will not pass, or did not for half an hour."""
        self._failures += 1
        if kind_of(error) != "exhausted" or self._failures > _MOST_FAILURES:
            return self._job.stop("failed", error)
        logger.warning("the API failed, it is asked again: %s", error)
        return await self._wait(seconds or getattr(error, "retry_after", None))

    async def _wait(self, seconds: float | None = None) -> None:
        """Wait some seconds, by default longer each time; not longer than until the run stops."""
        if seconds is None:
            seconds, self._pause = self._pause, min(2 * self._pause, self._engine.every)
        pause = asyncio.ensure_future(clocks.AsyncMonotonicClock.sleep(seconds))
        try:
            while self._job.stopped is None and not pause.done():
                await asyncio.wait([pause], timeout=_GLANCE_SECONDS)
        finally:
            pause.cancel()


def _now() -> float:
    """Return the seconds since 1970."""
    return time.time() if clocks.frozen is None else clocks.frozen.time()


def _error_of(said: ErrorResponse) -> APIStatusError:
    """Return the error that a call of its own would have had."""
    status = error_class(200, said.error.type).status or 500
    headers = [("request-id", said.request_id)] if said.request_id else []
    return status_error(HTTPResponse(status, Headers(headers)), said.to_dict())
