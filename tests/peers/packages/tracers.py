"""What watches programs sees their calls: each tracer finds the methods it patches."""

from __future__ import annotations

from typing import Any

import anthropic
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

ASKED: Any = {
    "model": "claude-haiku-4-5",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Hello"}],
}


def exporter() -> tuple[TracerProvider, InMemorySpanExporter]:
    """Return a provider of spans, and where they go."""
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider, spans


HELPERS = ("exporter",)


def a_opentelemetry() -> None:
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor

    provider, spans = exporter()
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        client = anthropic.Anthropic()
        client.messages.create(**ASKED)
        for _ in client.messages.create(stream=True, **ASKED):
            pass
        with client.messages.stream(**ASKED) as stream:
            stream.get_final_message()
    finally:
        instrumentor.uninstrument()
    names = [span.name for span in spans.get_finished_spans()]
    assert len(names) == 3, names
    attributes = dict(spans.get_finished_spans()[0].attributes or {})
    assert any(key.endswith("input_tokens") for key in attributes), attributes


def b_logfire() -> None:
    import logfire

    provider_spans = InMemorySpanExporter()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[SimpleSpanProcessor(provider_spans)],
    )
    client = anthropic.Anthropic()
    with logfire.instrument_anthropic(client):
        client.messages.create(**ASKED)
    assert provider_spans.get_finished_spans()


def c_logfire_everywhere() -> None:
    import logfire

    spans = InMemorySpanExporter()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[SimpleSpanProcessor(spans)],
    )
    with logfire.instrument_anthropic():
        anthropic.Anthropic().messages.create(**ASKED)
    assert spans.get_finished_spans()


def d_langsmith() -> None:
    from langsmith import Client
    from langsmith.wrappers import wrap_anthropic

    seen: list[Any] = []

    class Quiet(Client):
        def create_run(self, *args: Any, **kwargs: Any) -> None:
            seen.append((args, kwargs))

        def update_run(self, *args: Any, **kwargs: Any) -> None:
            seen.append((args, kwargs))

    tracing: Any = {"client": Quiet(api_key="any", api_url="http://127.0.0.1:9"), "enabled": True}
    client = wrap_anthropic(anthropic.Anthropic(), tracing_extra=tracing)
    from langsmith import tracing_context

    with tracing_context(enabled=True, client=tracing["client"]):
        client.messages.create(**ASKED)
        with client.messages.stream(**ASKED) as stream:
            stream.get_final_message()
    assert seen


def e_sentry() -> None:
    import sentry_sdk
    from sentry_sdk.integrations.anthropic import AnthropicIntegration

    events: list[Any] = []
    sentry_sdk.init(
        dsn="http://key@127.0.0.1:9/1",
        traces_sample_rate=1.0,
        integrations=[AnthropicIntegration()],
        before_send_transaction=lambda event, _: events.append(event),
    )
    with sentry_sdk.start_transaction(name="t"):
        anthropic.Anthropic().messages.create(**ASKED)
    spans = [span for event in events for span in event["spans"]]
    assert any("gen_ai" in str(span.get("op")) for span in spans), spans


def f_langfuse() -> None:
    from langfuse import Langfuse, observe

    provider, spans = exporter()
    langfuse = Langfuse(public_key="pk", secret_key="sk", tracer_provider=provider)

    @observe()
    def call() -> None:
        anthropic.Anthropic().messages.create(**ASKED)

    call()
    langfuse.flush()
    assert spans.get_finished_spans()
