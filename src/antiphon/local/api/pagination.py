"""Lists by the page, as the Messages API pages batches and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import invalid

__all__ = ["page"]

_DEFAULT = 20
_MOST = 1000


def page(items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """The page of `items` that a query asks for with `limit`, `after_id` and `before_id`."""
    limit = _limit(query.get("limit", str(_DEFAULT)))
    ids = [item["id"] for item in items]
    if "before_id" in query:
        end = _position(ids, "before_id", query["before_id"])
        start = max(0, end - limit)
        more = start > 0
    else:
        start = _position(ids, "after_id", query["after_id"]) + 1 if "after_id" in query else 0
        end = min(start + limit, len(items))
        more = end < len(items)
    shown = items[start:end]
    return {
        "data": list(shown),
        "has_more": more,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
    }


def _limit(text: str) -> int:
    try:
        limit = int(text)
    except ValueError as error:
        raise invalid(
            "limit: Input should be a valid integer, unable to parse string as an integer"
        ) from error
    if limit < 1:
        raise invalid("limit: Input should be greater than or equal to 1")
    if limit > _MOST:
        raise invalid(f"limit: Input should be less than or equal to {_MOST}")
    return limit


def _position(ids: Sequence[str], name: str, wanted: str) -> int:
    try:
        return ids.index(wanted)
    except ValueError as error:
        raise invalid(f"{name}: no item of this list has the id {wanted!r}") from error
