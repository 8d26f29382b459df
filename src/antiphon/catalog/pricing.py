"""What tokens cost, in US dollars: the arithmetic, and the prices that users add.

The API's documentation gives prices per million tokens, and what changes them: a batch, a long
prompt, fast mode, a region. Counts are exact and prices are decimals, so sums have no rounding.
Models differ in price by a factor of a hundred; of one that is not known the cost is None, never 0.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

from .._wire.json import is_object
from .models import AS_OF, ModelCard, Prices, find

__all__ = [
    "Cost",
    "ModelPrices",
    "OutdatedPricesWarning",
    "PricesInput",
    "add_prices",
    "cost_of",
    "plain_total",
    "prices_of",
]

_ONE, _FREE = Decimal(1), Decimal(0)
_MILLION = Decimal(1_000_000)
_BATCH = Decimal("0.5")
_US_ONLY = Decimal("1.1")
_WEB_SEARCH = Decimal("0.01")  # ten dollars for a thousand; fetching costs its tokens alone

# Of a model that users describe by two prices: what the documentation says of all models but the
# newest, in parts of the price of input.
_CACHE_FACTORS = {"write_5m": 1.25, "write_1h": 2, "read": 0.1}

# Prices change a few times in a year.
_OLD_AFTER_DAYS = 90


class OutdatedPricesWarning(UserWarning):
    """The prices of this version are so old that they may have changed."""


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """The prices of a model, in US dollars per million tokens."""

    prices: Prices
    long_prices: Prices | None = None
    """Those of a whole request whose prompt is longer than `long_prompt`; None if the same."""
    long_prompt: int = 100_000
    """Tokens of a prompt, cached ones included."""
    fast_prices: tuple[float, float] | None = None
    """Those of input and output in fast mode; None if the model does not have it."""
    has_regions: bool = True
    """Whether a call that stays in the US costs a tenth more."""


PricesInput: TypeAlias = ModelPrices | Prices | Mapping[str, float]
"""Prices as users write them: the names of `Prices`, of which `input` and `output` are needed."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a message in US dollars, in parts. Costs can be added: `a + b`, `sum(costs)`."""

    input: Decimal = Decimal(0)
    """Input that was neither read from the cache nor written to it."""
    output: Decimal = Decimal(0)
    """Output, with thinking."""
    cache_write_5m: Decimal = Decimal(0)
    """Input that was written to the cache for five minutes."""
    cache_write_1h: Decimal = Decimal(0)
    """Input that was written to the cache for an hour."""
    cache_read: Decimal = Decimal(0)
    """Input that was read from the cache."""
    server_tools: Decimal = Decimal(0)
    """Web searches. The hours of code execution are not in the usage, so they are missing here."""
    modifiers: frozenset[str] = field(default=frozenset(), compare=False)
    """What changed the prices of any part: `batch`, `fast`, `long_context`, `us`."""

    @property
    def parts(self) -> dict[str, Decimal]:
        """The parts by their names."""
        return {name: getattr(self, name) for name in _PARTS}

    @property
    def total(self) -> Decimal:
        """The sum of the parts."""
        cached = self.cache_write_5m + self.cache_write_1h + self.cache_read
        return self.input + self.output + cached + self.server_tools

    def __add__(self, other: Cost) -> Cost:
        """Return the sum of two costs, part by part."""
        if not isinstance(other, Cost):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        summed = {name: value + getattr(other, name) for name, value in self.parts.items()}
        return Cost(**summed, modifiers=self.modifiers | other.modifiers)

    def __radd__(self, start: int) -> Cost:
        """Return this cost for `0 + cost`, with which `sum` begins."""
        return self if start == 0 else NotImplemented

    def __str__(self) -> str:
        return f"${self.total:.6f}".rstrip("0").rstrip(".")


_PARTS = tuple(each.name for each in fields(Cost) if each.name != "modifiers")

_added: dict[str, ModelPrices] = {}


def add_prices(prices: Mapping[str, PricesInput] | str | os.PathLike[str]) -> None:
    """Add the prices of models, or replace those of the catalogue, for this process.

    Args:
        prices: model ids and their prices in US dollars per million tokens, or the path of a JSON
            file of such objects. `input` and `output` are needed; `write_5m`, `write_1h` and `read`
            follow from `input` if they are not given.

    Raises:
        TypeError: `prices` is neither.
        ValueError: the file or the prices are not of this form.
        OSError: the file cannot be read.
    """
    if isinstance(prices, (str, os.PathLike)):
        prices = _read(prices)
    elif not isinstance(cast("object", prices), Mapping):
        raise TypeError(f"prices: {prices!r}; give model ids and their prices, or a path")
    _added.update({model: _checked(model, given) for model, given in prices.items()})
    _plain_rates.cache_clear()


