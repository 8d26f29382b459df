"""The shape of a request as data, and what the API says of what does not fit it.

Paths are dotted; the tag of a union is a segment of its own: ``messages.0.content.1.image.source.base64.data``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..model import is_list, is_object


class Problem(NamedTuple):
    """Something that does not fit."""

    rule: str
    path: str
    text: str


Check = Callable[[Any, str], Iterator[Problem]]
"""What is wrong with a value at a path."""


def string(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Check:
    """Text of a length, matching a pattern."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem("type.string", path, "Input should be a valid string")
        elif len(value) < least:
            yield Problem("string.short", path, f"String should have at least {_counted(least)}")
        elif most is not None and len(value) > most:
            yield Problem("string.long", path, f"String should have at most {_counted(most)}")
        elif compiled and not compiled.fullmatch(value):
            yield Problem("string.pattern", path, f"String should match pattern '{pattern}'")

    return check


def _counted(length: int) -> str:
    return f"{length} character" if length == 1 else f"{length} characters"


def integer(*, least: int | None = None) -> Check:
    """A whole number."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem("type.integer", path, "Input should be a valid integer")
        elif least is not None and value < least:
            yield Problem("number.small", path, f"Input should be greater than or equal to {least}")

    return check


def number(*, least: float | None = None, most: float | None = None) -> Check:
    """A number in a range."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            yield Problem("type.number", path, "Input should be a valid number")
        elif least is not None and value < least:
            yield Problem(
                "number.small", path, f"Input should be greater than or equal to {least:g}"
            )
        elif most is not None and value > most:
            yield Problem("number.large", path, f"Input should be less than or equal to {most:g}")

    return check


def boolean(value: Any, path: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem("type.boolean", path, "Input should be a valid boolean")


def mapping(value: Any, path: str) -> Iterator[Problem]:
    """An object with any fields."""
    if not is_object(value):
        yield Problem("type.object", path, "Input should be a valid dictionary")


def anything(_value: Any, _path: str) -> Iterator[Problem]:
    """Whatever it is."""
    return iter(())


def one_of(*values: str) -> Check:
    """One of some texts."""
    listed = _listed([f"'{value}'" for value in values])

    def check(value: Any, path: str) -> Iterator[Problem]:
        if value not in values or not isinstance(value, str):
            yield Problem("enum", path, f"Input should be {listed}")

    return check


def _listed(shown: list[str]) -> str:
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]


def nullable(inner: Check) -> Check:
    """The same, or null."""
    return lambda value, path: iter(()) if value is None else inner(value, path)


def array(item: Check) -> Check:
    """A list of such items."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not is_list(value):
            yield Problem("type.list", path, "Input should be a valid list")
            return
        for index, each in enumerate(value):
            yield from item(each, f"{path}.{index}")

    return check


def text_or(other: Check) -> Check:
    """A plain text, or something else."""
    return lambda value, path: iter(()) if isinstance(value, str) else other(value, path)


def fields(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """An object with these fields and no others."""
    known = {**required, **optional}

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not is_object(value):
            yield Problem("type.object", path, "Input should be a valid dictionary")
            return
        for name in required:
            if name not in value:
                yield Problem("required", _under(path, name), "Field required")
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, _under(path, name))
            else:
                yield Problem("unknown", _under(path, name), "Extra inputs are not permitted")

    return check


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def tagged(
    kinds: Mapping[str, Check],
    *,
    default: str | None = None,
    tag_of: Callable[[Mapping[str, Any]], str] | None = None,
) -> Check:
    """An object told apart by its `type`, which is a segment of the paths below it."""
    expected = ", ".join(f"'{kind}'" for kind in sorted(kinds))

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not is_object(value):
            yield Problem("type.object", path, "Input should be a valid dictionary")
            return
        kind = value.get("type") or default
        if kind is None:
            yield Problem("required", f"{path}.type", "Field required")
        elif not isinstance(kind, str) or kind not in kinds:
            found = f"Input tag '{kind}' found using 'type'"
            yield Problem(
                "tag", path, f"{found} does not match any of the expected tags: {expected}"
            )
        else:
            yield from kinds[kind](value, f"{path}.{tag_of(value) if tag_of else kind}")

    return check
