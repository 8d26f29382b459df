"""One message batch: a state machine on the server's clock (Messages API, message batches).

Nothing runs in the background. A batch knows when each of its items is due, and `catch_up` runs
those that are due by now; whoever looks at a batch calls it first. So batches cost nothing while
nobody looks, and a test moves through a day of processing by moving the clock. Between the items,
other requests have their turn; a second look at the same batch waits for the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

from ..._wire.json import JSONObject, dumps
from ...rules import findings
from .errors import broken_rule
from .steps import Flow, Reschedule, Steps

__all__ = ["Batch", "BatchItem", "items_of"]

# Lifetimes of the API's documentation, in seconds.
_HOUR = 3600
_EXPIRES_AFTER = 24 * _HOUR
_ARCHIVED_AFTER = 29 * 24 * _HOUR
_OUTCOMES = ("succeeded", "errored", "canceled", "expired")

Run: TypeAlias = Callable[[JSONObject], Flow[JSONObject]]
"""Makes the result of an item from its params; the type is "succeeded" or "errored"."""


@dataclass(slots=True)
class BatchItem:
    """One request of a batch."""

    custom_id: str
    params: JSONObject
    result: JSONObject | None = None
    """How it ended; None before it has run."""


@dataclass(slots=True)
class Batch:
    """Items that run one after another, evenly over `seconds`, unless something stops them."""

    id: str
    workspace: str
    items: list[BatchItem]
    created: float
    """Seconds since 1970, as all times here."""
    seconds: float
    """How long the batch takes if nothing stops it."""
    run: Run
    canceled: float | None = None
    """When its cancellation was requested."""
    _finished: int = field(default=0)
    """How many items have their result."""
    _catching_up: bool = field(default=False)

    @property
    def ends(self) -> float:
        """When the batch ends, as things stand now."""
        soonest = min(self.created + self.seconds, self.created + _EXPIRES_AFTER)
        if self.canceled is None:
            return soonest
        # An item that runs when the cancellation arrives is still finished.
        return min(soonest, self.canceled + self.seconds / max(1, len(self.items)))

    def ended(self, now: float) -> bool:
        """Return whether every item has its result."""
        return now >= self.ends

    def catch_up(self, now: float) -> Steps:
        """Run every item that is due at `now`, and expire or cancel the rest if the batch ended."""
        while self._catching_up:
            yield Reschedule()
        self._catching_up = True
        try:
            yield from self._run_until(now if self.canceled is None else min(now, self.canceled))
        finally:
            self._catching_up = False
        if self.ended(now) and self._finished < len(self.items):
            outcome = "expired" if self.canceled is None else "canceled"
            for item in self.items[self._finished :]:
                item.result = {"type": outcome}
            self._finished = len(self.items)

    def _run_until(self, moment: float) -> Steps:
        moment = min(moment, self.created + _EXPIRES_AFTER)
        due = len(self.items)
        if moment < self.created + self.seconds:
            due = int((moment - self.created) / self.seconds * due)
        while self._finished < due:
            item = self.items[self._finished]
            item.result = yield from self.run(item.params)
            self._finished += 1
            yield Reschedule()

    def lines(self) -> Iterator[bytes]:
        """Yield the results, one line each, in an order of their own as the API does."""
        for item in Random(self.id).sample(self.items, len(self.items)):
            yield dumps({"custom_id": item.custom_id, "result": item.result}) + b"\n"

    def archived(self, now: float) -> bool:
        """Return whether its results are no longer kept."""
        return now >= self.created + _ARCHIVED_AFTER

    def as_json(self, now: float, origin: str) -> JSONObject:
        """Return the batch as the API shows it."""
        ended, archived = self.ended(now), self.archived(now)
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self._status(ended),
            "request_counts": self._counts(ended),
            "ended_at": _timestamp(self.ends) if ended else None,
            "created_at": _timestamp(self.created),
            "expires_at": _timestamp(self.created + _EXPIRES_AFTER),
            "archived_at": _timestamp(self.created + _ARCHIVED_AFTER) if archived else None,
            "cancel_initiated_at": None if self.canceled is None else _timestamp(self.canceled),
            "results_url": _results_url(origin, self.id) if ended and not archived else None,
        }

    def _status(self, ended: bool) -> str:
        if ended:
            return "ended"
        return "in_progress" if self.canceled is None else "canceling"

    def _counts(self, ended: bool) -> dict[str, int]:
        """Return the counts by outcome; the API counts all as processing until the batch ends."""
        counted = Counter(item.result["type"] for item in self.items if item.result and ended)
        processing = 0 if ended else len(self.items)
        return {"processing": processing} | {outcome: counted[outcome] for outcome in _OUTCOMES}


def _timestamp(seconds: float) -> str:
    """Return a moment as batches show it: with microseconds and an offset."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _results_url(origin: str, identifier: str) -> str:
    return f"{origin}/v1/messages/batches/{identifier}/results"


def items_of(body: JSONObject) -> list[BatchItem]:
    """Return the items of a create request; their params are checked when they run.

    Raises:
        RequestRefusedError: the envelope of the batch is wrong.
    """
    if (first := next(findings(body, endpoint="batches"), None)) is not None:
        raise broken_rule(first)
    return [BatchItem(request["custom_id"], request["params"]) for request in body["requests"]]
