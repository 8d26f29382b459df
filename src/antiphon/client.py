"""The sync client: performs the steps of the core over a transport, and holds no policy."""

from __future__ import annotations

import random
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack, cast, overload

from ._core import endpoints as calls
from ._core.arguments import keywords
from ._core.endpoints import Call
from ._core.flow import Attempts, Flow, Read, Send, Step, exchange
from ._core.options import Options
from ._stream.flow import StreamFlow, stream_flow
from ._transport import OpenResponse, Transport
from ._transport.clocks import MonotonicClock
from ._transport.default import transport_for
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
    "Anthropic",
    "Client",
    "MessageStream",
    "MessageStreamManager",
    "Messages",
    "MessagesWithRawResponse",
    "MessagesWithStreamingResponse",
    "Stream",
    "StreamedResponse",
    "StreamedResponseManager",
]

T = TypeVar("T")


class Client(BaseClient):
    """A client of the Messages API.

    Clients are cheap and thread-safe; those with the same settings share their connections.
    """

    @property
    def messages(self) -> Messages:
        """The Messages API."""
        return Messages(self._sender)

    @cached_property
    def _sender(self) -> Session:
        return Session(self._options, self._http_client)

    def close(self) -> None:
        """Let go of the connections; those shared with other clients stay open."""
        self._sender.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._sender.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Anthropic = Client


class Session:
    """Sends the calls of one client."""

    def __init__(self, options: Options, http_client: Any) -> None:
        self.options: Options = options
        self.closed: bool = False
        self._http_client = http_client
        self._transport: Transport | None = None

    def close(self) -> None:
        self.closed = True
        self._transport = None

    def _line(self) -> Runner:
        if self.closed:
            raise RuntimeError("the client is closed; make another one")
        if self._transport is None:
            self._transport = transport_for(self._http_client)
        return Runner(self._transport)

    def create(self, params: Mapping[str, Any]) -> APIResponse[Any]:
        """A message, or with ``"stream": True`` its events."""
        call = calls.create(self.options, params)
        if call.streamed:
            stream = Stream(*self.opened(call))
            return APIResponse(stream.response, stream.tries, lambda _: stream)
        if self.options.wire == "auto" and calls.is_large(params):
            return self.ask_on_a_stream(calls.streamed_create(self.options, params))
        return self.ask(call)

    def ask(self, call: Call[T]) -> APIResponse[T]:
        with self._line() as line:
            answer = line.run(exchange(line.tries(call)))
        return APIResponse(answer.http_response(), answer.tries, call.decode)

    def ask_on_a_stream(self, call: Call[Message]) -> APIResponse[Message]:
        with MessageStream(*self.opened(call, whole=True)) as stream:
            message = stream.get_final_message()
        content = message.to_json(indent=None).encode()
        return APIResponse(
            replace(stream.response, content=content), stream.tries, lambda _: message
        )

    def opened(self, call: Call[Any], *, whole: bool = False) -> tuple[StreamFlow, Runner]:
        line = self._line()
        flow = stream_flow(line.tries(call), whole=whole, lenient=self.options.lenient_streams)
        line.run(flow.open())
        return flow, line


