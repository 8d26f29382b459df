"""`client.messages.run_tools(...)`: performs the steps of a `ToolLoop`.

One task at a time looks at the loop: it starts calls, and takes note of each outcome when it is
there. Tools alone run beside it. So the state that is saved is always whole, and hooks never run at
the same time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from typing_extensions import TypeVar as TypeVarWithDefault

from .._core.threads import ThreadHistory
from .._core.tool_loop import CreateMessage, End, RunCalls, ToolLoop, is_async, run_options
from .._transport.files import async_load_json, async_save_json, read_file
from .._wire.awaitable import async_result
from .._workers import AsyncWorkers, CallOutcome
from ..errors import OutputError, ToolError
from ..telemetry import log_tool_failure
from ..tools import result_content
from ..types.message import Message, Usage
from ..types.outputs import ParsedMessage
from ..types.params import MessageLike
from ..types.tool_runs import EndReason, RunOptions
from .runner import AsyncSession
from .streams import AsyncMessageStream, AsyncMessageStreamManager
from .turns import AsyncThreadTurns, AsyncTurns, Endpoints

if TYPE_CHECKING:
    from ..open_telemetry.runs import RunTrace
    from ..types.tools import ToolUseBlock

__all__ = ["AsyncStreamingToolRunner", "AsyncToolRunner"]

ItemT = TypeVar("ItemT")
OutputT = TypeVarWithDefault("OutputT", default=None)


class AsyncToolRun(Generic[ItemT, OutputT]):
    """A conversation in which Claude's calls of tools are run."""

    def __init__(self, loop: ToolLoop, options: RunOptions, turns: AsyncTurns) -> None:
        self._loop = loop
        self._options = options
        self._turns = turns
        self._restored = False
        state = options.get("state")
        if isinstance(state, Mapping):  # a file is read when the run begins
            self._loop.restore(state, read_file)
        self._trace: RunTrace | None = None
        self._end: EndReason | None = None
        self._taken: Message | None = None  # the last message that the loop knows

    def __repr__(self) -> str:
        state = "runs" if self.stop_reason is None else f"ended: {self.stop_reason}"
        return f"<{type(self).__name__} after {self.turns} turns, {state}>"

    @property
    def messages(self) -> list[MessageLike]:
        """The conversation so far: what you append is sent with the next request."""
        return self._loop.history

    @property
    def usage(self) -> Usage | None:
        """The tokens of all messages that Claude created, summed; None before the first."""
        return self._loop.usage

    @property
    def turns(self) -> int:
        """How many messages Claude has created."""
        return self._loop.turns

    @property
    def stop_reason(self) -> EndReason | None:
        """Why the run ended; None while it goes on.

        It is the stop reason of the last message, "max_turns" if its calls were not run because
        that limit was reached, or "closed".
        """
        return self._end

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the next request, without its messages; they may be changed."""
        return self._loop.params

    def state(self) -> dict[str, Any]:
        """Return what the run is to go on from, as JSON values: give it to `run_tools(state=…)`."""
        return self._loop.state(read_file)

    async def close(self) -> None:
        """End the run, and close its tools: nothing more is sent, and no tool is run."""
        # Only here, and not at the end of the run: the caller may go on with it.
        if not self._loop.closed:
            self._loop.closed = True
            self._end = self._end or "closed"
            if self._trace is not None:
                self._trace.end()
            for tool in self._loop.tools.values():
                await async_result(getattr(tool, "close", _nothing)())

    async def until_done(self) -> ParsedMessage[OutputT]:
        """Run to the end and return the last message of Claude.

        Raises:
            UsageError: the run ended before there was one.
            OutputError: a message has no output of the type that was asked for.
            APIError: the API refused or failed; the run goes on if this is called again.
        """
        async for _ in self:
            pass
        return cast("ParsedMessage[OutputT]", self._loop.last_message())

    def __aiter__(self) -> AsyncIterator[ItemT]:
        return self

    async def __anext__(self) -> ItemT:
        await self._restore()
        if self._trace is None:
            return await self._advance()
        with self._trace:
            return await self._advance()

    async def _advance(self) -> ItemT:
        """Go on to the next item."""
        await self._complete()
        self._turns.prepare()
        while isinstance(step := self._loop.next_step(), RunCalls):
            self._end = None
            # Else tools would run, and nobody could be told of their results.
            self._turns.check(self._loop.request_of_results())
            await self._run(step.calls)
        if isinstance(step, End):
            self._end = self._end or step.reason
            raise StopAsyncIteration
        self._end = None
        await self._save()
        return await self._next_item(step)

    async def _complete(self) -> None:
        """Receive what is still to come of the last item."""

    def _note(self) -> None:
        """Take note of the last item's message as soon as all of it was received."""

    async def _next_item(self, step: CreateMessage) -> ItemT:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _restore(self) -> None:
        if self._restored:
            return
        self._restored = True
        self._trace = self._turns.traced(self._loop)
        state: Any = self._options.get("state")
        if isinstance(state, (str, PathLike)):
            state = await async_load_json(cast("PathLike[str]", state))
            if state is not None:
                self._loop.restore(state, read_file)
        if not self._loop.history:
            raise TypeError(
                "messages.run_tools() missing 1 required keyword-only argument: 'messages'"
            )

    async def _save(self) -> None:
        save = self._options.get("save")
        if save is None:
            return
        if callable(save):
            await async_result(save(self.state()))
        else:
            await async_save_json(cast("PathLike[str]", save), self.state())

    async def _received(self, message: Message) -> None:
        self._take(message)
        await self._save()

    def _take(self, message: Message) -> None:
        if message is not self._taken:
            self._taken = message
            self._loop.receive(message)

    async def _run(self, calls: list[ToolUseBlock]) -> None:
        """Run calls of the last message, at once as far as the limit allows."""
        by_id = {call.id: call for call in calls}
        # All are approved before the first is run: whoever denies one sees what else is wanted.
        ready = [call for call in calls if await self._is_approved(call)]
        async with AsyncWorkers(self._options.get("concurrency")) as workers:
            for call in ready:
                while workers.full:
                    await self._finish(by_id, await workers.next_done())
                await self._begin(call, workers)
            while workers.busy:
                await self._finish(by_id, await workers.next_done())

    async def _is_approved(self, call: ToolUseBlock) -> bool:
        """Return whether a call is to be run; if it is not, take note of why."""
        refusal = self._loop.refusal(call)
        if refusal is not None:
            await self._fail(call, ToolError(refusal))
            return False
        asked = self._options.get("approve") is not None
        verdict = await self._hook("approve", call) if asked else True
        # `is True`: a function that returns nothing must not let anything run.
        if verdict is True:
            return True
        if verdict is not False and not isinstance(verdict, str):
            raise TypeError(f"approve: it has to return True, False or a reason, not {verdict!r}")
        reason = f"The user denied the call: {verdict}" if verdict else "The user denied the call."
        await self._report(call, reason, denied=True)
        return False

    async def _begin(self, call: ToolUseBlock, workers: AsyncWorkers) -> None:
        tool = self._loop.tools[call.name]
        await self._hook("on_call", call)
        # Saved before the call, so that one that was interrupted is known to have begun.
        self._loop.begin(call)
        await self._save()
        run: Callable[[], Any] = partial(tool.call, call.input)
        if self._trace is not None:
            run = self._trace.tool(call, run, is_async=is_async(tool))
        await workers.start(call.id, run, self._timeout(call.name), is_async(tool))

    def _timeout(self, name: str) -> float | None:
        timeout = self._options.get("tool_timeout")
        return timeout.get(name) if isinstance(timeout, Mapping) else timeout

    async def _finish(self, calls: Mapping[str, ToolUseBlock], outcome: CallOutcome) -> None:
        call, error = calls[outcome.key], outcome.error
        if error is None:
            try:
                content = result_content(outcome.value)
            except Exception as unfit:
                error = unfit
            else:
                await self._report(call, content)
                return
        if not isinstance(error, Exception):
            raise error  # an interrupt, which is not Claude's to handle
        await self._fail(call, error)

    async def _fail(self, call: ToolUseBlock, error: Exception) -> None:
        """Tell Claude, the log and the caller that a call failed."""
        log_tool_failure(call.name, error)
        await self._report(call, _told(error), error)

    async def _report(
        self, call: ToolUseBlock, content: Any, error: Exception | None = None, denied: bool = False
    ) -> None:
        # Noted and saved first: whatever the hooks do, the result is not lost.
        result = self._loop.finish(call, content, denied or error is not None)
        await self._save()
        if error is not None:
            await self._hook("on_error", call, error)
        await self._hook("on_result", call, result)

    async def _hook(self, name: str, *facts: Any) -> Any:
        hook: Any = self._options.get(name)
        return None if hook is None else await async_result(hook(*facts))


