"""Cassettes that other clients recorded: what they do not hold is looked up as those sent it.

A cassette of vcrpy answers the requests that it holds and refuses all others. Programs that used
the official package have cassettes in which two requests look different from ours, although they
mean the same to the API. Versions before 2.3 wrote `?beta=true` behind the URLs of `client.beta`.
No version streams a message that the program waits for, however long that may take. So a request
that a cassette refuses is looked up in these forms before the call fails. Nothing more is sent: a
cassette that would send a request does not refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from .._wire.http import Request
from .._wire.json import dumps, is_object
from .._wire.literals import read_exactly
from .._wire.url import URL
from ..errors import APIConnectionError
from . import AsyncOpenResponse, AsyncTransport, OpenResponse, Transport

__all__ = ["AsyncOldRecordings", "OldRecordings"]

# How vcrpy calls its refusal.
_REFUSAL = "CannotOverwriteExistingCassetteException"


class OldRecordings:
    """Sends through another transport, and looks up what a cassette refuses in its older forms."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, request: Request) -> OpenResponse:
        """Send `request`, or find how it was recorded."""
        try:
            return self._transport.send(request)
        except APIConnectionError as error:
            if not _is_refusal(error):
                raise
            for older in _older_forms(request):
                with suppress(APIConnectionError):
                    return self._transport.send(older)
            raise

    def close(self) -> None:
        """Close the other transport."""
        self._transport.close()


class AsyncOldRecordings:
    """An `OldRecordings` whose methods are awaited."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request`, or find how it was recorded."""
        try:
            return await self._transport.send(request)
        except APIConnectionError as error:
            if not _is_refusal(error):
                raise
            for older in _older_forms(request):
                with suppress(APIConnectionError):
                    return await self._transport.send(older)
            raise

    async def close(self) -> None:
        """Close the other transport."""
        await self._transport.close()


def _is_refusal(error: APIConnectionError) -> bool:
    return type(error.__cause__).__name__ == _REFUSAL


def _older_forms(request: Request) -> Iterator[Request]:
    """Give the forms in which other clients may have sent the same request."""
    plain = _unstreamed(request)
    if plain is not None:
        yield plain
    if "?" not in request.url:
        marked = URL(f"{request.url}?beta=true")
        yield replace(request, url=marked)
        if plain is not None:
            yield replace(plain, url=marked)


def _unstreamed(request: Request) -> Request | None:
    """Return a streamed request as one for a plain message; None for others."""
    try:
        body = read_exactly(request.content)
    except ValueError:
        return None
    if not is_object(body) or body.pop("stream", None) is not True:
        return None
    return replace(request, body=dumps(body))
