"""The `antiphon` command: ask, count, serve. Answers go to stdout, everything else to stderr.

Exit codes: 0 done; 1 another failure; 2 wrong usage; 3 no or a wrong key (401, 403); 4 the request
was refused (400, 402, 404, 413, …); 5 a rate limit (429); 6 the API failed or is overloaded; 7 the
network or a time limit; 130 interrupted; 141 the reader of stdout has gone.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .._version import __version__

DEFAULT_MODEL = "claude-haiku-4-5"
_SIMULATES = "The local server simulates the Messages API. It is no model, and its answers say so."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(argv)
    if options.command == "serve":
        from .serving import run
    elif options.command == "count":
        from .counting import run
    else:
        from .asking import run
    from .outcomes import reported

    return reported(run, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon",
        description="Talk to Claude through the Messages API, or to a local server that simulates it.",
        epilog=f"Without ANTHROPIC_API_KEY, `ask` and `count` use a local server. {_SIMULATES}",
    )
    parser.add_argument("--version", action="version", version=f"antiphon {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    ask = commands.add_parser("ask", help="send a prompt and print the answer")
    _add_prompt(ask)
    ask.add_argument("--max-tokens", type=int, default=1024, metavar="N", help="longest answer")
    ask.add_argument("--json", action="store_true", help="print the whole message as JSON")
    ask.add_argument("--no-stream", action="store_true", help="print the answer when it is whole")
    ask.add_argument("--thinking", action="store_true", help="show thinking on stderr")
    ask.add_argument("--usage", action="store_true", help="show the tokens used on stderr")
    count = commands.add_parser("count", help="count the input tokens of a prompt")
    _add_prompt(count)
    serve = commands.add_parser(
        "serve", help="run a local server that simulates the API", description=_SIMULATES
    )
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    serve.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    return parser


def _add_prompt(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "prompt", nargs="*", help="the prompt; text piped to stdin comes before it"
    )
    command.add_argument(
        "-m",
        "--model",
        default=os.environ.get("ANTHROPIC_MODEL", DEFAULT_MODEL),
        help="(%(default)s)",
    )
    command.add_argument("-s", "--system", help="instructions for the whole conversation")
    command.add_argument("--base-url", help="where the API is, if not at ANTHROPIC_BASE_URL")


def entry() -> None:
    """What the installed command runs."""
    sys.exit(main())
