"""The async client: performs the steps of the core over a transport, and holds no policy."""

from __future__ import annotations

import random
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack, cast, overload

from ._core import endpoints as calls
from ._core.arguments import keywords
from ._core.endpoints import Call
from ._core.flow import Attempts, Flow, Read, Send, Step, exchange
from ._core.options import Options
from ._stream.flow import StreamFlow, stream_flow
from ._transport import AsyncOpenResponse, AsyncTransport
from ._transport.clocks import AsyncMonotonicClock
from ._transport.default import async_transport_for
from ._wire.http import HTTPResponse, ResponseHead
from .base_client import BaseClient
from .errors import APIError
from .responses import APIResponse, BaseResponse, parsed
from .types.message import Message, MessageTokensCount
from .types.params import (
    CountTokensParams,
    CreateParams,
    CreateParamsNonStreaming,
    CreateParamsStreaming,
    StreamParams,
)

if TYPE_CHECKING:
    from .rules import Finding
    from .types.events import MessageStreamEvent, RawMessageStreamEvent

__all__ = [
    "AsyncAnthropic",
    "AsyncClient",
    "AsyncMessageStream",
    "AsyncMessageStreamManager",
    "AsyncMessages",
    "AsyncMessagesWithRawResponse",
    "AsyncMessagesWithStreamingResponse",
    "AsyncStream",
    "AsyncStreamedResponse",
    "AsyncStreamedResponseManager",
]

T = TypeVar("T")


class AsyncClient(BaseClient):
    """A client of the Messages API.

    Clients are cheap and thread-safe; those with the same settings share their connections.
    """

    @property
    def messages(self) -> AsyncMessages:
        """The Messages API."""
        return AsyncMessages(self._sender)

    @cached_property
    def _sender(self) -> AsyncSession:
        return AsyncSession(self._options, self._http_client)

    async def close(self) -> None:
        """Let go of the connections; those shared with other clients stay open."""
        self._sender.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._sender.closed

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


AsyncAnthropic = AsyncClient


class AsyncSession:
    """Sends the calls of one client."""

    def __init__(self, options: Options, http_client: Any) -> None:
        self.options: Options = options
        self.closed: bool = False
        self._http_client = http_client
        self._transport: AsyncTransport | None = None

    def close(self) -> None:
        self.closed = True
        self._transport = None

    def _line(self) -> AsyncRunner:
        if self.closed:
            raise RuntimeError("the client is closed; make another one")
        if self._transport is None:
            self._transport = async_transport_for(self._http_client)
        return AsyncRunner(self._transport)

    async def create(self, params: Mapping[str, Any]) -> APIResponse[Any]:
        """A message, or with ``"stream": True`` its events."""
        call = calls.create(self.options, params)
        if call.streamed:
            stream = AsyncStream(*(await self.opened(call)))
            return APIResponse(stream.response, stream.tries, lambda _: stream)
        if self.options.wire == "auto" and calls.is_large(params):
            return await self.ask_on_a_stream(calls.streamed_create(self.options, params))
        return await self.ask(call)

    async def ask(self, call: Call[T]) -> APIResponse[T]:
        async with self._line() as line:
            answer = await line.run(exchange(line.tries(call)))
        return APIResponse(answer.http_response(), answer.tries, call.decode)

    async def ask_on_a_stream(self, call: Call[Message]) -> APIResponse[Message]:
        async with AsyncMessageStream(*(await self.opened(call, whole=True))) as stream:
            message = await stream.get_final_message()
        content = message.to_json(indent=None).encode()
        return APIResponse(
            replace(stream.response, content=content), stream.tries, lambda _: message
        )

    async def opened(
        self, call: Call[Any], *, whole: bool = False
    ) -> tuple[StreamFlow, AsyncRunner]:
        line = self._line()
        flow = stream_flow(line.tries(call), whole=whole, lenient=self.options.lenient_streams)
        await line.run(flow.open())
        return flow, line


