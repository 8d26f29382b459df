"""Why a request did not find in the prompt cache what an earlier one has left there.

The API finds a prefix only if all of it is equal to the last character. So one date in a system
prompt, or one key of a tool's schema in another order, makes the whole prompt dear. This compares
two requests as the API does, block by block, and shows the first place where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from .._core.request_body import PendingBody, UnreadBody, encode_body
from .._transport.files import read_file
from .._wire.http import Body
from .._wire.json import is_list, is_object
from ..catalog.pricing import prices_of
from ..catalog.prompt_prefixes import (
    SECONDS,
    Breakpoint,
    PromptPrefixes,
    conditions,
    lookback,
    minimum_of,
    without_mark,
)
from ..catalog.request_parts import content_blocks
from ..catalog.tokens import CountedBlock, PromptTokens
from .estimate import parsed_body

__all__ = ["CacheMiss", "explain_cache_miss"]

_SECTIONS = ("tools", "system", "messages")

# Characters that are shown before and behind the first one that differs.
_AROUND = 24

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
    found = _first_difference(old, new)
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

    body: dict[str, Any]
    blocks: Sequence[CountedBlock]
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
        return cls(prompt.body, prompt.blocks, PromptPrefixes.of(prompt))

    @property
    def marks(self) -> Sequence[Breakpoint]:
        """Where cached prefixes end."""
        return self.prefixes.marks

    def without_cache(self) -> CacheMiss:
        """Return what there is to say of a request that caches nothing."""
        marked = self.body.get("cache_control") or any(
            each.block.get("cache_control") for each in self.blocks
        )
        minimum = minimum_of(str(self.body["model"]))
        details = f"about {self.prefixes.total:,} tokens of at least {minimum:,}"
        reason = "too_short" if marked else "nothing_cached"
        return CacheMiss(reason, None, None, "", "", 0, 0, Decimal(0), details)


class _Place(NamedTuple):
    """Where two values differ, and what stands there."""

    path: str
    character: int | None
    before: str
    after: str


class _Difference(NamedTuple):
    """The first difference of two prompts."""

    reason: str
    position: int
    """The index of the block, in the prompt of the first request."""
    place: _Place


def _hit(old: PromptPrefixes, new: PromptPrefixes) -> int:
    """Return the position at which the longest prefix ends that is found, or -1."""
    written = {old.hashes[mark.position] for mark in old.marks}
    looked_at = {position for mark in new.marks for position in lookback(mark)}
    return max((at for at in looked_at if new.hashes[at] in written), default=-1)


def _first_difference(old: _Asked, new: _Asked) -> _Difference | None:
    needed = conditions(old.body, "", old.blocks), conditions(new.body, "", new.blocks)
    start = 0
    for section in _SECTIONS:
        for name, before in needed[0][section].items():
            after = needed[1][section][name]
            if before != after:
                subject = "thinking" if name == "budget_tokens" else name
                condition = _Place(name, None, _short(before), _short(after))
                return _Difference(f"{subject}_changed", start, condition)
        pair = _of_section(old, section), _of_section(new, section)
        for index, (one, other) in enumerate(zip(*pair, strict=False)):
            place = _place_in(one, other)
            if place is not None:
                return _Difference(f"{section}_changed", start + index, place)
        lengths = len(pair[0]), len(pair[1])
        shorter = min(lengths)
        # A conversation may grow, and nothing else may.
        if lengths[0] > shorter or (section != "messages" and lengths[1] > shorter):
            missing = _missing_part(*(each[shorter:] for each in pair))
            return _Difference(f"{section}_changed", start + shorter, missing)
        start += lengths[0]
    return None


class _PromptPart(NamedTuple):
    """A block of a prompt, its role and its place in the request."""

    path: str
    role: str
    block: dict[str, Any]


def _of_section(asked: _Asked, section: str) -> list[_PromptPart]:
    counted = [each for each in asked.blocks if each.section == section]
    paths = _paths(asked.body, section)
    parts: list[_PromptPart] = []
    for each in counted:
        # Blocks that the prompt leaves out, such as old thinking, are passed over.
        path = next((path for path, block in paths if block == each.block), "output_config.format")
        parts.append(_PromptPart(path, each.role, without_mark(each.block)))
        if path == "output_config.format":
            paths = _paths(asked.body, section)
    return parts


def _paths(body: dict[str, Any], section: str) -> Iterator[tuple[str, Any]]:
    """Give the blocks of a section as the request has them, with their places."""
    if section == "tools":
        yield from ((f"tools[{n}]", tool) for n, tool in enumerate(body.get("tools") or ()))
        return
    if section == "system":
        owners = [("system", body.get("system"))]
    else:
        owners = [
            (f"messages[{n}].content", message["content"])
            for n, message in enumerate(body["messages"])
        ]
    for owner, content in owners:
        for n, block in enumerate(content_blocks(content)):
            yield (owner if isinstance(content, str) else f"{owner}[{n}]"), block


def _missing_part(before: Sequence[_PromptPart], after: Sequence[_PromptPart]) -> _Place:
    path = (before or after)[0].path
    first = [_short(each[0].block) if each else "nothing" for each in (before, after)]
    return _Place(path, None, *first)


def _place_in(before: _PromptPart, after: _PromptPart) -> _Place | None:
    """Return where two blocks differ; None if they are equal."""
    if before.role != after.role:
        return _Place(after.path, None, f"role {before.role}", f"role {after.role}")
    place = _differing(before.block, after.block, "")
    if place is None:
        return None
    path = after.path
    # A plain text stands in the request itself, without a block around it.
    whole = place.path == ".text" and not path.endswith("]")
    return place._replace(path=path if whole else f"{path}{place.path}")


def _differing(before: Any, after: Any, path: str) -> _Place | None:
    """Return the first place in which two JSON values differ; None if they are equal."""
    if isinstance(before, str) and isinstance(after, str):
        return None if before == after else _in_text(before, after, path)
    if is_object(before) and is_object(after):
        for name, other in zip(before, after, strict=False):
            if name != other:
                return _Place(path, None, f"the key {name!r}", f"the key {other!r}")
            place = _differing(before[name], after[name], f"{path}.{name}")
            if place is not None:
                return place
        return _longer([*before], [*after], path)
    if is_list(before) and is_list(after):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            place = _differing(one, other, f"{path}[{index}]")
            if place is not None:
                return place
        return _longer(before, after, path)
    # `1 == True` to Python, and not to the API.
    if type(before) is type(after) and before == after:
        return None
    return _Place(path, None, _short(before), _short(after))


def _longer(before: list[Any], after: list[Any], path: str) -> _Place | None:
    if len(before) == len(after):
        return None
    shorter = min(len(before), len(after))
    ends = [_short(each[shorter]) if len(each) > shorter else "nothing" for each in (before, after)]
    return _Place(path, None, *ends)


def _in_text(before: str, after: str, path: str) -> _Place:
    pairs = enumerate(zip(before, after, strict=False))
    at = next((n for n, (one, other) in pairs if one != other), min(len(before), len(after)))
    return _Place(path, at, _around(before, at), _around(after, at))


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _AROUND), at + _AROUND
    return f"{'…' * (start > 0)}{text[start:end]!r}{'…' * (end < len(text))}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 3 * _AROUND else f"{text[: 3 * _AROUND]}…"


def _extra_cost(new: _Asked, tokens: int) -> Decimal | None:
    """Return what `tokens` cost more than if they had been read from the cache."""
    known = prices_of(str(new.body["model"]))
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
