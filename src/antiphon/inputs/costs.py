"""What images and PDFs cost in tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog import media
from ..catalog.image_tokens import PDF_PAGE_PIXELS, PDF_PAGE_TEXT, TIERS, image_tokens
from ..catalog.models import find
from ..errors import InputError

if TYPE_CHECKING:
    from ..types.content import DocumentBlockParam, ImageBlockParam

__all__ = ["input_tokens"]


def input_tokens(
    block: ImageBlockParam | DocumentBlockParam | Mapping[str, Any], *, model: str | None = None
) -> int | None:
    """Return about how many tokens an image or a PDF costs; nothing is sent.

    An image costs a token for each 28 by 28 pixels that the model sees. A page of a PDF costs an
    image and 1,500 to 3,000 tokens of text, here 1,500. `client.messages.count_tokens` counts all.

    Args:
        block: an image or a document.
        model: the model that sees it; without one, a model that sees images in high resolution,
            where they cost the most.

    Returns:
        Tokens; None for what cannot be seen here: URLs, uploaded files, texts, and PDFs where pypdf
        is not installed.

    Raises:
        InputError: it is another block, or the model is unknown.
    """
    tier = TIERS["high"]
    if model is not None:
        card = find(model)
        if card is None:
            raise InputError(f"model: {model!r} is unknown; leave it out")
        tier = TIERS[card.image_tier]
    match block:
        case {"type": "image", "source": {"type": "base64", "data": str(data)}}:
            seen = media.image(data)
            return image_tokens(seen.width, seen.height, tier) if seen else None
        case {"type": "document", "source": {"type": "base64", "data": str(data)}}:
            pages = media.pdf_pages(data)
            return pages and pages * (PDF_PAGE_TEXT + image_tokens(*PDF_PAGE_PIXELS, tier))
        case {"type": "image" | "document"}:
            return None
        case _:
            raise InputError("block: only images and documents; use count_tokens for others")
