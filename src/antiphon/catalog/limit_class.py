"""Which models share rate limits."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["limit_class"]

_DATE = re.compile(r"-\d{8}$")
_CLASS = re.compile(r"claude-(fable|mythos|opus|sonnet|haiku)-(\d+)(-5)?(?:-|$)")
# All versions of these families share one limit per major version (docs, rate limits).
_SHARED_FAMILIES = ("fable", "mythos")


@lru_cache(maxsize=256)
def limit_class(model: str) -> str:
    """Return a name for the models that share limits with `model` (docs, rate limits)."""
    name = _DATE.sub("", model)
    found = _CLASS.match(name)
    if not found:
        return name
    family, major, minor = found.groups()
    shared = family in _SHARED_FAMILIES or major == "4"
    return f"{family}-{major}" if shared else f"{family}-{major}{minor or ''}"
