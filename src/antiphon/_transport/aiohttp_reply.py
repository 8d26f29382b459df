"""An answer arriving over aiohttp."""

from __future__ import annotations

import asyncio

import aiohttp

from .._core.wire import Head, Headers
from .failures import PROTOCOL_FAILURES, OutOfTimeError, Progress
from .http1 import Inflate

FAILURES = (*PROTOCOL_FAILURES, aiohttp.ClientError)
"""What can stop an exchange."""


class AiohttpReply:
    """An answer arriving over aiohttp."""

    __slots__ = ("_content", "_inflate", "_patience", "_progress", "_response", "head")

    head: Head

    def __init__(self, response: aiohttp.ClientResponse, progress: Progress) -> None:
        self.head = _head_of(response)
        self._response = response
        self._content = response.content
        self._patience = Patience(response.content)
        self._inflate = Inflate.of(self.head.headers)
        self._progress = progress

    async def read(self, timeout: float | None) -> bytes:
        """The next bytes as they arrive, content-encoding undone; ``b""`` at the clean end."""
        try:
            if self._inflate is None:
                return await self._received(timeout)
            return await self._inflated(self._inflate, timeout)
        except BaseException as error:
            self._cut()
            if isinstance(error, FAILURES):
                raise self._progress.failure(error) from error
            raise

    async def _received(self, timeout: float | None) -> bytes:
        content = self._content
        if content.is_eof():  # all has arrived: there is nothing to wait for
            return await content.readany()
        if content.exception() is not None:
            # aiohttp would hold back what arrived before the failure.
            return content._read_nowait(-1) or await content.readany()  # pyright: ignore[reportPrivateUsage]
        self._patience.begin(timeout)
        try:
            return await content.readany()
        finally:
            self._patience.ends = None

    async def _inflated(self, inflate: Inflate, timeout: float | None) -> bytes:
        content = self._content
        data = inflate.feed(b"", last=content.at_eof())
        while not data and not content.at_eof():
            received = await self._received(timeout)
            data = inflate.feed(received, last=content.at_eof())
        return data

    async def close(self) -> None:
        """Give the connection back if the body was read to its end, otherwise cut it; idempotent."""
        self._cut()

    def _cut(self) -> None:
        self._patience.cancel()
        self._response.close()

    __del__ = _cut


class Patience:
    """Bounds the waits of one reader with a single timer: a new one per wait costs a tenth of it."""

    __slots__ = ("_content", "_loop", "_timer", "ends")

    ends: float | None
    """When the wait under way has lasted too long, on the loop's clock; `None` between waits."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.ends = None

    def begin(self, seconds: float | None) -> None:
        """A wait begins that may last this long."""
        if seconds is None:
            return
        self.ends = ends = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > ends:
            self.cancel()
            self._timer = self._loop.call_at(ends, self._ring)

    def cancel(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self.ends is None:
            return
        if self._loop.time() < self.ends:
            self._timer = self._loop.call_at(self.ends, self._ring)
        else:
            self._content.set_exception(OutOfTimeError())


def _head_of(response: aiohttp.ClientResponse) -> Head:
    raw = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
    ]
    version = response.version
    assert version is not None
    return Head(response.status, Headers(raw), f"HTTP/{version.major}.{version.minor}")