def prices_of(model: str, prices: Mapping[str, PricesInput] | None = None) -> ModelPrices | None:
    """Return the prices of a model by its id or alias; None if they are not known.

    Args:
        model: the id or alias.
        prices: those of some models, before all others.
    """
    if prices and model in prices:
        return _checked(model, prices[model])
    _from_environment()
    if model in _added:
        return _added[model]
    card = find(model)
    if card is None:
        return None
    _warn_if_old()
    return _prices_on(card)


@cache  # each message asks, and there are as many answers as models
def _prices_on(card: ModelCard) -> ModelPrices:
    return ModelPrices(
        card.prices, card.long_prices, card.long_prompt, card.fast_prices, card.regional
    )


def cost_of(
    usage: Mapping[str, Any],
    model: str,
    prices: Mapping[str, PricesInput] | None = None,
    *,
    is_long: bool | None = None,
) -> Cost | None:
    """Return what a message cost; None if the price of a model is not known.

    Args:
        usage: the JSON of its `usage`. If it has `iterations`, they are the bill, because a model
            other than `model` may have done some of them.
        model: the model that the message names.
        prices: those of some models, before all others.
        is_long: whether the prompt has the prices of long ones; None to tell by its tokens, which a
            sum of several prompts does not allow.
    """
    if passes := usage.get("iterations"):
        total = Cost()
        about = {name: usage.get(name) for name in ("service_tier", "inference_geo", "speed")}
        for each in passes:
            did = each.get("model") or model
            cost = _cost_of_pass({**about, **each}, did, prices, is_long)
            if cost is None:
                return None
            total += cost
    elif (cost := _cost_of_pass(usage, model, prices, is_long)) is None:
        return None
    else:
        total = cost
    searches = _count(usage.get("server_tool_use") or {}, "web_search_requests")
    if not searches:
        return total
    factor = _BATCH if usage.get("service_tier") == "batch" else 1
    return replace(total, server_tools=searches * _WEB_SEARCH * factor)


def plain_total(usage: Mapping[str, Any], model: str) -> Decimal | None:
    """Return what a message cost about which nothing is special, as most are.

    It is the total of what `cost_of` returns, in a fraction of the time. None says to ask that: the
    prompt is long or cached, there are tools of the server, or the price of the model is not known.

    Args:
        usage: the attributes of its `usage`.
        model: the model that the message names.
    """
    rates = _plain_rates(model)
    fresh: Any = usage.get("input_tokens")
    output: Any = usage.get("output_tokens")
    if rates is None or not type(fresh) is type(output) is int or fresh > rates.longest:
        return None
    if any(map(usage.get, _SPECIAL)) or not _has_plain_terms(usage):
        return None
    total: Decimal = fresh * rates.fresh + output * rates.output
    return total


