"""Requests of web pages: browsers let a page call the API only if the API's headers allow it."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import RequestRefusedError
from .steps import HeaderPairs

__all__ = ["check_direct_access", "is_preflight", "preflight_headers", "response_headers"]

_DIRECT_ACCESS = "anthropic-dangerous-direct-browser-access"
_METHODS = "GET, POST, DELETE, OPTIONS"
_MAX_AGE = "7200"  # the most that Chromium caches; anything would do


def check_direct_access(headers: Mapping[str, str]) -> None:
    """Refuse a page's request that does not say that it knows what it risks: its key."""
    if "origin" in headers and headers.get(_DIRECT_ACCESS) != "true":
        message = f"CORS requests must set '{_DIRECT_ACCESS}' header"
        raise RequestRefusedError(401, "authentication_error", message)


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks what a page may send, before it sends that."""
    return method == "OPTIONS" and "origin" in headers and _requested("method") in headers


def preflight_headers(headers: Mapping[str, str]) -> HeaderPairs:
    """Return the headers that allow everything a page asked for."""
    return (
        ("access-control-allow-methods", _METHODS),
        ("access-control-allow-headers", headers.get(_requested("headers"), "*")),
        ("access-control-max-age", _MAX_AGE),
    )


def response_headers(headers: Mapping[str, str]) -> HeaderPairs:
    """Return the headers that let a page read the response to a request of its own."""
    if "origin" not in headers:
        return ()
    return (("access-control-allow-origin", "*"), ("access-control-expose-headers", "*"))


def _requested(what: str) -> str:
    return f"access-control-request-{what}"
