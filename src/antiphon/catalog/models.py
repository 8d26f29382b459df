"""The models as data: what each takes, gives and costs.

The facts are those of the Messages API's documentation as of `AS_OF`. What it does not say about
the newest models is taken from their predecessors, and marked by a comment. The defaults of
`ModelCard` are those of the newest models, so a card says what is different about its model.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

__all__ = ["AS_OF", "CATALOG", "RETIRED", "ModelCard", "Prices", "find"]

AS_OF = date(2026, 11, 25)
"""The day on which these facts were collected."""

Lifecycle = Literal["active", "deprecated", "retired"]


class Prices(NamedTuple):
    """US dollars per million tokens."""

    input: float
    output: float
    write_5m: float
    """Tokens written to the cache for five minutes."""
    write_1h: float
    """Tokens written to the cache for an hour."""
    read: float
    """Tokens read from the cache."""


class ModelCard(NamedTuple):
    """The facts about one model."""

    id: str
    display_name: str
    line: Literal["haiku", "sonnet", "opus", "fable", "mythos"]
    created: date
    """The day of its release, or about that day where the documentation gives none."""
    prices: Prices
    thinking_types: frozenset[str]
    """The values of `thinking.type` that it accepts."""
    thinking_default: Literal["off", "on", "always"]
    """Whether it thinks when the request does not say; "always" cannot be turned off."""
    tool_overhead: int
    """Tokens that tools add to the prompt while their choice is free."""
    forced_tool_overhead: int
    """Tokens that tools add to the prompt when a call is forced."""
    cache_minimum: int
    """Tokens of the shortest prefix that is cached."""
    aliases: tuple[str, ...] = ()
    deprecated: date | None = None
    """The day on which it was deprecated, if it was."""
    retires: date | None = None
    """The first day on which it is gone; the earliest possible one while it is not deprecated."""
    window: int = 1_000_000
    """The context window: tokens of input and output together."""
    max_output: int = 128_000
    """Tokens of the longest output."""
    long_prices: Prices | None = None
    """Prices of a whole request if its prompt is longer than `long_prompt`; None if the same."""
    long_prompt: int = 100_000
    """Tokens of a prompt, cached ones included."""
    fast_prices: tuple[float, float] | None = None
    """Prices of input and output with `speed: "fast"`; None if the model does not have it."""
    thinking_display: Literal["summarized", "omitted"] = "omitted"
    keeps_thinking: bool = True
    """True if the thinking of earlier turns stays in its context."""
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    """The values of `output_config.effort` that it accepts; empty if it takes none."""
    unthinking_efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    """The ones of `efforts` that it accepts with thinking turned off."""
    default_effort: str = "high"
    sampling: bool = False
    """True if it accepts `temperature`, `top_p` and `top_k` that are not the default."""
    prefill: bool = False
    """True if a conversation may end with the beginning of its reply."""
    forced_tool_choice: bool = True
    """True if `tool_choice` may be `any` or a tool."""
    system_role: bool = True
    """True if messages of role `system` may be in the conversation."""
    regional: bool = True
    """True if it accepts `inference_geo`."""
    refused_tools: tuple[str, ...] = ()
    """Types of tools that are known not to work with it."""
    tokenizer: Literal["old", "new"] = "new"
    image_tier: Literal["standard", "high"] = "high"

    @property
    def media_limit(self) -> int:
        """The largest number of images and PDF pages in a request; it goes with the window."""
        return 600 if self.window >= 1_000_000 else 100

    def lifecycle(self, on: date = AS_OF) -> Lifecycle:
        """Return whether it is active, deprecated or retired on a day."""
        if self.deprecated is None or on < self.deprecated:
            return "active"
        return "retired" if self.retires is not None and on >= self.retires else "deprecated"

    def prices_of(self, prompt_tokens: int) -> Prices:
        """Return the prices for a prompt of this length in tokens, cached ones included."""
        is_long = prompt_tokens > self.long_prompt
        return self.long_prices if is_long and self.long_prices else self.prices


# The types of thinking, and the levels of effort, of models of one time.
_ALWAYS = frozenset({"adaptive"})
_EITHER = frozenset({"adaptive", "disabled"})
_BUDGET = frozenset({"enabled", "disabled"})
_NO_XHIGH = ("low", "medium", "high", "max")
_UP_TO_HIGH = ("low", "medium", "high")

# A table: the formatter would give each argument a line of its own.
# fmt: off
CATALOG: tuple[ModelCard, ...] = (
    # Overhead and minimum as of its predecessor.
    ModelCard(
        id="claude-fable-5-2", display_name="Claude Fable 5.2", line="fable",
        created=date(2026, 11, 9), prices=Prices(8, 40, 10, 16, 0.20), thinking_types=_ALWAYS,
        thinking_default="always", forced_tool_choice=False, tool_overhead=286,
        forced_tool_overhead=286, cache_minimum=512,
    ),
    # Overhead and minimum as of its predecessor.
    ModelCard(
        id="claude-mythos-5-2", display_name="Claude Mythos 5.2", line="mythos",
        created=date(2026, 11, 9), prices=Prices(8, 40, 10, 16, 0.20), thinking_types=_ALWAYS,
        thinking_default="always", forced_tool_choice=False, tool_overhead=286,
        forced_tool_overhead=286, cache_minimum=512,
    ),
    ModelCard(
        id="claude-haiku-5-5", display_name="Claude Haiku 5.5", line="haiku",
        created=date(2026, 10, 7), prices=Prices(0.10, 0.50, 0.125, 0.20, 0.01),
        thinking_types=_EITHER, thinking_default="on",
        long_prices=Prices(0.50, 2.50, 0.625, 1, 0.05), default_effort="medium",
        unthinking_efforts=_UP_TO_HIGH, tool_overhead=286, forced_tool_overhead=406,
        cache_minimum=512,
    ),
    # Minimum as of its predecessor; system messages are accepted, as the documentation is silent.
    ModelCard(
        id="claude-sonnet-5-5", display_name="Claude Sonnet 5.5", line="sonnet",
        created=date(2026, 9, 28), prices=Prices(2, 10, 2.5, 4, 0.10),
        thinking_types=frozenset({"adaptive", "between_tools"}), thinking_default="on",
        unthinking_efforts=_UP_TO_HIGH, forced_tool_choice=False, tool_overhead=286,
        forced_tool_overhead=286, cache_minimum=1024,
    ),
    # Minimum as of its predecessor.
    ModelCard(
        id="claude-opus-5-5", display_name="Claude Opus 5.5", line="opus",
        created=date(2026, 9, 22), prices=Prices(4, 20, 5, 8, 0.20), thinking_types=_ALWAYS,
        thinking_default="always", default_effort="medium", forced_tool_choice=False,
        tool_overhead=286, forced_tool_overhead=286, cache_minimum=512, fast_prices=(8, 40),
        refused_tools=("computer_20251124",),
    ),
    ModelCard(
        id="claude-fable-5-1", display_name="Claude Fable 5.1", line="fable",
        created=date(2026, 8, 20), prices=Prices(10, 50, 12.5, 20, 0.25), thinking_types=_ALWAYS,
        thinking_default="always", forced_tool_choice=False, tool_overhead=286,
        forced_tool_overhead=286, cache_minimum=512,
    ),
    # Minimum as of its predecessor.
    ModelCard(
        id="claude-mythos-5-1", display_name="Claude Mythos 5.1", line="mythos",
        created=date(2026, 8, 20), prices=Prices(10, 50, 12.5, 20, 0.25), thinking_types=_ALWAYS,
        thinking_default="always", forced_tool_choice=False, tool_overhead=286,
        forced_tool_overhead=286, cache_minimum=512,
    ),
    ModelCard(
        id="claude-opus-5", display_name="Claude Opus 5", line="opus", created=date(2026, 7, 24),
        retires=date(2027, 7, 24), prices=Prices(5, 25, 6.25, 10, 0.50), thinking_types=_EITHER,
        thinking_default="on", unthinking_efforts=_UP_TO_HIGH, fast_prices=(10, 50),
        tool_overhead=286, forced_tool_overhead=406, cache_minimum=512,
    ),
    ModelCard(
        id="claude-sonnet-5", display_name="Claude Sonnet 5", line="sonnet",
        created=date(2026, 7, 1), prices=Prices(2, 10, 2.5, 4, 0.20), thinking_types=_EITHER,
        thinking_default="on", system_role=False, tool_overhead=354, forced_tool_overhead=474,
        cache_minimum=1024,
    ),
    ModelCard(
        id="claude-fable-5", display_name="Claude Fable 5", line="fable", created=date(2026, 6, 9),
        retires=date(2027, 6, 9), prices=Prices(10, 50, 12.5, 20, 1), thinking_types=_ALWAYS,
        thinking_default="always", tool_overhead=286, forced_tool_overhead=406, cache_minimum=512,
    ),
    ModelCard(
        id="claude-mythos-5", display_name="Claude Mythos 5", line="mythos",
        created=date(2026, 6, 9), retires=date(2027, 6, 9), prices=Prices(10, 50, 12.5, 20, 1),
        thinking_types=_ALWAYS, thinking_default="always", tool_overhead=286,
        forced_tool_overhead=406, cache_minimum=512,
    ),
    ModelCard(
        id="claude-opus-4-8", display_name="Claude Opus 4.8", line="opus", created=date(2026, 5, 1),
        prices=Prices(5, 25, 6.25, 10, 0.50), thinking_types=_EITHER, thinking_default="off",
        fast_prices=(10, 50), tool_overhead=290, forced_tool_overhead=410, cache_minimum=1024,
    ),
    ModelCard(
        id="claude-opus-4-7", display_name="Claude Opus 4.7", line="opus", created=date(2026, 4, 1),
        prices=Prices(5, 25, 6.25, 10, 0.50), thinking_types=_EITHER, thinking_default="off",
        system_role=False, tool_overhead=675, forced_tool_overhead=804, cache_minimum=2048,
    ),
    # Overhead and prices as of its contemporaries.
    ModelCard(
        id="claude-mythos-preview", display_name="Claude Mythos Preview", line="mythos",
        created=date(2026, 4, 1), prices=Prices(10, 50, 12.5, 20, 1), thinking_default="always",
        thinking_types=frozenset({"adaptive", "enabled"}), system_role=False, tool_overhead=675,
        forced_tool_overhead=804, cache_minimum=2048,
    ),
    ModelCard(
        id="claude-opus-4-6", display_name="Claude Opus 4.6", line="opus", created=date(2026, 2, 1),
        prices=Prices(5, 25, 6.25, 10, 0.50), thinking_default="off", thinking_display="summarized",
        thinking_types=frozenset({"adaptive", "enabled", "disabled"}), efforts=_NO_XHIGH,
        sampling=True, system_role=False, tokenizer="old", tool_overhead=497,
        forced_tool_overhead=589, cache_minimum=4096, image_tier="standard",
    ),
    ModelCard(
        id="claude-sonnet-4-6", display_name="Claude Sonnet 4.6", line="sonnet",
        created=date(2026, 2, 1), prices=Prices(3, 15, 3.75, 6, 0.30), thinking_default="off",
        thinking_display="summarized",
        thinking_types=frozenset({"adaptive", "enabled", "disabled"}), efforts=_NO_XHIGH,
        sampling=True, system_role=False, tokenizer="old", tool_overhead=497,
        forced_tool_overhead=589, cache_minimum=1024, image_tier="standard",
    ),
    # The day of the notice is not documented; it is given 60 days before the end.
    ModelCard(
        id="claude-opus-4-5-20251101", aliases=("claude-opus-4-5",), display_name="Claude Opus 4.5",
        line="opus", created=date(2025, 11, 24), deprecated=date(2026, 11, 23),
        retires=date(2027, 1, 22), window=200_000, max_output=64_000,
        prices=Prices(5, 25, 6.25, 10, 0.50), thinking_types=_BUDGET, thinking_default="off",
        thinking_display="summarized", efforts=_UP_TO_HIGH, sampling=True, prefill=True,
        regional=False, system_role=False, tokenizer="old", tool_overhead=496,
        forced_tool_overhead=588, cache_minimum=4096, image_tier="standard",
    ),
    ModelCard(
        id="claude-haiku-4-5-20251001", aliases=("claude-haiku-4-5",),
        display_name="Claude Haiku 4.5", line="haiku", created=date(2025, 10, 15),
        retires=date(2026, 10, 15), window=200_000, max_output=64_000,
        prices=Prices(1, 5, 1.25, 2, 0.10), thinking_types=_BUDGET, thinking_default="off",
        thinking_display="summarized", keeps_thinking=False, efforts=(), sampling=True,
        prefill=True, regional=False, system_role=False, tokenizer="old", tool_overhead=496,
        forced_tool_overhead=588, cache_minimum=4096, image_tier="standard",
    ),
    ModelCard(
        id="claude-sonnet-4-5-20250929", aliases=("claude-sonnet-4-5",),
        display_name="Claude Sonnet 4.5", line="sonnet", created=date(2025, 9, 29),
        deprecated=date(2026, 9, 30), retires=date(2026, 11, 30), window=200_000, max_output=64_000,
        prices=Prices(3, 15, 3.75, 6, 0.30), thinking_types=_BUDGET, thinking_default="off",
        thinking_display="summarized", keeps_thinking=False, efforts=(), sampling=True,
        prefill=True, regional=False, system_role=False, tokenizer="old", tool_overhead=496,
        forced_tool_overhead=588, cache_minimum=1024, image_tier="standard",
    ),
)
# fmt: on
"""The models that are not retired, the newest first."""

RETIRED: dict[str, date] = {
    "claude-opus-4-1-20250805": date(2026, 8, 5),
    "claude-opus-4-20250514": date(2026, 6, 15),
    "claude-opus-4-0": date(2026, 6, 15),
    "claude-sonnet-4-20250514": date(2026, 6, 15),
    "claude-sonnet-4-0": date(2026, 6, 15),
    "claude-3-haiku-20240307": date(2026, 4, 20),
    "claude-3-7-sonnet-20250219": date(2026, 2, 19),
    "claude-3-7-sonnet-latest": date(2026, 2, 19),
    "claude-3-5-haiku-20241022": date(2026, 2, 19),
    "claude-3-5-haiku-latest": date(2026, 2, 19),
    "claude-3-opus-20240229": date(2026, 1, 5),
    "claude-3-opus-latest": date(2026, 1, 5),
    "claude-3-5-sonnet-20241022": date(2025, 10, 28),
    "claude-3-5-sonnet-20240620": date(2025, 10, 28),
    "claude-3-sonnet-20240229": date(2025, 7, 21),
    "claude-2.1": date(2025, 7, 21),
    "claude-2.0": date(2025, 7, 21),
}
"""The models that are gone, and since when."""

_BY_NAME = {name: card for card in CATALOG for name in (card.id, *card.aliases)}


def find(model: str) -> ModelCard | None:
    """Return the model with this id or alias; None if it is unknown."""
    return _BY_NAME.get(model)
