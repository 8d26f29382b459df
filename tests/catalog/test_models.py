"""The table of models: what the documentation says of some, and what holds for all."""

from __future__ import annotations

from datetime import date

import pytest

from antiphon.catalog.models import AS_OF, CATALOG, RETIRED, Prices, find

EVERY = pytest.mark.parametrize("card", CATALOG, ids=lambda card: card.id)
EFFORTS = ["low", "medium", "high", "xhigh", "max"]


def known(name):
    card = find(name)
    assert card is not None
    return card


def test_models_are_found_by_id_and_alias():
    assert known("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    assert known("claude-opus-4-5") is known("claude-opus-4-5-20251101")
    assert find("gpt-5") is None


def test_names_are_given_once_and_never_to_a_retired_model():
    names = [name for card in CATALOG for name in (card.id, *card.aliases)]
    assert len(names) == len(set(names))
    assert not set(names) & RETIRED.keys()
    assert all(day < AS_OF for day in RETIRED.values())


def test_the_newest_come_first():
    days = [card.created for card in CATALOG]
    assert days == sorted(days, reverse=True)


@EVERY
def test_cache_prices_follow_the_price_of_input(card):
    for prices in filter(None, (card.prices, card.long_prices)):
        assert prices.write_5m == pytest.approx(prices.input * 1.25)
        assert prices.write_1h == pytest.approx(prices.input * 2)
        assert prices.read <= prices.input * 0.1 + 1e-9
        assert prices.output > prices.input


@EVERY
def test_a_model_accepts_what_it_does_by_default(card):
    assert ("disabled" in card.thinking_types) <= (card.thinking_default != "always")
    assert (card.thinking_default == "always") <= (
        not {"disabled", "between_tools"} & card.thinking_types
    )
    assert not card.efforts or card.default_effort in card.efforts
    assert list(card.efforts) == [effort for effort in EFFORTS if effort in card.efforts]
    assert card.max_output < card.window


@pytest.mark.parametrize(
    ("has", "models"),
    [
        (lambda card: card.sampling, "opus-4-6 sonnet-4-6 opus-4-5 haiku-4-5 sonnet-4-5"),
        (lambda card: card.tokenizer == "old", "opus-4-6 sonnet-4-6 opus-4-5 haiku-4-5 sonnet-4-5"),
        (lambda card: card.prefill, "opus-4-5 haiku-4-5 sonnet-4-5"),
        (lambda card: not card.regional, "opus-4-5 haiku-4-5 sonnet-4-5"),
        (lambda card: not card.efforts, "haiku-4-5 sonnet-4-5"),
        (
            lambda card: "enabled" in card.thinking_types,
            "opus-4-6 sonnet-4-6 opus-4-5 haiku-4-5 sonnet-4-5 mythos-preview",
        ),
    ],
    ids=["sampling", "old tokenizer", "prefill", "no region", "no effort", "thinking budget"],
)
def test_what_only_older_models_have(has, models):
    documented = {known(f"claude-{name}").id for name in models.split()}
    assert {card.id for card in CATALOG if has(card)} == documented


@pytest.mark.parametrize(("name", "most"), [("claude-opus-5", 600), ("claude-haiku-4-5", 100)])
def test_the_window_limits_images_and_pages(name, most):
    assert known(name).media_limit == most


def test_a_deprecated_model_lives_until_it_retires():
    sonnet = known("claude-sonnet-4-5")
    assert sonnet.lifecycle(date(2026, 9, 29)) == "active"
    assert sonnet.lifecycle() == "deprecated"
    assert sonnet.lifecycle(date(2026, 11, 29)) == "deprecated"
    assert sonnet.lifecycle(date(2026, 11, 30)) == "retired"


def test_opus_4_5_is_deprecated_and_ends_in_january():
    opus = known("claude-opus-4-5")
    assert opus.lifecycle() == "deprecated"
    assert opus.lifecycle(date(2027, 1, 21)) == "deprecated"
    assert opus.lifecycle(date(2027, 1, 22)) == "retired"


def test_a_day_of_retirement_is_only_the_earliest_while_a_model_is_not_deprecated():
    assert known("claude-haiku-4-5").lifecycle(date(2027, 1, 1)) == "active"


def test_long_prompts_cost_more_where_the_model_says_so():
    haiku = known("claude-haiku-5-5")
    assert haiku.prices_of(100_000) == Prices(0.10, 0.50, 0.125, 0.20, 0.01)
    assert haiku.prices_of(100_001) == Prices(0.50, 2.50, 0.625, 1, 0.05)
    opus = known("claude-opus-5")
    assert opus.prices_of(900_000) == opus.prices


@pytest.mark.parametrize(
    ("name", "forced", "system"),
    [
        ("claude-fable-5-2", False, True),
        ("claude-mythos-5-1", False, True),
        ("claude-opus-5-5", False, True),
        ("claude-sonnet-5-5", False, True),
        ("claude-opus-4-8", True, True),
        ("claude-opus-4-7", True, False),
        ("claude-sonnet-5", True, False),
        ("claude-haiku-4-5", True, False),
    ],
)
def test_who_takes_forced_choices_and_system_messages(name, forced, system):
    assert (known(name).forced_tool_choice, known(name).system_role) == (forced, system)
