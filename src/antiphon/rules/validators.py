"""Validators of JSON values: each yields what does not fit, in the terms of pydantic.

The API checks its requests with pydantic, so its texts and paths are pydantic's; these validators
are far smaller than pydantic, need none of it, and describe a request in one readable file
(`request_schema`). Paths are put together on the way up, one segment a level, so a value that fits
costs no path. The tag of a union is a segment of its own, as in
``messages.0.content.1.image.source.base64.data``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from .._wire.json import is_list, is_object
from .registry import shorten

__all__ = [
    "TAG",
    "Problem",
    "Validator",
    "anything",
    "array",
    "boolean",
    "boolean_or",
    "fields",
    "integer",
    "mapping",
    "nullable",
    "number",
    "one_of",
    "shallow",
    "string",
    "tagged",
    "tags",
    "text_or",
    "url",
]

# The ids of the rules of form, whose texts are in the table.
BOOLEAN, INTEGER, NUMBER = "shape.boolean", "shape.integer", "shape.number"
STRING, PATTERN, SHORT, LONG = "shape.string", "shape.pattern", "shape.short", "shape.long"
SMALL, LARGE = "shape.small", "shape.large"
LIST, LIST_SHORT, LIST_LONG = "shape.list", "shape.list.short", "shape.list.long"
OBJECT, REQUIRED, UNKNOWN = "shape.object", "shape.required", "shape.unknown"
ENUM, TAG, DEPTH = "shape.enum", "shape.tag", "depth"
URL, URL_SCHEME = "shape.url", "shape.url.scheme"


class Problem(NamedTuple):
    """A value that does not fit; its path begins at the value that was validated."""

    rule: str
    path: tuple[str | int, ...] = ()
    values: Mapping[str, object] = {}

    def under(self, segment: str | int) -> Problem:
        """Return the same problem with its path seen from one level above."""
        return Problem(self.rule, (segment, *self.path), self.values)


_SCHEME = re.compile("[a-zA-Z][a-zA-Z0-9+.-]*")

Validator: TypeAlias = Callable[[Any], Iterable[Problem]]
"""A function that yields the problems of a value."""


def string(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Validator:
    """Return a validator of text: its length in characters, and a pattern for the whole."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, str):
            return (Problem(STRING),)
        if len(value) < least:
            return (Problem(SHORT, (), {"least": least, "s": _plural(least)}),)
        if most is not None and len(value) > most:
            return (Problem(LONG, (), {"most": most, "s": _plural(most)}),)
        if compiled and not compiled.fullmatch(value):
            return (Problem(PATTERN, (), {"pattern": pattern}),)
        return ()

    return check


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def url(value: Any) -> Iterable[Problem]:
    """Accept the URL of something on the web."""
    if not isinstance(value, str):
        return (Problem(STRING),)
    scheme, colon, rest = value.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        what = "relative URL without a base" if value else "input is empty"
        return (Problem(URL, (), {"what": what}),)
    if scheme.lower() not in ("http", "https"):
        return (Problem(URL_SCHEME),)
    has_host = rest.startswith("//") and rest[2:3] not in ("", "/", "?", "#")
    return () if has_host else (Problem(URL, (), {"what": "empty host"}),)


def integer(*, least: int | None = None, most: int = 2**63 - 1) -> Validator:
    """Return a validator of whole numbers; those of the API have 64 bits."""

    def check(value: Any) -> Iterable[Problem]:
        # In Python true is the number 1, in JSON it is not a number.
        if not isinstance(value, int) or isinstance(value, bool):
            return (Problem(INTEGER),)
        return _outside(value, least, most)

    return check


def number(*, least: float | None = None, most: float | None = None) -> Validator:
    """Return a validator of numbers in a range."""

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return (Problem(NUMBER),)
        return _outside(value, least, most)

    return check


def _outside(value: float, least: float | None, most: float | None) -> Iterable[Problem]:
    if least is not None and value < least:
        return (Problem(SMALL, (), {"least": least}),)
    if most is not None and value > most:
        return (Problem(LARGE, (), {"most": most}),)
    return ()


def boolean(value: Any) -> Iterable[Problem]:
    """Accept true and false."""
    return () if isinstance(value, bool) else (Problem(BOOLEAN),)


def mapping(value: Any) -> Iterable[Problem]:
    """Accept an object with any fields."""
    return () if is_object(value) else (Problem(OBJECT),)


