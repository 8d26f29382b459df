"""The arguments of faults: what is no number or text is refused with the name of the argument."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeGuard, cast

__all__ = ["number", "numbers", "seconds", "text", "whole"]

# About 30 years: a date so much later can still be written, and a clock can still be moved.
_LONGEST = 1e9


def seconds(value: Any) -> float:
    """Return an argument `seconds`."""
    return number("seconds", value, _LONGEST)


def number(name: str, value: Any, most: float) -> float:
    """Return an argument that is a number from 0."""
    advice = f"{name}: {value!r}; give a number from 0 to {most:.0f}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(advice)
    if not 0 <= value <= most:
        raise ValueError(advice)
    return value


def whole(name: str, value: Any, least: int = 0) -> int:
    """Return an argument that is a whole number."""
    advice = f"{name}: {value!r}; give a whole number from {least}"
    if not _is_whole(value):
        raise TypeError(advice)
    if value < least:
        raise ValueError(advice)
    return value


def text(name: str, value: Any) -> str:
    """Return an argument that is a text."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}; give a text")
    return value


def numbers(name: str, value: Any) -> Collection[int]:
    """Return an argument that is a number from 1, or several."""
    advice = f"{name}: {value!r}; give numbers from 1"
    if isinstance(value, range):  # it may be long, and needs no list of its numbers
        if not value or min(value[0], value[-1]) < 1:
            raise ValueError(advice)
        return value
    if _is_whole(value):
        value = (value,)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(advice)
    listed = tuple(cast("Iterable[object]", value))
    whole_ones = tuple(filter(_is_whole, listed))
    if len(whole_ones) != len(listed):
        raise TypeError(advice)
    if not listed or min(whole_ones) < 1:
        raise ValueError(advice)
    return whole_ones


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
