"""What was sent, in few words: number, kind and true nature of the blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ...catalog import media
from ..metering.tokens import blocks

__all__ = ["describe", "first_words", "outcome"]

Block = Mapping[str, Any]

_SHOWN = 3
_OUTCOME = 40


def describe(sent: Iterable[Block]) -> str:
    """The blocks by kind, with what images and documents really are: "text ×1, image ×1 (…)"."""
    listed = list(sent)
    kinds = Counter(block["type"] for block in listed)
    return ", ".join(f"{kind} ×{number}{_natures(kind, listed)}" for kind, number in kinds.items())


def _natures(kind: str, sent: list[Block]) -> str:
    natures = [nature for block in sent if block["type"] == kind and (nature := _nature(block))]
    more = ["…"] if len(natures) > _SHOWN else []
    return f" ({'; '.join(natures[:_SHOWN] + more)})" if natures else ""


def _nature(block: Block) -> str:
    """What an image or document really is, from its bytes."""
    match block:
        case {"type": "image", "source": {"type": "base64", "data": str(encoded)}}:
            seen = media.image(encoded)
            return f"{seen.format} {seen.width}×{seen.height}" if seen else ""
        case {"type": "document", "source": {"type": "base64", "data": str(encoded)}}:
            pdf = media.pdf(encoded)
            return f"PDF, {pdf.pages} p., “{first_words(pdf.text)}”" if pdf else ""
        case {"type": "document", "source": {"type": "text", "data": str(text)}}:
            return f"“{first_words(text)}”"
        case _:
            return ""


def outcome(block: Block) -> str:
    """What a tool result says, shortly; an error is called one."""
    texts = [part["text"] for part in blocks(block.get("content")) if part["type"] == "text"]
    said = first_words(" ".join(texts), _OUTCOME) or describe(blocks(block.get("content"))) or "–"
    return f"error “{said}”" if block.get("is_error") else f"“{said}”"


def first_words(text: str, most: int = 24) -> str:
    """The beginning of `text` in one line, cut at a word if it is longer than `most` characters."""
    line = " ".join(text[: most * 4].split())
    if len(line) <= most:
        return line
    return f"{line[:most].rsplit(' ', 1)[0]}…"
