"""A short text that matches a simple regular expression.

The pattern is read once from left to right, and each part is replaced by the simplest text that it
matches: the first alternative, the least number of repetitions, one member of a class. Look-around
and back references are not understood; the result is searched with the pattern at the end, so what
was misunderstood gives None and never a wrong text.
"""

from __future__ import annotations

import re
import warnings

__all__ = ["sample_text"]

_ESCAPES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_ZERO_WIDTH = {"b", "B", "A", "Z"}
_REPEAT = re.compile(r"\{(\d+)(?:,\d*)?\}|[*+?]")
_GROUP_PREFIX = re.compile(r"\?(?::|P?<\w+>|=|!|<=|<!)")
# Members of a class that look best in a value, tried first.
_PREFERRED = "a0A-_ "
# `(a{9999}){9999}` would need a hundred megabytes.
_MAX_LENGTH = 10_000


def sample_text(pattern: str) -> str | None:
    """Return a text in which `pattern` is found; None if the pattern is not simple enough.

    Literals, classes, groups, alternatives, repetitions and anchors are understood.
    """
    try:
        with warnings.catch_warnings():
            # Python warns of what it may read differently one day. That is for the pattern's
            # author to see, not for the users of this server.
            warnings.simplefilter("ignore", FutureWarning)
            text = _PatternWalker(pattern).alternatives()
            return text if re.search(pattern, text) else None
    except (re.error, IndexError, OverflowError, MemoryError, RecursionError):
        return None


class _PatternWalker:
    """Reads a pattern from left to right and returns what each part matches."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> str:
        """Return the first alternative; read on to the end or the closing parenthesis."""
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        parts: list[str] = []
        while self._peek() not in ("", "|", ")"):
            part = self._atom()
            parts.append(part * self._repetitions(len(part)))
        return "".join(parts)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _atom(self) -> str:
        match self._next():
            case "^" | "$":
                return ""
            case ".":
                return "a"
            case "(":
                return self._group()
            case "[":
                return self._class()
            case "\\":
                return self._escape()
            case literal:
                return literal

    def _group(self) -> str:
        prefix = _GROUP_PREFIX.match(self._pattern, self._at)
        if prefix:
            self._at = prefix.end()
        text = self.alternatives()
        self._at += 1
        return "" if prefix and prefix[0] in ("?=", "?!", "?<=", "?<!") else text

    def _escape(self) -> str:
        letter = self._next()
        return "" if letter in _ZERO_WIDTH else _ESCAPES.get(letter, letter)

    def _class(self) -> str:
        start = self._at - 1
        if self._peek() == "^":
            self._at += 1
        if self._peek() == "]":  # a bracket in the first place is a member
            self._at += 1
        while self._peek() != "]":
            if self._next() == "\\":
                self._at += 1
        self._at += 1
        members = re.compile(self._pattern[start : self._at])
        candidates = (
            _PREFERRED + self._pattern[start : self._at] + "".join(map(chr, range(33, 127)))
        )
        return next((letter for letter in candidates if members.fullmatch(letter)), "")

    def _repetitions(self, size: int) -> int:
        """Return how often the atom before must stand; `size` is its length."""
        found = _REPEAT.match(self._pattern, self._at)
        if not found:
            return 1
        self._at = found.end()
        if self._peek() in ("?", "+"):  # lazy or possessive: the same for the least number
            self._at += 1
        times = int(found[1]) if found[1] else int(found[0] == "+")
        if times * size > _MAX_LENGTH:
            raise OverflowError
        return times
