"""How often a request came before: equal requests get equal words but ids of their own."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Repeats"]

# A bound on memory: some ten megabytes.
_MAX_REQUESTS = 100_000


class Repeats:
    """Counts how often each request came; counting keeps replies deterministic."""

    def __init__(self) -> None:
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    def count(self, digest: bytes) -> int:
        """Return how often the request of this digest came before, and count it."""
        before = self._counts.pop(digest, 0)
        self._counts[digest] = before + 1
        if len(self._counts) > _MAX_REQUESTS:
            self._counts.popitem(last=False)
        return before
