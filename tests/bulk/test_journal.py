"""The run directory: what is written stays, whatever happens to the process."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sqlite3
import threading
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.bulk.journal import RunJournal, open_run
from antiphon.bulk.records import Location, Records, settings_of
from antiphon.bulk.results import Result, failure
from antiphon.types import Message

MESSAGE = Message.decode(
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":'
    b'[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,'
    b'"usage":{"input_tokens":8,"output_tokens":20}}'
)


def result(index: int, **changes: Any) -> Result:
    about: dict[str, Any] = {"cost": Decimal("0.0001"), "attempts": 1, **changes}
    return Result(index, str(index), "ok", MESSAGE, **about)


def filled(path: Path, *results: Result) -> Records:
    journal = RunJournal(path)
    for each in results:
        journal.add(each)
    journal.end()
    return Records(path)


def test_results_are_read_in_the_order_of_the_input(tmp_path: Path) -> None:
    records = filled(tmp_path, result(2), result(0), result(1), result(4))
    assert [each.index for each in records.in_order(0)] == [0, 1, 2]  # 3 is missing
    assert [each.index for each in records.in_order(4)] == [4]
    assert [each.index for each in records.rest(1)] == [1, 2, 4]
    assert list(records.done()) == [1, 1, 1, 0, 1]


def test_results_are_read_as_they_came(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path)
    journal.add(result(2))
    journal.add(result(0))
    journal.commit()
    found, last = journal.records.as_completed()
    assert [each.index for each in found] == [2, 0]
    journal.add(result(1))
    journal.commit()
    found, last = journal.records.as_completed(last)
    assert [each.index for each in found] == [1]
    assert journal.records.as_completed(last) == ([], last)
    journal.end()


def test_sums_are_those_of_the_results(tmp_path: Path) -> None:
    records = filled(
        tmp_path,
        result(0),
        result(1, cost=None),
        result(2, cost=Decimal(0), attempts=0, same_as=0),
        failure(3, "3", ValueError("wrong")),
    )
    totals = records.totals()
    assert (totals.ok, totals.errors, totals.done, totals.failed) == (3, {"invalid": 1}, 4, 1)
    assert (totals.input_tokens, totals.output_tokens, totals.attempts) == (16, 40, 2)
    assert (totals.cost, totals.unpriced) == (Decimal("0.0001"), 1)


def test_a_failure_that_is_forgotten_is_asked_again(tmp_path: Path) -> None:
    filled(tmp_path, result(0), failure(1, "1", ValueError("x")), failure(2, "2", OSError("y")))
    journal = RunJournal(tmp_path)
    assert journal.forget("exhausted") == 0
    assert journal.forget("invalid") == 2
    assert list(journal.records.done()) == [1]
    journal.add(result(1))
    journal.end()
    records = Records(tmp_path)
    assert [each.status for each in records.in_order(0)] == ["ok", "ok"]
    # The line of the old failure is still in the segment, and no longer counts.
    assert [each.status for each in records.as_completed()[0]] == ["ok", "ok"]


@settings(max_examples=40)
@given(kept=st.integers(0, 5), cut=st.integers(0, 10_000), torn=st.booleans())
def test_whatever_a_kill_leaves_whole_lines_are_kept_and_torn_ones_are_not(
    tmp_path_factory: pytest.TempPathFactory, kept: int, cut: int, torn: bool
) -> None:
    path = tmp_path_factory.mktemp("run")
    filled(path, *(result(n) for n in range(kept)))
    segment = path / "segments" / "00000.jsonl"
    # Lines that reached the segment, but not the ledger; the last of them maybe in part.
    other = path.with_name(f"{path.name}-other")
    filled(other, *(result(n) for n in range(kept, kept + 3)))
    more = (other / "segments" / "00000.jsonl").read_bytes()
    part = more[: cut % len(more)] if torn else more
    with segment.open("ab") as file:
        file.write(part)
    journal = RunJournal(path)
    whole = kept + part.count(b"\n")
    assert sum(journal.records.done()) == whole
    journal.add(result(10))
    journal.end()
    found = [each.index for each in Records(path).as_completed()[0]]
    assert found == [*range(whole), 10]
    assert all(json.loads(line) for line in segment.read_bytes().splitlines())


def test_a_ledger_never_names_a_line_that_is_not_there(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path)
    watching, seen = threading.Event(), list[bool]()

    def watch() -> None:
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
            while not watching.is_set():
                rows = db.execute("SELECT segment, start, length FROM rows").fetchall()
                seen.append(all(Records(tmp_path).read(Location(*row)).ok for row in rows))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for n in range(50):
        journal.add(result(n))
        journal.commit()
    watching.set()
    watcher.join()
    journal.end()
    assert seen
    assert all(seen)


def test_only_one_process_writes(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path)
    with pytest.raises(BlockingIOError, match="another process runs in"):
        RunJournal(tmp_path)
    journal.end()
    RunJournal(tmp_path).end()


def _fill_up(path: Path, answers: Any) -> None:
    journal = RunJournal(path)
    journal.add(result(0))
    journal.commit()
    size = (path / "segments" / "00000.jsonl").stat().st_size
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        journal.add(result(1))
    except OSError as error:
        answers.put(error.errno)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal.add(result(2))
    journal.end()


def test_a_line_that_does_not_fit_on_the_disk_is_taken_back(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    child = context.Process(target=_fill_up, args=(tmp_path, answers))
    child.start()
    assert answers.get(timeout=60) > 0
    child.join()
    assert child.exitcode == 0
    assert [each.index for each in Records(tmp_path).as_completed()[0]] == [0, 2]


def test_a_run_with_other_parameters_is_refused_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.run"
    first = {"created": "2026-11-26", "params": {"model": "a"}, "input": {"kind": "values"}}
    assert open_run(path, first) == first
    assert open_run(path, {**first, "created": "2026-11-27"}) == first
    with pytest.raises(
        ValueError, match=r'another params: \{"model": "a"\} there, \{"model": "b"\}'
    ):
        open_run(path, {**first, "params": {"model": "b"}})
    with pytest.raises(ValueError, match="another input"):
        open_run(path, {**first, "input": {"kind": "csv"}})


def test_a_directory_without_a_run_has_no_settings(tmp_path: Path) -> None:
    assert settings_of(tmp_path) is None
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match="is not JSON"):
        settings_of(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        RunJournal(tmp_path / "a.run")


def test_sessions_that_died_are_counted(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path)
    journal.begin(7, "live")
    records = journal.records
    assert records.in_doubt(journal.session) == 0
    assert records.in_doubt() == 7  # as the next process will see it, if this one dies
    journal.end()
    assert records.in_doubt() == 0
    assert records.sessions() == 1
