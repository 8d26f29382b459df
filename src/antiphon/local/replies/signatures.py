"""Signatures of thinking blocks: made by a server, checked when the blocks come back."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import NamedTuple

from ..._wire.json import JSONObject

__all__ = ["NONCE_BYTES", "InvalidBlock", "Signatures"]

NONCE_BYTES = 16
"""The length of a nonce."""
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
        return b64encode(nonce + self._digest(thinking, nonce)).decode()

    def verify(self, body: JSONObject) -> InvalidBlock | None:
        """Return the first thinking block of a request that is not as this server made it."""
        for turn, message in enumerate(body["messages"]):
            if message["role"] != "assistant" or isinstance(message["content"], str):
                continue
            for position, block in enumerate(message["content"]):
                if field := self._invalid_field(block):
                    path = f"messages.{turn}.content.{position}"
                    text = f"{path}: Invalid `{field}` in `{block['type']}` block"
                    return InvalidBlock(path, text)
        return None

    def _invalid_field(self, block: JSONObject) -> str | None:
        match block:
            case {"type": "thinking", "thinking": str(thinking), "signature": str(signature)}:
                return None if self._is_signed(thinking, signature) else "signature"
            case {"type": "redacted_thinking", "data": str(data)}:
                return None if self._is_signed("", data) else "data"
            case _:
                return None

    def _is_signed(self, thinking: str, signature: str) -> bool:
        try:
            nonce = b64decode(signature, validate=True)[:NONCE_BYTES]
        except ValueError:
            return False
        return hmac.compare_digest(signature.encode(), self.sign(thinking, nonce).encode())

    def _digest(self, thinking: str, nonce: bytes) -> bytes:
        return hmac.digest(self._key, nonce + thinking.encode(errors="surrogatepass"), _DIGEST)
