"""The span and the metrics of a call, made by one of its watchers.

Strategy. A `CallTrace` is a gate that lets every attempt pass. It begins its span before the first
attempt, writes the span's id on each request, and ends it when it is told of the end of the call.
One span covers all attempts. It is never the current span of the program: a stream is read by code
of the user, who would find his own spans under it.

A program that has not set up a provider pays for two look-ups in each call, and one that has not
loaded OpenTelemetry for none: `base_client` looks for it before this module is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import opentelemetry.metrics._internal as global_metrics
from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode

from .._core.call import Call
from .._core.flow import Attempts, Flow
from .._version import __version__
from .._wire.http import ResponseHead
from ..costs.estimate import parsed_body
from ..errors import APIError
from ..types.message import Message, Usage
from .attributes import (
    error_type,
    message_attributes,
    metric_attributes,
    request_attributes,
    response_attributes,
    token_counts,
)
from .content import input_messages, output_messages, system_parts
from .methods import CREATE, TracedMethod, method_of
from .settings import TelemetrySettings, settings_from, settings_of

__all__ = ["CallTrace", "telemetry_of", "traced", "tracer_of"]

_SCOPE, _OFFICIAL_SCOPE = "antiphon", "com.anthropic.sdk.python"

# The buckets that the conventions ask for.
_SECONDS = [0.01 * 2**power for power in range(14)]
_TOKENS = [float(4**power) for power in range(14)]

# Until a provider is set up, these are None; asking with `get_tracer_provider` would cost each call
# a look into the environment. In a version that has not got them, that way is taken. (1.30, 1.45)
_TRACE_GLOBALS, _METRIC_GLOBALS = vars(trace), vars(global_metrics)
_MAY_LOOK = "_TRACER_PROVIDER" in _TRACE_GLOBALS and "_METER_PROVIDER" in _METRIC_GLOBALS

# A provider that a variable names is loaded when somebody first asks.
trace.get_tracer_provider()
metrics.get_meter_provider()


def telemetry_of(given: object, environ: Mapping[str, str]) -> TelemetrySettings | None:
    """Return the settings of a client with its providers; None if nothing is to be recorded.

    Args:
        given: what the client was given as `open_telemetry`; None if nothing.
        environ: the variables of the process.
    """
    settings = settings_from(environ) if given is None else settings_of(given)
    if not settings.enabled:
        return None
    return _with_providers(settings)


def _with_providers(settings: TelemetrySettings) -> TelemetrySettings | None:
    from dataclasses import replace

    tracers = settings.tracer_provider or _if_real(trace.get_tracer_provider())
    meters = settings.meter_provider or _if_real(metrics.get_meter_provider())
    found = replace(
        settings,
        tracer_provider=tracers if settings.traces else None,
        meter_provider=meters if settings.metrics else None,
    )
    return found if found.tracer_provider or found.meter_provider else None


def _if_real(provider: Any) -> Any:
    """Return a global provider; None for those of the API itself, which record nothing."""
    home = type(provider).__module__
    return None if home.startswith(("opentelemetry.trace", "opentelemetry.metrics")) else provider


def tracer_of(settings: TelemetrySettings) -> trace.Tracer | None:
    """Return what makes the spans; None if there are to be none."""
    if settings.tracer_provider is None:
        return None
    scope = _OFFICIAL_SCOPE if settings.official_names else _SCOPE
    tracer: trace.Tracer = settings.tracer_provider.get_tracer(scope, __version__)
    return tracer


def traced(call: Call[Any], given: object, environ: Mapping[str, str]) -> CallTrace | None:
    """Return the watcher that makes the span and the metrics of `call`; None if there are none."""
    if (
        given is None
        and _MAY_LOOK
        and _TRACE_GLOBALS["_TRACER_PROVIDER"] is None
        and _METRIC_GLOBALS["_METER_PROVIDER"] is None
    ):
        return None
    settings = telemetry_of(given, environ)
    if settings is None:
        return None
    method = method_of(call.method, call.url)
    # The conventions describe what a model does; the official package has spans for all the rest.
    if method is None or (method.name != CREATE and not settings.official_names):
        return None
    return CallTrace(settings, method)


class CallTrace:
    """Makes the span and the metrics of one call."""

    __slots__ = (
        "_arrivals",
        "_attributes",
        "_body",
        "_head",
        "_method",
        "_metrics",
        "_sent",
        "_settings",
        "_span",
    )

    def __init__(self, settings: TelemetrySettings, method: TracedMethod) -> None:
        self._settings = settings
        self._method = method
        self._span: Span | None = None
        self._head: ResponseHead | None = None
        self._body: dict[str, Any] = {}
        self._metrics: dict[str, Any] = {}
        self._arrivals = Arrivals()
        self._sent = 0

    def admit(self, attempts: Attempts) -> Flow[None]:
        """Begin the span before the first attempt; let each one carry its id."""
        if self._sent == 0:
            self._begin(attempts.call)
        self._sent += 1
        self._arrivals = attempts.arrivals = Arrivals()
        yield from ()

    def responded(self, attempts: Attempts, head: ResponseHead) -> None:  # noqa: ARG002 (a gate)
        """Take note of the head of a response."""
        self._head = head

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Do nothing: the end of the call tells how often it was sent."""

    def ended(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        """End the span, and record the metrics."""
        if self._sent == 0:
            return  # refused before anything was sent
        if self._span is not None:
            self._finish(self._span, attempts, message, error)
            self._span.end()
        if self._settings.meter_provider is not None and self._method.name == CREATE:
            self._measure(attempts, message, error)

    def _begin(self, call: Call[Any]) -> None:
        is_json = call.headers.get("content-type") == "application/json"
        self._body = parsed_body(call.body) if is_json and call.body else {}  # type: ignore[arg-type]
        self._metrics = metric_attributes(call, self._body)
        tracer = tracer_of(self._settings)
        if tracer is None:
            return
        official, name = self._settings.official_names, self._method.name
        self._span = tracer.start_span(
            f"anthropic.{name}" if official else f"chat {self._body.get('model')}",
            kind=SpanKind.CLIENT,
            attributes=request_attributes(call, self._body, self._method, self._settings),
        )
        if self._settings.content and name == CREATE and self._span.is_recording():
            self._write_prompt(self._span)
        if self._settings.propagation:
            carrier: dict[str, str] = {}
            propagate.inject(carrier, trace.set_span_in_context(self._span, Context()))
            # What the user has written for this call wins.
            call.headers = {**carrier, **call.headers}

    def _write_prompt(self, span: Span) -> None:
        size = self._settings.max_content_bytes
        span.set_attribute("gen_ai.input.messages", input_messages(self._body, size))
        system = system_parts(self._body, size)
        if system is not None:
            span.set_attribute("gen_ai.system_instructions", system)

    def _finish(
        self, span: Span, attempts: Attempts, message: Any, error: BaseException | None
    ) -> None:
        if not span.is_recording():
            return
        head, settings = self._head, self._settings
        if head is not None:
            span.set_attributes(response_attributes(head.status, head.headers, self._sent - 1))
        if message is not None:
            span.set_attributes(message_attributes(message, self._method, settings))
        if self._arrivals.first is not None:
            seconds = self._arrivals.first - attempts.started
            span.set_attribute("gen_ai.response.time_to_first_chunk", seconds)
        if settings.content and isinstance(message, Message):
            content = message.to_dict().get("content")
            size = settings.max_content_bytes
            written = output_messages(content, message.stop_reason, size)
            span.set_attribute("gen_ai.output.messages", written)
        if error is not None:
            kind = error_type(error, official=settings.official_names)
            span.set_attribute("error.type", kind)
            span.set_status(StatusCode.ERROR)
        elif not isinstance(message, Message) or message.stop_reason is not None:
            # A stream that was closed early has neither failed nor come to its end.
            span.set_status(StatusCode.OK)

    def _measure(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        instruments = _instruments(self._settings.meter_provider)
        attributes = {**self._metrics}
        if isinstance(model := getattr(message, "model", None), str):
            attributes["gen_ai.response.model"] = model
        usage = getattr(message, "usage", None)
        if isinstance(usage, Usage):
            for kind, count in token_counts(usage).items():
                instruments.tokens.record(count, {**attributes, "gen_ai.token.type": kind})
        if self._arrivals.first is not None:
            first = self._arrivals.first - attempts.started
            instruments.first_chunk.record(first, attributes)
            for seconds in self._arrivals.intervals():
                instruments.output_chunk.record(seconds, attributes)
        if error is not None:
            kind = error_type(error, official=self._settings.official_names)
            attributes["error.type"] = kind
        instruments.duration.record(attempts.elapsed, attributes)


class Arrivals:
    """When the parts of the output of a stream were received."""

    __slots__ = ("_later", "first")

    first: float | None
    """When the first one was; None if none was."""

    def __init__(self) -> None:
        self.first = None
        self._later: list[tuple[float, int]] = []

    def note(self, count: int, now: float) -> None:
        """Take note that `count` parts were received at once."""
        if not count:
            return
        if self.first is None:
            self.first = now
            count -= 1
        self._later.append((now, count))

    def intervals(self) -> Iterator[float]:
        """Give the seconds before each part but the first; parts received at once share them."""
        before = self.first or 0.0
        for now, count in self._later:
            for _ in range(count):
                yield (now - before) / count
            before = now


class _Instruments:
    """The histograms of a meter provider."""

    def __init__(self, provider: Any) -> None:
        meter: metrics.Meter = provider.get_meter(_SCOPE, __version__)

        def histogram(name: str, unit: str, says: str, buckets: list[float]) -> metrics.Histogram:
            return meter.create_histogram(
                f"gen_ai.client.{name}",
                unit,
                says,
                explicit_bucket_boundaries_advisory=buckets,
            )

        self.duration: metrics.Histogram = histogram(
            "operation.duration", "s", "The time of a call, with all its attempts.", _SECONDS
        )
        self.tokens: metrics.Histogram = histogram(
            "token.usage", "{token}", "The tokens of a call, of input or output.", _TOKENS
        )
        self.first_chunk: metrics.Histogram = histogram(
            "operation.time_to_first_chunk",
            "s",
            "The time from the start of a call to the first part of its output.",
            _SECONDS,
        )
        self.output_chunk: metrics.Histogram = histogram(
            "operation.time_per_output_chunk",
            "s",
            "The time between two parts of the output of a call.",
            _SECONDS,
        )


# A program has one provider, or a few in tests. Making an instrument twice would be a warning.
def _instruments(provider: Any) -> _Instruments:
    # By identity: the provider of Logfire cannot be hashed. Keeping it keeps its id its own.
    known = _made.get(id(provider))
    if known is None:
        if len(_made) >= _MOST_PROVIDERS:
            _made.clear()
        known = _made[id(provider)] = (provider, _Instruments(provider))
    return known[1]


_MOST_PROVIDERS = 8
_made: dict[int, tuple[Any, _Instruments]] = {}
