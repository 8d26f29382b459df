"""Texts that UTF-8 can hold."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    """Return a text that UTF-8 can hold: half a surrogate pair becomes a replacement character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
