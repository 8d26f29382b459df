"""Refusing arguments that are missing or not known, in Python's own way."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet


def check_names(
    method: str,
    given: Iterable[str],
    known: AbstractSet[str],
    required: AbstractSet[str] = frozenset(),
) -> None:
    """Refuse the call of `method` if an argument is missing or unknown.

    Raises:
        TypeError: names the argument and, for an unknown one, the nearest known name.
    """
    names = frozenset(given)
    for name in sorted(names - known):  # first: a misspelt name is missing, too
        raise TypeError(f"{method}() got an unknown argument {name!r}{_nearest(name, known)}")
    if missing := " and ".join(repr(name) for name in sorted(required - names)):
        raise TypeError(f"{method}() is missing the argument {missing}")


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, TypeVar

from .._wire.sentinels import NOT_GIVEN

F = TypeVar("F", bound=Callable[..., Any])


def keywords(params: type) -> Callable[[F], F]:
    """Show the keys of the TypedDict `params` as keyword arguments, in `help()` and in editors."""

    def with_signature(method: F) -> F:
        required: frozenset[str] = params.__required_keys__  # type: ignore[attr-defined]
        names = sorted(params.__annotations__, key=lambda name: name not in required)
        shown = [
            Parameter("self", Parameter.POSITIONAL_OR_KEYWORD),
            *(_keyword(name, required=name in required) for name in names),
        ]
        returns = method.__annotations__.get("return", Signature.empty)
        method.__signature__ = Signature(shown, return_annotation=returns)  # type: ignore[attr-defined]
        return method

    return with_signature


def _keyword(name: str, *, required: bool) -> Parameter:
    default = Parameter.empty if required else NOT_GIVEN
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default)
