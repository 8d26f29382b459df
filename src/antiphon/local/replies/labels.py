"""What stands behind a name in a text: "age: 34", "order 1042", "my name is Anna"."""

from __future__ import annotations

import re
from functools import lru_cache

from .names import name_words, singular

__all__ = ["counted", "labelled"]

# Words of names that say what kind of value it is; texts shorten them, or leave them out.
_KINDS = frozenset(["id", "number", "no", "nr", "code", "reference", "ref"])
_KIND = r"(?:[\s_-]*(?:id|number|no\.?|nr\.?|code|ref(?:erence)?\.?)\b\.?)?\s*"
_CODE = r"[#\"“'`]?((?:[A-Za-z]{1,8}[-_])?[A-Za-z]{0,4}\d[\w-]*)"
# At the start of a line the rest of the line is meant, within a sentence the rest of the clause.
_LINE = r"[:=]\s*([^\n;|]+)"
_CLAUSE = (
    r"(?:[:=]|\bis\b(?!\s+(?:it|there|the|a|an|in|on|for)\b)|\bof\b(?=\s+\D?\d))"
    r"\s*([^\n,;|?!]+?)(?=\s+(?:and|but|with)\s|\.?\s*(?:[,;|?!\n]|$)|\.\s)"
)
# Shorter names, such as `a` or `to`, are words of any sentence.
_MIN_LETTERS = 3
_AMOUNT = r"(?:[A-Z]{3} ?|[€$£] ?)?(-?\d[\d.,'’]*\d|\d)(?![\w-])"


def labelled(name: str, text: str) -> str | None:
    """Return the value of a property called `name` that a text gives under this name, if any."""
    # Most names stand nowhere in the text, and to look for a word is cheaper than a pattern.
    if not any(word in text.lower() for word in name_words(name)):
        return None
    pattern = _pattern(name)
    match = pattern.search(text) if pattern else None
    return next(filter(None, match.groups()), "").strip(" \t\"“”'`.") or None if match else None


def counted(name: str, text: str) -> str | None:
    """Return the number that stands before a name, or behind it: "3 days", "total EUR 9.50"."""
    words = singular(name_words(name))
    if not words or len(words[-1]) < _MIN_LETTERS or words[-1] not in text.lower():
        return None
    number = r"(?<![\w.-])(\d+(?:\.\d+)?)[ -](?:\w+ )?"
    last = re.escape(words[-1])
    before = re.search(rf"{number}{last}s?\b", text, re.IGNORECASE)
    behind = re.search(rf"\b{last}s?\s+{_AMOUNT}", text, re.IGNORECASE)
    found = before or behind
    return found[1] if found else None


@lru_cache(maxsize=512)
def _pattern(name: str) -> re.Pattern[str] | None:
    words = name_words(name)
    own = [word for word in words if word not in _KINDS] or words
    if len("".join(own)) < _MIN_LETTERS and own != ["id"]:
        return None
    label = r"[\s_-]*".join(map(re.escape, own))
    if len(own) < len(words) or own == [
        "id"
    ]:  # an id: its value has a digit, and no sign is needed
        return re.compile(rf"\b{label}s?{_KIND}[:=]?\s*{_CODE}", re.IGNORECASE)
    return re.compile(rf"(?:^|\n)[ \t*•-]*{label}s?\s*{_LINE}|\b{label}\s*{_CLAUSE}", re.IGNORECASE)
