"""`client.beta.messages.tool_runner(...)`: the runner of `run_tools` with the official methods.

What a method of the official runner does to a run, the loop in `_core` does; here it gets its name.
Where the official runner loses something, this one does not: a message of Claude's stays in the
conversation whatever is appended, and a call is run once, however its result is asked for.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from typing_extensions import TypeVar as TypeVarWithDefault

from .._core.arguments import line_of_caller
from .._core.call import check_params
from .._core.threads import ThreadHistory, given_fields
from .._core.tool_loop import CreateMessage, ToolLoop, run_options
from .._stream.early_calls import EarlyCalls
from .._wire.sentinels import is_absent
from .._workers import AsyncWorkers
from ..types.beta_params import (
    BetaRunToolsOutputParams,
    BetaToolRunnerOutputParams,
    ThreadToolRunnerParams,
)
from ..types.message import UserMessageParam
from ..types.outputs import ParsedMessage
from ..types.tools import ToolUseBlock
from .runner import AsyncRunner, AsyncSession
from .streams import AsyncMessageStream
from .tool_runner import (
    AsyncStreamingToolRunner,
    AsyncToolRun,
    AsyncToolRunner,
    parts_of_run,
)
from .turns import AsyncThreadTurns, AsyncTurns, Endpoints

if TYPE_CHECKING:
    from .._stream.flow import StreamFlow
    from .._stream.reader import Frame
    from ..types.beta_params import CompactionConfigParam
    from ..types.params import MessageLike, ToolUnionParam
    from ..types.tool_runs import RunnableTool, RunOptions

__all__ = ["AsyncBetaStreamingToolRunner", "AsyncBetaToolRunner"]

ItemT = TypeVar("ItemT")
OutputT = TypeVarWithDefault("OutputT", default=None)

Params: TypeAlias = Mapping[str, Any]
"""The parameters of `beta.messages.create`."""


class _AsyncOfficialMethods(AsyncToolRun[ItemT, OutputT], Generic[ItemT, OutputT]):
    """The methods that the official runners have and those of `run_tools` do not need."""

    _response: UserMessageParam | None = None

    async def generate_tool_call_response(self) -> UserMessageParam | None:
        """Run the calls of the last message now, and return the message with their results.

        They are not run again. The message is sent by itself if Claude waits for it; append one
        with the same results to send that in its place.

        Returns:
            The message; None if there are no calls, or you have answered them yourself.
        """
        # Of a stream only what was received whole is known to be called.
        await self._complete()
        if missing := self._loop.missing:
            await self._run(missing)
        results = self._loop.results
        # The same object each time, so that what the caller changes in it stays changed.
        if not results or self._response is None or self._response["content"] != results:
            self._response = {"role": "user", "content": results} if results else None
        return self._response

    def append_messages(self, *messages: MessageLike) -> None:
        """Append messages to the conversation: they are sent with the next request.

        Claude's last message is a part of it already; it may be among them, also changed. Calls
        whose results are among them are not run.
        """
        self._note()
        self._loop.append(*messages)

    def set_messages_params(self, params: Params | Callable[[Params], Params]) -> None:
        """Replace the parameters of the requests to come, or change them by a function.

        Claude's last message is not among their messages: it is put behind them. Tools are given
        as definitions. Parameters that are left out are dropped, but for `betas`, `workspace_id`
        and, unless `billing_policy` goes as well, `user_profile_id`.
        """
        self._note()
        given = {**(params(self._loop.request()) if callable(params) else params)}
        _refuse_thread(given.pop("thread", None))
        self._loop.replace(given)

    async def _is_approved(self, call: ToolUseBlock) -> bool:
        if call.name not in self._loop.tools:
            text = f"Tool {call.name!r} not found in tool runner; Claude is told so"
            warnings.warn_explicit(text, UserWarning, *line_of_caller())
        return await super()._is_approved(call)

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
        self._calls = EarlyCalls()

    @property
    def deferred_tool_calls(self) -> list[ToolUseBlock]:
        """The calls of this message that wait for its end, in order."""
        return [call for call in self._calls.deferred if self._loop.result_of(call) is None]

    def defer_tool_call(self, tool_use: ToolUseBlock | str) -> None:
        """Let a call of this message wait for the end of the loop's body; a late call does nothing.

        Args:
            tool_use: the call, or its id.
        """
        self._calls.defer(tool_use if isinstance(tool_use, str) else tool_use.id)

    async def _next_item(self, step: CreateMessage) -> AsyncMessageStream[OutputT]:
        self._calls = EarlyCalls()
        stream = await super()._next_item(step)
        if not self._is_eager:
            return stream
        stream.read_by(partial(_AsyncCallsBetweenFrames, self._calls, self._run))
        return stream


class _AsyncCallsBetweenFrames:
    """Receives a stream frame by frame, and runs the calls in it between two of them.

    The caller has seen a frame when the next one is wanted, whichever view he reads: until then he
    may defer the call in it.
    """

    def __init__(
        self,
        calls: EarlyCalls,
        run: Callable[[list[ToolUseBlock]], Awaitable[None]],
        runner: AsyncRunner,
    ) -> None:
        self._calls = calls
        self._run = run
        self._runner = runner
        self._frames: deque[Frame] = deque()  # received, and not yet given to the stream

    async def receive(self, flow: StreamFlow) -> bool:
        """Receive a further frame of a stream; return False once it has ended."""
        if ready := self._calls.taken():
            await self._run(ready)
        if not self._frames:
            if not await self._runner.receive(flow):
                return False
            self._frames.extend(flow.frames)
            flow.frames.clear()
        frame = self._frames.popleft()
        self._calls.see(frame, flow.reader)
        flow.frames.append(frame)
        return True

    async def close(self) -> None:
        """Give back the connection, or cut it if something is still arriving."""
        self._frames.clear()
        await self._runner.close()


def beta_tool_run(
    session: AsyncSession, params: Mapping[str, Any], endpoint: Endpoints
) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]:
    """Return the runner of `beta.messages.tool_runner` with these parameters.

    Raises:
        TypeError: a parameter is missing, unknown, or of the wrong type.
        ValueError: a parameter has an impossible value, or tools are to be run eagerly without a
            stream.
    """
    if "compaction_control" in params:  # of versions of the official package before 1.0
        raise TypeError(
            "compaction_control: it is no more; call compact_before_next_turn() of the runner, or"
            " give context_management"
        )
    check_params("beta.messages.tool_runner", params, BetaToolRunnerOutputParams)
    own, is_eager = _official_options(params)
    is_streamed = own.get("stream")
    _refuse_thread(own.get("thread"))
    if own.get("thread") is None:
        own["thread"] = True  # as in the official runner; `run_tools` waits to be asked
    loop, options, turns = parts_of_run(session, own, BetaRunToolsOutputParams, endpoint)
    loop.goes_on = False  # as in the official runner, a message without calls is the last one
    return _runner(loop, options, turns, is_streamed, is_eager)


def thread_tool_run(
    session: AsyncSession, history: ThreadHistory, params: Mapping[str, Any]
) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]:
    """Return the runner of `tool_runner` of a message thread with these parameters.

    Raises:
        TypeError: a parameter is unknown, or of the wrong type.
        ValueError: a parameter has an impossible value, or tools are to be run eagerly without a
            stream.
    """
    check_params("thread.tool_runner", params, ThreadToolRunnerParams)
    own, is_eager = _official_options(params)
    is_streamed = own.pop("stream", False)
    changes, options = run_options(own, ThreadToolRunnerParams)
    tools = history.runnable.values()
    loop = ToolLoop.over(
        history.fields, history.messages, tools, options, may_await=AsyncWorkers.may_await
    )
    loop.keeps_refusals, loop.outlived = False, True
    turns = AsyncThreadTurns(session, history, given_fields(changes))
    return _runner(loop, options, turns, is_streamed, is_eager)


def _refuse_thread(value: object) -> None:
    """Refuse a thread of the caller's own.

    Raises:
        TypeError: it is one.
    """
    if not (value is None or isinstance(value, bool)):
        raise TypeError(
            "`thread` cannot be set in the params of a tool runner, which makes the thread by"
            " itself; thread=False does without"
        )


def _official_options(params: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the parameters by our names, and whether tools are run eagerly.

    Raises:
        ValueError: tools are to be run eagerly without a stream.
    """
    own = {name: value for name, value in params.items() if not is_absent(value)}
    if "max_iterations" in own:
        own["max_turns"] = own.pop("max_iterations")
    is_eager = own.pop("run_tools_eagerly", False)
    if is_eager and not own.get("stream"):
        raise ValueError(
            "`run_tools_eagerly=True` and `stream=False` are mutually exclusive: a call can be run"
            " early only while its message is streamed"
        )
    return own, is_eager


def _runner(
    loop: ToolLoop, options: RunOptions, turns: AsyncTurns, is_streamed: Any, is_eager: bool
) -> AsyncBetaToolRunner[Any] | AsyncBetaStreamingToolRunner[Any]:
    if not is_streamed:
        return AsyncBetaToolRunner(loop, options, turns)
    return AsyncBetaStreamingToolRunner(loop, options, turns, is_eager=is_eager)
