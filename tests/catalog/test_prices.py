"""The catalogue beside another one: prices and windows of the package `genai-prices`."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from genai_prices import Usage, calc_price

from antiphon.catalog.models import AS_OF, CATALOG, ModelCard
from antiphon.catalog.pricing import cost_of

NOON = datetime.combine(AS_OF, time(12), UTC)
SHORT, LONG = 1_000, 200_000
# Models that `genai-prices` did not know when this was written.
UNKNOWN = {"claude-mythos-5-1", "claude-mythos-5", "claude-mythos-preview"}


def is_known(card: ModelCard) -> bool:
    try:
        calc_price(Usage(input_tokens=1), card.id, provider_id="anthropic")
    except LookupError:
        return False
    return True


def per_million(card: ModelCard, tokens: int, **usage: int) -> float:
    """Return the dollars for a million tokens, from the price of `tokens` of them."""
    cost = calc_price(
        Usage(**usage), card.id, provider_id="anthropic", genai_request_timestamp=NOON
    )
    return float(cost.total_price) / tokens * 1_000_000


KNOWN = [card for card in CATALOG if is_known(card)]
known_models = pytest.mark.parametrize("card", KNOWN, ids=lambda card: card.id)


def test_most_models_are_known_to_both():
    assert {card.id for card in CATALOG} - {card.id for card in KNOWN} <= UNKNOWN


@known_models
@pytest.mark.parametrize("tokens", [SHORT, LONG])
def test_prices_are_the_same(card, tokens):
    if tokens >= card.window:
        tokens = card.window - 1
    ours = card.prices_of(tokens)
    written = {"input_tokens": tokens, "cache_write_tokens": tokens}
    assert {
        "input": per_million(card, tokens, input_tokens=tokens),
        "write_5m": per_million(card, tokens, **written),
        "write_1h": per_million(card, tokens, **written, cache_write_1h_tokens=tokens),
        "read": per_million(card, tokens, input_tokens=tokens, cache_read_tokens=tokens),
    } == pytest.approx(
        {name: getattr(ours, name) for name in ("input", "write_5m", "write_1h", "read")}
    )


@known_models
def test_prices_of_output_are_the_same(card):
    assert per_million(card, SHORT, output_tokens=SHORT) == pytest.approx(card.prices.output)


@known_models
def test_windows_are_the_same(card):
    known = calc_price(Usage(input_tokens=1), card.id, provider_id="anthropic").model
    assert known.context_window == card.window


@known_models
def test_a_whole_usage_costs_the_same(card):
    usage = {
        "input_tokens": 1_200,
        "output_tokens": 345,
        "cache_read_input_tokens": 20_000,
        "cache_creation_input_tokens": 3_000,
    }
    theirs = calc_price(
        Usage(
            input_tokens=1_200 + 20_000 + 3_000,
            output_tokens=345,
            cache_read_tokens=20_000,
            cache_write_tokens=3_000,
        ),
        card.id,
        provider_id="anthropic",
        genai_request_timestamp=NOON,
    )
    ours = cost_of(usage, card.id)
    assert ours is not None
    assert float(ours.total) == pytest.approx(float(theirs.total_price))
