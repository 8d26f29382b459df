"""Faults as texts and JSON values: what the header, the control endpoint and files ask for.

A fault is written as its name in the catalogue, or as a call with arguments: ``cut``,
``cut(after=20)``, ``latency(3)``, ``529``. ``@1-2`` behind it restricts it to attempts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...._wire.json import is_list, is_object, loads
from . import arguments, catalogue
from .fault import NamedFault

__all__ = ["MAKERS", "from_json", "from_text", "named"]

_FORM = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*(?:@\s*(\d+)(?:-(\d+))?)?\s*")
_SEPARATOR = re.compile(r",(?![^()]*\))")
_ARGUMENT = re.compile(r"\s*(?:(\w+)\s*=)?\s*(.*?)\s*")
_READY = {fault.name: fault for fault in catalogue.ALL}
MAKERS: dict[str, Callable[..., NamedFault]] = {
    name: getattr(catalogue, name) for name in catalogue.__all__ if name != "ALL"
}
"""The functions of the catalogue, by their names."""
_FIELDS = frozenset({"fault", "attempts", "requests", "probability", "seed"})


def named(name: str) -> NamedFault:
    """Return a fault of the catalogue.

    Args:
        name: its name, with arguments or without: ``cut``, ``cut(after=20)``, ``529@1-2``.

    Raises:
        TypeError: the name is no text.
        ValueError: there is no such fault, or an argument is wrong.
    """
    found = _FORM.fullmatch(arguments.text("name", name))
    if found is None:
        raise ValueError(f"{name!r} is no fault; write a name, or a call such as cut(after=20)")
    called, given, first, last = found.groups()
    fault = _made(called, given)
    if first is None:
        return fault
    if int(last or first) < int(first):
        raise ValueError(f"{name!r}: give the lower attempt first, as in @{last}-{first}")
    return fault.on(attempts=range(int(first), int(last or first) + 1))


def _made(name: str, given: str | None) -> NamedFault:
    if given is None and name in _READY:
        return _READY[name]
    if name in MAKERS:
        try:
            positional, keywords = _arguments(given or "")
            return MAKERS[name](*positional, **keywords)
        except TypeError as error:
            raise ValueError(str(error)) from error
    if given is None and (name.isdigit() or name.endswith(("_error", "_too_large"))):
        return catalogue.status(int(name) if name.isdigit() else name)
    names = ", ".join(sorted({*_READY, *MAKERS}))
    raise ValueError(f"{name!r} is no fault; the faults are {names}")


def _arguments(text: str) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for part in filter(str.strip, text.split(",")):
        found = _ARGUMENT.fullmatch(part)
        assert found is not None
        name, written = found.groups()
        if name is None:
            positional.append(_value(written))
        elif name in keywords:
            raise ValueError(f"{name}: it is given twice; give it once")
        else:
            keywords[name] = _value(written)
    return positional, keywords


def _value(written: str) -> Any:
    try:
        return loads(written)
    except ValueError:
        return written.strip("'\"")


def from_text(text: str) -> Sequence[NamedFault]:
    """Return the faults that a text names, separated by commas; "none" names none.

    Raises:
        ValueError: one of them is wrong.
    """
    if text.strip() == "none":
        return ()
    return [named(part) for part in _SEPARATOR.split(text)]


def from_json(value: object) -> Sequence[NamedFault]:
    """Return the faults of a JSON value: a text, an object, or a list of these.

    Args:
        value: each object has `fault` (a text) and may have `attempts`, `requests`, `probability`
            and `seed`.

    Raises:
        ValueError: one of them is wrong.
    """
    if isinstance(value, str):
        return from_text(value)
    if is_list(value):
        return [fault for each in value for fault in from_json(each)]
    if not is_object(value) or not isinstance(value.get("fault"), str):
        raise ValueError('give "cut", {"fault": "cut", "attempts": [1, 2]}, or a list of these')
    if unknown := value.keys() - _FIELDS:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    fault = named(value["fault"])
    try:
        fault = fault.on(attempts=value.get("attempts"), requests=value.get("requests"))
        if "probability" in value:
            return [fault.sometimes(value["probability"], seed=value.get("seed", 0))]
    except TypeError as error:
        raise ValueError(str(error)) from error
    return [fault]
