"""What a run will take: counted from its rows before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from .._wire.json import is_object
from ..catalog.pricing import cost_of
from ..costs.estimate import SentPrompt, TokenEstimate
from .prompts import Prompts
from .rows import Row
from .seen import Seen, digest_of

__all__ = ["Planner", "RunPlan", "duration"]

# Rows whose tokens are estimated; of a longer input, those are spread evenly.
_SAMPLE = 2_000
_SHOWN_FAULTS = 5
# Output tokens that are expected of a call; the most is its `max_tokens`.
_USUAL_OUTPUT = 300
_BATCH = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will take, before anything is sent."""

    rows: int
    """Rows of the input."""
    done: int
    """Rows that have a result already."""
    faulty: int
    """Rows that cannot be asked; each will have an error, and costs nothing."""
    faults: tuple[str, ...]
    """What is wrong with the first of them."""
    duplicates: int
    """Rows that are equal to an earlier one; with `dedupe=True` they are not asked again."""
    input_tokens: TokenEstimate
    """Of the rows that are still to be asked."""
    output_tokens: TokenEstimate
    """The likeliest is a guess; the highest is that of all `max_tokens`."""
    cost: Decimal | None
    """US dollars, the likeliest; None if the price of a model is not known."""
    cost_low: Decimal | None
    cost_high: Decimal | None
    """US dollars if each reply is as long as `max_tokens` allows."""
    batch_cost: Decimal | None
    """US dollars through the Batches API, the likeliest."""
    seconds: float | None
    """The time at the present limits; None while those are not known."""

    def __str__(self) -> str:
        lines = [f"rows          {self.rows:,}"]
        if self.done:
            lines.append(f"done          {self.done:,}")
        if self.faulty:
            lines.append(f"faulty        {self.faulty:,}, such as: {self.faults[0]}")
        if self.duplicates:
            lines.append(f"duplicates    {self.duplicates:,}")
        for name, each in (("input", self.input_tokens), ("output", self.output_tokens)):
            lines.append(f"{name:<7}tokens {each.tokens:,} ({each.low:,} to {each.high:,})")
        if self.cost is None:
            lines.append("cost          not known: a model has no price in the catalogue")
        else:
            lines.append(
                f"cost          ${self.cost:.4f} (${self.cost_low:.4f} to ${self.cost_high:.4f});"
                f" as a batch ${self.batch_cost:.4f}"
            )
        if self.seconds is not None:
            lines.append(f"time          {duration(self.seconds)} at the present limits")
        return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@dataclass(slots=True)
class _Sample:
    """The estimates of some rows."""

    rows: int = 0
    tokens: list[float] = field(default_factory=lambda: [0.0] * 3)
    output: list[float] = field(default_factory=lambda: [0.0] * 3)
    costs: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * 3)
    unpriced: bool = False


class Planner:
    """Reads all rows once: counts them, and finds what is wrong before it costs anything."""

    def __init__(
        self, prompts: Prompts, *, is_done: Callable[[int], bool], looks_closer: bool
    ) -> None:
        """Begin.

        Args:
            prompts: how rows become calls.
            is_done: whether the row at a position has a result.
            looks_closer: whether tokens are estimated and equal rows counted, which takes longer.
        """
        self._prompts: Final = prompts
        self._is_done: Final = is_done
        self._looks_closer: Final = looks_closer
        self._ids, self._equal = Seen(), Seen()
        self._rows = self._done = self._faulty = self._duplicates = 0
        self._faults: list[str] = []
        self._sums = _Sample()
        self._every = 1

    def add(self, row: Row) -> None:
        """Look at a row.

        Raises:
            ValueError: its id is that of another row.
        """
        self._rows += 1
        done = self._is_done(row.index)
        self._done += done
        fault = row.fault or self._fault_of(row.value)
        if fault:
            self._faulty += 1
            if len(self._faults) < _SHOWN_FAULTS:
                self._faults.append(f"row {row.index}: {fault}" if not row.fault else fault)
            return
        name = self._prompts.id_of(row.value)
        if name is not None and not self._ids.add(name.encode()):
            raise ValueError(
                f"rows: two rows have the id {name!r}, the second is row {row.index}; ids tell"
                " results apart, so give each row its own"
            )
        if not self._looks_closer:
            return
        if not self._equal.add(digest_of(self._prompts.substance(row.value))):
            self._duplicates += 1
        if not done and row.index % self._every == 0:
            self._estimate(row)

    def _fault_of(self, value: Any) -> str:
        columns = self._prompts.columns
        if columns and is_object(value) and not columns <= value.keys():
            missing = min(columns - value.keys())
            return f"the column {missing!r} is missing"
        return ""

    def _estimate(self, row: Row) -> None:
        try:
            params = self._prompts.params_of(row.value)
        except (ValueError, TypeError, OSError, ImportError) as error:
            self._faulty += 1
            if len(self._faults) < _SHOWN_FAULTS:
                self._faults.append(f"row {row.index}: {error}")
            return
        sums = self._sums
        sums.rows += 1
        if sums.rows >= _SAMPLE:
            self._every *= 2
            sums.rows //= 2  # what was counted stands for half as many of the rows to come
            for each in (sums.tokens, sums.output):
                each[:] = [value / 2 for value in each]
            sums.costs[:] = [value / 2 for value in sums.costs]
        prompt = SentPrompt(params).estimate
        longest = params["max_tokens"] if isinstance(params["max_tokens"], int) else 0
        usual = min(longest, _USUAL_OUTPUT)
        for at, (tokens, output) in enumerate(
            ((prompt.low, 0), (prompt.tokens, usual), (prompt.high, longest))
        ):
            sums.tokens[at] += tokens
            sums.output[at] += output
            usage = {"input_tokens": tokens, "output_tokens": output}
            cost = cost_of(usage, str(params["model"]))
            if cost is None:
                sums.unpriced = True
            else:
                sums.costs[at] += cost.total

    def plan(self, limits: Mapping[str, Any]) -> RunPlan:
        """Return what was found.

        Args:
            limits: what is known of the limits of the API; see `Limiter.state`.
        """
        left = max(0, self._rows - self._done - self._faulty)
        factor = left / self._sums.rows if self._sums.rows else 0.0
        inputs, outputs = (
            TokenEstimate(*(round(each[at] * factor) for at in (1, 0, 2)))
            for each in (self._sums.tokens, self._sums.output)
        )
        low, likely, high = (
            None if self._sums.unpriced else cost * Decimal(factor) for cost in self._sums.costs
        )
        needs = {
            "requests": left,
            "input_tokens": inputs.tokens,
            "output_tokens": outputs.tokens,
        }
        return RunPlan(
            rows=self._rows,
            done=self._done,
            faulty=self._faulty,
            faults=tuple(self._faults),
            duplicates=self._duplicates,
            input_tokens=inputs,
            output_tokens=outputs,
            cost=likely,
            cost_low=low,
            cost_high=high,
            batch_cost=None if likely is None else likely * _BATCH,
            seconds=_seconds(needs, limits),
        )

    def close(self) -> None:
        """Let go of what the planner remembers."""
        self._ids.close()
        self._equal.close()


def _seconds(needs: Mapping[str, int], limits: Mapping[str, Any]) -> float | None:
    """Return the seconds that the limits allow a run to take at least; None if none is known."""
    known = [
        needs[name] * 60 / pool[name]["limit"]
        for pool in limits.values()
        for name in needs
        if pool[name]["limit"]
    ]
    return max(known, default=None)
