"""Values found in a prompt that may serve as the input of a tool: places, numbers, URLs …"""

from __future__ import annotations

import re
from functools import cached_property

__all__ = ["PromptValues", "name_words"]

_PLACE = r"[A-Z][\w.'’-]*(?:,? [A-Z][\w.'’-]*)*"
_PLACES = re.compile(
    rf"\b(?:in|at|for|near|from|to|of)\s+({_PLACE}(?:(?:,? and |,? or | & ){_PLACE})*)"
)
_BETWEEN_PLACES = re.compile(r",? and |,? or | & ")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w])")
_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")
_SHAPES = {
    "url": re.compile(r"https?://[^\s<>\"')\]]+"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "date": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "path": re.compile(r"(?<![\w:/])(?:\.{0,2}/)?[\w.-]+(?:/[\w.-]+)*\.\w{1,5}\b"),
    "sum": re.compile(r"\(?-?\d[\d.\s()]*(?:[-+*/^%]\s*-?[\d.\s()]+)+"),
    "quoted": re.compile(r"[\"“«]\s*([^\"”»]+?)\s*[\"”»]"),
    "symbol": re.compile(r"\b[A-Z]{2,5}\b"),
}
# Which shape a property asks for, by the words of its name.
_SHAPE_NAMES = {
    "url": {"url", "uri", "link", "href", "website", "webpage"},
    "email": {"email", "mail", "recipient", "sender"},
    "date": {"date", "day", "when"},
    "path": {"path", "file", "filename", "filepath"},
    "sum": {"expression", "formula", "equation", "calculation"},
    "symbol": {"symbol", "ticker"},
    "quoted": {"command", "cmd"},
}
_PLACE_NAMES = {"location", "city", "place", "town", "destination", "country", "address", "region"}
_TEXT_NAMES = set(
    re.findall(
        r"\w+",
        "query q search question prompt topic keywords keyword term text message content input body"
        " sentence phrase title name",
    )
)

# The patterns take quadratic time in the worst case, and what a tool needs stands near the start.
_MAX_TEXT = 2_000


def name_words(name: str) -> list[str]:
    """Return the lower-case words of a name in snake, kebab or camel case."""
    return [word.lower() for word in _WORD_BOUNDARY.split(name) if word]


class PromptValues:
    """Values of a prompt, found by the names of the properties that need them.

    Args:
        text: the prompt.
        turn: the index of the place to name, when one call is made for each of several places.
    """

    def __init__(self, text: str, turn: int = 0) -> None:
        self.text: str = text[:_MAX_TEXT]
        self._turn = turn
        self._used = 0
        self._found: dict[str, str | None] = {}

    @cached_property
    def places(self) -> list[str]:
        """The places named, as in "the weather in Paris and Tokyo"."""
        found = _PLACES.search(self.text)
        return [part.rstrip(".'’-") for part in _BETWEEN_PLACES.split(found[1])] if found else []

    @cached_property
    def words(self) -> frozenset[str]:
        """The lower-case words of the prompt."""
        return frozenset(name_words(self.text))

    @cached_property
    def _numbers(self) -> list[float]:
        return [float(number) for number in _NUMBER.findall(self.text)]

    def number(self) -> float | None:
        """Return the next number of the prompt, each once; None when there are no more."""
        if self._used == len(self._numbers):
            return None
        self._used += 1
        return self._numbers[self._used - 1]

    def value_for(self, name: str) -> str | None:
        """Return a value from the prompt that fits a property called `name`.

        For `city` that is a place, for `url` a URL, for `query` the prompt itself; None if the
        prompt has nothing that fits.
        """
        words = set(name_words(name))
        if words & _PLACE_NAMES and self.places:
            return self.places[self._turn % len(self.places)]
        for shape, names in _SHAPE_NAMES.items():
            if words & names:
                return self._first(shape)
        if words & _TEXT_NAMES:
            return self._first("quoted") or self.text.strip() or None
        return None

    def asks_for_place(self, names: list[str]) -> bool:
        """Return whether one of these properties would be given a place."""
        return any(_PLACE_NAMES & set(name_words(name)) for name in names)

    def _first(self, shape: str) -> str | None:
        """Return the first text of a shape; searched once, since schemas may ask often."""
        if shape not in self._found:
            match = _SHAPES[shape].search(self.text)
            found = (match[1] if match.re.groups else match[0].strip()) if match else None
            self._found[shape] = found
        return self._found[shape]
