"""Reading JSON where orjson is not installed, with orjson's words for what is wrong.

The reader of the standard library reads; it is laxer in a few things and words its errors in
another way. So a text that it refuses, or that may hold what only it accepts, is gone through
token by token, until the first fault. The words are those of orjson 3.13.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from json import JSONDecodeError
from math import isinf
from typing import Any, cast

__all__ = ["read"]

_DEEPEST = 1024
"""Levels of nesting that orjson reads."""

_ENDED = "unexpected end of data"
_BLANKS = " \t\n\r"
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_DIGITS = re.compile(r"[0-9]+")
# It matches anything, if only the empty text, so there is always a match; `re` cannot say so.
_plain = cast("Callable[[str, int], re.Match[str]]", re.compile(r'[^"\\\x00-\x1f]*').match)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u([0-9a-fA-F]{4}))')
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")
_CUT_PAIR = re.compile(r"(?:\\(?:u(?:[dD](?:[c-fC-F][0-9a-fA-F]?)?)?)?)?\Z")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair of surrogates, or alone


def read(content: bytes | bytearray | str) -> Any:
    """Return the JSON value of `content`.

    Raises:
        JSONDecodeError: `content` is not JSON; the message says what is wrong, and where.
    """
    try:
        text = content if isinstance(content, str) else content.decode()
    except UnicodeDecodeError:
        raise JSONDecodeError("str is not valid UTF-8: surrogates not allowed", "", 0) from None
    try:
        # In C, and enough for nearly every text; the hooks refuse what it would accept and orjson
        # does not.
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        pass
    else:
        if not _HALF.search(text):
            return value
    _Scanner(text).scan()
    try:
        return json.loads(text)
    except RecursionError:
        raise JSONDecodeError("depth limit exceeded", text, 0) from None


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(literal: str) -> float:
    number = float(literal)
    if isinf(number):
        raise ValueError(literal)
    return number


class _Scanner:
    """Goes through a text, token by token, until its first fault."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def scan(self) -> None:
        """Read the text.

        Raises:
            JSONDecodeError: it is not JSON.
        """
        if not self._text:
            raise self._fault("Input is a zero-length, empty document", 0)
        if self._text.startswith("\ufeff"):
            raise self._fault("UTF-8 byte order mark (BOM) is not supported", 0)
        if not self._text.strip(_BLANKS):
            raise self._fault("input data is empty", 0)
        self._value()
        if self._next():
            raise self._fault("unexpected content after document")

    def _fault(self, what: str, at: int | None = None) -> JSONDecodeError:
        return JSONDecodeError(what, self._text, self._at if at is None else at)

    def _next(self) -> str:
        """Return the next character that is not blank, "" at the end, and stay before it."""
        at, text = self._at, self._text
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        self._at = at
        return text[at : at + 1]

    def _expected(self) -> str:
        """Return the next character that is not blank; there must be one."""
        found = self._next()
        if not found:
            raise self._fault(_ENDED)
        return found

    def _value(self) -> None:
        """Read a value and all that it holds."""
        # A list instead of recursion: 1024 levels would exceed the limit of Python.
        closing: list[str] = []  # what closes each of the containers that are open
        while True:
            if self._begin(closing):
                continue
            while closing:
                if self._go_on(closing[-1]):
                    break
                closing.pop()
            else:
                return

    def _begin(self, closing: list[str]) -> bool:
        """Read a scalar or the start of a container; return whether a value must follow."""
        match self._expected():
            case "{" | "[" as opening:
                self._at += 1
                if len(closing) >= _DEEPEST:
                    raise self._fault("depth limit exceeded")
                closing.append("}" if opening == "{" else "]")
                if self._expected() != closing[-1]:
                    self._key(closing[-1])
                    return True
                self._at += 1
                closing.pop()
            case '"':
                self._string()
            case "t" | "f" | "n" as initial:
                self._literal(_LITERALS[initial])
            case other if other in "+-.0123456789":
                self._number()
            case _:
                raise self._fault("unexpected character, expected a JSON value")
        return False

    def _go_on(self, closing: str) -> bool:
        """Read what follows a value in a container; return whether another value must follow."""
        found, comma = self._expected(), self._at
        self._at += 1
        if found == closing:
            return False
        if found != ",":
            raise self._fault(f"unexpected character, expected ',' or {closing!r}", comma)
        if self._expected() == closing:
            raise self._fault("trailing comma is not allowed", comma)
        self._key(closing)
        return True

    def _key(self, closing: str) -> None:
        """Read a key and its colon, if the container that `closing` closes has keys."""
        if closing == "]":
            return
        if self._text[self._at] != '"':
            raise self._fault("unexpected character, expected a string key")
        self._string()
        if self._expected() != ":":
            raise self._fault("unexpected character, expected ':' after key")
        self._at += 1

    def _literal(self, literal: str) -> None:
        found = self._text[self._at : self._at + len(literal)]
        if found == literal:
            self._at += len(literal)
        elif literal.startswith(found):
            raise self._fault(_ENDED, len(self._text))
        else:
            raise self._fault(f"invalid literal, expected {literal!r}")

    def _number(self) -> None:
        start = self._at
        self._at += self._text[start] in "+-"
        if self._text[start] == "+" or self._text[start] == ".":
            raise self._fault("no digit after sign", start)
        whole = self._digits("no digit after sign")
        if len(whole) > 1 and whole[0] == "0":
            raise self._fault("number with leading zero is not allowed", self._at - len(whole))
        if self._text.startswith(".", self._at):
            self._at += 1
            self._digits("no digit after decimal point")
        if self._text.startswith(("e", "E"), self._at):
            self._at += 1
            self._at += self._text.startswith(("+", "-"), self._at)
            self._digits("no digit after exponent sign")
        if isinf(float(self._text[start : self._at])):
            raise self._fault("number is infinity when parsed as double", start)

    def _digits(self, otherwise: str) -> str:
        found = _DIGITS.match(self._text, self._at)
        if found is None:
            raise self._fault(otherwise if self._at < len(self._text) else _ENDED)
        self._at = found.end()
        return found[0]

    def _string(self) -> None:
        self._at += 1
        while (found := self._plain()) != '"':
            if found != "\\":
                raise self._fault("unexpected control character in string" if found else _ENDED)
            self._escape()
        self._at += 1

    def _plain(self) -> str:
        """Go on to what may end or change a string, and return it; "" at the end."""
        self._at = _plain(self._text, self._at).end()
        return self._text[self._at : self._at + 1]

    def _escape(self) -> None:
        start, code = self._at, self._code()
        if code is None or not 0xD800 <= code < 0xE000:
            return
        if _CUT_PAIR.match(self._text, self._at):
            raise self._fault(_ENDED, len(self._text))
        if code >= 0xDC00:
            raise self._fault("invalid high surrogate in string", start)
        if not self._text.startswith("\\u", self._at):
            raise self._fault("no low surrogate in string", start)
        low = _ESCAPE.match(self._text, self._at)
        if low is None:
            raise self._fault("invalid escape in string", start)
        if not 0xDC00 <= int(low[1], 16) < 0xE000:
            raise self._fault("invalid low surrogate in string", start)
        self._at = low.end()

    def _code(self) -> int | None:
        """Read one escape; return the number of its character, or None if it has another form."""
        found = _ESCAPE.match(self._text, self._at)
        if found is None:
            if _CUT_ESCAPE.match(self._text, self._at):
                raise self._fault(_ENDED, len(self._text))
            raise self._fault("invalid escaped sequence in string")
        self._at = found.end()
        return int(found[1], 16) if found[1] else None
