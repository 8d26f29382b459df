"""`client.beta`: the resources of the client once more, with the parameters that only betas have.

`beta.files` and `beta.models` are those of the client, since `betas=` is a parameter of every
method. `beta.messages` has the same methods with more parameters: another TypedDict, the same
endpoints.
"""

# Methods that accept more keyword arguments than those they override are compatible with them.
# Pyright does not see it where the arguments are the keys of a TypedDict; mypy does.
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Unpack, overload

from .._core import beta_endpoints, endpoints
from .._core.arguments import keywords
from .._transport.files import read_file
from ..types.beta_params import (
    BetaCountTokensParams,
    BetaCreateParams,
    BetaCreateParamsNonStreaming,
    BetaCreateParamsStreaming,
    BetaParseParams,
    BetaRunToolsOutputParams,
    BetaRunToolsParams,
    BetaRunToolsParamsNonStreaming,
    BetaRunToolsParamsStreaming,
    BetaStreamOutputParams,
    BetaStreamParams,
    BetaToolRunnerOutputParams,
    BetaToolRunnerParams,
    BetaToolRunnerParamsNonStreaming,
    BetaToolRunnerParamsStreaming,
    ThreadOutputParams,
    ThreadParams,
)
from ..types.message import Message, MessageTokensCount
from ..types.params import Optionally
from .files import AsyncFiles, AsyncFilesWithRawResponse, AsyncFilesWithStreamingResponse
from .messages import (
    AsyncMessages,
    AsyncRawMessagesResource,
    AsyncStreamedMessagesResource,
)
from .models import AsyncModels, AsyncModelsWithRawResponse, AsyncModelsWithStreamingResponse
from .resource import AsyncRawResource, AsyncResource, AsyncStreamedResource, raw, streamed
from .responses import AsyncStreamedResponseManager
from .streams import AsyncMessageStream, AsyncMessageStreamManager, AsyncStream
from .threads import AsyncMessageThread

if TYPE_CHECKING:
    from ..rules import Finding
    from ..types.outputs import OutputT, ParsedMessage
    from .beta_tool_runner import AsyncBetaStreamingToolRunner, AsyncBetaToolRunner
    from .tool_runner import AsyncStreamingToolRunner, AsyncToolRunner

__all__ = [
    "AsyncBeta",
    "AsyncBetaMessages",
    "AsyncBetaMessagesWithRawResponse",
    "AsyncBetaMessagesWithStreamingResponse",
    "AsyncBetaWithRawResponse",
    "AsyncBetaWithStreamingResponse",
]

_ENDPOINTS = (beta_endpoints.parse, beta_endpoints.stream)


