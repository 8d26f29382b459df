"""What a tool returned, as the content of its result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from typing import Any, TypeGuard

from .._transport.files import read_file
from .._wire.json import JSONObject, is_object
from .._wire.text import printable
from ..catalog.media import FORMATS
from ..errors import ToolError
from ..inputs.documents import document
from ..inputs.images import image
from ..inputs.sources import describe

__all__ = ["result_content"]

# The blocks that the result of a tool may hold, and the field that each must have.
_BLOCKS = {
    "browser_state": "tabs",
    "document": "source",
    "image": "source",
    "search_result": "source",
    "text": "text",
    "tool_reference": "tool_name",
}
_IMAGES = {f"a {name} image" for name in FORMATS}


def result_content(value: Any) -> str | list[dict[str, Any]]:
    """Return what a tool returned as the `content` of a `tool_result` block.

    * A text stays a text; None is an empty one.
    * Blocks, as dicts or as they were received, and images and PDFs become blocks, alone or in a
      list. Images are objects of Pillow, or bytes; PDFs are bytes.
    * A `Path` is read: an image or a PDF becomes a block, any other file a text. In a list it is
      only a name, as in the results of a search for files.
    * Other bytes become a text.
    * Everything else becomes JSON: numbers, dicts, lists, dataclasses, pydantic models, times …

    Args:
        value: what the tool returned.

    Raises:
        InputError: an image or a PDF that the API would refuse, e.g. since it is too large.
        ToolError: bytes or a file that are neither an image nor a PDF nor text.
        TypeError, ValueError: a value that has no form in JSON.
        OSError: a file that cannot be read.
    """
    if _is_path(value):
        value = read_file(value)
    elif isinstance(value, memoryview):
        value = value.tobytes()
    elif isinstance(value, Iterator):
        value = [*value]
    if isinstance(value, (list, tuple)):
        items: list[Any] = [*value]
        blocks = [block_of(item) for item in items]
        if any(blocks):
            pairs = zip(blocks, items, strict=True)
            return _without_blanks([block or _text_block(item) for block, item in pairs])
    block = block_of(value)
    return _text(value) if block is None else _without_blanks([block])


def _without_blanks(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Return blocks without blank texts: the API refuses them, and so every later request."""
    return [block for block in blocks if block["type"] != "text" or block["text"].strip()] or ""


def block_of(value: Any) -> dict[str, Any] | None:
    """Return a block, an image or a PDF as a block; None for anything else."""
    if hasattr(value, "to_param"):
        value = value.to_param()
    if is_object(value) and _is_block(value):
        return {**value, "text": printable(value["text"])} if "text" in value else value
    if _is_bytes(value):
        if value.startswith(b"%PDF-"):
            return {**document(value)}
        return {**image(value)} if describe(value) in _IMAGES else None
    # Told by its module, since loading Pillow only to ask would cost more than the tool.
    picture: Any = value if value.__class__.__module__.startswith("PIL.") else None
    return None if picture is None else {**image(picture)}


def _is_block(value: JSONObject) -> bool:
    """Return whether a dict is a block, and not data that happens to have a `type`."""
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _BLOCKS:
        return False
    return isinstance(value.get("text"), str) if kind == "text" else _BLOCKS[kind] in value


def _text_block(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": _text(value)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    if _is_bytes(value):
        try:
            return value.decode()
        except UnicodeDecodeError:
            kind = describe(value) or "neither an image nor a PDF nor text in UTF-8"
            raise ToolError(
                f"The tool returned {len(value):,} bytes: {kind}. Texts, PDFs, and images in"
                f" {', '.join(FORMATS)} can be shown."
            ) from None
    return _json(value)


def _json(value: Any) -> str:
    try:
        plain = _jsonable(value)
    except UnicodeEncodeError:  # pydantic takes half of a surrogate pair in values, not in keys
        plain = value
    # A time, a UUID or a member of an Enum is a text in JSON; Claude needs no quotes around it.
    if isinstance(plain, str):
        return printable(plain)
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_jsonable)
    return printable(text)


def _jsonable(value: Any) -> Any:
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(
        value, bytes_mode="base64", inf_nan_mode="constants", fallback=_simpler
    )


def _simpler(value: Any) -> object:
    """Return a simpler form of what has none in JSON, such as an array of numpy."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(
        f"a tool returned {type(value).__name__}, which has no form in JSON; return a text, blocks,"
        " or something made of dicts and lists"
    )


def _is_path(value: object) -> TypeGuard[PathLike[str]]:
    return isinstance(value, PathLike)


def _is_bytes(value: object) -> TypeGuard[bytes]:
    return isinstance(value, (bytes, bytearray))