def _told(error: Exception) -> Any:
    """Return what Claude is told of an error: its type and its text, or what the tool wants."""
    if isinstance(error, ToolError):
        with suppress(Exception):  # it may hold what no result can
            return result_content(error.content)
    return result_content(f"{type(error).__name__}: {error}".removesuffix(": "))


def _nothing() -> None:
    """Do nothing, in the place of a method that a tool does not have."""


class AsyncToolRunner(AsyncToolRun[ParsedMessage[OutputT], OutputT], Generic[OutputT]):
    """A run with tools: iterate over it for each message of Claude."""

    async def _next_item(self, step: CreateMessage) -> ParsedMessage[OutputT]:
        try:
            message: ParsedMessage[OutputT] = await self._turns.create(step.params)
        except OutputError as error:
            await self._received(error.message)  # which was paid for, and belongs to the run
            raise
        # Before the caller sees it: whatever he does, it belongs to the run, and is saved.
        await self._received(message)
        return message


class AsyncStreamingToolRunner(
    AsyncToolRun[AsyncMessageStream[OutputT], OutputT], Generic[OutputT]
):
    """A run with tools: iterate over it for a stream of each message of Claude.

    What you do not read of a stream is read when the next one is asked for.
    """

    _open: tuple[AsyncMessageStreamManager[OutputT], AsyncMessageStream[OutputT]] | None = None

    async def _next_item(self, step: CreateMessage) -> AsyncMessageStream[OutputT]:
        manager = self._turns.stream(step.params)
        stream = await manager.__aenter__()
        self._open = manager, stream
        return stream

    def _note(self) -> None:
        message = None if self._open is None else self._open[1].finished_message
        if message is not None:
            self._take(message)

    async def _complete(self) -> None:
        if self._open is None:
            return
        manager, stream = self._open
        self._open = None
        try:
            message = await stream.get_final_message()
        except OutputError as error:
            await self._received(error.message)
            raise
        finally:
            await manager.__aexit__(None, None, None)
        await self._received(message)

    @property
    async def text_stream(self) -> AsyncIterator[str]:
        """The pieces of text of all messages to come, as they are received."""
        async for stream in self:
            async for text in stream.text_stream:
                yield text

    async def close_stream(self) -> None:
        """Cut the stream that is open; what was not read of its message is lost."""
        if self._open is not None:
            manager, _ = self._open
            self._open = None
            await manager.__aexit__(None, None, None)

    async def close(self) -> None:
        """End the run, and close its tools and the stream that is open."""
        await self.close_stream()
        await super().close()


