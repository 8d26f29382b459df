"""The Messages API as a function: a request in, the steps of its answer out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from ..._wire.http import Request
from ..metering.clock import Clock, SystemClock
from ..metering.rate_limits import Limits
from ..replies.ids import new_id
from . import models
from .batches import Batches
from .control import PREFIX, Control
from .errors import RequestRefusedError, not_found
from .event_stream import paced
from .exchange import WORKSPACE, Endpoint, Exchange
from .headers import Keys, betas_of, check_size, version_of
from .journal import Journal, Recorded, without_secrets
from .latency import Latency
from .messages import MessageResult, Simulation
from .steps import Pause, Steps, WriteHead

__all__ = ["App"]


class App:
    """A simulated Messages API: it answers, but it is no model.

    Args:
        clock: the server's time.
        seed: changes every id and answer.
        keys: the API keys it accepts; by default any that does not contain "invalid".
        control: whether there are control endpoints under ``/__antiphon/``.
        batch_seconds: how long a message batch takes.
        limits: what each class of models may be used in a minute; by default more than tests need.
        latency: the pace of answers; by default they come at once.
    """

    clock: Clock
    """The server's time, which tests may move on."""
    journal: Journal
    """The requests so far."""
    control: bool
    """Whether there are control endpoints."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        seed: int = 0,
        keys: Collection[str] | None = None,
        control: bool = True,
        batch_seconds: float = 1.0,
        limits: Limits | None = None,
        latency: Latency | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.journal = Journal()
        self.control = control
        self._keys = Keys(keys)
        self._rng = Random(seed)
        self._simulation = Simulation(self.clock, seed, limits or Limits())
        self._latency = latency or Latency()
        self._batches = Batches(self.clock, self._rng, self._simulation, batch_seconds)
        self._control = Control(self.journal, self.clock, self.reset)

    def reset(self) -> None:
        """Forget what was asked, cached, limited and batched; the clock stays as it is."""
        self.journal.clear()
        self._batches.clear()
        self._simulation.clear()

    def __call__(self, request: Request) -> Steps:
        """The steps that answer `request`."""
        visit = Exchange.of(request, new_id("req", self._rng), self.clock())
        steps = self._answered(visit)
        return steps if visit.path.startswith(f"/{PREFIX}/") else self._recorded(visit, steps)

    def _recorded(self, visit: Exchange, steps: Steps) -> Steps:
        """The same steps, noted in the journal while they are taken."""
        request = visit.request
        headers = without_secrets(visit.headers)
        entry = Recorded(visit.request_id, request.method, visit.target, headers, visit.arrived)
        self.journal.record(entry, request.body)
        try:
            for step in steps:
                if isinstance(step, WriteHead):
                    entry.status = step.status
                yield step
        finally:
            entry.seconds = self.clock() - visit.arrived

    def _answered(self, visit: Exchange) -> Steps:
        try:
            yield from self._endpoint(visit)(visit)
        except RequestRefusedError as refusal:
            yield from visit.refused(refusal)

    def _endpoint(self, visit: Exchange) -> Endpoint:
        """What answers a visit that brings what every request must bring."""
        segments = visit.segments
        check_size(visit.path, len(visit.request.body))
        endpoint = _chosen(self._resource(segments), visit.request.method)
        if segments[0] != PREFIX:
            self._admit(visit)
        return endpoint

    def _resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """What answers each method of a path."""
        match segments:
            case ["v1", "messages"]:
                return {"POST": self._create}
            case ["v1", "messages", "count_tokens"]:
                return {"POST": self._count}
            case ["v1", "messages", "batches", *rest]:
                return self._batches.resource(rest)
            case ["v1", "models", *rest]:
                return models.resource(rest)
            case [name, *rest] if name == PREFIX and self.control:
                return self._control.resource(rest)
            case _:
                raise not_found()

    def _admit(self, visit: Exchange) -> None:
        headers = visit.headers
        self._keys.check(headers)
        visit.workspace = headers.get("anthropic-workspace-id") or WORKSPACE
        visit.version = version_of(headers)
        visit.betas = betas_of(headers)

    def _create(self, visit: Exchange) -> Steps:
        body = visit.body()
        produced = self._simulation.create(body, visit.asker())
        answered = self._streamed if body.get("stream") else self._whole
        return answered(visit, produced)

    def _whole(self, visit: Exchange, produced: MessageResult) -> Steps:
        if seconds := self._latency.whole(produced.output_tokens, self._rng):
            yield Pause(seconds)
        yield from visit.json(produced.message, more=produced.headers)

    def _streamed(self, visit: Exchange, produced: MessageResult) -> Steps:
        more = (("cache-control", "no-cache"), *produced.headers)
        yield visit.head(200, "text/event-stream; charset=utf-8", more)
        yield from paced(produced.message, produced.raw_inputs, self._latency, self._rng)

    def _count(self, visit: Exchange) -> Steps:
        return visit.json({"input_tokens": self._simulation.count(visit.body(), visit.asker())})


def _chosen(methods: dict[str, Endpoint], method: str) -> Endpoint:
    if method not in methods:
        allowed = ("allow", ", ".join(methods))
        raise RequestRefusedError(
            405, "invalid_request_error", "Method Not Allowed", headers=(allowed,)
        )
    return methods[method]