class AsyncBetaMessages(AsyncMessages):
    """`client.beta.messages`: the methods of `client.messages`, and message threads."""

    @cached_property
    def with_raw_response(self) -> AsyncBetaMessagesWithRawResponse:  # type: ignore[override]
        """The same methods, giving the response with its HTTP side."""
        return AsyncBetaMessagesWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncBetaMessagesWithStreamingResponse:  # type: ignore[override]
        """The same methods, giving a response whose body is read when you read it."""
        return AsyncBetaMessagesWithStreamingResponse(self._session)

    @overload
    async def create(self, **params: Unpack[BetaCreateParamsNonStreaming]) -> Message: ...
    @overload
    async def create(self, **params: Unpack[BetaCreateParamsStreaming]) -> AsyncStream: ...
    @overload
    async def create(self, **params: Unpack[BetaCreateParams]) -> Message | AsyncStream: ...
    @keywords(BetaCreateParams)
    async def create(self, **params: Any) -> Message | AsyncStream:
        """Create a message as `client.messages.create` does, with the parameters of betas.

        Raises:
            TypeError: a parameter is missing or unknown.
            APIStatusError: the API refused or failed; one subclass per status.
            APIConnectionError: no whole response was received.
        """
        return await self._perform(beta_endpoints.create, params)

    @overload
    async def parse(
        self,
        *,
        output_format: type[OutputT],
        retries: int = 0,
        **params: Unpack[BetaCreateParamsNonStreaming],
    ) -> ParsedMessage[OutputT]: ...
    @overload
    async def parse(
        self,
        *,
        output_format: Optionally[None] = None,
        retries: int = 0,
        **params: Unpack[BetaCreateParamsNonStreaming],
    ) -> ParsedMessage[None]: ...
    @overload
    async def parse(
        self,
        *,
        output_format: object,
        retries: int = 0,
        **params: Unpack[BetaCreateParamsNonStreaming],
    ) -> ParsedMessage[Any]: ...
    @keywords(BetaParseParams)
    async def parse(self, **params: Any) -> ParsedMessage[Any]:
        """Create a message and read its output, as `client.messages.parse` does.

        Raises:
            OutputError: the message has no output that fits the type; it is in the error.
            TypeError: a parameter is missing or unknown, or the type has no schema.
            APIError: as for `create`.
        """
        return await self._perform(beta_endpoints.parse, params)

    @overload
    def stream(
        self, *, output_format: type[OutputT], **params: Unpack[BetaStreamParams]
    ) -> AsyncMessageStreamManager[OutputT]: ...
    @overload
    def stream(
        self, *, output_format: Optionally[None] = None, **params: Unpack[BetaStreamParams]
    ) -> AsyncMessageStreamManager[None]: ...
    @overload
    def stream(
        self, *, output_format: object, **params: Unpack[BetaStreamParams]
    ) -> AsyncMessageStreamManager[Any]: ...
    @keywords(BetaStreamOutputParams)
    def stream(self, **params: Any) -> AsyncMessageStreamManager[Any]:
        """Create a message and follow it, as `client.messages.stream` does."""
        call = beta_endpoints.stream(self._session.options, params)
        return AsyncMessageStreamManager(partial(self._session.open, call))

    @keywords(BetaCountTokensParams)
    async def count_tokens(self, **params: Unpack[BetaCountTokensParams]) -> MessageTokensCount:
        """Count the input tokens of a message without creating it."""
        return await self._perform(beta_endpoints.count_tokens, params)

    @keywords(BetaCreateParams)
    def check(self, **params: Unpack[BetaCreateParams]) -> list[Finding]:
        """Return what the API would refuse of `create` with these parameters; nothing is sent."""
        return endpoints.check(self._session.options, params, read_file, BetaCreateParams)

    @overload
    def thread(
        self, *, output_format: type[OutputT], **params: Unpack[ThreadParams]
    ) -> AsyncMessageThread[OutputT]: ...
    @overload
    def thread(
        self, *, output_format: Optionally[None] = None, **params: Unpack[ThreadParams]
    ) -> AsyncMessageThread[None]: ...
    @overload
    def thread(
        self, *, output_format: object, **params: Unpack[ThreadParams]
    ) -> AsyncMessageThread[Any]: ...
    @keywords(ThreadOutputParams)
    def thread(self, **params: Any) -> AsyncMessageThread[Any]:
        """Make a conversation that the API keeps between turns; nothing is sent now.

        Raises:
            TypeError: a parameter is missing or unknown.
        """
        return AsyncMessageThread(self, **params)

    @overload
    def run_tools(
        self, *, output_format: type[OutputT], **params: Unpack[BetaRunToolsParamsNonStreaming]
    ) -> AsyncToolRunner[OutputT]: ...
    @overload
    def run_tools(
        self,
        *,
        output_format: Optionally[None] = None,
        **params: Unpack[BetaRunToolsParamsNonStreaming],
    ) -> AsyncToolRunner[None]: ...
    @overload
    def run_tools(
        self, *, output_format: type[OutputT], **params: Unpack[BetaRunToolsParamsStreaming]
    ) -> AsyncStreamingToolRunner[OutputT]: ...
    @overload
    def run_tools(
        self,
        *,
        output_format: Optionally[None] = None,
        **params: Unpack[BetaRunToolsParamsStreaming],
    ) -> AsyncStreamingToolRunner[None]: ...
    @overload
    def run_tools(
        self, *, output_format: object, **params: Unpack[BetaRunToolsParams]
    ) -> AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]: ...
    @keywords(BetaRunToolsOutputParams)
    def run_tools(self, **params: Any) -> AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]:
        """Let Claude call tools until it has finished, as `client.messages.run_tools` does.

        Raises:
            TypeError: a parameter is missing, unknown, or of the wrong type.
            ValueError: two tools have one name, or a number is impossible.
        """
        from .tool_runner import tool_run

        return tool_run(self._session, params, BetaRunToolsOutputParams, _ENDPOINTS)

    @overload
    def tool_runner(
        self, *, output_format: type[OutputT], **params: Unpack[BetaToolRunnerParamsNonStreaming]
    ) -> AsyncBetaToolRunner[OutputT]: ...
    @overload
    def tool_runner(
        self,
        *,
        output_format: Optionally[None] = None,
        **params: Unpack[BetaToolRunnerParamsNonStreaming],
    ) -> AsyncBetaToolRunner[None]: ...
    @overload
    def tool_runner(
        self, *, output_format: type[OutputT], **params: Unpack[BetaToolRunnerParamsStreaming]
    ) -> AsyncBetaStreamingToolRunner[OutputT]: ...
    @overload
    def tool_runner(
        self,
        *,
        output_format: Optionally[None] = None,
        **params: Unpack[BetaToolRunnerParamsStreaming],
    ) -> AsyncBetaStreamingToolRunner[None]: ...
    @overload
    def tool_runner(
        self, *, output_format: object, **params: Unpack[BetaToolRunnerParams]
    ) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]: ...
    @keywords(BetaToolRunnerOutputParams)
    def tool_runner(
        self, **params: Any
    ) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]:
        """Do as `run_tools`; the runner has the methods of the official package's, too.

        Raises:
            TypeError: a parameter is missing, unknown, or of the wrong type.
            ValueError: two tools have one name, or a number is impossible.
        """
        from .beta_tool_runner import beta_tool_run

        return beta_tool_run(self._session, params, _ENDPOINTS)


