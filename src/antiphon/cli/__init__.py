"""The `antiphon` command: the parsing of options here, and one file for each command.

Programs may call `main`. Replies go to stdout, everything else to stderr. A command never shows a
traceback: a failure is a line or two, and an exit code.

Exit codes: 0 done; 1 another failure, a difference that `moving-over` found, something wrong in a
script that `serve --check` read, a server that does not conform, or rows of `bulk` that failed; 2
wrong usage; 3 no key or a wrong one (401, 403); 4 the request was refused (400, 402, 404, 413, …);
5 a rate limit (429); 6 the API failed or is overloaded; 7 the network or a time limit; 8 a run of
`bulk` stopped at its cost cap; 130 interrupted, and a run of `bulk` can go on; 141 the reader of
stdout has gone.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .._version import __version__
from .subparsers import add_command

__all__ = ["DEFAULT_MODEL", "entry", "main"]

DEFAULT_MODEL = "claude-haiku-4-5"

_SIMULATES = (
    "The local server simulates the Messages API. It is not a model, and its replies say so."
)
_EXAMPLES = """\
examples:
  antiphon ask "Hello, Claude"
  git diff | antiphon ask -s "Review this change." --usage
  antiphon count < notes.txt
  antiphon bulk run prompts.jsonl --out answers.jsonl
  antiphon serve --port 8000
  antiphon record talk.jsonl
  antiphon moving-over src
  antiphon usage ledger.jsonl
"""
_ASK_EXAMPLES = """\
examples:
  antiphon ask "Hello, Claude"
  antiphon ask -m claude-opus-5 --thinking "Is 2027 a prime number?"
  cat notes.txt | antiphon ask --json "Summarize this."
"""
_COUNT_EXAMPLES = """\
examples:
  antiphon count "How long is this?"
  antiphon count < notes.txt
"""
_BULK_EXAMPLES = """\
examples:
  antiphon bulk run prompts.jsonl --out answers.jsonl
  antiphon bulk run books.csv --out answers.parquet --template "Who wrote {title}?" --max-cost 5
  antiphon bulk status answers.jsonl
  antiphon bulk retry answers.jsonl --only exhausted
"""
_SERVE_EXAMPLES = """\
examples:
  antiphon serve --port 8000
  antiphon serve --first-token 0.5 --tokens-per-second 40 --requests 50
  antiphon serve --script replies.yaml
  antiphon serve --check replies.yaml
"""
_RECORD_EXAMPLES = """\
examples:
  antiphon record talk.jsonl
  antiphon record --upstream http://127.0.0.1:8000 --mode rewrite talk.jsonl
  antiphon record --cache .replies
"""
_CONFORMANCE_EXAMPLES = """\
examples:
  antiphon conformance --base-url http://127.0.0.1:8000
  antiphon conformance --base-url http://127.0.0.1:4000 --key sk-1234 --json
"""
_REPLAY_EXAMPLES = """\
examples:
  antiphon replay talk.jsonl --port 8000
  antiphon replay --paced talk.jsonl