class AsyncRunner:
    """One call's line to the network: performs the steps of its flows."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self._clock = getattr(transport, "clock", AsyncMonotonicClock)
        self._reply: AsyncOpenResponse | None = None

    def tries(self, call: Call[Any]) -> Attempts:
        """The attempts of `call`, on the clock of this line."""
        return Attempts(call, self._clock.now, random.random)

    async def run(self, flow: Flow[T]) -> T:
        """Perform the steps of `flow`; what it returns."""
        try:
            step = next(flow)
            while True:
                try:
                    result = await self._perform(step)
                except APIError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            return cast("T", end.value)
        except BaseException:
            await self.close()
            raise

    async def _perform(self, step: Step) -> ResponseHead | bytes | None:
        if isinstance(step, Read):
            if self._reply is None:
                raise RuntimeError(
                    "the answer was cut off by an interruption; there is no more to read"
                )
            return await self._reply.read(step.timeout)
        if isinstance(step, Send):
            await self.close()
            self._reply = await self._transport.send(step.request)
            return self._reply.head
        await self.close()
        await self._clock.sleep(step.seconds)
        return None

    async def close(self) -> None:
        """Give back the connection, or cut it if something is still arriving; idempotent."""
        reply, self._reply = self._reply, None
        if reply is not None:
            await reply.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncMessages:
    """`client.messages`."""

    def __init__(self, sender: AsyncSession) -> None:
        self._sender = sender

    @property
    def with_raw_response(self) -> AsyncMessagesWithRawResponse:
        """The same methods, giving the answer with its HTTP side."""
        return AsyncMessagesWithRawResponse(self._sender)

    @property
    def with_streaming_response(self) -> AsyncMessagesWithStreamingResponse:
        """The same methods, giving an answer whose body is read when you read it."""
        return AsyncMessagesWithStreamingResponse(self._sender)

    @overload
    async def create(self, **params: Unpack[CreateParamsNonStreaming]) -> Message: ...
    @overload
    async def create(self, **params: Unpack[CreateParamsStreaming]) -> AsyncStream: ...
    @overload
    async def create(self, **params: Unpack[CreateParams]) -> Message | AsyncStream: ...
    @keywords(CreateParams)
    async def create(self, **params: Any) -> Message | AsyncStream:
        """Create a message with Claude; with ``stream=True``, an `AsyncStream` of its raw events.

        The parameters are described at `antiphon.types.CreateParams`.

        Raises:
            TypeError: a parameter is missing or unknown.
            RequestEncodingError: a value is not JSON.
            CredentialsError: there is no key.
            APIStatusError: the API refused or failed; one subclass per status.
            APIConnectionError: no whole answer arrived.
            APIResponseValidationError: the answer is not what the API sends.
        """
        response = await self._sender.create(params)
        return cast("Message | AsyncStream", response.parse())

    @keywords(StreamParams)
    def stream(self, **params: Unpack[StreamParams]) -> AsyncMessageStreamManager:
        """Create a message and follow it while it is made.

        Use it as a context manager; the request is sent when the block is entered::

            async with client.messages.stream(...) as stream:
                async for text in stream.text_stream:
                    print(text, end="", flush=True)
        """
        return AsyncMessageStreamManager(self._sender, calls.stream(self._sender.options, params))

    @keywords(CountTokensParams)
    async def count_tokens(self, **params: Unpack[CountTokensParams]) -> MessageTokensCount:
        """Count the input tokens of a message without creating it."""
        return (await self.with_raw_response.count_tokens(**params)).parse()

    @keywords(CreateParams)
    def check(self, **params: Unpack[CreateParams]) -> list[Finding]:
        """What the API would refuse of `create` with these parameters; nothing is sent.

        An empty list promises nothing: the API knows more than this.
        """
        return calls.check(self._sender.options, params)


class AsyncMessagesWithRawResponse:
    """`client.messages.with_raw_response`: answers with their HTTP side."""

    def __init__(self, sender: AsyncSession) -> None:
        self._sender = sender

    @overload
    async def create(self, **params: Unpack[CreateParamsNonStreaming]) -> APIResponse[Message]: ...
    @overload
    async def create(self, **params: Unpack[CreateParamsStreaming]) -> APIResponse[AsyncStream]: ...
    @overload
    async def create(self, **params: Unpack[CreateParams]) -> APIResponse[Any]: ...
    @keywords(CreateParams)
    async def create(self, **params: Any) -> APIResponse[Any]:
        """`messages.create`, with status, headers and rate limits; `parse()` gives the message."""
        return await self._sender.create(params)

    @keywords(CountTokensParams)
    async def count_tokens(
        self, **params: Unpack[CountTokensParams]
    ) -> APIResponse[MessageTokensCount]:
        """`messages.count_tokens`, with status and headers; `parse()` gives the count."""
        return await self._sender.ask(calls.count_tokens(self._sender.options, params))


class AsyncMessagesWithStreamingResponse:
    """`client.messages.with_streaming_response`: nothing of a body is read before you read it."""

    def __init__(self, sender: AsyncSession) -> None:
        self._sender = sender

    @keywords(CreateParams)
    def create(self, **params: Any) -> AsyncStreamedResponseManager[Any]:
        """`messages.create`; `parse()` gives the message, or with ``stream=True`` its `AsyncStream`."""
        call = calls.create(self._sender.options, params)
        return AsyncStreamedResponseManager(
            self._sender, call, AsyncStream if call.streamed else None
        )

    @keywords(StreamParams)
    def stream(
        self, **params: Unpack[StreamParams]
    ) -> AsyncStreamedResponseManager[AsyncMessageStream]:
        """`messages.stream`, with the head of the answer before its first event."""
        call = calls.stream(self._sender.options, params)
        return AsyncStreamedResponseManager(self._sender, call, AsyncMessageStream)

    @keywords(CountTokensParams)
    def count_tokens(
        self, **params: Unpack[CountTokensParams]
    ) -> AsyncStreamedResponseManager[MessageTokensCount]:
        """`messages.count_tokens`; `parse()` gives the count."""
        call = calls.count_tokens(self._sender.options, params)
        return AsyncStreamedResponseManager(self._sender, call, None)


class _AsyncEventStream:
    """A message arriving: one sequence of events, of which everything below is a view."""

    def __init__(self, flow: StreamFlow, line: AsyncRunner) -> None:
        self._flow = flow
        self._line = line

    @property
    def response(self) -> HTTPResponse:
        """Status and headers of the answer."""
        return self._flow.response

    @property
    def request_id(self) -> str | None:
        """The API's id of the request."""
        return self.response.headers.get("request-id")

    @property
    def tries(self) -> Attempts:
        """The attempts it took."""
        return self._flow.tries

    async def close(self) -> None:
        """Cut the stream; what was not read is lost, and nothing more is read."""
        self._flow.ended = True
        self._flow.frames.clear()
        await self._line.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def more(self) -> bool:
        """Receive until there are frames to interpret; false at the end."""
        flow = self._flow
        if not flow.frames:
            await self._line.run(flow.receive())
        return bool(flow.frames)


