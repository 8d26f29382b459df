"""Requests of HTTP/1.1 read from bytes: whole requests, each once its last byte has arrived.

The rules are those by which the client reads responses (`_transport/http1.py`), and the same code
applies them. What two programs could understand in different ways is refused: two lengths, a length
beside chunks, a lone line feed, a missing host. Sizes are checked while the bytes arrive.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..._transport.http1 import (
    BodyFraming,
    ChunkedBody,
    MalformedHTTPError,
    SizedBody,
    content_length,
    head_lines,
    parse_fields,
)
from ..._wire.http import Headers, Request, Timeout
from ..._wire.url import URL
from ..api.errors import RequestRefusedError, invalid
from ..api.headers import check_size

__all__ = ["ReceivedRequest", "RequestReader"]

# Generous: servers commonly accept 8 to 64 KB.
_MAX_HEAD = 64 * 1024
_NO_TIMEOUT = Timeout()
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/(1\.[01])")
# A client that speaks TLS, or no HTTP at all, may wait for ever behind its first bytes.
_BEGINNING = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]")


class ReceivedRequest(NamedTuple):
    """A request, and what its client can do with the response."""

    request: Request
    version: str
    """The version of HTTP: "1.1" or "1.0"."""
    keeps: bool
    """Whether the client wants to use the connection again."""


class _Head(NamedTuple):
    method: str
    target: str
    version: str
    headers: Headers

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def framing(self) -> BodyFraming:
        """Return how the body is framed (RFC 9112 §6.3)."""
        coding = self.headers.get("transfer-encoding")
        length = self.headers.get("content-length")
        if coding is None:
            size = 0 if length is None else content_length(length)
            check_size(self.path, size)
            return SizedBody(size)
        if coding.lower() != "chunked":
            text = f"The transfer coding {coding[:40]!r} is not supported."
            raise RequestRefusedError(501, "invalid_request_error", text)
        if length is not None:
            raise invalid("A request has either a content-length or a transfer-encoding.")
        return ChunkedBody()

    def received(self, body: bytes) -> ReceivedRequest:
        """Return the request that this is the head of."""
        absolute = self.target.startswith("http://")  # as proxies receive it
        host = self.headers.get("host", "localhost")
        url = URL(self.target if absolute else f"http://{host}{self.target}")
        request = Request(self.method, url, self.headers, body, _NO_TIMEOUT)
        keeps = "close" not in self.headers.get("connection", "").lower()
        return ReceivedRequest(request, self.version, keeps)


class RequestReader:
    """The requests of one connection: feed it what arrives, take out one after the other."""

    def __init__(self) -> None:
        self._held = b""
        self._head: _Head | None = None
        self._framing: BodyFraming
        self._body: list[bytes] = []
        self._size = 0
        self._waits_for_100 = False

    @property
    def begun(self) -> bool:
        """Whether a part of a request has arrived."""
        return bool(self._held) or self._head is not None

    def feed(self, data: bytes) -> None:
        """Take in what has just arrived."""
        self._held += data

    def next_request(self) -> ReceivedRequest | None:
        """Return the next request; None while a part of it is missing.

        Raises:
            RequestRefusedError: what arrived is no request, or is too large.
        """
        try:
            if self._head is None:
                self._head = self._next_head()
            return None if self._head is None else self._with_body(self._head)
        except MalformedHTTPError as fault:
            raise invalid(str(fault)) from None

    def waits_for_100(self) -> bool:
        """Return whether the client waits for a word before it sends the body; true once."""
        waits, self._waits_for_100 = self._waits_for_100, False
        return waits

    def _next_head(self) -> _Head | None:
        held = self._held
        end = held.find(b"\r\n\r\n", 0, _MAX_HEAD)
        if end < 0:
            if len(held) >= _MAX_HEAD:
                text = "Request header fields too large"
                raise RequestRefusedError(431, "invalid_request_error", text)
            if held and not _BEGINNING.match(held):
                raise invalid(f"The request begins with {held[:20]!r}, which is not HTTP.")
            return None
        head = _parse_head(held[:end])
        self._framing = head.framing()
        self._held = held[end + 4 :]
        self._body, self._size = [], 0
        self._waits_for_100 = head.headers.get("expect", "").lower() == "100-continue"
        return head

    def _with_body(self, head: _Head) -> ReceivedRequest | None:
        framing = self._framing
        if self._held:
            content, self._held = framing.feed(self._held), b""
            self._body.append(content)
            self._size += len(content)
            check_size(head.path, self._size)
            self._waits_for_100 = False
            if isinstance(framing, ChunkedBody):
                framing.check()
        if not framing.ended:
            return None
        self._held, self._head = framing.surplus, None
        return head.received(b"".join(self._body))


def _parse_head(block: bytes) -> _Head:
    first, *lines = head_lines(block)
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise invalid(f"The request begins with {first[:60]!r}, which is not HTTP/1.1.")
    method, target, version = line.groups()
    headers = parse_fields(lines)
    host = headers.get("host")
    if (host is None and version == "1.1") or (host is not None and "," in host):
        raise invalid("A request has one `Host` header.")
    return _Head(method, target, version, headers)
