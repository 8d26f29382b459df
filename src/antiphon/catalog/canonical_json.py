"""One spelling of a JSON value, to hash it and to measure it."""

from __future__ import annotations

from .._wire.json import dumps, is_list, is_object

__all__ = ["canonical"]


def canonical(value: object, *, sort: bool = False) -> bytes:
    """Return `value` as bytes, so that equal values give equal bytes.

    Ordinary values are written as compact JSON. Values that JSON writers refuse (nested hundreds
    deep, integers over 64 bits, lone surrogates) get another unambiguous spelling of about the same
    length, because requests may hold them and must still be hashed and counted.

    Args:
        value: anything a JSON parser may return.
        sort: makes the order of keys irrelevant.
    """
    try:
        return dumps(value, sort=sort)
    except TypeError:
        return _prefix_notation(value, sort).encode()


def _prefix_notation(value: object, sort: bool) -> str:
    """Return `value` as text in which each container states its length before its items.

    A stack of our own replaces recursion, so that depth has no limit.
    """
    parts: list[str] = []
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if is_object(item):
            pairs = sorted(item.items()) if sort else list(item.items())
            parts.append(f"{{{len(pairs)}")
            stack += [part for pair in reversed(pairs) for part in reversed(pair)]
        elif is_list(item):
            parts.append(f"[{len(item)}")
            stack += reversed(item)
        else:
            parts.append(ascii(item))
    return ",".join(parts)
