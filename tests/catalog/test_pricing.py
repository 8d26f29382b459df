"""What messages cost: the arithmetic beside sums made by hand, and beside `genai-prices`."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog import pricing
from antiphon.catalog.models import CATALOG
from antiphon.catalog.pricing import Cost, add_prices, cost_of, plain_total, prices_of
from antiphon.types import Message, Usage

MODELS = [card.id for card in CATALOG]
counts = st.integers(0, 2_000_000)
usages = st.fixed_dictionaries(
    {"input_tokens": counts, "output_tokens": counts},
    optional={
        "cache_creation_input_tokens": counts,
        "cache_read_input_tokens": counts,
        "cache_creation": st.fixed_dictionaries(
            {"ephemeral_5m_input_tokens": counts, "ephemeral_1h_input_tokens": counts}
        ),
        "service_tier": st.sampled_from(["standard", "priority", "batch", None]),
        "inference_geo": st.sampled_from(["global", "us", "not_available", None]),
        "speed": st.sampled_from(["standard", "fast", None]),
        "server_tool_use": st.none() | st.fixed_dictionaries({"web_search_requests": counts}),
    },
)


@pytest.fixture(autouse=True)
def no_added_prices(monkeypatch):
    monkeypatch.setattr(pricing, "_added", {})
    pricing._plain_rates.cache_clear()
    yield
    pricing._plain_rates.cache_clear()


def dollars(text: str) -> Decimal:
    return Decimal(text)


def cost(model: str, **usage: object) -> Cost:
    found = cost_of({"input_tokens": 0, "output_tokens": 0, **usage}, model)
    assert found is not None
    return found


@given(usages, st.sampled_from(MODELS))
def test_a_plain_message_costs_the_same_by_the_short_way(usage, model):
    counted = Usage.from_value(usage)
    quick, whole = plain_total(counted.__dict__, model), counted.cost(model)
    assert whole is not None
    assert quick is None or quick == whole.total


@pytest.mark.parametrize("model", MODELS)
def test_most_messages_are_plain(model):
    nothing = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}
    usage = {
        "input_tokens": 7,
        "output_tokens": 50,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": nothing,
        "service_tier": "standard",
        "inference_geo": "global",
    }
    counted = Usage.from_value(usage)
    assert plain_total(counted.__dict__, model) == counted.cost(model).total
    for special in ({"speed": "fast"}, {"service_tier": "batch"}, {"inference_geo": "us"}):
        assert plain_total({**counted.__dict__, **special}, model) is None
    assert plain_total(counted.__dict__, "a model that nobody knows") is None


def test_prices_that_are_added_count_at_once():
    usage = Usage.from_value({"input_tokens": 1_000, "output_tokens": 0})
    before = plain_total(usage.__dict__, "claude-haiku-4-5")
    add_prices({"claude-haiku-4-5": {"input": 77, "output": 88}})
    assert before != plain_total(usage.__dict__, "claude-haiku-4-5") == Decimal("0.077")


@given(usages, st.sampled_from(MODELS))
def test_the_parts_sum_to_the_whole_and_none_is_negative(usage, model):
    found = cost_of(usage, model)
    assert found is not None
    assert sum(found.parts.values()) == found.total
    assert min(found.parts.values()) >= 0


@given(usages, st.sampled_from(MODELS))
def test_a_batch_costs_half(usage, model):
    live = cost_of({**usage, "service_tier": "standard"}, model)
    batch = cost_of({**usage, "service_tier": "batch"}, model)
    assert live is not None
    assert batch is not None
    assert batch.total * 2 == live.total


@given(counts, counts, counts)
def test_no_token_is_paid_for_twice(plain, read, written):
    one_price = {"m": dict.fromkeys(("input", "output", "write_5m", "write_1h", "read"), 1)}
    usage = {
        "input_tokens": plain,
        "output_tokens": 0,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": written},
    }
    found = cost_of(usage, "m", one_price)
    assert found is not None
    assert found.total * 1_000_000 == plain + read + written


@pytest.mark.parametrize(
    ("model", "usage", "part", "expected"),
    [
        ("claude-haiku-4-5", {"input_tokens": 1000}, "input", "0.001"),
        ("claude-haiku-4-5", {"output_tokens": 1000}, "output", "0.005"),
        ("claude-haiku-4-5", {"cache_read_input_tokens": 10_000}, "cache_read", "0.001"),
        ("claude-haiku-4-5", {"cache_creation_input_tokens": 8}, "cache_write_5m", "0.00001"),
        (
            "claude-haiku-4-5",
            {
                "cache_creation_input_tokens": 30,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 20,
                    "ephemeral_1h_input_tokens": 10,
                },
            },
            "cache_write_1h",
            "0.00002",
        ),
        (
            "claude-opus-5",
            {"server_tool_use": {"web_search_requests": 3}},
            "server_tools",
            "0.03",
        ),
        ("claude-opus-5-5", {"input_tokens": 1000, "speed": "fast"}, "input", "0.008"),
        (
            "claude-opus-5-5",
            {"cache_read_input_tokens": 10_000, "speed": "fast"},
            "cache_read",
            "0.004",
        ),
        ("claude-opus-5", {"input_tokens": 1000, "inference_geo": "us"}, "input", "0.0055"),
        # Its prices have no tier for regions, so it has no such calls.
        ("claude-opus-4-5", {"input_tokens": 1000, "inference_geo": "us"}, "input", "0.005"),
        ("claude-haiku-5-5", {"input_tokens": 100_000}, "input", "0.01"),
        ("claude-haiku-5-5", {"input_tokens": 100_001}, "input", "0.0500005"),
        (
            "claude-haiku-5-5",
            {"input_tokens": 1000, "cache_read_input_tokens": 100_000},
            "input",
            "0.0005",
        ),
    ],
)
def test_prices_of_the_documentation(model, usage, part, expected):
    found = cost(model, **usage)
    assert found.parts[part] == dollars(expected)


def test_modifiers_tell_what_changed_the_prices():
    found = cost("claude-opus-5", service_tier="batch", speed="fast", inference_geo="us")
    assert found.modifiers == {"batch", "fast", "us"}
    assert cost("claude-haiku-5-5", input_tokens=200_000).modifiers == {"long_context"}


def test_iterations_are_the_bill_each_by_its_own_model():
    usage = {
        "input_tokens": 1000,
        "output_tokens": 0,
        "iterations": [
            {"type": "compaction", "input_tokens": 1000, "output_tokens": 0},
            {"type": "message", "input_tokens": 1000, "output_tokens": 0},
            {
                "type": "fallback_message",
                "model": "claude-haiku-4-5",
                "input_tokens": 1000,
                "output_tokens": 0,
            },
        ],
    }
    assert cost("claude-opus-5", **usage).total == dollars("0.011")


def test_an_unknown_model_costs_none_and_never_nothing():
    assert cost_of({"input_tokens": 1}, "gpt-5") is None
    unknown = [{"type": "advisor_message", "model": "gpt-5", "input_tokens": 1}]
    assert cost_of({"input_tokens": 1, "iterations": unknown}, "claude-opus-5") is None


def test_a_message_and_its_usage_tell_their_cost():
    message = Message.from_value(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5-20251001",
            "content": [],
            "usage": {"input_tokens": 1_000_000, "output_tokens": 1_000_000},
        }
    )
    assert message.cost is not None
    assert message.cost.total == 6
    assert str(message.cost) == "$6"
    assert message.usage.cost("claude-opus-5") == cost("claude-opus-5", **message.usage.to_dict())
    assert Message.from_value({"id": "msg_1", "type": "message", "content": []}).cost is None


def test_costs_add_up():
    one, two = cost("claude-haiku-4-5", input_tokens=5), cost("claude-haiku-4-5", output_tokens=7)
    assert sum([one, two]) == one + two
    assert (one + two).total == one.total + two.total


def test_users_add_prices(tmp_path):
    add_prices({"mine": {"input": 2, "output": 4}})
    usage = Usage.from_value({"input_tokens": 1_000_000, "cache_read_input_tokens": 1_000_000})
    found = usage.cost("mine")
    assert found is not None
    assert (found.input, found.cache_read) == (2, dollars("0.2"))
    given_here = usage.cost("mine", prices={"mine": {"input": 1, "output": 1, "read": 0}})
    assert given_here is not None
    assert given_here.total == 1
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"claude-opus-5": {"input": 1, "output": 1}}))
    add_prices(file)
    negotiated = prices_of("claude-opus-5")
    assert negotiated is not None
    assert negotiated.prices.input == 1


@pytest.mark.parametrize(
    "prices",
    [{"input": 1}, {"input": 1, "output": -1}, {"input": 1, "output": True}, {"in": 1}, 3, "x"],
)
def test_what_are_no_prices_is_refused_by_name(prices):
    with pytest.raises(ValueError, match="prices: of 'mine'"):
        add_prices({"mine": prices})


@pytest.mark.parametrize("wrong", [5, [], None])
def test_what_holds_no_prices_is_refused(wrong):
    with pytest.raises(TypeError, match=r"prices: .*give model ids and their prices"):
        add_prices(wrong)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_file_without_prices_is_refused_by_name(tmp_path, content):
    file = tmp_path / "prices.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"prices: .*prices\.json"):
        add_prices(file)


def run(program: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, text=True, capture_output=True, check=True
    ).stdout.strip()


def test_prices_from_the_environment(tmp_path):
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"mine": {"input": 3, "output": 4}}))
    program = (
        "from antiphon.types import Usage;"
        "print(Usage.from_value({'input_tokens': 1000000}).cost('mine'))"
    )
    assert run(program, ANTIPHON_PRICES=str(file)) == "$3"


def test_old_prices_are_mentioned_once():
    program = """
import warnings, datetime
from antiphon.catalog import pricing
class Later(datetime.date):
    @classmethod
    def today(cls): return cls(2027, 6, 1)
pricing.date = Later
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for model in ("claude-opus-5", "claude-opus-5", "claude-haiku-4-5"):
        pricing.cost_of({"input_tokens": 1}, model)
print([w.category.__name__ for w in caught], "188 days" in str(caught[0].message))
"""
    assert run(program) == "['OutdatedPricesWarning'] True"
