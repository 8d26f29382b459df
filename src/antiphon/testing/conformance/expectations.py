"""What is expected of a server, and the error that says what was seen instead.

A field of a response may hold anything, so it is looked at with these functions and never indexed
unseen: a check must tell what is wrong in words of the API, not with a `KeyError`.
"""

from __future__ import annotations

from typing import Any, TypeGuard

from ..._wire.json import is_list, is_object

__all__ = [
    "NonconformityError",
    "expect",
    "expect_object",
    "expect_text",
    "is_count",
    "is_list_of_objects",
    "is_text",
    "shortened",
]

_SHOWN = 300
"""Characters of what was seen that are shown: enough to recognize it."""


class NonconformityError(AssertionError):
    """What a server does that the API does not do."""


def expect(holds: object, wanted: str, seen: object) -> None:
    """Raise a `NonconformityError` unless something holds.

    Args:
        holds: what has to be true.
        wanted: what is expected, in words.
        seen: what is there instead: words as they are, or a JSON value.
    """
    if not holds:
        raise NonconformityError(f"expected {wanted}; saw {shortened(str(seen))}")


def expect_object(found: object, what: str) -> dict[str, Any]:
    """Return a JSON value that has to be an object."""
    expect(is_object(found), f"{what}: an object", repr(found))
    return found if is_object(found) else {}


def expect_text(found: object, what: str) -> str:
    """Return a JSON value that has to be a text with at least one character."""
    expect(is_text(found) and found, f"{what}: a text that is not empty", repr(found))
    return str(found)


def is_text(found: object) -> TypeGuard[str]:
    """Tell whether a JSON value is a text."""
    return isinstance(found, str)


def is_count(found: object) -> TypeGuard[int]:
    """Tell whether a JSON value is a whole number of at least 0; to Python, `true` is one, too."""
    return isinstance(found, int) and not isinstance(found, bool) and found >= 0


def is_list_of_objects(found: object) -> TypeGuard[list[dict[str, Any]]]:
    """Tell whether a JSON value is a list of objects alone."""
    return is_list(found) and all(is_object(each) for each in found)


def shortened(text: str) -> str:
    """Return the beginning of a long text."""
    return f"{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}"
