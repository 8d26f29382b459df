"""Sentry and OpenTelemetry: they see calls over httpx, not those over plain sockets."""

import httpx
import sentry_sdk
import sentry_sdk.transport
from counter import call, start
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def test_opentelemetry():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    URLLib3Instrumentor().instrument()
    HTTPXClientInstrumentor().instrument()
    url = start()
    assert call(url)
    assert not exporter.get_finished_spans()
    assert call(url, http_client=httpx.Client())
    assert [span.name for span in exporter.get_finished_spans()] == ["POST"]


def test_sentry():
    seen = []

    class Kept(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope):
            seen.extend(item.payload.json or {} for item in envelope.items)

    sentry_sdk.init("http://key@127.0.0.1:9/1", transport=Kept, traces_sample_rate=1.0)
    url = start()

    def spans(**settings):
        seen.clear()
        with sentry_sdk.start_transaction(name="test"):
            assert call(url, **settings)
        return [span["op"] for item in seen for span in item.get("spans", ())]

    assert spans() == []
    assert spans(http_client=httpx.Client()) == ["http.client"]
