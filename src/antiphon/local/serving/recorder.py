"""The app that records an API into a cassette, and plays it.

What is not in the cassette is asked for in threads. Each keeps what it has received, so that
nothing is lost when the caller has gone meanwhile; a lock lets one of them at the cassette.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal, TypeAlias

from ..._wire.http import Request
from ..api.errors import RequestRefusedError
from ..scripting.cassette import Cassette, Mode, request_key
from ..scripting.cassette_app import CassetteApp, Pace, Question
from ..scripting.recording import Interaction
from .cassette_file import CassetteFile
from .upstream import Upstream

__all__ = ["Fetch", "Recorder", "cassette_app"]

_log = logging.getLogger("antiphon.local")

Fetch: TypeAlias = Callable[[Request], Interaction]
"""Sends a request to the API that is recorded, and returns what came of it."""


def cassette_app(
    path: str | os.PathLike[str],
    mode: Mode = "none",
    *,
    upstream: str | None = None,
    pace: Pace = "at once",
    repeats: bool = False,
    raw: bool = False,
    **settings: Any,
) -> CassetteApp:
    """Return an app that plays the cassette at a path, and records into it as the mode says.

    Args:
        path: the file, JSON Lines; it need not exist if the mode records.
        mode: what is recorded.
        upstream: the base URL of the API that is recorded; by default the real one.
        pace: whether streams come at once, or with the pauses that they had.
        repeats: whether an interaction may be played any number of times.
        raw: whether streams are recorded as they came, too.
        settings: those of `App`, without a script.

    Raises:
        FileNotFoundError: there is no such file, and nothing would be recorded into it.
        OSError: the file cannot be read, or what is recorded cannot be written there.
        ValueError: it is no cassette, or one of another tool and something would be recorded into
            it; there is no such mode; or `upstream` is no URL.
    """
    fetch = Upstream(upstream, raw=raw).fetch
    file = CassetteFile(path, mode, repeats=repeats)
    recorder = Recorder(file.cassette, fetch, file.save)
    return CassetteApp(file.cassette, recorder.find, pace=pace, **settings)


class Recorder:
    """Finds what was recorded, and has the rest recorded.

    Args:
        cassette: what was recorded.
        fetch: has a request recorded.
        save: writes the cassette to its file; it is called after each recorded interaction.
    """

    def __init__(self, cassette: Cassette, fetch: Fetch, save: Callable[[], None]) -> None:
        self._cassette = cassette
        self._fetch = fetch
        self._save = save
        self._lock = threading.Lock()
        self._under_way: dict[bytes, Future[Interaction | RequestRefusedError]] = {}

    def find(
        self, request: Request, path: str, body: Any, *, again: bool
    ) -> tuple[Interaction | Question, Literal["hit", "miss"]]:
        """Return the interaction to be played, or what waits for it; see `Find`."""
        with self._lock:
            found = self._cassette.take(request.method, path, body, again=again)
            if found is not None:
                return found, "hit"
            if not self._cassette.records:
                # 400, because no client tries that again.
                text = f"antiphon: {self._cassette.miss(request.method, path, body)}"
                raise RequestRefusedError(400, "invalid_request_error", text)
            key = request_key(request.method, path, body)
            if (coming := self._under_way.get(key)) is not None:
                return coming.result, "hit"
            coming = Future[Interaction | RequestRefusedError]()
            if self._cassette.repeats:  # a cache asks once, however many wait for the reply
                self._under_way[key] = coming
        return partial(self._ask, request, key, coming, again=again), "miss"

    def _ask(
        self,
        request: Request,
        key: bytes,
        coming: Future[Interaction | RequestRefusedError],
        *,
        again: bool,
    ) -> Interaction | RequestRefusedError:
        outcome = self._outcome(request)
        try:
            with self._lock:
                self._under_way.pop(key, None)
                if isinstance(outcome, Interaction) and self._cassette.keeps(outcome):
                    self._keep(outcome, again=again)
        finally:  # whatever keeps it from being kept: others wait for it
            coming.set_result(outcome)
        return outcome

    def _outcome(self, request: Request) -> Interaction | RequestRefusedError:
        try:
            return self._fetch(request)
        except Exception as error:
            text = f"antiphon: the request could not be recorded: {error}"
            return RequestRefusedError(502, "api_error", text)

    def _keep(self, recorded: Interaction, *, again: bool) -> None:
        self._cassette.add(recorded, again=again)
        try:
            self._save()
        except OSError as error:
            # The reply was paid for: the caller gets it all the same. The text alone is
            # logged: a kept record would keep the error's frames, and their connection, alive.
            _log.warning(
                "cassette: %s %s was not kept: %s", recorded.method, recorded.path, str(error)
            )
