"""What a program has of a file: a path, bytes, an open file, a URL, an id; and what its bytes are.

The type of a file is told by its first bytes. Its name and what others say about it may be wrong,
and the API refuses an image whose type is not the one that is stated.
"""

from __future__ import annotations

import re
from base64 import b64encode
from inspect import iscoroutine
from io import SEEK_END
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from .._core.request_body import is_file
from .._transport.files import FileInput, read_file
from ..errors import InputError

if TYPE_CHECKING:
    from ..types.files import FileMetadata

__all__ = [
    "LONGEST_PATH",
    "FileSource",
    "describe",
    "encoded",
    "megabytes",
    "raw_size",
    "read",
    "reference",
    "refuse_size",
]

FileSource: TypeAlias = "str | PathLike[str] | bytes | bytearray | IO[bytes] | FileMetadata"
"""A path, a URL, the id of an uploaded file, the content, an open file, or an uploaded file."""

LONGEST_PATH = 4096
"""Characters: the most of Linux, and more than others allow."""

_URL = re.compile(r"https?://\S+")
_FILE_ID = re.compile(r"file_\w+")

# The beginnings of files that people try. What is not accepted is here for the sake of its error.
_BEGINNINGS = (
    (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
    (rb"\xff\xd8", "a JPEG image"),
    (rb"GIF8", "a GIF image"),
    (rb"RIFF....WEBP", "a WebP image"),
    (rb".{0,1000}%PDF-", "a PDF"),  # readers of PDFs accept that something stands before it
    (rb"BM.{4}\0\0\0\0", "a BMP image"),
    (rb"II\*\0|MM\0\*", "a TIFF image"),
    (rb"....ftyp(avif|avis)", "an AVIF image"),
    (rb"....ftyp(hei|hev|mif|msf)", "a HEIC image"),
    (rb"PK\x03\x04", "a ZIP archive (.docx, .xlsx and .pptx are such)"),
    (rb"\xd0\xcf\x11\xe0", "a file of an old version of Microsoft Office"),
    (rb"\x1f\x8b", "a gzip archive"),
)


class _URLSource(TypedDict):
    type: Literal["url"]
    url: str


class _UploadedSource(TypedDict):
    type: Literal["file"]
    file_id: str


def reference(source: object) -> _URLSource | _UploadedSource | None:
    """Return the source of a block for a URL or an uploaded file; None for anything else."""
    if isinstance(source, str):
        if _URL.fullmatch(source):
            return {"type": "url", "url": source}
        if _FILE_ID.fullmatch(source):
            return {"type": "file", "file_id": source}
    # Asked of its attributes: loading the class, only to find that it is none, costs more.
    file_id = getattr(source, "id", None)
    if getattr(source, "type", None) == "file" and isinstance(file_id, str):
        return {"type": "file", "file_id": file_id}
    return None


def read(source: Any, most: int | None = None, advice: str = "") -> bytes | str:
    """Return the content of a file; a text only if it was opened as text.

    Args:
        source: a path, the content itself, or an open file.
        most: bytes that it may have; a larger file is refused before it is read.
        advice: what to do about one that is larger.

    Raises:
        InputError: it is empty or too large.
        OSError: it cannot be read.
        TypeError: it is something else.
    """
    if isinstance(source, str):
        if source.startswith("data:") or len(source) > LONGEST_PATH:
            raise InputError(
                f"source: a str of {len(source):,} characters is neither a path nor a URL; "
                "if it is base64, pass base64.b64decode(…) of it"
            )
        source = Path(source)
    content: Any
    named = _named(source)
    if isinstance(source, (bytes, bytearray)):
        content = bytes(source)
    elif isinstance(source, memoryview):
        content = source.tobytes()
    elif is_file(source):
        refuse_size(_file_size(source), most, advice)
        content = _content(source)
    else:
        raise TypeError(
            "source: expected a path, bytes, an open file, a URL or the id of an uploaded file, "
            f"not {type(source).__name__}"
        )
    if not isinstance(content, (bytes, str)):  # an asynchronous file gives something to await
        kind = type(content).__name__
        if iscoroutine(content):
            content.close()  # else Python warns that it was never awaited
        raise TypeError(f"source: its read() gives {kind}, not bytes; pass `await source.read()`")
    if not content:
        raise InputError(f"source: {named} is empty")
    refuse_size(len(content), most, advice)
    return content


def refuse_size(size: int, most: int | None, advice: str) -> None:
    """Refuse a file that is too large.

    Raises:
        InputError: `size` is more than `most`.
    """
    if most is not None and size > most:
        raise InputError(
            f"source: it has {megabytes(size)}, and may have {megabytes(most)}, "
            f"which are {megabytes(_base64_size(most))} in base64; {advice}"
        )


def raw_size(base64_size: int) -> int:
    """Return the bytes whose base64 has this many characters."""
    return base64_size // 4 * 3


def _base64_size(size: int) -> int:
    return -(-size // 3) * 4


def megabytes(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size:,} bytes"


def encoded(content: bytes) -> str:
    """Return the base64 of a file, as requests hold it."""
    return b64encode(content).decode()


def describe(content: bytes) -> str | None:
    """Return what the bytes of a file are, e.g. "a PNG image"; None if that is not known."""
    for beginning, kind in _BEGINNINGS:
        if re.match(beginning, content, re.DOTALL):
            return kind
    return None


def _content(file: Any) -> Any:
    """Return what is in a path or an open file."""
    # Some files that others have made know nothing but `read`.
    is_usual = hasattr(file, "seekable") or not hasattr(file, "read")
    return read_file(file) if is_usual else file.read()


def _file_size(file: FileInput) -> int:
    """Return the size in bytes of a path or an open file; 0 if only reading it would tell."""
    if isinstance(file, PathLike):
        return Path(file).stat().st_size
    # A text has no size in bytes.
    if hasattr(file, "encoding") or not hasattr(file, "seekable") or not file.seekable():
        return 0
    return file.seek(0, SEEK_END)


def _named(source: object) -> str:
    if isinstance(source, Path):
        return f"the file {str(source)!r}"
    return "the file" if hasattr(source, "read") else "the content"
