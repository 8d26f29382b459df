"""The server's own endpoints under one prefix: health, journal, script, faults, reset and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..._wire.http import BufferedBody
from ..._wire.json import loads
from ..metering.clock import Clock
from .direction import Director
from .errors import invalid, not_found
from .exchange import Endpoint, Exchange
from .journal import Journal
from .steps import Steps

__all__ = ["Control"]


class Control:
    """The endpoints under ``/__antiphon/``.

    Args:
        journal: the requests so far.
        clock: the server's.
        reset: forgets the server's state.
        director: returns what the app follows, if it follows a script.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        reset: Callable[[], None],
        director: Callable[[], Director | None],
    ) -> None:
        self._director = director
        self._journal = journal
        self._clock = clock
        self._reset = reset

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """Return the endpoints of a path below the prefix by their methods."""
        match segments:
            case ["health"]:
                return {"GET": self._get_health}
            case ["requests"]:
                return {"GET": self._get_requests}
            case ["script"]:
                return {"GET": self._get_script, "PUT": self._put_script}
            case ["faults"]:
                return {"PUT": self._put_faults}
            case ["verify"]:
                return {"GET": self._get_verify}
            case ["reset"]:
                return {"POST": self._post_reset}
            case ["clock"]:
                return {"GET": self._get_clock, "POST": self._post_clock}
            case _:
                raise not_found()

    def _get_health(self, exchange: Exchange) -> Steps:
        return exchange.json({"status": "ok", "simulated": True})

    def _get_requests(self, exchange: Exchange) -> Steps:
        return exchange.json({"data": [entry.as_json() for entry in self._journal.entries()]})

    def _post_reset(self, exchange: Exchange) -> Steps:
        self._reset()
        return exchange.json({"status": "ok"})

    def _get_script(self, exchange: Exchange) -> Steps:
        return exchange.json(self._script().of_requests(self._journal.entries()))

    def _put_script(self, exchange: Exchange) -> Steps:
        try:
            self._script().load(loads(exchange.request.buffered_body()))
        except ValueError as error:
            raise invalid(f"script: {error}") from error
        return exchange.json({"status": "ok"})

    def _put_faults(self, exchange: Exchange) -> Steps:
        try:
            self._script().break_by(loads(exchange.request.buffered_body()))
        except ValueError as error:
            raise invalid(f"faults: {error}") from error
        return exchange.json({"status": "ok"})

    def _get_verify(self, exchange: Exchange) -> Steps:
        return exchange.json({"problems": self._script().problems()})

    def _script(self) -> Director:
        director = self._director()
        if director is None:
            raise not_found("This server follows no script.")
        return director

    def _get_clock(self, exchange: Exchange) -> Steps:
        return exchange.json({"now": self._clock(), "running": self._clock.running})

    def _post_clock(self, exchange: Exchange) -> Steps:
        seconds = _seconds(exchange.request.buffered_body())
        try:
            self._clock.advance(seconds)
        except ValueError as error:
            raise invalid(f"advance: {error}") from error
        return self._get_clock(exchange)


def _seconds(body: BufferedBody) -> float:
    """Return the seconds that a request wants to move the clock on."""
    try:
        match loads(body):
            case {"advance": int() | float() as seconds}:
                return float(seconds)
            case _:
                pass
    except ValueError:
        pass
    raise invalid('send JSON such as {"advance": 300}: seconds to move the clock on')
