"""`antiphon usage`: what the calls in exported ledgers cost, by day, model and tag."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from .._wire.json import JSONObject, is_object

__all__ = ["run"]

_GROUPS = ("day", "model", "tag")

_BAR_CELLS = 24


def run(options: argparse.Namespace) -> None:
    """Print the sums of the ledgers.

    Raises:
        ValueError: a file is no ledger.
    """
    records = [record for path in options.ledger for record in _records(path)]
    total = _summed(records)
    groups = {name: _grouped(records, name) for name in _GROUPS}
    if options.json:
        found: dict[str, Any] = {"total": total.as_json()}
        for name, sums in groups.items():
            found[f"by_{name}"] = [{name: key, **each.as_json()} for key, each in sums.items()]
        print(json.dumps(found, indent=2))
        return
    print(f"{total.calls:,} calls, {total.tokens:,} tokens, ${total.usd:.4f}")
    for name, sums in groups.items():
        print(f"\nby {name}")
        for line in _table(sums):
            print(f"  {line}")
    if total.unpriced:
        print(f"\n{total.unpriced:,} tokens have no known price; they are not in the dollars.")
    if total.uncertain:
        print(f"\n{total.uncertain:,} attempts may have cost something that only the API knows.")


@dataclass(slots=True)
class _Sums:
    """What some calls used and cost."""

    calls: int = 0
    failed_attempts: int = 0
    partial: int = 0
    uncertain: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    web_searches: int = 0
    unpriced: int = 0
    usd: Decimal = Decimal(0)

    @property
    def cached(self) -> int:
        """The input tokens that were written to the cache or read from it."""
        return self.cache_write_tokens + self.cache_read_tokens

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.input_tokens + self.cached + self.output_tokens

    def add(self, record: JSONObject) -> None:
        """Add what a record of a ledger holds."""
        before = self.tokens
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + record[name])
        if record["usd"] is None:
            self.unpriced += self.tokens - before
        else:
            self.usd += Decimal(record["usd"])

    def as_json(self) -> dict[str, Any]:
        """Return the sums as JSON values; dollars are the text of a decimal number."""
        return {
            **{name: getattr(self, name) for name in _COUNTS},
            "unpriced_tokens": self.unpriced,
            "usd": str(self.usd),
        }


_COUNTS = tuple(each.name for each in fields(_Sums) if each.name not in ("usd", "unpriced"))


def _records(path: Path) -> Iterator[JSONObject]:
    """Give the records of a file that `client.costs.export` has written.

    Raises:
        ValueError: it is none; the message names the line.
        OSError: it cannot be read.
    """
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            record: object = json.loads(line)
        except ValueError:
            record = None
        if not _is_record(record):
            raise ValueError(
                f"{path}, line {number}: this is no record of a ledger; client.costs.export(path)"
                " writes them"
            )
        yield record  # type: ignore[misc]


def _is_record(record: object) -> bool:
    if not is_object(record) or not {*_GROUPS, *_COUNTS, "usd"} <= {*record}:
        return False
    if not all(isinstance(record[name], int) for name in _COUNTS):
        return False
    try:
        return record["usd"] is None or Decimal(record["usd"]).is_finite()
    except (InvalidOperation, TypeError, ValueError):
        return False


def _summed(records: Sequence[JSONObject]) -> _Sums:
    sums = _Sums()
    for record in records:
        sums.add(record)
    return sums


def _grouped(records: Sequence[JSONObject], name: str) -> dict[Any, _Sums]:
    """Return the sums of each day in order, or of each model or tag, the dearest first."""
    sums: dict[Any, _Sums] = {}
    for record in records:
        sums.setdefault(record[name], _Sums()).add(record)
    order: Callable[[tuple[Any, _Sums]], Any] = (
        (lambda item: item[0])
        if name == "day"
        else (lambda item: (-item[1].usd, -item[1].tokens, str(item[0])))
    )
    return dict(sorted(sums.items(), key=order))


def _table(groups: dict[Any, _Sums]) -> Iterator[str]:
    """Give the lines of a table with a bar for each group."""
    rows = [("", "calls", "input", "cached", "output", "dollars")]
    rows += [
        (
            "(none)" if key is None else str(key),
            f"{sums.calls:,}",
            f"{sums.input_tokens:,}",
            f"{sums.cached:,}",
            f"{sums.output_tokens:,}",
            "?" if sums.unpriced and not sums.usd else f"{sums.usd:.4f}",
        )
        for key, sums in groups.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    most = max((sums.usd for sums in groups.values()), default=Decimal(0))
    bars = ["", *(_bar(sums.usd / most if most else Decimal(0)) for sums in groups.values())]
    for (name, *cells), bar in zip(rows, bars, strict=True):
        numbers = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *numbers, bar]).rstrip()


def _bar(part: Decimal) -> str:
    # What is more than nothing shows.
    cells = max(round(part * _BAR_CELLS), 1) if part else 0
    return _cell() * cells


def _cell() -> str:
    """Return what a bar is made of: a block, or a `#` where the terminal has none."""
    try:
        "█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#"
    return "█"
