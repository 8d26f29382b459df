"""How the requests to one origin travel: straight, through a tunnel, or forwarded by a proxy."""

from __future__ import annotations

from .._wire.http import Request
from .._wire.secret import Secret
from .content_encoding import ACCEPTED_ENCODINGS
from .failures import Progress
from .http1 import request_head
from .origin import Origin, target_of
from .proxies import Proxy, UnusableProxyError, proxy_for

__all__ = ["Route"]


class Route:
    """The way to one origin, and how the heads of requests look that take it."""

    __slots__ = ("_headers", "is_forwarded", "origin", "proxy")

    is_forwarded: bool
    """Whether a proxy reads the requests and sends them on."""

    def __init__(self, origin: Origin, proxy: Proxy | None) -> None:
        self.origin = origin
        self.proxy = proxy
        # A proxy tunnels https without reading it; plain http it reads and forwards.
        self.is_forwarded = proxy is not None and origin.scheme == "http"
        self._headers: dict[str, str | Secret] = {
            "host": origin.host_header,
            "accept-encoding": ACCEPTED_ENCODINGS,
        }
        if proxy is not None and self.is_forwarded:
            self._headers |= proxy.headers

    @property
    def peer(self) -> tuple[str, int]:
        """Host and port of what is connected to: the proxy, or the origin itself."""
        end = self.proxy or self.origin
        return end.host, end.port

    @classmethod
    def to(cls, origin: Origin, request: Request) -> Route:
        """Return the route to `origin` that the environment names.

        Raises:
            APIConnectionError: the environment names a proxy that cannot be used for `request`.
        """
        try:
            return cls(origin, proxy_for(origin))
        except UnusableProxyError as error:
            raise Progress(request, phase="proxy").failure(error) from error

    def headers(self, request: Request) -> dict[str, str | Secret]:
        """Return the headers of `request` and those that the route adds."""
        return {**self._headers, **request.headers}

    def head(self, request: Request) -> bytes:
        """Return the head of `request` as bytes.

        Raises:
            ValueError: a header contains a line break.
        """
        target = target_of(request.url)
        return request_head(
            request.method,
            target.url if self.is_forwarded else target.target,
            self.headers(request),
            len(request.body),
        )
