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
from typing import Any, Self, TypeVar, cast

__all__ = ["ExactNumber", "ExactText", "read_exactly", "whole_characters"]

T = TypeVar("T")

_MOST_DIGITS = 4300
"""Python refuses to convert longer integers: that takes quadratic time."""

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

    Raises:
        ValueError: `text` is not JSON or is nested too deeply.
    """
    try:
        value = json.loads(
            text, parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return whole_characters(value)


def _number(literal: str) -> float:
    number = float(literal)
    # Below 1e-4 and from 1e16 on, writers disagree about exponents.
    exact = repr(number) == literal and "e" not in literal
    return number if exact else ExactNumber(literal.encode())


def _integer(literal: str) -> int | float:
    if literal == "-0" or len(literal) > _MOST_DIGITS:
        return ExactNumber(literal.encode())
    return int(literal)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def whole_characters(value: T) -> T:
    """Return a copy of a JSON value without surrogates.

    Pairs of them become the characters that they mean; texts with others become exact texts.
    """
    if isinstance(value, str):
        return cast("T", _mended(value))
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return cast("T", {_mended(key): whole_characters(item) for key, item in fields.items()})
    if isinstance(value, list):
        return cast("T", [whole_characters(item) for item in cast("list[Any]", value)])
    return value


def _mended(text: str) -> str:
    if text.isascii() or not _SURROGATES.search(text):
        return text
    # UTF-16 knows what a pair means; half of one passes through as it is.
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return ExactText(paired) if _SURROGATES.search(paired) else paired
