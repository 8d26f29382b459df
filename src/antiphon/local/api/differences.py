"""What differs between two JSON values, line by line, each with the path of the difference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from ..._wire.json import is_list, is_object

__all__ = ["differences", "first_difference"]

_MOST_SHOWN = 80
# Characters of a text shown before the one that differs.
_BEFORE = 20
_NOTHING = object()


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Yield what differs.

    Args:
        expected: the value that was wanted.
        found: the value that is there.
        path: where both stand, such as "messages.0"; "" for the top.
    """
    if is_object(expected) and is_object(found):
        for name in {**expected, **found}:
            inner = f"{path}.{name}" if path else str(name)
            yield from differences(expected.get(name, _NOTHING), found.get(name, _NOTHING), inner)
    elif is_list(expected) and is_list(found):
        for index, pair in enumerate(zip_longest(expected, found, fillvalue=_NOTHING)):
            yield from differences(*pair, f"{path}.{index}" if path else str(index))
    # 1, 1.0 and true are equal in Python only.
    elif expected != found or type(expected) is not type(found):
        yield f"{path}: {_said(expected, found)}"


def first_difference(one: str, other: str) -> int:
    """Return the index of the first character that differs between two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    shorter = min(len(one), len(other))
    return next((index for index, (left, right) in pairs if left != right), shorter)


def _said(expected: Any, found: Any) -> str:
    if found is _NOTHING:
        return f"missing; expected {_shown(expected)}"
    if expected is _NOTHING:
        return f"not expected: {_shown(found)}"
    if isinstance(expected, str) and isinstance(found, str):
        at = first_difference(expected, found)
        if at > _BEFORE:  # the beginnings are equal, and may fill all that is shown
            start = at - _BEFORE
            wanted, got = (f"…{text[start:]}" for text in (expected, found))
            return f"from character {at} on, expected {_shown(wanted)}, found {_shown(got)}"
    return f"expected {_shown(expected)}, found {_shown(found)}"


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
