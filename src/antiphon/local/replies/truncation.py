"""Where an answer ends: at a stop sequence, at the token budget, or by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._wire.partial_json import PartialJSON
from ..metering.tokens import count_text, output_tokens

__all__ = ["Truncation", "at_stop_sequence", "within"]

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Truncation:
    """Content that fits a token budget."""

    content: list[Block]
    """The blocks, the last of them perhaps cut."""
    tokens: int
    """How many they are."""
    whole: bool
    """Whether nothing had to be left out."""
    raw_inputs: Mapping[int, str] = field(default_factory=dict[int, str])
    """The text of a tool's input by the index of its block, where it was cut."""


def at_stop_sequence(
    content: Sequence[Block], sequences: Sequence[str]
) -> tuple[list[Block], str | None]:
    """`content` up to the first of `sequences` to be completed, and which that is."""
    kept: list[Block] = []
    for block in content:
        found = _first(block["text"], sequences) if block["type"] == "text" else None
        if found:
            text = block["text"][: found[0]]
            return [*kept, {**block, "text": text}] if text else kept, found[1]
        kept.append(block)
    return kept, None


def _first(text: str, sequences: Sequence[str]) -> tuple[int, str] | None:
    """The start of the sequence that ends first in `text`, and the sequence."""
    places = ((text.find(each), each) for each in sequences if each)
    found = [(start + len(each), start, each) for start, each in places if start >= 0]
    return min(found)[1:] if found else None


def within(model: str, content: Sequence[Block], budget: int) -> Truncation:
    """As much of `content` as `model` writes with `budget` tokens."""
    used = 0
    for index, block in enumerate(content):
        tokens = output_tokens(model, block)
        if used + tokens > budget:
            part, raw_input = _beginning(model, block, budget - used)
            kept = [*content[:index], part] if part else list(content[:index])
            return Truncation(kept, budget, False, {} if raw_input is None else {index: raw_input})
        used += tokens
    return Truncation(list(content), used, True)


def _beginning(model: str, block: Block, budget: int) -> tuple[Block | None, str | None]:
    """What `budget` tokens suffice for, and the raw input of a tool that is cut."""
    match block:
        case {"type": ("text" | "thinking") as kind, **_others}:
            text = _prefix(model, block[kind], budget)
            return ({**block, kind: text} if text else None), None
        case {"type": "tool_use", "input": arguments}:
            left = budget - output_tokens(model, {**block, "input": {}})
            if left <= 0:
                return None, None
            raw_input = _prefix(model, json.dumps(arguments, ensure_ascii=False), left)
            partial = PartialJSON()
            partial.feed(raw_input)
            return {**block, "input": partial.value()}, raw_input
        case _:
            return None, None


def _prefix(model: str, text: str, budget: int) -> str:
    """The longest beginning of `text` found to make at most `budget` tokens."""
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count_text(model, text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
