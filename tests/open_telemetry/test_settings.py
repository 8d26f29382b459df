"""When calls are traced: by a provider, an argument, or variables."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from antiphon import Client
from antiphon.open_telemetry.settings import TelemetrySettings, settings_from, settings_of
from tests.support.imports import loaded_by
from tests.support.scripted import Scripted
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, whole

PROGRAM = """
import json, sys
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, whole
from tests.support.scripted import Scripted
from antiphon import Client
from opentelemetry import metrics, trace

transport = Scripted(whole(), whole(), whole())
client = Client(api_key="k", http_client=transport)
client.messages.create(**ASK)  # before there is a provider
seen = Telemetry()
trace.set_tracer_provider(seen.tracers)
metrics.set_meter_provider(seen.meters)
client.messages.create(**ASK)
client.with_options(open_telemetry=False).messages.create(**ASK)
print(json.dumps({
    "spans": [span.name for span in seen.spans],
    "content": any("gen_ai.input.messages" in span.attributes for span in seen.spans),
    "metrics": sorted(seen.metrics()),
    "sent": ["traceparent" in request.headers for request in transport.requests],
}))
"""
CHAT = "chat claude-haiku-4-5"
BOTH = ["gen_ai.client.operation.duration", "gen_ai.client.token.usage"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ([CHAT], False, BOTH, [False, True, False])),
        ({"ANTHROPIC_OPEN_TELEMETRY": "False"}, ([], False, [], [False] * 3)),
        ({"ANTIPHON_OPEN_TELEMETRY": "0"}, ([], False, [], [False] * 3)),
        (
            {"ANTIPHON_OPEN_TELEMETRY": "anthropic"},
            (["anthropic.messages.create"], False, [], [False, True, False]),
        ),
        (
            {
                "ANTHROPIC_OPEN_TELEMETRY_PROPAGATION": "false",
                "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content",
            },
            ([CHAT], True, BOTH, [False] * 3),
        ),
    ],
    ids=["unset", "off as in the official package", "off", "official names", "switches"],
)
def test_a_global_provider_turns_it_on_and_variables_say_more(variables, expected):
    import json

    kept = {k: v for k, v in os.environ.items() if "TELEMETRY" not in k and "OTEL" not in k}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert tuple(found.values()) == expected


def test_opentelemetry_is_not_loaded_by_a_client():
    loaded = loaded_by("from antiphon import Client; Client(api_key='k', open_telemetry={})")
    assert not [name for name in loaded if name.split(".")[0] == "opentelemetry"]


def test_no_provider_no_span():
    transport = Scripted(whole(), whole())
    Client(api_key="k", http_client=transport).messages.create(**ASK)
    Client(api_key="k", http_client=transport, open_telemetry={}).messages.create(**ASK)
    assert all("traceparent" not in request.headers for request in transport.requests)


def test_an_argument_ends_the_reading_of_variables(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY", "false")
    seen = Telemetry()
    client = Client(api_key="k", http_client=Scripted(whole()), open_telemetry=seen.options())
    client.messages.create(**ASK)
    assert seen.span


def test_a_client_tells_what_it_was_given():
    assert Client(api_key="k").open_telemetry is None
    given = {"conversation_id": "c-1"}
    client = Client(api_key="k", open_telemetry=given)
    assert client.open_telemetry == given
    assert client.with_options(open_telemetry=False).open_telemetry is False


def test_variables_are_read():
    assert settings_from({}) == TelemetrySettings()
    assert settings_from(
        {
            "ANTIPHON_OPEN_TELEMETRY": "anthropic",
            "ANTHROPIC_OPEN_TELEMETRY": "false",  # ours wins
            "ANTHROPIC_OPEN_TELEMETRY_PROPAGATION": "False",
            "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content",
            "ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES": "500",
        }
    ) == TelemetrySettings(
        official_names=True, metrics=False, propagation=False, content=True, max_content_bytes=500
    )
    captured = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    for value, content in [("true", True), ("span_only", True), ("event_only", False)]:
        assert settings_from({captured: value}).content is content
    with pytest.raises(ValueError, match="max_content_bytes: 'many'"):
        settings_from({"ANTHROPIC_OPEN_TELEMETRY_TRACES_MAX_CONTENT_BYTES": "many"})


def test_options_are_read():
    assert settings_of(True) == settings_of({}) == TelemetrySettings()
    assert not settings_of(False).enabled
    assert settings_of(
        {
            "conventions": "anthropic",
            "propagation": False,
            "conversation_id": "c",
            "metrics": True,
            "traces": {"enabled": False, "content_mode": "content", "max_content_bytes": 0},
        }
    ) == TelemetrySettings(
        official_names=True,
        propagation=False,
        conversation_id="c",
        traces=False,
        content=True,
        max_content_bytes=0,
    )


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("on", TypeError, "open_telemetry: expected a bool or a dict, got str"),
        ({"trace": True}, TypeError, "there is no 'trace' in it"),
        ({"traces": "all"}, TypeError, "open_telemetry\\['traces'\\]: expected a bool or a dict"),
        ({"traces": {"content": True}}, TypeError, "there is no 'content' in it"),
        ({"traces": {"content_mode": "all"}}, ValueError, "content_mode: 'all' is none of"),
        ({"traces": {"max_content_bytes": -1}}, ValueError, "max_content_bytes: -1"),
        ({"conventions": "mine"}, ValueError, "conventions: 'mine' is none of gen_ai, anthropic"),
        ({"propagation": "no"}, TypeError, "propagation: expected a bool, got str"),
    ],
)
def test_wrong_options_are_refused_where_they_are_given(given, error, says):
    with pytest.raises(error, match=says):
        Client(api_key="k", open_telemetry=given)
