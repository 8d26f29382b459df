"""`antiphon usage`: sums of exported ledgers."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from antiphon.cli import main
from antiphon.costs import Ledger
from antiphon.costs.tally import Tally
from antiphon.types import Message


def record(**changes: object) -> dict[str, Any]:
    counts = ("calls", "failed_attempts", "partial", "uncertain", "web_searches")
    tokens = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
    found = {"day": "2026-11-24", "model": "claude-haiku-4-5", "tag": None, "usd": "0"}
    return {**found, **dict.fromkeys((*counts, *tokens), 0), **changes}


def written(folder: Path, *records: dict[str, Any], name: str = "ledger.jsonl") -> str:
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    return str(path)


WEEK = (
    record(day="2026-11-24", calls=1, input_tokens=1000, output_tokens=200, usd="0.028"),
    record(day="2026-11-23", calls=1, input_tokens=10_000, output_tokens=1000, usd="0.015"),
    record(
        day="2026-11-24", calls=1, tag="eval-7", model="claude-opus-4-8", input_tokens=20_000,
        cache_read_tokens=5, usd="0.015",
    ),
)  # fmt: skip


def test_a_table_for_each_way_to_look_with_bars(tmp_path, capsys):
    assert main(["usage", written(tmp_path, *WEEK)]) == 0
    assert (
        capsys.readouterr().out
        == """\
3 calls, 32,205 tokens, $0.0580

by day
              calls   input  cached  output  dollars
  2026-11-23      1  10,000       0   1,000   0.0150  ████████
  2026-11-24      2  21,000       5     200   0.0430  ████████████████████████

by model
                    calls   input  cached  output  dollars
  claude-haiku-4-5      2  11,000       0   1,200   0.0430  ████████████████████████
  claude-opus-4-8       1  20,000       5       0   0.0150  ████████

by tag
          calls   input  cached  output  dollars
  (none)      2  11,000       0   1,200   0.0430  ████████████████████████
  eval-7      1  20,000       5       0   0.0150  ████████
"""
    )


def test_several_files_are_one_ledger(tmp_path, capsys):
    paths = [written(tmp_path, each, name=f"{n}.jsonl") for n, each in enumerate(WEEK)]
    assert main(["usage", "--json", *paths]) == 0
    several = capsys.readouterr().out
    assert main(["usage", "--json", written(tmp_path, *WEEK)]) == 0
    assert several == capsys.readouterr().out


def test_the_sums_as_json(tmp_path, capsys):
    assert main(["usage", "--json", written(tmp_path, *WEEK)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"total", "by_day", "by_model", "by_tag"}
    assert found["total"]["usd"] == "0.058"
    assert found["total"]["calls"] == 3
    assert [each["day"] for each in found["by_day"]] == ["2026-11-23", "2026-11-24"]
    assert [(each["tag"], each["usd"]) for each in found["by_tag"]] == [
        (None, "0.043"),
        ("eval-7", "0.015"),
    ]


def test_tokens_without_a_price_are_said_and_not_counted_as_free(tmp_path, capsys):
    unpriced = record(model="other", calls=1, input_tokens=500, usd=None, uncertain=2)
    assert main(["usage", written(tmp_path, unpriced)]) == 0
    out = capsys.readouterr().out
    assert "500 tokens have no known price" in out
    assert "2 attempts may have cost something" in out
    assert out.splitlines()[4].split()[-1] == "?"
    assert main(["usage", "--json", written(tmp_path, unpriced)]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["unpriced_tokens"] == 500


def test_an_empty_ledger_is_no_failure(tmp_path, capsys):
    assert main(["usage", written(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("0 calls, 0 tokens, $0.0000")


@pytest.mark.parametrize(
    "line", ["words", "[]", '{"day": "2026-11-24"}', json.dumps(record(usd="free"))]
)
def test_another_file_is_refused_with_the_line(tmp_path, capsys, line):
    path = tmp_path / "other.txt"
    path.write_text(f"{json.dumps(record())}\n{line}\n")
    assert main(["usage", str(path)]) == 2
    assert f"{path}, line 2: this is no record" in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert main(["usage", str(tmp_path / "none.jsonl")]) == 1
    assert "none.jsonl" in capsys.readouterr().err


def test_what_a_ledger_exports_can_be_read(tmp_path, capsys):
    ledger = Ledger(Tally())
    message = Message.from_value(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5",
            "content": [],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1000, "output_tokens": 100},
        }
    )
    ledger.add(message, tag="a")
    ledger.export(tmp_path / "ledger.jsonl")
    assert main(["usage", "--json", str(tmp_path / "ledger.jsonl")]) == 0
    total = json.loads(capsys.readouterr().out)["total"]
    assert Decimal(total["usd"]) == ledger.total
    assert total["calls"] == 1
