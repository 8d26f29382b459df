"""A server made new for a test: as the marker of pytest and the mixin for unittest ask for it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ..local.api.app import App
from ..local.api.direction import Fault
from ..local.scripting.cassette import Mode
from ..local.scripting.script import Script
from ..local.serving.local_server import LocalServer
from ..local.serving.recorder import cassette_app
from ..local.serving.script_file import ScriptFile

__all__ = [
    "KEY",
    "OPTIONS",
    "check_options",
    "environment",
    "key_for_clients",
    "leading_to",
    "renew",
]

KEY = "antiphon-test-key"
"""The API key that tests send; it opens nothing."""

OPTIONS = ("script", "cassette", "faults", "seed")
"""What a test may say about its server."""

_LOOPBACK = "127.0.0.1,localhost"


def environment(url: str, *, records: bool = False) -> dict[str, str]:
    """Return the variables that lead clients of any maker to a server.

    Args:
        url: the address of the server.
        records: whether it passes requests on, which then need the credential of the user.
    """
    # Clients that look for proxies must not send through one what stays on this machine.
    direct = {
        name: ",".join(filter(None, (_LOOPBACK, os.environ.get(name))))
        for name in ("no_proxy", "NO_PROXY")
    }
    key = {} if records else {"ANTHROPIC_API_KEY": KEY}
    return {"ANTHROPIC_BASE_URL": url, **key, **direct}


@contextmanager
def leading_to(url: str, *, records: bool = False) -> Generator[None]:
    """Lead clients to a server as `environment` says, while a block runs."""
    wanted: dict[str, str | None] = {**environment(url, records=records)}
    if not records:
        wanted["ANTHROPIC_AUTH_TOKEN"] = None
    # Only these are set back at the end: what else a test changes is its own affair.
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def key_for_clients() -> str | None:
    """Return the key for clients that tests are given; None if the environment has a credential.

    That is the one which `leading_to` has set, or that of the user if a cassette is recorded.
    """
    has_own = os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN")
    return None if has_own else KEY


def check_options(name: str, options: object) -> None:
    """Check that these are keywords for the server of a test.

    Raises:
        TypeError: they are not; the text names `name`.
    """
    if not isinstance(options, Mapping):
        raise TypeError(f"{name}: {options!r}; give a dict with {', '.join(OPTIONS)}")
    given = cast("Mapping[object, object]", options)
    if unknown := [str(each) for each in given if each not in OPTIONS]:
        raise TypeError(f"{name}: it takes {', '.join(OPTIONS)} only; not {', '.join(unknown)}")


def renew(
    server: LocalServer,
    folder: Path,
    test: str,
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
        test: the name of the test; it stands for `{test}` in the path of a cassette.
        script: the path of a script file; replies, one after the other; or a function that scripts
            the server.
        cassette: the path of recorded interactions, which are played instead of simulated replies.
        mode: what is recorded into it.
        faults: what goes wrong with the responses to all messages requests.
        seed: other ids and opaque values.

    Raises:
        FileNotFoundError: there is no such script file, or no such cassette and none is recorded.
        OSError: the script file or the cassette cannot be read.
        TypeError: the script is of another kind.
        ValueError: something in the script file is wrong.
    """
    if cassette is not None and script is not None:
        raise TypeError("cassette: give a cassette or a script, not both")
    rules = Script()
    if isinstance(script, str | Path):
        _check_file("script", folder / script, 'or, as a reply, a list: script=["Hello!"]')
        rules = ScriptFile(folder / script)
    if cassette is None:
        server.replace(App(seed=seed, script=rules))
    else:
        # Names of parametrized tests hold what their parameters hold.
        path = folder / str(cassette).replace("{test}", re.sub(r"[^\w.-]+", "-", test).strip("-"))
        if mode == "none":
            how = f"or record it: pytest --antiphon-record, or antiphon record {path.name}"
            _check_file("cassette", path, how)
        upstream = os.environ.get("ANTHROPIC_BASE_URL") if mode != "none" else None
        server.replace(cassette_app(path, mode, upstream=upstream, seed=seed))
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


def _check_file(name: str, path: Path, otherwise: str) -> None:
    # `Path.is_file` raises for a text that is too long for a name.
    if not os.path.isfile(path):  # noqa: PTH113
        raise FileNotFoundError(f"{name}: there is no file {path}; give its path, {otherwise}")
