"""`client.messages`: one method an endpoint, and the views of these methods."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Unpack, overload

from .._core import endpoints
from .._core.arguments import keywords
from .._transport.files import read_file
from ..types.message import Message, MessageTokensCount
from ..types.params import (
    CountTokensParams,
    CreateParams,
    CreateParamsNonStreaming,
    CreateParamsStreaming,
    Optionally,
    ParseParams,
    StreamOutputParams,
    StreamParams,
)
from ..types.tool_runs import (
    RunToolsOutputParams,
    RunToolsParams,
    RunToolsParamsNonStreaming,
    RunToolsParamsStreaming,
)
from .resource import AsyncRawResource, AsyncResource, AsyncStreamedResource, raw, streamed

if TYPE_CHECKING:
    from ..rules import Finding
    from ..types.outputs import OutputT, ParsedMessage
    from .batches import (
        AsyncBatches,
        AsyncBatchesWithRawResponse,
        AsyncBatchesWithStreamingResponse,
    )
    from .responses import AsyncStreamedResponseManager
    from .streams import AsyncMessageStream, AsyncMessageStreamManager, AsyncStream
    from .tool_runner import AsyncStreamingToolRunner, AsyncToolRunner

__all__ = [
    "AsyncMessages",
    "AsyncMessagesWithRawResponse",
    "AsyncMessagesWithStreamingResponse",
]


class AsyncMessages(AsyncResource):
    """`client.messages`: create messages, also with tools and typed outputs, and count tokens.

    `create` returns a message, `stream` gives it while it is received, `parse` reads its text as a
    value of a type, and `run_tools` runs the tools that Claude calls.
    """

    @cached_property
    def batches(self) -> AsyncBatches:
        """Message batches: many requests at half the price, done within a day."""
        from .batches import AsyncBatches

        return AsyncBatches(self._session)

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

    @overload
    async def parse(
        self,
        *,
        output_format: type[OutputT],
        retries: int = 0,
        **params: Unpack[CreateParamsNonStreaming],
    ) -> ParsedMessage[OutputT]: ...
    @overload
    async def parse(
        self,
        *,
        output_format: Optionally[None] = None,
        retries: int = 0,
        **params: Unpack[CreateParamsNonStreaming],
    ) -> ParsedMessage[None]: ...
    @overload
    async def parse(
        self, *, output_format: object, retries: int = 0, **params: Unpack[CreateParamsNonStreaming]
    ) -> ParsedMessage[Any]: ...
    @keywords(ParseParams)
    async def parse(self, **params: Any) -> ParsedMessage[Any]:
        """Create a message whose text is a value of a type, and read the value.

        Raises:
            OutputTruncatedError: a limit cut the output off.
            OutputRefusedError: Claude refused.
            OutputValidationError: the output does not fit the type.
            TypeError: the type has no schema that the API takes; or as for `create`.
            APIError: as for `create`.
        """
        return await self._perform(endpoints.parse, params)

    @overload
    def stream(
        self, *, output_format: type[OutputT], **params: Unpack[StreamParams]
    ) -> AsyncMessageStreamManager[OutputT]: ...
    @overload
    def stream(
        self, *, output_format: Optionally[None] = None, **params: Unpack[StreamParams]
    ) -> AsyncMessageStreamManager[None]: ...
    @overload
    def stream(
        self, *, output_format: object, **params: Unpack[StreamParams]
    ) -> AsyncMessageStreamManager[Any]: ...
    @keywords(StreamOutputParams)
    def stream(self, **params: Any) -> AsyncMessageStreamManager[Any]:
        """Create a message and follow it while it is made.

        Use it as a context manager; the request is sent when the block is entered::

            async with client.messages.stream(...) as stream:
                async for text in stream.text_stream:
                    print(text, end="", flush=True)
        """
        from .streams import AsyncMessageStreamManager  # many programs stream nothing

        call = endpoints.stream(self._session.options, params)
        return AsyncMessageStreamManager(partial(self._session.open, call))

    @overload
    def run_tools(
        self, *, output_format: type[OutputT], **params: Unpack[RunToolsParamsNonStreaming]
    ) -> AsyncToolRunner[OutputT]: ...
    @overload
    def run_tools(
        self,
        *,
        output_format: Optionally[None] = None,
        **params: Unpack[RunToolsParamsNonStreaming],
    ) -> AsyncToolRunner[None]: ...
    @overload
    def run_tools(
        self, *, output_format: type[OutputT], **params: Unpack[RunToolsParamsStreaming]
    ) -> AsyncStreamingToolRunner[OutputT]: ...
    @overload
    def run_tools(
        self, *, output_format: Optionally[None] = None, **params: Unpack[RunToolsParamsStreaming]
    ) -> AsyncStreamingToolRunner[None]: ...
    @overload
    def run_tools(
        self, *, output_format: object, **params: Unpack[RunToolsParams]
    ) -> AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]: ...
    @keywords(RunToolsOutputParams)
    def run_tools(self, **params: Any) -> AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]:
        """Let Claude call tools until it has finished; nothing is sent now.

        Iterate over what is returned for each message, or call `until_done` for the last one::

            runner = client.messages.run_tools(tools=[get_weather], ...)
            async for message in runner:
                print(message.text)

        Raises:
            TypeError: a parameter is missing, unknown, or of the wrong type.
            ValueError: two tools have one name, or a number is impossible.
        """
        from .tool_runner import tool_run

        endpoint = endpoints.parse, endpoints.stream
        return tool_run(self._session, params, RunToolsOutputParams, endpoint)

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


class AsyncRawMessagesResource(AsyncRawResource):
    """What this view of messages and of beta messages have in common."""

    @cached_property
    def batches(self) -> AsyncBatchesWithRawResponse:
        """Message batches, with the HTTP side of their responses."""
        from .batches import AsyncBatchesWithRawResponse

        return AsyncBatchesWithRawResponse(self._session)


class AsyncMessagesWithRawResponse(AsyncRawMessagesResource):
    """`client.messages.with_raw_response`: responses with their HTTP side."""

    create: Final = raw(AsyncMessages.create)
    parse: Final = raw(AsyncMessages.parse)
    count_tokens: Final = raw(AsyncMessages.count_tokens)


class AsyncStreamedMessagesResource(AsyncStreamedResource):
    """What this view of messages and of beta messages have in common."""

    @cached_property
    def batches(self) -> AsyncBatchesWithStreamingResponse:
        """Message batches, with responses whose body is read when you read it."""
        from .batches import AsyncBatchesWithStreamingResponse

        return AsyncBatchesWithStreamingResponse(self._session)


class AsyncMessagesWithStreamingResponse(AsyncStreamedMessagesResource):
    """`client.messages.with_streaming_response`: nothing of a body is read before you read it."""

    create: Final = streamed(AsyncMessages.create)
    parse: Final = streamed(AsyncMessages.parse)
    count_tokens: Final = streamed(AsyncMessages.count_tokens)

    @overload
    def stream(
        self, *, output_format: type[OutputT], **params: Unpack[StreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream[OutputT]]: ...
    @overload
    def stream(
        self, *, output_format: Optionally[None] = None, **params: Unpack[StreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream]: ...
    @overload
    def stream(
        self, *, output_format: object, **params: Unpack[StreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream[Any]]: ...
    @keywords(StreamOutputParams)
    def stream(self, **params: Any) -> AsyncStreamedResponseManager[AsyncMessageStream[Any]]:
        """Create a message like `messages.stream`, its head before its first event."""
        from .responses import AsyncStreamedResponseManager
        from .streams import AsyncMessageStream

        call = endpoints.stream(self._session.options, params)
        return AsyncStreamedResponseManager(partial(self._open, call, AsyncMessageStream))
