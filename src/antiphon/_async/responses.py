"""Responses whose body is read when the caller reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from .._core.call import Call
from .._stream.decoders import LineDecoder, TextDecoder
from .._stream.flow import StreamFlow
from .._wire.http import HTTPResponse
from ..errors import OutputError
from ..responses import AsyncAPIResponse, decoded_line
from .runner import AsyncRunner
from .streams import AsyncMessageStream

if TYPE_CHECKING:
    from ..types.events import MessageStreamEvent

__all__ = ["AsyncJSONLines", "AsyncStreamedResponse", "AsyncStreamedResponseManager"]

T = TypeVar("T")


class AsyncBodyResponse(AsyncAPIResponse[T]):
    """A response whose body can be read while it is received: the ways to read it."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing more of the body can be received."""
        raise NotImplementedError

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Give the body as it arrives, its content encoding undone."""
        raise NotImplementedError

    async def iter_text(self) -> AsyncIterator[str]:
        """Give the body as it arrives, as text; bytes that are not UTF-8 become U+FFFD."""
        decoder = TextDecoder()
        async for chunk in self.iter_bytes():
            yield decoder.feed(chunk)
        if rest := decoder.close():
            yield rest

    async def iter_lines(self) -> AsyncIterator[str]:
        """Give the lines of the body, without their ends."""
        decoder = LineDecoder()
        async for text in self.iter_text():
            for line in decoder.feed(text):
                yield line
        for line in decoder.close():
            yield line

    async def read(self) -> bytes:
        """Read the whole body."""
        if not self.is_closed:
            self.http_response.content = b"".join([chunk async for chunk in self.iter_bytes()])
        return self.http_response.content

    async def text(self) -> str:
        """Read the whole body as text."""
        await self.read()
        return self.http_response.text

    async def json(self) -> Any:
        """Read the whole body as JSON values.

        Raises:
            ValueError: the body is not JSON.
        """
        await self.read()
        return self.http_response.json()


class AsyncStreamedResponse(AsyncBodyResponse[T]):
    """A response whose head was received; its body is read when you read it."""

    def __init__(
        self,
        flow: StreamFlow,
        runner: AsyncRunner,
        call: Call[Any],
        view: Callable[..., Any] | None,
    ) -> None:
        super().__init__(flow.response, flow.attempts, call.decode)
        self._flow = flow
        self._runner = runner
        self._view = view

    @property
    def is_closed(self) -> bool:
        """Whether nothing more of the body can be read."""
        return self._flow.ended

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """Give the body as it arrives, its content encoding undone."""
        while chunk := await self._runner.run(self._flow.chunk()):
            yield chunk

    async def write_to_file(self, path: str | PathLike[str]) -> None:
        """Write the body into a file while it is received; what is there is replaced."""
        with Path(path).open("wb") as file:  # noqa: ASYNC230 (it waits less than the network)
            while chunk := await self._runner.run(self._flow.chunk()):
                file.write(chunk)

    async def parse(self) -> T:
        """Read what the response means: a model, or a stream of events.

        Raises:
            APIResponseValidationError: the body is not what the API sends.
        """
        if self._view is not None:
            return cast("T", self._view(self._flow, self._runner))
        await self.read()
        try:
            result = self._meaning(self.http_response.content, self.http_response.headers)
        except OutputError as error:  # it was paid for all the same
            self._flow.attempts.end(error.message)
            raise
        self._flow.attempts.end(result)
        return result

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text of a streamed message, as they are received."""
        stream: AsyncMessageStream = AsyncMessageStream(self._flow, self._runner)
        return stream.text_stream

    def __aiter__(self) -> AsyncIterator[MessageStreamEvent]:
        return AsyncMessageStream(self._flow, self._runner)

    async def close(self) -> None:
        """Cut the response off; what was not read is lost."""
        self._flow.close()
        await self._runner.close()


class AsyncJSONLines(Generic[T]):
    """The lines of a body, each a JSON object, as models; lines are read when you ask for them."""

    def __init__(self, response: AsyncStreamedResponse[Any], decode: Callable[[bytes], T]) -> None:
        self._response = response
        self._items = self._decoded(decode)

    @property
    def http_response(self) -> HTTPResponse:
        """Status and headers of the response."""
        return self._response.http_response

    async def _decoded(self, decode: Callable[[bytes], T]) -> AsyncIterator[T]:
        numbers = count(1)
        async for line in self._response.iter_lines():
            number = next(numbers)
            if line.strip():  # servers may end the last line, or send empty ones to stay awake
                yield decoded_line(self.http_response, line, number, decode)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        return await self._items.__anext__()

    async def close(self) -> None:
        """Cut the response off; lines that were not read are lost."""
        await self._response.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncStreamedResponseManager(Generic[T]):
    """Opens a response on entering, closes it on leaving."""

    def __init__(self, opening: Callable[[], Awaitable[Any]]) -> None:
        self._open = opening
        self._response: AsyncStreamedResponse[T] | None = None

    async def __aenter__(self) -> AsyncStreamedResponse[T]:
        self._response = cast("AsyncStreamedResponse[T]", await self._open())
        return self._response

    async def __aexit__(self, *_: object) -> None:
        if self._response is not None:
            await self._response.close()
