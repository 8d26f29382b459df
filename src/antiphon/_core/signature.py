"""Signatures for methods that take their parameters as one TypedDict."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any, TypeVar

from .absent import NOT_GIVEN

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
