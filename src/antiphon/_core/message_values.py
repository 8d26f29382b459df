"""Messages as the JSON values that are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from .._transport.files import FileInput
from .._wire.json import is_list
from .._wire.literals import read_exactly
from ..types.message import Message
from .request_body import PendingBody, encode_body, is_mapping

__all__ = ["ReadFile", "as_param", "encoded_messages", "json_values", "plain_messages"]

ReadFile: TypeAlias = Callable[[FileInput], bytes]
"""Reads a file that stands in a message."""


def encoded_messages(messages: Iterable[Any], read_file: ReadFile) -> bytes | bytearray:
    """Return a JSON object with `messages` as they are sent, with the content of their files.

    Raises:
        RequestEncodingError: a part cannot be sent.
    """
    body = encode_body({"messages": [*messages]})
    if isinstance(body, PendingBody):
        body = body.filled(map(read_file, body.files))
    return body if isinstance(body, (bytes, bytearray)) else b"".join(body.pieces())


def json_values(messages: Iterable[Any], read_file: ReadFile) -> list[Any]:
    """Return messages as they are sent: received ones digit by digit as they were received.

    Raises:
        RequestEncodingError: a part cannot be sent.
    """
    values: list[Any] = read_exactly(encoded_messages(messages, read_file))["messages"]
    return values


def as_param(message: Any) -> Any:
    """Return a received message as a dict with its role and its content; others as they are."""
    if not isinstance(message, Message):
        return message
    return {"role": "assistant", "content": message.content}


def plain_messages(messages: Iterable[Any], read_file: ReadFile) -> list[Any]:
    """Return messages as dicts: only those are converted that hold received messages or blocks."""
    return [
        message if _is_plain(message) else json_values([message], read_file)[0]
        for message in messages
    ]


def _is_plain(message: Any) -> bool:
    content = message.get("content") if is_mapping(message) else None
    return isinstance(content, str) or (is_list(content) and all(map(is_mapping, content)))
