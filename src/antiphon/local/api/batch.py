"""One message batch: a state machine on the server's clock (Messages API, message batches)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson

from ...rules import findings
from .errors import refused

__all__ = ["Batch", "Item", "items_of"]

_HOUR = 3600
_EXPIRES = 24 * _HOUR
_ARCHIVED = 29 * 24 * _HOUR
_OUTCOMES = ("succeeded", "errored", "canceled", "expired")

Result = dict[str, Any]
Run = Callable[[Mapping[str, Any]], Result]
"""Answers the params of an item: a result of type "succeeded" or "errored"."""


@dataclass(slots=True)
class Item:
    """One request of a batch."""

    custom_id: str
    params: Mapping[str, Any]
    result: Result | None = None
    """How it ended; None while it has not run."""


@dataclass(slots=True)
class Batch:
    """Items that run one after another, evenly over `seconds`, unless something stops them."""

    id: str
    workspace: str
    items: list[Item]
    created: float
    seconds: float
    """How long it takes, left alone."""
    run: Run
    canceled: float | None = None
    """When its cancellation was asked for."""
    _ran: int = field(default=0)

    @property
    def ends(self) -> float:
        """When it ends, as things stand."""
        soonest = min(self.created + self.seconds, self.created + _EXPIRES)
        if self.canceled is None:
            return soonest
        return min(soonest, self.canceled + self.seconds / max(1, len(self.items)))

    def ended(self, now: float) -> bool:
        """Whether every item has its result."""
        return now >= self.ends

    def catch_up(self, now: float) -> None:
        """Let happen what has happened by `now`."""
        self._run_until(now if self.canceled is None else min(now, self.canceled))
        if self.ended(now) and self._ran < len(self.items):
            left = "expired" if self.canceled is None else "canceled"
            for item in self.items[self._ran :]:
                item.result = {"type": left}
            self._ran = len(self.items)

    def _run_until(self, moment: float) -> None:
        moment = min(moment, self.created + _EXPIRES)
        due = len(self.items)
        if moment < self.created + self.seconds:
            due = int((moment - self.created) / self.seconds * due)
        while self._ran < due:
            item = self.items[self._ran]
            item.result = self.run(item.params)
            self._ran += 1

    def lines(self) -> Iterator[bytes]:
        """The results, one line each, in no particular order."""
        for item in Random(self.id).sample(self.items, len(self.items)):
            yield orjson.dumps({"custom_id": item.custom_id, "result": item.result}) + b"\n"

    def archived(self, now: float) -> bool:
        """Whether its results are no longer kept."""
        return now >= self.created + _ARCHIVED

    def as_json(self, now: float, origin: str) -> dict[str, Any]:
        """The batch as the API shows it."""
        ended, archived = self.ended(now), self.archived(now)
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self._status(ended),
            "request_counts": self._counts(ended),
            "ended_at": timestamp(self.ends) if ended else None,
            "created_at": timestamp(self.created),
            "expires_at": timestamp(self.created + _EXPIRES),
            "archived_at": timestamp(self.created + _ARCHIVED) if archived else None,
            "cancel_initiated_at": None if self.canceled is None else timestamp(self.canceled),
            "results_url": _results_url(origin, self.id) if ended and not archived else None,
        }

    def _status(self, ended: bool) -> str:
        if ended:
            return "ended"
        return "in_progress" if self.canceled is None else "canceling"

    def _counts(self, ended: bool) -> dict[str, int]:
        """The API counts all items as processing until the last one has ended."""
        counted = Counter(item.result["type"] for item in self.items if item.result and ended)
        processing = 0 if ended else len(self.items)
        return {"processing": processing} | {outcome: counted[outcome] for outcome in _OUTCOMES}


def timestamp(seconds: float) -> str:
    """A moment as batches show it: microseconds and an offset."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _results_url(origin: str, identifier: str) -> str:
    return f"{origin}/v1/messages/batches/{identifier}/results"


def items_of(body: Mapping[str, Any]) -> list[Item]:
    """The items of a create request; only their envelope is looked at."""
    if (first := next(findings(body, endpoint="batches"), None)) is not None:
        raise refused(first)
    return [Item(request["custom_id"], request["params"]) for request in body["requests"]]
