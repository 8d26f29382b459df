"""The app that records an API into a cassette, and plays it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from ..._transport import OpenResponse, Transport
from ..._transport.default import transport_for
from ..._transport.origin import target_of
from ..._wire.http import Request, Timeout
from ..._wire.url import URL
from ...errors import APIConnectionError
from ..api.exchange import split_url
from ..scripting.cassette import Mode
from ..scripting.cassette_app import CassetteApp, Pace
from ..scripting.recording import Chunk, Interaction
from .cassette_file import CassetteFile

__all__ = ["cassette_app"]

_DEFAULT_UPSTREAM = "https://api.anthropic.com"

# What belongs to one connection, or is set anew for the other server. Besides, what speaks to this
# server: the API knows nothing about faults.
_OWN_PREFIX = "x-antiphon-"
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
        settings: those of `App`, without a script.

    Raises:
        FileNotFoundError: there is no such file, and nothing would be recorded into it.
        OSError: the file cannot be read, or what is recorded cannot be written there.
        ValueError: it is no cassette, or one of another tool and something would be recorded into
            it; there is no such mode; or `upstream` is no URL.
    """
    fetch = None if mode == "none" else _fetch_from(upstream or _DEFAULT_UPSTREAM)
    file = CassetteFile(path, mode, repeats=repeats)
    return CassetteApp(file.cassette, fetch, file.save, pace=pace, **settings)


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
        headers = {k: v for k, v in given.items() if _is_passed_on(k.lower())}
        body = request.buffered_body()
        url = URL(f"{upstream.rstrip('/')}{target}")
        started = time.monotonic()
        response = _sent(transport, Request(request.method, url, headers, body, Timeout()))
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


def _is_passed_on(header: str) -> bool:
    return header not in _NOT_PASSED_ON and not header.startswith(_OWN_PREFIX)


def _sent(transport: Transport, request: Request) -> OpenResponse:
    """Send a request, once more if a kept connection was closed before anything came."""
    try:
        return transport.send(request)
    except APIConnectionError as error:
        if not error.stale:
            raise
    return transport.send(request)
