"""Recordings on the disk, and the API that is recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..._transport.default import transport_for
from ..._transport.files import replace_file
from ..._transport.origin import target_of
from ..._wire.http import Request, Timeout
from ..._wire.url import URL
from ..api.exchange import split_url
from ..scripting.cassette import Cassette, Mode, parsed
from ..scripting.cassette_app import CassetteApp, Pace
from ..scripting.recording import Chunk, Interaction
from ..scripting.recording_imports import of_har, of_vcr

__all__ = ["cassette_app", "load_recordings"]

_DEFAULT_UPSTREAM = "https://api.anthropic.com"

# What belongs to one connection, or is set anew for the other server.
_NOT_PASSED_ON = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
)


def cassette_app(
    path: str | os.PathLike[str],
    mode: Mode = "none",
    *,
    upstream: str | None = None,
    pace: Pace = "at once",
    repeats: bool = False,
    **settings: Any,
) -> CassetteApp:
    """Return an app that plays the cassette at a path, and records into it as the mode says.

    Args:
        path: the file, JSON Lines; it need not exist if the mode records.
        mode: what is recorded.
        upstream: the base URL of the API that is recorded; by default the real one.
        pace: whether streams come at once, or with the pauses that they had.
        repeats: whether an interaction may be played any number of times.
        settings: those of `App`.

    Raises:
        FileNotFoundError: there is no such file, and nothing would be recorded into it.
        ValueError: it is no cassette, or there is no such mode, or `upstream` is no URL.
    """
    file = Path(path)
    recorded = [] if mode != "none" and not file.exists() else load_recordings(file)
    cassette = Cassette(recorded, mode, repeats=repeats)
    if mode == "rewrite":
        file.unlink(missing_ok=True)

    def keep(interaction: Interaction, replaced: bool) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        if replaced:
            lines = [f"{each.line()}\n" for each in cassette.interactions]
            replace_file(file, "".join(lines).encode())
        else:
            with file.open("a", encoding="utf-8") as lines_of_file:
                lines_of_file.write(f"{interaction.line()}\n")

    fetch = None if mode == "none" else _fetch_from(upstream or _DEFAULT_UPSTREAM)
    return CassetteApp(cassette, fetch, keep, pace=pace, **settings)


def load_recordings(path: str | os.PathLike[str]) -> list[Interaction]:
    """Return the interactions in a file: of ours, of vcrpy (`.yaml`), or a HAR file (`.har`).

    Raises:
        OSError: it cannot be read.
        ValueError: it is none of these.
    """
    file = Path(path)
    text = file.read_text("utf-8")
    if file.suffix == ".har":
        return of_har(text, file.name)
    if file.suffix in (".yaml", ".yml"):
        import yaml

        # Never the full loader: a cassette may come from anybody, and that one runs code.
        return of_vcr(yaml.safe_load(text), file.name)
    return parsed(text, file.name)


def _fetch_from(upstream: str) -> Callable[[Request], Interaction]:
    """Return what sends requests to the API that is recorded."""
    try:
        target_of(upstream)
    except ValueError:
        wrong = f"upstream: {upstream!r} is not an http:// or https:// URL with a host"
        raise ValueError(wrong) from None
    transport = transport_for(None)

    def fetch(request: Request) -> Interaction:
        _, _, path, query = split_url(request.url)
        target = f"{path}?{query}" if query else path
        given = request.revealed_headers()
        headers = {k: v for k, v in given.items() if k.lower() not in _NOT_PASSED_ON}
        body = request.buffered_body()
        url = URL(f"{upstream.rstrip('/')}{target}")
        started = time.monotonic()
        response = transport.send(Request(request.method, url, headers, body, Timeout()))
        chunks: list[Chunk] = []
        try:
            while content := response.read(Timeout().read):
                chunks.append(Chunk(round((time.monotonic() - started) * 1000), content))
        finally:
            response.close()
        return Interaction.of(
            (request.method, target, given, bytes(body)),
            (response.head.status, dict(response.head.headers), chunks),
        )

    return fetch
