"""The content encodings of a body, undone a bounded piece at a time.

A few kilobytes can hold gigabytes, so a decoder is never allowed to produce all that its input
holds: one call gives at most `_PIECE_BYTES`, and whoever reads can stop in between. What expands
beyond any honest text is an error.

Requests accept gzip and deflate, which the standard library undoes. brotli and zstd are undone
where a library for them is installed that can be stopped in the same way, since some gateways send
them unasked.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from .._wire.http import Headers

__all__ = [
    "ACCEPTED_ENCODINGS",
    "UNREADABLE",
    "BodyDecoder",
    "BrokenEncodingError",
    "ExpansionError",
    "UnknownEncodingError",
    "decoder_for",
]

ACCEPTED_ENCODINGS = "gzip, deflate"
"""The encodings that requests ask for."""

_PIECE_BYTES = 64 * 1024

# JSON and text shrink to a tenth or a twentieth, and long runs of one word to a hundredth. Beyond
# 200:1 it is an attack or a mistake, but small bodies of blanks are harmless.
_MAX_EXPANSION = 200
_FREE_EXPANSION_BYTES = 10 * 1000 * 1000

_GZIP = zlib.MAX_WBITS | 16
_RAW = -zlib.MAX_WBITS


class BrokenEncodingError(Exception):
    """The body is not in the content encoding that the headers name."""


class UnknownEncodingError(Exception):
    """The headers name a content encoding that cannot be undone here."""


class ExpansionError(Exception):
    """The body expands to many times its size."""

    def __init__(self) -> None:
        super().__init__(f"it expands to more than {_MAX_EXPANSION} times its size")


UNREADABLE = (UnknownEncodingError, ExpansionError)
"""What another attempt would not change."""


class BodyDecoder:
    """Undoes one content encoding, and bounds what comes of it."""

    __slots__ = ("_given", "_received", "_stream")

    def __init__(self, stream: Inflate | FromLibrary | Undecodable) -> None:
        self._stream = stream
        self._received = 0
        self._given = 0

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """Return the next piece of plain bytes; ``b""`` if more encoded ones are needed.

        Args:
            data: what has arrived since.
            last: whether no more will arrive.

        Raises:
            BrokenEncodingError: the bytes are not in the encoding, or end early.
            ExpansionError: they expand to more than 200 times their size.
            UnknownEncodingError: the encoding cannot be undone here.
        """
        self._received += len(data)
        plain = self._stream.feed(data, last=last)
        self._given += len(plain)
        if self._given > max(_FREE_EXPANSION_BYTES, _MAX_EXPANSION * self._received):
            raise ExpansionError
        return plain


def decoder_for(headers: Headers) -> BodyDecoder | None:
    """Return what undoes the content encoding that `headers` name; `None` if there is none."""
    encoding = headers.by_name.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity", "none"):  # `none` is not a coding, but servers send it
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return BodyDecoder(Inflate(gzip=encoding != "deflate"))
    if encoding in _LIBRARIES:
        return BodyDecoder(_from_library(encoding))
    return BodyDecoder(
        Undecodable(f"its content encoding is {encoding[:40]!r}, which is unknown here")
    )


class Undecodable:
    """An encoding that cannot be undone: reading the body fails, with the head received."""

    __slots__ = ("_why",)

    def __init__(self, why: str) -> None:
        self._why = why

    def feed(self, data: bytes, *, last: bool) -> bytes:  # noqa: ARG002  (as the others)
        """Raise UnknownEncodingError."""
        raise UnknownEncodingError(self._why)


class Inflate:
    """Undoes gzip or deflate."""

    __slots__ = ("_begun", "_gzip", "_stream", "_tail")

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream = zlib.decompressobj(_GZIP)
        self._tail = b""
        self._begun = False

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """Return the next piece of plain bytes."""
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
        plain = self._stream.decompress(encoded, _PIECE_BYTES)
        self._tail = self._stream.unconsumed_tail or self._stream.unused_data
        return plain


def _is_zlib(encoded: bytes) -> bool:
    """Tell whether the bytes begin as RFC 1950 says; some servers send deflate without that."""
    return encoded[0] & 15 == 8 and int.from_bytes(encoded[:2]) % 31 == 0


class FromLibrary:
    """Undoes an encoding with a library's decompressor.

    Args:
        decompress: takes bytes and gives at most `_PIECE_BYTES` plain ones.
        has_ended: tells whether the encoded data is whole.
    """

    __slots__ = ("_begun", "_decompress", "_has_ended")

    def __init__(self, decompress: Callable[[bytes], bytes], has_ended: Callable[[], bool]) -> None:
        self._decompress = decompress
        self._has_ended = has_ended
        self._begun = False

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """Return the next piece of plain bytes."""
        self._begun = self._begun or bool(data)
        if not self._begun:
            return b""
        try:
            plain = b"" if self._has_ended() else self._decompress(data)
        except Exception as error:  # each library has a class of its own
            raise BrokenEncodingError(f"the content encoding is broken ({error})") from error
        if last and not plain and not self._has_ended():
            raise BrokenEncodingError("the content encoding ends early")
        return plain


def _brotli(library: Any) -> FromLibrary:
    stream = library.Decompressor()
    stream.process(b"", output_buffer_limit=_PIECE_BYTES)  # TypeError where it knows no limit
    return FromLibrary(
        lambda data: stream.process(data, output_buffer_limit=_PIECE_BYTES), stream.is_finished
    )


def _zstd(library: Any) -> FromLibrary:
    stream = library.ZstdDecompressor()
    return FromLibrary(lambda data: stream.decompress(data, _PIECE_BYTES), lambda: stream.eof)


# Tried with brotli 1.2 and backports.zstd 1.
_LIBRARIES: dict[str, tuple[Callable[[Any], FromLibrary], tuple[str, ...], str]] = {
    "br": (_brotli, ("brotli", "brotlicffi"), "brotli"),
    "zstd": (_zstd, ("compression.zstd", "backports.zstd"), "backports.zstd"),
}


def _from_library(encoding: str) -> FromLibrary | Undecodable:
    make, modules, package = _LIBRARIES[encoding]
    for name in modules:
        try:
            return make(import_module(name))
        except (ImportError, TypeError):
            continue
    return Undecodable(
        f"its content encoding is {encoding!r}, which was not asked for: `pip install {package}`"
        " has it undone"
    )
