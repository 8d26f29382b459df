"""The sizes of images and the pages of PDFs, read from their bytes.

Only headers are read, by the layout of each format, and how the file ends: enough to tell the
format, the size, and a file that is cut off, without decoding a pixel or needing a library. PDFs
need pypdf, of the extra `pdf`.
"""

from __future__ import annotations

import binascii
import struct
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from hashlib import blake2b
from importlib.util import find_spec
from typing import Literal, NamedTuple, TypeAlias, TypeVar

__all__ = [
    "FORMATS",
    "MANY_IMAGES",
    "MOST_IMAGE_BYTES",
    "MOST_IMAGE_SIDE",
    "MOST_IMAGE_SIDE_OF_MANY",
    "MOST_PDF_BYTES",
    "PDF",
    "Image",
    "MediaType",
    "decoded",
    "image",
    "image_of",
    "pdf",
    "pdf_of",
    "pdf_pages",
    "reads_pdfs",
]

MediaType: TypeAlias = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
"""The types of images that the API accepts."""

# The documentation allows 10 MB, but every refusal seen still names 5 MB of base64 text.
MOST_IMAGE_BYTES = 5 * 1024 * 1024
"""Characters of an image in base64."""
MOST_IMAGE_SIDE = 8000
"""Pixels of the longer side of an image."""
MOST_IMAGE_SIDE_OF_MANY, MANY_IMAGES = 2000, 20
"""The same for requests with more images than this."""
MOST_PDF_BYTES = 32 * 1024 * 1024
"""Characters of a PDF in base64: those of a whole request, since nothing else bounds it."""

FORMATS: dict[str, MediaType] = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WebP": "image/webp",
}
# Markers of JPEG: frame headers, which hold the size, and markers without content.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
# Results kept. A conversation sends its images and PDFs again with each request, and in each one
# several rules, the count of tokens and the reply look at them.
_REMEMBERED = 64


class Image(NamedTuple):
    """An image as its header describes it."""

    format: str
    """PNG, JPEG, GIF or WebP."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""

    @property
    def media_type(self) -> MediaType:
        """The media type, e.g. ``image/png``."""
        return FORMATS[self.format]


class PDF(NamedTuple):
    """A PDF as far as it can be read; an encrypted one has no pages and no text here."""

    pages: int
    text: str
    """The text of its first page."""
    encrypted: bool = False


def decoded(encoded: str) -> bytes | None:
    """Return the bytes of base64 text; None if it is not base64."""
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


_Read = TypeVar("_Read")


def _remembering(read: Callable[[str], _Read]) -> Callable[[str], _Read]:
    """Return `read` with a memory, by digest: the texts themselves are too large to keep."""
    known: dict[bytes, _Read] = {}

    @wraps(read)
    def remembered(encoded: str) -> _Read:
        key = blake2b(encoded.encode(errors="replace"), digest_size=16).digest()
        with suppress(KeyError):  # not `in`: another thread may clear in between
            return known[key]
        if len(known) >= _REMEMBERED:
            known.clear()
        return known.setdefault(key, read(encoded))

    return remembered


@_remembering
def image(encoded: str) -> Image | None:
    """Return the image in base64 text; None if it has none of the four formats or is cut off."""
    content = decoded(encoded)
    return None if content is None else image_of(content)


def image_of(content: bytes) -> Image | None:
    """Return the image in a file; None if it has none of the four formats or is cut off."""
    found = _image(content)
    return found if found and found.width and found.height else None


def _image(content: bytes) -> Image | None:
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(content)
        if content.startswith((b"GIF87a", b"GIF89a")):
            return _gif(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        return _jpeg(content) if content.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError):
        return None


def _png(content: bytes) -> Image | None:
    """Return the size in the first chunk, if the chunks lead to the last one."""
    at = 8
    while at + 12 <= len(content):
        if content[at + 4 : at + 8] == b"IEND":
            return Image("PNG", *struct.unpack(">II", content[16:24]))
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return None


def _gif(content: bytes) -> Image | None:
    is_whole = content.rstrip(b"\0").endswith(b";")
    return Image("GIF", *struct.unpack("<HH", content[6:10])) if is_whole else None


def _jpeg(content: bytes) -> Image | None:
    """Return the size in the first frame header; the segments before it are skipped."""
    if content.rfind(b"\xff\xd9") < 0:
        return None
    at = 2
    while at < len(content):
        if content[at] != 0xFF:
            return None
        kind = content[at + 1]
        if kind == 0xFF or kind in _JPEG_ALONE:
            at += 1 if kind == 0xFF else 2
            continue
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return Image("JPEG", width, height)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _webp(content: bytes) -> Image | None:
    if len(content) < 8 + int.from_bytes(content[4:8], "little"):
        return None
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return Image("WebP", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return Image("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X" and len(content) >= 30:
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return Image("WebP", width, height)
    return None


def pdf_pages(encoded: str) -> int | None:
    """Return the number of pages of a PDF in base64 text; None if it cannot be read."""
    found = pdf(encoded)
    return None if found is None or found.encrypted else found.pages


@_remembering
def pdf(encoded: str) -> PDF | None:
    """Return the PDF in base64 text; None if it is not a PDF, or pypdf is not installed."""
    content = decoded(encoded)
    return pdf_of(content) if content is not None and reads_pdfs() else None


@cache
def reads_pdfs() -> bool:
    """Return whether PDFs can be read: whether pypdf, of the extra `pdf`, is installed."""
    return find_spec("pypdf") is not None


def pdf_of(content: bytes) -> PDF | None:
    """Return the PDF in a file; None if it is broken. pypdf must be installed."""
    import io

    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return PDF(0, "", encrypted=True)
        pages = len(reader.pages)
        return PDF(pages, reader.pages[0].extract_text() if pages else "")
    except Exception:
        return None  # pypdf raises many kinds of errors for broken files; all mean "not a PDF"
