"""An app that plays recorded interactions, and has new ones recorded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal, TypeAlias

from ..._wire.http import Request
from ..._wire.json import is_object
from ..api.app import App
from ..api.direction import Fault, MessageRequest
from ..api.errors import RequestRefusedError
from ..api.exchange import Exchange
from ..api.steps import Consult, Flow, Pause, Steps, Write, WriteHead
from .cassette import Cassette, request_key
from .cassette_script import CassetteScript
from .recording import Interaction, readable, scrubbed, secrets_of

__all__ = ["CassetteApp", "Fetch", "Pace"]

_log = logging.getLogger("antiphon.local")

Pace: TypeAlias = Literal["at once", "as recorded"]
Fetch: TypeAlias = Callable[[Request], Interaction]
"""Sends a request to the API that is recorded, and returns what came of it."""
_Outcome: TypeAlias = Interaction | RequestRefusedError


class CassetteApp(App):
    """Responds with what was recorded; other requests are recorded, or refused.

    Args:
        cassette: what was recorded.
        fetch: has a request recorded; None if nothing can be.
        save: writes the cassette to its file; it is called after each recorded interaction.
        pace: whether streams come at once, or with the pauses that they had.
        settings: those of `App`, without a script: there are no rules beside a cassette.
    """

    def __init__(
        self,
        cassette: Cassette,
        fetch: Fetch | None = None,
        save: Callable[[], None] = lambda: None,
        *,
        pace: Pace = "at once",
        **settings: Any,
    ) -> None:
        super().__init__(script=CassetteScript(), **settings)
        self.cassette: Cassette = cassette
        self._fetch = fetch
        self._save = save
        self._pace = pace
        # What is recorded is kept by the thread that has fetched it.
        self._lock = threading.Lock()
        self._under_way: dict[bytes, Future[_Outcome]] = {}

    def _respond(self, exchange: Exchange) -> Steps:
        if exchange.is_control:
            yield from super()._respond(exchange)
            return
        try:
            yield from self._replied(exchange)
        except RequestRefusedError as refusal:
            yield from exchange.error_response(refusal)

    def _replied(self, exchange: Exchange) -> Steps:
        request = exchange.request
        sent = readable(bytes(request.buffered_body()))
        body = scrubbed(sent, secrets_of(exchange.headers))
        faults = self._faults(exchange, sent)
        # The next attempt gets the same reply.
        again = any(getattr(fault, "error", True) is not None for fault in faults)
        found, mark = yield from self._found(exchange, body, again=again)
        steps = self._played(exchange, found, mark)
        for fault in faults:
            steps = fault(steps)
        yield from exchange.noting_status(steps) if faults else steps

    def _faults(self, exchange: Exchange, sent: Any) -> Sequence[Fault]:
        """Return what is to go wrong with the response to a request."""
        is_create = (exchange.request.method, exchange.path) == ("POST", "/v1/messages")
        if self.script is None or not is_create:
            return ()
        body = sent if is_object(sent) else {}
        asked = MessageRequest(body, exchange.headers, exchange.request_id, ())
        return self.script.direct(asked).faults

    def _found(
        self, exchange: Exchange, body: Any, *, again: bool
    ) -> Flow[tuple[Interaction, str]]:
        """Return the interaction for a request, and whether it is a "hit" or a "miss"."""
        request, target = exchange.request, exchange.target
        with self._lock:
            found = self.cassette.take(request.method, target, body, again=again)
            if found is not None:
                return found, "hit"
            if self._fetch is None or not self.cassette.records:
                # 400, because no client tries that again.
                text = f"antiphon: {self.cassette.miss(request.method, target, body)}"
                raise RequestRefusedError(400, "invalid_request_error", text)
            key = request_key(request.method, target, body)
            ask, mark = self._question(partial(self._fetch, request), key, again=again)
        outcome: _Outcome = yield Consult(ask)
        if isinstance(outcome, RequestRefusedError):
            raise outcome
        return outcome, mark

    def _question(
        self, fetch: Callable[[], Interaction], key: bytes, *, again: bool
    ) -> tuple[Callable[[], _Outcome], str]:
        """Return what waits for the response of the API, and how a reply from it is marked."""
        coming = self._under_way.get(key)
        if coming is not None:
            return coming.result, "hit"
        coming = Future[_Outcome]()
        if self.cassette.repeats:  # a cache asks once, however many wait for the reply
            self._under_way[key] = coming

        def ask() -> _Outcome:
            coming.set_result(self._fetched(fetch, key, again=again))
            return coming.result()

        return ask, "miss"

    def _fetched(self, fetch: Callable[[], Interaction], key: bytes, *, again: bool) -> _Outcome:
        """Ask the API and keep its response, in whatever thread; its caller may be gone by then."""
        outcome: _Outcome
        try:
            outcome = fetch()
        except Exception as error:
            text = f"antiphon: the request could not be recorded: {error}"
            outcome = RequestRefusedError(502, "api_error", text)
        with self._lock:
            self._under_way.pop(key, None)
            if isinstance(outcome, Interaction) and self.cassette.keeps(outcome):
                self._keep(outcome, again=again)
        return outcome

    def _keep(self, recorded: Interaction, *, again: bool) -> None:
        self.cassette.add(recorded, again=again)
        try:
            self._save()
        except OSError as error:
            # The reply was paid for: the caller gets it all the same. The text alone is
            # logged: a kept record would keep the error's frames, and their connection, alive.
            _log.warning(
                "cassette: %s %s was not kept: %s", recorded.method, recorded.path, str(error)
            )

    def _played(self, exchange: Exchange, interaction: Interaction, mark: str) -> Steps:
        if exchange.recorded is not None:
            exchange.recorded.status = interaction.status
        # What the API said, and not that it is simulated.
        headers = (*interaction.headers.items(), ("x-antiphon-recording", mark))
        yield WriteHead(interaction.status, headers)
        now = 0
        for ms, content in interaction.chunks():
            if self._pace == "as recorded" and ms > now:
                yield Pause((ms - now) / 1000)
                now = ms
            yield Write(content)
