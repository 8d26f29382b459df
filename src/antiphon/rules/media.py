"""Rules about images, documents and citations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._wire.json import is_object
from ..catalog import media
from ..catalog.image_tokens import TIERS, downsized
from .request_view import RequestView
from .rule import At, Chapter, at

CHAPTER = Chapter()

_MOST_BYTES = 5 * 1024 * 1024
_MOST_PIXELS, _MOST_PIXELS_OF_MANY, _MANY = 8000, 2000, 20


def _encoded(asked: RequestView, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sources of images or documents that are sent in base64, with their paths."""
    for path, block in asked.media(kind):
        if block["source"]["type"] == "base64":
            yield f"{path}.source.base64", block["source"]


@CHAPTER.rule(
    "images.bytes", "{path}: image exceeds 5 MB maximum: {found} bytes > {most} bytes",
    source="Vision", evidence="B 2025-11", remedy="Send a smaller image.",
)  # fmt: skip
def image_bytes(asked: RequestView) -> Iterator[At]:
    """Images of too many bytes, in base64."""
    for path, source in _encoded(asked, "image"):
        if len(source["data"]) > _MOST_BYTES:
            yield at(path, found=len(source["data"]), most=_MOST_BYTES)


def _seen(asked: RequestView) -> Iterator[tuple[str, Mapping[str, Any], media.Image | None]]:
    """The images that are not too large to look at."""
    for path, source in _encoded(asked, "image"):
        if len(source["data"]) <= _MOST_BYTES:
            yield path, source, media.image(source["data"])


@CHAPTER.rule(
    "images.broken", "Could not process image",
    source="Vision", evidence="A 2026-05", remedy="Send the whole image, in base64 without line breaks.",
)  # fmt: skip
def broken_images(asked: RequestView) -> Iterator[At]:
    """Images that are none."""
    for path, _, seen in _seen(asked):
        if seen is None:
            yield at(f"{path}.data")


@CHAPTER.rule(
    "images.type",
    "{path}: The image was specified using the {told} media type, but the image appears to be a {seen} image",
    source="Vision", evidence="A 2026-06", remedy="Send the true media type.",
)  # fmt: skip
def image_types(asked: RequestView) -> Iterator[At]:
    """Images that are not what they are said to be."""
    for path, source, seen in _seen(asked):
        if seen and seen.media_type != source["media_type"]:
            yield at(path, told=source["media_type"], seen=seen.media_type)


@CHAPTER.rule(
    "images.pixels", "{path}: At least one of the image dimensions exceed max allowed size: 8000 pixels",
    source="Vision", evidence="B 2025-08", remedy="Send a smaller image.",
)  # fmt: skip
def image_pixels(asked: RequestView) -> Iterator[At]:
    """Images that are too wide or too high."""
    for path, _, seen in _seen(asked):
        if seen and max(seen.width, seen.height) > _MOST_PIXELS:
            yield at(f"{path}.data")


@CHAPTER.rule(
    "images.pixels.many",
    "{path}: At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels",
    source="Vision", evidence="A 2026-02", remedy="Send smaller images, or at most twenty.",
)  # fmt: skip
def many_image_pixels(asked: RequestView) -> Iterator[At]:
    """Many images of which some are too wide or too high for that."""
    if sum(1 for _ in asked.media("image")) > _MANY:
        for path, _, seen in _seen(asked):
            if seen and _MOST_PIXELS_OF_MANY < max(seen.width, seen.height) <= _MOST_PIXELS:
                yield at(f"{path}.data")


