"""The shortest plain text a simple regular expression matches."""

from __future__ import annotations

import re
import warnings

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t"}
_EMPTY = {"b", "B", "A", "Z"}
_REPEAT = re.compile(r"\{(\d+)(?:,\d*)?\}|[*+?]")
_PLAIN = "a0A-_ "


def sample_text(pattern: str) -> str | None:
    """A text in which `pattern` is found, or None if the pattern is not simple enough.

    Known are literals, classes, groups, alternatives (the first is taken), repetitions and anchors.
    """
    try:
        with warnings.catch_warnings():
            # What Python may read otherwise one day is the business of whoever wrote the pattern.
            warnings.simplefilter("ignore", FutureWarning)
            text = _Walker(pattern).alternatives()
            return text if re.search(pattern, text) else None
    except (re.error, IndexError, OverflowError, MemoryError, RecursionError):
        return None


_LONGEST = 10_000


class _Walker:
    """Reads a pattern once, from left to right, and says what each part matches."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> str:
        """The first alternative, up to the end or the closing parenthesis."""
        first = self._sequence()
        while self._peek() == "|":
            self._at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        parts: list[str] = []
        while self._peek() not in ("", "|", ")"):
            part = self._atom()
            parts.append(part * self._times(len(part)))
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
        prefix = re.compile(r"\?(?::|P?<\w+>|=|!|<=|<!)").match(self._pattern, self._at)
        if prefix:
            self._at = prefix.end()
        text = self.alternatives()
        self._at += 1
        return "" if prefix and prefix[0] in ("?=", "?!", "?<=", "?<!") else text

    def _escape(self) -> str:
        letter = self._next()
        return "" if letter in _EMPTY else _CLASSES.get(letter, letter)

    def _class(self) -> str:
        start = self._at - 1
        if self._peek() == "^":
            self._at += 1
        if self._peek() == "]":
            self._at += 1
        while self._peek() != "]":
            if self._next() == "\\":
                self._at += 1
        self._at += 1
        members = re.compile(self._pattern[start : self._at])
        candidates = _PLAIN + self._pattern[start : self._at] + "".join(map(chr, range(33, 127)))
        return next((letter for letter in candidates if members.fullmatch(letter)), "")

    def _times(self, size: int) -> int:
        found = _REPEAT.match(self._pattern, self._at)
        if not found:
            return 1
        self._at = found.end()
        if self._peek() in ("?", "+"):
            self._at += 1
        times = int(found[1]) if found[1] else int(found[0] == "+")
        if times * size > _LONGEST:
            raise OverflowError
        return times
