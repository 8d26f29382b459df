r"""Numbers and texts that remember how they were written, so that they can be sent back exactly.

Python's numbers forget their literal: `1.10` becomes 1.1, and `1e400` becomes infinity, which is no
JSON at all. And an unpaired surrogate such as `\ud83d` is legal in JSON and in a Python string, but
cannot be printed, encoded or stored. `read_exactly` keeps both: a number is the float that Python
makes of it, a text shows U+FFFD for what cannot be shown, and each has its `literal`. Where nothing
would be lost, it gives plain numbers and texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Self, TypeVar, cast

__all__ = [
    "ExactNumber",
    "ExactText",
    "floats_in",
    "has_literals",
    "joined_exactly",
    "may_forget_literals",
    "read_exactly",
    "read_with_surrogates",
    "whole_characters",
]

T = TypeVar("T")

_MOST_DIGITS = 4300
"""Python refuses to convert longer integers: that takes quadratic time."""

_DEEPEST = 200
"""Levels of nesting that are read: as many as pydantic's reader does. More could not be written."""

_TOO_DEEP = "it is nested too deeply"

_NO_FLOATS = frozenset({str, int, bool, type(None)})
"""Types of values that are no floats and hold none: most values are of these."""

_SURROGATES = re.compile("[\ud800-\udfff]")


class ExactNumber(float):
    """A number that Python would write in another way, with its literal."""

    __slots__ = ("literal",)

    literal: bytes
    """The number as it was received."""

    def __new__(cls, literal: bytes) -> Self:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number

    def __reduce__(self) -> tuple[type[ExactNumber], tuple[bytes]]:
        # By default a pickle would make it from the float, which forgot the literal.
        return ExactNumber, (self.literal,)


class ExactText(str):
    """A text with unpaired surrogates; it shows U+FFFD for each, and its literal has them."""

    __slots__ = ("literal",)

    literal: bytes
    """The text as a JSON string, its surrogates escaped."""

    def __new__(cls, text: str) -> Self:
        """Make one from a text that holds the surrogates themselves."""
        shown = super().__new__(cls, _SURROGATES.sub("\ufffd", text))
        written = json.dumps(text, ensure_ascii=False)
        escaped = _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
        shown.literal = escaped.encode()
        return shown

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return _text_of, (self.literal,)


def _text_of(literal: bytes) -> ExactText:
    return ExactText(json.loads(literal))


def read_exactly(text: str | bytes | bytearray) -> Any:
    """Return the JSON value of `text`, with the literals that Python would write in another way.

    `NaN` and `Infinity`, which some servers write, are read; they cannot be sent.

    Raises:
        ValueError: `text` is not JSON or is nested too deeply.
    """
    return whole_characters(read_with_surrogates(text))


def read_with_surrogates(text: str | bytes | bytearray) -> Any:
    """Do the same, but leave surrogates in texts as they are.

    Raises:
        ValueError: `text` is not JSON or is nested much too deeply.
    """
    try:
        return json.loads(text, parse_float=_number, parse_int=_integer)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def joined_exactly(texts: list[str]) -> str:
    """Return `texts` as one, which is exact if one of them is."""
    joined = "".join(texts)
    if joined.isascii() or "\ufffd" not in joined:  # which every exact text has
        return joined
    parts = [json.loads(text.literal) if isinstance(text, ExactText) else text for text in texts]
    return _mended("".join(parts))


def floats_in(*values: Any) -> Iterator[float]:
    """Give all floats in parsed JSON values, also those that remember their literals."""
    found: list[Any] = [*values]
    for item in found:  # which grows meanwhile: quicker than a function that calls itself
        kind = cast("type[object]", type(item))
        if kind is dict:
            found += [value for value in item.values() if type(value) not in _NO_FLOATS]
        elif kind is list or kind is tuple:
            found += [value for value in item if type(value) not in _NO_FLOATS]
        elif kind is float or kind is ExactNumber:
            yield item


def may_forget_literals(value: Any) -> bool:
    """Return whether a parsed JSON value may have been written in another way.

    Only floats may: integers and texts have one literal, but for escapes, which mean the same.
    """
    return any(True for _ in floats_in(value))


def has_literals(value: Any) -> bool:
    """Return whether a JSON value holds numbers or texts that remember their literals."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return any(map(has_literals, fields)) or any(map(has_literals, fields.values()))
    if isinstance(value, list):
        return any(has_literals(item) for item in cast("list[object]", value))
    return isinstance(value, ExactNumber | ExactText)


def _number(literal: str) -> float:
    number = float(literal)
    # Below 1e-4 and from 1e16 on, writers disagree about exponents.
    exact = repr(number) == literal and "e" not in literal
    return number if exact else ExactNumber(literal.encode())


def _integer(literal: str) -> int | float:
    # An int has no negative zero, and Python refuses longer ones.
    if literal == "-0" or len(literal) > _MOST_DIGITS:
        return ExactNumber(literal.encode())
    return int(literal)


def whole_characters(value: T, depth: int = 0) -> T:
    """Return a copy of a JSON value without surrogates.

    Pairs of them become the characters that they mean; texts with others become exact texts.

    Raises:
        ValueError: it is nested too deeply.
    """
    if depth > _DEEPEST:
        raise ValueError(_TOO_DEEP)
    if isinstance(value, str):
        return cast("T", _mended(value))
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        copied = {_mended(key): whole_characters(fields[key], depth + 1) for key in fields}
        return cast("T", copied)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return cast("T", [whole_characters(item, depth + 1) for item in items])
    return value


def _mended(text: str) -> str:
    # Python knows of each text whether it is ASCII, so most cost no search.
    if text.isascii() or not _SURROGATES.search(text):
        return text
    # UTF-16 knows what a pair means; half of one passes through as it is.
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return ExactText(paired) if _SURROGATES.search(paired) else paired
