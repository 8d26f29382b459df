"""HTTP/1.1 as bytes: the head of a request written, a response read (RFC 9112); no socket in sight.

A `ResponseReader` is fed whatever arrives, in pieces of any size, and gives out the head as soon as
it is complete and then the body. It reads one response only: the next one gets a new reader. The
local server reads its requests by the same parts.

Where two programs could disagree about where a response ends, a response could be cut short or two
could be mixed up without anybody noticing. So the framing is strict: the end of a body is known by
`content-length`, by chunks, or by the end of the connection, and anything that is not exactly one
of these is an error. Where only taste differs, the reader is tolerant: any reason phrase, any case,
folded headers, several equal `content-length` headers.

Every byte is looked at a bounded number of times. What cannot be interpreted yet (the start of a
head or of a chunk's size) is held back, up to a limit. Whole chunks are cut out of the received
bytes by position, many in one call, because a streamed message is thousands of small chunks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from .._wire.http import Headers, ResponseHead
from .._wire.secret import Secret
from .content_encoding import BodyDecoder, decoder_for

__all__ = [
    "BodyFraming",
    "ChunkedBody",
    "ClosedByPeerError",
    "MalformedHTTPError",
    "ResponseReader",
    "SizedBody",
    "TruncatedResponseError",
    "content_length",
    "head_lines",
    "parse_fields",
    "request_head",
]

# More than any real head or trailer section: servers accept 8 to 64 KiB, and a response without
# an end to its head must not fill the memory.
_HEAD_LIMIT = 256 * 1024


class MalformedHTTPError(Exception):
    """What arrived is not HTTP/1.1; the text says why."""


class TruncatedResponseError(Exception):
    """The connection ended before the response did."""

    def __init__(self) -> None:
        super().__init__("the connection was closed before the end of the response")


class ClosedByPeerError(EOFError):
    """The server closed the connection without a byte of a response."""

    def __init__(self) -> None:
        super().__init__("the server closed the connection without a response")


def request_head(
    method: str, target: str, headers: Mapping[str, str | Secret], length: int
) -> bytes:
    """Return the head of a request whose body has `length` bytes.

    Raises:
        ValueError: a name or value contains a line break, which would start another header, or a
            character that HTTP cannot carry.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [
        f"{name}: {value.reveal() if isinstance(value, Secret) else value}"
        for name, value in headers.items()
    ]
    if "content-length" not in headers and (length or method != "GET"):
        lines.append(f"content-length: {length}")
    text = "".join(lines)
    if "\n" in text or "\r" in text:
        raise ValueError("headers: a name or value contains a line break")
    head = "\r\n".join(lines) + "\r\n\r\n"
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:  # it holds the whole head, and with it the credential
        pass
    raise ValueError("headers: a name or value is not in Latin-1")


