"""Streams of a message: its events as they are received, and views of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, cast

from typing_extensions import TypeVar as TypeVarWithDefault

from .._stream.flow import StreamFlow
from .._wire.awaitable import AwaitableResult
from .._wire.http import HTTPResponse
from ..errors import Attempt
from ..responses import deprecated_tries
from ..types.events import MessageStreamEvent, RawMessageStreamEvent
from .runner import AsyncRunner

if TYPE_CHECKING:
    from .._core.flow import Attempts
    from ..types.message import Message
    from ..types.outputs import ParsedMessage

__all__ = ["AsyncMessageStream", "AsyncMessageStreamManager", "AsyncStream"]

T = TypeVar("T")
EventT = TypeVarWithDefault("EventT", default=RawMessageStreamEvent)
OutputT = TypeVarWithDefault("OutputT", default=None)


class _AsyncItems(Generic[T]):
    """The items that a view of a stream gives, one by one."""

    def __init__(self, flow: StreamFlow, runner: AsyncRunner, take: Callable[[], T | None]) -> None:
        self._flow = flow
        self._runner = runner
        self._take = take

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        # Most items are taken from what was received already, without a step of the flow.
        while (item := self._take()) is None:
            if not await self._runner.receive(self._flow):
                raise StopAsyncIteration
        return item


class _AsyncEventStream(_AsyncItems[T], AwaitableResult):
    """A message being received: one sequence of events, of which every view takes its items."""

    @property
    def response(self) -> HTTPResponse:
        """Status and headers of the response."""
        return self._flow.response

    @property
    def request_id(self) -> str | None:
        """The API's id of the request; quote it to support."""
        return self.response.headers.get("request-id")

    @property
    def workspace_id(self) -> str | None:
        """The workspace that the request counted for, if the API says so."""
        return self.response.headers.get("anthropic-workspace-id")

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The failed attempts before this stream."""
        return tuple(self._flow.attempts.failures)

    @property
    def retries_taken(self) -> int:
        """How often the call was tried again before this stream."""
        return self._flow.attempts.retries

    @property
    def tries(self) -> Attempts:
        """The old name of what `attempts` tells; deprecated."""
        return deprecated_tries(self._flow.attempts)

    async def close(self) -> None:
        """Cut the stream. What was not read is lost, and nothing more can be read."""
        self._flow.close()
        await self._runner.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsyncStream(_AsyncEventStream[EventT]):
    """The events of a message as the API sends them; leaving the loop early cuts the connection."""

    def __init__(
        self,
        flow: StreamFlow | None = None,
        runner: AsyncRunner | None = None,
        *,
        response: Any = None,
        cast_to: Any = None,  # noqa: ARG002 (programs pass it; the events of a message have types)
        client: Any = None,  # noqa: ARG002 (it has done its work)
        options: Any = None,  # noqa: ARG002
    ) -> None:
        """Show the events of a call, or those of a `response` of httpx2 or httpx.

        Raises:
            TypeError: there is neither a call nor a response.
        """
        if response is not None:
            from .given_responses import async_opened  # programs rarely have such a response

            flow, runner = async_opened(response)
        if flow is None or runner is None:
            raise TypeError("a stream needs the response whose events it gives: response=…")
        take: Any = flow.take_event
        super().__init__(flow, runner, take)

    def __aiter__(self) -> AsyncIterator[EventT]:
        return self.__stream__()

    async def __stream__(self) -> AsyncIterator[EventT]:
        """Give the events; tracers override this in subclasses."""
        # A generator, so that leaving a loop early closes the stream although somebody holds it.
        try:
            while True:
                try:
                    event = await self.__anext__()
                except StopAsyncIteration:
                    return
                yield event
        finally:
            await self.close()


class AsyncMessageStream(_AsyncEventStream[MessageStreamEvent], Generic[OutputT]):
    """A message while it is received, with views of it.

    Iterate over it for all events, or over `text_stream` for the text. Views may be mixed: each
    event is delivered once, to the view that reads it.
    """

    def __init__(self, flow: StreamFlow, runner: AsyncRunner) -> None:
        super().__init__(flow, runner, flow.take_derived_event)

    @property
    def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text, as they are received."""
        return _AsyncItems(self._flow, self._runner, self._flow.take_text)

    @property
    def partial_outputs(self) -> AsyncIterator[Any]:
        """The output so far, each time that more of it is received: JSON values, not yet checked.

        Texts grow, objects get further keys, lists further items; numbers come when they are
        complete. The values share their parts, so they must not be changed.

        Raises:
            OutputError: at the end, the message has no output of the type that was asked for.
        """
        take = self._flow.take_partial_output
        return _AsyncItems(self._flow, self._runner, take)

    @property
    def current_message_snapshot(self) -> Message:
        """The message so far.

        Raises:
            UsageError: the first event was not yet received.
        """
        return self._flow.reader.message

    @property
    def finished_message(self) -> Message | None:
        """The whole message, if it was received; nothing is read for it."""
        return self._flow.partial if self._flow.is_whole else None

    def read_by(self, made: Callable[[AsyncRunner], Any]) -> None:
        """Let something else receive this stream that is made of what does so now."""
        self._runner = made(self._runner)

    async def until_done(self) -> None:
        """Read to the end of the stream."""
        # `skip` makes no events: whoever waits for the message needs none.
        while await self._runner.receive(self._flow):
            self._flow.skip()

    async def get_final_message(self) -> ParsedMessage[OutputT]:
        """Read to the end of the stream and return the whole message.

        Raises:
            OutputError: the message has no output of the type that was asked for.
        """
        await self.until_done()
        return cast("ParsedMessage[OutputT]", self._flow.finished_message())

    async def get_final_text(self) -> str:
        """Read to the end of the stream and return the text of the message, all blocks joined."""
        return (await self.get_final_message()).text


_Opened: TypeAlias = tuple[StreamFlow, AsyncRunner]


class AsyncMessageStreamManager(Generic[OutputT]):
    """`async with client.messages.stream(...) as stream`: opens on entering, closes on leaving."""

    def __init__(self, open_stream: Callable[[], Awaitable[_Opened]]) -> None:
        self._open_stream = open_stream
        self._stream: AsyncMessageStream[OutputT] | None = None

    async def __aenter__(self) -> AsyncMessageStream[OutputT]:
        self._stream = AsyncMessageStream(*await self._open_stream())
        return self._stream

    async def __aexit__(self, *_: object) -> None:
        if self._stream is not None:
            await self._stream.close()
