"""Prompt caching, simulated: which part of a prompt is read, which is written, which is new.

The API caches *prefixes*: everything from the start of the prompt (tools, then system, then
messages) to a block that carries a breakpoint. So does this module, without storing any text:

1. `_breakpoints` lists where prefixes end: explicit `cache_control` marks, the automatic mark of
   the request, and results of server tools, as far as the prefix is large enough for the model.
2. `_prefix_hashes` walks once over the prompt and takes the hash of each prefix that may matter.
   Whatever must also be equal for a hit (model, tool choice, effort …) is hashed in where its
   section begins, so that a change invalidates this section and the ones after it, no others.
   These two steps look at the request alone and take nearly all of the time; their result is
   `PromptPrefixes`.
3. `lookup` finds the longest live prefix, up to 20 blocks back from each breakpoint. `commit`
   stores the new prefixes. They are two steps because the API makes an entry usable only when the
   reply of the request that wrote it has begun.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple

from ..._wire.json import JSONObject
from ...catalog import models as catalog
from ...catalog.canonical_json import canonical
from ...catalog.request_parts import may_be_cited, object_at
from ...catalog.tokens import CountedBlock, PromptTokens

__all__ = ["CacheLookup", "CacheUsage", "PromptCache", "PromptPrefixes"]

# Numbers of the documentation on prompt caching.
_LOOKBACK_BLOCKS = 20
_SECONDS = {"5m": 300.0, "1h": 3600.0}
_NEVER_CACHED = ("thinking", "redacted_thinking")
# For models that the catalogue does not know: the minimum of most.
_DEFAULT_MINIMUM = 1_024
# A bound on memory: some 20 MB of hashes.
_MAX_ENTRIES = 100_000
# Expired entries are dropped about once a minute, since a sweep looks at all of them.
_SWEEP_SECONDS = 60.0


class CacheUsage(NamedTuple):
    """The input tokens of a request by what they cost; together they are the whole prompt."""

    read: int
    """Read from cache."""
    write_5m: int
    """Written for five minutes."""
    write_1h: int
    """Written for an hour."""
    uncached: int
    """The rest: the ``input_tokens`` of the API's usage."""

    @property
    def total(self) -> int:
        """The tokens of the whole prompt."""
        return sum(self)

    @property
    def limited(self) -> int:
        """The tokens that count toward the rate limit: all but those read from cache."""
        return self.total - self.read


@dataclass(frozen=True, slots=True)
class CacheLookup:
    """The result of looking a prompt up, and the entries that `commit` will write."""

    usage: CacheUsage
    """How the tokens split."""
    started: float
    """When the request came, in seconds since 1970; lifetimes count from here."""
    writes: Mapping[bytes, float]
    """Lifetimes in seconds of the prefixes to write, by their hashes."""
    hits: Sequence[bytes]
    """Hashes of the prefixes that were found; their lifetimes start again."""


class _Breakpoint(NamedTuple):
    """The end of a prefix to cache."""

    position: int
    """The index of its last block in the prompt."""
    tokens: int
    """The tokens of the prefix."""
    lifetime: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class PromptPrefixes:
    """The prefixes of a prompt that may be cached."""

    total: int
    """The tokens of the whole prompt."""
    sizes: Sequence[int]
    """The tokens up to each block, its own included."""
    marks: Sequence[_Breakpoint]
    """Where prefixes end that are to be cached, in the order of the prompt."""
    hashes: Mapping[int, bytes]
    """The hashes of the prefixes that may have been cached, by the position of their end."""

    @classmethod
    def of(cls, prompt: PromptTokens, workspace: str = "") -> PromptPrefixes:
        """Return the prefixes of the prompt of a create request.

        Args:
            prompt: the prompt.
            workspace: only requests of the same workspace find each other's prefixes.
        """
        blocks = prompt.blocks
        sizes = list(accumulate(block.tokens for block in blocks))
        marks = _breakpoints(prompt.body, blocks, sizes)
        hashes = _prefix_hashes(prompt.body, workspace, blocks, marks) if marks else {}
        return cls(prompt.total, sizes, marks, hashes)


