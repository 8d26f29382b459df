"""The span of a tool runner, and a span for each tool that it runs.

The span of a run is the current one while the run works, so requests and tools stand under it. It
is not while the body of the caller's loop runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from .._core.tool_loop import ToolLoop
from ..tools import result_content
from ..types.tools import ToolUseBlock
from .content import as_json
from .settings import TelemetrySettings
from .watcher import telemetry_of, tracer_of

__all__ = ["RunTrace", "run_trace"]


def run_trace(loop: ToolLoop, given: object, environ: Mapping[str, str]) -> RunTrace | None:
    """Return what makes the spans of a run; None if there are to be none."""
    settings = telemetry_of(given, environ)
    tracer = None if settings is None else tracer_of(settings)
    return None if settings is None or tracer is None else RunTrace(loop, settings, tracer)


class RunTrace:
    """Makes the spans of one run: a block around each of its steps."""

    def __init__(self, loop: ToolLoop, settings: TelemetrySettings, tracer: trace.Tracer) -> None:
        self._loop = loop
        self._settings = settings
        self._tracer = tracer
        self._span: Span | None = None
        self._token: Any = None

    def __enter__(self) -> None:
        if self._span is None:
            self._span = self._begun()
        self._token = context.attach(trace.set_span_in_context(self._span))

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        context.detach(self._token)
        if isinstance(error, (StopIteration, StopAsyncIteration)):
            self.end(StatusCode.OK)
        elif error is not None and self._span is not None:
            # The caller may go on after an error: that is another span.
            self._span.set_attribute("error.type", type(error).__name__)
            self.end(StatusCode.ERROR)

    def _begun(self) -> Span:
        official, model = self._settings.official_names, self._loop.params.get("model")
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": str(model),
        }
        if self._settings.conversation_id is not None:
            attributes["gen_ai.conversation.id"] = self._settings.conversation_id
        name = "anthropic.messages.tool_runner" if official else "invoke_agent"
        return self._tracer.start_span(name, kind=SpanKind.INTERNAL, attributes=attributes)

    def end(self, status: StatusCode = StatusCode.UNSET) -> None:
        """End the span of the run, if it has one."""
        if self._span is not None:
            self._span.set_status(status)
            self._span.end()
            self._span = None

    def tool(
        self, call: ToolUseBlock, function: Callable[[], Any], *, is_async: bool
    ) -> Callable[[], Any]:
        """Return `function`, which runs a call, with a span around it.

        Args:
            call: the call.
            function: what runs it.
            is_async: whether it has to be awaited.
        """
        # Early calls of a stream are run outside of any step.
        parent = None if self._span is None else trace.set_span_in_context(self._span)
        if is_async:

            async def awaited() -> Any:
                with self._tool_span(call, parent) as span:
                    value = await function()
                    self._write_result(span, value)
                    return value

            return awaited

        def called() -> Any:
            with self._tool_span(call, parent) as span:
                value = function()
                self._write_result(span, value)
                return value

        return called

    def _tool_span(self, call: ToolUseBlock, parent: context.Context | None) -> _ToolSpan:
        official = self._settings.official_names
        attributes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.tool.name": call.name,
            "gen_ai.tool.call.id": call.id,
            "gen_ai.tool.type": "function",
        }
        description = getattr(self._loop.tools.get(call.name), "description", None)
        if isinstance(description, str):
            attributes["gen_ai.tool.description"] = description
        if self._settings.content:
            attributes["gen_ai.tool.call.arguments"] = self._capped(as_json(call.input))
        name = f"anthropic.custom_tool_use {call.name}" if official else f"execute_tool {call.name}"
        span = self._tracer.start_span(name, parent, SpanKind.INTERNAL, attributes)
        return _ToolSpan(span, "tool_error" if official else None)

    def _write_result(self, span: Span, value: Any) -> None:
        if not self._settings.content:
            return
        official = self._settings.official_names
        name = "anthropic.tool_result.content" if official else "gen_ai.tool.call.result"
        try:
            content = result_content(value)
        except Exception:  # the runner reports it
            return
        text = content if isinstance(content, str) else as_json(content)
        span.set_attribute(name, self._capped(text))

    def _capped(self, text: str) -> str:
        return text.encode()[: self._settings.max_content_bytes].decode("utf-8", "ignore")


class _ToolSpan:
    """A block in which the span of a tool is the current one; it ends with the block."""

    def __init__(self, span: Span, kind_of_error: str | None) -> None:
        self._span = span
        self._kind_of_error = kind_of_error
        self._token: Any = None

    def __enter__(self) -> Span:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self._span

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        context.detach(self._token)
        if error is None:
            self._span.set_status(StatusCode.OK)
        else:
            self._span.set_attribute("error.type", self._kind_of_error or type(error).__name__)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
