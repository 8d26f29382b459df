"""An app that plays recorded interactions, and has new ones recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from ..._wire.http import Request
from ..api.app import App
from ..api.errors import RequestRefusedError
from ..api.exchange import Exchange
from ..api.steps import Consult, Pause, Steps, Write, WriteHead
from .cassette import Cassette
from .recorded_request import RequestForm
from .recording import Interaction

__all__ = ["CassetteApp", "Fetch", "Pace"]

_log = logging.getLogger("antiphon.local")

Pace: TypeAlias = Literal["at once", "as recorded"]
Fetch: TypeAlias = Callable[[Request], Interaction]
"""Sends a request to the API that is recorded, and returns what came of it."""


class CassetteApp(App):
    """Responds with what was recorded; other requests are recorded, or refused.

    Args:
        cassette: what was recorded.
        fetch: has a request recorded; None if nothing can be.
        keep: is called with each interaction that was recorded, and whether it replaced another.
        pace: whether streams come at once, or with the pauses that they had.
        settings: those of `App`.
    """

    def __init__(
        self,
        cassette: Cassette,
        fetch: Fetch | None = None,
        keep: Callable[[Interaction, bool], None] = lambda _, __: None,
        *,
        pace: Pace = "at once",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.cassette: Cassette = cassette
        self._fetch = fetch
        self._keep = keep
        self._pace = pace

    def _respond(self, exchange: Exchange) -> Steps:
        if exchange.is_control:
            yield from super()._respond(exchange)
            return
        request = exchange.request
        content = bytes(request.buffered_body())
        path, _, body = RequestForm.of(exchange.target, exchange.headers, content)
        found = self.cassette.take(request.method, path, body)
        if found is not None:
            yield from self._played(exchange, found, "hit")
            return
        fetch = self._fetch
        if fetch is None or not self.cassette.records:
            # 400, because no client tries that again.
            text = f"antiphon: {self.cassette.miss(request.method, path, body)}"
            refusal = RequestRefusedError(400, "invalid_request_error", text)
            yield from exchange.error_response(refusal)
            return
        try:
            recorded: Interaction = yield Consult(lambda: fetch(request))
        except Exception as error:
            text = f"antiphon: the request could not be recorded: {error}"
            yield from exchange.error_response(RequestRefusedError(502, "api_error", text))
            return
        try:
            self._keep(recorded, self.cassette.add(recorded))
        except OSError as error:
            # The reply was paid for: the caller gets it all the same. The text alone is
            # logged: a kept record would keep the error's frames, and their connection, alive.
            _log.warning("cassette: %s %s was not kept: %s", request.method, path, str(error))
        yield from self._played(exchange, recorded, "miss")

    def _played(self, exchange: Exchange, interaction: Interaction, cache: str) -> Steps:
        if exchange.recorded is not None:
            exchange.recorded.status = interaction.status
        # What the API said, and not that it is simulated.
        headers = (*interaction.headers.items(), ("x-antiphon-recording", cache))
        yield WriteHead(interaction.status, headers)
        now = 0
        for ms, content in interaction.chunks():
            if self._pace == "as recorded" and ms > now:
                yield Pause((ms - now) / 1000)
                now = ms
            yield Write(content)
