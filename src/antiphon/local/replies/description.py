"""What a request sent, in few words: number and kinds of its blocks, and what files really are."""

from __future__ import annotations

from collections.abc import Iterable

from ..._wire.json import JSONObject, dumps, is_list, is_object
from ...catalog import media
from ...catalog.request_parts import content_blocks
from .result_values import parsed_json

__all__ = ["describe_blocks", "describe_result", "first_words"]

# A reply stays short whatever was sent.
_MAX_DETAILS = 3
_MAX_RESULT = 120
_MAX_ITEMS = 5


def describe_blocks(blocks: Iterable[JSONObject]) -> str:
    """Return the blocks by kind, such as "text ×1, image ×2 (PNG 40×30; PNG 7×9)"."""
    listed = list(blocks)
    kinds: dict[str, int] = {}
    for block in listed:
        kinds[block["type"]] = kinds.get(block["type"], 0) + 1
    return ", ".join(f"{kind} ×{number}{_details(kind, listed)}" for kind, number in kinds.items())


def _details(kind: str, blocks: list[JSONObject]) -> str:
    """Return what the blocks of a kind hold, in parentheses; "" if there is nothing to say."""
    details = [detail for block in blocks if block["type"] == kind and (detail := _detail(block))]
    more = ["…"] if len(details) > _MAX_DETAILS else []
    return f" ({'; '.join(details[:_MAX_DETAILS] + more)})" if details else ""


def _detail(block: JSONObject) -> str:
    """Return what an image or document is, read from its bytes rather than its media type."""
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


def describe_result(block: JSONObject) -> str:
    """Return what a tool result holds, marked if it is an error.

    Of JSON that is its fields, of text the beginning, of images and documents what they are.
    """
    content = content_blocks(block.get("content"))
    text = " ".join(part["text"] for part in content if part["type"] == "text")
    shown = [f"“{first_words(_fields(text) or text, _MAX_RESULT)}”"] if text.strip() else []
    files = [part for part in content if part["type"] != "text"]
    shown += [describe_blocks(files)] if files else []
    described = " and ".join(shown) or "–"
    return f"error {described}" if block.get("is_error") else described


def _fields(text: str) -> str:
    """Return the fields of a JSON value in words; "" if the text is none."""
    value = parsed_json(text)
    if is_object(value):
        return _row(value)
    if not is_list(value) or not value:
        return ""
    if is_object(first := value[0]):
        return f"{len(value)} ×, the first: {_row(first)}"
    return f"{len(value)} ×: {', '.join(map(_value, value[:_MAX_ITEMS]))}"


def _row(fields: JSONObject) -> str:
    return ", ".join(f"{name}: {_value(value)}" for name, value in fields.items())


def _value(value: object) -> str:
    """Return a value in JSON, a text without its quotation marks, and of others their number."""
    if is_object(value) or is_list(value):
        return f"{len(value)} ×"
    return value if isinstance(value, str) else dumps(value).decode()


def first_words(text: str, most: int = 24) -> str:
    """Return the beginning of `text` on one line, cut at a word after at most `most` characters."""
    # White space may shrink to a quarter and still fill the line; the rest need not be split.
    line = " ".join(text[: most * 4].split())
    if len(line) <= most:
        return line
    return f"{line[:most].rsplit(' ', 1)[0]}…"