class Runner:
    """One call's line to the network: performs the steps of its flows."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._clock = getattr(transport, "clock", MonotonicClock)
        self._reply: OpenResponse | None = None

    def tries(self, call: Call[Any]) -> Attempts:
        """The attempts of `call`, on the clock of this line."""
        return Attempts(call, self._clock.now, random.random)

    def run(self, flow: Flow[T]) -> T:
        """Perform the steps of `flow`; what it returns."""
        try:
            step = next(flow)
            while True:
                try:
                    result = self._perform(step)
                except APIError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as end:
            return cast("T", end.value)
        except BaseException:
            self.close()
            raise

    def _perform(self, step: Step) -> ResponseHead | bytes | None:
        if isinstance(step, Read):
            if self._reply is None:
                raise RuntimeError(
                    "the answer was cut off by an interruption; there is no more to read"
                )
            return self._reply.read(step.timeout)
        if isinstance(step, Send):
            self.close()
            self._reply = self._transport.send(step.request)
            return self._reply.head
        self.close()
        self._clock.sleep(step.seconds)
        return None

    def close(self) -> None:
        """Give back the connection, or cut it if something is still arriving; idempotent."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Messages:
    """`client.messages`."""

    def __init__(self, sender: Session) -> None:
        self._sender = sender

    @property
    def with_raw_response(self) -> MessagesWithRawResponse:
        """The same methods, giving the answer with its HTTP side."""
        return MessagesWithRawResponse(self._sender)

    @property
    def with_streaming_response(self) -> MessagesWithStreamingResponse:
        """The same methods, giving an answer whose body is read when you read it."""
        return MessagesWithStreamingResponse(self._sender)

    @overload
    def create(self, **params: Unpack[CreateParamsNonStreaming]) -> Message: ...
    @overload
    def create(self, **params: Unpack[CreateParamsStreaming]) -> Stream: ...
    @overload
    def create(self, **params: Unpack[CreateParams]) -> Message | Stream: ...
    @keywords(CreateParams)
    def create(self, **params: Any) -> Message | Stream:
        """Create a message with Claude; with ``stream=True``, a `Stream` of its raw events.

        The parameters are described at `antiphon.types.CreateParams`.

        Raises:
            TypeError: a parameter is missing or unknown.
            RequestEncodingError: a value is not JSON.
            CredentialsError: there is no key.
            APIStatusError: the API refused or failed; one subclass per status.
            APIConnectionError: no whole answer arrived.
            APIResponseValidationError: the answer is not what the API sends.
        """
        response = self._sender.create(params)
        return cast("Message | Stream", response.parse())

    @keywords(StreamParams)
    def stream(self, **params: Unpack[StreamParams]) -> MessageStreamManager:
        """Create a message and follow it while it is made.

        Use it as a context manager; the request is sent when the block is entered::

            with client.messages.stream(...) as stream:
                for text in stream.text_stream:
                    print(text, end="", flush=True)
        """
        return MessageStreamManager(self._sender, calls.stream(self._sender.options, params))

    @keywords(CountTokensParams)
    def count_tokens(self, **params: Unpack[CountTokensParams]) -> MessageTokensCount:
        """Count the input tokens of a message without creating it."""
        return self.with_raw_response.count_tokens(**params).parse()

    @keywords(CreateParams)
    def check(self, **params: Unpack[CreateParams]) -> list[Finding]:
        """What the API would refuse of `create` with these parameters; nothing is sent.

        An empty list promises nothing: the API knows more than this.
        """
        return calls.check(self._sender.options, params)


class MessagesWithRawResponse:
    """`client.messages.with_raw_response`: answers with their HTTP side."""

    def __init__(self, sender: Session) -> None:
        self._sender = sender

    @overload
    def create(self, **params: Unpack[CreateParamsNonStreaming]) -> APIResponse[Message]: ...
    @overload
    def create(self, **params: Unpack[CreateParamsStreaming]) -> APIResponse[Stream]: ...
    @overload
    def create(self, **params: Unpack[CreateParams]) -> APIResponse[Any]: ...
    @keywords(CreateParams)
    def create(self, **params: Any) -> APIResponse[Any]:
        """`messages.create`, with status, headers and rate limits; `parse()` gives the message."""
        return self._sender.create(params)

    @keywords(CountTokensParams)
    def count_tokens(self, **params: Unpack[CountTokensParams]) -> APIResponse[MessageTokensCount]:
        """`messages.count_tokens`, with status and headers; `parse()` gives the count."""
        return self._sender.ask(calls.count_tokens(self._sender.options, params))


class MessagesWithStreamingResponse:
    """`client.messages.with_streaming_response`: nothing of a body is read before you read it."""

    def __init__(self, sender: Session) -> None:
        self._sender = sender

    @keywords(CreateParams)
    def create(self, **params: Any) -> StreamedResponseManager[Any]:
        """`messages.create`; `parse()` gives the message, or with ``stream=True`` its `Stream`."""
        call = calls.create(self._sender.options, params)
        return StreamedResponseManager(self._sender, call, Stream if call.streamed else None)

    @keywords(StreamParams)
    def stream(self, **params: Unpack[StreamParams]) -> StreamedResponseManager[MessageStream]:
        """`messages.stream`, with the head of the answer before its first event."""
        call = calls.stream(self._sender.options, params)
        return StreamedResponseManager(self._sender, call, MessageStream)

    @keywords(CountTokensParams)
    def count_tokens(
        self, **params: Unpack[CountTokensParams]
    ) -> StreamedResponseManager[MessageTokensCount]:
        """`messages.count_tokens`; `parse()` gives the count."""
        call = calls.count_tokens(self._sender.options, params)
        return StreamedResponseManager(self._sender, call, None)


class _EventStream:
    """A message arriving: one sequence of events, of which everything below is a view."""

    def __init__(self, flow: StreamFlow, line: Runner) -> None:
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

    def close(self) -> None:
        """Cut the stream; what was not read is lost, and nothing more is read."""
        self._flow.ended = True
        self._flow.frames.clear()
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def more(self) -> bool:
        """Receive until there are frames to interpret; false at the end."""
        flow = self._flow
        if not flow.frames:
            self._line.run(flow.receive())
        return bool(flow.frames)


