"""Kinds of values, and what the API says of those that do not fit (in the words of pydantic).

A kind takes a value and yields its problems. Paths are put together on the way up, so a value that fits costs none.
The tag of a union is a segment of its own: ``messages.0.content.1.image.source.base64.data``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .._wire.json import is_list, is_object
from .rule import Finding, Rule, named

__all__ = [
    "RULES", "TAG", "Kind", "Problem", "anything", "array", "boolean", "fields", "integer",
    "mapping", "nullable", "number", "one_of", "string", "tagged", "tags", "text_or",
]  # fmt: skip

RULES: list[Rule] = []


def _rule(id: str, text: str, evidence: str, remedy: str) -> Rule:
    made = Rule(f"shape.{id}", f"{{path}}: {text}", "Errors", evidence, remedy)
    RULES.append(made)
    return made


REQUIRED = _rule("required", "Field required", "A 2026-07", "Add the field.")
UNKNOWN = _rule(
    "unknown",
    "Extra inputs are not permitted",
    "A 2026-06",
    "Leave the field out, or correct its name.",
)
STRING = _rule("string", "Input should be a valid string", "B 2025-08", "Send text.")
INTEGER = _rule("integer", "Input should be a valid integer", "B 2025-08", "Send a whole number.")
NUMBER = _rule("number", "Input should be a valid number", "B 2025-08", "Send a number.")
BOOLEAN = _rule("boolean", "Input should be a valid boolean", "B 2025-08", "Send true or false.")
LIST = _rule("list", "Input should be a valid list", "B 2025-08", "Send a list.")
OBJECT = _rule("object", "Input should be a valid dictionary", "B 2025-08", "Send an object.")
ENUM = _rule("enum", "Input should be {expected}", "B 2025-09", "Use one of the values listed.")
TAG = _rule(
    "tag",
    "Input tag '{found}' found using 'type' does not match any of the expected tags: {expected}",
    "A 2026-10",
    "Use one of the types listed.",
)
SMALL = _rule(
    "small",
    "Input should be greater than or equal to {least}",
    "A 2026-03",
    "Send a larger number.",
)
LARGE = _rule(
    "large", "Input should be less than or equal to {most}", "C 2026-08", "Send a smaller number."
)
SHORT = _rule(
    "short", "String should have at least {least} character{s}", "B 2025-08", "Send a longer text."
)
LONG = _rule(
    "long", "String should have at most {most} character{s}", "A 2026-09", "Send a shorter text."
)
PATTERN = _rule(
    "pattern",
    "String should match pattern '{pattern}'",
    "A 2026-07",
    "Use only the characters allowed.",
)
LIST_SHORT = _rule(
    "list.short",
    "List should have at least {least} item{s} after validation, not {found}",
    "C 2026-08",
    "Send more items.",
)
LIST_LONG = _rule(
    "list.long", "List should have at most {most} item{s} after validation, not {found}", "C 2026-08", "Send fewer items.",
)  # fmt: skip


class Problem(NamedTuple):
    """Something that does not fit, seen from a value that holds it."""

    rule: Rule
    path: tuple[str | int, ...] = ()
    named: Mapping[str, object] = {}

    def under(self, segment: str | int) -> Problem:
        """The same, seen from one level above."""
        return Problem(self.rule, (segment, *self.path), self.named)

    def finding(self) -> Finding:
        """The same, as it is told."""
        return self.rule.found(".".join(map(str, self.path)), **self.named)


Kind = Callable[[Any], Iterable[Problem]]
"""What is wrong with a value."""


def string(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Kind:
    """Text of a length, matching a pattern."""
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


def integer(*, least: int | None = None, most: int = 2**63 - 1) -> Kind:
    """A whole number."""

    def check(value: Any) -> Iterable[Problem]:
        if not isinstance(value, int) or isinstance(value, bool):
            return (Problem(INTEGER),)
        return _outside(value, least, most)

    return check


def number(*, least: float | None = None, most: float | None = None) -> Kind:
    """A number in a range."""

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
    """True or false."""
    return () if isinstance(value, bool) else (Problem(BOOLEAN),)


def mapping(value: Any) -> Iterable[Problem]:
    """An object with any fields."""
    return () if is_object(value) else (Problem(OBJECT),)


def anything(_value: Any) -> Iterable[Problem]:
    """Whatever it is."""
    return ()


def one_of(*values: str) -> Kind:
    """One of some texts."""
    shown = [f"'{value}'" for value in values]
    expected = f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]

    def check(value: Any) -> Iterable[Problem]:
        if isinstance(value, str) and value in values:
            return ()
        return (Problem(ENUM, (), {"expected": expected}),)

    return check


def nullable(kind: Kind) -> Kind:
    """The same, or null."""
    return lambda value: () if value is None else kind(value)


def text_or(kind: Kind) -> Kind:
    """A plain text, or something else."""
    return lambda value: () if isinstance(value, str) else kind(value)


def array(item: Kind, *, least: int = 0, most: int | None = None) -> Kind:
    """A list of such items."""

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
    required: Mapping[str, Kind], optional: Mapping[str, Kind], *, closed: bool = True
) -> Kind:
    """An object with these fields, and with no others unless it is not closed."""
    known = {**required, **optional}

    def check(value: Any) -> Iterator[Problem]:
        if not is_object(value):
            yield Problem(OBJECT)
            return
        for name, kind in known.items():
            if name in value:
                for problem in kind(value[name]):
                    yield problem.under(name)
            elif name in required:
                yield Problem(REQUIRED, (name,))
        if closed:
            for name in value:
                if name not in known:
                    yield Problem(UNKNOWN, (name,))

    return check


def tagged(
    kinds: Mapping[str, Kind],
    *,
    unlisted: Mapping[str, Kind] | None = None,
    segment: Callable[[Mapping[str, Any]], str] = lambda value: value["type"],
) -> Kind:
    """An object told apart by its `type`, which is a segment of the paths below it.

    Args:
        kinds: what each type stands for.
        unlisted: further types, which the API does not tell.
        segment: the segment of an object, if it is not its type.
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
            yield Problem(TAG, (), {"found": named(tag), "expected": expected})
            return
        for problem in kind(value):
            yield problem.under(segment(value))

    return check


def tags(kinds: Collection[str]) -> str:
    """Types as the API lists them."""
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))
