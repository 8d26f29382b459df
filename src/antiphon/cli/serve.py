"""`antiphon serve`: run the local server until it is interrupted."""

from __future__ import annotations

import argparse
import errno
import json
import sys
from pathlib import Path
from typing import Any

from ..local.api.app import App
from ..local.api.latency import Latency
from ..local.metering.rate_limits import Limits
from ..local.scripting.script import Script
from ..local.serving.listener import serve

__all__ = ["run"]

_PACE = ("first_token", "tokens_per_second", "jitter")
_LIMITS = ("requests", "input_tokens", "output_tokens")


def run(options: argparse.Namespace) -> int:
    """Serve; how to reach the server is printed on stdout. Or check a script, or show its schema.

    Returns:
        The exit code.

    Raises:
        OSError: the server cannot listen at this address, or a file cannot be read.
        ValueError: the script is wrong.
    """
    if options.script_schema:
        return _print_schema()
    if options.check is not None:
        return _check(options.check)
    limited, latency = _given(options, _LIMITS), Latency(**_given(options, _PACE))
    app = App(
        seed=options.seed,
        models="any" if options.any_model else "known",
        limits=Limits(**limited) if limited else None,
        latency=latency,
        script=Script() if options.script is None else _script_in(options.script),
    )
    try:
        serve(
            options.host,
            options.port,
            app,
            control=options.control,
            allow_hosts=options.allow_host,
        )
    except OSError as failure:
        if failure.errno != errno.EADDRINUSE:
            raise
        raise OSError(
            f"port {options.port} of {options.host} is in use; choose another one, or leave out"
            " --port for a free one"
        ) from failure
    return 0


# Most servers have no script, so what reads one is loaded when it is used.


def _script_in(path: Path) -> Script:
    from ..local.serving.script_file import ScriptFile

    return ScriptFile(path)


def _print_schema() -> int:
    from ..local.scripting.file_schema import SCHEMA

    print(json.dumps(SCHEMA, indent=2))
    return 0


def _check(path: Path) -> int:
    """Print what is wrong with a script; return 1 if something is."""
    from ..local.serving.script_file import read_script

    try:
        rules = read_script(path)
    except ValueError as error:
        problems = [str(error)]
    else:
        problems = [f"{path}: {line}" for line in rules.shadowed()]
        if not problems:
            print(f"{path}: {len(rules.rules)} rules, nothing wrong")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those options among `names` that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}