class AsyncEach(Generic[T]):
    """The items that a view of a stream gives, one by one."""

    def __init__(self, stream: _AsyncEventStream, take: Callable[[], T | None]) -> None:
        self._stream = stream
        self._take = take

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while (item := self._take()) is None:
            if not await self._stream.more():
                raise StopAsyncIteration
        return item


class AsyncStream(_AsyncEventStream):
    """The raw events of a message, once; leaving the loop cuts the connection."""

    def __init__(self, flow: StreamFlow, line: AsyncRunner) -> None:
        super().__init__(flow, line)
        self._events: AsyncEach[RawMessageStreamEvent] = AsyncEach(self, flow.take_event)

    async def __aiter__(self) -> AsyncIterator[RawMessageStreamEvent]:
        try:
            async for event in self._events:
                yield event
        finally:
            await self.close()

    async def __anext__(self) -> RawMessageStreamEvent:
        return await self._events.__anext__()


class AsyncMessageStream(_AsyncEventStream):
    """A message arriving, with helpers; the views may be mixed, each event is seen once."""

    def __aiter__(self) -> AsyncIterator[MessageStreamEvent]:
        return AsyncEach(self, self._flow.take_made)

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text, as they arrive."""
        return AsyncEach(self, self._flow.take_text)

    @property
    def current_message_snapshot(self) -> Message:
        """The message so far.

        Raises:
            RuntimeError: the first event has not arrived.
        """
        return self._flow.reader.message

    async def until_done(self) -> None:
        """Read to the end."""
        while await self.more():
            self._flow.skip()

    async def get_final_message(self) -> Message:
        """Read to the end; the whole message."""
        await self.until_done()
        return self._flow.finished_message()

    async def get_final_text(self) -> str:
        """Read to the end; the text of the message, all text blocks joined."""
        return (await self.get_final_message()).text


class AsyncMessageStreamManager:
    """`async with client.messages.stream(...) as stream`: opens on entering, closes on leaving."""

    def __init__(self, sender: AsyncSession, call: Call[Message]) -> None:
        self._sender = sender
        self._call = call
        self._stream: AsyncMessageStream | None = None

    async def __aenter__(self) -> AsyncMessageStream:
        self._stream = AsyncMessageStream(*(await self._sender.opened(self._call)))
        return self._stream

    async def __aexit__(self, *_: object) -> None:
        if self._stream is not None:
            await self._stream.close()


class AsyncStreamedResponse(BaseResponse, Generic[T]):
    """An answer whose head has arrived and whose body is read when you read it."""

    def __init__(
        self, flow: StreamFlow, line: AsyncRunner, call: Call[Any], view: type[Any] | None
    ) -> None:
        super().__init__(flow.response, flow.tries)
        self._flow = flow
        self._line = line
        self._call = call
        self._view = view

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives, content-encoding undone."""
        while chunk := await self._line.run(self._flow.chunk()):
            yield chunk

    async def iter_text(self) -> AsyncIterator[str]:
        """The body as it arrives, as text."""
        decoder = getincrementaldecoder("utf-8")("replace")
        async for chunk in self.iter_bytes():
            yield decoder.decode(chunk)
        if cut_off := decoder.decode(b"", final=True):
            yield cut_off

    async def iter_lines(self) -> AsyncIterator[str]:
        """The lines of the body, without their ends."""
        rest = ""
        async for text in self.iter_text():
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                yield line.removesuffix("\r")
        if rest:
            yield rest

    async def read(self) -> bytes:
        """The whole body."""
        if not self._flow.ended:
            self.http_response.content = b"".join([chunk async for chunk in self.iter_bytes()])
        return self.http_response.content

    async def text(self) -> str:
        """The whole body as text."""
        await self.read()
        return self.http_response.text

    async def json(self) -> Any:
        """The whole body as JSON values."""
        await self.read()
        return self.http_response.json()

    async def parse(self) -> T:
        """What the answer means: a model, or a stream of events."""
        if self._view is not None:
            return cast("T", self._view(self._flow, self._line))
        await self.read()
        return cast("T", parsed(self.http_response, self._call.decode))

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text, as they arrive."""
        return AsyncMessageStream(self._flow, self._line).text_stream

    def __aiter__(self) -> AsyncIterator[MessageStreamEvent]:
        return AsyncMessageStream(self._flow, self._line).__aiter__()

    async def close(self) -> None:
        """Cut the answer off; what was not read is lost."""
        await self._line.close()


class AsyncStreamedResponseManager(Generic[T]):
    """Opens an answer on entering, closes it on leaving."""

    def __init__(self, sender: AsyncSession, call: Call[Any], view: type[Any] | None) -> None:
        self._sender = sender
        self._call = call
        self._view = view
        self._response: AsyncStreamedResponse[T] | None = None

    async def __aenter__(self) -> AsyncStreamedResponse[T]:
        flow, line = await self._sender.opened(self._call)
        flow.delivered = True
        self._response = AsyncStreamedResponse(flow, line, self._call, self._view)
        return self._response

    async def __aexit__(self, *_: object) -> None:
        if self._response is not None:
            await self._response.close()
