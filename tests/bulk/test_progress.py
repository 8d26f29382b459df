"""What a run shows of itself while it goes on."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import TextIO

import pytest

from antiphon import bulk
from antiphon.bulk.progress import (
    ProgressLine,
    ProgressLines,
    ProgressTable,
    display_on,
    facts,
    progress_of,
)
from antiphon.bulk.records import Records
from antiphon.bulk.runs import RunProgress

HAIKU = {"model": "claude-haiku-4-5", "max_tokens": 50}
BUCKET = {"limit": 1000.0, "left": 400.0}
UNKNOWN = {"limit": None, "left": None}
POOL = {"requests": BUCKET, "input_tokens": BUCKET, "output_tokens": UNKNOWN, "held_for": 12.0}
HALF = RunProgress(
    rows=1000,
    ok=480,
    errors={"invalid": 5, "exhausted": 15},
    input_tokens=12_000,
    output_tokens=30_000,
    cost=Decimal("1.25"),
    under_way=40,
    rows_per_second=25.0,
    seconds_left=20.0,
    seconds=20.0,
    limits={"haiku-4": POOL},
)


@contextmanager
def terminal() -> Iterator[tuple[TextIO, int]]:
    """Open a terminal; give the end of the program, and that of the person."""
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind here")
    person, program = pty.openpty()
    with os.fdopen(program, "w") as file:
        yield file, person
    os.close(person)


def read(person: int) -> str:
    """Return what the terminal shows so far."""
    os.set_blocking(person, False)
    shown = b""
    with suppress(BlockingIOError):
        while True:
            shown += os.read(person, 10_000)
    return shown.decode()


def test_people_are_told_rows_speed_tokens_dollars_errors_limits_and_time():
    assert dict(facts(HALF)) == {
        "rows": "500 of 1,000 (50 %)",
        "speed": "25.0 rows/s, 40 under way",
        "tokens": "12,000 in, 30,000 out",
        "cost": "$1.2500",
        "errors": "15 exhausted, 5 invalid",
        "left": "20 s",
        "limits of haiku-4": "400 of 1,000 requests, 400 of 1,000 in, held for 12 s",
    }


def test_what_is_not_known_is_not_shown():
    shown = dict(facts(replace(HALF, rows=None, errors={}, seconds_left=None, limits={})))
    assert list(shown) == ["rows", "speed", "tokens", "cost"]
    assert shown["rows"] == "480"


def test_a_line_of_json_each_ten_seconds_and_one_at_the_end():
    file = io.StringIO()
    with closing(display_on(file)) as display:
        for quarter in range(4 * 25):
            display.show(replace(HALF, ok=quarter, seconds=quarter / 4))
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [line["seconds"] for line in lines] == [10.0, 20.0, 24.75]
    assert lines[-1]["ok"] == 99
    assert lines[-1]["cost"] == 1.25
    assert lines[-1]["errors"] == {"invalid": 5, "exhausted": 15}
    assert lines[-1]["limits"]["haiku-4"]["requests"] == BUCKET


def test_nothing_shown_is_nothing_written():
    file = io.StringIO()
    display_on(file).close()
    assert file.getvalue() == ""


def test_a_table_on_a_terminal():
    with terminal() as (file, person):
        display = display_on(file)
        assert isinstance(display, ProgressTable)
        with closing(display):
            display.show(HALF)
            display.note("a [bold]note")
            display.show(replace(HALF, ok=980))
        shown = read(person)
    assert "500 of 1,000" in shown
    assert "1,000 of 1,000" in shown
    assert "a [bold]note" in shown


def test_one_line_on_a_terminal_without_rich(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    with terminal() as (file, person):
        display = display_on(file)
        assert isinstance(display, ProgressLine)
        with closing(display):
            display.show(HALF)
            display.note("a note")
            display.show(replace(HALF, ok=980))
        shown = read(person)
    assert shown.startswith("\r\x1b[K500 of 1,000 (50 %)")
    assert "\r\x1b[Ka note\r\n" in shown
    assert shown.endswith("\n")
    assert max(map(len, shown.replace("\x1b[K", "\r").split("\r"))) < 80


def test_a_file_is_no_terminal(tmp_path):
    with (tmp_path / "log").open("w") as file:
        assert isinstance(display_on(file), ProgressLines)


def test_another_process_sees_the_same(client, tmp_path):
    run = bulk.run(
        ["a", "b", {"nonsense": 1}], out=tmp_path / "o.jsonl", params=HAIKU, client=client
    )
    run.wait()
    own, seen = run.progress, progress_of(Records(tmp_path / "o.jsonl.run"))
    for name in ("rows", "ok", "errors", "input_tokens", "output_tokens", "cost", "under_way"):
        assert getattr(seen, name) == getattr(own, name), name
    assert seen.rows == 3
    assert seen.limits == own.limits
    assert seen.rows_per_second > 0


def test_the_number_of_rows_is_known_when_a_run_goes_on(client, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'"{number}"\n' for number in range(5)))
    settings = {"out": tmp_path / "o.jsonl", "params": HAIKU}
    with bulk.run(path, **settings, client=client, engine=bulk.Local(1)) as run:
        next(iter(run))
    again = bulk.run(path, **settings, client=client)
    again.wait()
    assert again.progress.rows == 5
