"""Constants of the official package, and what programs take from its inside.

Each is here because a program in use was seen to need it: `tests/peers` runs those programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._core.retry import RetryPolicy
from .._wire.decoding import Decoder, WireModel
from .._wire.http import Timeout
from .._wire.json import is_object
from .._wire.sentinels import is_absent, omit
from ..catalog.models import CATALOG
from ..errors import CODED_CLASSES, APIStatusError, coded_class, error_class

__all__ = [
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "DEPRECATED_MODELS",
    "ERROR_CLASSES",
    "PYDANTIC_V1",
    "construct_type",
    "construct_type_unchecked",
    "is_dict",
    "is_given",
    "is_list",
    "is_mapping",
    "make_request_options",
    "maybe_transform",
]

T = TypeVar("T")

DEFAULT_TIMEOUT = Timeout()
"""The clocks of a call that is given none."""

DEFAULT_MAX_RETRIES = RetryPolicy().max_retries
"""How often a failed call is tried again."""

PYDANTIC_V1 = False
"""Whether pydantic is of version 1, which antiphon does not work with."""

DEPRECATED_MODELS = {
    name: card.retires.isoformat()
    for card in CATALOG
    if card.deprecated is not None and card.retires is not None
    for name in (card.id, *card.aliases)
}
"""The names of the deprecated models, and the day on which each is retired."""


_STATUSES = (400, 401, 402, 403, 404, 408, 409, 412, 413, 422, 429, 431, 499, 501, 503, 504, 529)
_CODED = {
    code: known
    for code, known in ((each, coded_class(each)) for each in CODED_CLASSES.values())
    if known is not None
}

ERROR_CLASSES: dict[tuple[int | None, str | None], type[APIStatusError]] = {
    **{(status, None): error_class(status, None) for status in _STATUSES},
    **{(coded.status, code): coded for code, coded in _CODED.items()},
}
"""The classes of errors by their status, and by their status and code."""


def is_given(value: object) -> bool:
    """Return whether `value` is none of the sentinels for a parameter not given."""
    return not is_absent(value)


def is_dict(value: object) -> bool:
    """Return whether `value` is a dict."""
    return isinstance(value, dict)


def is_list(value: object) -> bool:
    """Return whether `value` is a list."""
    return isinstance(value, list)


def is_mapping(value: object) -> bool:
    """Return whether `value` is a mapping."""
    return isinstance(value, Mapping)


def maybe_transform(data: T, _: object) -> T:
    """Return parameters as they are: the client itself makes JSON of them."""
    return data


def construct_type(*, value: object, type_: Any) -> Any:
    """Return `value` as a type of the API, also if it does not fit exactly."""
    if not is_object(value):
        return value
    if isinstance(type_, type) and issubclass(type_, WireModel):
        return type_.from_value(value)
    decoder: Decoder[Any] = Decoder(type_)
    return decoder.from_value(value)


construct_type_unchecked = construct_type


def make_request_options(
    *,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = omit,
    **_: Any,
) -> dict[str, Any]:
    """Return the options of a request to any endpoint."""
    given = {"headers": extra_headers, "params": extra_query, "extra_json": extra_body}
    options = {name: value for name, value in given.items() if value is not None}
    return options if is_absent(timeout) else {**options, "timeout": timeout}
