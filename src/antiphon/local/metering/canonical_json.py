"""One spelling of a JSON value, to hash it and to measure it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson


def canonical(value: object, *, sort: bool = False) -> bytes:
    """`value` as bytes: equal values give equal bytes, whatever their depth.

    Ordinary values are spelled as compact JSON. Those that JSON writers refuse (nested hundreds
    deep, huge integers, lone surrogates) get another unambiguous spelling of about the same length.

    Args:
        value: anything a JSON parser may return.
        sort: makes the order of keys irrelevant.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort else None)
    except TypeError:
        return _spelled(value, sort).encode()


def _spelled(value: object, sort: bool) -> str:
    """`value` in prefix notation, where each container tells its length first."""
    parts: list[str] = []
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            pairs = list(cast("Mapping[str, Any]", item).items())
            pairs = sorted(pairs, key=lambda pair: pair[0]) if sort else pairs
            parts.append(f"{{{len(pairs)}")
            waiting += [part for pair in reversed(pairs) for part in reversed(pair)]
        elif isinstance(item, list):
            elements = cast("list[object]", item)
            parts.append(f"[{len(elements)}")
            waiting += reversed(elements)
        else:
            parts.append(ascii(item))
    return ",".join(parts)