class Each(Generic[T]):
    """The items that a view of a stream gives, one by one."""

    def __init__(self, stream: _EventStream, take: Callable[[], T | None]) -> None:
        self._stream = stream
        self._take = take

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while (item := self._take()) is None:
            if not self._stream.more():
                raise StopIteration
        return item


class Stream(_EventStream):
    """The raw events of a message, once; leaving the loop cuts the connection."""

    def __init__(self, flow: StreamFlow, line: Runner) -> None:
        super().__init__(flow, line)
        self._events: Each[RawMessageStreamEvent] = Each(self, flow.take_event)

    def __iter__(self) -> Iterator[RawMessageStreamEvent]:
        try:
            for event in self._events:
                yield event
        finally:
            self.close()

    def __next__(self) -> RawMessageStreamEvent:
        return self._events.__next__()


class MessageStream(_EventStream):
    """A message arriving, with helpers; the views may be mixed, each event is seen once."""

    def __iter__(self) -> Iterator[MessageStreamEvent]:
        return Each(self, self._flow.take_made)

    @property
    def text_stream(self) -> Iterator[str]:
        """The pieces of text, as they arrive."""
        return Each(self, self._flow.take_text)

    @property
    def current_message_snapshot(self) -> Message:
        """The message so far.

        Raises:
            RuntimeError: the first event has not arrived.
        """
        return self._flow.reader.message

    def until_done(self) -> None:
        """Read to the end."""
        while self.more():
            self._flow.skip()

    def get_final_message(self) -> Message:
        """Read to the end; the whole message."""
        self.until_done()
        return self._flow.finished_message()

    def get_final_text(self) -> str:
        """Read to the end; the text of the message, all text blocks joined."""
        return self.get_final_message().text


class MessageStreamManager:
    """`with client.messages.stream(...) as stream`: opens on entering, closes on leaving."""

    def __init__(self, sender: Session, call: Call[Message]) -> None:
        self._sender = sender
        self._call = call
        self._stream: MessageStream | None = None

    def __enter__(self) -> MessageStream:
        self._stream = MessageStream(*self._sender.opened(self._call))
        return self._stream

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()


class StreamedResponse(BaseResponse, Generic[T]):
    """An answer whose head has arrived and whose body is read when you read it."""

    def __init__(
        self, flow: StreamFlow, line: Runner, call: Call[Any], view: type[Any] | None
    ) -> None:
        super().__init__(flow.response, flow.tries)
        self._flow = flow
        self._line = line
        self._call = call
        self._view = view

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives, content-encoding undone."""
        while chunk := self._line.run(self._flow.chunk()):
            yield chunk

    def iter_text(self) -> Iterator[str]:
        """The body as it arrives, as text."""
        decoder = getincrementaldecoder("utf-8")("replace")
        for chunk in self.iter_bytes():
            yield decoder.decode(chunk)
        if cut_off := decoder.decode(b"", final=True):
            yield cut_off

    def iter_lines(self) -> Iterator[str]:
        """The lines of the body, without their ends."""
        rest = ""
        for text in self.iter_text():
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                yield line.removesuffix("\r")
        if rest:
            yield rest

    def read(self) -> bytes:
        """The whole body."""
        if not self._flow.ended:
            self.http_response.content = b"".join([chunk for chunk in self.iter_bytes()])
        return self.http_response.content

    def text(self) -> str:
        """The whole body as text."""
        self.read()
        return self.http_response.text

    def json(self) -> Any:
        """The whole body as JSON values."""
        self.read()
        return self.http_response.json()

    def parse(self) -> T:
        """What the answer means: a model, or a stream of events."""
        if self._view is not None:
            return cast("T", self._view(self._flow, self._line))
        self.read()
        return cast("T", parsed(self.http_response, self._call.decode))

    @property
    def text_stream(self) -> Iterator[str]:
        """The pieces of text, as they arrive."""
        return MessageStream(self._flow, self._line).text_stream

    def __iter__(self) -> Iterator[MessageStreamEvent]:
        return MessageStream(self._flow, self._line).__iter__()

    def close(self) -> None:
        """Cut the answer off; what was not read is lost."""
        self._line.close()


class StreamedResponseManager(Generic[T]):
    """Opens an answer on entering, closes it on leaving."""

    def __init__(self, sender: Session, call: Call[Any], view: type[Any] | None) -> None:
        self._sender = sender
        self._call = call
        self._view = view
        self._response: StreamedResponse[T] | None = None

    def __enter__(self) -> StreamedResponse[T]:
        flow, line = self._sender.opened(self._call)
        flow.delivered = True
        self._response = StreamedResponse(flow, line, self._call, self._view)
        return self._response

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()
