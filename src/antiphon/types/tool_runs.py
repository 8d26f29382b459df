"""The parameters of a run with tools: those of a message, and what happens between messages."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from os import PathLike
from typing import Any, Literal, Protocol, Required, TypeAlias

from .._wire.validation import Many, Param, with_inherited_keys
from .message import Model, StopReason
from .params import (
    GenerationOptions,
    MessageLike,
    Optionally,
    OutputParams,
    PromptOptions,
    SpendingParams,
)
from .tools import ToolResultBlockParam, ToolUseBlock

__all__ = [
    "EndReason",
    "LoopOptions",
    "RunOptions",
    "RunToolsOutputParams",
    "RunToolsParams",
    "RunToolsParamsNonStreaming",
    "RunToolsParamsStreaming",
    "RunnableTool",
]

EndReason: TypeAlias = StopReason | Literal["max_turns", "closed"]
"""Why a run ended: the stop reason of the last message, or what else ended it."""


class RunnableTool(Protocol):
    """A tool that can be run: what `antiphon.tool` makes of a function, or a class of your own.

    `is_async` may be left out: then it is looked at whether `call` is an async function.
    """

    @property
    def name(self) -> str:
        """The name by which Claude calls it."""
        ...

    def to_dict(self) -> Mapping[str, Any]:
        """Return the definition that is sent."""
        ...

    def call(self, input: Any, /) -> Any:
        """Run it with the input of a call; return what Claude is told."""
        ...


class LoopOptions(Param, total=False):
    """What happens between the messages of a run with tools.

    max_turns: how many messages Claude may create; the calls of the last one are not run. By
        default any number.
    concurrency: how many calls of a message run at once. By default `Client` runs them one after
        another in the thread of the caller, and `AsyncClient` up to ten at once.
    tool_timeout: how many seconds a call may take, for all tools or for each by its name; by
        default as long as it wants.
    approve: called before a call is run, in order; true lets it run, and a text tells Claude why
        it was denied, as false does without a reason. May be async with `AsyncClient`, as all of
        these functions.
    on_call: called when a call is about to be run.
    on_result: called with each call and its result.
    on_error: called with each call that failed, and its exception.
    """

    max_turns: int | None
    concurrency: int | None
    tool_timeout: float | Mapping[str, float] | None
    approve: Callable[[ToolUseBlock], bool | str | Awaitable[bool | str]] | None
    on_call: Callable[[ToolUseBlock], object] | None
    on_result: Callable[[ToolUseBlock, ToolResultBlockParam], object] | None
    on_error: Callable[[ToolUseBlock, Exception], object] | None


@with_inherited_keys
class RunOptions(LoopOptions, total=False):
    """What happens between the messages of a run with tools, and how the run is saved.

    save: a path to which the state of the run is saved at each step, or a function that takes it.
    state: goes on where another run stopped: its state, or the path to which it was saved. With a
        path that does not exist yet the run begins anew.
    rerun: whether a call that was interrupted is run again when the run goes on: for all tools, or
        for those whose names are given. By default Claude is told that its outcome is unknown.
    """

    save: str | PathLike[str] | Callable[[dict[str, Any]], object] | None
    state: Mapping[str, Any] | str | PathLike[str] | None
    rerun: bool | Collection[str]


@with_inherited_keys
class _RunParams(PromptOptions, GenerationOptions, SpendingParams, RunOptions, total=False):
    """What every run takes.

    model: the name of the model, such as "claude-haiku-4-5".
    max_tokens: the maximum number of tokens to generate in a message, thinking included.
    messages: the conversation so far, oldest first; may be left out if `state` is given.
    thread: true to let the API keep the conversation (a message thread, with its beta); false by
        default.
    """

    model: Required[Model]
    max_tokens: Required[int]
    messages: Many[MessageLike]
    thread: Optionally[bool]


@with_inherited_keys
class RunToolsParams(_RunParams, total=False):
    """The parameters of `messages.run_tools`.

    stream: true to receive a stream of each message; false by default.
    """

    stream: Optionally[bool]


@with_inherited_keys
class RunToolsOutputParams(RunToolsParams, OutputParams, total=False):
    """The parameters of `messages.run_tools`, and the type of the output."""


@with_inherited_keys
class RunToolsParamsNonStreaming(_RunParams, total=False):
    """The parameters of `messages.run_tools` when it gives messages.

    stream: false, or left out.
    """

    stream: Optionally[Literal[False]]


@with_inherited_keys
class RunToolsParamsStreaming(_RunParams):
    """The parameters of `messages.run_tools` when it gives streams.

    stream: true.
    """

    stream: Literal[True]
