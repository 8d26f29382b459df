"""Prompt caching, simulated: what of a prompt is read from cache, what is written, what is new."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple

from ...catalog import models as catalog
from .canonical_json import canonical
from .tokens import Portion, part, portions

__all__ = ["CacheUsage", "Lookup", "PromptCache"]

_LOOKED_BACK = 20
_SECONDS = {"5m": 300.0, "1h": 3600.0}
_MINIMUM = 1_024
_MOST_ENTRIES = 100_000
_SWEEP_SECONDS = 60.0
_NEVER_CACHED = ("thinking", "redacted_thinking")


class CacheUsage(NamedTuple):
    """The input tokens of a request by what they cost; together they are the whole prompt."""

    read: int
    """Read from cache."""
    write_5m: int
    """Written for five minutes."""
    write_1h: int
    """Written for an hour."""
    uncached: int
    """Neither: the ``input_tokens`` of the API's usage."""

    @property
    def total(self) -> int:
        """The tokens of the whole prompt."""
        return sum(self)

    @property
    def limited(self) -> int:
        """The tokens that count toward the rate limit: all but those read from cache."""
        return self.total - self.read


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the cache says to one request, and what it will keep of it."""

    usage: CacheUsage
    """How the tokens split."""
    started: float
    """When the request came; lifetimes count from here."""
    writes: Mapping[bytes, float]
    """Lifetimes in seconds of the prefixes to keep, by their hashes."""
    hits: Sequence[bytes]
    """Hashes of the prefixes that were found, whose lifetimes start anew."""


class _Breakpoint(NamedTuple):
    """The end of a prefix to cache."""

    position: int
    tokens: int
    lifetime: float


class PromptCache:
    """The prefixes that earlier requests left, each for its lifetime.

    Args:
        clock: gives the time, seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._swept = clock()

    def lookup(self, body: Mapping[str, Any], workspace: str = "") -> Lookup:
        """How a request's prompt splits; nothing is kept before `commit`.

        Args:
            body: the body of a create request.
            workspace: its prefixes are found by requests of the same workspace only.
        """
        now = self._clock()
        prompt = list(portions(body))
        sizes = list(accumulate(portion.tokens for portion in prompt))
        total = sizes[-1] if sizes else 0
        marks = _breakpoints(body, prompt, sizes)
        if not marks:
            return Lookup(CacheUsage(0, 0, 0, total), now, {}, ())
        hashes = _prefix_hashes(body, workspace, prompt, marks)
        hit = max((self._hit(mark, hashes, now) for mark in marks), default=-1)
        new = [mark for mark in marks if mark.position > hit]
        return Lookup(
            usage=_split(sizes[hit] if hit >= 0 else 0, new, total),
            started=now,
            writes={hashes[mark.position]: mark.lifetime for mark in new},
            hits=[hashes[at] for at in {hit, *(mark.position for mark in marks)} if 0 <= at <= hit],
        )

    def commit(self, lookup: Lookup) -> None:
        """Make usable what a request leaves; call it when its answer has begun."""
        for prefix in lookup.hits:
            if entry := self._entries.get(prefix):
                self._keep(prefix, lookup.started, entry[1])
        for prefix, lifetime in lookup.writes.items():
            self._keep(prefix, lookup.started, lifetime)
        self._forget(self._clock())

    def __len__(self) -> int:
        """How many prefixes are kept."""
        return len(self._entries)

    def _keep(self, prefix: bytes, started: float, lifetime: float) -> None:
        self._entries[prefix] = started + lifetime, lifetime
        self._entries.move_to_end(prefix)

    def _forget(self, now: float) -> None:
        """Drop what has expired, now and then, and the longest unused beyond the bound."""
        if now >= self._swept + _SWEEP_SECONDS:
            self._swept = now
            live = ((key, entry) for key, entry in self._entries.items() if entry[0] > now)
            self._entries = OrderedDict(live)
        while len(self._entries) > _MOST_ENTRIES:
            self._entries.popitem(last=False)

    def _hit(self, mark: _Breakpoint, hashes: Mapping[int, bytes], now: float) -> int:
        """The last position up to `mark` where a live prefix ends, or -1."""
        for position in _looked_at(mark):
            expires, _ = self._entries.get(hashes[position], (0.0, 0.0))
            if expires > now:
                return position
        return -1


def _looked_at(mark: _Breakpoint) -> range:
    """The positions at which a prefix is looked for, the latest first."""
    return range(mark.position, max(-1, mark.position - _LOOKED_BACK), -1)