@CHAPTER.rule(
    "images.oversized",
    "{path}: image dimensions {size} exceed the maximum image size of a model named on this request and would be"
    " downsized to {fitting}; scale the image to at most {fitting} or set the image's oversized_image setting to"
    ' "downsize"',
    source="Vision", evidence="C 2026-08", remedy="Send a smaller image, or let it be downsized.",
)  # fmt: skip
def oversized_images(asked: RequestView) -> Iterator[At]:
    """Images larger than the model sees, which are not to be downsized."""
    if asked.card is None:
        return
    for path, block in asked.media("image"):
        wanted, source = block.get("transformations"), block["source"]
        is_strict = is_object(wanted) and wanted.get("oversized_image") == "error"
        if is_strict and source["type"] == "base64":
            seen = media.image(source["data"])
            size = (seen.width, seen.height) if seen else (1, 1)
            fitting = downsized(*size, TIERS[asked.card.image_tier])
            if fitting != size:
                where = path.rpartition(".")[0]
                yield at(where, size="{}x{}".format(*size), fitting="{}x{}".format(*fitting))


@CHAPTER.rule(
    "pdfs.broken", "{path}: The PDF specified was not valid.",
    source="PDF support", evidence="B 2025-08", remedy="Send a whole PDF, in base64 without line breaks.",
)  # fmt: skip
def broken_pdfs(asked: RequestView) -> Iterator[At]:
    """PDFs that are none."""
    for path, pdf in _pdfs(asked):
        if pdf is None:
            yield at(path)


@CHAPTER.rule(
    "pdfs.locked", "{path}: The PDF specified is password protected",
    source="PDF support", evidence="A 2026-01", remedy="Remove the password.",
)  # fmt: skip
def locked_pdfs(asked: RequestView) -> Iterator[At]:
    """PDFs with a password."""
    for path, pdf in _pdfs(asked):
        if pdf and pdf.encrypted:
            yield at(path)


@CHAPTER.rule(
    "pdfs.pages", "{path}: A maximum of {most} PDF pages may be provided.",
    source="PDF support", evidence="B 2025-08", remedy="Send fewer pages.",
)  # fmt: skip
def pdf_pages(asked: RequestView) -> Iterator[At]:
    """PDFs of too many pages."""
    if asked.card:
        for path, pdf in _pdfs(asked):
            if pdf and pdf.pages > asked.card.media_limit:
                yield at(path, most=asked.card.media_limit)


def _pdfs(asked: RequestView) -> Iterator[tuple[str, media.PDF | None]]:
    """The PDFs, if they can be read here."""
    for path, source in _encoded(asked, "document"):
        if source["media_type"] == "application/pdf" and media.reads_pdfs():
            yield f"{path}.data", media.pdf(source["data"])


@CHAPTER.rule(
    "media.most", "Too much media: {pages} document pages + {images} images > {most}",
    source="Vision", evidence="A 2026-02", remedy="Send fewer images and pages.",
)  # fmt: skip
def most_media(asked: RequestView) -> Iterator[At]:
    """More images and pages together than there may be."""
    if asked.card:
        images = sum(1 for _ in asked.media("image"))
        pages = sum(pdf.pages for _, pdf in _pdfs(asked) if pdf)
        if images + pages > asked.card.media_limit:
            yield at(pages=pages, images=images, most=asked.card.media_limit)


@CHAPTER.rule(
    "citations.all", "citations must be enabled on all documents or on none of them",
    source="Citations", evidence="C 2026-08", remedy="Enable citations on all documents, or on none.",
)  # fmt: skip
def cited_documents(asked: RequestView) -> Iterator[At]:
    """Citations of some documents only."""
    cited = list(_cited(asked))
    if any(cited) and not all(cited):
        yield at("messages")


@CHAPTER.rule(
    "citations.format", "output_config.format: citations cannot be enabled together with a JSON schema",
    source="Structured outputs", evidence="C 2026-08", remedy="Switch citations off, or leave the format out.",
)  # fmt: skip
def cited_json(asked: RequestView) -> Iterator[At]:
    """Citations in an answer that is to be JSON."""
    if asked.output_format is not None and any(_cited(asked)):
        yield at("output_config.format")


def _cited(asked: RequestView) -> Iterator[bool]:
    """Whether each document and search result may be cited."""
    for kind in ("document", "search_result"):
        for _, block in asked.media(kind):
            citations = block.get("citations")
            yield is_object(citations) and bool(citations.get("enabled"))
