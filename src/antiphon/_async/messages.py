"""`client.messages`: one method an endpoint, and the views of these methods.

A method says which function of the core makes its call, and `_perform` sends it. A view is another
class with another `_perform`: it takes the same methods, so each is written once, and `raw` and
`streamed` tell type checkers what it returns there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, Unpack, cast, overload

from .._core import endpoints
from .._core.arguments import keywords
from .._core.endpoints import Call, Endpoint
from .._transport.files import read_file
from ..responses import APIResponse
from ..types.message import Message, MessageTokensCount
from ..types.params import (
    CountTokensParams,
    CreateParams,
    CreateParamsNonStreaming,
    CreateParamsStreaming,
    StreamParams,
)
from .responses import AsyncStreamedResponse, AsyncStreamedResponseManager
from .runner import AsyncSession
from .streams import AsyncMessageStream, AsyncMessageStreamManager, AsyncStream

if TYPE_CHECKING:
    from ..rules import Finding

__all__ = [
    "AsyncMessages",
    "AsyncMessagesWithRawResponse",
    "AsyncMessagesWithStreamingResponse",
]

P = ParamSpec("P")
T = TypeVar("T")

_Method = Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]


def raw(method: _Method[P, T]) -> _Method[P, APIResponse[T]]:
    """Return `method` for a view whose `_perform` gives the raw response."""
    return cast("_Method[P, APIResponse[T]]", method)


def streamed(
    method: _Method[P, T],
) -> Callable[Concatenate[Any, P], AsyncStreamedResponseManager[T]]:
    """Return `method` for a view that opens the response when its block is entered."""

    @wraps(method)
    def open_later(view: Any, *args: P.args, **params: P.kwargs) -> AsyncStreamedResponseManager[T]:
        return AsyncStreamedResponseManager(partial(method, view, *args, **params))

    return cast("Callable[Concatenate[Any, P], AsyncStreamedResponseManager[T]]", open_later)


class _AsyncResource:
    """Methods of a client that belong together."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _perform(self, endpoint: Endpoint[T], params: Mapping[str, Any]) -> T:
        """Send the call of `endpoint` and return what it means."""
        call = endpoint(self._session.options, params)
        if call.streamed and not call.whole:
            return cast("T", AsyncStream(*await self._session.open(call)))
        return (await self._session.respond(call)).parse()


class _AsyncRawResource(_AsyncResource):
    """The same methods, with the HTTP side of their responses."""

    async def _perform(self, endpoint: Endpoint[T], params: Mapping[str, Any]) -> Any:
        """Send the call of `endpoint` and return its response."""
        call = endpoint(self._session.options, params)
        if call.streamed and not call.whole:
            flow, runner = await self._session.open(call)
            stream: AsyncStream = AsyncStream(flow, runner)
            return APIResponse(flow.response, flow.attempts, lambda _: stream)
        return await self._session.respond(call)


class _AsyncStreamedResource(_AsyncResource):
    """The same methods, with responses whose body is not read before the caller reads it."""

    async def _perform(self, endpoint: Endpoint[T], params: Mapping[str, Any]) -> Any:
        """Send the call of `endpoint` and return its response when its head was received."""
        call = endpoint(replace(self._session.options, large_responses="wait"), params)
        return await self._open(call, AsyncStream if call.streamed else None)

    async def _open(self, call: Call[Any], view: type[Any] | None) -> AsyncStreamedResponse[Any]:
        flow, runner = await self._session.open(call)
        flow.delivered = True  # the caller sees this response: it must not become another one
        return AsyncStreamedResponse(flow, runner, call, view)


class AsyncMessages(_AsyncResource):
    """`client.messages`."""

    @cached_property
    def with_raw_response(self) -> AsyncMessagesWithRawResponse:
        """The same methods, giving the response with its HTTP side."""
        return AsyncMessagesWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncMessagesWithStreamingResponse:
        """The same methods, giving a response whose body is read when you read it."""
        return AsyncMessagesWithStreamingResponse(self._session)

    @overload
    async def create(self, **params: Unpack[CreateParamsNonStreaming]) -> Message: ...
    @overload
    async def create(self, **params: Unpack[CreateParamsStreaming]) -> AsyncStream: ...
    @overload
    async def create(self, **params: Unpack[CreateParams]) -> Message | AsyncStream: ...
    @keywords(CreateParams)
    async def create(self, **params: Any) -> Message | AsyncStream:
        """Create a message with Claude; with ``stream=True``, an `AsyncStream` of its raw events.

        Raises:
            TypeError: a parameter is missing or unknown.
            RequestEncodingError: a value is not JSON.
            CredentialsError: there is no key.
            APIStatusError: the API refused or failed; one subclass per status.
            APIConnectionError: no whole response was received.
            APIResponseValidationError: the response is not what the API sends.
        """
        return await self._perform(endpoints.create, params)

    @keywords(StreamParams)
    def stream(self, **params: Unpack[StreamParams]) -> AsyncMessageStreamManager:
        """Create a message and follow it while it is made.

        Use it as a context manager; the request is sent when the block is entered::

            async with client.messages.stream(...) as stream:
                async for text in stream.text_stream:
                    print(text, end="", flush=True)
        """
        call = endpoints.stream(self._session.options, params)
        return AsyncMessageStreamManager(self._session, call)

    @keywords(CountTokensParams)
    async def count_tokens(self, **params: Unpack[CountTokensParams]) -> MessageTokensCount:
        """Count the input tokens of a message without creating it."""
        return await self._perform(endpoints.count_tokens, params)

    @keywords(CreateParams)
    def check(self, **params: Unpack[CreateParams]) -> list[Finding]:
        """Return what the API would refuse of `create` with these parameters; nothing is sent.

        An empty list does not guarantee that the API accepts the request.
        """
        return endpoints.check(self._session.options, params, read_file)


class AsyncMessagesWithRawResponse(_AsyncRawResource):
    """`client.messages.with_raw_response`: responses with their HTTP side."""

    create = raw(AsyncMessages.create)
    count_tokens = raw(AsyncMessages.count_tokens)


class AsyncMessagesWithStreamingResponse(_AsyncStreamedResource):
    """`client.messages.with_streaming_response`: nothing of a body is read before you read it."""

    create = streamed(AsyncMessages.create)
    count_tokens = streamed(AsyncMessages.count_tokens)

    @keywords(StreamParams)
    def stream(
        self, **params: Unpack[StreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream]:
        """Create a message like `messages.stream`, with its response head before its first event."""
        call = endpoints.stream(self._session.options, params)
        return AsyncStreamedResponseManager(partial(self._open, call, AsyncMessageStream))
