"""What `ask` and `count` have in common: the prompt, and whom to send it to."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from .._sync.client import Client

_SIMULATED = (
    "antiphon: no API key, so a local server answers: a simulator, not Claude.\n"
    "antiphon: for Claude, get a key and `export ANTHROPIC_API_KEY=…`."
)


def request(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters that the command line and stdin make.

    Raises:
        ValueError: there is no prompt.
    """
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read().strip()
    prompt = "\n\n".join(part for part in (piped, " ".join(options.prompt)) if part)
    if not prompt.strip():
        raise ValueError("no prompt: give it as an argument, or pipe it in")
    params: dict[str, Any] = {
        "model": options.model,
        "messages": [{"role": "user", "content": prompt}],
    }
    return params if options.system is None else {**params, "system": options.system}


@contextmanager
def client(options: argparse.Namespace) -> Generator[Client]:
    """A client of the API, or of a local server for this one command if there is no key."""
    environ = os.environ
    known = environ.get("ANTHROPIC_API_KEY") or environ.get("ANTHROPIC_AUTH_TOKEN")
    base_url = options.base_url or environ.get("ANTHROPIC_BASE_URL")
    if known or base_url:
        # A server of one's own takes any key, and the API says what it thinks of this one.
        yield Client(base_url=base_url, api_key=None if known else "none")
        return
    from ..local import LocalServer

    print(_SIMULATED, file=sys.stderr)
    with LocalServer() as server:
        yield Client(base_url=server.url, api_key="none")
