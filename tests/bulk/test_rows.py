"""Where rows come from: files, tables, iterables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bulk.rows import Row, source_of


def read(given: Any, done: bytearray | None = None, **part: Any) -> list[Any]:
    return [row.value for row in source_of(given).rows(done or bytearray(), **part)]


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_line_of_json_is_a_row(tmp_path: Path) -> None:
    assert read(lines(tmp_path / "a.jsonl", {"text": "é\u2028"}, "b")) == [{"text": "é\u2028"}, "b"]


def test_empty_lines_are_no_rows_and_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n"b"')
    assert read(str(path)) == [{"a": 1}, "b"]


@pytest.mark.parametrize(
    ("line", "says"), [("{", "line 2: this is not JSON"), ("5", "a row is an object or a text")]
)
def test_a_line_that_is_no_row_has_a_fault_of_its_own(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'"first"\n{line}\n"last"\n')
    first, wrong, last = source_of(path).rows(bytearray())
    assert (first.value, last.value, wrong.index, wrong.value) == ("first", "last", 1, None)
    assert says in wrong.fault


def test_a_csv_file_names_its_columns_in_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\ufeffid,text\n1,"two\nlines, ""quoted"""\n\n2\n', "utf-8")
    good, short = source_of(path).rows(bytearray())
    assert good.value == {"id": "1", "text": 'two\nlines, "quoted"'}
    assert short.fault == "a.csv, line 5: it has 1 cells, and the first line 2"


def test_a_tsv_file_has_tabs(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\ttext\n1\ta,b\n")
    assert read(path) == [{"id": "1", "text": "a,b"}]


def test_a_prompt_in_csv_may_be_long(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text\n{'x' * 1_000_000}\n")
    assert len(read(path)[0]["text"]) == 1_000_000


def parquet(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=3)
    return path


ROWS = [{"id": str(n), "text": f"row {n}"} for n in range(10)]


def test_a_parquet_file_is_read_group_by_group(tmp_path: Path) -> None:
    path = parquet(tmp_path, ROWS)
    assert read(path) == ROWS
    done = bytearray([1, 1, 1, 0, 1])
    assert read(path, done) == [ROWS[3], *ROWS[5:]]
    assert read(path, start=2, stop=7) == ROWS[2:7]


@given(
    total=st.integers(0, 30),
    done=st.binary(max_size=40).map(lambda drawn: bytearray(each % 2 for each in drawn)),
    start=st.integers(0, 35),
    stop=st.none() | st.integers(0, 35),
)
def test_a_part_of_a_file_is_the_same_as_that_part_of_all(
    tmp_path_factory: pytest.TempPathFactory,
    total: int,
    done: bytearray,
    start: int,
    stop: int | None,
) -> None:
    path = lines(tmp_path_factory.mktemp("rows") / "a.jsonl", *(str(n) for n in range(total)))
    found = list(source_of(path).rows(done, start, stop))
    wanted = [Row(n, str(n)) for n in range(total)[start:stop] if n >= len(done) or not done[n]]
    assert found == wanted


def test_an_iterable_gives_its_rows_and_says_how_many() -> None:
    assert read(["a", {"b": 1}]) == ["a", {"b": 1}]
    assert read(iter("ab")) == ["a", "b"]
    source: Any = source_of(["a"])
    assert (source.total, source.comes_once) == (1, False)
    source = source_of(iter("a"))
    assert (source.total, source.comes_once) == (None, True)


def tables() -> list[Any]:
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    return [pandas.DataFrame(ROWS), polars.DataFrame(ROWS), pyarrow.Table.from_pylist(ROWS)]


def test_tables_of_pandas_polars_and_arrow_are_rows() -> None:
    for table in tables():
        assert read(table) == ROWS
        assert read(table) == ROWS  # more than once
        source: Any = source_of(table)
        assert source.total == 10


def test_an_empty_cell_of_pandas_is_none() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": ["a", None], "n": [1.0, float("nan")]})
    assert read(table) == [{"text": "a", "n": 1.0}, {"text": None, "n": None}]


def test_the_same_file_under_another_name_is_the_same_input(tmp_path: Path) -> None:
    one, two = lines(tmp_path / "a.jsonl", "x"), lines(tmp_path / "b.jsonl", "x")
    assert source_of(one).identity == source_of(two).identity
    assert source_of(one).identity != source_of(lines(tmp_path / "c.jsonl", "y")).identity


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("notes.txt", ValueError, r"\.jsonl, \.ndjson, \.csv, \.tsv, \.parquet"),
        ("missing.jsonl", FileNotFoundError, "missing.jsonl"),
        ({"prompt": "one"}, TypeError, "give a list"),
        (5, TypeError, "int has no rows"),
        (np.float64(1), TypeError, "float64 has no rows"),
    ],
)
def test_what_cannot_be_rows_says_what_can(given: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        source_of(given)
