"""Where the rows of a run come from: files, tables and iterables of Python.

A source gives its rows in order, each with its position from 0. Files are read as the rows are
asked for, and never copied: a run that is resumed reads the same file again, and passes over the
rows that are done without taking them apart.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Any, Final, Protocol, TypeAlias, cast, runtime_checkable

from .._wire.json import is_object, loads
from .arrow import parquet

__all__ = ["FileSource", "PipedLines", "Row", "RowsInput", "Source", "Values", "source_of"]

RowsInput: TypeAlias = "str | PathLike[str] | Iterable[Any] | Any"
"""A path of JSON Lines, CSV or Parquet; an iterable of dicts or texts; a pandas, polars, Arrow or
Hugging Face table."""

_MARK_EVERY = 10_000  # rows of a file
_TABLE_BLOCK = 1_000  # rows of a table that are Python values at a time


@dataclass(slots=True)
class Row:
    """One row of the input."""

    index: int
    """Its position, from 0."""
    value: Any
    """A dict or a text; None if it could not be read."""
    fault: str = ""
    """Why it could not be read."""


@runtime_checkable
class Source(Protocol):
    """What gives the rows of a run."""

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same when the run is resumed."""
        ...

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows from `start` to `stop` without those that are done.

        Args:
            done: a 1 at the position of each row that is to be passed over; it may be shorter.
            start: the position of the first row.
            stop: the position after the last one; None for all.
        """
        ...


def source_of(given: Any) -> Source:
    """Return the source that gives these rows.

    Raises:
        TypeError: they cannot be rows; the message says what can.
        ValueError: a file has another form, or nobody can tell which.
        OSError: it cannot be read.
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, (str, PathLike)):
        return _file_source(Path(cast("str | PathLike[str]", given)))
    if isinstance(given, Mapping):
        raise TypeError("rows: this is one row; give a list of them: rows=[{…}]")
    if _is_table(given):
        return Values(_TableRows(given), len(given))
    values: Any = given
    if not isinstance(values, Iterable):
        raise TypeError(
            f"rows: {type(given).__name__} has no rows; give the path of a .jsonl, .csv or .parquet"
            " file, an iterable of dicts or texts, or a table"
        )
    return Values(given, _length(given))


def comes_once(source: Source) -> bool:
    """Return whether the rows of a source cannot be read a second time."""
    return isinstance(source, Values) and source.comes_once


class Values:
    """Rows of an iterable, which is read once, as the run needs them."""

    def __init__(self, values: Iterable[Any], total: int | None) -> None:
        """Take an iterable.

        Args:
            values: the rows.
            total: how many there are, None if it does not say.
        """
        self._values = values
        self.total: Final = total
        self.comes_once: Final = isinstance(values, Iterator)
        """Whether the rows cannot be read a second time."""

    @property
    def identity(self) -> dict[str, Any]:
        """Its kind: what its rows are is known when they come."""
        return {"kind": "values"}

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give all rows, those that are done too: the run looks whether they are the same."""
        del done
        for index, value in enumerate(self._values):
            if stop is not None and index >= stop:
                return
            if index >= start:
                yield Row(index, value)


class FileSource:
    """Rows of a file: that of one format derives from it."""

    kind: str

    def __init__(self, path: Path) -> None:
        """Take a file.

        Raises:
            OSError: it cannot be read.
        """
        self.path: Final = path.absolute()  # also for another process
        with path.open("rb"):
            pass

    @property
    def identity(self) -> dict[str, Any]:
        """Its format, size and hash, whatever its name."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"kind": self.kind, "bytes": self.path.stat().st_size, "sha256": digest}

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows; see `Source`."""
        raise NotImplementedError


class JSONLinesFile(FileSource):
    """Rows of a file with one JSON value a line; empty lines are none."""

    kind = "jsonl"

    def __init__(self, path: Path) -> None:
        """Take a file; see `FileSource`."""
        super().__init__(path)
        # The position of a row, the lines before it and the bytes before it, now and then: who
        # begins in the middle need not read the file from its start.
        self._marks = [(0, 0, 0)]

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows; see `Source`."""
        first, lines, after = max(mark for mark in self._marks if mark[0] <= start)
        index = first - 1
        with self.path.open("rb") as file:
            file.seek(after)
            for number, line in enumerate(file, lines + 1):
                offset, after = after, after + len(line)
                if line.isspace():
                    continue
                index += 1
                if index >= self._marks[-1][0] + _MARK_EVERY:
                    self._marks.append((index, number - 1, offset))
                if stop is not None and index >= stop:
                    return
                if index < start or (index < len(done) and done[index]):
                    continue
                row = _row_of(line, index)
                if row.fault:
                    row.fault = f"{self.path.name}, line {number}: {row.fault}"
                yield row


