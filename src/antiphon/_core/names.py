"""Refusing arguments that are missing or not known, in Python's own way."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet


def check_names(
    method: str,
    given: Iterable[str],
    known: AbstractSet[str],
    required: AbstractSet[str] = frozenset(),
) -> None:
    """Refuse the call of `method` if an argument is missing or unknown.

    Raises:
        TypeError: names the argument and, for an unknown one, the nearest known name.
    """
    names = frozenset(given)
    for name in sorted(names - known):  # first: a misspelt name is missing, too
        raise TypeError(f"{method}() got an unknown argument {name!r}{_nearest(name, known)}")
    if missing := " and ".join(repr(name) for name in sorted(required - names)):
        raise TypeError(f"{method}() is missing the argument {missing}")


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
