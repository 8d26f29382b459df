"""What a program wants to be recorded: by `Client(open_telemetry=…)`, or by variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

__all__ = [
    "OpenTelemetryOptions",
    "OpenTelemetryTraces",
    "TelemetrySettings",
    "settings_from",
    "settings_of",
]

# Bytes of a content attribute. Collectors refuse spans of a few megabytes.
_MAX_CONTENT_BYTES = 65_536

_OFF = frozenset({"false", "0", "no", "off"})

# What the instrumentations of the OpenTelemetry project take for "on, in spans".
_CONTENT_IN_SPANS = frozenset({"true", "span_only", "span_and_event"})


class OpenTelemetryTraces(TypedDict, total=False):
    """What is in the spans.

    enabled: whether there are any.
    content_mode: "content" to have the texts of prompts and messages in them, too.
    max_content_bytes: the most that one attribute of content holds; 65,536 by default.
    """

    enabled: bool
    content_mode: Literal["metadata_only", "content"]
    max_content_bytes: int


class OpenTelemetryOptions(TypedDict, total=False):
    """What is recorded of the calls of a client.

    conventions: "gen_ai" (the default) for the names of OpenTelemetry's conventions, "anthropic"
        for those of the official package.
    tracer_provider: where spans go; by default to the global provider.
    meter_provider: where metrics go; by default to the global provider.
    propagation: whether requests carry the id of their span (`traceparent`); True by default.
    conversation_id: an id of yours for the conversation, to be put on each span.
    traces: whether there are spans, or a `OpenTelemetryTraces`.
    metrics: whether there are metrics; by default with the conventions "gen_ai" only.
    """

    conventions: Literal["gen_ai", "anthropic"]
    tracer_provider: Any
    meter_provider: Any
    propagation: bool
    conversation_id: str
    traces: bool | OpenTelemetryTraces
    metrics: bool


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What is recorded, complete and checked."""

    enabled: bool = True
    official_names: bool = False
    tracer_provider: Any = None
    meter_provider: Any = None
    propagation: bool = True
    conversation_id: str | None = None
    traces: bool = True
    metrics: bool = True
    content: bool = False
    max_content_bytes: int = _MAX_CONTENT_BYTES


def settings_of(given: object) -> TelemetrySettings:
    """Return the settings that `Client(open_telemetry=given)` asks for.

    Raises:
        TypeError: it is neither a bool nor a dict, or holds an unknown name.
        ValueError: a value is impossible.
    """
    if isinstance(given, bool):
        return TelemetrySettings(enabled=given)
    options = _checked("open_telemetry", given, OpenTelemetryOptions)
    traces = options.get("traces", True)
    details: dict[str, Any] = (
        {"enabled": traces}
        if isinstance(traces, bool)
        else _checked("open_telemetry['traces']", traces, OpenTelemetryTraces)
    )
    official = _one_of(options, "conventions", ("gen_ai", "anthropic")) == "anthropic"
    return TelemetrySettings(
        official_names=official,
        tracer_provider=options.get("tracer_provider"),
        meter_provider=options.get("meter_provider"),
        propagation=_flag(options, "propagation", True),
        conversation_id=options.get("conversation_id"),
        traces=_flag(details, "enabled", True),
        # The official package has none.
        metrics=_flag(options, "metrics", not official),
        content=_one_of(details, "content_mode", ("metadata_only", "content")) == "content",
        max_content_bytes=_size(details.get("max_content_bytes", _MAX_CONTENT_BYTES)),
    )


def settings_from(environ: Mapping[str, str]) -> TelemetrySettings:
    """Return the settings of a client that was given none.

    Raises:
        ValueError: a variable has an impossible value; the message names it.
    """
    wanted = _variable(environ, "OPEN_TELEMETRY")
    if wanted in _OFF:
        return TelemetrySettings(enabled=False)
    official = wanted == "anthropic"
    mode = _variable(environ, "OPEN_TELEMETRY_TRACES_CONTENT_MODE")
    captured = environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    size = _variable(environ, "OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES")
    return TelemetrySettings(
        official_names=official,
        propagation=_variable(environ, "OPEN_TELEMETRY_PROPAGATION") not in _OFF,
        metrics=not official,
        content=mode == "content" if mode else captured.lower() in _CONTENT_IN_SPANS,
        max_content_bytes=_size(int(size) if size.isdecimal() else size or _MAX_CONTENT_BYTES),
    )


def _variable(environ: Mapping[str, str], name: str) -> str:
    """Return a variable in lower case: ours, or else that of the official package."""
    value = environ.get(f"ANTIPHON_{name}") or environ.get(f"ANTHROPIC_{name}") or ""
    return value.strip().lower()


def _checked(argument: str, given: object, known: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{argument}: expected a bool or a dict, got {type(given).__name__}")
    options = dict(cast("Mapping[str, Any]", given))
    unknown = sorted(set(options) - set(known.__annotations__))
    if unknown:
        names = ", ".join(sorted(known.__annotations__))
        raise TypeError(f"{argument}: there is no {unknown[0]!r} in it; it takes {names}")
    return options


def _flag(options: Mapping[str, Any], name: str, default: bool) -> bool:
    value = options.get(name, default)
    if not isinstance(value, bool):
        raise TypeError(f"open_telemetry: {name}: expected a bool, got {type(value).__name__}")
    return value


def _one_of(options: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = options.get(name, values[0])
    if value not in values:
        raise ValueError(f"open_telemetry: {name}: {value!r} is none of {', '.join(values)}")
    return str(value)


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(
            f"open_telemetry: max_content_bytes: {value!r} is not a number of bytes from 0"
        )
    return value