class _Entry(NamedTuple):
    """A cached prefix."""

    expires: float
    """Seconds since 1970."""
    lifetime: float
    """Seconds that each use adds."""


_NO_ENTRY = _Entry(0.0, 0.0)


class PromptCache:
    """The prefixes that earlier requests have left, each for its lifetime.

    Args:
        clock: gives the time in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Ordered from the longest unused to the latest used.
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._swept = clock()

    def lookup(self, prefixes: PromptPrefixes) -> CacheLookup:
        """Return how the tokens of a prompt split; nothing is stored before `commit`."""
        now = self._clock()
        marks, hashes, sizes = prefixes.marks, prefixes.hashes, prefixes.sizes
        hit = max((self._hit(mark, hashes, now) for mark in marks), default=-1)
        new = [mark for mark in marks if mark.position > hit]
        return CacheLookup(
            usage=_split(sizes[hit] if hit >= 0 else 0, new, prefixes.total),
            started=now,
            writes={hashes[mark.position]: mark.lifetime for mark in new},
            hits=[hashes[at] for at in {hit, *(mark.position for mark in marks)} if 0 <= at <= hit],
        )

    def commit(self, lookup: CacheLookup) -> None:
        """Store the prefixes of a request; call this when its reply begins."""
        for prefix in lookup.hits:
            if entry := self._entries.get(prefix):
                self._store(prefix, lookup.started, entry.lifetime)
        for prefix, lifetime in lookup.writes.items():
            self._store(prefix, lookup.started, lifetime)
        self._evict(self._clock())

    def __len__(self) -> int:
        """Return the number of stored prefixes, expired ones not yet swept included."""
        return len(self._entries)

    def _store(self, prefix: bytes, started: float, lifetime: float) -> None:
        self._entries[prefix] = _Entry(started + lifetime, lifetime)
        self._entries.move_to_end(prefix)

    def _evict(self, now: float) -> None:
        """Drop expired entries now and then, and beyond the bound the longest unused ones."""
        if now >= self._swept + _SWEEP_SECONDS:
            self._swept = now
            live = ((key, entry) for key, entry in self._entries.items() if entry.expires > now)
            self._entries = OrderedDict(live)
        while len(self._entries) > _MAX_ENTRIES:
            self._entries.popitem(last=False)

    def _hit(self, mark: _Breakpoint, hashes: Mapping[int, bytes], now: float) -> int:
        """Return the last position in the lookback of `mark` where a live prefix ends, or -1."""
        for position in _lookback(mark):
            if self._entries.get(hashes[position], _NO_ENTRY).expires > now:
                return position
        return -1


def _lookback(mark: _Breakpoint) -> range:
    """Return the positions at which a prefix is looked for, the latest first."""
    return range(mark.position, max(-1, mark.position - _LOOKBACK_BLOCKS), -1)


def _split(read: int, new: Sequence[_Breakpoint], total: int) -> CacheUsage:
    """Divide the prompt: read, then written for an hour, then for five minutes, then uncached.

    The rules require breakpoints of an hour to stand before those of five minutes.
    """
    hour = max((mark.tokens for mark in new if mark.lifetime > _SECONDS["5m"]), default=read)
    last = max((mark.tokens for mark in new), default=read)
    return CacheUsage(read, last - hour, hour - read, total - last)


def _breakpoints(
    body: JSONObject, blocks: Sequence[CountedBlock], sizes: Sequence[int]
) -> list[_Breakpoint]:
    """Return where prefixes end that are large enough to cache, in the order of the prompt."""
    lifetimes = {
        position: _SECONDS[control.get("ttl") or "5m"]
        for position, counted in enumerate(blocks)
        if (control := counted.block.get("cache_control"))
    }
    if automatic := body.get("cache_control"):
        cacheable = (n for n in reversed(range(len(blocks))) if _may_be_cached(blocks[n]))
        if (last := next(cacheable, None)) is not None:
            lifetimes.setdefault(last, _SECONDS[automatic.get("ttl") or "5m"])
    if lifetimes:  # a request that uses the cache at all also caches the last server tool result
        results = (n for n in reversed(range(len(blocks))) if _is_server_result(blocks[n]))
        if (last := next(results, None)) is not None:
            lifetimes.setdefault(last, _SECONDS["5m"])
    card = catalog.find(body["model"])
    minimum = card.cache_minimum if card else _DEFAULT_MINIMUM
    marks = [_Breakpoint(n, sizes[n], lifetimes[n]) for n in sorted(lifetimes)]
    return [mark for mark in marks if mark.tokens >= minimum]


def _may_be_cached(counted: CountedBlock) -> bool:
    """Return whether the automatic breakpoint may stand on this block."""
    block = counted.block
    return block.get("type") not in _NEVER_CACHED and block.get("text") != ""


def _is_server_result(counted: CountedBlock) -> bool:
    """Return whether a block is the result of a tool that the API itself has run."""
    kind = str(counted.block.get("type"))
    return counted.role == "assistant" and kind.endswith("_tool_result")


def _prefix_hashes(
    body: JSONObject,
    workspace: str,
    blocks: Sequence[CountedBlock],
    marks: Sequence[_Breakpoint],
) -> dict[int, bytes]:
    """Return the hashes of the prefixes that a lookup needs, by the position of their end."""
    wanted = {position for mark in marks for position in _lookback(mark)}
    conditions = _conditions(body, workspace, blocks)
    hasher = blake2b(digest_size=16)
    hashes: dict[int, bytes] = {}
    section = ""
    for position, counted in enumerate(blocks[: marks[-1].position + 1]):
        while section != counted.section:
            section = _NEXT_SECTION[section]
            hasher.update(canonical(conditions[section]))
        block = {key: counted.block[key] for key in counted.block if key != "cache_control"}
        hasher.update(canonical([counted.role, block]))
        if position in wanted:
            hashes[position] = hasher.copy().digest()
    return hashes


_NEXT_SECTION = {"": "tools", "tools": "system", "system": "messages"}


def _conditions(
    body: JSONObject, workspace: str, blocks: Sequence[CountedBlock]
) -> dict[str, list[Any]]:
    """Return what else must be equal for each section to be found (docs, cache invalidation)."""
    sent = [counted.block for counted in blocks if counted.section == "messages"]
    inner = [block for outer in sent for block in _with_inner(outer)]
    has_citations = any(may_be_cited(block) for block in inner)
    has_images = any(block.get("type") == "image" for block in inner)
    return {
        "tools": [workspace, body["model"], body.get("speed") or "standard"],
        "system": [has_citations],
        "messages": [has_images, _tool_choice(body), *_thinking_and_effort(body)],
    }


def _with_inner(block: JSONObject) -> list[JSONObject]:
    """Return a block and, for a tool result, the blocks in it."""
    content = block.get("content") if block.get("type") == "tool_result" else None
    return [block, *content] if isinstance(content, list) else [block]


def _tool_choice(body: JSONObject) -> Any:
    """Return how tools are chosen; leaving it out is the same as "auto"."""
    choice = {"type": "auto", **object_at(body, "tool_choice")}
    return choice if choice.pop("disable_parallel_tool_use", False) is False else [choice]


def _thinking_and_effort(body: JSONObject) -> list[Any]:
    """Return the settings of thinking and effort; stating the model's default changes nothing."""
    card = catalog.find(body["model"])
    thinking = object_at(body, "thinking")
    default = "disabled" if card is None or card.thinking_default == "off" else "adaptive"
    kind = thinking.get("type") or default
    effort = object_at(body, "output_config").get("effort") or (card and card.default_effort)
    return [kind, thinking.get("budget_tokens"), effort]
