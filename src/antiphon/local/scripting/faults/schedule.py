"""Which faults happen to which request: requests and their attempts are counted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

from ...._wire.json import JSONObject, dumps
from ...api.direction import Fault
from .fault import NamedFault, Occasion

__all__ = ["Schedule"]

# A bound on memory: requests that are never tried again.
_MOST_OPEN = 1000


class Schedule:
    """Counts requests and attempts.

    A request with the same body as one to which a fault happened after which calls can fail is
    another attempt at it. Any other is done, so that the next equal request is a new one: a fault
    that calls survive, such as latency, is no reason to try again.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._open: OrderedDict[bytes, Occasion] = OrderedDict()

    def due(self, faults: Sequence[Fault], body: JSONObject) -> Sequence[Fault]:
        """Return the faults that happen to a request."""
        key = sha256(dumps(body, sort=True)).digest()
        before = self._open.pop(key, None)
        if before is None:
            self._requests += 1
            occasion = Occasion(self._requests, 1)
        else:
            occasion = Occasion(before.request, before.attempt + 1)
        happen = [
            fault for fault in faults if not isinstance(fault, NamedFault) or fault.is_due(occasion)
        ]
        kind = "stream" if body.get("stream") else "plain"
        if any(isinstance(fault, NamedFault) and fault.can_fail(kind) for fault in happen):
            self._open[key] = occasion
            if len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return happen
