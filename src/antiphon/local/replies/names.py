"""The names of properties and tools, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["name_words", "singular"]

_PLURAL = re.compile(r"ids|.{2,}[^\Ws]s")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name in snake, kebab or camel case."""
    return [word.lower() for word in _WORD_BOUNDARY.split(name) if word]


def singular(words: Iterable[str]) -> list[str]:
    """Return words without the "s" of the plural; short ones such as "gas" keep it, but "ids"."""
    return [word[:-1] if _PLURAL.fullmatch(word) else word for word in words]
