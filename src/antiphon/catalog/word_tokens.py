"""How many tokens a text makes, estimated without a vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["word_tokens"]

# Each match is about one token: a word of up to fifteen letters, up to three capitals, up to three
# digits, a space before a digit, up to two signs, a line break, an indentation.
_PIECES = re.compile(
    r"[A-Z]?[a-z]{1,15}|[A-Z]{1,3}|[0-9]{1,3}|[ ](?=[0-9])|[^\sA-Za-z0-9]{1,2}|[\r\n\t]+|[ ]{2,}"
)
# The letters of a word from the eighth on: the longer a word, the less likely it is one token.
_LATE_LETTERS = re.compile(r"(?<=[A-Za-z][a-z]{6})[a-z]")
_TOKENS_PER_LATE_LETTER = 0.1
# Pieces of text with accents, whose words are split into shorter ones.
_ACCENTED_PIECES = re.compile(
    r"[A-Z]?[a-z\u00c0-\u024f]{1,8}|[A-Z]{1,3}|[0-9]{1,3}|[ ](?=[0-9])"
    r"|[^\sA-Za-z0-9\u00c0-\u024f]{1,2}|[\r\n\t]+|[ ]{2,}"
)
# Letters beyond Latin, up to where Chinese, Japanese and Korean begin.
_DISTANT = re.compile(r"[\u0250-\u2fff]+")
# Compiled for the first text that may have some: that takes longer than for all of the others.
_IDEOGRAPHS = r"[\u3000-\ud7ff\uf900-\ufaff\uff00-\uffef]+"
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]+")
_DISTANT_LETTERS_PER_TOKEN = 2
_TOKENS_PER_ASTRAL = 2
# While a pattern searches, no other thread runs: for a text of 30 MB that would be 3 seconds.
_MAX_AT_ONCE = 64 * 1024


def word_tokens(text: str) -> float:
    """Return the estimated tokens of `text` by the older of Claude's two tokenizers."""
    if len(text) <= _MAX_AT_ONCE:
        return _tokens(text)
    return sum(_tokens(part) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    """Yield `text` in parts that end before a space, so that hardly any piece is cut."""
    start = 0
    while start < len(text):
        end = start + _MAX_AT_ONCE
        end = text.rfind(" ", start + 1, end) if end < len(text) else end
        end = end if end > start else start + _MAX_AT_ONCE
        yield text[start:end]
        start = end


def _tokens(text: str) -> float:
    if text.isascii():  # most text is, and two patterns suffice for it
        late = len(_LATE_LETTERS.findall(text))
        return len(_PIECES.findall(text)) + _TOKENS_PER_LATE_LETTER * late
    latin, distant = _without(_DISTANT, text)
    ideographs = astral = 0
    if not _is_latin_1(latin):
        latin, ideographs = _without(re.compile(_IDEOGRAPHS), latin)
        latin, astral = _without(_ASTRAL, latin)
    return (
        len(_ACCENTED_PIECES.findall(latin))
        + -(-distant // _DISTANT_LETTERS_PER_TOKEN)
        + ideographs
        + astral * _TOKENS_PER_ASTRAL
    )


def _is_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _without(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    """Return `text` without the matches of `pattern`, and the number of characters removed."""
    if text.isascii():  # no pattern looks for ASCII
        return text, 0
    rest = pattern.sub("", text)
    return rest, len(text) - len(rest)
