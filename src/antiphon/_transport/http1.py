"""HTTP/1.1 as bytes: requests written, answers read; no socket in sight (RFC 9112)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from .._wire.http import Headers, ResponseHead
from .._wire.secret import Secret

ACCEPTED_ENCODINGS = "gzip, deflate"
"""The content encodings that `ResponseReader` undoes."""

_HEAD_LIMIT = 256 * 1024
_PIECE = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16
_RAW = -zlib.MAX_WBITS


class MalformedResponseError(Exception):
    """What arrived is not an HTTP/1.1 answer; the text says why."""


class TruncatedResponseError(Exception):
    """The connection ended before the answer did."""

    def __init__(self) -> None:
        super().__init__("the connection was closed before the end of the answer")


def request_head(
    method: str, target: str, headers: Mapping[str, str | Secret], length: int
) -> bytes:
    """The head of a request whose body has `length` bytes.

    Raises:
        ValueError: a name or value would start another header.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [
        f"{name}: {value.reveal() if isinstance(value, Secret) else value}"
        for name, value in headers.items()
    ]
    if "content-length" not in headers and (length or method != "GET"):
        lines.append(f"content-length: {length}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    if head.count("\n") != len(lines) + 1 or head.count("\r") != len(lines) + 1:
        raise ValueError("headers: a name or value contains a line break")
    return head.encode("latin-1")


class ResponseReader:
    """One answer being received: feed it what arrives, take out the head and the body."""

    __slots__ = ("_framing", "_held", "_inflate", "_method", "_waiting", "head")

    head: ResponseHead | None
    """Status and headers, as soon as they are complete."""

    def __init__(self, method: str) -> None:
        self.head = None
        self._method = method
        self._held = b""
        self._framing: BodyFraming = _NO_BODY
        self._inflate: Inflate | None = None
        self._waiting = b""

    @property
    def begun(self) -> bool:
        """Whether any byte has arrived."""
        return self.head is not None or bool(self._held)

    @property
    def ended(self) -> bool:
        """Whether the whole body has arrived."""
        return self.head is not None and self._framing.ended

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request after this answer."""
        head = self.head
        if head is None or not self._framing.ended or self._framing.surplus:
            return False
        options = head.headers.get("connection", "").lower()
        return (
            "close" not in options if head.http_version == "HTTP/1.1" else "keep-alive" in options
        )

    def feed(self, data: bytes) -> None:
        """Take in `data`, which has just arrived.

        Raises:
            MalformedAnswerError: it is not HTTP/1.1.
        """
        if self.head is None:
            data = self._feed_head(self._held + data if self._held else data)
            if not data:
                return
        self._waiting += self._framing.feed(data)

    def finish(self) -> None:
        """Nothing more will arrive.

        Raises:
            CutAnswerError: the answer is not whole.
        """
        if self.head is None or not self._framing.finish():
            raise TruncatedResponseError

    def body(self) -> bytes:
        """The next bytes of the body, content encoding undone; ``b""`` when none are waiting.

        Raises:
            MalformedAnswerError: they are not in the encoding that the headers name.
        """
        waiting, self._waiting = self._waiting, b""
        if self._inflate is not None:
            return self._inflate.feed(waiting, last=self._framing.ended)
        return waiting

    def _feed_head(self, data: bytes) -> bytes:
        """Look for the head in all that has arrived; what of it belongs to the body."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > _HEAD_LIMIT:
                    raise MalformedResponseError(f"headers of more than {_HEAD_LIMIT} bytes")
                if not b"HTTP/1.".startswith(data[:7]):
                    raise MalformedResponseError(f"the answer begins with {data[:20]!r}")
                self._held = data
                return b""
            head = parse_head(data[:end])
            data = data[end + 4 :]
            # 1xx answers precede the real one; 101 would change the protocol, which is never asked for.
            if not 100 <= head.status < 200:
                break
        self._held = b""
        self.head = head
        self._framing = framing_of(self._method, head)
        self._inflate = Inflate.of(head.headers)
        return data


_STATUS_LINE = re.compile(r"(HTTP/1\.[01]) ([1-9]\d\d)(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@lru_cache(maxsize=512)  # every answer has the same ones
def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))


