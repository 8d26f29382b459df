"""The server's own endpoints under one reserved prefix: health, journal, reset and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson

from ..._wire.http import Body
from ..metering.clock import Clock
from .errors import invalid, not_found
from .exchange import Endpoint, Exchange
from .journal import Journal
from .steps import Steps

__all__ = ["PREFIX", "Control"]

PREFIX = "__antiphon"


class Control:
    """Answers what is asked under ``/__antiphon/``."""

    def __init__(self, journal: Journal, clock: Clock, reset: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._reset = reset

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """What answers each method of a path below the prefix."""
        match segments:
            case ["health"]:
                return {"GET": self._health}
            case ["requests"]:
                return {"GET": self._requests}
            case ["reset"]:
                return {"POST": self._cleared}
            case ["clock"]:
                return {"GET": self._told, "POST": self._advanced}
            case _:
                raise not_found()

    def _health(self, visit: Exchange) -> Steps:
        return visit.json({"status": "ok", "simulated": True})

    def _requests(self, visit: Exchange) -> Steps:
        return visit.json({"data": [entry.as_json() for entry in self._journal.entries()]})

    def _cleared(self, visit: Exchange) -> Steps:
        self._reset()
        return visit.json({"status": "ok"})

    def _told(self, visit: Exchange) -> Steps:
        return visit.json({"now": self._clock(), "running": self._clock.running})

    def _advanced(self, visit: Exchange) -> Steps:
        seconds = _seconds(visit.request.body)
        try:
            self._clock.advance(seconds)
        except ValueError as error:
            raise invalid(f"advance: {error}") from error
        return self._told(visit)


def _seconds(body: Body) -> float:
    try:
        match orjson.loads(body):
            case {"advance": int() | float() as seconds}:
                return float(seconds)
            case _:
                pass
    except orjson.JSONDecodeError:
        pass
    raise invalid('send JSON such as {"advance": 300}: seconds to move the clock on')
