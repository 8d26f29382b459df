"""What carries requests to a server and responses back: the protocols, and transports for them.

Import `Transport`, `AsyncTransport` and the two response protocols from here (users take them from
`antiphon.transport`), and what a client gets by default from `default`. A transport knows sockets,
proxies, TLS and HTTP/1.1. It never retries, never looks into a body, and raises
`APIConnectionError` or its subclass `APITimeoutError` when it fails. DECISIONS.md says why it is
built as it is.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .._wire.http import Request, ResponseHead

__all__ = ["AsyncOpenResponse", "AsyncTransport", "OpenResponse", "Transport"]


class OpenResponse(Protocol):
    """A response whose head has arrived and whose body is still to be read."""

    head: ResponseHead

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body as they arrive, with the content encoding undone.

        Args:
            timeout: seconds to wait for these bytes; `None` waits as long as it takes.

        Returns:
            At least one byte, or ``b""`` once the body has ended as it should.

        Raises:
            APIConnectionError: the body cannot be completed.
            APITimeoutError: nothing arrived in time.
        """
        ...

    def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        ...


@runtime_checkable
class Transport(Protocol):
    """Sends requests, over connections that it keeps."""

    def send(self, request: Request) -> OpenResponse:
        """Send a request and wait for the head of its response.

        Args:
            request: what to send, and the clocks that bound each part of sending it.

        Raises:
            APIConnectionError: no response arrived.
            APITimeoutError: one of the request's clocks ran out.
        """
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class AsyncOpenResponse(Protocol):
    """An `OpenResponse` whose methods are awaited."""

    head: ResponseHead

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body, as `OpenResponse.read` does."""
        ...

    async def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """A `Transport` whose methods are awaited."""

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send a request and wait for the head of its response, as `Transport.send` does."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
