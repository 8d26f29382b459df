"""Attempts that go through the middleware of a client.

`AsyncMiddlewareSession` is the session of a client that has some. Its runners open each response
through the chain, whose last link sends. What a middleware reads of a body is kept, and given to
the call once more, so that reading a response in a middleware takes nothing from the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar, cast

from .._core.call import Call
from .._core.flow import Attempts, ResultInstead, as_http_response
from .._core.options import Options
from .._core.retry import RetryPolicy
from .._transport import AsyncOpenResponse, AsyncTransport
from .._wire.http import Request, ResponseHead
from ..middleware import APIRequest, KeptResult, async_handlers, chained
from .resource import view_of
from .responses import AsyncBodyResponse
from .runner import AsyncRunner, AsyncSession
from .streams import AsyncStream

__all__ = ["AsyncAttemptResponse"]

T = TypeVar("T")


class AsyncMiddlewareSession(AsyncSession):
    """The session of a client that has middleware."""

    def __init__(self, options: Options, http_client: Any) -> None:
        """Prepare the middleware of `options`.

        Raises:
            TypeError: one of them cannot serve this client.
        """
        super().__init__(options, http_client)
        self._handlers = async_handlers(options.middleware)

    def runner(self) -> AsyncRunner:
        """Return the runner of a new call."""
        super().runner()  # makes the transport, and refuses after `close`
        assert self._transport is not None
        return _AsyncMiddlewareRunner(self._transport, self.options, self._handlers)


class _AsyncMiddlewareRunner(AsyncRunner):
    """Performs the steps of one call, and opens each response through the middleware."""

    _attempts: Attempts
    _watchers: tuple[Any, ...]

    def __init__(self, transport: AsyncTransport, options: Options, handlers: list[Any]) -> None:
        super().__init__(transport)
        self._options = options
        self._handlers = handlers

    def attempts(self, call: Call[Any]) -> Attempts:
        """Return the attempts of `call`, which its middleware is told of."""
        self._watchers = call.watchers
        self._attempts = super().attempts(call)
        return self._attempts

    async def _open(self, request: Request) -> AsyncOpenResponse:
        send = super()._open
        opened: list[AsyncOpenResponse] = []

        async def last(asked: APIRequest) -> AsyncAttemptResponse[Any]:
            sent = asked.to_request()
            opened.append(await send(sent))
            return AsyncAttemptResponse(opened[-1], sent, self._attempts, self._options)

        kept: AsyncOpenResponse | None = None  # the one that the call reads
        try:
            first = APIRequest(request, self._options, self._attempts)
            if first.stream and first.stream_cls is None:
                first.stream_cls = AsyncStream
            result = await chained(self._handlers, last)(first)
            if not isinstance(result, AsyncAttemptResponse):
                raise ResultInstead(result)
            kept = result.body.opened
            if not first.stream:
                self._attempts.call.watchers = (*self._watchers, result.outcome)
            # What nobody has read goes straight to the call, and is not kept.
            return result.body.rewound() if result.body.chunks or result.body.ended else kept
        finally:
            # A middleware may send several times; the others give their connections back.
            for response in opened:
                if response is not kept:
                    await response.close()


class AsyncAttemptResponse(AsyncBodyResponse[T]):
    """The response of one attempt, as a middleware sees it; its body is received when it is read.

    What you read here is kept, and the call reads it once more.
    """

    def __init__(
        self, opened: AsyncOpenResponse, request: Request, attempts: Attempts, options: Options
    ) -> None:
        decode = attempts.call.decode
        super().__init__(as_http_response(opened.head, b"", request), attempts, decode)
        self.body: AsyncKeptBody = AsyncKeptBody(opened)
        self.outcome: KeptResult = KeptResult()
        self._options = options

    @property
    def is_closed(self) -> bool:
        """Whether the whole body was received."""
        return self.body.ended

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """Give the body from its beginning, its content encoding undone."""
        body = self.body.rewound()
        while chunk := await body.read(self._attempts.read_timeout()):
            yield chunk

    async def read(self) -> bytes:
        """Read the whole body."""
        if not self.http_response.content:
            self.http_response.content = b"".join([chunk async for chunk in self.iter_bytes()])
        return self.http_response.content

    async def parse(self) -> T:
        """Read what the response means: a model, or a stream of events.

        Raises:
            APIStatusError: the status is that of an error.
            APIResponseValidationError: the body is not what the API sends.
        """
        if self.outcome.result is not None:
            return cast("T", self.outcome.result)
        # The call once more, over a transport that gives this very response to it, and only once.
        call = replace(
            self._attempts.call,
            retry=RetryPolicy(0),
            credential=None,
            model=None,
            watchers=(),
            gates=(),
        )
        options = replace(self._options, open_telemetry=False)
        session = AsyncSession(options, _AsyncRepeat(self.body))
        if call.is_lazy:
            view: Any = view_of(call, *await session.open(call))
        else:
            view = (await session.respond(call)).parse()
            # The caller gets this very object, with what the middleware did to it.
            self._attempts.call.decode = lambda _: view
        result: T = view
        return result

    async def close(self) -> None:
        """Cut the response off; what was not read is lost."""
        await self.body.opened.close()


class AsyncKeptBody:
    """The body of a response, of which everything that was read is kept."""

    def __init__(self, opened: AsyncOpenResponse) -> None:
        self.opened: AsyncOpenResponse = opened
        self.ended: bool = False
        self.chunks: list[bytes] = []

    async def receive(self, timeout: float | None) -> None:
        """Receive another part, unless there is none."""
        if not self.ended:
            chunk = await self.opened.read(timeout)
            if chunk:
                self.chunks.append(chunk)
            self.ended = not chunk

    def rewound(self) -> _AsyncRewound:
        """Return the response from its beginning."""
        return _AsyncRewound(self)


class _AsyncRewound:
    """A response from its beginning: what was kept of it, and then what is received."""

    def __init__(self, body: AsyncKeptBody) -> None:
        self.head: ResponseHead = replace(body.opened.head, body_ended=False)
        self._body = body
        self._index = 0

    async def read(self, timeout: float | None) -> bytes:
        """Return the next part of the body; b"" at its end."""
        if self._index == len(self._body.chunks):
            await self._body.receive(timeout)
        chunk = b"".join(self._body.chunks[self._index : self._index + 1])
        self._index += 1
        return chunk

    async def close(self) -> None:
        """Close the response itself."""
        await self._body.opened.close()


class _AsyncRepeat:
    """A transport that sends nothing, and gives a response that was received."""

    def __init__(self, body: AsyncKeptBody) -> None:
        self._body = body

    async def send(self, request: Request) -> AsyncOpenResponse:  # noqa: ARG002 (it was sent)
        """Return the response, from its beginning."""
        return _AsyncBorrowed(self._body)

    async def close(self) -> None:
        """Do nothing: no connection is kept."""


class _AsyncBorrowed(_AsyncRewound):
    """A response that somebody else closes."""

    async def close(self) -> None:
        """Do nothing: the call still needs it."""
