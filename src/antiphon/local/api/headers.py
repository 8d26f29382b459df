"""What every request needs before its content matters, in the order in which the API checks it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from ..._wire.http import BufferedBody
from ..._wire.json import JSONObject, is_object, loads
from .errors import RequestRefusedError, invalid, too_large

__all__ = [
    "Keys",
    "bearer_token",
    "betas_of",
    "check_size",
    "content_of",
    "decompressed",
    "parse_object",
    "size_limit",
    "version_of",
]

_VERSIONS = ("2023-06-01", "2026-10-21")
_MEGABYTE = 1024 * 1024
_MAX_BODY = 32 * _MEGABYTE
# The bound of a file is its own; around it stand the boundaries and headers of its form.
_MAX_BODIES = {"/v1/messages/batches": 256 * _MEGABYTE, "/v1/files": 501 * _MEGABYTE}
# Nobody outside the API knows all names of betas; those that exist end in a date, written with
# dashes (`files-api-2025-04-14`) or without (`claude-code-20250219`).
_BETA = re.compile(r"[a-z0-9-]+-\d{4}-?\d{2}-?\d{2}")
# The `wbits` of zlib: 31 reads a gzip header, 15 a zlib header.
_COMPRESSIONS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")


def size_limit(path: str) -> int:
    """Return the most bytes that a body sent to `path` may have (docs, request size limits)."""
    return _MAX_BODIES.get(path, _MAX_BODY)


def check_size(path: str, size: int) -> None:
    """Refuse a body that is too large for its path."""
    if size > size_limit(path):
        raise too_large()


class Keys:
    """The API keys that a server accepts.

    Args:
        accepted: the only keys; by default any that does not contain "invalid".
    """

    def __init__(self, accepted: Collection[str] | None = None) -> None:
        self._accepted = accepted

    def check(self, headers: Mapping[str, str]) -> None:
        """Refuse a request without an acceptable key."""
        key = headers.get("x-api-key")
        bearer = headers.get("authorization")
        if key is None and bearer is None:
            raise _unauthenticated("x-api-key header is required")
        if key is not None and not self._accepts(key):
            raise _unauthenticated("invalid x-api-key")
        if key is None and not self._accepts(bearer_token(bearer or "")):
            raise _unauthenticated("Invalid bearer token")

    def _accepts(self, key: str) -> bool:
        if self._accepted is not None:
            return key in self._accepted
        return bool(key) and "invalid" not in key


def bearer_token(authorization: str) -> str:
    """Return the token of an `authorization` header; "" if it has none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _unauthenticated(message: str) -> RequestRefusedError:
    return RequestRefusedError(401, "authentication_error", message)


def version_of(headers: Mapping[str, str]) -> str:
    """Return the version of the API that a request names; refuse an unknown one."""
    version = headers.get("anthropic-version")
    if version is None:
        raise invalid("anthropic-version: header is required")
    if version not in _VERSIONS:
        raise invalid(f'anthropic-version: "{version}" is not a valid version')
    return version


def betas_of(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the betas that a request names; refuse names that cannot be betas."""
    given = headers.get("anthropic-beta")
    if not given:
        return frozenset()
    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if not _BETA.fullmatch(name)]
    if unknown:
        raise invalid(
            f"Unexpected value(s) {', '.join(f'`{name}`' for name in unknown)} for the"
            " `anthropic-beta` header. Please consult our documentation at"
            " platform.claude.com/docs or try again without the header."
        )
    return frozenset(names)


def content_of(headers: Mapping[str, str], path: str, body: BufferedBody) -> BufferedBody:
    """Return the body with its content encoding undone; refuse it if it is not JSON in UTF-8."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise invalid("content-type: must be application/json")
    charset = _charset(parameters)
    if charset not in _CHARSETS:
        message = f"content-type: charset {charset!r} is not supported; use utf-8"
        raise invalid(message, error_code="unsupported_charset")
    return decompressed(headers, path, body)


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def decompressed(headers: Mapping[str, str], path: str, body: BufferedBody) -> BufferedBody:
    """Return the body with its content encoding undone; it is never inflated beyond its limit."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    limit = size_limit(path)
    if encoding not in _COMPRESSIONS:
        message = f"content-encoding: {encoding!r} is not supported; use gzip, deflate or none"
        raise invalid(message, error_code="request_body_encoding_unsupported")
    decoder = zlib.decompressobj(_COMPRESSIONS[encoding])
    try:
        content = decoder.decompress(body, limit + 1)
    except zlib.error as error:
        raise _not_valid(encoding) from error
    if len(content) > limit:
        details = {"error_code": "request_body_too_large_after_decoding"}
        message = "Request exceeds the maximum size"
        raise RequestRefusedError(413, "request_too_large", message, details=details)
    if not decoder.eof:
        raise _not_valid(encoding)
    return content


def _not_valid(encoding: str) -> RequestRefusedError:
    message = f"content-encoding: the request body is not valid {encoding}"
    return invalid(message, error_code="request_body_encoding_invalid")


def parse_object(content: BufferedBody) -> JSONObject:
    """Return the JSON object in `content`; refuse anything else."""
    try:
        # The API's texts for malformed JSON are those of this parser.
        value: Any = loads(content)
    except ValueError as error:
        raise invalid(f"The request body is not valid JSON: {error}") from error
    if not is_object(value):
        raise invalid("Input should be a valid dictionary or object to extract fields from")
    return value
