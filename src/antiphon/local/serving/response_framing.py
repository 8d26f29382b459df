"""One HTTP/1.1 response as bytes; its stated length may be untrue, since faults need that."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from operator import itemgetter

from ..api.steps import HeaderPairs

__all__ = ["ResponseFraming"]

_FRAMING = frozenset({"content-length", "connection"})
_NAME = itemgetter(0)
_BODILESS = frozenset({204, 304})
# 529 is the API's own status for an overloaded service.
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}


class ResponseFraming:
    """Cuts a response into bytes in the way that its request allows.

    Args:
        method: the method of the request.
        version: the version of HTTP of the request.
        keep: whether the client wants to use the connection again.
    """

    def __init__(self, method: str = "GET", version: str = "1.1", keep: bool = True) -> None:
        self._bodiless = method == "HEAD"
        self._is_http_1_1 = version == "1.1"
        self._chunked = False
        self._left: int | None = None
        self.begun: bool = False
        """Whether the head was made."""
        self.keeps: bool = keep and self._is_http_1_1
        """Whether the connection can carry another response after this one."""

    def head(self, status: int, headers: HeaderPairs, version: str = "1.1") -> bytes:
        """Return the status line and headers; without a length the body is chunked.

        Args:
            status: the HTTP status.
            headers: all headers but those about the framing.
            version: "1.1", or "1.0" for a body that ends with the connection.

        Raises:
            ValueError: a header has a line break.
        """
        self.begun = True
        if version == "1.0":
            self._is_http_1_1 = self.keeps = False
        lines = [_status_line(status, version)]
        if not self.keeps:
            lines.append("connection: close")
        lines += map(": ".join, headers)
        # Hardly a response has one of these, so all names are looked through at once.
        if not _FRAMING.isdisjoint(map(str.lower, map(_NAME, headers))):
            self._note(headers)
        self._bodiless = self._bodiless or status in _BODILESS
        if self._left is None and not self._bodiless:
            self._chunked = self._is_http_1_1
            if self._chunked:
                lines.append("transfer-encoding: chunked")
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
            raise ValueError(f"headers: a line break in one of {lines[1:]!r}")
        return text.encode("latin-1") + b"\r\n\r\n"

    def _note(self, headers: HeaderPairs) -> None:
        """Remember what headers say about the length and the connection."""
        named = {name.lower(): value for name, value in headers}
        if "content-length" in named:
            self._left = int(named["content-length"])
        if named.get("connection", "").lower() == "close":
            self.keeps = False

    def body(self, content: bytes) -> bytes:
        """Return the bytes of a part of the body."""
        if self._bodiless or not content:
            return b""
        if self._chunked:
            return b"%x\r\n%s\r\n" % (len(content), content)
        if self._left is not None:
            self._left -= len(content)
        return content

    def end(self) -> bytes:
        """Return the bytes that end the body, once.

        A body that is not as long as its head states can only end with the connection.
        """
        if self._left and not self._bodiless:
            self.keeps = False
        chunked, self._chunked = self._chunked, False
        return b"0\r\n\r\n" if chunked else b""


@lru_cache(maxsize=64)
def _status_line(status: int, version: str) -> str:
    return f"HTTP/{version} {status} {_PHRASES.get(status, '')}"
