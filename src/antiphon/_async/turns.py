"""How the turns of a conversation are sent: each as a whole, or as those of a message thread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from typing_extensions import TypeVar as TypeVarWithDefault

from .._core import beta_endpoints
from .._core.call import Endpoint
from .._core.request_body import UnreadBody
from .._core.threads import ThreadHistory, ThreadTurn
from .._stream.flow import StreamFlow
from ..errors import APIStatusError, OutputError
from ..types.message import Message
from ..types.outputs import ParsedMessage
from .resource import AsyncResource
from .runner import AsyncRunner, AsyncSession
from .streams import AsyncMessageStream, AsyncMessageStreamManager

if TYPE_CHECKING:
    from .._core.tool_loop import ToolLoop
    from ..open_telemetry.runs import RunTrace

__all__ = ["AsyncMessageThreadStreamManager", "AsyncThreadTurns", "AsyncTurns", "Endpoints"]

MessageT = TypeVar("MessageT", bound=Message)
OutputT = TypeVarWithDefault("OutputT", default=None)

Endpoints: TypeAlias = tuple[Endpoint[ParsedMessage[Any]], Endpoint[Message]]
"""Those of `messages.parse` and of `messages.stream`."""


class AsyncTurns(AsyncResource):
    """Sends each request of a run with the whole conversation."""

    def __init__(self, session: AsyncSession, endpoint: Endpoints) -> None:
        super().__init__(session)
        self._endpoint = endpoint

    async def create(self, params: dict[str, Any]) -> ParsedMessage[Any]:
        return await self._perform(self._endpoint[0], params)

    def stream(self, params: dict[str, Any]) -> AsyncMessageStreamManager[Any]:
        call = self._endpoint[1](self._session.options, params)
        return AsyncMessageStreamManager(partial(self._session.open, call))

    def check(self, params: dict[str, Any]) -> None:
        """Refuse a request for which a budget has not enough left, before it is made.

        Raises:
            BudgetExceededError: there is one.
        """
        gates = self._session.gates(params.get("budget"))
        budgets = [gate for gate in gates if hasattr(gate, "check")]
        if not budgets:
            return
        call = self._endpoint[0](self._session.options, params)
        if not isinstance(call.body, UnreadBody):  # what files cost is known when they are read
            for budget in budgets:
                budget.check(call)

    def prepare(self) -> None:
        """Prepare for the next request."""

    def traced(self, loop: ToolLoop) -> RunTrace | None:
        """Return what makes the spans of the run; None if there are to be none."""
        return self._session.traced_run(loop)


class AsyncThreadTurns(AsyncTurns):
    """Sends each request as a turn of a message thread, with its new messages alone."""

    def __init__(
        self,
        session: AsyncSession,
        history: ThreadHistory,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session, (beta_endpoints.parse, beta_endpoints.stream))
        self._history = history
        self._options = options or {}  # parameters of these turns only

    async def create(self, params: dict[str, Any]) -> ParsedMessage[Any]:
        return await self.perform(beta_endpoints.parse, self._turn(params))

    def stream(self, params: dict[str, Any]) -> AsyncMessageStreamManager[Any]:
        return AsyncMessageThreadStreamManager(self._session, self._turn(params))

    def check(self, params: dict[str, Any]) -> None:
        """Refuse a request that the thread cannot have, or that could cost too much.

        Raises:
            AntiphonError: a parameter is another than the API keeps.
            BudgetExceededError: a budget has not enough left for the whole conversation.
        """
        own = {**params, **self._options}
        self._history.check(own)
        super().check(own)

    def prepare(self) -> None:
        """Prepare for the next request: a message that broke off is created anew."""
        self._history.settle()
        self._history.drop_partial()

    def _turn(self, params: dict[str, Any]) -> ThreadTurn:
        return ThreadTurn(self._history, {**params, **self._options})

    async def perform(self, endpoint: Endpoint[MessageT], turn: ThreadTurn) -> MessageT:
        """Send a turn, once more if the API has lost the thread, and return its message."""
        turn.begin()
        try:
            while True:
                try:
                    message = await self._perform(endpoint, turn.params)
                except APIStatusError as error:
                    if not turn.recovers(error):
                        raise
                except OutputError as error:
                    turn.finish(error.message)  # the API has it
                    raise
                else:
                    turn.finish(message)
                    return message
        finally:
            turn.end()


class AsyncMessageThreadStreamManager(AsyncMessageStreamManager[OutputT], Generic[OutputT]):
    """`async with thread.stream(...) as stream`: one turn of a thread."""

    def __init__(self, session: AsyncSession, turn: ThreadTurn) -> None:
        super().__init__(self._open_turn)
        self._session = session
        self._turn = turn

    async def __aenter__(self) -> AsyncMessageStream[OutputT]:
        self._turn.begin()
        try:
            return await super().__aenter__()
        except BaseException:
            self._turn.end()
            raise

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__()
        self._turn.end()

    async def _open_turn(self) -> tuple[StreamFlow, AsyncRunner]:
        while True:
            try:
                call = beta_endpoints.stream(self._session.options, self._turn.params)
                flow, runner = await self._session.open(call)
            except APIStatusError as error:
                if not self._turn.recovers(error):
                    raise
            else:
                self._turn.follow(flow)
                return flow, runner
