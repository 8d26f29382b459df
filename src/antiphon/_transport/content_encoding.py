"""The content encodings of a body (gzip and deflate), undone a bounded piece at a time."""

from __future__ import annotations

import zlib

from .._wire.http import Headers

__all__ = ["ACCEPTED_ENCODINGS", "BrokenEncodingError", "Inflate"]

ACCEPTED_ENCODINGS = "gzip, deflate"
"""What requests accept: the encodings that the standard library can undo."""

# How much plain text one call gives. A few kilobytes of gzip can hold gigabytes, so the
# decompressor is never allowed to fill the memory before anybody looks at the result.
_PIECE = 64 * 1024

_GZIP = zlib.MAX_WBITS | 16
_RAW = -zlib.MAX_WBITS


class BrokenEncodingError(Exception):
    """The body is not in the content encoding that the headers name."""


class Inflate:
    """Undoes gzip or deflate, a bounded piece at a time."""

    __slots__ = ("_begun", "_gzip", "_stream", "_tail")

    @classmethod
    def of(cls, headers: Headers) -> Inflate | None:
        """Return what undoes the content encoding that `headers` name; `None` if they name none.

        Raises:
            BrokenEncodingError: the encoding is not one that was accepted.
        """
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding in ("", "identity"):
            return None
        if encoding in ("gzip", "x-gzip", "deflate"):
            return cls(gzip=encoding != "deflate")
        raise BrokenEncodingError(f"the content encoding {encoding[:40]!r} was not asked for")

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream = zlib.decompressobj(_GZIP)
        self._tail = b""
        self._begun = False

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """Return the next piece of plain bytes; `last` says that no more encoded ones will come.

        Raises:
            BrokenEncodingError: the bytes are not in the encoding, or end early.
        """
        encoded = self._tail + data
        if not self._gzip and not self._begun and len(encoded) < 2 and not last:
            self._tail = encoded
            return b""
        try:
            plain = self._inflated(encoded)
        except zlib.error as error:
            raise BrokenEncodingError(f"the content encoding is broken ({error})") from error
        if last and self._begun and not plain and not self._stream.eof:
            raise BrokenEncodingError("the content encoding ends early")
        return plain

    def _inflated(self, encoded: bytes) -> bytes:
        if not encoded and not self._begun:
            return b""
        if not self._begun and not self._gzip:
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if _is_zlib(encoded) else _RAW)
        if self._stream.eof and encoded:  # gzip allows several members, one after the other
            self._stream = zlib.decompressobj(_GZIP)
        self._begun = True
        plain = self._stream.decompress(encoded, _PIECE)
        self._tail = self._stream.unconsumed_tail or self._stream.unused_data
        return plain


def _is_zlib(encoded: bytes) -> bool:
    """Tell whether the bytes begin as RFC 1950 says; some servers send deflate without that wrapping."""
    return encoded[0] & 15 == 8 and int.from_bytes(encoded[:2]) % 31 == 0
