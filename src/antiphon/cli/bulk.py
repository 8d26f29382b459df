"""`antiphon bulk`: run the prompts of a file, and look after runs."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from .._sync.client import Client
from .._wire.json import JSONObject, is_list, is_object
from ..bulk import AsyncRun, Engine, Local, RunPlan, RunSummary, arun
from ..bulk.batch_notes import BatchNotes, NotedBatch
from ..bulk.calls import RETRIES
from ..bulk.export import export
from ..bulk.journal import is_running
from ..bulk.progress import Display, display_on, facts, fields_of, kinds_text, progress_of
from ..bulk.records import Records, settings_of
from ..bulk.report import page_of
from ..bulk.rows import PipedLines, RowsInput
from ..bulk.runs import CANCEL, confirm, directory_of
from .exit import COST_CAP, INTERRUPTED
from .prompt import client, is_simulated

__all__ = ["COMMANDS"]

# A mistyped option is not to cost more than this without a question.
_CONFIRM_ABOVE = 10.0
_TICK_SECONDS = 0.25
_WATCH_SECONDS = 1.0
# Stands in the directory of a run with replies of the simulator: no others may be among them.
_SIMULATED = "simulated"


def _run(options: argparse.Namespace) -> int:
    """Run the prompts of a file, or show what that would take; return the exit code.

    Raises:
        ValueError: the rows would have to be read twice, and cannot be.
    """
    if options.input == "-" and (options.plan or options.confirm_above is not None):
        raise ValueError("a plan reads all rows, and stdin can be read only once: give a file")
    with _client(options) as given:
        run = arun(
            _rows(options.input),
            out=options.out,
            params=_params(options),
            template=_template(options),
            dedupe=options.dedupe,
            **_session(options, given),
        )
        if options.plan:
            _show_plan(asyncio.run(run.plan()), options)
            return 0
        return _perform(run, options)


def _retry(options: argparse.Namespace) -> int:
    """Ask the rows that failed again; return the exit code.

    Raises:
        ValueError: nobody knows where the rows are.
        FileNotFoundError: they are no longer where they were.
    """
    directory = _directory(options.path)
    settings = _settings(directory)
    rows = options.input or settings["path"]
    if rows is None:
        raise ValueError(
            f"{directory}: its rows came from a pipe or a Python program; pipe them in again with"
            " --input -, or call run(…).retry() there"
        )
    if options.input is None and not Path(rows).exists():
        raise FileNotFoundError(f"the input is no longer at {rows}; say where with --input")
    with _client(options) as given:
        run = arun(
            _rows(rows),
            out=directory.with_suffix(""),
            params=settings["params"],
            template=settings["template"],
            dedupe=settings["dedupe"],
            **_session(options, given),
        )
        return _perform(run.retry(options.only), options)


@contextmanager
def _client(options: argparse.Namespace) -> Generator[Client]:
    with _ledger_errors(), client(options, max_retries=RETRIES) as given:
        yield given


def _session(options: argparse.Namespace, given: Client) -> dict[str, Any]:
    """Return the arguments of `run` that may be others when it is resumed."""
    return {
        "tag": options.tag,
        "budget": options.max_cost,
        "engine": _engine(options),
        "via": options.via,
        "client": given,
        "ordered": not options.completed,
    }


def _perform(run: AsyncRun, options: argparse.Namespace) -> int:
    """Perform a run, show what it came to, and return the exit code."""
    simulated = is_simulated(options)
    limit = None if simulated or options.yes else _confirm_above(options)
    if limit is not None:
        # Here and not in the run, whose interrupts wait for an end in order.
        confirm(asyncio.run(run.plan()), limit)

    async def perform() -> RunSummary:
        async with run:
            assert run.directory is not None
            _keep_apart(run.directory, simulated=simulated)
            return await _watched(run, display, interrupts)

    with closing(display_on(sys.stderr)) as display, _Interrupts() as interrupts:
        summary = asyncio.run(perform())
    _show_summary(summary, options)
    return _code(summary)


def _rows(given: str) -> RowsInput:
    if given != "-":
        return given
    if sys.stdin is None:
        raise ValueError("INPUT is - for stdin, and there is no stdin")
    return PipedLines(sys.stdin.buffer)


def _params(options: argparse.Namespace) -> JSONObject:
    """Return the parameters that all calls share.

    Raises:
        ValueError: a file holds something else.
        OSError: a file cannot be read.
    """
    params: JSONObject = {"model": options.model, "max_tokens": options.max_tokens}
    if options.system is not None and not _has_template(options):
        params["system"] = options.system
    if options.tools is not None:
        params["tools"] = _json_file(options.tools, is_list, "a list of tools")
    if options.schema is not None:
        schema = _json_file(options.schema, is_object, "a JSON Schema, which is an object")
        params["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return {**params, **dict(options.param)}


def _has_template(options: argparse.Namespace) -> bool:
    return options.template is not None or options.template_file is not None


def _template(options: argparse.Namespace) -> JSONObject | None:
    if not _has_template(options):
        if options.attach:
            raise ValueError("--attach needs the text of the prompt: give --template too")
        return None
    text = options.template
    if text is None:
        text = options.template_file.read_text("utf-8")
    template: JSONObject = {"prompt": text}
    if options.attach:
        # Alone it may be a column with a list of paths.
        template["attach"] = options.attach if len(options.attach) > 1 else options.attach[0]
    if options.system is not None:
        template["system"] = options.system
    return template


def _json_file(path: Path, fits: Callable[[object], bool], what: str) -> Any:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: this is not JSON: {error}") from None
    if not fits(found):
        raise ValueError(f"{path}: give {what}")
    return found


def _engine(options: argparse.Namespace) -> Engine | str:
    if options.on == "local" and options.via == "live":
        return Local(options.concurrency)
    return str(options.on)


def _confirm_above(options: argparse.Namespace) -> float | None:
    if options.confirm_above is not None:
        return float(options.confirm_above)
    at_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return _CONFIRM_ABOVE if at_terminal else None


def _keep_apart(directory: Path, *, simulated: bool) -> None:
    """Let replies of the simulator and of Claude never be results of one run.

    Raises:
        ValueError: the others are there.
        OSError: the directory cannot be made.
    """
    mark = directory / _SIMULATED
    if settings_of(directory) is None:
        directory.mkdir(exist_ok=True)
        mark.unlink(missing_ok=True)
        if simulated:
            mark.touch()
    elif mark.exists() and not simulated:
        raise ValueError(
            f"{directory} holds replies of the simulator; remove it, or give another --out"
        )
    elif simulated and not mark.exists():
        raise ValueError(
            f"{directory} holds replies of Claude; set ANTHROPIC_API_KEY to go on with them"
        )


async def _watched(run: AsyncRun, display: Display, interrupts: _Interrupts) -> RunSummary:
    """Wait for a run and show how it goes; the first interrupt drains it, the second ends it."""
    ending = asyncio.ensure_future(run.wait())
    told = False
    while not ending.done():
        await asyncio.wait([ending], timeout=_TICK_SECONDS)
        display.show(run.progress)
        if interrupts.count:
            run.stop()
        if run.stopped == "drained" and not told:  # `antiphon bulk cancel` stops it too
            told = True
            display.note(
                f"antiphon: no further row is begun; {run.progress.under_way} calls under way are"
                " waited for. Ctrl-C again cuts them."
            )
        if interrupts.count > 1 and not ending.done():
            display.note("antiphon: the calls under way are cut; they may be paid for")
            await run.cancel()
    if ending.exception() is not None and run.progress.done:
        display.note(f"antiphon: {run.progress.done:,} rows are done, and kept in {run.directory}")
    return ending.result()


class _Interrupts:
    """Counts SIGINT and SIGTERM, which would end the process at once otherwise."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Only the main thread may set handlers. A shell lets background jobs ignore SIGINT, but
        # whoever sends one to this process all the same wants it to stop.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._counted)
        return self

    def _counted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.count += 1

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _show_plan(plan: RunPlan, options: argparse.Namespace) -> None:
    print(json.dumps(asdict(plan), indent=2, default=_plain) if options.json else plan)


