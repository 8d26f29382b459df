"""The preset with the span names and attributes of the official package."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from antiphon import Client
from antiphon._version import __version__
from antiphon.local import App, LocalServer, VirtualClock
from tests.support.scripted import Scripted
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, events, streamed, whole

URL = "https://api.anthropic.com/v1/messages"
ALL = {
    "gen_ai.provider.name": "anthropic",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "claude-haiku-4-5",
    "gen_ai.request.max_tokens": 100,
    "server.address": "api.anthropic.com",
    "server.port": 443,
    "http.request.method": "POST",
    "http.route": "/v1/messages",
    "url.scheme": "https",
    "url.path": "/v1/messages",
    "url.full": URL,
    "http.response.status_code": 200,
    "anthropic.request.id": "req_s",
    "anthropic.organization.id": "org_1",
    "anthropic.workspace.id": "wrkspc_1",
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.model": "claude-haiku-4-5-20251001",
    "gen_ai.usage.input_tokens": 4310,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 300,
    "gen_ai.usage.cache_write.input_tokens": 4000,
    "gen_ai.usage.reasoning.output_tokens": 7,
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 3000,
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 1000,
    "anthropic.response.service_tier": "standard",
    "anthropic.message.stop_reason": "end_turn",
}


def official(seen: Telemetry, transport: Any = None, **options: Any) -> Client:
    return Client(
        api_key="k",
        http_client=transport,
        open_telemetry=seen.options(conventions="anthropic", **options),
    )


def test_a_call_has_the_official_span():
    seen = Telemetry()
    official(seen, Scripted(whole())).messages.create(**ASK)
    span = seen.span
    assert span.name == "anthropic.messages.create"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.OK
    scope = span.instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version) == ("com.anthropic.sdk.python", __version__)
    assert not scope.schema_url
    assert seen.attributes == ALL


def test_what_was_asked_for_is_on_the_span_but_for_the_sampling():
    seen = Telemetry()
    official(seen, Scripted(whole()), conversation_id="c-1").messages.create(
        **ASK,
        temperature=0.5,
        stop_sequences=["END"],
        service_tier="auto",
        thinking={"type": "enabled", "budget_tokens": 2000},
        output_config={"effort": "low"},
        betas=["one", "two"],
    )
    assert seen.attributes == {
        **ALL,
        "gen_ai.conversation.id": "c-1",
        "gen_ai.request.reasoning.level": "low",
        "anthropic.request.service_tier": "auto",
        "anthropic.thinking.type": "enabled",
        "anthropic.thinking.budget_tokens": 2000,
        "anthropic.beta": ("one", "two"),
    }


def test_a_stream_has_the_same_span():
    seen = Telemetry()
    transport = Scripted(streamed(*events(2.0)))
    with official(seen, transport).messages.stream(**ASK) as stream:
        stream.until_done()
    assert seen.span.name == "anthropic.messages.create"
    assert seen.attributes == {
        **ALL,
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 2.0,
    }


def test_every_other_endpoint_has_a_span(server: LocalServer):
    seen = Telemetry()
    client = Client(
        api_key="k",
        base_url=server.url,
        open_telemetry=seen.options(conventions="anthropic"),
    )
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"])
    batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": ASK}])
    client.messages.batches.retrieve(batch.id)
    list(client.messages.batches.list(limit=1))[:1]
    list(client.models.list())
    client.models.retrieve("claude-haiku-4-5")
    file = client.files.upload(file=("a.txt", b"words", "text/plain"))
    client.files.retrieve_metadata(file.id)
    list(client.files.list())
    found: dict[str, Any] = {span.name: dict(span.attributes or {}) for span in seen.spans}
    assert set(found) == {
        "anthropic.messages.count_tokens",
        "anthropic.messages.batches.create",
        "anthropic.messages.batches.retrieve",
        "anthropic.messages.batches.list",
        "anthropic.models.list",
        "anthropic.models.retrieve",
        "anthropic.files.upload",
        "anthropic.files.retrieve_metadata",
        "anthropic.files.list",
    }
    assert all("gen_ai.operation.name" not in each for each in found.values())
    assert all(each["http.response.status_code"] == 200 for each in found.values())
    created = found["anthropic.messages.batches.create"]
    assert created["anthropic.message.batch.request_count"] == 1
    assert created["anthropic.message.batch.id"] == batch.id
    retrieved = found["anthropic.messages.batches.retrieve"]
    assert retrieved["anthropic.message.batch.id"] == batch.id
    assert retrieved["http.route"] == "/v1/messages/batches/{message_batch_id}"
    assert retrieved["url.path"] == f"/v1/messages/batches/{batch.id}"
    assert found["anthropic.files.upload"]["anthropic.file.id"] == file.id
    assert found["anthropic.files.retrieve_metadata"]["anthropic.file.id"] == file.id


def test_what_is_read_later_has_a_span_that_ends_with_it():
    seen, clock = Telemetry(), VirtualClock()
    with LocalServer(App(clock=clock)) as server:
        client = Client(
            api_key="k", base_url=server.url, open_telemetry=seen.options(conventions="anthropic")
        )
        batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": ASK}])
        clock.advance(24 * 3600)
        name = "anthropic.messages.batches.results"
        with client.messages.batches.results(batch.id) as results:
            assert name not in [span.name for span in seen.spans]
            assert [each.custom_id for each in results] == ["a"]
            assert seen.spans[-1].name == name
            assert seen.spans[-1].status.status_code is StatusCode.OK


def test_the_conventions_know_no_other_endpoint(server: LocalServer):
    seen = Telemetry()
    client = Client(api_key="k", base_url=server.url, open_telemetry=seen.options())
    list(client.models.list())
    assert not seen.spans


def test_a_base_url_with_a_path_changes_the_path_and_not_the_route():
    seen = Telemetry()
    client = Client(
        api_key="k",
        base_url="http://gateway.test:8080/v1/claude",
        allow_plain_http=True,
        http_client=Scripted(whole()),
        open_telemetry=seen.options(conventions="anthropic"),
    )
    client.messages.create(**ASK)
    assert seen.attributes["http.route"] == "/v1/messages"
    assert seen.attributes["url.path"] == "/v1/claude/v1/messages"
    assert seen.attributes["server.address"] == "gateway.test"
    assert seen.attributes["server.port"] == 8080


@pytest.mark.parametrize("conventions", ["gen_ai", "anthropic"])
def test_a_page_after_the_first_is_another_call(server, conventions):
    seen = Telemetry()
    options = seen.options(conventions=conventions)
    client = Client(api_key="k", base_url=server.url, open_telemetry=options)
    assert len(list(client.models.list(limit=1))) > 1
    pages = [span for span in seen.spans if span.name == "anthropic.models.list"]
    assert len(pages) == (0 if conventions == "gen_ai" else len(seen.spans))
    assert json.dumps([span.name for span in seen.spans]).count("list") == len(seen.spans)