class AsyncBetaMessagesWithRawResponse(AsyncRawMessagesResource):
    """`client.beta.messages.with_raw_response`: responses with their HTTP side."""

    create: Final = raw(AsyncBetaMessages.create)
    parse: Final = raw(AsyncBetaMessages.parse)
    count_tokens: Final = raw(AsyncBetaMessages.count_tokens)


class AsyncBetaMessagesWithStreamingResponse(AsyncStreamedMessagesResource):
    """`client.beta.messages.with_streaming_response`: no body is read before you read it."""

    create: Final = streamed(AsyncBetaMessages.create)
    parse: Final = streamed(AsyncBetaMessages.parse)
    count_tokens: Final = streamed(AsyncBetaMessages.count_tokens)

    @overload
    def stream(
        self, *, output_format: type[OutputT], **params: Unpack[BetaStreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream[OutputT]]: ...
    @overload
    def stream(
        self, *, output_format: Optionally[None] = None, **params: Unpack[BetaStreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream]: ...
    @overload
    def stream(
        self, *, output_format: object, **params: Unpack[BetaStreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream[Any]]: ...
    @keywords(BetaStreamOutputParams)
    def stream(self, **params: Any) -> AsyncStreamedResponseManager[AsyncMessageStream[Any]]:
        """Create a message like `messages.stream`, but give the head of its response first."""
        call = beta_endpoints.stream(self._session.options, params)
        return AsyncStreamedResponseManager(partial(self._open, call, AsyncMessageStream))


class AsyncBeta(AsyncResource):
    """`client.beta`: the resources of the client, with the parameters of betas."""

    @cached_property
    def messages(self) -> AsyncBetaMessages:
        """The Messages API with its betas."""
        return AsyncBetaMessages(self._session)

    @cached_property
    def models(self) -> AsyncModels:
        """The models that can be used: the same as `client.models`."""
        return AsyncModels(self._session)

    @cached_property
    def files(self) -> AsyncFiles:
        """Files that are kept by the API: the same as `client.files`."""
        return AsyncFiles(self._session)

    @cached_property
    def with_raw_response(self) -> AsyncBetaWithRawResponse:
        """The same resources, whose methods give the response with its HTTP side."""
        return AsyncBetaWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncBetaWithStreamingResponse:
        """The same resources, whose methods give a response with a body that you read."""
        return AsyncBetaWithStreamingResponse(self._session)


class AsyncBetaWithRawResponse(AsyncRawResource):
    """`client.beta.with_raw_response`."""

    @cached_property
    def messages(self) -> AsyncBetaMessagesWithRawResponse:
        """The Messages API with its betas."""
        return AsyncBetaMessagesWithRawResponse(self._session)

    @cached_property
    def models(self) -> AsyncModelsWithRawResponse:
        """The models that can be used."""
        return AsyncModelsWithRawResponse(self._session)

    @cached_property
    def files(self) -> AsyncFilesWithRawResponse:
        """Files that are kept by the API."""
        return AsyncFilesWithRawResponse(self._session)


class AsyncBetaWithStreamingResponse(AsyncStreamedResource):
    """`client.beta.with_streaming_response`."""

    @cached_property
    def messages(self) -> AsyncBetaMessagesWithStreamingResponse:
        """The Messages API with its betas."""
        return AsyncBetaMessagesWithStreamingResponse(self._session)

    @cached_property
    def models(self) -> AsyncModelsWithStreamingResponse:
        """The models that can be used."""
        return AsyncModelsWithStreamingResponse(self._session)

    @cached_property
    def files(self) -> AsyncFilesWithStreamingResponse:
        """Files that are kept by the API."""
        return AsyncFilesWithStreamingResponse(self._session)
