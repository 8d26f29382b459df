"""`client.beta.messages.tool_runner(...)`: the runner of `run_tools` with the official methods.

What a method of the official runner does to a run, the loop in `_core` does; here it gets its name.
Where the official runner loses something, this one does not: a message of Claude's stays in the
conversation whatever is appended, and a call is run once, however its result is asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

from typing_extensions import TypeVar as TypeVarWithDefault

from .._core.call import check_params
from .._core.tool_loop import CreateMessage, ToolLoop
from .._wire.sentinels import is_absent
from ..types.beta_params import BetaRunToolsOutputParams, BetaToolRunnerOutputParams
from ..types.message import UserMessageParam
from ..types.outputs import ParsedMessage
from ..types.tools import ToolUseBlock
from .runner import AsyncRunner, AsyncSession
from .streams import AsyncMessageStream
from .tool_runner import (
    AsyncStreamingToolRunner,
    AsyncToolRun,
    AsyncToolRunner,
    AsyncTurns,
    Endpoints,
    parts_of_run,
)

if TYPE_CHECKING:
    from .._stream.flow import StreamFlow
    from ..types.beta_params import CompactionConfigParam
    from ..types.events import MessageStreamEvent
    from ..types.params import MessageLike, ToolUnionParam
    from ..types.tool_runs import RunnableTool, RunOptions

__all__ = ["AsyncBetaStreamingToolRunner", "AsyncBetaToolRunner"]

ItemT = TypeVar("ItemT")
OutputT = TypeVarWithDefault("OutputT", default=None)

Params: TypeAlias = Mapping[str, Any]
"""The parameters of `beta.messages.create`."""


class _AsyncOfficialMethods(AsyncToolRun[ItemT, OutputT], Generic[ItemT, OutputT]):
    """The methods that the official runners have and those of `run_tools` do not need."""

    async def generate_tool_call_response(self) -> UserMessageParam | None:
        """Run the calls of the last message now, and return the message with their results.

        They are not run again. The message is sent by itself; append one with the same results to
        send that in its place.

        Returns:
            The message; None if Claude has called no tools, or you have answered the calls.
        """
        await self._complete()
        message = self._loop.message
        if message is None or message.stop_reason != "tool_use" or not self._loop.calls:
            return None
        if missing := self._loop.missing:
            await self._run(missing)
        results = [self._loop.result_of(call) for call in self._loop.calls]
        return cast("UserMessageParam", {"role": "user", "content": results})

    def append_messages(self, *messages: MessageLike) -> None:
        """Append messages to the conversation: they are sent with the next request.

        Claude's last message is a part of it already; it may be among them, also changed. Calls
        whose results are among them are not run.
        """
        self._loop.append(*messages)

    def set_messages_params(self, params: Params | Callable[[Params], Params]) -> None:
        """Replace the parameters of the requests to come, or change them by a function.

        Claude's last message is not among their messages: it is put behind them. Parameters that
        are left out are dropped, but for `betas`, `user_profile_id` and `workspace_id`.
        """
        self._loop.replace(params(self._loop.request()) if callable(params) else params)

    def add_tools(self, *tools: RunnableTool | ToolUnionParam) -> None:
        """Let Claude call further tools from the next request on; needs the beta `inline-tools`."""
        self._loop.add_tools(tools)

    def remove_tools(self, *tools: RunnableTool | str) -> None:
        """Let Claude call tools no more, and run no call of them; needs the beta `inline-tools`."""
        self._loop.remove_tools(tools)

    def compact_before_next_turn(self, compaction: CompactionConfigParam | None = None) -> None:
        """Ask for a summary of the conversation before the next turn; needs the beta `compact`.

        The summary takes the place of the conversation, and its message does not count as a turn.

        Args:
            compaction: how to summarize; `{"type": "summarize"}` by default.
        """
        self._loop.compaction = {"type": "summarize"} if compaction is None else compaction


class AsyncBetaToolRunner(
    _AsyncOfficialMethods[ParsedMessage[OutputT], OutputT],
    AsyncToolRunner[OutputT],
    Generic[OutputT],
):
    """What `beta.messages.tool_runner` returns: iterate over it for each message of Claude."""


class AsyncBetaStreamingToolRunner(
    _AsyncOfficialMethods[AsyncMessageStream[OutputT], OutputT],
    AsyncStreamingToolRunner[OutputT],
    Generic[OutputT],
):
    """What `beta.messages.tool_runner` returns with ``stream=True``: iterate for streams."""

    def __init__(
        self, loop: ToolLoop, options: RunOptions, turns: AsyncTurns, *, is_eager: bool = False
    ) -> None:
        super().__init__(loop, options, turns)
        self._is_eager = is_eager
        self._stopped: list[ToolUseBlock] = []  # received and not yet run
        self._deferred: list[ToolUseBlock] = []

    @property
    def deferred_tool_calls(self) -> tuple[ToolUseBlock, ...]:
        """The calls of this message that wait for its end."""
        return tuple(self._deferred)

    def defer_tool_call(self, tool_use: ToolUseBlock | str) -> None:
        """Let a call wait for the end of its message, with `run_tools_eagerly`.

        Args:
            tool_use: the call, or its id.
        """
        wanted = tool_use if isinstance(tool_use, str) else tool_use.id
        self._deferred += [call for call in self._stopped if call.id == wanted]
        self._stopped = [call for call in self._stopped if call.id != wanted]

    async def _next_item(self, step: CreateMessage) -> AsyncMessageStream[OutputT]:
        stream = await super()._next_item(step)
        if not self._is_eager:
            return stream
        self._stopped, self._deferred = [], []
        return stream.viewed_as(
            lambda flow, runner: _AsyncEagerStream[OutputT](
                self._run_stopped, self._look_at, flow, runner
            )
        )

    async def _run_stopped(self) -> None:
        calls, self._stopped = self._stopped, []
        if calls:
            await self._run(calls)

    def _look_at(self, event: MessageStreamEvent) -> None:
        block = event.content_block if event.type == "content_block_stop" else None
        if isinstance(block, ToolUseBlock) and block.complete:
            self._stopped.append(block)


class _AsyncEagerStream(AsyncMessageStream[OutputT], Generic[OutputT]):
    """A stream that runs the calls in it between its events.

    Not while an event is on its way to the caller: he may want to defer the call in it.
    """

    def __init__(
        self,
        before: Callable[[], Awaitable[None]],
        behind: Callable[[MessageStreamEvent], None],
        flow: StreamFlow,
        runner: AsyncRunner,
    ) -> None:
        super().__init__(flow, runner)
        self._before = before
        self._behind = behind

    async def __anext__(self) -> MessageStreamEvent:
        await self._before()
        event = await super().__anext__()
        self._behind(event)
        return event


def beta_tool_run(
    session: AsyncSession, params: Mapping[str, Any], endpoint: Endpoints
) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]:
    """Return the runner of `beta.messages.tool_runner` with these parameters.

    Raises:
        TypeError: a parameter is missing, unknown, or of the wrong type.
        ValueError: a parameter has an impossible value, or tools are to be run eagerly without a
            stream.
    """
    check_params("beta.messages.tool_runner", params, BetaToolRunnerOutputParams)
    own = {name: value for name, value in params.items() if not is_absent(value)}
    if "max_iterations" in own:
        own["max_turns"] = own.pop("max_iterations")
    is_eager = own.pop("run_tools_eagerly", False)
    is_streamed = own.get("stream")
    if is_eager and not is_streamed:
        raise ValueError("run_tools_eagerly: a call can be run early only with stream=True")
    loop, options, turns = parts_of_run(session, own, BetaRunToolsOutputParams, endpoint)
    loop.goes_on = False  # as in the official runner, a message without calls is the last one
    if not is_streamed:
        return AsyncBetaToolRunner(loop, options, turns)
    return AsyncBetaStreamingToolRunner(loop, options, turns, is_eager=is_eager)
