"""Signatures of thinking blocks: made by one server, checked when the blocks come back."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["InvalidBlock", "Signatures"]

_NONCE_BYTES = 16
_DIGEST = "sha512"


class InvalidBlock(NamedTuple):
    """A block this server did not make, or that was changed since."""

    path: str
    """Where it stands, such as "messages.1.content.0"."""
    message: str
    """What the API says about it, path included."""


class Signatures:
    """Signs thinking and recognises what it signed.

    Args:
        key: the server's secret; blocks signed with another are invalid.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, thinking: str, nonce: bytes) -> str:
        """The signature of a thinking block: base64 of over 100 characters.

        Args:
            thinking: the text of the block as the client gets it.
            nonce: 16 bytes that make the signature differ from that of an equal text.
        """
        return b64encode(nonce + self._digest(thinking, nonce)).decode()

    def verify(self, body: Mapping[str, Any]) -> InvalidBlock | None:
        """The first thinking block of a request that is not as this server made it, if any."""
        for turn, message in enumerate(body["messages"]):
            if message["role"] != "assistant" or isinstance(message["content"], str):
                continue
            for position, block in enumerate(message["content"]):
                if field := self._wrong_field(block):
                    path = f"messages.{turn}.content.{position}"
                    return InvalidBlock(
                        path, f"{path}: Invalid `{field}` in `{block['type']}` block"
                    )
        return None

    def _wrong_field(self, block: Mapping[str, Any]) -> str | None:
        match block:
            case {"type": "thinking", "thinking": str(thinking), "signature": str(signature)}:
                return None if self._signed(thinking, signature) else "signature"
            case {"type": "redacted_thinking", "data": str(data)}:
                return None if self._signed("", data) else "data"
            case _:
                return None

    def _signed(self, thinking: str, signature: str) -> bool:
        try:
            nonce = b64decode(signature, validate=True)[:_NONCE_BYTES]
        except ValueError:
            return False
        return hmac.compare_digest(signature.encode(), self.sign(thinking, nonce).encode())

    def _digest(self, thinking: str, nonce: bytes) -> bytes:
        return hmac.digest(self._key, nonce + thinking.encode(errors="surrogatepass"), _DIGEST)
