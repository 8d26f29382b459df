"""How large Claude sees an image, and what it costs: patches of 28 by 28 pixels."""

from __future__ import annotations

from typing import NamedTuple

PATCH = 28


class ImageTier(NamedTuple):
    """The largest image a model takes without making it smaller (Messages API, vision)."""

    edge: int
    """Pixels of the longer side."""
    patches: int
    """Patches in all."""


STANDARD = ImageTier(1568, 1568)
HIGH_RESOLUTION = ImageTier(2576, 4784)
TIERS = {"standard": STANDARD, "high": HIGH_RESOLUTION}
"""By the `image_tier` of a model card."""


def image_tokens(width: int, height: int, tier: ImageTier) -> int:
    """The tokens an image of `width` by `height` pixels costs."""
    return _patches(*downsized(width, height, tier))


def downsized(width: int, height: int, tier: ImageTier) -> tuple[int, int]:
    """The largest width and height in proportion that fit `tier`; those given if they fit."""
    longer, shorter = max(width, height), min(width, height)
    if longer <= tier.edge and _patches(width, height) <= tier.patches:
        return width, height
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
    """`side` in the given proportion, halves rounded up, at least one pixel."""
    return max(1, (2 * side * numerator + denominator) // (2 * denominator))


def _patches(width: int, height: int) -> int:
    return -(-width // PATCH) * -(-height // PATCH)
