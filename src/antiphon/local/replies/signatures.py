"""Signatures of thinking blocks: made by a server, and checked when the blocks come back.

Conversations begun with the real API go on here, so its signatures are accepted by their form: the
base64 of a protobuf message. Their truth cannot be checked. The signatures of this server begin
with a byte that no protobuf message begins with, and are verified.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...rules.request_view import Turn

__all__ = ["NONCE_BYTES", "InvalidBlock", "Signatures"]

NONCE_BYTES = 16
"""The length of a nonce."""
# A tag with a field number of 0 and a wire type of 7. No protobuf message begins so, nor does one
# after one character of the base64 text was changed.
_MARK = b"\x07"
# Its 64 bytes make a signature as long as the API's shortest, over 100 characters of base64.
_DIGEST = "sha512"


class InvalidBlock(NamedTuple):
    """A block that this server did not make, or that was changed since."""

    path: str
    """Where the block stands, such as "messages.1.content.0"."""
    message: str
    """The API's text about it, path included."""


class Signatures:
    """Signs thinking, and recognises the thinking that it signed.

    Args:
        key: the server's secret; blocks signed with another key are invalid.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, thinking: str, nonce: bytes) -> str:
        """Return the signature of a thinking block: base64 of over 100 characters.

        Args:
            thinking: the text of the block as the client receives it.
            nonce: 16 bytes that make signatures of equal texts differ.
        """
        return b64encode(_MARK + nonce + self._digest(thinking, nonce)).decode()

    def verify(self, turns: Iterable[Turn]) -> InvalidBlock | None:
        """Return the first thinking block that neither this server nor the API can have made."""
        for turn in turns:
            for block in turn.blocks if turn.role == "assistant" else ():
                if field := self._invalid_field(block.content):
                    text = f"{block.path}: Invalid `{field}` in `{block.type}` block"
                    return InvalidBlock(block.path, text)
        return None

    def _invalid_field(self, block: Mapping[str, Any]) -> str | None:
        match block:
            case {"type": "thinking", "thinking": str(thinking), "signature": str(signature)}:
                return None if self._is_genuine(thinking, signature) else "signature"
            case {"type": "redacted_thinking", "data": str(data)}:
                return None if self._is_genuine("", data) else "data"
            case _:
                return None

    def _is_genuine(self, thinking: str, signature: str) -> bool:
        try:
            content = b64decode(signature, validate=True)
        except ValueError:
            return False
        if not content.startswith(_MARK):
            return _is_protobuf(content)
        nonce = content[len(_MARK) :][:NONCE_BYTES]
        return hmac.compare_digest(signature.encode(), self.sign(thinking, nonce).encode())

    def _digest(self, thinking: str, nonce: bytes) -> bytes:
        return hmac.digest(self._key, nonce + thinking.encode(errors="surrogatepass"), _DIGEST)


def _is_protobuf(content: bytes) -> bool:
    """Return whether `content` is a protobuf message: one field or more, up to its very end."""
    at = 0
    while 0 <= at < len(content):
        at = _after_field(content, at)
    return at == len(content) > 0


def _after_field(content: bytes, at: int) -> int:
    """Return where the field at a position ends; -1 if there is no field."""
    tag, at = _varint(content, at)
    if at < 0 or tag < 8:  # field numbers begin at 1
        return -1
    match tag & 7:  # the wire type: a number, 64 bits, bytes after their length, 32 bits
        case 0:
            return _varint(content, at)[1]
        case 1:
            return at + 8
        case 2:
            length, at = _varint(content, at)
            return at + length if at >= 0 else -1
        case 5:
            return at + 4
        case _:
            return -1


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the number at a position and where it ends; (0, -1) if there is none."""
    value = 0
    for shift, byte in enumerate(content[at : at + 10]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    return 0, -1
