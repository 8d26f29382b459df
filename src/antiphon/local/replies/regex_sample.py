"""A short text that matches a regular expression, made by `rstr` with the least of chances.

`rstr` walks through the pattern and asks a random generator for each repetition and each member of
a class. The generator here always takes the least repetition and the plainest member, so the text
is short and the same every time, and it bounds how much the walk may do: patterns come from
requests, and `(a{9999}){9999}` would need a hundred megabytes.

A text is searched with a pattern only where that is quick, because a search can take years:
Python's engine tries every way to split the text among nested repetitions. Elsewhere a pattern is
trusted if nothing in it depends on the text around it (anchors inside, look-around).
"""

from __future__ import annotations

import re
import warnings
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import SupportsLenAndGetItem

__all__ = ["sample_text", "search"]

# Members of a class that look best in a value, tried first.
_PREFERRED = "aA0-_ "
_MAX_REPEATS = 10_000
# Longer ones are lists of words rather than descriptions of a text.
_MAX_PATTERN = 1_000
# `rstr` lists every member of a range, and ranges beyond ASCII may have a million.
_MAX_WIDE_RANGES = 8
_WIDE = re.compile(r"[^\x00-\x7f]|\\[xuUN]")
# Where no group is repeated, and little else is, a search takes polynomial time.
_REPEATED_GROUP = re.compile(r"\)[*+?{]")
_MAX_QUICK_REPEATS = 5
_MAX_QUICK_TEXT = 40
_ON_CONTEXT = re.compile(r"\\[bBAZ1-9]|\(\?[=!<]|(?<!^)(?<![\[\\])\^|(?<!\\)\$(?!$)")


def sample_text(pattern: str, nth: int = 0) -> str | None:
    """Return a text in which `pattern` is found; None if there is none that can be made.

    Args:
        pattern: a regular expression.
        nth: gives other members of classes, so that several texts differ.
    """
    if len(pattern) > _MAX_PATTERN or (
        pattern.count("-") > _MAX_WIDE_RANGES and _WIDE.search(pattern)
    ):
        return None
    from rstr import Rstr  # not at the top: most servers never see a pattern

    try:
        with warnings.catch_warnings():
            # Python warns of what it may read differently one day. That is for the pattern's
            # author to see, not for the users of this server.
            warnings.simplefilter("ignore", FutureWarning)
            text = Rstr(_LeastChance(nth)).xeger(pattern)
    except (re.error, ArithmeticError, LookupError, MemoryError, RecursionError, ValueError):
        return None
    is_found = search(pattern, text)
    if is_found is None:  # it would take long to be sure
        is_found = not _ON_CONTEXT.search(pattern)
    return text if is_found else None


def search(pattern: str, text: str) -> bool | None:
    """Return whether `pattern` is found in `text`; None where the search may take long."""
    if not _is_quick(pattern, text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.search(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _is_quick(pattern: str, text: str) -> bool:
    """Return whether a search has to end soon."""
    repeats = sum(map(pattern.count, "*+{"))
    is_short = len(text) <= _MAX_QUICK_TEXT and repeats <= _MAX_QUICK_REPEATS
    return is_short and not _REPEATED_GROUP.search(pattern)


class _LeastChance(Random):
    """A generator that is asked for numbers and choices, and leaves nothing to chance."""

    def __init__(self, nth: int) -> None:
        super().__init__()
        self._nth = nth
        self._left = _MAX_REPEATS

    def randint(self, a: int, b: int) -> int:  # noqa: ARG002
        """Return the least number: of repetitions, these are the fewest."""
        self._left -= max(1, a)
        if self._left < 0:
            raise OverflowError(f"more than {_MAX_REPEATS} repetitions")
        return a

    def choice(self, seq: SupportsLenAndGetItem[Any]) -> Any:
        """Return the plainest character, or the first alternative."""
        options = [seq[index] for index in range(len(seq))]
        if not all(isinstance(each, str) and len(each) == 1 for each in options):
            return options[0]
        preferred = [each for each in _PREFERRED if each in options]
        visible = sorted(each for each in options if each.isprintable() and each not in preferred)
        ordered = [*preferred, *visible] or sorted(options)
        return ordered[self._nth % len(ordered)]
