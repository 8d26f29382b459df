"""Names of tools, and words: those of names, and those of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._wire.json import JSONObject

__all__ = ["name_words", "singular", "tool_name", "without_gaps"]

_PLURAL = re.compile(r"ids|.{2,}[^\Ws]s")
_GAP = re.compile(r"(\s)\s{19,}")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")


def tool_name(tool: JSONObject) -> str:
    """Return the name that a call of `tool` carries; a toolset is called by its screenshot."""
    return str(tool.get("name") or "screenshot")


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name in snake, kebab or camel case."""
    return [word.lower() for word in _WORD_BOUNDARY.split(name) if word]


def singular(words: Iterable[str]) -> list[str]:
    """Return words without the "s" of the plural; short ones such as "gas" keep it, but "ids"."""
    return [word[:-1] if _PLURAL.fullmatch(word) else word for word in words]


def without_gaps(text: str, most: int) -> str:
    """Return the beginning of a text without long runs of white space, which slow patterns down."""
    return _GAP.sub(r"\1", text[:most])
