"""Requests that name files by their ids, with the content of the files in the place of the ids.

Whoever looks at the request afterwards (media rules, token estimate, cache, citations, replies)
sees what the file holds, as if it had been sent in the request. The id stays beside the content: it
tells the rules what was sent, and citations name it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..._wire.json import JSONObject, is_list
from .errors import invalid
from .file_store import StoredFile

__all__ = ["with_files"]

_IMAGES = ("image/gif", "image/jpeg", "image/png", "image/webp")
_TEXT = "text/plain"
_TYPES = {"image": _IMAGES, "document": ("application/pdf", _TEXT)}

_Find: TypeAlias = Callable[[str], StoredFile]
_Change: TypeAlias = Callable[[JSONObject], JSONObject]


def with_files(body: JSONObject, find: _Find) -> JSONObject:
    """Return a request with the content of the files that it names; the request itself stays.

    Args:
        body: a body of the right form.
        find: returns the file with an id, or refuses the request.

    Raises:
        RequestRefusedError: `find` refuses, or a block cannot hold a file of this type.
    """
    messages = _changed(body["messages"], lambda message: _in_content(message, "content", find))
    return body if messages is body["messages"] else {**body, "messages": messages}


def _changed(items: Sequence[JSONObject], change: _Change) -> Sequence[JSONObject]:
    """Return the items with each one changed; the same list if none of them is."""
    changed = [change(item) for item in items]
    is_same = all(new is old for new, old in zip(changed, items, strict=True))
    return items if is_same else changed


def _in_content(owner: JSONObject, name: str, find: _Find) -> JSONObject:
    """Return a message, or what else holds blocks under `name`, with the files of its blocks."""
    content: Any = owner.get(name)
    if not is_list(content):
        return owner
    blocks = _changed(content, lambda block: _in_block(block, find))
    return owner if blocks is content else {**owner, name: blocks}


def _in_block(block: JSONObject, find: _Find) -> JSONObject:
    match block:
        case {"type": "image" | "document" as kind, "source": {"type": "file", "file_id": named}}:
            return {**block, "source": _source(kind, find(named))}
        case {"type": "document", "source": {"type": "content"} as source}:
            inner = _in_content(source, "content", find)
            return block if inner is source else {**block, "source": inner}
        case {"type": "tool_result"}:
            return _in_content(block, "content", find)
        case {"type": "container_upload", "file_id": named}:
            find(named)  # the container is not simulated, but the file has to be there
            return block
        case _:
            return block


def _source(kind: str, file: StoredFile) -> JSONObject:
    """Return the source that holds the content of a file, and its id."""
    if file.mime_type not in _TYPES[kind]:
        raise invalid(
            f"File `{file.id}` has the type {file.mime_type}; a block of type `{kind}` takes"
            f" {', '.join(_TYPES[kind])}"
        )
    if file.mime_type == _TEXT:
        source = {"type": "text", "data": file.content.decode("utf-8", "replace")}
    else:
        source = {"type": "base64", "data": b64encode(file.content).decode()}
    return {**source, "media_type": file.mime_type, "file_id": file.id}
