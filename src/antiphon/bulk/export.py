"""The results of a run as one file: JSON Lines, CSV or Parquet.

The file is written beside its place and moved there when it is whole, so that whoever waits for it
finds all of it or nothing.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from .._wire.json import JSONObject, dumps, is_object
from ..outputs import output_type
from .arrow import arrow, parquet
from .records import Records
from .results import fields_of

__all__ = ["check_format", "export"]

_BLOCK = 1_000  # rows of a group of Parquet that are in memory

_COLUMNS = (
    "id",
    "index",
    "status",
    "text",
    "stop_reason",
    "model",
    "input_tokens",
    "output_tokens",
    "cost",
    "attempts",
    "kind",
    "error",
)

_Write: TypeAlias = Callable[[Path, Iterable[bytes], Mapping[str, str]], None]


def check_format(path: Path) -> None:
    """Refuse a path whose format is not known, before anything is asked.

    Raises:
        ValueError: its name ends in something else.
        ImportError: it needs pyarrow, which is not installed.
    """
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(
            f"out: nobody can tell the format of {str(path)!r} from its name; give one that ends"
            f" in {', '.join(_FORMATS)}"
        )
    if path.suffix.lower() == ".parquet":
        arrow()


def export(records: Records, path: Path, output_format: Any = None, *, ordered: bool = True) -> int:
    """Write the results that there are into a file; return how many they are.

    Args:
        records: the results.
        path: the file; its name ends in .jsonl, .ndjson, .csv, .tsv or .parquet.
        output_format: the type of the outputs, whose fields become columns.
        ordered: whether they stand in the order of the input, or in that of completion.

    Raises:
        ValueError: the format is not known.
        OSError: it cannot be written; what was there stays.
    """
    check_format(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in records.lines(ordered=ordered):
            count += 1
            yield line

    try:
        _FORMATS[path.suffix.lower()](draft, counted(), _output_columns(output_format))
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _output_columns(output_format: Any) -> dict[str, str]:
    """Return the fields of a type of outputs, with their types in JSON Schema."""
    if output_format is None:
        return {}
    schema = output_type(output_format).schema.sent
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    fields = schema.get("properties") or {"output": schema}  # of a type that is no object
    return {name: _type_in(each) for name, each in fields.items()}


def _type_in(schema: JSONObject) -> str:
    """Return the one type of a value that may also be null; "" if there are several."""
    kinds = {each.get("type", "") for each in schema.get("anyOf", [schema])} - {"null"}
    return str(next(iter(kinds))) if len(kinds) == 1 else ""


def _flat(row: JSONObject, outputs: Mapping[str, str]) -> JSONObject:
    """Return a row for a table: each field of the output is a column."""
    about = _object_at(row, "message")
    usage = _object_at(about, "usage")
    flat: JSONObject = {
        **row,
        "error": _object_at(row, "error").get("message"),
        "stop_reason": about.get("stop_reason"),
        "model": about.get("model"),
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
    }
    cells: JSONObject = {name: flat.get(name) for name in _COLUMNS}
    output: Any = row.get("output")
    for name in outputs:
        cells[_column(name)] = output.get(name) if is_object(output) else output
    return cells


def _object_at(fields: JSONObject, name: str) -> JSONObject:
    value: Any = fields.get(name)
    return value if is_object(value) else {}


def _column(name: str) -> str:
    # A field that is named like a column of ours is told apart.
    return f"output.{name}" if name in _COLUMNS else name


def _write_json_lines(path: Path, lines: Iterable[bytes], outputs: Mapping[str, str]) -> None:
    del outputs
    with path.open("wb") as file:
        file.writelines(lines)


def _write_csv(path: Path, lines: Iterable[bytes], outputs: Mapping[str, str]) -> None:
    columns = [*_COLUMNS, *map(_column, outputs)]
    tab = ".tsv" in path.name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t" if tab else ",")
        writer.writerow(columns)
        for line in lines:
            writer.writerow([_cell(each) for each in _flat(fields_of(line), outputs).values()])


def _cell(value: Any) -> Any:
    return dumps(value).decode() if isinstance(value, (dict, list)) else value


def _write_parquet(path: Path, lines: Iterable[bytes], outputs: Mapping[str, str]) -> None:
    writer: Any = None
    remaining = iter(lines)
    try:
        while block := list(islice(remaining, _BLOCK)):
            schema = _schema(outputs)
            cells = [
                {name: _arrow_cell(each, schema.field(name).type) for name, each in flat.items()}
                for flat in (_flat(fields_of(line), outputs) for line in block)
            ]
            table = arrow().Table.from_pylist(cells, schema=schema)
            writer = writer or parquet().ParquetWriter(path, schema)
            writer.write_table(table)
        if writer is None:
            parquet().write_table(_schema(outputs).empty_table(), path)
    finally:
        if writer is not None:
            writer.close()


def _arrow_cell(value: Any, kind: Any) -> Any:
    # A column of JSON text is never wrong.
    if value is None or isinstance(value, str) or str(kind) != "string":
        return value
    return dumps(value).decode()


def _schema(outputs: Mapping[str, str]) -> Any:
    pyarrow = arrow()
    kinds = {
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
    }
    whole = ("index", "input_tokens", "output_tokens", "attempts")
    columns = {name: "integer" if name in whole else "" for name in _COLUMNS}
    columns["cost"] = "number"
    columns |= {_column(name): kind for name, kind in outputs.items()}
    return pyarrow.schema(
        [(name, kinds.get(kind, pyarrow.string())) for name, kind in columns.items()]
    )


_FORMATS: dict[str, _Write] = {
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".csv": _write_csv,
    ".tsv": _write_csv,
    ".parquet": _write_parquet,
}
