"""Which faults happen to which request: requests and their attempts are counted."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from ...._wire.json import JSONObject, dumps
from ....errors import AntiphonError
from ...api.direction import Fault
from ...api.steps import Steps
from .fault import NamedFault, Occasion

__all__ = ["Happening", "Schedule"]

_log = logging.getLogger("antiphon.local")

# A bound on memory: requests that are never tried again.
_MOST_OPEN = 1000


@dataclass(frozen=True, slots=True)
class Happening:
    """A fault of the catalogue, as it happens to one attempt."""

    fault: NamedFault
    change: Fault

    @property
    def error(self) -> type[AntiphonError] | None:
        """What a call ends with if it is not tried again; None for a whole message."""
        return self.fault.error

    def __call__(self, steps: Steps) -> Steps:
        """Return the steps of a wrong response."""
        return self.change(steps)


@dataclass(slots=True, eq=False)
class _Scheduled:
    """An attempt at a request."""

    key: bytes
    """What its body has in common with that of the next attempt."""
    occasion: Occasion
    failures: int
    """How many faults happen to it after which calls can fail."""


class Schedule:
    """Counts requests and attempts.

    A request with the same body as one to which a fault happened after which calls can fail is
    another attempt at it. Any other is done, so that the next equal request is a new one: a fault
    that calls survive, such as latency, is no reason to try again.

    Args:
        note: is told about faults that were due, but for which a response had no place.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._requests = 0
        self._open: OrderedDict[bytes, _Scheduled] = OrderedDict()

    def due(self, faults: Sequence[Fault], body: JSONObject) -> Sequence[Fault]:
        """Return the faults that happen to a request."""
        key = sha256(dumps(body, sort=True)).digest()
        occasion = self._occasion(self._open.pop(key, None))
        happen = [
            fault for fault in faults if not isinstance(fault, NamedFault) or fault.is_due(occasion)
        ]
        kind = "stream" if body.get("stream") else "plain"
        failures = sum(isinstance(fault, NamedFault) and fault.can_fail(kind) for fault in happen)
        attempt = _Scheduled(key, occasion, failures)
        if failures:
            self._open[key] = attempt
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return [
            Happening(fault, partial(self._watched, fault, attempt, kind))
            if isinstance(fault, NamedFault)
            else fault
            for fault in happen
        ]

    def _occasion(self, before: _Scheduled | None) -> Occasion:
        if before is not None:
            return Occasion(before.occasion.request, before.occasion.attempt + 1)
        self._requests += 1
        return Occasion(self._requests, 1)

    def _watched(self, fault: NamedFault, attempt: _Scheduled, kind: str, steps: Steps) -> Steps:
        """Let a fault happen, and note when it did not after all."""
        missed = yield from fault.change(steps)
        if missed is None:
            return
        if fault.can_fail(kind):
            attempt.failures -= 1
            if not attempt.failures and self._open.get(attempt.key) is attempt:
                del self._open[attempt.key]
        number = attempt.occasion.request
        text = f"The fault {fault.name} did not happen to request {number}: {missed}."
        _log.warning("%s", text)
        self._note(text)
