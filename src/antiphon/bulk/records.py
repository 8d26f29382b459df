"""What a run directory holds: read by whoever wants to know, while the run goes on or after it.

`run.json` says what was asked; the ledger (SQLite) has a row for each result, with the place of
its line in a segment. `journal.py` writes them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from .._wire.json import JSONObject, loads
from .results import KINDS, Result, result_of

__all__ = [
    "LEDGER",
    "NANO",
    "SETTINGS",
    "Location",
    "Records",
    "Totals",
    "connected",
    "entered",
    "segment_path",
    "settings_of",
]

SETTINGS: Final = "run.json"
LEDGER: Final = "ledger.db"

NANO: Final = Decimal(10) ** 9
"""The ledger has dollars as whole billionths."""

_BLOCK = 1_000  # results that are in memory at a time


class Location(NamedTuple):
    """Where the line of a result is."""

    segment: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """Where the next line begins."""
        return self.start + self.length


_BEGIN = Location(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the rows that are done."""

    ok: int
    errors: dict[str, int]
    """Rows that failed, by kind; see `antiphon.bulk.KINDS`."""
    input_tokens: int
    output_tokens: int
    cost: Decimal
    """US dollars."""
    unpriced: int
    """Messages whose price is not known; they are missing in `cost`."""
    attempts: int

    @property
    def failed(self) -> int:
        """The rows with an error."""
        return sum(self.errors.values())

    @property
    def done(self) -> int:
        """The rows with a result."""
        return self.ok + self.failed

    def plus(self, other: Totals) -> Totals:
        """Return the sums of both."""
        kinds = sorted({*self.errors, *other.errors})
        errors = {kind: self.errors.get(kind, 0) + other.errors.get(kind, 0) for kind in kinds}
        return Totals(
            self.ok + other.ok,
            errors,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost + other.cost,
            self.unpriced + other.unpriced,
            self.attempts + other.attempts,
        )


