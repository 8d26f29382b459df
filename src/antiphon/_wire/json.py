"""JSON text and JSON values: the one place that reads and writes JSON without models.

Writing: `json_writer` is the reference. It knows everything that may stand in a request, leaves
sentinels out, and says where a fault is. orjson does the common part twenty times as fast
(measured: a history of 230 KB in 0.1 ms instead of 2 ms), so it is tried first where it is
installed, and what it cannot write goes to the reference. orjson has no wheels for free-threaded
Python and for 3.15; there the reference writes everything.

Reading: orjson, or the reader of the standard library. Both refuse the same texts with the same
words, those of the Messages API, which parses requests with orjson.

Importing this module loads neither orjson nor pydantic; that happens when something is written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import chain
from math import isfinite
from types import ModuleType
from typing import Any, TypeAlias, TypeGuard

from .json_writer import Base64Text, EncodeText, LongText, Writer, refused, simplified
from .literals import ExactNumber, ExactText, floats_in

__all__ = ["JSONObject", "dumps", "encode", "is_list", "is_object", "loads"]

JSONObject: TypeAlias = dict[str, Any]
"""A JSON object as Python values."""

_GAP = b"\0"
"""Holds the place of a long text in what orjson writes; JSON never contains this byte."""


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether `value` is a JSON array; any field of a received object may hold anything."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[JSONObject]:
    """Return whether `value` is a JSON object; any field of a received object may hold anything."""
    return isinstance(value, dict)


def loads(text: bytes | bytearray | str) -> Any:
    """Return the JSON value of `text`.

    Raises:
        ValueError: `text` is not JSON; the message says what is wrong, and where.
    """
    orjson = _orjson()
    if orjson is not None:
        return orjson.loads(text)
    from .json_faults import read

    return read(text)


def dumps(value: Any, *, sort: bool = False) -> bytes:
    """Return a JSON value as compact JSON in UTF-8; see `encode`.

    Raises:
        NotJSONError: a part cannot be written; its `path` leads there.
    """
    return bytes(encode(value, sort=sort))  # copies nothing where `LongText` is not in it


def encode(
    value: Any, default: Callable[[Any], Any] = refused, *, sort: bool = False
) -> bytes | bytearray:
    """Return `value` as compact JSON in UTF-8.

    Values of JSON's own types are written, and with them tuples, enumerations, UUIDs, `LongText`,
    and numbers and texts that remember their literal. Sentinels are left out wherever they stand.

    Args:
        value: what to write.
        default: returns something simpler for a value of any other type, or raises. It may be asked
            twice for the same value, and must return the same again.
        sort: write the keys of objects in order.

    Raises:
        NotJSONError: a part cannot be written; its `path` leads there.
    """
    orjson = _orjson()
    if orjson is not None:
        try:
            return _by_orjson(orjson, value, default, sort=sort)
        except TypeError:
            pass  # the reference knows whether it can be written all the same, and why not
    return Writer(default, sort=sort).written(value)


@cache
def _orjson() -> ModuleType | None:
    try:
        import orjson
    except ImportError:
        return None
    return orjson


@cache
def _options(*, sort: bool) -> int:
    import orjson

    # orjson would write dataclasses, datetimes and subclasses in its own way; the reference asks
    # `default` about them, and both must write the same.
    ask_default = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
    ask_default |= orjson.OPT_PASSTHROUGH_SUBCLASS
    return ask_default | (orjson.OPT_SORT_KEYS if sort else 0)


def _by_orjson(
    orjson: ModuleType, value: Any, default: Callable[[Any], Any], *, sort: bool
) -> bytes | bytearray:
    # Long texts are put in afterwards, piece by piece: orjson reserves several times their size.
    long: list[LongText | Base64Text] = []
    simpler: list[Any] = []

    def hook(other: Any) -> Any:
        if isinstance(other, LongText | Base64Text):
            long.append(other)
            return orjson.Fragment(_GAP)
        if isinstance(other, ExactNumber | ExactText):
            return orjson.Fragment(other.literal)
        simpler.append(simplified(other, default))
        return simpler[-1]

    encoded: bytes = orjson.dumps(value, hook, _options(sort=sort))
    # orjson writes null for NaN and infinities, which would change what was said.
    if b"null" in encoded and _has_null(encoded):
        _check_finite(value, *simpler)
    return _filled(encoded, long, orjson.dumps) if long else encoded


def _has_null(encoded: bytes) -> bool:
    """Return whether there is a null in compact JSON; in texts, these places are rare."""
    return b":null" in encoded or b",null" in encoded or b"[null" in encoded


def _check_finite(*values: Any) -> None:
    if not all(map(isfinite, floats_in(*values))):
        raise TypeError("a number is not finite")


def _filled(
    encoded: bytes, long: list[LongText | Base64Text], encode_text: EncodeText
) -> bytearray:
    """Return JSON with its gaps filled, in memory that is taken once."""
    body = bytearray(len(encoded) + sum(each.size for each in long))
    before, *between = encoded.split(_GAP)
    body[: len(before)] = before
    at = len(before)
    for each, after in zip(long, between, strict=True):
        for part in chain(each.pieces(encode_text), (after,)):
            body[at : at + len(part)] = part  # grows if a text takes more bytes than characters
            at += len(part)
    del body[at:]
    return body