"""
_USAGE_EXAMPLES = """\
examples:
  antiphon usage ledger.jsonl
  antiphon usage --json ledgers/*.jsonl
"""
_MOVING_OVER_EXAMPLES = """\
examples:
  antiphon moving-over src
  antiphon moving-over app.py && echo "nothing differs"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: the arguments; those of the process if None.

    Raises:
        SystemExit: the arguments are wrong, or ask for help or the version.
    """
    arguments = sys.argv[1:] if argv is None else argv
    options, unknown = _parser(arguments).parse_known_args(arguments)
    if unknown:
        # `parse_args` would show the usage of `antiphon`; that of the command lists what it takes.
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    from .exit import exit_code

    return exit_code(options)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of all commands, with the options of the one that `arguments` name."""
    parser = argparse.ArgumentParser(
        prog="antiphon",
        description="Talk to Claude through the Messages API, or to a server that simulates it.\n"
        f"Without ANTHROPIC_API_KEY, `ask`, `count` and `bulk` use a local server.\n{_SIMULATES}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"antiphon {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Describing the options of all commands would take a tenth of the start of a server.
    chosen = next((each for each in arguments if not each.startswith("-")), None)

    def command(
        name: str, says: str, examples: str, describe: Callable[[argparse.ArgumentParser], None]
    ) -> None:
        added = add_command(commands, name, says, examples)
        if name == chosen:
            describe(added)

    command("ask", "send a prompt and print the reply", _ASK_EXAMPLES, _describe_ask)
    command("count", "count the input tokens of a prompt", _COUNT_EXAMPLES, _describe_count)
    command("bulk", "ask from one prompt to millions", _BULK_EXAMPLES, _describe_bulk)
    command(
        "serve",
        "run a local server that simulates the API",
        f"{_SIMULATES}\n\n{_SERVE_EXAMPLES}",
        _describe_serve,
    )
    command(
        "record", "pass requests on to the API and record them", _RECORD_EXAMPLES, _describe_record
    )
    command("replay", "reply with what was recorded", _REPLAY_EXAMPLES, _describe_replay)
    command(
        "conformance",
        "check whether a server speaks the Messages API",
        _CONFORMANCE_EXAMPLES,
        _describe_conformance,
    )
    command(
        "usage",
        "show what calls cost, from files of client.costs.export",
        _USAGE_EXAMPLES,
        _describe_usage,
    )
    command(
        "moving-over",
        "list what would differ in a program written for the official package",
        _MOVING_OVER_EXAMPLES,
        _describe_moving_over,
    )
    return parser


def _describe_ask(ask: argparse.ArgumentParser) -> None:
    ask.set_defaults(run=_ask)
    _describe_prompt(ask)
    ask.add_argument(
        "--max-tokens",
        type=int,
        default=1024,
        metavar="N",
        help="maximum number of tokens to generate (%(default)s)",
    )
    ask.add_argument("--json", action="store_true", help="print the whole message as JSON")
    ask.add_argument("--no-stream", action="store_true", help="print the reply when it is complete")
    ask.add_argument(
        "--thinking", action="store_true", help="let Claude think first, and show that on stderr"
    )
    ask.add_argument("--usage", action="store_true", help="show the tokens used on stderr")


def _describe_count(count: argparse.ArgumentParser) -> None:
    count.set_defaults(run=_count)
    _describe_prompt(count)


def _describe_prompt(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "prompt", nargs="*", help="the prompt; text piped to stdin is put before it"
    )
    command.add_argument(
        "-m",
        "--model",
        default=os.environ.get("ANTHROPIC_MODEL", DEFAULT_MODEL),
        help="the model (%(default)s; ANTHROPIC_MODEL sets another default)",
    )
    command.add_argument("-s", "--system", help="instructions for the whole conversation")
    command.add_argument(
        "--base-url", metavar="URL", help="the address of the API (ANTHROPIC_BASE_URL)"
    )


def _describe_bulk(bulk: argparse.ArgumentParser) -> None:
    from .bulk_options import describe

    describe(bulk, DEFAULT_MODEL)


def _describe_serve(serve: argparse.ArgumentParser) -> None:
    serve.set_defaults(run=_serve)
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    serve.add_argument("--port", type=_port, default=0, help="0, the default, takes a free port")
    serve.add_argument(
        "--control",
        action=argparse.BooleanOptionalAction,
        help="endpoints under /__antiphon/ to control it (by default only on a loopback host)",
    )
    serve.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another seed gives other ids and replies"
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that clients may use for this server, besides addresses and localhost",
    )
    serve.add_argument(
        "--any-model",
        action="store_true",
        help="serve any name of a model (by default unknown and retired ones are a 404)",
    )
    scripts = serve.add_argument_group("what is replied (by default simulated replies)")
    scripts.add_argument(
        "--script",
        type=Path,
        metavar="FILE",
        help="rules, in YAML or JSON; read again if changed",
    )
    scripts.add_argument(
        "--check", type=Path, metavar="FILE", help="check a script and exit; nothing is served"
    )
    scripts.add_argument(
        "--script-schema", action="store_true", help="print the JSON Schema of scripts and exit"
    )
    pace = serve.add_argument_group("pace of the replies (by default there is no delay)")
    pace.add_argument("--first-token", type=float, metavar="SECONDS", help="before the first token")
    pace.add_argument("--tokens-per-second", type=float, metavar="N", help="from then on")
    pace.add_argument(
        "--jitter", type=float, metavar="PART", help="random variation: 0 none, 0.5 for ±50 %%"
    )
    limits = serve.add_argument_group("rate limits of each class of models, per minute")
    limits.add_argument("--requests", type=int, metavar="N")
    limits.add_argument("--input-tokens", type=int, metavar="N")
    limits.add_argument("--output-tokens", type=int, metavar="N")


def _describe_address(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (%(default)s)"
    )
    command.add_argument("--port", type=_port, default=0, help="0, the default, takes a free port")


def _describe_record(record: argparse.ArgumentParser) -> None:
    record.set_defaults(run=_record)
    _describe_address(record)
    record.add_argument("file", type=Path, nargs="?", help="the cassette, JSON Lines")
    record.add_argument(
        "--upstream",
        default="https://api.anthropic.com",
        metavar="URL",
        help="the API that is recorded (%(default)s)",
    )
    record.add_argument(
        "--mode",
        choices=("once", "new_episodes", "all", "rewrite"),
        default="new_episodes",
        help="what is recorded; other requests are replied to from the file (%(default)s)",
    )
    record.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="instead of FILE: keep replies there, and give them again any number of times",
    )
    record.add_argument(
        "--raw", action="store_true", help="keep streams byte by byte as they came, too"
    )


def _describe_conformance(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=_conformance)
    command.add_argument("--base-url", required=True, metavar="URL", help="the server")
    command.add_argument("--key", default="conformance", help="the API key to send")
    command.add_argument("--model", default=DEFAULT_MODEL, help="the model (%(default)s)")
    command.add_argument(
        "--thinking-model",
        default="claude-sonnet-4-6",
        metavar="MODEL",
        help="a model that thinks if told to (%(default)s)",
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="the longest that a check may take (%(default)g)",
    )
    command.add_argument("--json", action="store_true", help="print the score card as JSON")


def _describe_replay(replay: argparse.ArgumentParser) -> None:
    replay.set_defaults(run=_replay)
    _describe_address(replay)
    replay.add_argument("file", type=Path, help="a cassette, one of vcrpy (.yaml), or a HAR file")
    replay.add_argument(
        "--paced", action="store_true", help="give streams with the pauses that they had"
    )


def _describe_usage(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=_usage)
    command.add_argument(
        "ledger", type=Path, nargs="+", help="a file that client.costs.export has written"
    )
    command.add_argument("--json", action="store_true", help="print the sums as JSON")


def _describe_moving_over(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=_moving_over)
    command.add_argument(
        "path", type=Path, nargs="?", default=Path(), help="a file or a folder; this one by default"
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


# Each command is imported when it runs: `antiphon --help` needs neither client nor server.


def _ask(options: argparse.Namespace) -> None:
    from .ask import run

    run(options)


def _count(options: argparse.Namespace) -> None:
    from .count import run

    run(options)


def _serve(options: argparse.Namespace) -> int:
    # What is loaded here stays until the end: to look for garbage in it, now and later, would take
    # a tenth of the time to the first reply.
    gc.disable()
    from .serve import run

    gc.freeze()
    gc.enable()
    return run(options)


def _record(options: argparse.Namespace) -> int:
    from .recordings import record

    return record(options)


def _conformance(options: argparse.Namespace) -> int:
    from .conformance import run

    return run(options)


def _replay(options: argparse.Namespace) -> int:
    from .recordings import replay

    return replay(options)


def _usage(options: argparse.Namespace) -> None:
    from .usage import run

    run(options)


def _moving_over(options: argparse.Namespace) -> int:
    from .moving_over import run

    return run(options)


def entry() -> None:
    """Run the installed command and exit with its code."""
    sys.exit(main())
