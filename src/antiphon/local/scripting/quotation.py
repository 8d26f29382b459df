"""Where the citations of a scripted reply stand in the documents of its request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..._wire.json import JSONObject
from ...catalog.request_parts import content_blocks, object_at

__all__ = ["located"]


def located(block: JSONObject, body: JSONObject) -> JSONObject:
    """Return a block with the places of its citations filled in, where they are not given."""
    if not block.get("citations"):
        return block
    documents = list(_documents(body["messages"]))
    return {**block, "citations": [_located(each, documents) for each in block["citations"]]}


def _located(citation: JSONObject, documents: Sequence[JSONObject]) -> JSONObject:
    if "type" in citation:
        return citation
    number: int = citation["document_index"]
    nothing: JSONObject = {}
    document = documents[number] if 0 <= number < len(documents) else nothing
    source = object_at(document, "source")
    quoted = citation["cited_text"]
    text = source.get("data") if source.get("type") == "text" else None
    # A quotation that does not stand there is at its beginning: a test may want a wrong one.
    start = max(0, text.find(quoted)) if isinstance(text, str) else 0
    return {
        "type": "char_location",
        "cited_text": quoted,
        "document_index": number,
        "document_title": document.get("title"),
        "start_char_index": start,
        "end_char_index": start + len(quoted),
        "file_id": source.get("file_id"),
        **citation,
    }


def _documents(messages: Sequence[JSONObject]) -> Iterator[JSONObject]:
    """Yield the documents that the user sent, also those in tool results."""
    for message in messages:
        for block in content_blocks(message["content"]) if message["role"] == "user" else ():
            is_result = block["type"] == "tool_result"
            for each in content_blocks(block.get("content")) if is_result else (block,):
                if each["type"] == "document":
                    yield each
