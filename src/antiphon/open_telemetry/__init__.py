"""Spans and metrics of calls for OpenTelemetry.

`settings` holds what is asked for, `watcher` makes the spans and metrics of calls, `runs` those of
tool runners. All but `settings` is loaded once a program has loaded OpenTelemetry itself: nothing
here ever sets a provider up or exports anything.
"""

from .settings import OpenTelemetryOptions as OpenTelemetryOptions
from .settings import OpenTelemetryTraces as OpenTelemetryTraces

__all__ = ["OpenTelemetryOptions", "OpenTelemetryTraces"]
