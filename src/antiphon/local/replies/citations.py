"""Citations of the documents and search results of a request, true to what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from ...catalog import media
from ..metering.tokens import blocks, part

__all__ = ["citations"]

Block = Mapping[str, Any]

_MOST = 3
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？]")
_LONGEST = 120


def citations(messages: Sequence[Mapping[str, Any]]) -> list[Block]:
    """One citation for each of the first documents and search results that allow it."""
    sources = list(_sources(messages))
    documents = [block for block in sources if block["type"] == "document"]
    results = [block for block in sources if block["type"] == "search_result"]
    found = chain(
        (_of_document(block, index) for index, block in enumerate(documents) if _allows(block)),
        (_of_result(block, index) for index, block in enumerate(results) if _allows(block)),
    )
    cited = (citation for citation in found if citation)
    return [citation for citation, _ in zip(cited, range(_MOST), strict=False)]


def _allows(block: Block) -> bool:
    return part(block, "citations").get("enabled") is True


def _sources(messages: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """All documents and search results of a request, those in tool results too, in order."""
    for message in messages:
        if message["role"] != "user" or isinstance(message["content"], str):
            continue
        for block in message["content"]:
            inner = blocks(block.get("content")) if block["type"] == "tool_result" else (block,)
            yield from (each for each in inner if each["type"] in ("document", "search_result"))


def _of_document(block: Block, index: int) -> Block | None:
    """A citation of the document's first sentence, if its words are known here."""
    about = {"document_index": index, "document_title": block.get("title")}
    match block["source"]:
        case {"type": "text", "data": str(text)} if text.strip():
            start, end = _sentence(text)
            place = {"start_char_index": start, "end_char_index": end}
            return _citation("char_location", text[start:end], {**about, **place})
        case {"type": "content", "content": content} if words := _first_text(content):
            place = {"start_block_index": words[0], "end_block_index": words[0] + 1}
            return _citation("content_block_location", words[1], {**about, **place})
        case {"type": "base64", "data": str(encoded)}:
            pdf = media.pdf(encoded)
            if pdf is None or not pdf.text.strip():
                return None
            start, end = _sentence(pdf.text)
            place = {"start_page_number": 1, "end_page_number": 2}
            return _citation("page_location", pdf.text[start:end], {**about, **place})
        case _:
            return None


def _sentence(text: str) -> tuple[int, int]:
    """Where the first sentence of `text` stands, or its beginning if that is long."""
    start = len(text) - len(text.lstrip())
    beginning = text[start : start + _LONGEST]
    if found := _SENTENCE_END.search(beginning):
        return start, start + found.end()
    if len(beginning) == _LONGEST and " " in beginning:
        return start, start + beginning.rindex(" ")
    return start, start + len(beginning.rstrip())


def _citation(kind: str, cited: str, place: Block) -> Block:
    return {"type": kind, "cited_text": cited, **place, "file_id": None}


def _of_result(block: Block, index: int) -> Block | None:
    words = _first_text(block["content"])
    return words and {
        "type": "search_result_location",
        "cited_text": words[1],
        "search_result_index": index,
        "source": block["source"],
        "title": block["title"],
        "start_block_index": words[0],
        "end_block_index": words[0] + 1,
    }


def _first_text(content: Any) -> tuple[int, str] | None:
    """The first text block of a content and its index."""
    texts = ((n, each["text"]) for n, each in enumerate(blocks(content)) if each["type"] == "text")
    return next(texts, None)
