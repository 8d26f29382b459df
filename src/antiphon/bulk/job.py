"""The work of a run: which rows are to be asked, how one is asked, and what becomes of it.

An engine decides where and when rows are asked; all else is here, so that an engine is short.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from ..costs.tally import tagged
from ..errors import (
    AuthenticationError,
    BillingError,
    BudgetExceededError,
    CredentialsError,
    UsageError,
)
from .calls import Ask, BulkClient
from .journal import RunJournal
from .prompts import Prompts
from .records import Totals
from .results import Result, cost_in, failure, read_output, tokens_of
from .rows import Row, Source, Values, comes_once
from .seen import Seen, digest_of

__all__ = ["Job", "Stop"]

Stop: TypeAlias = Literal["drained", "cancelled", "budget", "failed"]
"""Why a run ended before its last row."""

# With these, each further call would fail in the same way.
_HOPELESS = (CredentialsError, AuthenticationError, BillingError, UsageError)
# So many failures without a message between them: there is no such model, or the API is down.
_MOST_FAILURES = 100
_MOST_PREFIXES = 1_000  # that are remembered as cached
_SAMPLE_SECONDS = 1.0
_FREE = Decimal(0)


class Job:
    """What an engine performs."""

    def __init__(
        self,
        source: Source,
        prompts: Prompts,
        journal: RunJournal,
        client: BulkClient,
        *,
        output_format: Any = None,
        tag: str | None = None,
        dedupe: bool = False,
        before: Totals | None = None,
    ) -> None:
        """Take a run.

        Args:
            source: the rows.
            prompts: how they become calls.
            journal: where the results are kept.
            client: sends the calls.
            output_format: the type of the outputs.
            tag: the tag under which the calls are counted.
            dedupe: whether equal rows are asked once.
            before: what earlier sessions came to; None to look it up.
        """
        self.source: Final = source
        self.prompts: Final = prompts
        self.journal: Final = journal
        self.output_format: Final = output_format
        self.client: Final = client
        self.tag: Final = tag
        self.dedupe: Final = dedupe
        self.comes_once: Final = comes_once(source)
        """Whether the rows can be read only once."""
        self._ask: Ask | None = None
        self.stopped: Stop | None = None
        """Why no further row is begun; None while rows are."""
        self.error: Exception | None = None
        """What made the run stop."""
        self.unsaved: list[Result] = []
        """Results that could not be written."""
        self.total: int | None = None
        """How many rows there are; None while that is not known."""
        self.under_way: int = 0
        """Calls that have no reply yet."""
        before = before or journal.records.totals()
        self.ok: int = before.ok
        self.errors: dict[str, int] = {**before.errors}
        """Rows that failed, by kind."""
        self.input_tokens: int = before.input_tokens
        self.output_tokens: int = before.output_tokens
        self.cost: Decimal = before.cost
        self.unpriced: int = before.unpriced
        self._failures = 0
        self._ended: asyncio.Future[None] | None = None
        self._ids, self._equal = Seen(), Seen()
        self._twins: dict[bytes, asyncio.Event] = {}
        self._cached: dict[bytes, asyncio.Event] = {}
        self._sampled_at = 0.0

    def begin(self, at_a_time: int, way: str) -> None:
        """Note that an engine begins; a second time in a session, that changes nothing.

        Args:
            at_a_time: the most calls that it has under way at a time.
            way: what it is called in the journal.
        """
        if self._ask is not None:
            return
        self.journal.begin(at_a_time, way)
        self._ask = self.client.ask(at_a_time)

    def tagging(self) -> AbstractContextManager[None]:
        """Count the calls that are made within the block under the tag of the run."""
        return nullcontext() if self.tag is None else tagged(self.tag)

    def stop(self, why: Stop, error: Exception | None = None) -> None:
        """Begin no further row; the calls under way go on."""
        if self.stopped is None:
            self.stopped, self.error = why, error

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows that have no result yet, and are in no batch under way.

        Raises:
            ValueError: a row of an iterable is another one than when the run began.
        """
        records = self.journal.records
        done = records.done()
        for position in records.batched():
            done.extend(bytes(max(0, position + 1 - len(done))))
            done[position] = 1
        digests = dict[int, bytes]()
        if isinstance(self.source, Values):
            digests = records.digests()
        if self.dedupe:
            self._equal.update(records.answered())
        for row in self.source.rows(done, start, stop):
            if row.index >= len(done) or not done[row.index]:
                yield row
            elif row.index in digests and digests[row.index] != self.digest(row):
                raise ValueError(
                    f"rows: row {row.index} is another one than when the run began; give the same"
                    " rows, or another out"
                )

    async def perform(self, row: Row) -> None:
        """Ask a row and keep what becomes of it; a row that cannot be asked has an error.

        What concerns all rows, such as a wrong key, stops the run.
        """
        self.under_way += 1
        try:
            name = self.name_of(row)
            digest = self.digest(row)
            if self.dedupe and digest is not None:
                result = await self._unless_equal(row, name, digest)
            else:
                result = await self._asked(row, name)
            if result is not None:
                self.keep(result, digest)
        finally:
            self.under_way -= 1
            if self._ended is not None and not self._ended.done():
                self._ended.set_result(None)
            self._ended = None

    def keep(self, result: Result, digest: bytes | None = None) -> None:
        """Keep a result and count it; one that cannot be written stops the run."""
        self._count(result)
        try:
            place = self.journal.add(result, digest, self.output_format)
        except OSError as error:
            self.unsaved.append(result)
            self.stop("failed", error)
            return
        if self.dedupe and digest and result.message is not None:
            self._equal.add(digest, place)

    def name_of(self, row: Row) -> str:
        """Return the id of a row; give it a fault if another row has the same."""
        own = self.prompts.id_of(row.value)
        if own is None:
            return str(row.index)
        # The ids of other sources were compared when the run began.
        if self.comes_once and not self._ids.add(own.encode()):
            row.fault = f"another row has the id {own!r} too"
        return own

    def digest(self, row: Row) -> bytes | None:
        """Return what tells a row from others; None if nobody will ask."""
        # A file is known by a hash of its own.
        if row.fault or not (self.dedupe or isinstance(self.source, Values)):
            return None
        return digest_of(self.prompts.substance(row.value))

    def answered(self, row: Row, name: str, digest: bytes) -> Result | None:
        """Return the message of an equal row as the result of this one; None if there is none."""
        if (place := self._equal.get(digest)) is None:
            return None
        first = self.journal.records.read(place)
        same = Result(row.index, name, "ok", first.message, cost=_FREE, same_as=first.index)
        read_output(same, self.output_format)
        return same

    async def _unless_equal(self, row: Row, name: str, digest: bytes) -> Result | None:
        """Take the message of an equal row; ask the row if there is none."""
        while (twin := self._twins.get(digest)) is not None:
            await twin.wait()
        if (same := self.answered(row, name, digest)) is not None:
            return same
        self._twins[digest] = asyncio.Event()
        try:
            return await self._asked(row, name)
        finally:
            # After the result was kept: this task does not give way until then.
            asyncio.get_running_loop().call_soon(self._twins.pop(digest).set)

    async def _asked(self, row: Row, name: str) -> Result | None:
        """Ask a row; return None if it was not asked because the run stops."""
        try:
            params = await self.params_of(row)
        except (ValueError, TypeError, OSError, ImportError) as error:
            return failure(row.index, name, error)
        prefix = self.prompts.marked_prefix(row.value, params)
        if prefix is None:
            return await self._sent(row.index, name, params)
        cached = self._cached.get(prefix)
        if cached is not None:
            await cached.wait()
            return await self._sent(row.index, name, params)
        # The first row brings the prefix into the cache, and the others read it there.
        if len(self._cached) >= _MOST_PREFIXES:
            self._cached.pop(next(iter(self._cached))).set()
        cached = self._cached[prefix] = asyncio.Event()
        try:
            return await self._sent(row.index, name, params)
        finally:
            cached.set()

    async def params_of(self, row: Row) -> dict[str, Any]:
        """Return the parameters of the call of a row; files are read.

        Raises:
            ValueError: the row cannot be asked; the message says why.
            TypeError: so with a value of the wrong type.
            OSError: a file cannot be read.
            ImportError: a file needs a package that is not installed.
        """
        if row.fault:
            raise ValueError(row.fault)
        if self.prompts.reads_files(row.value):
            return await asyncio.to_thread(self.prompts.params_of, row.value)
        return self.prompts.params_of(row.value)

    async def _sent(self, index: int, name: str, params: dict[str, Any]) -> Result | None:
        assert self._ask is not None
        started = time.monotonic()
        while True:
            try:
                response = await self._ask(params)
                message = response.parse()
                break
            except BudgetExceededError as error:
                # The calls under way have reserved more than they will cost.
                if self.under_way == 1 or self.stopped is not None:
                    self.stop("budget", error)
                    return None
                if self._ended is None:
                    self._ended = asyncio.get_running_loop().create_future()
                self.under_way -= 1
                try:
                    await asyncio.shield(self._ended)
                finally:
                    self.under_way += 1
            except _HOPELESS as error:
                self.stop("failed", error)
                return None
            except Exception as error:  # of the API, a value that is no JSON, a middleware …
                return failure(index, name, error, seconds=time.monotonic() - started)
        seconds = time.monotonic() - started
        result = Result(
            index,
            name,
            "ok",
            message,
            cost=cost_in(message),
            attempts=1 + response.retries_taken,
            seconds=seconds,
            _received=response.read(),
        )
        read_output(result, self.output_format)
        return result

    def _count(self, result: Result) -> None:
        if result.kind is None:
            self.ok += 1
        else:
            self.errors[result.kind] = self.errors.get(result.kind, 0) + 1
        if result.message is not None:
            self._failures = 0
            if result.same_as is None:
                tokens_in, tokens_out = tokens_of(result.message)
                self.input_tokens += tokens_in
                self.output_tokens += tokens_out
                self.unpriced += result.cost is None
                self.cost += result.cost or _FREE
        elif result.attempts:
            self._failures += 1
            if self._failures >= _MOST_FAILURES:
                self.stop("failed", result.error)
        now = time.monotonic()
        if now - self._sampled_at >= _SAMPLE_SECONDS:
            self._sampled_at = now
            self.journal.sample(self.state())

    def state(self) -> dict[str, Any]:
        """Return how the run goes, as JSON values; `Records.samples` gives those of the past."""
        return {
            "rows": self.total,
            "ok": self.ok,
            "errors": {**self.errors},
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": float(self.cost),
            "under_way": self.under_way,
            "limits": self.client.limits(),
        }

    def close(self) -> None:
        """Let go of what the job remembers."""
        self._ids.close()
        self._equal.close()