def _split(read: int, new: Sequence[_Breakpoint], total: int) -> CacheUsage:
    """Read up to the hit, then written for an hour, then for five minutes, then new."""
    hour = max((mark.tokens for mark in new if mark.lifetime > _SECONDS["5m"]), default=read)
    last = max((mark.tokens for mark in new), default=read)
    return CacheUsage(read, last - hour, hour - read, total - last)


def _breakpoints(
    body: Mapping[str, Any], prompt: Sequence[Portion], sizes: Sequence[int]
) -> list[_Breakpoint]:
    """Where prefixes end that are large enough to cache."""
    lifetimes = {
        position: _SECONDS[control.get("ttl") or "5m"]
        for position, portion in enumerate(prompt)
        if (control := portion.block.get("cache_control"))
    }
    if automatic := body.get("cache_control"):
        cacheable = (n for n in reversed(range(len(prompt))) if _may_be_cached(prompt[n]))
        if (last := next(cacheable, None)) is not None:
            lifetimes.setdefault(last, _SECONDS[automatic.get("ttl") or "5m"])
    if lifetimes:
        results = (n for n in reversed(range(len(prompt))) if _is_server_result(prompt[n]))
        if (last := next(results, None)) is not None:
            lifetimes.setdefault(last, _SECONDS["5m"])
    card = catalog.find(body["model"])
    minimum = card.cache_minimum if card else _MINIMUM
    marks = [_Breakpoint(n, sizes[n], lifetimes[n]) for n in sorted(lifetimes)]
    return [mark for mark in marks if mark.tokens >= minimum]


def _may_be_cached(portion: Portion) -> bool:
    block = portion.block
    return block.get("type") not in _NEVER_CACHED and block.get("text") != ""


def _is_server_result(portion: Portion) -> bool:
    """Whether a block is the result of one of the API's own tools, which are cached unasked."""
    kind = str(portion.block.get("type"))
    return portion.role == "assistant" and kind.endswith("_tool_result")


def _prefix_hashes(
    body: Mapping[str, Any],
    workspace: str,
    prompt: Sequence[Portion],
    marks: Sequence[_Breakpoint],
) -> dict[int, bytes]:
    """The hashes of the prefixes that matter, by the position of their last block."""
    wanted = {position for mark in marks for position in _looked_at(mark)}
    conditions = _conditions(body, workspace, prompt)
    hasher = blake2b(digest_size=16)
    hashes: dict[int, bytes] = {}
    section = ""
    for position, portion in enumerate(prompt[: marks[-1].position + 1]):
        while section != portion.section:
            section = _NEXT_SECTION[section]
            hasher.update(canonical(conditions[section]))
        block = {key: portion.block[key] for key in portion.block if key != "cache_control"}
        hasher.update(canonical([portion.role, block]))
        if position in wanted:
            hashes[position] = hasher.copy().digest()
    return hashes


_NEXT_SECTION = {"": "tools", "tools": "system", "system": "messages"}


def _conditions(
    body: Mapping[str, Any], workspace: str, prompt: Sequence[Portion]
) -> dict[str, list[Any]]:
    """What else must be the same for each section to be found again (Messages API, caching)."""
    sent = [portion.block for portion in prompt if portion.section == "messages"]
    inner = [block for outer in sent for block in _with_inner(outer)]
    cites = any(part(block, "citations").get("enabled") is True for block in inner)
    sees = any(block.get("type") == "image" for block in inner)
    return {
        "tools": [workspace, body["model"], body.get("speed") or "standard"],
        "system": [cites],
        "messages": [sees, _choice(body), *_effort(body)],
    }


def _with_inner(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A block and the blocks of a tool result."""
    content = block.get("content") if block.get("type") == "tool_result" else None
    return [block, *content] if isinstance(content, list) else [block]


def _choice(body: Mapping[str, Any]) -> Any:
    """How tools are chosen; leaving it out is the same as "auto"."""
    choice = {"type": "auto", **part(body, "tool_choice")}
    return choice if choice.pop("disable_parallel_tool_use", False) is False else [choice]


def _effort(body: Mapping[str, Any]) -> list[Any]:
    """How much is thought; stating the model's default changes nothing."""
    card = catalog.find(body["model"])
    thinking = part(body, "thinking")
    default = "disabled" if card is None or card.thinking_default == "off" else "adaptive"
    kind = thinking.get("type") or default
    effort = part(body, "output_config").get("effort") or (card and card.default_effort)
    return [kind, thinking.get("budget_tokens"), effort]
