"""The run directory: what was asked, and what became of it.

Strategy. A result is a line of JSON that is appended to a segment as soon as it is there; that
write survives the death of the process. A thread then makes it durable in groups, at least every
200 ms: it flushes the segment to the disk, and only then enters the rows of the group in the ledger
(SQLite), with how far the segment was entered. So the ledger never names a line that is not there,
and what a kill left behind in the segment, but not in the ledger, is found by reading the segment
from there on.

The guarantee: calls are made at least once, results are kept exactly once. Only calls that were
under way when the process died can be made twice; they are at most as many as ran at a time.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from .._transport.files import replace_file
from .._wire.json import JSONObject
from .records import (
    LEDGER,
    NANO,
    SETTINGS,
    Location,
    Records,
    connected,
    entered,
    segment_path,
    settings_of,
)
from .results import Result, line_of, result_of, tokens_of

__all__ = ["RunJournal", "is_running", "open_run"]

_COMMIT_SECONDS = 0.2
_COMMIT_BYTES = 1_000_000
_DYING_SECONDS = 30.0  # in which workers notice that their leader died
_SEGMENT_BYTES = 256_000_000  # a file that editors and copies still cope with

_NOT_COMPARED = {"created", "path"}  # the input may have been moved

_INSERT = "INSERT OR REPLACE INTO rows VALUES "
_ROW = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
# Rows of one statement: each statement lets another thread of Python run, and waits until it may go
# on. Every SQLite takes 999 values.
_ROWS_AT_ONCE = 64
_ADOPT = """
INSERT OR IGNORE INTO rows SELECT position, status, kind, ?, start + ?, length, attempts, model,
    input, output, cost, ended, seconds, digest FROM shard.rows WHERE segment = ?
