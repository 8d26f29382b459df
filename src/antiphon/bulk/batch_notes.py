"""What the ledger knows of batches: which there are, and which rows are in them.

A batch is noted before it is created, with a mark that stands in the `custom_id` of its requests.
So whatever the API has of a run can be told from all else, even if the process died before the id
of the batch arrived.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from .records import connected

__all__ = ["BatchNotes", "NotedBatch", "NotedRow"]


class NotedBatch(NamedTuple):
    """A batch that has not ended, or whose results were not read yet."""

    mark: str
    """What the `custom_id` of its requests ends with."""
    id: str | None
    """Its id; None if it was not created, or nobody knows whether it was."""
    created: float
    """When its creation began, in seconds since 1970."""
    state: str
    """`creating`, `under way`, or `cancelling` from when this program asked for that."""
    rows: int
    """How many requests it has."""


class NotedRow(NamedTuple):
    """A row that is in a batch, was in one that gave it no result, or waits for an equal row."""

    position: int
    mark: str | None
    """That of its batch; None if it is to be asked again."""
    id: str
    digest: bytes | None
    attempts: int
    """In how many batches it was before."""
    held: Decimal
    """What a budget has reserved for it."""


class BatchNotes:
    """The tables of the ledger about batches; the engine that creates these writes them."""

    def __init__(self, path: Path) -> None:
        """Take the directory of a run."""
        self._path: Final = path

    def begin(self, batch: NotedBatch, rows: Iterable[NotedRow]) -> None:
        """Note that a batch is about to be created, with its rows and others that wait for them."""
        with self._writing() as db:
            db.execute("INSERT INTO batches VALUES (?,?,?,?,?)", batch)
            db.executemany(_INSERT, (_values(row) for row in rows))

    def created(self, mark: str, identifier: str) -> None:
        """Note the id of a batch that was created."""
        with self._writing() as db:
            db.execute(
                "UPDATE batches SET id = ?, state = 'under way' WHERE mark = ?", (identifier, mark)
            )

    def cancelling(self, mark: str) -> None:
        """Note that this program asks the API to cancel a batch."""
        with self._writing() as db:
            db.execute("UPDATE batches SET state = 'cancelling' WHERE mark = ?", (mark,))

    def end(self, mark: str, *, state: str, attempts: int) -> None:
        """Note that a batch is over; its rows without a result are to be asked again.

        Args:
            mark: the mark of the batch.
            state: what became of it.
            attempts: by how much that raises their attempts.
        """
        with self._writing() as db:
            db.execute("UPDATE batches SET state = ? WHERE mark = ?", (state, mark))
            db.execute(
                "UPDATE batched SET mark = NULL, attempts = attempts + ? WHERE mark = ?",
                (attempts, mark),
            )

    def leave(self, rows: Iterable[NotedRow]) -> None:
        """Note rows that are in no batch."""
        with self._writing() as db:
            db.executemany(_INSERT, (_values(row) for row in rows))

    def clear(self) -> None:
        """Forget the rows whose results are in the ledger."""
        with self._writing() as db:
            db.execute("DELETE FROM batched WHERE position IN (SELECT position FROM rows)")

    def under_way(self) -> list[NotedBatch]:
        """Return the batches whose results are not all in the ledger."""
        with closing(connected(self._path)) as db:
            found = db.execute(
                "SELECT * FROM batches WHERE state IN ('creating', 'under way', 'cancelling')"
                " ORDER BY created"
            )
            return [NotedBatch(*each) for each in found]

    def ids(self) -> set[str]:
        """Return the ids of all batches of the run."""
        with closing(connected(self._path)) as db:
            found = db.execute("SELECT id FROM batches WHERE id IS NOT NULL")
            return {each[0] for each in found}

    def rows_of(self, mark: str | None) -> Iterator[NotedRow]:
        """Give the rows of a batch; with None those that are to be asked again."""
        with closing(connected(self._path)) as db:
            for values in db.execute("SELECT * FROM batched WHERE mark IS ?", (mark,)):
                yield _row(values)

    def left(self) -> bool:
        """Return whether rows are to be asked again."""
        return next(self.rows_of(None), None) is not None

    @contextmanager
    def reading(self) -> Generator[BatchReader]:
        """Give what finds single rows, many of them."""
        with closing(connected(self._path)) as db:
            yield BatchReader(db)

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection]:
        with closing(connected(self._path)) as db, db:
            # Unlike results, which a segment keeps as well, these notes stand here alone: they are
            # on the disk before a request is sent.
            db.execute("PRAGMA synchronous = FULL")
            yield db


class BatchReader:
    """Finds rows in the ledger by their position."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def row(self, position: int) -> NotedRow | None:
        """Return what is noted of a row; None if that is nothing."""
        values = self._db.execute(
            "SELECT * FROM batched WHERE position = ?", (position,)
        ).fetchone()
        return None if values is None else _row(values)


_INSERT = "INSERT OR REPLACE INTO batched VALUES (?,?,?,?,?,?)"


def _values(row: NotedRow) -> tuple[object, ...]:
    return (*row[:-1], str(row.held))


def _row(values: tuple[int, str | None, str, bytes | None, int, str]) -> NotedRow:
    return NotedRow(*values[:-1], Decimal(values[-1]))
