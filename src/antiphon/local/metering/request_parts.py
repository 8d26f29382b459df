"""Optional parts of a request body, read without asking each time whether they are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._wire.json import JSONObject

__all__ = ["content_blocks", "object_at"]


def object_at(owner: JSONObject, name: str) -> JSONObject:
    """Return the object under `name`; an empty one if it is absent or null."""
    return owner.get(name) or {}


def content_blocks(content: Any) -> Sequence[JSONObject]:
    """Return the blocks of a `content` field; a plain string counts as one text block."""
    if isinstance(content, str):
        return ({"type": "text", "text": content},)
    return content or ()
