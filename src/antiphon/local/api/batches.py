"""The endpoints of message batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from random import Random

from ..._wire.json import JSONObject
from ..metering.clock import Clock
from ..replies.ids import new_id
from .batch import Batch, items_of
from .errors import invalid, not_found
from .exchange import Endpoint, Exchange
from .messages import Simulation
from .pagination import page
from .steps import Steps, Write, work

__all__ = ["BatchesEndpoint"]


class BatchesEndpoint:
    """The message batches of a server.

    Args:
        clock: the server's.
        rng: makes ids.
        simulation: makes the results of the items.
        seconds: how long a batch takes.
    """

    def __init__(self, clock: Clock, rng: Random, simulation: Simulation, seconds: float) -> None:
        self._clock = clock
        self._rng = rng
        self._simulation = simulation
        self._seconds = seconds
        self._batches: dict[str, Batch] = {}

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """Return the endpoints of a path below ``/v1/messages/batches`` by their methods."""
        match segments:
            case []:
                return {"GET": self._list, "POST": self._create}
            case [identifier]:
                return self._of_batch(identifier, GET=self._retrieve, DELETE=self._delete)
            case [identifier, "cancel"]:
                return self._of_batch(identifier, POST=self._cancel)
            case [identifier, "results"]:
                return self._of_batch(identifier, GET=self._results)
            case _:
                raise not_found()

    def clear(self) -> None:
        """Forget all batches."""
        self._batches.clear()

    def _of_batch(
        self, identifier: str, **methods: Callable[[Exchange, Batch], Steps]
    ) -> dict[str, Endpoint]:
        """Return endpoints that find the batch of a path before they respond."""

        def finding(respond: Callable[[Exchange, Batch], Steps]) -> Endpoint:
            def endpoint(exchange: Exchange) -> Steps:
                batch = self._find(identifier, exchange)
                yield from batch.catch_up(self._clock())
                yield from respond(exchange, batch)

            return endpoint

        return {method: finding(respond) for method, respond in methods.items()}

    def _find(self, identifier: str, exchange: Exchange) -> Batch:
        batch = self._batches.get(identifier)
        if batch is None or batch.workspace != exchange.workspace:
            raise not_found(f"Message batch {identifier} not found.")
        return batch

    def _create(self, exchange: Exchange) -> Steps:
        items = yield from work(lambda: items_of(exchange.body()), exchange.size)
        caller, recorded, numbers = exchange.caller(), exchange.recorded, count()
        batch = Batch(
            id=new_id("msgbatch", self._rng),
            workspace=caller.workspace,
            items=items,
            created=self._clock(),
            seconds=self._seconds,
            run=lambda params: self._simulation.batch_result(
                params, caller, next(numbers), recorded
            ),
        )
        self._batches[batch.id] = batch
        yield from batch.catch_up(self._clock())
        yield from exchange.json(self._as_json(batch, exchange))

    def _list(self, exchange: Exchange) -> Steps:
        batches = [
            batch for batch in self._batches.values() if batch.workspace == exchange.workspace
        ]
        for batch in batches:
            yield from batch.catch_up(self._clock())
        newest_first = [self._as_json(batch, exchange) for batch in reversed(batches)]
        yield from exchange.json(page(newest_first, exchange.query))

    def _retrieve(self, exchange: Exchange, batch: Batch) -> Steps:
        return exchange.json(self._as_json(batch, exchange))

    def _cancel(self, exchange: Exchange, batch: Batch) -> Steps:
        if batch.ended(self._clock()):
            raise invalid(f"Message batch {batch.id} has already ended and cannot be canceled.")
        if batch.canceled is None:
            batch.canceled = self._clock()
        return exchange.json(self._as_json(batch, exchange))

    def _delete(self, exchange: Exchange, batch: Batch) -> Steps:
        if not batch.ended(self._clock()):
            raise invalid(
                f"Message batch {batch.id} cannot be deleted while it is being processed;"
                " cancel it first."
            )
        self._batches.pop(batch.id, None)
        return exchange.json({"id": batch.id, "type": "message_batch_deleted"})

    def _results(self, exchange: Exchange, batch: Batch) -> Steps:
        _check_results(batch, self._clock())
        attachment = f"attachment; filename*=utf-8''{batch.id}_results.jsonl"
        yield exchange.head(200, "application/x-jsonl", (("content-disposition", attachment),))
        for line in batch.lines():
            yield Write(line)

    def _as_json(self, batch: Batch, exchange: Exchange) -> JSONObject:
        return batch.as_json(self._clock(), exchange.origin)


def _check_results(batch: Batch, now: float) -> None:
    """Refuse a request for results that are not there yet, or no longer."""
    if not batch.ended(now) or batch.archived(now):
        raise not_found(f"Message Batch {batch.id} has no available results.")