def _show_summary(summary: RunSummary, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps(asdict(summary), indent=2, default=_plain))
        return
    failed = f", {sum(summary.errors.values()):,} failed" if summary.errors else ""
    kinds = f" ({kinds_text(summary.errors)})" if summary.errors else ""
    print(f"{summary.rows:,} rows: {summary.ok:,} ok{failed}{kinds}")
    print(
        f"{summary.input_tokens:,} tokens in, {summary.output_tokens:,} out, ${summary.cost:,.4f}"
    )
    if summary.unpriced:
        print(f"{summary.unpriced:,} messages have no known price; they are not in the dollars.")
    if summary.in_doubt:
        print(f"Up to {summary.in_doubt:,} calls of sessions that died may be paid twice.")
    if summary.stopped is None:
        print(f"The results are in {summary.out}.")
    else:
        why = "at the cost cap" if summary.stopped == "budget" else "before its end"
        print(f"Stopped {why}; the same command goes on. The results are in {summary.directory}.")


def _plain(value: object) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _code(summary: RunSummary) -> int:
    if summary.stopped == "budget":
        return COST_CAP
    if summary.stopped is not None:
        return INTERRUPTED
    return int(bool(summary.errors))


def _status(options: argparse.Namespace) -> int:
    """Print how far a run is."""
    with _records(options.path) as records:
        progress, totals = progress_of(records), records.totals()
        found = {
            "directory": str(records.path),
            "running": is_running(records.path),
            "sessions": records.sessions(),
            "attempts": totals.attempts,
            "unpriced": totals.unpriced,
            "simulated": _is_simulated(records),
        }
    if options.json:
        print(json.dumps({**found, **fields_of(progress)}, indent=2))
        return 0
    for name, text in facts(progress):
        print(f"{name:<12}  {text}")
    state = "a process performs it" if found["running"] else "no process performs it"
    print(f"{'sessions':<12}  {found['sessions']}; {state}")
    if found["simulated"]:
        print("The replies are simulated.")
    return 0


