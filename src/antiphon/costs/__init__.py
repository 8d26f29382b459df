"""What calls cost: prices, the ledger of a client and of the process, tags.

The counting (`tally.py`) is a part of every client and knows no prices. What is asked for less
often, and what loads decimals, is found when it is first used. Nothing here sends anything.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .tally import tagged as tagged

if TYPE_CHECKING:
    from ..catalog.models import Prices as Prices
    from ..catalog.pricing import Cost as Cost
    from ..catalog.pricing import ModelPrices as ModelPrices
    from ..catalog.pricing import OutdatedPricesWarning as OutdatedPricesWarning
    from ..catalog.pricing import add_prices as add_prices
    from ..catalog.pricing import prices_of as prices_of
    from .budget import Budget as Budget
    from .cache_miss import CacheMiss as CacheMiss
    from .cache_miss import explain_cache_miss as explain_cache_miss
    from .estimate import TokenEstimate as TokenEstimate
    from .estimate import estimate_tokens as estimate_tokens
    from .spending import Ledger as Ledger
    from .spending import Spending as Spending
    from .spending import ledger as ledger

_HOMES = {
    ".budget": ("Budget",),
    ".cache_miss": ("CacheMiss", "explain_cache_miss"),
    ".estimate": ("TokenEstimate", "estimate_tokens"),
    "..catalog.models": ("Prices",),
    "..catalog.pricing": (
        "Cost",
        "ModelPrices",
        "OutdatedPricesWarning",
        "add_prices",
        "prices_of",
    ),
    ".spending": ("Ledger", "Spending", "ledger"),
}

__all__ = [
    "Budget",
    "CacheMiss",
    "Cost",
    "Ledger",
    "ModelPrices",
    "OutdatedPricesWarning",
    "Prices",
    "Spending",
    "TokenEstimate",
    "add_prices",
    "estimate_tokens",
    "explain_cache_miss",
    "ledger",
    "prices_of",
    "tagged",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home, __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