"""
_ADOPT_DEAD = """
INSERT INTO sessions (started, at_a_time, way)
    SELECT started, at_a_time, way FROM shard.sessions WHERE ended IS NULL
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS rows (
    position INTEGER PRIMARY KEY, status TEXT, kind TEXT, segment INTEGER, start INTEGER,
    length INTEGER, attempts INTEGER, model TEXT, input INTEGER, output INTEGER, cost INTEGER,
    ended REAL, seconds REAL, digest BLOB
);
CREATE TABLE IF NOT EXISTS entered (one INTEGER PRIMARY KEY, segment INTEGER, length INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
    number INTEGER PRIMARY KEY, started REAL, ended REAL, at_a_time INTEGER, way TEXT
);
CREATE TABLE IF NOT EXISTS samples (at REAL, state TEXT);
CREATE TABLE IF NOT EXISTS batches (
    mark TEXT PRIMARY KEY, id TEXT, created REAL, state TEXT, rows INTEGER
);
CREATE TABLE IF NOT EXISTS batched (
    position INTEGER PRIMARY KEY, mark TEXT, id TEXT, digest BLOB, attempts INTEGER, held TEXT
);
"""


_Entry: TypeAlias = tuple[Any, ...]
"""A row of the ledger, in the order of its columns."""


class RunJournal:
    """What became of the rows of a run, in a directory."""

    def __init__(self, path: Path) -> None:
        """Open the journal in a directory, which is made; take in what a kill left behind.

        Raises:
            OSError: it cannot be made or written.
            BlockingIOError: another process runs there.
        """
        self.path: Final = path
        self.records: Final = Records(path)
        """What can be read there."""
        (path / "segments").mkdir(parents=True, exist_ok=True)
        self._lock_file = _only_one(path)
        self._pending: list[_Entry] = []
        self._samples: list[tuple[float, str]] = []
        self._unsynced = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._committed = threading.Condition()
        self._commits = 0
        self.closed: bool = False
        self.fault: Exception | None = None
        """Why nothing can be written any more."""
        with closing(connected(self.path)) as db, db:
            db.executescript(_TABLES)
        self._segment, self._file, self._length = self._continued()
        self.session: int | None = None
        """The number of the session that goes on."""
        self._writer = threading.Thread(target=self._write, name="antiphon-journal", daemon=True)
        self._writer.start()
        try:
            for each in sorted(path.glob("shards/*/")):  # of workers, whose leader died
                self.adopt(each)
        except BaseException:
            self.end()
            raise

    def begin(self, at_a_time: int, way: str) -> None:
        """Note that a session begins, in which so many calls may be under way at a time."""
        with closing(connected(self.path)) as db, db:
            self.session = db.execute(
                "INSERT INTO sessions (started, at_a_time, way) VALUES (?, ?, ?)",
                (time.time(), at_a_time, way),
            ).lastrowid

    def add(
        self, result: Result, digest: bytes | None = None, output_format: Any = None
    ) -> Location:
        """Keep a result; once this returns, the death of the process does not lose it.

        Raises:
            OSError: it could not be written, and nothing of it was.
        """
        line = line_of(result, output_format)
        if self._length > _SEGMENT_BYTES:
            self._next_segment()
        place = Location(self._segment, self._length, len(line))
        self._append(line)
        with self._lock:
            self._pending.append(_entry(result, place, digest))
            self._unsynced += len(line)
        if self._unsynced > _COMMIT_BYTES:
            self._wake.set()
        return place

    def adopt(self, path: Path) -> None:
        """Take over the results in another run directory, and delete it; `add` nothing meanwhile.

        Lines are copied, and not read. A row that has a result here keeps it.

        Raises:
            OSError: that is impossible.
            BlockingIOError: another process runs there.
        """
        _opened_soon(path).end()  # it takes in what a kill left behind there
        self.commit()
        for each in sorted((path / "segments").glob("*.jsonl")):
            if self._length > _SEGMENT_BYTES:
                self._next_segment()
            start = self._length
            self._append(each.read_bytes())
            os.fsync(self._file.fileno())
            with closing(connected(self.path)) as db:
                db.execute("ATTACH ? AS shard", (str(path / LEDGER),))
                with db:
                    db.execute(_ADOPT, (self._segment, start, int(each.stem)))
                    _enter_up_to(db, self._segment, self._length)
        with closing(connected(self.path)) as db:
            db.execute("ATTACH ? AS shard", (str(path / LEDGER),))
            with db:
                db.execute(_ADOPT_DEAD)
        shutil.rmtree(path)
        with self._committed:
            self._commits += 1
            self._committed.notify_all()

    def sample(self, state: Mapping[str, Any]) -> None:
        """Keep how the run goes, for its report."""
        with self._lock:
            self._samples.append((time.time(), json.dumps(state)))

    def forget(self, kind: str | None) -> int:
        """Ask the rows again that failed, or those that failed in this way; return their number."""
        which, values = ("status = 'error'", ()) if kind is None else ("kind = ?", (kind,))
        with closing(connected(self.path)) as db, db:
            return db.execute(f"DELETE FROM rows WHERE {which}", values).rowcount  # noqa: S608

    def commit(self) -> None:
        """Make all that was added durable, and wait for it.

        Raises:
            OSError: that is impossible.
        """
        with self._committed:
            self._wake.set()
            self._committed.wait_for(lambda: self.fault or not self._has_pending())
        if self.fault is not None:
            raise self.fault if isinstance(self.fault, OSError) else OSError(str(self.fault))

    def wait(self, commits: int, seconds: float) -> int:
        """Wait for another commit after so many, or for the end; return how many there are."""
        with self._committed:
            self._committed.wait_for(lambda: self._commits > commits or self.closed, seconds)
            return self._commits

    def end(self) -> None:
        """Note that the session has ended in order, make all durable, and close the files."""
        if self.closed:
            return
        with suppress(OSError):
            self.commit()
        self.closed = True
        self._wake.set()
        self._writer.join()
        if self.session is not None and self.fault is None:
            with closing(connected(self.path)) as db, db:
                db.execute(
                    "UPDATE sessions SET ended = ? WHERE number = ?", (time.time(), self.session)
                )
        self._file.close()
        self._lock_file.close()

    def _append(self, lines: bytes) -> None:
        try:
            if self._file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))  # noqa: TRY301
        except OSError:
            with suppress(OSError):  # of a line that was cut off, nothing stays
                os.ftruncate(self._file.fileno(), self._length)
            raise
        self._length += len(lines)

    def _has_pending(self) -> bool:
        with self._lock:
            return bool(self._pending or self._samples)

    def _write(self) -> None:
        """Enter what was added into the ledger, in groups; the work of a thread of its own."""
        # One thread owns the connection: a connection that threads share is not safe.
        with closing(connected(self.path)) as db:
            while True:
                self._wake.wait(_COMMIT_SECONDS)
                self._wake.clear()
                with self._lock:
                    group, samples = self._pending[:], self._samples[:]
                    self._unsynced = 0
                if (group or samples) and self.fault is None:
                    try:
                        self._enter(db, group, samples)
                    except Exception as error:  # else those who wait for it would wait for ever
                        self.fault = error
                with self._committed:
                    if self.fault is None:
                        with self._lock:
                            del self._pending[: len(group)]
                            del self._samples[: len(samples)]
                    self._commits += bool(group or samples)
                    self._committed.notify_all()
                if self.closed:
                    return

    def _enter(
        self, db: sqlite3.Connection, group: list[_Entry], samples: list[tuple[float, str]]
    ) -> None:
        with suppress(ValueError):  # it was closed by a longer segment, which syncs it itself
            os.fsync(self._file.fileno())
        with db:
            _insert(db, group)
            db.executemany("INSERT INTO samples VALUES (?,?)", samples)
            if group:
                _, _, _, segment, start, length, *_ = group[-1]  # lines are added in this order
                _enter_up_to(db, segment, start + length)

    def _next_segment(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()
        self._segment += 1
        self._file = self._segment_file(self._segment)
        self._length = 0

    def _continued(self) -> tuple[int, IO[bytes], int]:
        """Enter the lines that a kill left in the last segment; return where to go on."""
        with closing(connected(self.path)) as db:
            segment, length = entered(db)
            numbers = [int(each.stem) for each in (self.path / "segments").glob("*.jsonl")]
            for number in range(segment, max([segment, *numbers]) + 1):
                start = length if number == segment else 0
                rows, length = self._tail(number, start)
                with db:
                    _insert(db, rows)
                    _enter_up_to(db, number, length)
                segment = number
        file = self._segment_file(segment)
        os.ftruncate(file.fileno(), length)  # a line that was cut off
        return segment, file, length

    def _tail(self, segment: int, start: int) -> tuple[list[_Entry], int]:
        rows: list[_Entry] = []
        path = segment_path(self.path, segment)
        if not path.exists():
            return rows, start
        with path.open("rb") as file:
            file.seek(start)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                place = Location(segment, start, len(line))
                rows.append(_entry(result_of(line), place, None))
                start += len(line)
        return rows, start

    def _segment_file(self, number: int) -> IO[bytes]:
        # Without a buffer: what was added must not die with the process.
        return segment_path(self.path, number).open("ab", buffering=0)


def _opened_soon(path: Path) -> RunJournal:
    """Open the journal of a shard; wait a while for a worker that is about to die."""
    end = time.monotonic() + _DYING_SECONDS
    while True:
        try:
            return RunJournal(path)
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def open_run(path: Path, settings: JSONObject) -> JSONObject:
    """Write what a run is into its directory, or compare it with what is there.

    Returns:
        what is there.

    Raises:
        ValueError: another run is there; the message says what differs.
        OSError: the directory cannot be made or written.
    """
    known = settings_of(path)
    if known is None:
        path.mkdir(parents=True, exist_ok=True)
        replace_file(path / SETTINGS, json.dumps(settings, indent=1, default=str).encode())
        return settings
    settings = json.loads(json.dumps(settings, default=str))
    for name in sorted({*settings, *known} - _NOT_COMPARED):
        if settings.get(name) != known.get(name):
            raise ValueError(
                f"out: {str(path)!r} holds a run with another {name}: {_cut(known.get(name))}"
                f" there, {_cut(settings.get(name))} now; go on with the old one, or give another"
                " out"
            )
    return known


def is_running(path: Path) -> bool:
    """Return whether a process performs the run in a directory."""
    try:
        _only_one(path).close()
    except BlockingIOError:
        return True
    return False


def _cut(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _insert(db: sqlite3.Connection, rows: list[_Entry]) -> None:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        block = rows[start : start + _ROWS_AT_ONCE]
        db.execute(_INSERT + ",".join([_ROW] * len(block)), [*chain.from_iterable(block)])


def _enter_up_to(db: sqlite3.Connection, segment: int, length: int) -> None:
    db.execute("INSERT OR REPLACE INTO entered VALUES (1, ?, ?)", (segment, length))


def _entry(result: Result, place: Location, digest: bytes | None) -> _Entry:
    """Return a row of the ledger."""
    message = result.message
    model, tokens_in, tokens_out = None, None, None
    if message is not None and result.same_as is None:
        model = str(getattr(message, "model", None))
        tokens_in, tokens_out = tokens_of(message)
    return (
        result.index,
        result.status,
        result.kind,
        *place,
        result.attempts,
        model,
        tokens_in,
        tokens_out,
        None if result.cost is None else int(result.cost * NANO),
        time.time(),
        result.seconds,
        digest,
    )


def _only_one(path: Path) -> IO[bytes]:
    """Hold the lock of a run directory until the file is closed, or the process dies.

    Raises:
        BlockingIOError: another process holds it.
    """
    file = (path / "lock").open("ab")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise BlockingIOError(
            f"out: another process runs in {str(path)!r}; wait for it, or give another out"
        ) from None
    return file
