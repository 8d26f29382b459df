"""A URL as text that also knows its parts."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

__all__ = ["URL", "UnusableURLError"]


class URL(str):
    """A URL: a `str` with the attributes that other HTTP libraries give a URL."""

    __slots__ = ()

    @property
    def scheme(self) -> str:
        """The scheme, such as ``"https"``."""
        return self._parts.scheme

    @property
    def host(self) -> str:
        """The host, without the brackets of IPv6; ``""`` if there is none."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int | None:
        """The port, if the URL names one."""
        return self._parts.port

    @property
    def path(self) -> str:
        """The path, ``"/"`` if it is empty."""
        return self._parts.path or "/"

    @property
    def query(self) -> str:
        """The query, without its question mark."""
        return self._parts.query

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self)


class UnusableURLError(ValueError):
    """A base URL to which nothing can be sent."""

    def __init__(self, url: str) -> None:
        super().__init__(f"base_url: {url!r} is not an http:// or https:// URL with a host")
        self.url = url