def _row_of(line: bytes, index: int) -> Row:
    if index == 0:
        line = line.removeprefix(b"\xef\xbb\xbf")  # some editors begin a file with it
    try:
        value = loads(line)
    except ValueError as error:
        return Row(index, None, f"this is not JSON: {error}")
    if not (is_object(value) or isinstance(value, str)):
        return Row(index, None, "a row is an object or a text")
    return Row(index, value)


class PipedLines(Values):
    """Rows of a pipe with one JSON value a line, which is read once, as the run needs them."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take the end of a pipe."""
        super().__init__((line for line in file if not line.isspace()), None)

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give all rows; see `Values`."""
        for given in super().rows(done, start, stop):
            row = _row_of(given.value, given.index)
            if row.fault:
                row.fault = f"row {row.index}: {row.fault}"
            yield row


class CSVFile(FileSource):
    """Rows of a CSV file, whose first line names the columns; of a .tsv file, with tabs."""

    kind = "csv"

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows; see `Source`."""
        delimiter = "\t" if self.path.suffix.lower() == ".tsv" else ","
        # A prompt may be longer than the 128 KB that the reader allows by default.
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            names = next(reader, list[str]())
            index = -1
            for cells in reader:
                if not cells:
                    continue
                index += 1
                if stop is not None and index >= stop:
                    return
                if index < start or (index < len(done) and done[index]):
                    continue
                if len(cells) != len(names):
                    wrong = f"it has {len(cells)} cells, and the first line {len(names)}"
                    yield Row(index, None, f"{self.path.name}, line {reader.line_num}: {wrong}")
                else:
                    yield Row(index, dict(zip(names, cells, strict=True)))


class ParquetRows(FileSource):
    """Rows of a Parquet file; pyarrow reads it, group by group."""

    kind = "parquet"

    def rows(self, done: bytearray, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Give the rows; see `Source`."""
        with parquet().ParquetFile(self.path) as file:
            first = 0
            for group in range(file.num_row_groups):
                after = first + file.metadata.row_group(group).num_rows
                # Groups of which nothing is left are not read.
                if after > start and done.count(1, first, after) < after - first:
                    yield from self._group(file, group, first, done, start, stop)
                first = after
                if stop is not None and first >= stop:
                    return

    def _group(
        self, file: Any, group: int, first: int, done: bytearray, start: int, stop: int | None
    ) -> Iterator[Row]:
        index = first
        for batch in file.iter_batches(_TABLE_BLOCK, row_groups=[group]):
            for value in batch.to_pylist():
                if stop is not None and index >= stop:
                    return
                if index >= start and not (index < len(done) and done[index]):
                    yield Row(index, value)
                index += 1


_FORMATS: dict[str, type[FileSource]] = {
    ".jsonl": JSONLinesFile,
    ".ndjson": JSONLinesFile,
    ".csv": CSVFile,
    ".tsv": CSVFile,
    ".parquet": ParquetRows,
}


def _file_source(path: Path) -> FileSource:
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(_FORMATS)
        raise ValueError(
            f"rows: nobody can tell the format of {str(path)!r} from its name; rename it to one of"
            f" {known}. To ask a single prompt, give a list: rows=[text]"
        )
    return kind(path)


def _is_table(given: Any) -> bool:
    """Return whether something is a table of Arrow, polars or pandas.

    They are told by what they can do, so that no package for tables has to be there. A table of
    Hugging Face is an iterable of dicts.
    """
    return any(
        hasattr(given, name) and hasattr(given, other)
        for name, other in (("to_batches", "schema"), ("iter_rows", "columns"), ("iloc", "to_dict"))
    )


class _TableRows:
    """The rows of a table as dicts, made block by block."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __iter__(self) -> Iterator[Any]:
        table = self._table
        if hasattr(table, "to_batches"):
            for batch in table.to_batches(max_chunksize=_TABLE_BLOCK):
                yield from batch.to_pylist()
        elif hasattr(table, "iter_rows"):
            yield from table.iter_rows(named=True)
        else:
            for start in range(0, len(table), _TABLE_BLOCK):
                for row in table.iloc[start : start + _TABLE_BLOCK].to_dict("records"):
                    # An empty cell is a number that is no number, which is not equal to itself.
                    yield {name: value if value == value else None for name, value in row.items()}


def _length(values: Any) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None
