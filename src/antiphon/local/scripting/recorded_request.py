"""A request in the form in which it is written and compared: readable, and without secrets.

What differs from run to run and means nothing is made equal: the content encoding is undone, and
forms have one boundary. So two requests are the same if their forms are.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..._transport.content_encoding import UNREADABLE, BrokenEncodingError, decoder_for
from ..._wire.http import Headers
from ..._wire.json import dumps, is_object, loads
from ..._wire.secret import HIDDEN
from .line_check import decoded
from .scrubbing import Scrubber

__all__ = ["RequestForm", "bytes_of", "kept", "readable"]

# The headers that are kept: what a test may look at, and nothing that says who asked.
_KEPT_HEADERS = ("anthropic-version", "anthropic-beta", "content-type")

_GZIP = b"\x1f\x8b"
# Compiled where it is needed: servers without recordings load this, too.
_BOUNDARY = r"(?i)(multipart/.*;\s*boundary=)(?:\"([^\"]+)\"|([^\s;\"]+))"
_FIXED_BOUNDARY = "antiphon-boundary"


class RequestForm(NamedTuple):
    """What is written of a request, besides its method."""

    path: str
    """With its query."""
    headers: dict[str, str]
    """Those that are kept, by their lower-case names."""
    body: Any
    """As `readable` returns it."""

    @classmethod
    def of(cls, path: str, headers: Mapping[str, str], content: bytes) -> RequestForm:
        """Return the form of a request as it was sent.

        Args:
            path: its path with the query.
            headers: all of its headers.
            content: its body.
        """
        scrubber = Scrubber.of(headers, path)
        plain = _undone(headers, content)
        if plain is None:
            digest = hashlib.sha256(content).hexdigest()
            plain = f"{HIDDEN}: {len(content)} bytes, encoded; SHA-256 {digest}".encode()
        shown, plain = _with_fixed_boundary(kept(headers, _KEPT_HEADERS), plain)
        clean = {name: scrubber.text(value) for name, value in shown.items()}
        return cls(scrubber.target(path), clean, scrubber.value(readable(plain)))

    def again(self) -> RequestForm:
        """Return the form that a request of this form has, if it was written by hand or earlier."""
        body = self.body
        content = body.encode() if isinstance(body, str) else _decoded(body)
        is_form = re.match(_BOUNDARY, self.headers.get("content-type", ""))
        if content is not None and (is_form or content.startswith(_GZIP)):
            return RequestForm.of(self.path, self.headers, content)
        scrubber = Scrubber()
        headers = {name: scrubber.text(value) for name, value in self.headers.items()}
        return RequestForm(scrubber.target(self.path), headers, scrubber.value(body))


def kept(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the headers with these lower-case names."""
    lower = {name.lower(): value for name, value in headers.items()}
    return {name: lower[name] for name in names if name in lower}


def readable(content: bytes) -> Any:
    """Return a body as JSON values, as a text, or as {"base64": …}; None if it is empty."""
    if not content:
        return None
    try:
        return loads(content)
    except ValueError:
        pass
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def bytes_of(body: Any) -> bytes:
    """Return the bytes of a body in the form of `readable`."""
    if isinstance(body, str):
        return body.encode()
    content = _decoded(body)
    if content is not None:
        return content
    return b"" if body is None else dumps(body)


def _decoded(body: Any) -> bytes | None:
    """Return the bytes in {"base64": …}; None if a body is something else, such as JSON."""
    is_encoded = is_object(body) and [*body] == ["base64"]
    return decoded(body["base64"]) if is_encoded else None


def _undone(headers: Mapping[str, str], content: bytes) -> bytes | None:
    """Return a body with its content encoding undone; None if what it holds cannot be seen."""
    encoding = kept(headers, ("content-encoding",))
    if content.startswith(_GZIP):  # older recordings and those of other tools leave the header out
        encoding = {"content-encoding": "gzip"}
    decoder = decoder_for(Headers([*encoding.items()]))
    if decoder is None:
        return content
    parts: list[bytes] = []
    left = content
    try:
        while part := decoder.feed(left, last=True):
            parts.append(part)
            left = b""
    except (BrokenEncodingError, *UNREADABLE):
        # Some clients name an encoding and send plain text.
        return content if _decoded(readable(content)) is None else None
    return b"".join(parts)


def _with_fixed_boundary(headers: dict[str, str], content: bytes) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a form with one boundary, since clients choose one by chance."""
    kind = headers.get("content-type", "")
    found = re.match(_BOUNDARY, kind)
    if not found:
        return headers, content
    boundary = found[2] or found[3]
    delimiter = re.compile(rb"(\A|\r\n)--%b(?=--|[ \t\r])" % re.escape(boundary.encode()))
    fixed = re.sub(_BOUNDARY, rf"\g<1>{_FIXED_BOUNDARY}", kind)
    body = delimiter.sub(rb"\g<1>--%b" % _FIXED_BOUNDARY.encode(), content)
    return {**headers, "content-type": fixed}, body
