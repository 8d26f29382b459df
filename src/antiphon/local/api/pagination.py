"""Lists by the page, as the Messages API has them: batches and models in one way, files in two."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence

from ..._wire.json import JSONObject
from .errors import invalid
from .numbers import whole_number

__all__ = ["numbered_page", "page"]

# Bounds of the API's documentation.
_DEFAULT_LIMIT = 20
_MAX_LIMIT = 1000


def page(items: Sequence[JSONObject], query: Mapping[str, str]) -> JSONObject:
    """Return the page of `items` that a query names with `limit`, `after_id` and `before_id`."""
    limit = _limit(query)
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


def numbered_page(items: Sequence[tuple[int, JSONObject]], query: Mapping[str, str]) -> JSONObject:
    """Return the page of `items` that a query names with `limit` and `page`.

    The name of a page holds the number of the last item before it. So a list goes on in the right
    place although items of the page before were deleted meanwhile.

    Args:
        items: each with its number, the largest first.
        query: the parameters of the request.
    """
    limit = _limit(query)
    before = _number_of(query["page"]) if "page" in query else None
    rest = [item for item in items if before is None or item[0] < before]
    listed = rest[:limit]
    return {
        "data": [item for _, item in listed],
        "next_page": _page_after(listed[-1][0]) if len(rest) > limit else None,
    }


def _page_after(number: int) -> str:
    return f"page_{urlsafe_b64encode(str(number).encode()).decode()}"


def _number_of(page: str) -> int:
    try:
        return int(urlsafe_b64decode(page.removeprefix("page_")))
    except ValueError as error:
        raise invalid(f"page: {page!r} is not the `next_page` of a list") from error


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit")
    return _DEFAULT_LIMIT if text is None else whole_number("limit", text, 1, _MAX_LIMIT)


def _position(ids: Sequence[str], name: str, value: str) -> int:
    try:
        return ids.index(value)
    except ValueError as error:
        raise invalid(f"{name}: no item of this list has the id {value!r}") from error
