"""A short text that matches a simple regular expression.

The pattern is read once from left to right, and each part is replaced by the simplest text that it
matches: the first alternative, the least number of repetitions, one member of a class. Whatever
makes a match depend on the text around it (look-around, back references, anchors inside) is not
understood and gives None.

The text is never searched with the pattern to be sure. Patterns come from requests, and a search
can take years: Python's engine tries every way to split the text among nested repetitions.
"""

from __future__ import annotations

import re
import warnings

__all__ = ["sample_text"]

_ESCAPES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_REPEAT = re.compile(r"\{(?:(\d+)(?:,\d*)?|,\d*)\}|[*+?]")
_GROUP_PREFIX = re.compile(r"\?(?::|P<\w+>)")
# Members of a class that look best in a value, tried first.
_PREFERRED = "a0A-_ "
# `(a{9999}){9999}` would need a hundred megabytes.
_MAX_LENGTH = 10_000
# Longer ones are lists of words rather than descriptions of a text.
_MAX_PATTERN = 1_000


def sample_text(pattern: str) -> str | None:
    """Return a text in which `pattern` is found; None if the pattern is not simple enough.

    Literals, classes, groups, alternatives and repetitions are understood, and anchors at the very
    beginning and end.
    """
    if len(pattern) > _MAX_PATTERN:
        return None
    try:
        with warnings.catch_warnings():
            # Python warns of what it may read differently one day. That is for the pattern's
            # author to see, not for the users of this server.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
            return _PatternWalker(pattern).alternatives()
    except (
        re.error,
        ValueError,
        IndexError,
        StopIteration,
        OverflowError,
        MemoryError,
        RecursionError,
    ):
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
            case "^" if self._at == 1:
                return ""
            case "$" if self._at == len(self._pattern):
                return ""
            case "^" | "$":
                raise ValueError("an anchor inside")
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
        if prefix := _GROUP_PREFIX.match(self._pattern, self._at):
            self._at = prefix.end()
        elif self._peek() == "?":
            raise ValueError("a group that does more than group")
        text = self.alternatives()
        self._at += 1
        return text

    def _escape(self) -> str:
        letter = self._next()
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if letter.isalnum():
            raise ValueError("an anchor, a back reference or a code")
        return letter

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
        return next(letter for letter in candidates if members.fullmatch(letter))

    def _repetitions(self, size: int) -> int:
        """Return how often the atom before must stand; `size` is its length."""
        found = _REPEAT.match(self._pattern, self._at)
        if not found:
            return 1
        self._at = found.end()
        if self._peek() == "?":  # lazy: the same for the least number
            self._at += 1
        elif self._peek() == "+":
            raise ValueError("a possessive repetition")
        times = int(found[1]) if found[1] else int(found[0] == "+")
        if times * size > _MAX_LENGTH:
            raise OverflowError
        return times
