"""Where a reply ends: at a stop sequence, at the token budget, or by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..._wire.json import JSONObject
from ...catalog.tokens import count_text, output_tokens

__all__ = ["Truncation", "at_stop_sequence", "within_budget"]


class Truncation(NamedTuple):
    """Content that fits a token budget."""

    content: list[JSONObject]
    """The blocks; the last of them may be cut."""
    tokens: int
    """The tokens of the blocks."""
    whole: bool
    """Whether nothing had to be left out."""
    raw_inputs: Mapping[int, str] = MappingProxyType({})
    """The JSON text of a tool's input where it was cut, by the index of its block."""


def at_stop_sequence(
    content: Sequence[JSONObject], sequences: Sequence[str]
) -> tuple[list[JSONObject], str | None]:
    """Return `content` up to the stop sequence that is complete first, and that sequence."""
    kept: list[JSONObject] = []
    for block in content:
        found = _first_stop(block["text"], sequences) if block["type"] == "text" else None
        if found:
            start, sequence = found
            text = block["text"][:start]
            return [*kept, {**block, "text": text}] if text else kept, sequence
        kept.append(block)
    return kept, None


def _first_stop(text: str, sequences: Sequence[str]) -> tuple[int, str] | None:
    """Return the start of the sequence that ends first in `text`, and the sequence."""
    starts = ((text.find(each), each) for each in sequences if each)
    found = [(start + len(each), start, each) for start, each in starts if start >= 0]
    return min(found)[1:] if found else None


def within_budget(model: str, content: Sequence[JSONObject], budget: int) -> Truncation:
    """Return as much of `content` as `model` can write with `budget` tokens."""
    used = 0
    for index, block in enumerate(content):
        tokens = output_tokens(model, block)
        if used + tokens > budget:
            part, raw_input = _beginning(model, block, budget - used)
            kept = [*content[:index], part] if part else list(content[:index])
            return Truncation(kept, budget, False, {} if raw_input is None else {index: raw_input})
        used += tokens
    return Truncation(list(content), used, True)


def _beginning(model: str, block: JSONObject, budget: int) -> tuple[JSONObject | None, str | None]:
    """Return the part of `block` that `budget` tokens suffice for, and a cut tool input as text."""
    match block:
        case {"type": ("text" | "thinking") as kind, **_others}:
            text = _prefix(model, block[kind], budget)
            return ({**block, kind: text} if text else None), None
        case {"type": "tool_use", "input": arguments}:
            left = budget - output_tokens(model, {**block, "input": {}})
            if left <= 0:
                return None, None
            raw_input = _prefix(model, json.dumps(arguments, ensure_ascii=False), left)
            # It loads a part of pydantic, which would take a sixth of the time of a start.
            from ..._wire.partial_json import PartialJSON

            partial = PartialJSON()
            partial.feed(raw_input)
            return {**block, "input": partial.value()}, raw_input
        case _:
            return None, None


def _prefix(model: str, text: str, budget: int) -> str:
    """Return the longest beginning of `text` that has at most `budget` tokens.

    Found by bisection, although the estimate may fall by a token when a word grows; the result is
    then a little shorter than it could be, never too long.
    """
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count_text(model, text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
