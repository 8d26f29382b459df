"""The transports that users write, and what they raise as the errors that clients expect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from .._wire.http import Request, ResponseHead
from ..errors import AntiphonError
from . import AsyncOpenResponse, AsyncTransport, OpenResponse, Transport
from .failures import Progress

__all__ = ["AsyncUsersTransport", "UsersTransport"]


class UsersTransport:
    """A user's transport; its exceptions arrive as `APIConnectionError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        # A transport may bring more than the protocol says, such as a `clock`.
        return getattr(self._transport, name)

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and wait for the head of its response."""
        progress = Progress(request, phase="first byte")
        try:
            return UsersResponse(self._transport.send(request), progress)
        except Exception as error:
            _fail(progress, error)

    def close(self) -> None:
        """Close the user's transport."""
        self._transport.close()


class UsersResponse:
    """A response of a user's transport."""

    def __init__(self, response: OpenResponse, progress: Progress) -> None:
        # A copy: what is known of the end of an inner response need not hold for an outer one.
        self.head: ResponseHead = replace(response.head)
        self._response = response
        self._progress = progress

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body; ``b""`` at its end."""
        self._progress.phase = "body"
        try:
            return self._response.read(timeout)
        except Exception as error:
            _fail(self._progress, error)

    def close(self) -> None:
        """Close the user's response."""
        self._response.close()


class AsyncUsersTransport:
    """A user's async transport; its exceptions arrive as `APIConnectionError`."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request` and wait for the head of its response."""
        progress = Progress(request, phase="first byte")
        try:
            return AsyncUsersResponse(await self._transport.send(request), progress)
        except Exception as error:
            _fail(progress, error)

    async def close(self) -> None:
        """Close the user's transport."""
        await self._transport.close()


class AsyncUsersResponse:
    """A response of a user's async transport."""

    def __init__(self, response: AsyncOpenResponse, progress: Progress) -> None:
        # A copy: what is known of the end of an inner response need not hold for an outer one.
        self.head: ResponseHead = replace(response.head)
        self._response = response
        self._progress = progress

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes of the body; ``b""`` at its end."""
        self._progress.phase = "body"
        try:
            return await self._response.read(timeout)
        except Exception as error:
            _fail(self._progress, error)

    async def close(self) -> None:
        """Close the user's response."""
        await self._response.close()


def _fail(progress: Progress, error: Exception) -> NoReturn:
    if isinstance(error, AntiphonError):  # the transport follows the protocol
        raise error
    raise progress.failure(error) from error