def parse_head(block: bytes) -> ResponseHead:
    """The head in `block`, which is all before the empty line."""
    first, *lines = block.decode("latin-1").split("\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise MalformedResponseError(f"the answer begins with {first[:60]!r}")
    raw: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in " \t" and raw:  # a folded line, as old servers send (RFC 9112 §5.2)
            raw[-1] = (raw[-1][0], f"{raw[-1][1]} {line.strip()}")
        elif colon and _is_name(name):
            raw.append((name, value.strip()))
        else:
            raise MalformedResponseError(f"a header line reads {line[:60]!r}")
    return ResponseHead(int(status[2]), Headers(raw), status[1])


class BodyFraming(Protocol):
    """How the end of a body is known."""

    ended: bool
    surplus: bool
    """Whether bytes came after the end: the connection cannot be used again."""

    def feed(self, data: bytes) -> bytes:
        """The body's part of `data`."""
        ...

    def finish(self) -> bool:
        """Nothing more will arrive: whether the body is whole."""
        ...


def framing_of(method: str, head: ResponseHead) -> BodyFraming:
    """How the body of an answer is framed (RFC 9112 §6.3)."""
    if method == "HEAD" or head.status in (204, 304):
        return Sized(0)
    coding = head.headers.get("transfer-encoding", "").lower()
    if coding == "chunked":
        return Chunked()
    if coding:
        raise MalformedResponseError(f"the transfer coding {coding[:40]!r} was not asked for")
    lengths = {length.strip() for length in head.headers.get("content-length", "").split(",")}
    if lengths == {""}:
        return UntilClosed()
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise MalformedResponseError("the content-length is not one number")
    return Sized(int(length))


class Sized:
    """A body of an announced length."""

    __slots__ = ("_left", "ended", "surplus")

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        if len(data) > self._left:
            self.surplus = True
            data = data[: self._left]
        self._left -= len(data)
        self.ended = not self._left
        return data

    def finish(self) -> bool:
        return self.ended


_NO_BODY = Sized(0)


class UntilClosed:
    """A body that ends with the connection."""

    __slots__ = ("ended", "surplus")

    def __init__(self) -> None:
        self.ended = False
        self.surplus = True

    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bool:
        self.ended = True
        return True


_SIZE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n"
_FIRST_SIZE = re.compile(_SIZE)
_NEXT_SIZE = re.compile(rb"\r\n" + _SIZE)
_SIZE_LIMIT = 4096


class Chunked:
    """A body in chunks (RFC 9112 §7.1); extensions and trailers are dropped."""

    __slots__ = ("_held", "_left", "_size", "_trailers", "ended", "surplus")

    def __init__(self) -> None:
        self._held = b""
        self._left = 0
        self._size = _FIRST_SIZE
        self._trailers = False
        self.ended = False
        self.surplus = False

    def feed(self, data: bytes) -> bytes:
        if self._held:
            data = self._held + data
            self._held = b""
        parts: list[bytes] = []
        at = 0
        if self._left:
            parts.append(data[: self._left])
            at = len(parts[0])
            self._left -= at
        while not self._left and not self._trailers:
            size = self._size.match(data, at)
            if size is None:
                self._hold(data[at:])
                break
            self._size = _NEXT_SIZE
            start = size.end()
            length = int(size[1], 16)
            at = start + length
            if not length:
                self._trailers = True
            elif at > len(data):
                self._left = at - len(data)
            parts.append(data[start:at])
        if self._trailers:
            self._feed_trailers(data[at:])
        return b"".join(parts)

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a size line, unless it cannot become one."""
        first = self._size is _FIRST_SIZE
        misplaced = not first and not b"\r\n".startswith(rest[:2])
        if misplaced or b"\n" in rest[0 if first else 2 :] or len(rest) > _SIZE_LIMIT:
            raise MalformedResponseError(f"a chunk begins with {rest[:20]!r}")
        self._held = rest

    def _feed_trailers(self, rest: bytes) -> None:
        end = 2 if rest.startswith(b"\r\n") else rest.find(b"\r\n\r\n") + 4
        if end > 3 or rest.startswith(b"\r\n"):
            self.ended = True
            self.surplus = self.surplus or end < len(rest)
        elif len(rest) > _HEAD_LIMIT:
            raise MalformedResponseError(f"trailers of more than {_HEAD_LIMIT} bytes")
        else:
            self._held = rest

    def finish(self) -> bool:
        return self.ended


class Inflate:
    """Undoes gzip or deflate, a bounded piece at a time."""

    __slots__ = ("_begun", "_gzip", "_stream", "_tail")

    @classmethod
    def of(cls, headers: Headers) -> Inflate | None:
        """What undoes the content encoding that `headers` name; `None` for none."""
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding in ("", "identity"):
            return None
        if encoding in ("gzip", "x-gzip", "deflate"):
            return cls(gzip=encoding != "deflate")
        raise MalformedResponseError(f"the content encoding {encoding[:40]!r} was not asked for")

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream = zlib.decompressobj(_GZIP)
        self._tail = b""
        self._begun = False

    def feed(self, data: bytes, *, last: bool) -> bytes:
        """The next piece of plain bytes; `last` tells that no more encoded ones will come."""
        encoded = self._tail + data
        if not self._gzip and not self._begun and len(encoded) < 2 and not last:
            self._tail = encoded
            return b""
        try:
            plain = self._inflated(encoded)
        except zlib.error as error:
            raise MalformedResponseError(f"the content encoding is broken ({error})") from error
        if last and self._begun and not plain and not self._stream.eof:
            raise MalformedResponseError("the content encoding ends early")
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
    """Whether it begins as RFC 1950 says; some servers send deflate without that wrapping."""
    return encoded[0] & 15 == 8 and int.from_bytes(encoded[:2]) % 31 == 0
