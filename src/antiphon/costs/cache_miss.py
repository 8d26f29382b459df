"""Why a request did not find in the prompt cache what an earlier one has left there.

The API finds a prefix only if all of it is equal to the last character. So one date in a system
prompt, or one key of a tool's schema in another order, makes the whole prompt dear. This compares
two requests as the API does, block by block, and shows the first place where they differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .._core.request_body import PendingBody, UnreadBody, encode_body
from .._transport.files import read_file
from .._wire.http import Body
from ..catalog.pricing import prices_of
from ..catalog.prompt_difference import first_difference
from ..catalog.prompt_prefixes import SECONDS, Breakpoint, PromptPrefixes, lookback, minimum_of
from ..catalog.tokens import PromptTokens
from .estimate import parsed_body

__all__ = ["CacheMiss", "explain_cache_miss"]

_MILLION = Decimal(1_000_000)

# What a breakpoint finds, in words of the documentation.
_SAYS = {
    None: "Nothing was missed: the whole cached prefix is found again.",
    "nothing_cached": "The first request has no cache_control, so it left nothing in the cache.",
    "too_short": "The prefix of the first request is shorter than the model caches: {details}.",
    "no_breakpoint": "The second request has no cache_control that reaches far enough, so it looks"
    " for nothing.",
    "too_far": "The prefixes are equal, but the next cache_control of the second request stands"
    " more than 20 blocks behind the end of the cached prefix. Put one nearer to it.",
}


@dataclass(frozen=True, slots=True)
class CacheMiss:
    """What ended the cached prefix, and what that cost; `print` shows it in words."""

    reason: str | None
    """`model_changed`, `tools_changed`, `system_changed`, `messages_changed` (the API's words); the
    same of `speed`, `citations`, `images`, `tool_choice`, `thinking` and `effort`; or
    `nothing_cached`, `too_short`, `no_breakpoint`, `too_far`; None if nothing was missed."""
    path: str | None
    """The place in the request, such as `system[0].text`; None if no place is to blame."""
    character: int | None
    """The first character of the text there that differs, counted from 0; None if it is no text."""
    before: str
    """What the first request has there, in short."""
    after: str
    """What the second one has there."""
    cached_tokens: int
    """The estimated tokens that the first request left in the cache."""
    read_tokens: int
    """Those of them that the second request finds."""
    cost: Decimal | None
    """US dollars that the others cost more than if they had been found; None without a price."""
    details: str = ""

    @property
    def missed_tokens(self) -> int:
        """The estimated tokens that were in the cache and are paid for again."""
        return self.cached_tokens - self.read_tokens

    def __str__(self) -> str:
        if self.reason in _SAYS:
            said = _SAYS[self.reason].format(details=self.details)
        else:
            at = "" if self.character is None else f", character {self.character}"
            said = f"{self.path}{at} ended the cached prefix ({self.reason})."
            said += f"\n  before: {self.before}\n  after:  {self.after}"
        if not self.missed_tokens:
            return said
        price = "" if self.cost is None else f", {_dollars(self.cost)} more than a read"
        tokens = f"{self.missed_tokens:,} of {self.cached_tokens:,} cached tokens"
        return f"{said}\n  missed: {tokens}{price}"


def explain_cache_miss(previous: Mapping[str, Any], next: Mapping[str, Any]) -> CacheMiss:
    """Explain why the request `next` did not find what the request `previous` has cached.

    Nothing is sent. Whether the cached prefix had expired in between is not known here.

    Args:
        previous: the parameters of `messages.create` that were sent first, or the JSON of its body.
        next: those that were sent later.

    Raises:
        TypeError: one has no model or no messages, or a value in it is not JSON.
        OSError: a file in it cannot be read.
    """
    old, new = _Asked.of("previous", previous), _Asked.of("next", next)
    if not old.marks:
        return old.without_cache()
    last = old.marks[-1]
    hit = _hit(old.prefixes, new.prefixes)
    read = old.prefixes.sizes[hit] if hit >= 0 else 0
    if hit >= last.position:
        return CacheMiss(None, None, None, "", "", last.tokens, last.tokens, Decimal(0))
    found = first_difference(old.prompt, new.prompt)
    cost = _extra_cost(new, last.tokens - read)
    if found is None or found.position > last.position:
        reach = max((mark.position for mark in new.marks), default=-1)
        reason = "no_breakpoint" if reach < last.position else "too_far"
        return CacheMiss(reason, None, None, "", "", last.tokens, read, cost)
    place = found.place
    return CacheMiss(
        found.reason,
        place.path,
        place.character,
        place.before,
        place.after,
        last.tokens,
        read,
        cost,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the prefixes of its prompt."""

    prompt: PromptTokens
    prefixes: PromptPrefixes

    @classmethod
    def of(cls, name: str, params: Mapping[str, Any]) -> _Asked:
        """Return the request with these parameters.

        Raises:
            TypeError: it is none.
        """
        for needed in ("model", "messages"):
            if needed not in params:
                raise TypeError(f"{name}: a request has {needed!r}, and this one has not")
        body: Body | UnreadBody = encode_body(params)
        if isinstance(body, PendingBody):
            body = body.filled(map(read_file, body.files))
        assert not isinstance(body, UnreadBody)
        prompt = PromptTokens(parsed_body(body))
        return cls(prompt, PromptPrefixes.of(prompt))

    @property
    def marks(self) -> Sequence[Breakpoint]:
        """Where cached prefixes end."""
        return self.prefixes.marks

    def without_cache(self) -> CacheMiss:
        """Return what there is to say of a request that caches nothing."""
        body = self.prompt.body
        marked = body.get("cache_control") or any(
            each.block.get("cache_control") for each in self.prompt.blocks
        )
        minimum = minimum_of(str(body["model"]))
        details = f"about {self.prefixes.total:,} tokens of at least {minimum:,}"
        reason = "too_short" if marked else "nothing_cached"
        return CacheMiss(reason, None, None, "", "", 0, 0, Decimal(0), details)


def _hit(old: PromptPrefixes, new: PromptPrefixes) -> int:
    """Return the position at which the longest prefix ends that is found, or -1."""
    written = {old.hashes[mark.position] for mark in old.marks}
    looked_at = {position for mark in new.marks for position in lookback(mark)}
    return max((at for at in looked_at if new.hashes[at] in written), default=-1)


def _extra_cost(new: _Asked, tokens: int) -> Decimal | None:
    """Return what `tokens` cost more than if they had been read from the cache."""
    known = prices_of(str(new.prompt.body["model"]))
    if known is None:
        return None
    is_long = known.long_prices is not None and new.prefixes.total > known.long_prompt
    prices = known.long_prices if known.long_prices and is_long else known.prices
    paid = prices.input
    if new.marks:  # they are written once more
        paid = prices.write_1h if new.marks[-1].lifetime > SECONDS["5m"] else prices.write_5m
    return tokens * (Decimal(str(paid)) - Decimal(str(prices.read))) / _MILLION


def _dollars(amount: Decimal) -> str:
    return f"${amount:.6f}".rstrip("0").rstrip(".")