def anything(_value: Any) -> Iterable[Problem]:
    """Accept any value."""
    return ()


def one_of(*values: str) -> Validator:
    """Return a validator that accepts some texts and nothing else."""
    shown = [f"'{value}'" for value in values]
    expected = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]

    def check(value: Any) -> Iterable[Problem]:
        if isinstance(value, str) and value in values:
            return ()
        return (Problem(ENUM, (), {"expected": expected}),)

    return check


def nullable(kind: Validator) -> Validator:
    """Return a validator that accepts null too."""
    return lambda value: () if value is None else kind(value)


def text_or(kind: Validator, text: Validator = anything) -> Validator:
    """Return a validator that accepts plain text too, or only the text that `text` accepts."""
    return lambda value: text(value) if isinstance(value, str) else kind(value)


def boolean_or(kind: Validator) -> Validator:
    """Return a validator that accepts true and false too."""
    return lambda value: () if isinstance(value, bool) else kind(value)


def array(item: Validator, *, least: int = 0, most: int | None = None) -> Validator:
    """Return a validator of lists: of each item, and of their number."""

    def check(value: Any) -> Iterator[Problem]:
        if not is_list(value):
            yield Problem(LIST)
            return
        if len(value) < least:
            yield Problem(
                LIST_SHORT, (), {"least": least, "s": _plural(least), "found": len(value)}
            )
        if most is not None and len(value) > most:
            yield Problem(LIST_LONG, (), {"most": most, "s": _plural(most), "found": len(value)})
        for index, each in enumerate(value):
            for problem in item(each):
                yield problem.under(index)

    return check


def fields(
    required: Mapping[str, Validator], optional: Mapping[str, Validator], *, closed: bool = True
) -> Validator:
    """Return a validator of objects; fields it does not name are problems if it is closed."""
    known = {**required, **optional}
    place = {name: number for number, name in enumerate(known)}

    def check(value: Any) -> Iterator[Problem]:
        if not is_object(value):
            yield Problem(OBJECT)
            return
        # In the order of the description, as pydantic does it, not in that of the body. By sets,
        # since a request has a few of the many fields that there are.
        concerned = (known.keys() & value.keys()) | required.keys()
        for name in sorted(concerned, key=place.__getitem__):
            if name in value:
                for problem in known[name](value[name]):
                    yield problem.under(name)
            else:
                yield Problem(REQUIRED, (name,))
        if closed:
            for name in value:
                if name not in known:
                    yield Problem(UNKNOWN, (name,))

    return check


def tagged(
    kinds: Mapping[str, Validator],
    *,
    unlisted: Mapping[str, Validator] | None = None,
    segment: Callable[[Mapping[str, Any]], str] = lambda value: value["type"],
) -> Validator:
    """Return a validator that chooses another by the `type` of an object.

    The type becomes a segment of the paths below the object.

    Args:
        kinds: the validator of each type.
        unlisted: further types, which the API does not list in the text about an unknown one.
        segment: names the segment of an object if that is not its type.
    """
    known = {**kinds, **(unlisted or {})}
    expected = tags(kinds)

    def check(value: Any) -> Iterator[Problem]:
        if not is_object(value):
            yield Problem(OBJECT)
            return
        tag = value.get("type")
        if tag is None:
            yield Problem(REQUIRED, ("type",))
            return
        kind = known.get(tag) if isinstance(tag, str) else None
        if kind is None:
            yield Problem(TAG, (), {"found": shorten(tag), "expected": expected})
            return
        for problem in kind(value):
            yield problem.under(segment(value))

    return check


def tags(kinds: Collection[str]) -> str:
    """Return types as the API lists them."""
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


def shallow(validator: Validator, most: int) -> Validator:
    """Return a validator that first refuses what is nested more than `most` levels deep."""

    def check(value: Any) -> Iterable[Problem]:
        return (Problem(DEPTH),) if _is_deeper(value, most) else validator(value)

    return check


_CONTAINERS: tuple[type, ...] = (dict, list)


def _is_deeper(value: Any, most: int) -> bool:
    # Level by level, not recursively: a body may be nested deeper than Python can call.
    level: list[Any] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if is_object(outer) else outer)
            if isinstance(inner, _CONTAINERS)
        ]
    return bool(level)
