"""The tokens of an image: it is cut into patches of 28 by 28 pixels, each of which is one token.

An image that is larger than the model's tier is first made smaller, to the largest size that fits,
so the price of an image has a bound. The numbers are those of the documentation of vision.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "HIGH_RESOLUTION",
    "PATCH",
    "PDF_PAGE_PIXELS",
    "PDF_PAGE_TEXT",
    "STANDARD",
    "TIERS",
    "ImageTier",
    "downsized",
    "image_tokens",
]

PATCH = 28
"""Pixels of the side of a patch."""


# A page of a PDF costs its text and an image of this size (docs, PDF support).
PDF_PAGE_TEXT = 1_500
"""Tokens of the text of a page; the documentation says 1,500 to 3,000."""
PDF_PAGE_PIXELS = (1075, 1520)
"""Width and height of the image of a page."""


class ImageTier(NamedTuple):
    """The largest image that a model sees without making it smaller."""

    edge: int
    """Pixels of the longer side."""
    patches: int
    """Patches of the whole image."""


STANDARD = ImageTier(1568, 1568)
HIGH_RESOLUTION = ImageTier(2576, 4784)
TIERS = {"standard": STANDARD, "high": HIGH_RESOLUTION}
"""The tiers by the `image_tier` of a model."""


def image_tokens(width: int, height: int, tier: ImageTier) -> int:
    """Return the tokens of an image of `width` by `height` pixels."""
    return _patches(*downsized(width, height, tier))


def downsized(width: int, height: int, tier: ImageTier) -> tuple[int, int]:
    """Return the width and height in pixels at which a model of this tier sees an image."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= tier.edge and _patches(width, height) <= tier.patches:
        return width, height
    # The number of patches grows in steps with the side, so the side is searched, not computed.
    low, high = 1, min(longer, tier.edge)
    while low < high:
        middle = (low + high + 1) // 2
        if _patches(middle, _scaled(shorter, middle, longer)) <= tier.patches:
            low = middle
        else:
            high = middle - 1
    other = _scaled(shorter, low, longer)
    return (low, other) if width >= height else (other, low)


def _scaled(side: int, numerator: int, denominator: int) -> int:
    """Return `side` in a proportion, halves rounded up, at least one pixel."""
    return max(1, (2 * side * numerator + denominator) // (2 * denominator))


def _patches(width: int, height: int) -> int:
    return -(-width // PATCH) * -(-height // PATCH)
