"""Checks of cache breakpoints: their number, their order, and the automatic one."""

from __future__ import annotations

from collections.abc import Iterator

from .registry import Checks, Violation, at
from .request_view import RequestView

__all__ = ["CHECKS"]

# As documented, the automatic breakpoint included.
_MOST = 4
# Where a breakpoint may stand, but for the automatic one, which alone breaks no rule about them.
_MARKED = ("tools", "system", "field.cache_control")

CHECKS = Checks()


@CHECKS.add("cache.most", *_MARKED)
def cache_marks(request: RequestView) -> Iterator[Violation]:
    """Find more cache breakpoints than a request may have; the automatic one counts."""
    found = len(request.cache_marks) + bool(request.body.get("cache_control"))
    if found > _MOST:
        yield at(found=found)


@CHECKS.add("cache.order", *_MARKED)
def cache_order(request: RequestView) -> Iterator[Violation]:
    """Find cache breakpoints of an hour after one of five minutes."""
    is_short = False
    for path, mark in request.cache_marks:  # without a `ttl` a mark is one of five minutes
        is_long = mark.get("ttl") == "1h"
        if is_long and is_short:
            yield at(f"{path}.cache_control.ttl")
        is_short = is_short or not is_long


@CHECKS.add("cache.automatic", "cache_control")
def automatic_mark(request: RequestView) -> Iterator[Violation]:
    """Find an automatic breakpoint on a block that has one of another lifetime."""
    automatic = request.body.get("cache_control")
    if automatic and request.turns and request.turns[-1].blocks:
        explicit = request.turns[-1].blocks[-1].content.get("cache_control")
        if explicit and explicit.get("ttl", "5m") != automatic.get("ttl", "5m"):
            yield at("cache_control")
