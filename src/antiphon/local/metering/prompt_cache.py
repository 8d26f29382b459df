"""Prompt caching, simulated: which part of a prompt is read, which is written, which is new.

The API caches *prefixes*: everything from the start of the prompt (tools, then system, then
messages) to a block that carries a breakpoint. So does this module, without storing any text: what
it stores are the hashes of `PromptPrefixes`, which take nearly all of the time.

`lookup` finds the longest live prefix, up to 20 blocks back from each breakpoint. `commit` stores
the new prefixes. They are two steps because the API makes an entry usable only when the reply of
the request that wrote it has begun.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ...catalog.prompt_prefixes import SECONDS, Breakpoint, PromptPrefixes, lookback

__all__ = ["CacheLookup", "CacheUsage", "PromptCache"]

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


class CacheLookup(NamedTuple):
    """The result of looking a prompt up, and the entries that `commit` will write."""

    usage: CacheUsage
    """How the tokens split."""
    started: float
    """When the request came, in seconds since 1970; lifetimes count from here."""
    writes: Mapping[bytes, float]
    """Lifetimes in seconds of the prefixes to write, by their hashes."""
    hits: Sequence[bytes]
    """Hashes of the prefixes that were found; their lifetimes start again."""


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
        if not marks:  # as in most requests
            return CacheLookup(CacheUsage(0, 0, 0, prefixes.total), now, {}, ())
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

    def _hit(self, mark: Breakpoint, hashes: Mapping[int, bytes], now: float) -> int:
        """Return the last position in the lookback of `mark` where a live prefix ends, or -1."""
        for position in lookback(mark):
            if self._entries.get(hashes[position], _NO_ENTRY).expires > now:
                return position
        return -1


def _split(read: int, new: Sequence[Breakpoint], total: int) -> CacheUsage:
    """Divide the prompt: read, then written for an hour, then for five minutes, then uncached.

    The rules require breakpoints of an hour to stand before those of five minutes.
    """
    hour = max((mark.tokens for mark in new if mark.lifetime > SECONDS["5m"]), default=read)
    last = max((mark.tokens for mark in new), default=read)
    return CacheUsage(read, last - hour, hour - read, total - last)
