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
    number: int = citation.get("document_index", 0)
    nothing: JSONObject = {}
    document = documents[number] if 0 <= number < len(documents) else nothing
    source = object_at(document, "source")
    return {
        **_place(citation["cited_text"], source),
        "cited_text": citation["cited_text"],
        "document_index": number,
        "document_title": document.get("title"),
        "file_id": source.get("file_id"),
        **citation,
    }


def _place(quoted: str, source: JSONObject) -> JSONObject:
    """Return where a text stands in a document, in the form that its kind of source has.

    What does not stand there is placed at the beginning: a test may want a wrong quotation.
    """
    match source:
        case {"type": "base64"}:  # a PDF
            return {"type": "page_location", "start_page_number": 1, "end_page_number": 2}
        case {"type": "content", "content": content}:
            texts = [str(block.get("text")) for block in content_blocks(content)]
            index = next((index for index, text in enumerate(texts) if quoted in text), 0)
            end = {"end_block_index": index + 1}
            return {"type": "content_block_location", "start_block_index": index, **end}
        case _:
            start = max(0, str(source.get("data", "")).find(quoted))
            end = {"end_char_index": start + len(quoted)}
            return {"type": "char_location", "start_char_index": start, **end}


def _documents(messages: Sequence[JSONObject]) -> Iterator[JSONObject]:
    """Yield the documents that the user sent, also those in tool results."""
    for message in messages:
        for block in content_blocks(message["content"]) if message["role"] == "user" else ():
            is_result = block["type"] == "tool_result"
            for each in content_blocks(block.get("content")) if is_result else (block,):
                if each["type"] == "document":
                    yield each
