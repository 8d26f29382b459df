"""Checks of images and PDFs: their size, their number, and whether their bytes are what is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._wire.json import is_object
from ..catalog import media
from ..catalog.image_tokens import TIERS, downsized
from ..catalog.media import (
    MANY_IMAGES,
    MOST_IMAGE_BYTES,
    MOST_IMAGE_SIDE,
    MOST_IMAGE_SIDE_OF_MANY,
)
from .registry import Checks, Violation, at, block_parts
from .request_view import RequestView

__all__ = ["CHECKS"]

# Tool results may contain images and documents.
_IMAGES = block_parts(("image", "tool_result"))
_DOCUMENTS = block_parts(("document", "tool_result"))

CHECKS = Checks()


def _encoded(request: RequestView, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the sources of images or documents that are sent in base64, with their paths."""
    for path, block in request.media(kind):
        source = block["source"]
        if source["type"] == "base64":
            # The local server puts the content of a file into its block, and leaves its id there.
            yield f"{path}.source.{'file' if 'file_id' in source else 'base64'}", source


@CHECKS.add("images.bytes", *_IMAGES)
def image_bytes(request: RequestView) -> Iterator[Violation]:
    """Find images of too many bytes in base64."""
    for path, source in _encoded(request, "image"):
        if len(source["data"]) > MOST_IMAGE_BYTES:
            yield at(path, found=len(source["data"]), most=MOST_IMAGE_BYTES)


def _seen(request: RequestView) -> Iterator[tuple[str, Mapping[str, Any], media.Image | None]]:
    """Return the images in base64 that are not too large, as their bytes show them."""
    for path, source in _encoded(request, "image"):
        if len(source["data"]) <= MOST_IMAGE_BYTES:
            yield path, source, media.image(source["data"])


@CHECKS.add("images.broken", *_IMAGES)
def broken_images(request: RequestView) -> Iterator[Violation]:
    """Find base64 data that is not a whole image."""
    for path, _, seen in _seen(request):
        if seen is None:
            yield at(f"{path}.data")


@CHECKS.add("images.type", *_IMAGES)
def image_types(request: RequestView) -> Iterator[Violation]:
    """Find images whose media type is not the one that the request states."""
    for path, source, seen in _seen(request):
        if seen and seen.media_type != source["media_type"]:
            yield at(path, told=source["media_type"], seen=seen.media_type)


@CHECKS.add("images.pixels", *_IMAGES)
def image_pixels(request: RequestView) -> Iterator[Violation]:
    """Find images that are too wide or too high."""
    for path, _, seen in _seen(request):
        if seen and max(seen.width, seen.height) > MOST_IMAGE_SIDE:
            yield at(f"{path}.data")


@CHECKS.add("images.pixels.many", *_IMAGES)
def many_image_pixels(request: RequestView) -> Iterator[Violation]:
    """Find images that are too wide or too high for a request with many images."""
    if sum(1 for _ in request.media("image")) > MANY_IMAGES:
        for path, _, seen in _seen(request):
            if seen and MOST_IMAGE_SIDE_OF_MANY < max(seen.width, seen.height) <= MOST_IMAGE_SIDE:
                yield at(f"{path}.data")


@CHECKS.add("images.oversized", *_IMAGES)
def oversized_images(request: RequestView) -> Iterator[Violation]:
    """Find images that the model would see downsized where the request forbids that."""
    if request.card is None:
        return
    for path, block in request.media("image"):
        wanted, source = block.get("transformations"), block["source"]
        is_strict = is_object(wanted) and wanted.get("oversized_image") == "error"
        if is_strict and source["type"] == "base64":
            seen = media.image(source["data"])
            size = (seen.width, seen.height) if seen else (1, 1)
            fitting = downsized(*size, TIERS[request.card.image_tier])
            if fitting != size:
                where = path.rpartition(".")[0]
                yield at(where, size="{}x{}".format(*size), fitting="{}x{}".format(*fitting))


@CHECKS.add("pdfs.broken", *_DOCUMENTS)
def broken_pdfs(request: RequestView) -> Iterator[Violation]:
    """Find base64 data that is not a PDF."""
    for path, pdf in _pdfs(request):
        if pdf is None:
            yield at(path)


@CHECKS.add("pdfs.locked", *_DOCUMENTS)
def locked_pdfs(request: RequestView) -> Iterator[Violation]:
    """Find PDFs with a password."""
    for path, pdf in _pdfs(request):
        if pdf and pdf.encrypted:
            yield at(path)


@CHECKS.add("pdfs.pages", *_DOCUMENTS)
def pdf_pages(request: RequestView) -> Iterator[Violation]:
    """Find PDFs with too many pages."""
    if request.card:
        for path, pdf in _pdfs(request):
            if pdf and pdf.pages > request.card.media_limit:
                yield at(path, most=request.card.media_limit)


def _pdfs(request: RequestView) -> Iterator[tuple[str, media.PDF | None]]:
    """Return the PDFs in base64, if the library that reads PDFs is installed."""
    for path, source in _encoded(request, "document"):
        if source["media_type"] == "application/pdf" and media.reads_pdfs():
            yield f"{path}.data", media.pdf(source["data"])


@CHECKS.add("media.most", *_IMAGES, *_DOCUMENTS)
def most_media(request: RequestView) -> Iterator[Violation]:
    """Find more images and pages together than the model takes."""
    if request.card:
        images = sum(1 for _ in request.media("image"))
        pages = sum(pdf.pages for _, pdf in _pdfs(request) if pdf)
        if images + pages > request.card.media_limit:
            yield at(pages=pages, images=images, most=request.card.media_limit)
