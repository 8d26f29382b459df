"""What commands share: parameters made from the prompt, and a client to send them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from .._sync.client import Client

__all__ = ["client", "is_simulated", "params"]

_SIMULATED = (
    "antiphon: no API key, so a local simulator replies, not Claude.\n"
    "antiphon: for Claude, get a key and `export ANTHROPIC_API_KEY=…`."
)


def params(options: argparse.Namespace) -> dict[str, Any]:
    """Return the parameters that the command line and stdin give.

    Raises:
        ValueError: there is no prompt.
    """
    # At a terminal reading would wait for somebody to type; without a console there is no stdin.
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read().strip()
    prompt = "\n\n".join(part for part in (piped, " ".join(options.prompt)) if part)
    if not prompt.strip():
        raise ValueError("no prompt: give it as an argument, or pipe it in")
    given: dict[str, Any] = {
        "model": options.model,
        "messages": [{"role": "user", "content": prompt}],
    }
    return given if options.system is None else {**given, "system": options.system}


def is_simulated(options: argparse.Namespace) -> bool:
    """Return whether a local server replies, because there is neither a key nor a base URL."""
    return not (_has_key() or _base_url(options))


@contextmanager
def client(options: argparse.Namespace, **settings: Any) -> Generator[Client]:
    """Open a client of the API, or without a key of a local server that runs for this command.

    Args:
        options: those of the command line.
        settings: further settings of the client.
    """
    if not is_simulated(options):
        # A local server at this URL takes any key; the API refuses this one and says why.
        api_key = None if _has_key() else "none"
        yield Client(base_url=_base_url(options), api_key=api_key, **settings)
        return
    # Imported only here: with a key the server is not needed, and loading it takes time.
    from ..local import LocalServer

    print(_SIMULATED, file=sys.stderr)
    with LocalServer() as server:
        yield Client(base_url=server.url, api_key="none", **settings)


def _has_key() -> bool:
    return bool(os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN"))


def _base_url(options: argparse.Namespace) -> str | None:
    return options.base_url or os.environ.get("ANTHROPIC_BASE_URL")
