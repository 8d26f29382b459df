"""A simulated week of calls: what the ledger says equals what is computed apart."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from antiphon import APIError, Client, tagged
from antiphon.cli import main
from tests.support.scripted import Answer, Scripted, broken
from tests.support.stream_events import framed

MONDAY = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)

# Dollars for a million tokens, as the documentation of the API has them: input, output, written for
# five minutes and for an hour, read.
PRICES = {
    "claude-haiku-4-5": ("1", "5", "1.25", "2", "0.1"),
    "claude-sonnet-4-6": ("3", "15", "3.75", "6", "0.3"),
    "claude-opus-4-8": ("5", "25", "6.25", "10", "0.5"),
}
JSON = (("content-type", "application/json"),)


def apart(model: str, usage: dict[str, Any]) -> Decimal:
    """Return the cost of a message, computed without the package."""
    cached = usage["cache_creation"]
    tokens = (
        usage["input_tokens"],
        usage["output_tokens"],
        cached["ephemeral_5m_input_tokens"],
        cached["ephemeral_1h_input_tokens"],
        usage["cache_read_input_tokens"],
    )
    searches = usage["server_tool_use"]["web_search_requests"]
    dollars = sum(
        (Decimal(n) * Decimal(price) for n, price in zip(tokens, PRICES[model], strict=True)),
        Decimal(0),
    )
    return dollars / 1_000_000 + searches * Decimal(10) / 1000


def usage(chance: random.Random) -> dict[str, Any]:
    five, hour = chance.choice([(0, 0), (4000, 0), (0, 9000), (2000, 3000)])
    return {
        "input_tokens": chance.randrange(1, 20_000),
        "output_tokens": chance.randrange(1, 3000),
        "cache_creation_input_tokens": five + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
        "cache_read_input_tokens": chance.choice([0, 0, 12_345]),
        "server_tool_use": {"web_search_requests": chance.choice([0, 0, 0, 2])},
    }


def message(model: str, used: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": used,
    }


def stream(model: str, used: dict[str, Any], *, cut: bool) -> Answer:
    """Return a stream; if it is cut, it ends with one token of output."""
    begun = {**used, "output_tokens": 1}
    start = {**message(model, begun), "content": [], "stop_reason": None}
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    end = {"type": "message_delta", "delta": delta, "usage": used}
    parts = [framed({"type": "message_start", "message": start})]
    parts += [broken()] if cut else [framed(end, {"type": "message_stop"})]
    return Answer(*parts)


def refused(status: int) -> Answer:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "no"}}
    return Answer(json.dumps(error).encode(), status=status, headers=JSON)


def test_the_ledger_of_a_week_equals_the_sum_that_is_computed_apart(tmp_path, monkeypatch, capsys):
    chance = random.Random(7)
    now = MONDAY.timestamp()
    monkeypatch.setattr(time, "time", lambda: now)
    transport = Scripted()
    client = Client(api_key="k", http_client=transport, max_retries=2)
    expected: dict[str, dict[Any, Decimal]] = {
        name: defaultdict(Decimal) for name in ("day", "model", "tag")
    }
    calls = failures = 0
    for day in range(7):
        for _ in range(40):
            now = (MONDAY + timedelta(days=day, hours=chance.uniform(0, 23.9))).timestamp()
            model, tag = chance.choice([*PRICES]), chance.choice(["eval-7", "chat"])
            used, kind = usage(chance), chance.choice(["create", "retried", "stream", "cut"])
            ask: dict[str, Any] = {
                "model": model,
                "max_tokens": 4000,
                "messages": [{"role": "user", "content": "Hello"}],
            }
            calls += 1
            with tagged(tag):
                if kind in ("create", "retried"):
                    again = [refused(529)] * chance.randrange(1, 3) if kind == "retried" else []
                    failures += len(again)
                    body = json.dumps(message(model, used)).encode()
                    transport.answers += [*again, Answer(body, headers=JSON)]
                    client.messages.create(**ask)
                elif kind == "stream":
                    transport.answers.append(stream(model, used, cut=False))
                    with client.messages.stream(**ask) as whole:
                        whole.until_done()
                else:
                    failures += 1
                    transport.answers.append(stream(model, used, cut=True))
                    used = {**used, "output_tokens": 1}
                    with client.messages.stream(**ask) as half, pytest.raises(APIError):
                        for _ in half:
                            pass
            dollars = apart(model, used)
            name = datetime.fromtimestamp(now, UTC).date().isoformat()
            for group, key in (("day", name), ("model", model), ("tag", tag)):
                expected[group][key] += dollars

    total = sum(expected["day"].values(), Decimal(0))
    ledger = client.costs
    assert ledger.total == total
    assert {model: spent.total for model, spent in ledger.by_model.items()} == expected["model"]
    assert {tag: spent.total for tag, spent in ledger.by_tag.items()} == expected["tag"]
    assert (ledger.spending.calls, ledger.spending.failed_attempts) == (calls, failures)
    assert (ledger.spending.uncertain, ledger.spending.unpriced) == (0, 0)

    ledger.export(tmp_path / "week.jsonl")
    assert main(["usage", "--json", str(tmp_path / "week.jsonl")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["by_day"]) == 7
    for group, sums in expected.items():
        found = {each[group]: Decimal(each["usd"]) for each in shown[f"by_{group}"]}
        assert found == sums
    assert Decimal(shown["total"]["usd"]) == total
