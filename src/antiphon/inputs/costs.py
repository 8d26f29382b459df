"""What inputs cost in tokens, told without asking the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog import media
from ..catalog.tokens import block_tokens
from ..errors import InputError

if TYPE_CHECKING:
    from ..types.content_blocks import ContentBlockParam

__all__ = ["input_tokens"]


def input_tokens(
    block: str | ContentBlockParam | Mapping[str, Any], *, model: str = ""
) -> int | None:
    """Return about how many tokens a text or a content block costs; nothing is sent.

    An image costs a token for each 28 by 28 pixels that the model sees; that is exact. A page of a
    PDF costs an image and 1,500 to 3,000 tokens of text, here the least. Texts are an estimate.
    `client.messages.count_tokens` counts whole requests.

    Args:
        block: a text, an image, a document, or another content block.
        model: the model that reads it; by default one of the newest, for which most things cost
            the most.

    Returns:
        Tokens; None for what cannot be seen here: URLs, uploaded files, and PDFs where pypdf is not
        installed.

    Raises:
        InputError: it is no content block.
    """
    if isinstance(block, str):
        block = {"type": "text", "text": block}
    if not isinstance(block.get("type"), str):
        raise InputError("block: expected a text or a content block with its type")
    return block_tokens(model, {**block}) if _is_seen(block) else None


def _is_seen(block: Mapping[str, Any]) -> bool:
    """Return whether the content of an image or a document is here, and can be read."""
    match block:
        case {"source": {"type": "url" | "file"}}:
            return False
        case {"type": "image", "source": {"type": "base64", "data": data}}:
            return isinstance(data, str) and media.image(data) is not None
        case {"type": "document", "source": {"type": "base64", "data": data}}:
            return isinstance(data, str) and media.pdf_pages(data) is not None
        case _:
            return True
