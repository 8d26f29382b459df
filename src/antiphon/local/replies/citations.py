"""Citations of the documents and search results of a request; they quote what is really there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from ..._wire.json import JSONObject
from ...catalog import media
from ...catalog.request_parts import content_blocks, may_be_cited

__all__ = ["MAX_CITATIONS", "citations"]

MAX_CITATIONS = 3
"""Citations in one reply: enough to try every kind, and a reply stays short."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？]")
_MAX_SENTENCE = 120


def citations(messages: Sequence[JSONObject]) -> list[JSONObject]:
    """Return one citation for each of the first documents and search results that allow it."""
    sources = list(_sources(messages))
    documents = [block for block in sources if block["type"] == "document"]
    results = [block for block in sources if block["type"] == "search_result"]
    found = chain(
        (
            _of_document(block, index)
            for index, block in enumerate(documents)
            if may_be_cited(block)
        ),
        (_of_result(block, index) for index, block in enumerate(results) if may_be_cited(block)),
    )
    # Lazily: reading a PDF takes time, and only the first citations are used.
    return list(islice((citation for citation in found if citation), MAX_CITATIONS))


def _sources(messages: Sequence[JSONObject]) -> Iterator[JSONObject]:
    """Yield the documents and search results that the user sent, also those in tool results."""
    for message in messages:
        if message["role"] != "user" or isinstance(message["content"], str):
            continue
        for block in message["content"]:
            is_result = block["type"] == "tool_result"
            inner = content_blocks(block.get("content")) if is_result else (block,)
            yield from (each for each in inner if each["type"] in ("document", "search_result"))


def _of_document(block: JSONObject, index: int) -> JSONObject | None:
    """Return a citation of a document's first sentence, if its text can be read here."""
    about = {"document_index": index, "document_title": block.get("title")}
    source = block["source"]
    file = source.get("file_id")
    match source:
        case {"type": "text", "data": str(text)} if text.strip():
            start, end = _first_sentence(text)
            location = {"start_char_index": start, "end_char_index": end}
            return _citation("char_location", text[start:end], {**about, **location}, file)
        case {"type": "content", "content": content} if found := _first_text(content):
            position, text = found
            location = {"start_block_index": position, "end_block_index": position + 1}
            return _citation("content_block_location", text, {**about, **location}, None)
        case {"type": "base64", "data": str(encoded)}:
            pdf = media.pdf(encoded)
            if pdf is None or not pdf.text.strip():
                return None
            start, end = _first_sentence(pdf.text)
            location = {"start_page_number": 1, "end_page_number": 2}
            return _citation("page_location", pdf.text[start:end], {**about, **location}, file)
        case _:
            return None


def _first_sentence(text: str) -> tuple[int, int]:
    """Return start and end of the first sentence of `text`, or of its beginning if it is long."""
    start = len(text) - len(text.lstrip())
    beginning = text[start : start + _MAX_SENTENCE]
    if found := _SENTENCE_END.search(beginning):
        return start, start + found.end()
    if len(beginning) == _MAX_SENTENCE and " " in beginning:
        return start, start + beginning.rindex(" ")
    return start, start + len(beginning.rstrip())


def _citation(kind: str, cited: str, location: JSONObject, file: str | None) -> JSONObject:
    return {"type": kind, "cited_text": cited, **location, "file_id": file}


def _of_result(block: JSONObject, index: int) -> JSONObject | None:
    found = _first_text(block["content"])
    if found is None:
        return None
    position, text = found
    return {
        "type": "search_result_location",
        "cited_text": text,
        "search_result_index": index,
        "source": block["source"],
        "title": block["title"],
        "start_block_index": position,
        "end_block_index": position + 1,
    }


def _first_text(content: Any) -> tuple[int, str] | None:
    """Return the index and the text of the first text block of a content, if it has one."""
    texts = (
        (position, block["text"])
        for position, block in enumerate(content_blocks(content))
        if block["type"] == "text"
    )
    return next(texts, None)
