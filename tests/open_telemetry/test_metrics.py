"""Metrics of calls, as the SDK of OpenTelemetry collects them."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import Client, OverloadedError
from tests.support.scripted import Scripted
from tests.support.telemetry import Telemetry
from tests.support.traced_answers import ASK, events, refused, streamed, whole

COMMON = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-haiku-4-5",
    "server.address": "api.anthropic.com",
    "server.port": 443,
}
ANSWERED = {**COMMON, "gen_ai.response.model": "claude-haiku-4-5-20251001"}
DURATION = "gen_ai.client.operation.duration"
TOKENS = "gen_ai.client.token.usage"
FIRST = "gen_ai.client.operation.time_to_first_chunk"
EACH = "gen_ai.client.operation.time_per_output_chunk"


def client(seen: Telemetry, *answers: Any, **options: Any) -> Client:
    transport = Scripted(*answers)
    return Client(api_key="k", http_client=transport, open_telemetry=seen.options(**options))


def test_a_call_is_measured_by_the_conventions():
    seen = Telemetry()
    transport = Scripted(whole(), whole())
    asking = Client(api_key="k", http_client=transport, open_telemetry=seen.options())
    asking.messages.create(**ASK)
    asking.messages.create(**ASK)
    metrics = seen.metrics()
    assert set(metrics) == {DURATION, TOKENS}
    (duration,) = metrics[DURATION]
    assert dict(duration.attributes) == ANSWERED
    assert duration.count == 2
    assert duration.explicit_bounds == tuple(0.01 * 2**power for power in range(14))
    tokens = {point.attributes["gen_ai.token.type"]: point for point in metrics[TOKENS]}
    assert dict(tokens["input"].attributes) == {**ANSWERED, "gen_ai.token.type": "input"}
    assert dict(tokens["output"].attributes) == {**ANSWERED, "gen_ai.token.type": "output"}
    assert (tokens["input"].sum, tokens["output"].sum) == (2 * 4310, 2 * 20)
    assert tokens["input"].explicit_bounds == tuple(4**power for power in range(14))


def test_a_stream_is_measured_piece_by_piece():
    seen = Telemetry()
    with client(seen, streamed(*events(2.0, 1.0, 0.5))).messages.stream(**ASK) as stream:
        stream.until_done()
    metrics = seen.metrics()
    (first,), (each,), (duration,) = metrics[FIRST], metrics[EACH], metrics[DURATION]
    assert (first.count, first.sum) == (1, 2.0)
    assert (each.count, each.sum, each.min, each.max) == (2, 1.5, 0.5, 1.0)
    assert duration.sum == 3.5
    assert dict(first.attributes) == dict(each.attributes) == ANSWERED


def test_pieces_that_arrive_together_share_the_time():
    seen = Telemetry()
    parts = events(1.0, 1.0, 1.0)
    begin, deltas, end = parts[:2], [part for part in parts[2:8] if part != 1.0], parts[8:]
    answer = streamed(*begin, 1.0, deltas[0], 3.0, deltas[1] + deltas[2], *end)
    with client(seen, answer).messages.stream(**ASK) as stream:
        stream.until_done()
    (each,) = seen.metrics()[EACH]
    assert (each.count, each.min, each.max) == (2, 1.5, 1.5)


def test_a_failure_is_measured_with_its_kind_and_all_its_attempts():
    seen = Telemetry()
    transport = Scripted(refused(), refused(), refused())
    asking = Client(api_key="k", http_client=transport, open_telemetry=seen.options())
    with pytest.raises(OverloadedError):
        asking.messages.create(**ASK)
    metrics = seen.metrics()
    assert set(metrics) == {DURATION}
    (duration,) = metrics[DURATION]
    assert dict(duration.attributes) == {**COMMON, "error.type": "overloaded_error"}
    assert duration.sum == transport.clock.seconds > 0


def test_metrics_need_no_spans():
    seen = Telemetry()
    client(seen, whole(), traces=False).messages.create(**ASK)
    assert not seen.spans
    assert DURATION in seen.metrics()


def test_metrics_can_be_off():
    seen = Telemetry()
    client(seen, whole(), metrics=False).messages.create(**ASK)
    assert seen.span
    assert not seen.metrics()


def test_the_names_of_the_official_package_have_no_metrics_unless_asked_for():
    seen = Telemetry()
    client(seen, whole(), conventions="anthropic").messages.create(**ASK)
    assert not seen.metrics()
    client(seen, whole(), conventions="anthropic", metrics=True).messages.create(**ASK)
    assert DURATION in seen.metrics()


def test_a_provider_that_cannot_be_hashed_is_used_as_any_other():
    seen = Telemetry()

    class Proxy:
        """A provider as Logfire has one: a dataclass, which compares by its fields."""

        __hash__ = None  # type: ignore[assignment]

        def get_meter(self, *args: Any, **settings: Any) -> Any:
            return seen.meters.get_meter(*args, **settings)

    transport = Scripted(whole(), whole())
    options = {**seen.options(), "meter_provider": Proxy()}
    asking = Client(api_key="k", http_client=transport, open_telemetry=options)
    asking.messages.create(**ASK)
    asking.messages.create(**ASK)
    assert seen.metrics()[DURATION][0].count == 2
