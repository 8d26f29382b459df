"""JSON read while it is received: each character once, a value whenever one is asked for.

Strategy. The text comes in fragments that may be cut anywhere. Two regular expressions find the
next token or the next piece of a string, so each character is looked at about once; a token that is
not complete waits for the next fragment. The open containers are a stack. They are filled in place,
and `value` copies only them: what is closed never changes again and is shared between values.
Parsers that accept incomplete text read it anew for every fragment, which is quadratic.
"""

from __future__ import annotations

import re
from typing import Any, Final, Protocol, cast

from pydantic_core import from_json

from .json import is_object
from .literals import may_forget_literals, read_exactly

__all__ = ["PartialJSON", "read_object"]

_NOTHING: Final = object()


class _MatchesAnything(Protocol):
    """A pattern that always matches, if only the empty text; `re` has no type for it."""

    def match(self, text: str, at: int, /) -> re.Match[str]: ...


_GAP = cast("_MatchesAnything", re.compile(r"[ \t\n\r,:]*"))
# A number or a word needs the character after it: without it, more of it may follow.
_TOKEN = re.compile(r"[\[{\]}\"]|[^ \t\n\r,:\[\]{}\"]+(?=[ \t\n\r,\]}])")
# Characters and whole escapes; of a surrogate pair both halves or neither.
_STRING = cast(
    "_MatchesAnything",
    re.compile(
        r'(?:[^"\\]+|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
        r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"
    ),
)
# Numbers, `true` and the like. Text that goes on for longer without an end is no JSON, and keeping
# it would make every fragment after it cost more than the one before.
_LONGEST_TOKEN = 4096

# As deep as `from_json` reads. Deeper values could be neither compared nor written.
_DEEPEST = 200


class PartialJSON:
    """A JSON value of which perhaps only the beginning was received.

    A string that is cut off is given as far as it goes. A number, literal or key that is cut off is
    left out, because it could still become another one. Text that is not JSON is read up to the
    fault. Values share their closed parts, so they must not be changed.
    """

    __slots__ = ("_keys", "_open", "_rest", "_root", "_string", "faulty")

    faulty: bool
    """Whether the text is not the beginning of JSON: nothing behind the fault is read."""

    def __init__(self) -> None:
        self._rest = ""  # the beginning of a token
        self._root: Any = _NOTHING
        self._open: list[Any] = []  # the containers that are not closed, outermost first
        self._keys: list[str | None] = []  # for each of them, the key that waits for its value
        self._string: list[str] | None = None  # the pieces of the string that is not closed
        self.faulty = False

    def feed(self, text: str) -> None:
        """Read the next fragment; it may begin and end anywhere."""
        text = self._rest + text
        at, before = 0, -1
        while not self.faulty and at != before:
            before = at
            try:
                at = self._read(text, at) if self._string is None else self._read_on(text, at)
            except ValueError:
                self.faulty = True
        self._rest = text[at:]
        if len(self._rest) > _LONGEST_TOKEN:
            self.faulty = True
        if self.faulty:
            self._rest = ""

    def value(self) -> Any:
        """Return what was received so far; an empty object if there is nothing."""
        value = self._cut_string()
        for container, key in zip(reversed(self._open), reversed(self._keys), strict=True):
            # The value that is given away must not grow when the next fragment is read.
            around = container.copy()
            if value is not _NOTHING:
                _put(around, key, value)
            value = around
        if not self._open and self._root is not _NOTHING:
            return self._root
        return {} if value is _NOTHING else value

    def _read(self, text: str, at: int) -> int:
        """Read the token that begins at `at` or after a gap; return where the next may begin."""
        at = _GAP.match(text, at).end()
        token = _TOKEN.match(text, at)
        if token is None:
            return at
        match token[0]:
            case '"':
                self._string = []
            case "{" | "[":
                self._enter({} if token[0] == "{" else [])
            case "}" | "]":
                self._leave(dict if token[0] == "}" else list)
            case scalar:
                # Numbers and words are left to the reader for whole texts, so both agree about
                # them.
                self._add(from_json(scalar))
        return token.end()

    def _read_on(self, text: str, at: int) -> int:
        """Read the string that is open as far as it goes; return where the next token may begin."""
        assert self._string is not None
        end = _STRING.match(text, at).end()
        piece = text[at:end]
        # Without a backslash a piece means itself; parsing it would cost time for nothing.
        self._string.append(from_json(f'"{piece}"') if "\\" in piece else piece)
        if text.startswith('"', end):
            string, self._string = "".join(self._string), None
            self._add(string)
            end += 1
        return end

    def _cut_string(self) -> Any:
        # A key that is cut off could still become another one.
        if self._string is None or self._wants_key():
            return _NOTHING
        # The pieces become one, so that the next look does not join them again.
        self._string = ["".join(self._string)]
        return self._string[0]

    def _wants_key(self) -> bool:
        return bool(self._open) and self._keys[-1] is None and isinstance(self._open[-1], dict)

    def _enter(self, container: Any) -> None:
        if self._wants_key():
            raise ValueError("a key is a string")
        if len(self._open) >= _DEEPEST:
            raise ValueError("it is nested too deeply")
        self._open.append(container)
        self._keys.append(None)

    def _leave(self, kind: type) -> None:
        if not self._open or not isinstance(self._open[-1], kind):
            raise ValueError("nothing of this kind is open")
        self._keys.pop()
        self._add(self._open.pop())

    def _add(self, value: Any) -> None:
        """Put a complete value where it belongs."""
        if self._wants_key():
            if not isinstance(value, str):
                raise ValueError("a key is a string")
            self._keys[-1] = value
        elif self._open:
            _put(self._open[-1], self._keys[-1], value)
            self._keys[-1] = None
        elif self._root is _NOTHING:
            self._root = value
        else:
            raise ValueError("there is a value already")


def _put(container: Any, key: str | None, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


def read_object(text: str) -> tuple[dict[str, Any], str | None]:
    """Return the JSON object that `text` is, and None.

    If `text` is not one, return what can be read of it, and what is wrong with it. Numbers and
    texts in the object remember their literals.
    """
    flaw = None
    try:
        value = from_json(text)
        if may_forget_literals(value):
            value = read_exactly(text)
    except ValueError as fault:
        try:
            value = read_exactly(text)  # it reads unpaired surrogates, too
        except ValueError:
            flaw = f"its text is not whole JSON: {fault}"
            reader = PartialJSON()
            reader.feed(text)
            value = reader.value()
    if is_object(value):
        return value, flaw
    return {}, flaw or "its text is JSON, but not an object"
