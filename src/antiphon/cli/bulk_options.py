"""The options of `antiphon bulk` and its commands; what they do is in `bulk.py`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .subparsers import add_command

__all__ = ["describe"]

_RUN_EXAMPLES = """\
The same command goes on with a run that was stopped or killed; no row is paid twice.

examples:
  antiphon bulk run prompts.jsonl --out answers.jsonl
  antiphon bulk run books.csv --out answers.csv --template "Who wrote {title}?" --plan
  cat prompts.jsonl | antiphon bulk run - --out answers.jsonl
"""
_STATUS_EXAMPLES = """\
examples:
  antiphon bulk status answers.jsonl
  antiphon bulk status --json answers.jsonl.run
"""
_WATCH_EXAMPLES = """\
examples:
  antiphon bulk watch answers.jsonl
"""
_RETRY_EXAMPLES = """\
examples:
  antiphon bulk retry answers.jsonl
  antiphon bulk retry answers.jsonl --only exhausted
"""
_EXPORT_EXAMPLES = """\
examples:
  antiphon bulk export answers.jsonl so-far.csv
"""
_CANCEL_EXAMPLES = """\
examples:
  antiphon bulk cancel answers.jsonl
"""
_REPORT_EXAMPLES = """\
examples:
  antiphon bulk report answers.jsonl
  antiphon bulk report answers.jsonl -o report.html
"""
# Those of `antiphon.bulk.KINDS`, which is not imported for `--help`.
_KINDS = ("invalid", "denied", "exhausted", "output", "expired")


def describe(bulk: argparse.ArgumentParser, default_model: str) -> None:
    """Add the commands to the parser of `antiphon bulk`."""
    commands = bulk.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, says: str, examples: str) -> argparse.ArgumentParser:
        added = add_command(commands, name, says, examples)
        added.set_defaults(run=_command(name))
        return added

    def command_on_a_run(name: str, says: str, examples: str) -> argparse.ArgumentParser:
        added = command(name, says, examples)
        added.add_argument(
            "path",
            type=Path,
            metavar="RUN",
            help="the file of --out, or the directory beside it that ends in .run",
        )
        return added

    _describe_run(command("run", "ask the prompts of a file", _RUN_EXAMPLES), default_model)
    status = command_on_a_run("status", "show how far a run is", _STATUS_EXAMPLES)
    _describe_json(status, "print it as JSON")
    command_on_a_run(
        "watch", "show the progress of a run of another process, until it ends", _WATCH_EXAMPLES
    )
    retry = command_on_a_run("retry", "ask the rows that failed again", _RETRY_EXAMPLES)
    retry.add_argument("--only", choices=_KINDS, help="those that failed in this way")
    retry.add_argument("--input", metavar="INPUT", help="where the input is now, or - for stdin")
    _describe_session(retry)
    export = command_on_a_run("export", "write the results that there are", _EXPORT_EXAMPLES)
    export.add_argument("file", type=Path, metavar="FILE", help="ends in .jsonl, .csv or .parquet")
    _describe_order(export)
    cancel = command_on_a_run(
        "cancel", "stop a run in order; the same command goes on with it", _CANCEL_EXAMPLES
    )
    _describe_base_url(cancel)
    report = command_on_a_run("report", "write a page about a run", _REPORT_EXAMPLES)
    report.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.html",
        help="where to; by default report.html in the directory of the run",
    )


def _describe_run(run: argparse.ArgumentParser, default_model: str) -> None:
    run.add_argument(
        "input", metavar="INPUT", help="a .jsonl, .csv or .parquet file, or - for lines from stdin"
    )
    run.add_argument(
        "--out", type=Path, required=True, help="the results: a .jsonl, .csv or .parquet file"
    )
    prompt = run.add_argument_group("what is asked (a row may say more)")
    template = prompt.add_mutually_exclusive_group()
    template.add_argument(
        "--template", metavar="TEXT", help='the prompt, such as "Summarize: {text}"'
    )
    template.add_argument(
        "--template-file", type=Path, metavar="FILE", help="the file that holds it"
    )
    prompt.add_argument(
        "--attach",
        action="append",
        default=[],
        metavar="TEMPLATE",
        help='the path of an image or a document for each row, such as "{path}"',
    )
    prompt.add_argument(
        "-m",
        "--model",
        default=os.environ.get("ANTHROPIC_MODEL", default_model),
        help="the model (%(default)s; ANTHROPIC_MODEL sets another default)",
    )
    prompt.add_argument(
        "-s", "--system", help="instructions; with a template, columns are put in here too"
    )
    prompt.add_argument(
        "--max-tokens",
        type=int,
        default=1024,
        metavar="N",
        help="maximum number of tokens to generate (%(default)s)",
    )
    prompt.add_argument(
        "--param",
        type=_param,
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="another parameter of messages.create",
    )
    prompt.add_argument("--tools", type=Path, metavar="FILE", help="a list of tools, as JSON")
    prompt.add_argument(
        "--schema", type=Path, metavar="FILE", help="the JSON Schema that replies are to follow"
    )
    run.add_argument("--dedupe", action="store_true", help="ask equal rows once")
    run.add_argument("--plan", action="store_true", help="show what it will take, and send nothing")
    _describe_session(run)


def _describe_session(command: argparse.ArgumentParser) -> None:
    session = command.add_argument_group("how it is asked")
    session.add_argument(
        "--max-cost",
        metavar="DOLLARS",
        help="stop before the run costs more, all its sessions together",
    )
    session.add_argument(
        "--confirm-above",
        type=float,
        metavar="DOLLARS",
        help="ask first if it could cost more (on a terminal 10; without one, it is refused)",
    )
    session.add_argument("--yes", action="store_true", help="do not ask")
    session.add_argument(
        "--concurrency", type=int, default=200, metavar="N", help="calls at a time (%(default)s)"
    )
    session.add_argument(
        "--on", default="local", metavar="WHERE", help="local, ray, or ray://HOST:PORT"
    )
    session.add_argument(
        "--via",
        choices=("live", "batch"),
        default="live",
        help="batch is half the price, and takes up to a day (%(default)s)",
    )
    session.add_argument("--tag", help="the tag of the calls in traces")
    _describe_base_url(session)
    _describe_order(session)
    _describe_json(session, "print what it came to as JSON")


def _describe_base_url(command: Any) -> None:
    command.add_argument("--base-url", metavar="URL", help="the address of the API")


def _describe_order(command: Any) -> None:
    command.add_argument(
        "--completed",
        action="store_true",
        help="write the results in the order in which they came, not that of the input",
    )


def _describe_json(command: Any, says: str) -> None:
    command.add_argument("--json", action="store_true", help=says)


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=JSON, such as temperature=0.5")
    try:
        return name, json.loads(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: {value!r} is not JSON; a text stands in double quotes"
        ) from None


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """Return the function of a command, whose module is imported when it is called."""

    def run(options: argparse.Namespace) -> int:
        from .bulk import COMMANDS

        return COMMANDS[name](options)

    return run
