"""An app that plays recorded interactions, and has new ones recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from ..._wire.http import Request
from ..._wire.json import is_object
from ..api.app import App
from ..api.direction import Fault, MessageRequest
from ..api.errors import RequestRefusedError
from ..api.exchange import Exchange, http_date
from ..api.steps import Consult, Pause, Steps, Write, WriteHead
from .cassette import Cassette
from .cassette_script import CassetteScript
from .recorded_request import RequestForm
from .recording import Interaction

__all__ = ["PACES", "CassetteApp", "Find", "Pace", "Question"]

Pace: TypeAlias = Literal["at once", "as recorded"]
PACES: tuple[Pace, ...] = ("at once", "as recorded")
"""Whether streams come at once, or with the pauses that they had."""

Question: TypeAlias = Callable[[], Interaction | RequestRefusedError]
"""Waits for the response of the API that is recorded, or for what hinders it."""


class Find(Protocol):
    """Finds what a request gets."""

    def __call__(
        self, request: Request, path: str, body: Any, *, again: bool
    ) -> tuple[Interaction | Question, Literal["hit", "miss"]]:
        """Return the interaction to be played, or what waits for it, and how it is marked.

        Args:
            request: the request.
            path: its path with the query, without secrets.
            body: its body in the readable form of a recording, without secrets.
            again: whether the interaction may be played once more, because this response is to go
                wrong.

        Raises:
            RequestRefusedError: there is no such interaction, and none is recorded.
        """
        ...


class CassetteApp(App):
    """Responds with what was recorded; other requests are recorded, or refused.

    Args:
        cassette: what was recorded.
        find: finds in it what a request gets, or has it recorded.
        pace: whether streams come at once, or with the pauses that they had.
        settings: those of `App`, without a script: there are no rules beside a cassette.

    Raises:
        ValueError: there is no such pace.
    """

    def __init__(
        self, cassette: Cassette, find: Find, *, pace: Pace = "at once", **settings: Any
    ) -> None:
        if pace not in PACES:
            raise ValueError(f"pace: {pace!r}; give one of {', '.join(map(repr, PACES))}")
        super().__init__(script=CassetteScript(), **settings)
        self.cassette: Cassette = cassette
        self._find = find
        self._pace = pace

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
        content = bytes(request.buffered_body())
        path, _, body = RequestForm.of(exchange.target, exchange.headers, content)
        faults = self._faults(exchange, body)
        # The next attempt gets the same reply.
        again = any(getattr(fault, "error", True) is not None for fault in faults)
        found, mark = self._find(request, path, body, again=again)
        outcome = found if isinstance(found, Interaction) else (yield Consult(found))
        if isinstance(outcome, RequestRefusedError):
            # Not raised: several requests may share it, and it would keep their frames.
            yield from exchange.error_response(outcome)
            return
        steps = self._played(exchange, outcome, mark)
        for fault in faults:
            steps = fault(steps)
        yield from exchange.noting_status(steps) if faults else steps

    def _faults(self, exchange: Exchange, body: Any) -> Sequence[Fault]:
        """Return what is to go wrong with the response to a request."""
        is_create = (exchange.request.method, exchange.path) == ("POST", "/v1/messages")
        if self.script is None or not is_create:
            return ()
        whole = body if is_object(body) else {}
        asked = MessageRequest(whole, exchange.headers, exchange.request_id, ())
        return self.script.direct(asked).faults

    def _played(self, exchange: Exchange, interaction: Interaction, mark: str) -> Steps:
        if exchange.recorded is not None:
            exchange.recorded.status = interaction.status
        # What the API said, and not that it is simulated. The date is that of this response.
        headers = {"date": http_date(int(exchange.arrived)), **interaction.headers}
        headers["x-antiphon-recording"] = mark
        yield WriteHead(interaction.status, (*headers.items(),))
        now = 0
        for ms, content in interaction.chunks():
            if self._pace == "as recorded" and ms > now:
                yield Pause((ms - now) / 1000)
                now = ms
            yield Write(content)
