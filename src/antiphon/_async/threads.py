"""`client.beta.messages.thread(...)`: a conversation that the API keeps between turns."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, Self, Unpack, cast, overload

from typing_extensions import TypeVar

from .._core import beta_endpoints
from .._core.arguments import keywords
from .._core.call import check_params
from .._core.threads import SentTurn, ThreadHistory
from ..base_client import BaseClient
from ..types.beta_params import (
    ThreadOutputParams,
    ThreadSendParams,
    ThreadToolRunnerParams,
    ThreadToolRunnerParamsNonStreaming,
    ThreadToolRunnerParamsStreaming,
)
from ..types.message import Message
from ..types.params import MessageLike
from .resource import AsyncResource
from .runner import AsyncSession
from .turns import AsyncMessageThreadStreamManager, AsyncThreadTurns

if TYPE_CHECKING:
    from ..types.outputs import ParsedMessage
    from .beta_tool_runner import AsyncBetaStreamingToolRunner, AsyncBetaToolRunner

__all__ = ["AsyncMessageThread", "AsyncMessageThreadStreamManager"]

OutputT = TypeVar("OutputT", default=None)


class AsyncMessageThread(AsyncResource, Generic[OutputT]):
    """A conversation that the API keeps between turns, so that each turn sends only new messages.

    It has one turn at a time. If the API has lost the conversation, all of it is sent again as a
    new thread, once.
    """

    def __init__(
        self, client: BaseClient | AsyncResource, **params: Unpack[ThreadOutputParams]
    ) -> None:
        """Begin a conversation, as `client.beta.messages.thread` does.

        Raises:
            TypeError: a parameter is missing or unknown, or of the wrong type.
        """
        super().__init__(cast("AsyncSession", client._session))
        check_params("beta.messages.thread", params, ThreadOutputParams)
        self._go_on(ThreadHistory.begun(params))

    def _go_on(self, history: ThreadHistory) -> None:
        self._kept = history
        self._turns = AsyncThreadTurns(self._session, history)

    @property
    def _history(self) -> ThreadHistory:
        """The conversation, with the message of a stream that has ended."""
        self._kept.settle()
        return self._kept

    @property
    def messages(self) -> tuple[Any, ...]:
        """The whole conversation, with the messages that the next turn will send."""
        return tuple(self._history.params["messages"])

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

        The parameters hold for this turn only. A turn that failed or was refused is not kept.

        Raises:
            AntiphonError: another turn is in progress, or the API keeps the parameter.
            APIStatusError: the API refused or failed.
        """
        turn = SentTurn(self._kept, messages, changes)
        return await self._turns.perform(beta_endpoints.send, turn)

    @keywords(ThreadSendParams)
    async def parse(
        self, *messages: MessageLike, **changes: Unpack[ThreadSendParams]
    ) -> ParsedMessage[OutputT]:
        """Do as `send`, and read the output as the type that the thread has as `output_format`.

        Raises:
            OutputError: the message has no output that fits the type; the thread keeps it.
            AntiphonError: another turn is in progress, or the API keeps the parameter.
            APIStatusError: the API refused or failed.
        """
        turn = SentTurn(self._kept, messages, changes)
        return await self._turns.perform(beta_endpoints.parse, turn)

    @keywords(ThreadSendParams)
    def stream(
        self, *messages: MessageLike, **changes: Unpack[ThreadSendParams]
    ) -> AsyncMessageThreadStreamManager[OutputT]:
        """Do as `send`, and follow Claude's message while it is made.

        The turn ends with the stream. Of a message that broke off the thread keeps what was
        received: `send()` without messages has it created anew, and a message to send follows it.
        """
        turn = SentTurn(self._kept, messages, changes)
        return AsyncMessageThreadStreamManager(self._session, turn)

    @overload
    def tool_runner(
        self, **options: Unpack[ThreadToolRunnerParamsNonStreaming]
    ) -> AsyncBetaToolRunner[OutputT]: ...
    @overload
    def tool_runner(
        self, **options: Unpack[ThreadToolRunnerParamsStreaming]
    ) -> AsyncBetaStreamingToolRunner[OutputT]: ...
    @overload
    def tool_runner(
        self, **options: Unpack[ThreadToolRunnerParams]
    ) -> AsyncBetaToolRunner[OutputT] | AsyncBetaStreamingToolRunner[OutputT]: ...
    @keywords(ThreadToolRunnerParams)
    def tool_runner(
        self, **options: Any
    ) -> AsyncBetaToolRunner[OutputT] | AsyncBetaStreamingToolRunner[OutputT]:
        """Let Claude call the tools of the thread until it has finished; nothing is sent now.

        Claude's messages and the results belong to the thread.

        Raises:
            TypeError: a parameter is unknown, or of the wrong type.
            ValueError: two tools have one name, or a number is impossible.
        """
        from .beta_tool_runner import thread_tool_run

        return thread_tool_run(self._session, self._history, options)

    def append(self, *messages: MessageLike) -> None:
        """Add messages to those that the next turn will send; nothing is sent now."""
        self._history.append(messages)

    @keywords(ThreadSendParams)
    def update(self, **changes: Unpack[ThreadSendParams]) -> None:
        """Change parameters of all turns to come; nothing is sent now.

        The next turn fails if the API keeps a parameter from the first turn on.
        """
        self._history.update(changes)

    def fork(self) -> Self:
        """Return another thread that goes on from here; its first turn sends all messages."""
        fork = copy(self)
        fork._go_on(self._history.fork())
        return fork
