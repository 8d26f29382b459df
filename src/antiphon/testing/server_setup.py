"""A server made new for a test: as the marker of pytest and the mixin for unittest ask for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..local.api.app import App
from ..local.api.direction import Fault
from ..local.scripting.cassette import Mode
from ..local.scripting.script import Script
from ..local.serving.local_server import LocalServer
from ..local.serving.recorder import cassette_app
from ..local.serving.script_file import ScriptFile

__all__ = ["KEY", "environment", "renew"]

KEY = "antiphon-test-key"
"""The API key that tests send; it opens nothing."""

_LOOPBACK = "127.0.0.1,localhost"


def environment(url: str, *, records: bool = False) -> dict[str, str]:
    """Return the variables that lead clients of any maker to a server.

    Args:
        url: the address of the server.
        records: whether it passes requests on, which then need the key of the user.
    """
    # Clients that look for proxies must not send through one what stays on this machine.
    direct = {
        name: ",".join(filter(None, (_LOOPBACK, os.environ.get(name))))
        for name in ("no_proxy", "NO_PROXY")
    }
    key = os.environ.get("ANTHROPIC_API_KEY", KEY) if records else KEY
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": key, **direct}


def renew(
    server: LocalServer,
    folder: Path,
    *,
    script: str | Path | Sequence[Any] | Callable[[LocalServer], object] | None = None,
    cassette: str | Path | None = None,
    mode: Mode = "none",
    faults: Iterable[Fault] = (),
    seed: int = 0,
) -> None:
    """Put a new app behind the URL of a server.

    Args:
        server: the server; it runs.
        folder: where relative paths begin.
        script: the path of a script file; replies, one after the other; or a function that scripts
            the server.
        cassette: the path of recorded interactions, which are played instead of simulated replies.
        mode: what is recorded into it.
        faults: what goes wrong with the responses to all messages requests.
        seed: other ids and opaque values.

    Raises:
        OSError: the script file or the cassette cannot be read.
        TypeError: the script is of another kind.
        ValueError: something in the script file is wrong.
    """
    if cassette is not None and script is not None:
        raise TypeError("cassette: give a cassette or a script, not both")
    rules = ScriptFile(folder / script) if isinstance(script, str | Path) else Script()
    if cassette is None:
        server.replace(App(seed=seed, script=rules))
    else:
        upstream = os.environ.get("ANTHROPIC_BASE_URL") if mode != "none" else None
        server.replace(cassette_app(folder / cassette, mode, upstream=upstream, seed=seed))
    server.faults = faults
    if callable(script):
        script(server)
    elif isinstance(script, list | tuple):
        server.replies(*script)
    elif not isinstance(script, str | Path | None):
        raise TypeError(
            f"script: {script!r} is no script; give the path of a file, a list of replies, or a"
            " function that takes the server"
        )
