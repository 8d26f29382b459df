"""Rules about prompt caching."""

from __future__ import annotations

from collections.abc import Iterator

from .request_view import RequestView
from .rule import At, Chapter, at

CHAPTER = Chapter()
_MOST = 4


@CHAPTER.rule(
    "cache.most", "A maximum of 4 blocks with cache_control may be provided. Found {found}.",
    source="Prompt caching", evidence="A 2026-05", remedy="Keep four cache_control marks at most.",
)  # fmt: skip
def cache_marks(asked: RequestView) -> Iterator[At]:
    """More breakpoints than there may be; the automatic one counts."""
    found = len(asked.marks) + bool(asked.body.get("cache_control"))
    if found > _MOST:
        yield at(found=found)


@CHAPTER.rule(
    "cache.order",
    "{path}: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are"
    " processed in the following order: `tools`, `system`, `messages`.",
    source="Prompt caching", evidence="A 2026-07", remedy="Put marks of one hour before those of five minutes.",
)  # fmt: skip
def cache_order(asked: RequestView) -> Iterator[At]:
    """A long-lived breakpoint after a short-lived one."""
    is_short = False
    for path, mark in asked.marks:
        is_long = mark.get("ttl") == "1h"
        if is_long and is_short:
            yield at(f"{path}.cache_control.ttl")
        is_short = is_short or not is_long


@CHAPTER.rule(
    "cache.automatic", "cache_control: the last block already has a cache_control with another ttl",
    source="Prompt caching", evidence="C 2026-08", remedy="Give both the same ttl, or remove one.",
)  # fmt: skip
def automatic_mark(asked: RequestView) -> Iterator[At]:
    """An automatic breakpoint where an explicit one of another lifetime stands."""
    automatic = asked.body.get("cache_control")
    if automatic and asked.turns and asked.turns[-1].blocks:
        explicit = asked.turns[-1].blocks[-1].content.get("cache_control")
        if explicit and explicit.get("ttl", "5m") != automatic.get("ttl", "5m"):
            yield at("cache_control")
