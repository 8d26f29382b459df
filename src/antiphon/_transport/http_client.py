"""The transports over `http.client` of the standard library, for tools that replace its classes.

vcrpy is one of them: see `recorders`. A recorder reads the whole response before it gives it on, so
there is nothing to stream, no connection to keep and one clock for all.
"""

from __future__ import annotations

import asyncio
import http.client
from typing import Any

from .._wire.http import Headers, Request, ResponseHead
from .._wire.secret import Secret
from . import AsyncOpenResponse, OpenResponse
from .content_encoding import decoder_for
from .failures import Progress, forget_frames
from .files import body_pieces
from .origin import Target, target_of
from .redirects import follow
from .route import Route
from .tls import shared_context

__all__ = ["AsyncHttpClientTransport", "HttpClientTransport"]


class HttpClientTransport:
    """Sends over a new connection of `http.client` for each request."""

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and receive its whole response; redirects are followed."""
        return follow(self._send, request)

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def _send(self, request: Request) -> OpenResponse:
        target = target_of(request.url)
        route = Route.to(target.origin, request)
        progress = Progress(request, route.proxy, phase="first byte")
        try:
            head, body = _exchange(route, target, progress)
        except Exception as error:
            forget_frames(error)
            raise progress.failure(error) from error
        progress.head = head
        return RecordedResponse(head, body, progress)


class RecordedResponse:
    """A response that was received whole."""

    def __init__(self, head: ResponseHead, body: bytes, progress: Progress) -> None:
        self.head: ResponseHead = head
        self._rest = body
        self._progress = progress
        self._decoder = decoder_for(head.headers)

    def read(self, timeout: float | None) -> bytes:  # noqa: ARG002  (it is all there)
        """Return the next part of the body, content encoding undone; ``b""`` at its end."""
        rest, self._rest = self._rest, b""
        try:
            return self._decoder.feed(rest, last=True) if self._decoder else rest
        except Exception as error:
            self._progress.fail(error)

    def close(self) -> None:
        """Do nothing: the connection is closed."""


class AsyncHttpClientTransport:
    """An `HttpClientTransport` that sends in another thread."""

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request` and receive its whole response; redirects are followed."""
        response = await asyncio.to_thread(HttpClientTransport().send, request)
        return AsyncRecordedResponse(response)

    async def close(self) -> None:
        """Do nothing: no connection is kept."""


class AsyncRecordedResponse:
    """A `RecordedResponse` whose methods are awaited."""

    def __init__(self, response: OpenResponse) -> None:
        self.head: ResponseHead = response.head
        self._response = response

    async def read(self, timeout: float | None) -> bytes:
        """Return the next part of the body, content encoding undone; ``b""`` at its end."""
        return self._response.read(timeout)

    async def close(self) -> None:
        """Do nothing: the connection is closed."""


def _exchange(route: Route, target: Target, progress: Progress) -> tuple[ResponseHead, bytes]:
    request, origin, proxy = progress.request, route.origin, route.proxy
    end = proxy or origin
    kind: Any = http.client.HTTPConnection
    settings: dict[str, Any] = {"timeout": progress.limit(request.timeout.read)}
    if "https" in (origin.scheme, end.scheme):
        kind = http.client.HTTPSConnection
        settings["context"] = shared_context()
    connection = kind(end.host, end.port, **settings)
    try:
        if proxy is not None and origin.scheme == "https":
            headers = {name: _revealed(value) for name, value in proxy.headers.items()}
            connection.set_tunnel(origin.host, origin.port, headers)
        connection.request(
            request.method,
            target.url if route.is_forwarded else target.target,
            b"".join(body_pieces(request.body)) or None,
            {name: _revealed(value) for name, value in route.headers(request).items()},
        )
        response = connection.getresponse()
        body = response.read()
        return ResponseHead(response.status, Headers(response.getheaders())), body
    finally:
        connection.close()


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
