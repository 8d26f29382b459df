"""Forms with a file, as clients upload them: `multipart/form-data` (RFC 7578, RFC 2046).

The libraries that parse such bodies on a server (python-multipart, multipart) do so while a body
arrives. Here it is whole before anybody looks at it, so finding the next boundary is one search,
and every installation takes uploads without one more dependency, of which the client has no use.

The parser is strict, because a form that is read in two ways hides mistakes. It takes what browsers
and HTTP clients write: parts with names, one after another, nothing before the first and nothing
after the last. It looks at each byte once, and parts and their headers are bounded.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from ..._wire.http import BufferedBody
from .errors import RequestRefusedError, invalid

__all__ = ["FormPart", "form_parts"]

# An upload has two parts; a few more let the endpoint name the one that it does not know.
_MAX_PARTS = 8
# A disposition with a name of 255 characters, each of them quoted, and a media type.
_MAX_PART_HEAD = 8 * 1024

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
# One parameter of a header: its value is a token, or text in quotes. The alternatives begin with
# different characters, so matching takes linear time.
_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*([!#$%&'*+.^`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;" \t]+))""", re.ASCII
)
# Browsers escape quotes and line breaks like URLs do; older clients write a backslash before
# quotes.
_ESCAPED = re.compile(r'\\(["\\])|%(22|0A|0D)', re.IGNORECASE)


class FormPart(NamedTuple):
    """One field of a form, or one file."""

    name: str
    filename: str | None
    """The name of a file as the client sent it; None if it sent none."""
    content_type: str | None
    content: bytes


def form_parts(content_type: str, body: BufferedBody) -> list[FormPart]:
    """Return the parts of a form, in their order.

    Args:
        content_type: the request's header of this name.
        body: the request's whole body.

    Raises:
        RequestRefusedError: the body is no such form.
    """
    delimiter = b"--" + _boundary(content_type)
    if not body.startswith(delimiter):
        raise _broken("it does not begin with its boundary")
    parts: list[FormPart] = []
    at = len(delimiter)
    while body[at : at + 2] == b"\r\n":
        if len(parts) == _MAX_PARTS:
            raise _broken(f"it has more than {_MAX_PARTS} parts")
        part, end = _part(body, at + 2, b"\r\n" + delimiter)
        parts.append(part)
        at = end + 2 + len(delimiter)
    if body[at:] not in (b"--", b"--\r\n"):
        raise _broken("there is something else than a part behind a boundary")
    return parts


def _boundary(content_type: str) -> bytes:
    kind, parameters = _parsed(content_type)
    boundary = parameters.get("boundary", "")
    if kind.lower() != "multipart/form-data" or not _BOUNDARY.fullmatch(boundary):
        raise invalid("content-type: must be multipart/form-data with a boundary")
    return boundary.encode()


def _part(body: BufferedBody, start: int, delimiter: bytes) -> tuple[FormPart, int]:
    """Return the part whose headers begin at `start`, and where its content ends."""
    head_end = body.find(b"\r\n\r\n", start, start + _MAX_PART_HEAD)
    if head_end < 0:
        raise _broken("the headers of a part do not end, or are too long")
    content_start = head_end + 4
    content_end = body.find(delimiter, content_start)
    if content_end < 0:
        raise _broken("its last boundary is missing")
    content = bytes(body[content_start:content_end])
    return _described(bytes(body[start:head_end]), content), content_end


def _described(head: bytes, content: bytes) -> FormPart:
    headers = _headers(head)
    kind, parameters = _parsed(headers.get("content-disposition", ""))
    if kind.lower() != "form-data" or "name" not in parameters:
        raise _broken("a part has no name")
    filename = parameters.get("filename")
    if (encoded := parameters.get("filename*")) is not None:  # RFC 5987, which some clients use
        filename = _decoded(encoded)
    return FormPart(parameters["name"], filename, headers.get("content-type"), content)


def _headers(head: bytes) -> dict[str, str]:
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError as error:
        raise _broken("the headers of a part are not in UTF-8") from error
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise _broken("a part has a broken header")
        headers[name.lower()] = value.strip()
    return headers


def _parsed(header: str) -> tuple[str, dict[str, str]]:
    """Return the value of a header without its parameters, and the parameters."""
    value = header.partition(";")[0]
    parameters: dict[str, str] = {}
    at = len(value)
    while found := _PARAMETER.match(header, at):
        name, quoted, token = found.groups()
        parameters[name.lower()] = token if quoted is None else _ESCAPED.sub(_unescaped, quoted)
        at = found.end()
    if header[at:].strip(" \t;"):
        raise _broken("a header has broken parameters")
    return value.strip(), parameters


def _unescaped(escaped: re.Match[str]) -> str:
    backslashed, percent = escaped.groups()
    return backslashed or chr(int(percent, 16))


def _decoded(encoded: str) -> str:
    """Return text that stands behind its encoding and language, such as ``utf-8''na%C3%AFve``."""
    charset, _, rest = encoded.partition("'")
    _language, quote, text = rest.partition("'")
    if not quote or charset.lower() != "utf-8":
        raise _broken("the name of a file is not in UTF-8")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise _broken("the name of a file is not in UTF-8") from error


def _broken(why: str) -> RequestRefusedError:
    return invalid(f"The request body is not a valid form: {why}")
