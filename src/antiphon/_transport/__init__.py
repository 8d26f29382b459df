"""The seam between the client and the network: three verbs (send, read, close), sync and async.

Adapters live beside this file. They raise `APIConnectionError` and `APITimeoutError`, nothing else.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .._wire.http import Request, ResponseHead


class OpenResponse(Protocol):
    """One answer being received."""

    head: ResponseHead

    def read(self, timeout: float | None) -> bytes:
        """The next bytes as they arrive, content-encoding undone; ``b""`` at the clean end.

        `timeout` bounds the wait for these bytes, in seconds.
        """
        ...

    def close(self) -> None:
        """Give the connection back if the body was read to its end, otherwise cut it; idempotent."""
        ...


@runtime_checkable
class Transport(Protocol):
    """Sends requests over connections that it keeps."""

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and wait for the head of its answer."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class AsyncOpenResponse(Protocol):
    """`OpenResponse`, awaited."""

    head: ResponseHead

    async def read(self, timeout: float | None) -> bytes:
        """The next bytes as they arrive, content-encoding undone; ``b""`` at the clean end."""
        ...

    async def close(self) -> None:
        """Give the connection back if the body was read to its end, otherwise cut it; idempotent."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """`Transport`, awaited."""

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request` and wait for the head of its answer."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
