"""What a docstring says of a function and its parameters: Google, NumPy, reST or epydoc style."""

from __future__ import annotations

from inspect import cleandoc
from typing import NamedTuple

__all__ = ["Described", "described"]


class Described(NamedTuple):
    """What a docstring says."""

    summary: str
    """What the function does, without the sections on parameters, results and examples."""
    parameters: dict[str, str]
    """The text on each parameter."""


def described(docstring: str | None) -> Described:
    """Return what a docstring says; nothing, if there is none."""
    if not docstring:
        return Described("", {})
    from docstring_parser import parse

    found = parse(cleandoc(docstring))
    texts = {each.arg_name: each.description for each in found.params if each.description}
    # A blank line between the two, as the official package has it: recordings hold the text.
    summary = filter(None, (found.short_description, found.long_description))
    return Described("\n\n".join(summary), texts)