# The fields of a usage that add something to its cost.
_SPECIAL = (
    "iterations",
    "server_tool_use",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


def _has_plain_terms(usage: Mapping[str, Any]) -> bool:
    """Return whether nothing changes the prices of a message."""
    tier, place, speed = map(usage.get, ("service_tier", "inference_geo", "speed"))
    if tier == "batch" or place == "us" or speed == "fast":
        return False
    written = usage.get("cache_creation")  # nothing, or it contradicts the count that was looked at
    return written is None or getattr(written, "ephemeral_1h_input_tokens", None) == 0


class _PlainRates(NamedTuple):
    """What a token costs in a message about which nothing is special."""

    fresh: Decimal
    output: Decimal
    longest: int
    """The tokens of the longest prompt of which that is true."""


@lru_cache(maxsize=256)
def _plain_rates(model: str) -> _PlainRates | None:
    known = prices_of(model)
    if known is None:
        return None
    rates, _ = _rates(known, is_long=False, fast=False, batch=False, us=False)
    return _PlainRates(rates[0], rates[1], known.long_prompt)


def _cost_of_pass(
    usage: Mapping[str, Any],
    model: str,
    given: Mapping[str, PricesInput] | None,
    is_long: bool | None,
) -> Cost | None:
    known = prices_of(model, given)
    if known is None:
        return None
    counts = _token_counts(usage)
    if is_long is None:
        is_long = sum(counts) - counts[1] > known.long_prompt
    rates, modifiers = _rates(
        known,
        is_long=is_long,
        fast=usage.get("speed") == "fast",
        batch=usage.get("service_tier") == "batch",
        us=usage.get("inference_geo") == "us",
    )
    # Most messages have two of the parts, and multiplying decimals takes time.
    fresh, output, write_5m, write_1h, read = [
        count * rate if count else _FREE for count, rate in zip(counts, rates, strict=True)
    ]
    return Cost(fresh, output, write_5m, write_1h, read, modifiers=modifiers)


@lru_cache(maxsize=256)  # each message asks, and there are few answers
def _rates(
    known: ModelPrices, *, is_long: bool, fast: bool, batch: bool, us: bool
) -> tuple[tuple[Decimal, ...], frozenset[str]]:
    """Return the prices of a single token, in the order of `Prices`, and what changed them."""
    prices, modifiers = known.prices, set[str]()
    if known.long_prices and is_long:
        prices = known.long_prices
        modifiers.add("long_context")
    if fast and known.fast_prices:
        prices = _fast(prices, known.fast_prices)
        modifiers.add("fast")
    factor = _ONE
    if batch:
        factor *= _BATCH
        modifiers.add("batch")
    if us and known.has_regions:
        factor *= _US_ONLY
        modifiers.add("us")
    rates = tuple(Decimal(str(price)) / _MILLION * factor for price in prices)
    return rates, frozenset(modifiers)


def _token_counts(usage: Mapping[str, Any]) -> tuple[int, int, int, int, int]:
    """Return the tokens of each price, in the order of `Prices`; no token is in two of them."""
    written = _count(usage, "cache_creation_input_tokens")
    creation = usage.get("cache_creation")
    hour = _count(creation, "ephemeral_1h_input_tokens") if creation else 0
    return (
        _count(usage, "input_tokens"),
        _count(usage, "output_tokens"),
        max(0, written - hour),  # where the API does not say for how long, it was five minutes
        hour,
        _count(usage, "cache_read_input_tokens"),
    )


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) else 0


def _fast(prices: Prices, fast: tuple[float, float]) -> Prices:
    """Return the prices in fast mode: those of the cache keep their ratio to that of input."""
    ratio = fast[0] / prices.input
    cached = (prices.write_5m, prices.write_1h, prices.read)
    return Prices(*fast, *(round(price * ratio, 9) for price in cached))


def _read(path: str | os.PathLike[str]) -> Mapping[str, PricesInput]:
    try:
        found: object = json.loads(Path(path).read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"prices: {os.fspath(path)} is not JSON: {error}") from error
    if is_object(found):
        return cast("dict[str, PricesInput]", found)
    raise ValueError(f"prices: {os.fspath(path)} does not hold an object of model ids")


def _checked(model: str, given: Any) -> ModelPrices:
    if isinstance(given, ModelPrices):
        return given
    if isinstance(given, Prices):
        return ModelPrices(given)
    if not is_object(given) or not {"input", "output"} <= {*given} <= {*Prices._fields}:
        raise ValueError(
            f"prices: of {model!r}: expected `input` and `output`, and perhaps `write_5m`,"
            f" `write_1h` and `read`, in dollars per million tokens; got {given!r}"
        )
    numbers: dict[str, Any] = {**given}
    for name, value in numbers.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not 0 <= value < float("inf"):
            raise ValueError(f"prices: of {model!r}: {name}={value!r} is not a price in dollars")
    derived = {name: numbers["input"] * factor for name, factor in _CACHE_FACTORS.items()}
    return ModelPrices(Prices(**{**derived, **numbers}))


@cache  # at the first use: what is read at import would cost programs that ask for no cost
def _from_environment() -> None:
    path = os.environ.get("ANTIPHON_PRICES")
    if path:
        for model, given in _read(path).items():
            _added.setdefault(model, _checked(model, given))


@cache
def _warn_if_old() -> None:
    age = (date.today() - AS_OF).days
    if age > _OLD_AFTER_DAYS:
        warnings.warn(
            f"the prices of this version of antiphon are {age} days old: bring it up to date, or"
            " give your own with antiphon.costs.add_prices",
            OutdatedPricesWarning,
            stacklevel=5,
        )
