"""Optional parts of a request body, read without asking each time whether they are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._wire.json import JSONObject, is_object

__all__ = ["content_blocks", "may_be_cited", "object_at"]


def object_at(owner: JSONObject, name: str) -> JSONObject:
    """Return the object under `name`; an empty one if it is absent or null."""
    return owner.get(name) or {}


def content_blocks(content: Any) -> Sequence[JSONObject]:
    """Return the blocks of a `content` field; a plain string counts as one text block."""
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    return content or ()


def may_be_cited(block: JSONObject) -> bool:
    """Return whether a document or search result allows citations.

    Text blocks have a field of the same name, with the list of what they cite.
    """
    citations = block.get("citations")
    return is_object(citations) and citations.get("enabled") is True