def tool_run(
    session: AsyncSession, params: Mapping[str, Any], known: type, endpoint: Endpoints
) -> AsyncToolRunner[Any] | AsyncStreamingToolRunner[Any]:
    """Return the runner of `messages.run_tools` with these parameters.

    Args:
        session: what sends.
        params: what was given.
        known: the TypedDict of the parameters that there are.
        endpoint: those of `messages.parse` and of `messages.stream`.

    Raises:
        TypeError: a parameter is missing, unknown, or of the wrong type.
        ValueError: a parameter has an impossible value.
    """
    parts = parts_of_run(session, params, known, endpoint)
    return AsyncStreamingToolRunner(*parts) if params.get("stream") else AsyncToolRunner(*parts)


def parts_of_run(
    session: AsyncSession, params: Mapping[str, Any], known: type, endpoint: Endpoints
) -> tuple[ToolLoop, RunOptions, AsyncTurns]:
    """Return what a runner is made of. Arguments and errors: see `tool_run`."""
    own, options = run_options(params, known)
    own.pop("stream", None)
    is_thread = own.pop("thread", False)
    loop = ToolLoop.begun(own, options, may_await=AsyncWorkers.may_await)
    if not is_thread:
        return loop, options, AsyncTurns(session, endpoint)
    loop.keeps_refusals = False
    history = ThreadHistory(loop.params, loop.history, "continue_unthreaded")
    return loop, options, AsyncThreadTurns(session, history)
