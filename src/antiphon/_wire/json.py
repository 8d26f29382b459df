"""JSON values: what they are called in annotations, and how to tell objects and arrays apart."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

__all__ = ["JSONObject", "is_list", "is_object"]

JSONObject: TypeAlias = dict[str, Any]
"""A JSON object as Python values."""


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether `value` is a JSON array; any field of a received object may hold anything."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[JSONObject]:
    """Return whether `value` is a JSON object; any field of a received object may hold anything."""
    return isinstance(value, dict)
