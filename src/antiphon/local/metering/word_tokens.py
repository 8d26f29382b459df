"""How many tokens a text makes, estimated without a vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["word_tokens"]

# Each match is about one token: a word of up to twelve letters, up to three capitals, up to three
# digits, a space before a digit, up to three signs, a line break with its indentation.
_PIECES = re.compile(
    r"[A-Z]?[a-z]{1,12}|[A-Z]{1,3}|[0-9]{1,3}|[ ](?=[0-9])|[^\sA-Za-z0-9]{1,3}|[\r\n\t]+[ ]*|[ ]{2,}"
)
# The same for text with accents, whose words are split into shorter pieces.
_ACCENTED_PIECES = re.compile(
    r"[A-Z]?[a-z\u00c0-\u024f]{1,8}|[A-Z]{1,3}|[0-9]{1,3}|[ ](?=[0-9])"
    r"|[^\sA-Za-z0-9\u00c0-\u024f]{1,3}|[\r\n\t]+[ ]*|[ ]{2,}"
)
# Letters beyond Latin, up to where Chinese, Japanese and Korean begin.
_DISTANT = re.compile(r"[\u0250-\u2fff]+")
_IDEOGRAPHS = re.compile(r"[\u3000-\ud7ff\uf900-\ufaff\uff00-\uffef]+")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]+")

# A lower bound for text without word boundaries, such as base64.
_LETTERS_PER_TOKEN = 4
_DISTANT_LETTERS_PER_TOKEN = 2
_TOKENS_PER_ASTRAL = 2
# While a pattern searches, no other thread runs: for a text of 30 MB that would be 3 seconds.
_MAX_AT_ONCE = 64 * 1024


def word_tokens(text: str) -> int:
    """Return the estimated tokens of `text` by the older of Claude's two tokenizers."""
    if len(text) <= _MAX_AT_ONCE:
        return _count(text)
    return sum(_count(part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    """Yield `text` in parts that end before a space, so that hardly any piece is cut."""
    start = 0
    while start < len(text):
        end = start + _MAX_AT_ONCE
        end = text.rfind(" ", start + 1, end) if end < len(text) else end
        end = end if end > start else start + _MAX_AT_ONCE
        yield text[start:end]
        start = end


def _count(text: str) -> int:
    if text.isascii():  # most text is, and one pattern suffices for it
        return max(len(_PIECES.findall(text)), len(text) // _LETTERS_PER_TOKEN)
    latin, distant = _without(_DISTANT, text)
    latin, ideographs = _without(_IDEOGRAPHS, latin)
    latin, astral = _without(_ASTRAL, latin)
    return (
        max(len(_ACCENTED_PIECES.findall(latin)), len(latin) // _LETTERS_PER_TOKEN)
        + -(-distant // _DISTANT_LETTERS_PER_TOKEN)
        + ideographs
        + astral * _TOKENS_PER_ASTRAL
    )


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """Return `text` without the matches of `pattern`, and the number of characters removed."""
    rest = pattern.sub("", text)
    return rest, len(text) - len(rest)