class Records:
    """The results in a run directory."""

    def __init__(self, path: Path) -> None:
        """Take the directory of a run."""
        self.path: Final = path

    def done(self) -> bytearray:
        """Return a 1 for each row that is done, at its position."""
        with closing(connected(self.path)) as db:
            last = db.execute("SELECT max(position) FROM rows").fetchone()[0]
            done = bytearray(0 if last is None else last + 1)
            for (position,) in db.execute("SELECT position FROM rows"):
                done[position] = 1
        return done

    def batched(self) -> Iterator[int]:
        """Give the position of each row that is in a batch under way."""
        with closing(connected(self.path)) as db:
            for (position,) in db.execute("SELECT position FROM batched WHERE mark IS NOT NULL"):
                yield position

    def read(self, place: Location, output_format: Any = None) -> Result:
        """Return the result at a place, whether it is in the ledger yet or not."""
        (line,) = self._lines([place])
        return result_of(line, output_format)

    def answered(self) -> Iterator[tuple[bytes, Location]]:
        """Give the digest and the place of each row with a message."""
        with closing(connected(self.path)) as db:
            for digest, *place in db.execute(
                "SELECT digest, segment, start, length FROM rows"
                " WHERE digest IS NOT NULL AND status = 'ok'"
            ):
                yield digest, Location(*place)

    def digests(self) -> dict[int, bytes]:
        """Return the digest of each row that has one, by its position."""
        with closing(connected(self.path)) as db:
            found = db.execute(
                "SELECT position, digest FROM rows WHERE digest IS NOT NULL"
                " UNION SELECT position, digest FROM batched WHERE digest IS NOT NULL"
            )
            return dict(found.fetchall())

    def in_order(self, start: int, output_format: Any = None) -> list[Result]:
        """Return results in the order of the input, from `start` on, as far as there is no gap."""
        with closing(connected(self.path)) as db:
            entries = db.execute(
                "SELECT position, segment, start, length FROM rows WHERE position >= ?"
                " ORDER BY position LIMIT ?",
                (start, _BLOCK),
            ).fetchall()
        places: list[Location] = []
        for position, *place in entries:
            if position != start + len(places):
                break
            places.append(Location(*place))
        return [result_of(line, output_format) for line in self._lines(places)]

    def rest(self, start: int, output_format: Any = None) -> Iterator[Result]:
        """Give the results from `start` on in the order of the input, whatever is missing."""
        with closing(connected(self.path)) as db:
            places = db.execute(
                "SELECT segment, start, length FROM rows WHERE position >= ? ORDER BY position",
                (start,),
            )
            for line in self._lines(Location(*each) for each in places):
                yield result_of(line, output_format)

    def sessions(self) -> int:
        """Return how many sessions there were."""
        with closing(connected(self.path)) as db:
            number: int = db.execute("SELECT count(*) FROM sessions").fetchone()[0]
            return number

    def as_completed(
        self, after: Location = _BEGIN, output_format: Any = None
    ) -> tuple[list[Result], Location]:
        """Return results in the order in which they came, and the place after which to go on."""
        with closing(connected(self.path)) as db:
            segment, length = entered(db)
            if after.end >= length and after.segment == segment:
                return [], after
            lines, last = self._next_lines(after, segment, length)
            if not lines:
                return self.as_completed(Location(after.segment + 1, 0, 0), output_format)
            results = [(place, result_of(line, output_format)) for place, line in lines]
            marks = ",".join("?" * len(results))
            now = db.execute(
                f"SELECT position, segment, start, length FROM rows WHERE position IN ({marks})",  # noqa: S608
                [result.index for _, result in results],
            )
            valid = {position: Location(*place) for position, *place in now}
        # A row that was asked again has an older line, which no longer counts.
        return [each for place, each in results if valid.get(each.index) == place], last

    def _next_lines(
        self, after: Location, segment: int, length: int
    ) -> tuple[list[tuple[Location, bytes]], Location]:
        lines: list[tuple[Location, bytes]] = []
        with segment_path(self.path, after.segment).open("rb") as file:
            file.seek(after.end)
            while len(lines) < _BLOCK and (after.segment < segment or after.end < length):
                line = file.readline()
                if not line:
                    break
                after = Location(after.segment, after.end, len(line))
                lines.append((after, line))
        return lines, after

    def lines(self, *, ordered: bool = True) -> Iterator[bytes]:
        """Give the lines of all results, in the order of the input or in that of completion."""
        order = "position" if ordered else "segment, start"
        with closing(connected(self.path)) as db:
            places = db.execute(f"SELECT segment, start, length FROM rows ORDER BY {order}")  # noqa: S608
            yield from self._lines(Location(*each) for each in places)

    def _lines(self, places: Iterable[Location]) -> Iterator[bytes]:
        files: dict[int, IO[bytes]] = {}
        try:
            for place in places:
                file = files.get(place.segment)
                if file is None:
                    file = segment_path(self.path, place.segment).open("rb")
                    files[place.segment] = file
                file.seek(place.start)
                yield file.read(place.length)
        finally:
            for file in files.values():
                file.close()

    def totals(self) -> Totals:
        """Return the sums of the ledger."""
        with closing(connected(self.path)) as db:
            # In one pass: of a million rows, each takes a good part of a second.
            kinds = ", ".join(f"count(*) FILTER (WHERE kind = '{kind}')" for kind in KINDS)
            row = db.execute(
                "SELECT count(*) FILTER (WHERE status = 'ok'), coalesce(sum(input), 0),"  # noqa: S608
                " coalesce(sum(output), 0), coalesce(sum(cost), 0),"
                " count(*) FILTER (WHERE model IS NOT NULL AND cost IS NULL),"
                f" coalesce(sum(attempts), 0), {kinds} FROM rows"
            ).fetchone()
        ok, tokens_in, tokens_out, cost, unpriced, attempts, *failed = row
        errors = {kind: count for kind, count in zip(KINDS, failed, strict=True) if count}
        return Totals(ok, errors, tokens_in, tokens_out, cost / NANO, unpriced, attempts)

    def in_doubt(self, besides: int | None = None) -> int:
        """Return how many calls may have been under way when sessions died.

        Args:
            besides: a session that goes on; None if none does.
        """
        with closing(connected(self.path)) as db:
            found = db.execute(
                "SELECT sum(at_a_time) FROM sessions WHERE ended IS NULL AND number IS NOT ?",
                (besides,),
            ).fetchone()[0]
        return found or 0

    def samples(self) -> list[tuple[float, JSONObject]]:
        """Return how the run went: seconds since 1970, and the state at that time."""
        with closing(connected(self.path)) as db:
            found = db.execute("SELECT at, state FROM samples ORDER BY at").fetchall()
        return [(at, json.loads(state)) for at, state in found]

    def last_sample(self) -> tuple[float, JSONObject] | None:
        """Return the newest sample; None if there is none."""
        with closing(connected(self.path)) as db:
            found = db.execute("SELECT at, state FROM samples ORDER BY rowid DESC LIMIT 1")
            return next(((at, json.loads(state)) for at, state in found), None)

    @contextmanager
    def opened(self) -> Generator[sqlite3.Connection]:
        """Give a connection to the ledger, for questions that only one place asks."""
        with closing(connected(self.path)) as db:
            yield db


def settings_of(path: Path) -> JSONObject | None:
    """Return what the run in a directory is; None if there is none.

    Raises:
        ValueError: the file does not tell.
    """
    try:
        content = (path / SETTINGS).read_bytes()
    except FileNotFoundError:
        return None
    try:
        found: JSONObject = loads(content)
    except ValueError as error:
        raise ValueError(f"{str(path / SETTINGS)!r} is not JSON: {error}") from None
    return found


def segment_path(path: Path, number: int) -> Path:
    """Return the path of a segment of a run."""
    return path / "segments" / f"{number:05}.jsonl"


def connected(path: Path) -> sqlite3.Connection:
    """Open the ledger in a run directory."""
    db = sqlite3.connect(path / LEDGER, timeout=30)
    # Readers and the writer do not wait for each other; a commit is one append to a log.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    return db


def entered(db: sqlite3.Connection) -> tuple[int, int]:
    """Return how far the segments are in the ledger: the last segment, and its length there."""
    found = db.execute("SELECT segment, length FROM entered").fetchone()
    return (0, 0) if found is None else (found[0], found[1])
