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
    from .exit import reported

    return reported(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="antiphon",
        description="Talk to Claude through the Messages API, or to a local server that simulates it.",
        epilog=f"Without ANTHROPIC_API_KEY, `ask` and `count` use a local server. {_SIMULATES}",
    )
    parser.add_argument("--version", action="version", version=f"antiphon {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _describe_ask(commands.add_parser("ask", help="send a prompt and print the answer"))
    _describe_count(commands.add_parser("count", help="count the input tokens of a prompt"))
    _describe_serve(
        commands.add_parser(
            "serve", help="run a local server that simulates the API", description=_SIMULATES
        )
    )
    return parser


def _describe_ask(ask: argparse.ArgumentParser) -> None:
    ask.set_defaults(module="ask")
    _describe_prompt(ask)
    ask.add_argument(
        "--max-tokens", type=int, default=1024, metavar="N", help="longest answer (%(default)s)"
    )
    ask.add_argument("--json", action="store_true", help="print the whole message as JSON")
    ask.add_argument("--no-stream", action="store_true", help="print the answer when it is whole")
    ask.add_argument(
        "--thinking", action="store_true", help="let Claude think first, and show it on stderr"
    )
    ask.add_argument("--usage", action="store_true", help="show the tokens used on stderr")


def _describe_count(count: argparse.ArgumentParser) -> None:
    count.set_defaults(module="count")
    _describe_prompt(count)


def _describe_prompt(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "prompt", nargs="*", help="the prompt; text piped to stdin comes before it"
    )
    command.add_argument(
        "-m",
        "--model",
        default=os.environ.get("ANTHROPIC_MODEL", DEFAULT_MODEL),
        help="(%(default)s, or ANTHROPIC_MODEL)",
    )
    command.add_argument("-s", "--system", help="instructions for the whole conversation")
    command.add_argument(
        "--base-url", metavar="URL", help="where the API is, if not at ANTHROPIC_BASE_URL"
    )


def _describe_serve(serve: argparse.ArgumentParser) -> None:
    serve.set_defaults(module="serve")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    serve.add_argument("--port", type=_port, default=0, help="0, the default, takes a free one")
    serve.add_argument(
        "--control",
        action=argparse.BooleanOptionalAction,
        help="control endpoints under /__antiphon/; by default on loopback alone",
    )
    serve.add_argument("--seed", type=int, default=0, metavar="N", help="changes ids and answers")
    pace = serve.add_argument_group("pace of the answers, which by default come at once")
    pace.add_argument("--first-token", type=float, metavar="SECONDS")
    pace.add_argument("--tokens-per-second", type=float, metavar="N")
    pace.add_argument("--jitter", type=float, metavar="PART", help="from 0 to 1")
    limits = serve.add_argument_group("rate limits of each class of models, per minute")
    limits.add_argument("--requests", type=int, metavar="N")
    limits.add_argument("--input-tokens", type=int, metavar="N")
    limits.add_argument("--output-tokens", type=int, metavar="N")


def _port(text: str) -> int:
    if not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port from 0 to 65535")
    return int(text)


def entry() -> None:
    """What the installed command runs."""
    sys.exit(main())
