"""Documents as content blocks: PDFs, texts, and lists of pieces that are cited one by one."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from .._wire.json import is_list
from ..catalog import media
from ..catalog.models import CATALOG
from ..errors import InputError
from .sources import (
    LONGEST_PATH,
    FileSource,
    describe,
    encoded,
    raw_size,
    read,
    reference,
    refuse_size,
)

if TYPE_CHECKING:
    from pypdf import PdfReader

    from ..types.content import DocumentBlockParam, ImageBlockParam, TextBlockParam

__all__ = ["DocumentInput", "document", "split_pdf"]

DocumentInput: TypeAlias = "FileSource | Sequence[str | TextBlockParam | ImageBlockParam]"
"""What `document` accepts: a file in any form, a text, or a list of pieces."""

_MOST_BYTES = raw_size(media.MOST_PDF_BYTES)
_MOST_PAGES = max(card.media_limit for card in CATALOG)
_FEWER_PAGES = "send some of its pages (pages=), or use antiphon.split_pdf"
# A text of one line is a path if it begins like one, if it ends as the names of files do, or if it
# is one word of ASCII: many languages put no space between words.
_PATH = re.compile(r"(/|\.{1,2}/|[A-Za-z]:[/\\])[^\n\r]*|[^\n\r]*\.[A-Za-z][A-Za-z0-9]{0,4}|[!-~]+")


def document(
    source: DocumentInput | None = None,
    *,
    text: str | None = None,
    title: str | None = None,
    context: str | None = None,
    citations: bool = False,
    pages: tuple[int, int] | None = None,
) -> DocumentBlockParam:
    """Return a document as a content block: a PDF, a text, or a list of pieces.

    A file is read at once. In an asynchronous program, use
    ``await asyncio.to_thread(antiphon.document, path)`` for large ones.

    Args:
        source: a path, bytes, an open file, a URL (``https://...``) of a PDF, the id of an uploaded
            file (``file_...``) or what its upload returned, a text, or a list of texts and blocks,
            which Claude cites one by one. A str of one line that begins like a path, ends like the
            name of a file, or is one word of ASCII, is a path; any other is the text.
        text: a text, whatever it looks like. Use it for texts that come from others.
        title: its title, which Claude sees but does not cite.
        context: what else Claude should know about it, and does not cite.
        citations: whether Claude may cite it. Either all documents of a request or none.
        pages: the first and the last page to send of a PDF, counted from 1. Needs pypdf, of the
            extra `pdf`.

    Raises:
        InputError: it is empty, broken, locked, too large, or of a type that the API does not
            accept.
        OSError: the file cannot be read.
        TypeError: `source` is none of these, or there is none.
        ImportError: `pages` is given, and pypdf is not installed.
    """
    if (source is None) == (text is None):
        raise TypeError("document: give either a source or a text")
    block: DocumentBlockParam = {"type": "document", "source": _source(source, text, pages)}
    if title is not None:
        block["title"] = title
    if context is not None:
        block["context"] = context
    if citations:
        block["citations"] = {"enabled": True}
    return block


def split_pdf(
    source: FileSource,
    pages: int = 100,
    *,
    title: str | None = None,
    context: str | None = None,
    citations: bool = False,
) -> list[DocumentBlockParam]:
    """Return a PDF as several documents, each of so many pages; the titles tell which.

    Needs pypdf, of the extra `pdf`.

    Args:
        source: a path, bytes, or an open binary file.
        pages: pages of each document but the last.
        title: the title of the PDF; that of a part is "title, pages 1-100 of 230".
        context: as for `document`.
        citations: as for `document`. The pages of a citation are counted within its part.

    Raises:
        InputError: it is not a PDF, broken, locked or too large.
        OSError: the file cannot be read.
        ImportError: pypdf is not installed.
    """
    if pages < 1:
        raise InputError(f"pages: expected a number of pages, not {pages!r}")
    content = read(source)
    if not _is_pdf(content):
        raise InputError("source: not a PDF; only PDFs have pages")
    reader = _opened(content)
    count = len(reader.pages)
    parts: list[DocumentBlockParam] = []
    for first in range(1, count + 1, pages):
        last = min(first + pages - 1, count)
        told = f"pages {first}-{last} of {count}"
        part = document(
            _extracted(reader, first, last),
            title=told.capitalize() if title is None else f"{title}, {told}",
            context=context,
            citations=citations,
        )
        parts.append(part)
    return parts


def _source(source: DocumentInput | None, text: str | None, pages: tuple[int, int] | None) -> Any:
    """Return the source of the block of a document."""
    content = _content(source) if text is None else text
    if _is_pdf(content):
        return _pdf(content, pages)
    if pages is not None:
        raise InputError("pages: only a PDF whose content is here has pages")
    if isinstance(content, dict):
        return content
    if isinstance(content, bytes):
        content = _decoded(content)
    if not content.strip():
        raise InputError(f"{'source' if text is None else 'text'}: the text is empty")
    return {"type": "text", "media_type": "text/plain", "data": content}


def _content(source: Any) -> bytes | str | dict[str, Any]:
    """Return the content of a source, or the source of its block if that is there already."""
    where = reference(source)
    if where is not None:
        return {**where}
    if is_list(source):
        return {"type": "content", "content": _pieces(source)}
    if isinstance(source, str) and not _is_path(source):
        return source
    if hasattr(source, "__array_interface__"):
        raise InputError("source: an image is not a document; use antiphon.image")
    try:
        return read(source, _MOST_BYTES, _FEWER_PAGES)
    except FileNotFoundError as error:
        if isinstance(source, str):
            error.add_note("If it is not a path but a text, pass it as text=.")
        raise


def _is_path(text: str) -> bool:
    return len(text) <= LONGEST_PATH and _PATH.fullmatch(text) is not None


def _pieces(source: Sequence[Any]) -> list[Any]:
    if not source:
        raise InputError("source: the list has no pieces")
    return [
        {"type": "text", "text": piece} if isinstance(piece, str) else piece for piece in source
    ]


def _is_pdf(content: object) -> TypeGuard[bytes]:
    return isinstance(content, bytes) and describe(content) == "a PDF"


def _decoded(content: bytes) -> str:
    """Return the text in a file.

    Raises:
        InputError: it is not a text in UTF-8, or in UTF-16 with the mark of its order.
    """
    kind = describe(content)
    if kind is not None and kind.endswith(" image"):
        raise InputError(f"source: {kind} is not a document; use antiphon.image")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        told = kind or f"no text in {encoding.removesuffix('-sig').upper()} ({error.reason})"
        raise InputError(f"source: {told}; a document is a PDF or a text") from error
    if "\0" in text:
        raise InputError(f"source: {kind or 'binary data'}; a document is a PDF or a text")
    return text


def _pdf(content: bytes, pages: tuple[int, int] | None) -> dict[str, str]:
    """Return the source of a PDF, checked as far as that is possible here."""
    if pages is not None:
        content = _extracted(_opened(content), *pages)
    if media.reads_pdfs():
        count = len(_opened(content).pages)
        if count > _MOST_PAGES:
            raise InputError(
                f"source: the PDF has {count} pages, and may have {_MOST_PAGES}; {_FEWER_PAGES}"
            )
    refuse_size(len(content), _MOST_BYTES, _FEWER_PAGES)
    return {"type": "base64", "media_type": "application/pdf", "data": encoded(content)}


def _opened(content: bytes) -> PdfReader:
    """Return a PDF whose pages can be counted.

    Raises:
        InputError: it is broken, locked, or has no pages.
        ImportError: pypdf is not installed.
    """
    if not media.reads_pdfs():
        raise ImportError("the pages of a PDF need pypdf: pip install 'antiphon[pdf]'")
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        count = 0 if reader.is_encrypted else len(reader.pages)
    except Exception as error:  # pypdf raises errors of many kinds for broken files
        raise InputError(f"source: a PDF that is broken: {error}") from error
    if reader.is_encrypted:
        raise InputError("source: a PDF with a password; save it without one")
    if not count:
        raise InputError("source: a PDF without pages")
    return reader


def _extracted(reader: PdfReader, first: int, last: int) -> bytes:
    """Return a PDF of some pages of another one."""
    from pypdf import PdfWriter

    count = len(reader.pages)
    if not 1 <= first <= last <= count:
        raise InputError(f"pages: {first} to {last}, but the PDF has pages 1 to {count}")
    writer, file = PdfWriter(), io.BytesIO()
    writer.append(reader, pages=(first - 1, last))
    writer.write(file)
    return file.getvalue()
