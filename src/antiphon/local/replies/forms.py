"""The forms of values that properties ask for by their names: `url` a URL, `city` a place.

`patterns` tells how each form is written; here stands who asks for it, and how its values are
found in a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from .names import name_words, singular
from .patterns import (
    PATTERNS,
    all_places,
    currencies,
    dates,
    enumerated,
    first_list,
    found,
    people,
    place_behind,
    places,
)

__all__ = ["PERSONS", "find", "form_of", "is_pattern", "listed"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSONS = _words("name person customer author buyer employee contact seller vendor supplier")
"""Words of names that ask for a person."""

# The first form that has a word of the name is asked for: `email_address` is an email.
_FORMS: Mapping[str, frozenset[str]] = {
    "url": _words("url uri link href website webpage"),
    "email": _words("email mail"),
    "recipient": _words("recipient sender to cc"),
    "date": _words("date day when deadline due"),
    "time": _words("time hour"),
    "folder": _words("directory dir folder"),
    "path": _words("path file filename filepath"),
    "sql": _words("sql"),
    "sum": _words("expression formula equation calculation"),
    "currency": _words("currency"),
    "phone": _words("phone telephone tel mobile"),
    "symbol": _words("symbol ticker"),
    "language": _words("language lang"),
    "origin": _words("origin departure"),
    "destination": _words("destination arrival"),
    "address": _words("address street"),
    "place": _words("location city place town country region"),
    "code": _words("id number no nr code sku reference ref"),
    "person": PERSONS,
}
# Descriptions have many words, most of which ask for nothing.
_TOLD_FORMS = ("url", "email", "date", "path", "sql", "currency", "phone", "code")
_FINDERS: Mapping[str, Callable[[str], list[str]]] = {
    "address": lambda text: found("address", text) or all_places(text),
    "currency": currencies,
    "date": dates,
    "destination": partial(place_behind, "to|into"),
    "origin": partial(place_behind, "from"),
    "person": lambda text: people(text) or places(text),
    "place": all_places,
    "recipient": lambda text: found("email", text) or people(text) or places(text),
}


def form_of(name: str, description: str = "", *, sql: bool = False) -> str | None:
    """Return the form that a property asks for; None if it asks for none.

    Args:
        name: its name.
        description: what it is about, if that is told.
        sql: whether it belongs to a tool that takes SQL.
    """
    words = {*singular(name_words(name))}
    if sql and words & {"query", "statement"}:
        return "sql"
    if form := next((form for form, names in _FORMS.items() if words & names), None):
        return form
    told = {*singular(name_words(description))}
    return next((form for form in _TOLD_FORMS if told & _FORMS[form]), None)


def is_pattern(form: str | None) -> bool:
    """Return whether values of a form are told by a pattern, rather than by capital letters."""
    return form in PATTERNS


def find(form: str, text: str) -> list[str]:
    """Return the values of a form in a text, the likeliest first."""
    return _FINDERS[form](text) if form in _FINDERS else found(form, text)


def listed(form: str | None, text: str) -> list[str]:
    """Return the values of a list in a text: of a form, or of quotations and words without one."""
    match form:
        case "place":
            return places(text)
        case None | "person":
            return first_list("quoted", text) or enumerated(text)
        case "recipient":
            return first_list("email", text) or enumerated(text)
        case _:
            return first_list(form, text) if is_pattern(form) else []
