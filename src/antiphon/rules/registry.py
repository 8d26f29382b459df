"""How a chapter registers its checks: under the id of their rule, with what they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from .request_view import RequestView

__all__ = [
    "EVERYWHERE",
    "Check",
    "Checks",
    "Search",
    "Violation",
    "at",
    "block_parts",
    "shorten",
]


class Violation(NamedTuple):
    """A break of a rule: where it is, and the values that the text of the rule names."""

    path: str | None
    values: Mapping[str, object]


def at(path: str | None = None, **values: object) -> Violation:
    """Return a violation at a path; the other arguments fill the text of the rule."""
    return Violation(path, values)


EVERYWHERE = Violation(None, MappingProxyType({}))
"""A violation by the request as a whole, whose text names no values."""

Search: TypeAlias = Callable[[RequestView], Iterator[Violation]]
"""A function that finds the violations of one rule in a request."""


class Check(NamedTuple):
    """A registered search, and the parts of a request that it is about."""

    search: Search
    concerns: frozenset[str]
    """Only a request with one of these parts (`RequestView.parts`) can break the rule."""


class Checks(dict[str, Check]):
    """The checks of one chapter by the ids of their rules."""

    def add(self, rule: str, *concerns: str) -> Callable[[Search], Search]:
        """Return a decorator that registers a search.

        Args:
            rule: the id of an entry in the table of rules.
            concerns: parts of a request (`RequestView.parts`) of which one must be there for the
                rule to be broken; by default every request for a message is searched. They save
                time: a plain request has few parts, so most checks do not run.
        """

        def register(search: Search) -> Search:
            # `messages` is in every request but the creation of a batch, whose items come later.
            self[rule] = Check(search, frozenset(concerns or ("messages",)))
            return search

        return register


def shorten(value: Any, most: int = 200) -> str:
    """Return a value of the request as a text names it, cut after `most` characters."""
    shown = str(value)
    return shown if len(shown) <= most else f"{shown[:most]}…"


def block_parts(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of requests that have content blocks of these types."""
    return tuple(f"block.{kind}" for kind in kinds)
