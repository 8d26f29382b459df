"""The reference for writing JSON: knows all that may stand in a request, and where a fault is."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any, TypeAlias, cast

from .literals import ExactNumber, ExactText
from .sentinels import is_absent

__all__ = [
    "Base64Text",
    "EncodeText",
    "LongText",
    "NotJSONError",
    "Writer",
    "refused",
    "simplified",
]

Path: TypeAlias = tuple[object, ...]
"""The keys and indices that lead to a part of a value."""

_PIECE = 32 * 1024
"""Characters of a long text that are encoded at once; a piece stays in the processor's cache."""

_DEEPEST = 250
"""Levels of nesting that are written. orjson writes 254, and the API accepts far fewer."""


EncodeText: TypeAlias = Callable[[str], bytes]
"""Returns the JSON of a text."""


class LongText:
    """A long text, to be encoded in pieces: encoders reserve several times the size of a text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def size(self) -> int:
        """The bytes of its JSON, if it has no character that takes more than one."""
        return len(self._text) + 2

    def pieces(self, encode: EncodeText) -> Iterator[bytes | memoryview]:
        """Return its JSON, piece by piece."""
        yield b'"'
        for start in range(0, len(self._text), _PIECE):
            yield memoryview(encode(self._text[start : start + _PIECE]))[1:-1]
        yield b'"'


class Base64Text:
    """The text of bytes in base64, which is JSON as it is."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size(self) -> int:
        """The bytes of its JSON."""
        return (len(self._content) + 2) // 3 * 4 + 2

    def pieces(self, _: EncodeText) -> Iterator[bytes]:
        """Return its JSON, piece by piece."""
        yield b'"'
        yield b64encode(self._content)
        yield b'"'


class NotJSONError(TypeError):
    """A value that cannot be written as JSON; the text says why."""

    path: Path
    """The keys and indices that lead to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.path = ()


def refused(value: object) -> Any:
    """Refuse a value that has no place in JSON.

    Raises:
        NotJSONError: always.
    """
    kind = type(value).__name__
    raise NotJSONError(f"{kind} is not JSON; pass str, numbers, bool, None, lists or dicts")


def simplified(value: Any, default: Callable[[Any], Any]) -> Any:
    """Return what is written for a value whose type is not one of JSON's.

    Raises:
        TypeError: there is no such thing.
    """
    if is_absent(value):
        raise NotJSONError(f"{value!r} stands where a value must be")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):  # of a subclass, as are those below
        return str.__str__(value)
    for base in _BASES:
        if isinstance(value, base):
            return base(value)
    # Told by the name of the module, so that nobody has to import `uuid`. orjson writes it too.
    return str(value) if type(value).__module__ == "uuid" else default(value)


_BASES: tuple[type[Any], ...] = (int, float, dict, list)


class Writer:
    """Writes one value, piece by piece."""

    def __init__(
        self,
        default: Callable[[Any], Any] = refused,
        *,
        sort: bool = False,
        indent: int | None = None,
    ) -> None:
        """Make a writer.

        Args:
            default: returns something simpler for a value of a type that is not known, or raises.
            sort: whether to write the keys of objects in order.
            indent: spaces for each level, on lines of their own; None writes everything in a line.
        """
        self._default = default
        self._sort = sort
        self._indent = indent
        self._colon = b":" if indent is None else b": "
        self._parts: list[bytes | memoryview] = []

    def written(self, value: Any) -> bytes:
        """Return `value` as JSON in UTF-8.

        Raises:
            NotJSONError: a part cannot be written; its `path` leads there.
        """
        self._write(value, 0)
        return b"".join(self._parts)

    def _write(self, value: Any, depth: int) -> None:
        kind = cast("type[object]", type(value))
        if kind is str:
            self._parts.append(_text(value))
        elif kind is dict or kind is list or kind is tuple:
            if depth >= _DEEPEST:
                raise NotJSONError(f"nested more than {_DEEPEST} levels deep, or refers to itself")
            if kind is dict:
                self._write_object(value, depth + 1)
            else:
                self._write_array(value, depth + 1)
        # Exact classes come first: they are nearly all that is written, and a look into a set is
        # quicker than `isinstance`.
        elif kind in _WORDS_AND_NUMBERS:
            self._parts.append(_word_or_number(value))
        elif isinstance(value, ExactNumber | ExactText):
            self._parts.append(value.literal)
        elif isinstance(value, LongText | Base64Text):
            self._parts += value.pieces(_text)
        else:
            self._write(self._simpler(value), depth)

    def _simpler(self, value: Any) -> Any:
        try:
            return simplified(value, self._default)
        except NotJSONError:
            raise
        except Exception as failure:  # of a user's model, iterator or file
            raise NotJSONError(str(failure)) from failure

    def _write_object(self, value: Mapping[Any, Any], depth: int) -> None:
        start = b"{"
        for key, item in sorted(value.items()) if self._sort else value.items():
            if is_absent(item):
                continue
            try:
                self._parts += (start, self._line(depth), _key(key), self._colon)
                self._write(item, depth)
            except NotJSONError as fault:
                fault.path = (key, *fault.path)
                raise
            start = b","
        self._parts += (b"{}",) if start == b"{" else (self._line(depth - 1), b"}")

    def _line(self, depth: int) -> bytes:
        return b"" if self._indent is None else b"\n" + b" " * (self._indent * depth)

    def _write_array(self, value: Sequence[Any], depth: int) -> None:
        start = b"["
        for index, item in enumerate(value):
            if is_absent(item):
                continue
            try:
                self._parts += (start, self._line(depth))
                self._write(item, depth)
            except NotJSONError as fault:
                fault.path = (index, *fault.path)
                raise
            start = b","
        self._parts += (b"[]",) if start == b"[" else (self._line(depth - 1), b"]")


_WORDS_AND_NUMBERS = frozenset({bool, int, float, type(None)})


def _word_or_number(value: object) -> bytes:
    if isinstance(value, float) and not isfinite(value):
        raise NotJSONError(f"{value} is not a JSON number")
    try:
        # `repr` gives the shortest text that reads back as the same float; `True` needs lower case.
        return b"null" if value is None else repr(value).lower().encode()
    except ValueError as failure:  # an integer of more digits than Python converts
        raise NotJSONError(str(failure)) from failure


def _key(key: object) -> bytes:
    if isinstance(key, ExactText):
        return key.literal
    if type(key) is not str:
        raise NotJSONError(f"a key must be a str, not {type(key).__name__}")
    return _text(key)


@cache
def _encoder() -> Callable[[str], bytes]:
    # Of what is always installed it encodes long texts the fastest, and in the spelling of orjson.
    from pydantic_core import to_json

    return to_json


def _text(text: str) -> bytes:
    try:
        return _encoder()(text)
    except ValueError:
        raise NotJSONError("str is not valid UTF-8: surrogates not allowed") from None
