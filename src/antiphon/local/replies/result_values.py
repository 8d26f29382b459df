"""Values found in the results of earlier tool calls, by the names of the properties that need them.

Results are often JSON. Its values are listed with the words on the way to them: of
`{"orders": [{"id": 7}]}` that is 7 with the words "order id", so a property `order_id` finds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice, takewhile
from typing import Any, NamedTuple

from ..._wire.json import JSONObject, is_list, is_object
from ...catalog.request_parts import content_blocks
from .names import name_words, singular

__all__ = ["ResultValues", "parsed_json", "result_text"]

# Enough for the rows that a tool gives to a model; longer results are read in part.
_MAX_VALUES = 500
_MAX_ROWS = 20
_MAX_DEPTH = 8
_MAX_TEXT = 50_000


class _Value(NamedTuple):
    words: tuple[str, ...]
    """The words of the names on the way to the value, in the singular; first those of the tool."""
    value: Any


class ResultValues:
    """What the results of tools hold, the latest first.

    Args:
        text: the text of the latest results.
        documents: the JSON values of the results, each with the words of its tool's name.
    """

    def __init__(self, text: str = "", documents: Sequence[_Value] = ()) -> None:
        self.text: str = text
        """The text of the latest results: of several calls of one tool that of each, in a line."""
        self._documents = documents

    @classmethod
    def of(
        cls, results: Iterable[tuple[str, JSONObject]], prompts: Iterable[str] = ()
    ) -> ResultValues:
        """Return the values of results, and behind them those of the JSON in prompts.

        Args:
            results: `tool_result` blocks with the names of their tools; errors hold no values.
            prompts: texts that the user wrote.
        """
        texts = [(name, result_text(block)) for name, block in results if not block.get("is_error")]
        last = texts[-1][0] if texts else ""
        latest = [text for _, text in takewhile(lambda each: each[0] == last, reversed(texts))]
        texts.reverse()
        return cls(
            "\n".join(filter(None, reversed(latest))),
            # The `id` that `find_customer` returns is a customer's.
            [
                *(_Value(_words(name), parsed_json(text)) for name, text in texts),
                *(_Value((), _json_in(text)) for text in prompts),
            ],
        )

    @cached_property
    def _values(self) -> list[_Value]:
        found = (
            islice(_values(value, words, _MAX_DEPTH), _MAX_VALUES)
            for words, value in self._documents
        )
        return [*chain.from_iterable(found)]

    def find(self, name: str) -> str | int | float | bool | None:
        """Return the scalar that fits a property called `name` best; None if none does."""
        wanted = _words(name)
        fitting = [(fit, each) for each in self._values if (fit := _fit(wanted, each.words))]
        # `max` takes the first of equals: the one of the latest result.
        return max(fitting, key=lambda each: each[0])[1].value if fitting else None

    @cached_property
    def rows(self) -> list[ResultValues]:
        """The values of each row: those of the first list of objects, in the latest result."""
        for words, value in self._documents:
            for each in [value, *(value.values() if is_object(value) else ())]:
                if is_list(each) and each and all(map(is_object, each)):
                    rows = each[:_MAX_ROWS]
                    return [ResultValues(documents=[_Value(words, row)]) for row in rows]
        return []


def result_text(block: JSONObject) -> str:
    """Return the text of a tool result, from its beginning."""
    parts = content_blocks(block.get("content"))
    return "\n".join(part["text"] for part in parts if part["type"] == "text")[:_MAX_TEXT]


def parsed_json(text: str) -> Any:
    """Return the object or list that a text begins with as JSON; None if it does with none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def _json_in(text: str) -> Any:
    """Return the first object, or the list of objects, that stands in a text; None without."""
    start = text.find("{")
    if start < 0:
        return None
    before = text[:start].rstrip()
    start = len(before) - 1 if before.endswith("[") else start
    return parsed_json(text[start : start + _MAX_TEXT])


def _values(value: Any, words: tuple[str, ...], depth: int) -> Iterator[_Value]:
    if depth == 0:
        return
    if is_object(value):
        for name, inner in value.items():
            yield from _values(inner, (*words, *_words(name)), depth - 1)
    elif is_list(value):
        for inner in value[:_MAX_VALUES]:
            yield from _values(inner, words, depth - 1)
    elif value is not None and words:
        yield _Value(words, value)


def _words(name: str) -> tuple[str, ...]:
    return tuple(singular(name_words(name)))


def _fit(wanted: Sequence[str], words: Sequence[str]) -> int:
    """Return how well a value fits: 3 for the same name, 2 for all of its words, 1 for its last."""
    if not wanted:
        return 0
    if wanted == words[-len(wanted) :]:
        return 3
    if wanted[-1] == words[-1] and {*wanted} <= {*words}:
        return 2
    # `temperature` for `temperature_c`; a bare `id` or `name` could be that of anything
    return 1 if words[-1] in wanted and len(words[-1]) > 4 else 0