class ResponseReader:
    """One response being received: feed it what arrives, take out the head and the body."""

    __slots__ = ("_decoder", "_framing", "_held", "_method", "_waiting", "head")

    head: ResponseHead | None
    """Status and headers, as soon as they are complete."""

    def __init__(self, method: str) -> None:
        self.head = None
        self._method = method
        self._held = b""
        self._framing: BodyFraming = _NO_BODY
        self._decoder: BodyDecoder | None = None
        self._waiting = b""

    @property
    def ended(self) -> bool:
        """Whether the whole body has arrived."""
        return self.head is not None and self._framing.ended

    @property
    def gave_all(self) -> bool:
        """Whether `body` has nothing more to give; of an encoded body, only another call tells."""
        return self._framing.ended and self._decoder is None and not self._waiting

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request after this response."""
        head = self.head
        framing = self._framing
        if head is None or not framing.ended or framing.surplus:
            return False
        if isinstance(framing, EndlessBody):
            return False
        options = head.headers.by_name.get("connection", "").lower()
        return (
            "close" not in options if head.http_version == "HTTP/1.1" else "keep-alive" in options
        )

    def feed(self, data: bytes) -> None:
        """Take in `data`, which has just arrived; ``b""`` says that the connection has ended.

        Raises:
            MalformedHTTPError: it is not HTTP/1.1.
            TruncatedResponseError: the connection ended within the response.
            ClosedByPeerError: the connection ended before the response began.
        """
        if not data:
            self._finish()
            return
        if self.head is None:
            data = self._feed_head(self._held + data if self._held else data)
            if not data:
                return
        self._waiting += self._framing.feed(data)

    def body(self) -> bytes:
        """Return the next bytes of the body, content encoding undone; ``b""`` if none are waiting.

        Raises:
            MalformedHTTPError: what follows the bytes taken out before is not HTTP/1.1.
            BrokenEncodingError: they are not in the encoding that the headers name.
            UnknownEncodingError: that encoding cannot be undone here.
            ExpansionError: they expand to many times their size.
        """
        waiting, self._waiting = self._waiting, b""
        if not waiting and isinstance(self._framing, ChunkedBody):
            self._framing.check()
        if self._decoder is None:
            return waiting
        return self._decoder.feed(waiting, last=self._framing.ended)

    def _finish(self) -> None:
        if self.head is None and not self._held:
            raise ClosedByPeerError
        if self.head is None or not self._framing.finish():
            raise TruncatedResponseError

    def _feed_head(self, data: bytes) -> bytes:
        """Look for the head in all that has arrived; return what belongs to the body."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > _HEAD_LIMIT:
                    raise MalformedHTTPError(f"headers of more than {_HEAD_LIMIT} bytes")
                if not b"HTTP/1.".startswith(data[:7]):
                    raise MalformedHTTPError(f"the response begins with {data[:20]!r}")
                self._held = data
                return b""
            head = _parse_head(data[:end])
            data = data[end + 4 :]
            # 1xx responses precede the real one. 101 would change the protocol, which is never
            # requested.
            if not 100 <= head.status < 200:
                break
        self._held = b""
        self.head = head
        self._framing = _framing_of(self._method, head)
        self._decoder = decoder_for(head.headers)
        return data


