"""How a run goes, shown while it does: a table on a terminal, lines of JSON everywhere else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TextIO

from .._wire.json import JSONObject
from .plans import duration
from .records import Records
from .runs import RunProgress

__all__ = [
    "Display",
    "ProgressLine",
    "ProgressLines",
    "ProgressTable",
    "display_on",
    "facts",
    "fields_of",
    "kinds_text",
    "progress_of",
]

_LINE_SECONDS = 10.0
_LIMITS = {"requests": "requests", "input_tokens": "in", "output_tokens": "out"}


class Display(Protocol):
    """Shows how a run goes."""

    def show(self, progress: RunProgress) -> None:
        """Show the present state; called some times a second."""
        ...

    def note(self, text: str) -> None:
        """Say something that stays."""
        ...

    def close(self) -> None:
        """End with the last state."""
        ...


def display_on(file: TextIO) -> Display:
    """Return the display for a file: a table, or one line without rich, or lines of JSON."""
    if not file.isatty():
        return ProgressLines(file)
    try:
        return ProgressTable(file)
    except ImportError:
        return ProgressLine(file)


class ProgressLines:
    """A line of JSON each 10 seconds, and one at the end."""

    def __init__(self, file: TextIO) -> None:
        self._file: Final = file
        self._due = _LINE_SECONDS
        self._last: RunProgress | None = None

    def show(self, progress: RunProgress) -> None:
        """Show the present state; see `Display`."""
        self._last = progress
        if progress.seconds >= self._due:
            self._due = progress.seconds + _LINE_SECONDS
            self.close()

    def note(self, text: str) -> None:
        """Say something that stays."""
        print(text, file=self._file, flush=True)

    def close(self) -> None:
        """Write what was not written yet."""
        if self._last is not None:
            print(json.dumps(fields_of(self._last)), file=self._file, flush=True)
            self._last = None


class ProgressLine:
    """One line of a terminal, written again and again; for those who have not installed rich."""

    def __init__(self, file: TextIO) -> None:
        self._file: Final = file
        self._begun = False

    def show(self, progress: RunProgress) -> None:
        """Show the present state; see `Display`."""
        text = " · ".join(text for name, text in facts(progress) if not name.startswith("limits"))
        width = shutil.get_terminal_size().columns - 1  # a full line would begin another one
        print(f"\r\x1b[K{text[:width]}", end="", file=self._file, flush=True)
        self._begun = True

    def note(self, text: str) -> None:
        """Say something that stays."""
        print(f"\r\x1b[K{text}", file=self._file, flush=True)

    def close(self) -> None:
        """End the line."""
        if self._begun:
            print(file=self._file, flush=True)
        self._begun = False


class ProgressTable:
    """A table and a bar on a terminal; rich draws them."""

    def __init__(self, file: TextIO) -> None:
        """Begin.

        Raises:
            ImportError: rich is not installed.
        """
        from rich.console import Console
        from rich.live import Live

        # It is drawn when there is something new: a thread that draws would be for nothing.
        self._live: Final = Live(console=Console(file=file), auto_refresh=False)
        self._live.start()

    def show(self, progress: RunProgress) -> None:
        """Show the present state; see `Display`."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, text in facts(progress):
            table.add_row(Text(name, "dim"), Text(text))
        bar = ProgressBar(progress.rows, progress.done, pulse=progress.rows is None)
        # The bar ends without a new line, so nothing can stand under it.
        self._live.update(Group(table, bar), refresh=True)

    def note(self, text: str) -> None:
        """Say something that stays."""
        from rich.text import Text

        self._live.console.print(Text(text))

    def close(self) -> None:
        """Leave the last state there."""
        self._live.stop()


def fields_of(progress: RunProgress) -> JSONObject:
    """Return a state as JSON values."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": now, **asdict(progress), "cost": float(progress.cost)}


def facts(progress: RunProgress) -> Iterator[tuple[str, str]]:
    """Give what is to be known of a state, as names and texts for people."""
    done = f"{progress.done:,}"
    if progress.rows:
        done += f" of {progress.rows:,} ({100 * progress.done // progress.rows} %)"
    yield "rows", done
    yield "speed", f"{progress.rows_per_second:,.1f} rows/s, {progress.under_way:,} under way"
    yield "tokens", f"{progress.input_tokens:,} in, {progress.output_tokens:,} out"
    yield "cost", f"${progress.cost:,.4f}"
    if progress.errors:
        yield "errors", kinds_text(progress.errors)
    if progress.seconds_left is not None and progress.done != progress.rows:
        yield "left", duration(progress.seconds_left)
    for name, pool in progress.limits.items():
        if text := _limits_text(pool):
            yield f"limits of {name}", text


def kinds_text(errors: Mapping[str, int]) -> str:
    """Return the numbers of failures by kind, the most first."""
    most_first = sorted(errors.items(), key=lambda item: -item[1])
    return ", ".join(f"{number:,} {kind}" for kind, number in most_first)


def _limits_text(pool: Mapping[str, Any]) -> str:
    """Return what is left of limits that are known, and whether calls are held back."""
    known = [
        f"{max(0, pool[name]['left']):,.0f} of {pool[name]['limit']:,.0f} {unit}"
        for name, unit in _LIMITS.items()
        if pool[name]["limit"]
    ]
    if pool["held_for"]:
        known.append(f"held for {duration(pool['held_for'])}")
    return ", ".join(known)


def progress_of(records: Records) -> RunProgress:
    """Return how a run goes, or how its last session went, from what its directory holds."""
    totals = records.totals()
    with records.opened() as db:
        session = db.execute(
            "SELECT started, ended FROM sessions ORDER BY number DESC LIMIT 1"
        ).fetchone()
        started, ended = session or (0.0, None)
        before = db.execute(
            "SELECT state FROM samples WHERE at < ? ORDER BY rowid DESC LIMIT 1", (started,)
        ).fetchone()
    at, state = records.last_sample() or (started, {})
    seconds = max(0.0, at - started)
    done = totals.done - (0 if before is None else _done_in(json.loads(before[0])))
    speed = max(0, done) / seconds if seconds else 0.0
    rows = state.get("rows")
    return RunProgress(
        rows=rows,
        ok=totals.ok,
        errors=totals.errors,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        cost=totals.cost,
        under_way=0 if ended else state.get("under_way", 0),
        rows_per_second=speed,
        seconds_left=(rows - totals.done) / speed if rows is not None and speed else None,
        seconds=seconds,
        limits=state.get("limits", {}),
    )


def _done_in(state: JSONObject) -> int:
    done: int = state["ok"] + sum(state["errors"].values())
    return done
