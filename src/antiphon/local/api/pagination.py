"""Lists by the page, as the Messages API pages batches and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._wire.json import JSONObject
from .errors import invalid

__all__ = ["page"]

# Bounds of the API's documentation.
_DEFAULT_LIMIT = 20
_MAX_LIMIT = 1000


def page(items: Sequence[JSONObject], query: Mapping[str, str]) -> JSONObject:
    """Return the page of `items` that a query names with `limit`, `after_id` and `before_id`."""
    limit = _limit(query.get("limit", str(_DEFAULT_LIMIT)))
    ids = [item["id"] for item in items]
    if "before_id" in query:
        end = _position(ids, "before_id", query["before_id"])
        start = max(0, end - limit)
        has_more = start > 0
    else:
        start = _position(ids, "after_id", query["after_id"]) + 1 if "after_id" in query else 0
        end = min(start + limit, len(items))
        has_more = end < len(items)
    listed = items[start:end]
    return {
        "data": list(listed),
        "has_more": has_more,
        "first_id": listed[0]["id"] if listed else None,
        "last_id": listed[-1]["id"] if listed else None,
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
    if limit > _MAX_LIMIT:
        raise invalid(f"limit: Input should be less than or equal to {_MAX_LIMIT}")
    return limit


def _position(ids: Sequence[str], name: str, value: str) -> int:
    try:
        return ids.index(value)
    except ValueError as error:
        raise invalid(f"{name}: no item of this list has the id {value!r}") from error