_STATUS_LINE = re.compile(r"(HTTP/1\.[01]) ([1-9]\d\d)(?: [^\r\n\0]*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@lru_cache(maxsize=512)  # a server sends the same few names with every response
def _key(name: str) -> str:
    """Return the name of a header in lower case; "" if it is none."""
    return name.lower() if _NAME.fullmatch(name) else ""


def _parse_head(block: bytes) -> ResponseHead:
    """Return the head in `block`, which is all before the empty line."""
    first, *lines = head_lines(block)
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise MalformedHTTPError(f"the response begins with {first[:60]!r}")
    return ResponseHead(int(status[2]), parse_fields(lines), status[1])


def parse_fields(lines: Sequence[str]) -> Headers:
    """Return the fields in the lines of a head behind the first, or of trailers.

    Raises:
        MalformedHTTPError: a line is no field.
    """
    parts = [line.partition(":") for line in lines]
    raw = [(name, value.strip(" \t")) for name, _, value in parts]
    values = {_key(name): value for name, value in raw}
    # A folded line, or what is no field at all: as good as never. A field without a value may lack
    # its colon.
    if "" in values or "" in values.values():
        return Headers(_parse_folded(lines))
    return Headers(raw, values)


def head_lines(block: bytes) -> list[str]:
    """Return the lines of a head or of trailers.

    Raises:
        MalformedHTTPError: there is a character that programs understand in different ways.
    """
    text = block.decode("latin-1")
    lines = text.split("\r\n")
    # Programs disagree about what a lone CR or LF, or a NUL, means in a header; h11 refuses them
    # too. This is more than ten times as fast as a pattern that looks for them.
    bare = "".join(lines)
    if "\r" in bare or "\n" in bare or "\0" in bare:
        raise MalformedHTTPError(f"a header holds a lone CR or LF, or a NUL: {text[:60]!r}")
    return lines


def _parse_folded(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields of lines of which some are folded, as old servers send (RFC 9112 §5.2)."""
    raw: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t") and raw:
            raw[-1] = (raw[-1][0], f"{raw[-1][1]} {line.strip()}")
        elif colon and _key(name):
            raw.append((name, value.strip(" \t")))
        else:
            raise MalformedHTTPError(f"a header line reads {line[:60]!r}")
    return raw


class BodyFraming(Protocol):
    """How the end of a body is known."""

    ended: bool
    surplus: bytes
    """What came after the end: the beginning of the next request, but never of a response."""

    def feed(self, data: bytes) -> bytes:
        """Return the part of `data` that belongs to the body."""
        ...

    def finish(self) -> bool:
        """Note that nothing more will arrive; return whether the body is whole."""
        ...


def _framing_of(method: str, head: ResponseHead) -> BodyFraming:
    """Return how the body of a response is framed (RFC 9112 §6.3)."""
    if method == "HEAD" or head.status in (204, 304):
        return SizedBody(0)
    headers = head.headers.by_name
    coding = headers.get("transfer-encoding", "").lower()
    if coding == "chunked":
        return ChunkedBody()
    if coding:
        raise MalformedHTTPError(f"the transfer coding {coding[:40]!r} was not asked for")
    length = headers.get("content-length")
    if length is None:
        return EndlessBody()
    return SizedBody(content_length(length))


def content_length(value: str) -> int:
    """Return the length that a header states.

    Raises:
        MalformedHTTPError: it states no length, or several.
    """
    if "," in value:  # sent more than once, which is harmless if all are equal
        first, *others = [part.strip() for part in value.split(",")]
        value = first if all(part == first for part in others) else ""
    # Eighteen digits are more bytes than there are; Python refuses to read thousands of them.
    if not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise MalformedHTTPError("the content-length is not one number")
    return int(value)


class SizedBody:
    """A body of an announced length."""

    __slots__ = ("_left", "ended", "surplus")

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = length == 0
        self.surplus = b""

    def feed(self, data: bytes) -> bytes:
        """Return `data` up to the announced length."""
        if len(data) > self._left:
            self.surplus = data[self._left :]
            data = data[: self._left]
        self._left -= len(data)
        self.ended = not self._left
        return data

    def finish(self) -> bool:
        """Return whether all announced bytes have arrived."""
        return self.ended


_NO_BODY = SizedBody(0)


class EndlessBody:
    """A body that ends with the connection, which therefore cannot be used again."""

    __slots__ = ("ended", "surplus")

    def __init__(self) -> None:
        self.ended = False
        self.surplus = b""

    def feed(self, data: bytes) -> bytes:
        """Return all of `data`."""
        return data

    def finish(self) -> bool:
        """Return true: the end of the connection is the end of the body."""
        self.ended = True
        return True


# Fifteen hexadecimal digits are more than any body; the bound keeps a size line short.
_SIZE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n"
_FIRST_SIZE = re.compile(_SIZE)
_NEXT_SIZE = re.compile(rb"\r\n" + _SIZE)
# A size with its extensions, which nobody uses: more is an attack or a mistake.
_SIZE_LIMIT = 4096


class ChunkedBody:
    """A body in chunks (RFC 9112 §7.1); extensions and trailers are dropped.

    From the second chunk on, the line break that ends one chunk and the size of the next are
    matched together, so that a received piece of a thousand chunks costs a thousand matches.
    """

    __slots__ = ("_fault", "_held", "_left", "_size", "_trailers", "ended", "surplus")

    def __init__(self) -> None:
        self._fault: MalformedHTTPError | None = None
        self._held = b""
        self._left = 0
        self._size = _FIRST_SIZE
        self._trailers = False
        self.ended = False
        self.surplus = b""

    def feed(self, data: bytes) -> bytes:
        """Return the content of the chunks in `data`.

        What is no chunk is reported by `check`, so that the chunks before it are not lost.
        """
        if self._fault is not None:
            return b""
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
                try:
                    self._hold(data[at:])
                except MalformedHTTPError as fault:
                    self._fault = fault
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

    def check(self) -> None:
        """Report what is no chunk.

        Raises:
            MalformedHTTPError: there is such a thing.
        """
        if self._fault is not None:
            raise self._fault

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a size line, unless it cannot become one."""
        first = self._size is _FIRST_SIZE
        misplaced = not first and not b"\r\n".startswith(rest[:2])
        if misplaced or b"\n" in rest[0 if first else 2 :] or len(rest) > _SIZE_LIMIT:
            raise MalformedHTTPError(f"a chunk begins with {rest[:20]!r}")
        self._held = rest

    def _feed_trailers(self, rest: bytes) -> None:
        end = 0 if rest.startswith(b"\r\n") else rest.find(b"\r\n\r\n")
        if end >= 0:
            if end:
                parse_fields(head_lines(rest[:end]))  # only to refuse what is none
            self.ended = True
            self.surplus = rest[end + (4 if end else 2) :]
        elif len(rest) > _HEAD_LIMIT:
            raise MalformedHTTPError(f"trailers of more than {_HEAD_LIMIT} bytes")
        else:
            self._held = rest

    def finish(self) -> bool:
        """Return whether the last chunk has arrived."""
        return self.ended
