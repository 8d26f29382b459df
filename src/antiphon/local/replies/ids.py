"""Identifiers as the API forms them: a prefix, `01`, and letters and digits without look-alikes."""

from __future__ import annotations

from random import Random

__all__ = ["new_id"]

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_LENGTH = 22
# The character of each byte: much faster than to choose each one, and nearly as even.
_CHARACTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))


def new_id(prefix: str, rng: Random) -> str:
    """Return an id such as ``msg_01…``; the same state of `rng` gives the same id."""
    return f"{prefix}_01{rng.randbytes(_LENGTH).translate(_CHARACTERS).decode()}"
