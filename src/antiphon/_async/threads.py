"""`client.beta.messages.thread(...)`: a conversation that the API keeps between turns."""

from __future__ import annotations

from functools import partial
from typing import Any, Self, Unpack

from .._core import endpoints
from .._core.arguments import keywords
from .._core.threads import ThreadHistory, ThreadTurn
from .._stream.flow import StreamFlow
from ..errors import APIStatusError
from ..types.beta_params import BetaCreateParams, BetaStreamParams, ThreadSendParams
from ..types.message import Message
from ..types.params import MessageLike
from .resource import AsyncResource
from .runner import AsyncRunner, AsyncSession
from .streams import AsyncMessageStream, AsyncMessageStreamManager

__all__ = ["AsyncMessageThread", "AsyncMessageThreadStreamManager"]

_create = partial(endpoints.create, known=BetaCreateParams)
_stream = partial(endpoints.stream, known=BetaStreamParams)


class AsyncMessageThread(AsyncResource):
    """A conversation that the API keeps between turns, so that each turn sends only new messages.

    It has one turn at a time. If the API has lost the conversation, all of it is sent again as a
    new thread, once.
    """

    def __init__(self, session: AsyncSession, history: ThreadHistory) -> None:
        super().__init__(session)
        self._history = history

    @property
    def messages(self) -> tuple[Any, ...]:
        """The whole conversation, with the messages that the next turn will send."""
        return tuple(self._history.messages)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that make another thread of this conversation, in a new dict."""
        return self._history.params

    @property
    def previous_message_id(self) -> str | None:
        """The id of the message that the next turn continues; None if it begins a thread."""
        return self._history.previous_message_id

    @keywords(ThreadSendParams)
    async def send(self, *messages: MessageLike, **changes: Unpack[ThreadSendParams]) -> Message:
        """Send the messages that were appended, and these, and return Claude's message.

        The parameters hold for this turn only.

        Raises:
            AntiphonError: another turn is in progress, or the API keeps the parameter.
            APIStatusError: the API refused or failed; the messages of this turn are not kept.
        """
        turn = ThreadTurn(self._history, messages, changes)
        turn.begin()
        try:
            while True:
                try:
                    message = await self._perform(_create, turn.params)
                except APIStatusError as error:
                    if not turn.recovers(error):
                        raise
                else:
                    turn.finish(message)
                    return message
        finally:
            turn.end()

    @keywords(ThreadSendParams)
    def stream(
        self, *messages: MessageLike, **changes: Unpack[ThreadSendParams]
    ) -> AsyncMessageThreadStreamManager:
        """Do as `send`, and follow Claude's message while it is made.

        The turn is in progress until the block is left. A message that was not received completely
        is not kept.
        """
        turn = ThreadTurn(self._history, messages, changes)
        return AsyncMessageThreadStreamManager(self._session, turn)

    def append(self, *messages: MessageLike) -> None:
        """Add messages to those that the next turn will send; nothing is sent now."""
        self._history.messages += messages

    @keywords(ThreadSendParams)
    def update(self, **changes: Unpack[ThreadSendParams]) -> None:
        """Change parameters of all turns to come; nothing is sent now.

        Raises:
            AntiphonError: the API keeps the parameter from the first turn on.
        """
        self._history.update(changes)

    def fork(self) -> Self:
        """Return another thread that goes on from here; its first turn sends all messages."""
        return type(self)(self._session, ThreadHistory(self._history.params))


class AsyncMessageThreadStreamManager(AsyncMessageStreamManager):
    """`async with thread.stream(...) as stream`: one turn of a thread."""

    def __init__(self, session: AsyncSession, turn: ThreadTurn) -> None:
        super().__init__(self._open_turn)
        self._session = session
        self._turn = turn
        self._flow: StreamFlow | None = None

    async def __aenter__(self) -> AsyncMessageStream:
        self._turn.begin()
        try:
            return await super().__aenter__()
        except BaseException:
            self._turn.end()
            raise

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        if self._flow is not None and self._flow.reader.finished:
            self._turn.finish(self._flow.finished_message())
        self._turn.end()

    async def _open_turn(self) -> tuple[StreamFlow, AsyncRunner]:
        while True:
            try:
                call = _stream(self._session.options, self._turn.params)
                self._flow, runner = await self._session.open(call)
            except APIStatusError as error:
                if not self._turn.recovers(error):
                    raise
            else:
                return self._flow, runner
