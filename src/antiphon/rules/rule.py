"""What a rule is: an id, the API's words, where they come from, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from .request_view import RequestView


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a request that the API refuses."""

    rule: str
    """The id of the rule."""
    status: int
    """The HTTP status the API answers with."""
    type: str
    """The API's kind of error."""
    message: str
    """The API's words."""
    path: str | None
    """Where it is, e.g. ``messages.0.content``, if the rule is about a place."""
    remedy: str
    """What to change."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the API."""

    id: str
    text: str
    """The API's words; names in braces stand for what was found."""
    source: str
    """The part of the Messages API's documentation it belongs to."""
    evidence: str
    """How sure its text is, and the month of the newest sighting.

    A: seen live in 2026; B: seen live before; C: documented, its words partly ours.
    """
    remedy: str
    """What to change."""
    status: int = 400
    type: str = "invalid_request_error"

    def found(self, path: str | None = None, **named: object) -> Finding:
        """The finding that this rule is broken at a path."""
        message = self.text.format(path=path, **named).removeprefix(": ")
        return Finding(self.id, self.status, self.type, message, path or None, self.remedy)


class At(NamedTuple):
    """Where a rule is broken, and what its text names."""

    path: str | None
    named: Mapping[str, object]


def at(path: str | None = None, **named: object) -> At:
    """Broken at a path; the other arguments fill the text of the rule."""
    return At(path, named)


NOWHERE = At(None, MappingProxyType({}))
"""Broken as a whole."""

Check = Callable[[RequestView], Iterator[At]]
"""Where a request breaks a rule."""


class Chapter(list[tuple[Rule, Check]]):
    """Rules about one thing, with their checks, in the order in which they are checked."""

    def rule(
        self, id: str, text: str, *, source: str, evidence: str, remedy: str
    ) -> Callable[[Check], Check]:
        """Enter a check under a rule."""

        def enter(check: Check) -> Check:
            self.append((Rule(id, text, source, evidence, remedy), check))
            return check

        return enter


def named(value: Any, most: int = 200) -> str:
    """A value of the request as texts name it, cut if it is long."""
    shown = str(value)
    return shown if len(shown) <= most else f"{shown[:most]}…"
