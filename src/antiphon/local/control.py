"""The server's own endpoints under one reserved prefix: health, journal, reset and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson

from .._core.wire import Body
from .clock import Clock
from .journal import Journal
from .refusals import invalid, not_found
from .steps import Steps
from .visits import Endpoint, Visit

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

    def _health(self, visit: Visit) -> Steps:
        return visit.json({"status": "ok", "simulated": True})

    def _requests(self, visit: Visit) -> Steps:
        return visit.json({"data": [entry.as_json() for entry in self._journal.entries()]})

    def _cleared(self, visit: Visit) -> Steps:
        self._reset()
        return visit.json({"status": "ok"})

    def _told(self, visit: Visit) -> Steps:
        return visit.json({"now": self._clock(), "running": self._clock.running})

    def _advanced(self, visit: Visit) -> Steps:
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
