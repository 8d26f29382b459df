"""The endpoints of message batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from ..metering.clock import Clock
from ..replies.ids import new_id
from .batch import Batch, items_of
from .errors import invalid, not_found
from .exchange import Endpoint, Exchange
from .messages import Simulation
from .pagination import page
from .steps import Steps, Write

__all__ = ["Batches"]


class Batches:
    """The message batches of a server.

    Args:
        clock: the server's.
        rng: makes ids.
        simulation: answers the items.
        seconds: how long a batch takes.
    """

    def __init__(self, clock: Clock, rng: Random, simulation: Simulation, seconds: float) -> None:
        self._clock = clock
        self._rng = rng
        self._simulation = simulation
        self._seconds = seconds
        self._batches: dict[str, Batch] = {}

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """What answers each method of a path below ``/v1/messages/batches``."""
        match segments:
            case []:
                return {"GET": self._list, "POST": self._create}
            case [identifier]:
                return self._of(identifier, GET=self._retrieve, DELETE=self._delete)
            case [identifier, "cancel"]:
                return self._of(identifier, POST=self._cancel)
            case [identifier, "results"]:
                return self._of(identifier, GET=self._results)
            case _:
                raise not_found()

    def clear(self) -> None:
        """Forget all of them."""
        self._batches.clear()

    def _of(
        self, identifier: str, **methods: Callable[[Exchange, Batch], Steps]
    ) -> dict[str, Endpoint]:
        def of(answer: Callable[[Exchange, Batch], Steps]) -> Endpoint:
            return lambda visit: answer(visit, self._find(identifier, visit))

        return {method: of(answer) for method, answer in methods.items()}

    def _find(self, identifier: str, visit: Exchange) -> Batch:
        batch = self._batches.get(identifier)
        if batch is None or batch.workspace != visit.workspace:
            raise not_found(f"Message batch {identifier} not found.")
        batch.catch_up(self._clock())
        return batch

    def _create(self, visit: Exchange) -> Steps:
        items = items_of(visit.body())
        asker = visit.asker()
        batch = Batch(
            id=new_id("msgbatch", self._rng),
            workspace=asker.workspace,
            items=items,
            created=self._clock(),
            seconds=self._seconds,
            run=lambda params: self._simulation.result(params, asker),
        )
        self._batches[batch.id] = batch
        return visit.json(self._shown(batch, visit))

    def _list(self, visit: Exchange) -> Steps:
        mine = [batch for batch in self._batches.values() if batch.workspace == visit.workspace]
        return visit.json(
            page([self._shown(batch, visit) for batch in reversed(mine)], visit.query)
        )

    def _retrieve(self, visit: Exchange, batch: Batch) -> Steps:
        return visit.json(self._shown(batch, visit))

    def _cancel(self, visit: Exchange, batch: Batch) -> Steps:
        if batch.ended(self._clock()):
            raise invalid(f"Message batch {batch.id} has already ended and cannot be canceled.")
        if batch.canceled is None:
            batch.canceled = self._clock()
        return visit.json(self._shown(batch, visit))

    def _delete(self, visit: Exchange, batch: Batch) -> Steps:
        if not batch.ended(self._clock()):
            raise invalid(
                f"Message batch {batch.id} cannot be deleted while it is being processed;"
                " cancel it first."
            )
        del self._batches[batch.id]
        return visit.json({"id": batch.id, "type": "message_batch_deleted"})

    def _results(self, visit: Exchange, batch: Batch) -> Steps:
        _check_results(batch, self._clock())
        attachment = f"attachment; filename*=utf-8''{batch.id}_results.jsonl"
        yield visit.head(200, "application/x-jsonl", (("content-disposition", attachment),))
        for line in batch.lines():
            yield Write(line)

    def _shown(self, batch: Batch, visit: Exchange) -> dict[str, Any]:
        now = self._clock()
        batch.catch_up(now)
        return batch.as_json(now, visit.origin)


def _check_results(batch: Batch, now: float) -> None:
    if not batch.ended(now):
        raise invalid(f"Message batch {batch.id} has not ended; it has no results yet.")
    if batch.archived(now):
        raise not_found(f"The results of message batch {batch.id} are no longer available.")