def _watch(options: argparse.Namespace) -> int:
    """Show the progress of a run of another process until it ends."""
    with _records(options.path) as records, closing(display_on(sys.stderr)) as display:
        while is_running(records.path):
            display.show(progress_of(records))
            time.sleep(_WATCH_SECONDS)
        display.show(progress_of(records))
    return 0


def _export(options: argparse.Namespace) -> int:
    """Write the results that there are into a file."""
    with _records(options.path) as records:
        rows = export(records, options.file, ordered=not options.completed)
    print(f"{rows:,} results are in {options.file}")
    return 0


def _cancel(options: argparse.Namespace) -> int:
    """Stop the process that performs a run, and cancel its batches."""
    with _records(options.path) as records:
        if is_running(records.path):
            (records.path / CANCEL).touch()
            print("It begins no further row; the calls under way are waited for.", file=sys.stderr)
            while is_running(records.path):
                time.sleep(_WATCH_SECONDS)
            print("The run has stopped; the same command goes on.")
        else:
            print("No process performs this run.")
        notes = BatchNotes(records.path)
        if batches := [each for each in notes.under_way() if each.id is not None]:
            with client(options) as given:
                for batch in batches:
                    _cancel_batch(given, notes, batch)
    return 0


def _cancel_batch(given: Client, notes: BatchNotes, batch: NotedBatch) -> None:
    # First of all: whoever reads the results asks again what was cancelled on purpose.
    notes.cancelling(batch.mark)
    assert batch.id is not None
    found = given.messages.batches.cancel(batch.id)
    print(f"batch {batch.id}: {found.processing_status}")


def _report(options: argparse.Namespace) -> int:
    """Write a page about a run."""
    with _records(options.path) as records:
        file = options.output or records.path / "report.html"
        file.write_text(page_of(records, simulated=_is_simulated(records)), "utf-8")
    print(f"The report is {file}")
    return 0


@contextmanager
def _records(path: Path) -> Generator[Records]:
    """Give the records of a run.

    Raises:
        ValueError: there is no run.
        OSError: they cannot be read.
    """
    with _ledger_errors():
        yield Records(_directory(path))


@contextmanager
def _ledger_errors() -> Generator[None]:
    """Let what SQLite says be an error of a file, for whoever reads it."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(f"the ledger of the run: {error}") from error


def _directory(path: Path) -> Path:
    """Return the directory of a run, which is given by it or by its file of results.

    Raises:
        ValueError: there is no run.
    """
    for directory in (path, directory_of(path)):
        if directory.is_dir() and settings_of(directory) is not None:
            return directory
    raise ValueError(
        f"{path}: there is no run; give the file of --out, or the directory beside it that ends in"
        " .run"
    )


def _settings(directory: Path) -> JSONObject:
    settings = settings_of(directory)
    assert settings is not None
    return settings


def _is_simulated(records: Records) -> bool:
    return (records.path / _SIMULATED).exists()


COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "run": _run,
    "status": _status,
    "watch": _watch,
    "retry": _retry,
    "export": _export,
    "cancel": _cancel,
    "report": _report,
}
"""The commands by name."""
