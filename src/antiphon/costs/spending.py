"""What calls cost, by model and by tag: a view of a `Tally` in dollars."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from os import PathLike
from typing import Any

from .._transport.files import replace_file
from ..catalog.pricing import Cost, PricesInput, cost_of
from . import tally as parts
from .tally import PROCESS, Key, Tally

__all__ = ["Ledger", "Spending", "ledger"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Spending:
    """What some calls used and cost. Spendings can be added: `a + b`."""

    calls: int = 0
    """Calls of `messages.create`, `stream` and the like, each with all its attempts."""
    failed_attempts: int = 0
    """Attempts that failed, retried or not."""
    partial: int = 0
    """Messages that were not received to their end; their tokens so far are counted."""
    uncertain: int = 0
    """Attempts that may have cost something that only the API knows: cut off, or timed out."""
    unpriced: int = 0
    """Tokens of models whose prices are not known; they are missing in `cost`."""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    web_searches: int = 0
    cost: Cost = Cost()  # noqa: RUF009 (immutable)
    """US dollars, in parts."""

    @property
    def total(self) -> Decimal:
        """US dollars."""
        return self.cost.total

    @property
    def tokens(self) -> int:
        """All tokens, of input and output."""
        cached = self.cache_write_tokens + self.cache_read_tokens
        return self.input_tokens + self.output_tokens + cached

    def __add__(self, other: Spending) -> Spending:
        """Return the sum of two spendings."""
        if not isinstance(other, Spending):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Spending(
            **{name: getattr(self, name) + getattr(other, name) for name in Spending.__slots__}
        )


class Ledger:
    """What calls cost. It is a view: what is counted later shows in it too."""

    def __init__(self, tally: Tally, *, prices: Mapping[str, PricesInput] | None = None) -> None:
        """Show the counts of `tally`.

        Args:
            tally: the counts.
            prices: those of some models, before all others; see `antiphon.costs.add_prices`.
        """
        self._tally = tally
        self._prices = prices

    @property
    def total(self) -> Decimal:
        """US dollars, without what is `unpriced` or `uncertain`."""
        return self.spending.total

    @property
    def spending(self) -> Spending:
        """All of it."""
        return sum((self._spending(*row) for row in self._tally.rows().items()), Spending())

    @property
    def by_model(self) -> dict[str, Spending]:
        """What each model cost, the dearest first.

        A call counts under the model that its response names, which may be the dated id of the
        alias that was asked for; an attempt without a response under the name that was asked for.
        """
        return self._by(lambda key: key.model)

    @property
    def by_tag(self) -> dict[str | None, Spending]:
        """What the calls of each tag cost, the dearest first; None for those without one.

        A ledger keeps some 10,000 tags apart; the calls of further ones count under "(others)".
        """
        return self._by(lambda key: key.tag)

    def add(self, message: Any, *, tag: str | None = None) -> None:
        """Count a message that no call of a client gave, such as a result of a batch."""
        self._tally.add(message, tag)

    def clear(self) -> None:
        """Forget all that was counted so far."""
        self._tally.clear()

    def records(self) -> list[dict[str, Any]]:
        """Return the counts as JSON values: one object for each day, model, tag and kind of price.

        `usd` is the text of a decimal number, or None where the price is not known.
        """
        return [self._record(key, row) for key, row in sorted(self._tally.rows().items(), key=str)]

    def export(self, path: str | PathLike[str]) -> None:
        """Write `records` into a file of JSON lines, replacing what is there.

        Raises:
            OSError: the file cannot be written; what was there stays.
        """
        text = "".join(json.dumps(record) + "\n" for record in self.records())
        replace_file(path, text.encode())

    def _by(self, group: Callable[[Key], Any]) -> dict[Any, Spending]:
        found: dict[Any, Spending] = {}
        for key, row in self._tally.rows().items():
            found[group(key)] = found.get(group(key), Spending()) + self._spending(key, row)
        return dict(sorted(found.items(), key=lambda item: item[1].total, reverse=True))

    def _cost(self, key: Key, row: list[int]) -> Cost | None:
        usage = {
            "input_tokens": row[parts.INPUT],
            "output_tokens": row[parts.OUTPUT],
            "cache_creation_input_tokens": row[parts.WRITTEN] + row[parts.WRITTEN_1H],
            "cache_creation": {"ephemeral_1h_input_tokens": row[parts.WRITTEN_1H]},
            "cache_read_input_tokens": row[parts.READ],
            "server_tool_use": {"web_search_requests": row[parts.SEARCHES]},
            "service_tier": key.service_tier,
            "inference_geo": key.inference_geo,
            "speed": key.speed,
        }
        return cost_of(usage, key.model, self._prices, is_long=key.is_long)

    def _spending(self, key: Key, row: list[int]) -> Spending:
        cost = self._cost(key, row)
        tokens = sum(row[parts.INPUT : parts.READ + 1])
        return Spending(
            calls=row[parts.CALLS],
            failed_attempts=row[parts.FAILED],
            partial=row[parts.PARTIAL],
            uncertain=row[parts.UNCERTAIN],
            unpriced=tokens if cost is None else 0,
            input_tokens=row[parts.INPUT],
            output_tokens=row[parts.OUTPUT],
            cache_write_tokens=row[parts.WRITTEN] + row[parts.WRITTEN_1H],
            cache_read_tokens=row[parts.READ],
            web_searches=row[parts.SEARCHES],
            cost=cost or Cost(),
        )

    def _record(self, key: Key, row: list[int]) -> dict[str, Any]:
        cost, spent = self._cost(key, row), self._spending(key, row)
        return {
            "day": (_EPOCH + timedelta(days=key.day)).date().isoformat(),
            **{name: value for name, value in key._asdict().items() if name != "day"},
            **{
                name: getattr(spent, name)
                for name in Spending.__slots__
                if name not in ("cost", "unpriced")
            },
            "usd": None if cost is None else str(cost.total),
        }

    def __str__(self) -> str:
        lines: list[tuple[str, ...]] = [
            ("model", "calls", "input", "cached", "output", "dollars"),
            *(_line(model, spent) for model, spent in self.by_model.items()),
            _line("all", self.spending),
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if not number else cell.rjust(width)
                for number, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )

    def __repr__(self) -> str:
        spent = self.spending
        return f"<Ledger {spent.calls} calls, {spent.tokens:,} tokens, {spent.cost}>"


def _line(name: str, spent: Spending) -> tuple[str, ...]:
    cached = spent.cache_write_tokens + spent.cache_read_tokens
    dollars = "?" if spent.unpriced and not spent.total else f"{spent.total:.4f}"
    counts = (spent.calls, spent.input_tokens, cached, spent.output_tokens)
    return name, *(f"{count:,}" for count in counts), dollars


ledger: Ledger = Ledger(PROCESS)
"""What all clients of this process cost."""
