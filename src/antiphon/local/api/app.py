"""The Messages API as a function: a request in, the steps of its response out.

`App.__call__` is all that a listener or a test needs. A request goes through these stations, in
the order in which the real API looks at it, and the first objection is the response:

1. size of the body, path and method (`_endpoint`);
2. key, version and betas (`_admit`);
3. content type, encoding and JSON (`Exchange.body`);
4. the form of the body, its thread and its files, the other rules, signatures of thinking, rate
   limits (`Simulation`);
5. the reply itself, whole or streamed at the pace of `Latency`.

Stations that take long for a large request are `Work` for whoever performs the steps. State that
requests share (caches, limits, the journal) is only used between them, never by two at once. Files
and threads are looked up by work as well: what is kept of them never changes.

An objection is raised as `RequestRefusedError` anywhere below and becomes a response in one place.
Each request is noted in the journal while its steps are performed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from ..._wire.http import Request
from ...rules import Endpoint as RuleEndpoint
from ..metering.clock import Clock, SystemClock
from ..metering.rate_limits import Limits
from ..replies.ids import new_id
from . import cors
from .answer import Answer
from .batches import BatchesEndpoint
from .control import Control
from .direction import Director
from .errors import RequestRefusedError, not_found
from .event_stream import paced
from .exchange import CONTROL_PREFIX, WORKSPACE, Endpoint, Exchange
from .files import FilesEndpoint
from .headers import Keys, betas_of, check_size, version_of
from .journal import Journal, Recorded, without_secrets
from .latency import Latency
from .messages import MessageResult, PreparedRequest, Simulation
from .models import ModelsEndpoint
from .served_models import ModelNames
from .steps import Flow, Pause, Steps, work

__all__ = ["App"]


class App:
    """A simulated Messages API: it replies, but it is not a model.

    Args:
        clock: the server's time; by default that of this machine.
        seed: changes every id and every opaque value.
        keys: the only API keys accepted; by default any that does not contain "invalid".
        models: which names of models are served: "known" for those of the API (and, as stand-ins,
            for newer versions of known families), "any" for every name.
        control: whether there are control endpoints under ``/__antiphon/``.
        batch_seconds: how many seconds a message batch takes.
        limits: what each class of models may be used in a minute; None for no limit.
        latency: the pace of replies; by default they come at once.
        script: says what requests get; by default all get simulated replies.
    """

    clock: Clock
    """The server's time; tests may move it on."""
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
        models: ModelNames = "known",
        control: bool = True,
        batch_seconds: float = 1.0,
        limits: Limits | None = None,
        latency: Latency | None = None,
        script: Director | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.journal = Journal()
        self.control = control
        self._keys = Keys(keys)
        # One source for ids, fragments and pace: the same requests in the same order get the same
        # ones.
        self._rng = Random(seed)
        self._simulation = Simulation(self.clock, seed, limits, models)
        self._simulation.script = script
        self._latency = latency or Latency()
        self._batches = BatchesEndpoint(self.clock, self._rng, self._simulation, batch_seconds)
        self._files = FilesEndpoint(self._simulation.files)
        self._models = ModelsEndpoint(self.clock, self._simulation.models)
        self._control = Control(self.journal, self.clock, self.reset, lambda: self.script)

    @property
    def script(self) -> Director | None:
        """What says which reply a request gets; None if all get simulated ones."""
        return self._simulation.script

    @script.setter
    def script(self, script: Director | None) -> None:
        self._simulation.script = script

    def reset(self) -> None:
        """Forget requests, rules, files, threads, caches, limits and batches; keep the clock."""
        self.journal.clear()
        self._batches.clear()
        self._simulation.clear()

    def __call__(self, request: Request) -> Steps:
        """Return the steps of the response to `request`."""
        exchange = self._exchange(request)
        steps = self._respond(exchange)
        # A look at the journal must not change it.
        return steps if exchange.is_control else self._recorded(exchange, steps)

    def refuse(self, request: Request, refusal: RequestRefusedError) -> Steps:
        """Return the steps of an error response to `request`, which is noted in the journal."""
        exchange = self._exchange(request)
        return self._recorded(exchange, exchange.error_response(refusal))

    def new_request_id(self) -> str:
        """Return the id for a request; the same seed gives the same ids."""
        return new_id("req", self._rng)

    def _exchange(self, request: Request) -> Exchange:
        return Exchange.of(request, self.new_request_id(), self.clock())

    def _recorded(self, exchange: Exchange, steps: Steps) -> Steps:
        """Yield the same steps, and note the exchange in the journal meanwhile."""
        request = exchange.request
        headers, hidden = without_secrets(exchange.headers)
        entry = Recorded(
            exchange.request_id,
            request.method,
            exchange.target,
            headers,
            exchange.arrived,
            _hidden_values=hidden,
        )
        # Before the response, so that whoever has got one finds its request in the journal.
        yield from work(lambda: entry.keep(request.buffered_body()), exchange.size)
        self.journal.record(entry)
        exchange.recorded = entry
        try:
            yield from steps
        finally:
            entry.seconds = self.clock() - exchange.arrived

    def _respond(self, exchange: Exchange) -> Steps:
        try:
            yield from self._endpoint(exchange)(exchange)
        except RequestRefusedError as refusal:
            yield from exchange.error_response(refusal)

    def _endpoint(self, exchange: Exchange) -> Endpoint:
        """Return the endpoint for a request; refuse the request if it lacks what all need."""
        method = exchange.request.method
        check_size(exchange.path, len(exchange.request.body))
        resource = self._resource(exchange.segments)
        if exchange.is_control:
            return _for_method(resource, method)
        # Browsers send it without a key, so it comes before `_admit`.
        if cors.is_preflight(method, exchange.headers):
            return _preflight
        endpoint = _for_method(resource, method)
        self._admit(exchange)
        return endpoint

    def _resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """Return the endpoints of a path by their methods."""
        match segments:
            case ["v1", "messages"]:
                return {"POST": self._create}
            case ["v1", "messages", "count_tokens"]:
                return {"POST": self._count}
            case ["v1", "messages", "batches", *rest]:
                return self._batches.resource(rest)
            case ["v1", "files", *rest]:
                return self._files.resource(rest)
            case ["v1", "models", *rest]:
                return self._models.resource(rest)
            case [name, *rest] if name == CONTROL_PREFIX and self.control:
                return self._control.resource(rest)
            case _:
                raise not_found()

    def _admit(self, exchange: Exchange) -> None:
        """Check the headers that every request of the API needs, and note what they say."""
        headers = exchange.headers
        cors.check_direct_access(headers)
        self._keys.check(headers)
        exchange.workspace = headers.get("anthropic-workspace-id") or WORKSPACE
        exchange.version = version_of(headers)
        exchange.betas = betas_of(headers)

    def _create(self, exchange: Exchange) -> Steps:
        simulation = self._simulation
        request = yield from self._prepared(exchange, "create")
        with simulation.threads.turn(request.thread):
            lookup = simulation.admit(request)
            direction = simulation.direct(request)
            answer = Answer(direction.faults)
            if exchange.recorded is not None:
                exchange.recorded.answers.append(answer)
            if direction.delay:
                yield Pause(direction.delay)
            try:
                result = yield from simulation.create(request, lookup, direction)
            except RequestRefusedError as refusal:
                answer.outcome = refusal.bare()
                steps = exchange.error_response(refusal)
            else:
                answer.outcome = result.message
                if exchange.recorded is not None:
                    exchange.recorded.message = result.message
                respond = self._streamed if request.body.get("stream") else self._whole
                steps = simulation.threads.keeping(
                    request.thread, result.message, respond(exchange, result)
                )
            # What faults see has no work in it: they need not pass results on to it.
            for fault in direction.faults:
                steps = fault(steps)
            yield from exchange.noting_status(steps) if direction.faults else steps

    def _whole(self, exchange: Exchange, result: MessageResult) -> Steps:
        if seconds := self._latency.whole(result.output_tokens, self._rng):
            yield Pause(seconds)
        yield from exchange.json(result.message, more=result.headers)

    def _streamed(self, exchange: Exchange, result: MessageResult) -> Steps:
        more = (("cache-control", "no-cache"), *result.headers)
        yield exchange.head(200, "text/event-stream; charset=utf-8", more)
        yield from paced(result.message, result.raw_inputs, self._latency, self._rng)

    def _count(self, exchange: Exchange) -> Steps:
        request = yield from self._prepared(exchange, "count_tokens")
        result = self._simulation.count(request)
        yield from exchange.json(result.content, more=result.headers)

    def _prepared(self, exchange: Exchange, endpoint: RuleEndpoint) -> Flow[PreparedRequest]:
        prepare, caller = self._simulation.prepare, exchange.caller()
        return work(lambda: prepare(exchange.body(), caller, endpoint), exchange.size)


def _preflight(exchange: Exchange) -> Steps:
    return exchange.empty(204, cors.preflight_headers(exchange.headers))


def _for_method(endpoints: dict[str, Endpoint], method: str) -> Endpoint:
    if method not in endpoints:
        allow = ("allow", ", ".join(endpoints))
        raise RequestRefusedError(
            405, "invalid_request_error", "Method Not Allowed", headers=(allow,)
        )
    return endpoints[method]
