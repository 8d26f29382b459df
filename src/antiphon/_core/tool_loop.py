"""The loop of a tool runner: what to send next, which calls to run, when it ends, and why.

Strategy. A `ToolLoop` holds a conversation and the last message of Claude in it. `next_step` looks
at both and returns one step: `CreateMessage`, `RunCalls` or `End`. The shell performs it and tells
what came of it (`receive`, `begin`, `finish`). The loop neither waits nor reads, and runs no
tool, so it can be saved after any of these.

Each call of the last message has a record: none, begun, or done with a result. A call is given out
only while it has no result. One that has begun, but has no result after an interruption, is not run
again unless the caller allows it: nobody knows whether it took effect.

The results of a message stand directly behind it, in the order of its calls, whatever the caller
has appended meanwhile: the API accepts them nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from os import PathLike
from typing import Any, TypeAlias, TypeGuard, cast

from .._transport.files import FileInput
from .._wire.json import JSONObject, is_object, loads
from .._wire.literals import has_literals
from .._wire.sentinels import is_absent
from ..errors import UsageError
from ..types.message import Message, Usage
from ..types.tool_runs import EndReason, RunnableTool, RunOptions
from ..types.tools import ToolUseBlock
from .call import check_params
from .message_values import as_param, encoded_messages
from .request_body import is_iterable, is_mapping

__all__ = [
    "CreateMessage",
    "End",
    "RunCalls",
    "Step",
    "ToolLoop",
    "as_turn",
    "in_container",
    "is_async",
    "run_options",
    "runnable_tools",
]

_VERSION = 1
"""Of the saved state; a state of another version is refused."""

# Claude has not finished its turn: the same conversation is sent again, with what it wrote so far.
_UNFINISHED = ("pause_turn", "compaction")

# What the one request for a summary must not have; a forced tool and a format neither.
_NOT_WITH_COMPACTION = ("context_management", "output_format", "stop_sequences")

# The parameters that stay if others replace them all: whom a run belongs to does not change.
_KEPT = ("betas", "user_profile_id", "workspace_id")


@dataclass(frozen=True, slots=True)
class CreateMessage:
    """Send a request, and report the message that comes of it."""

    params: dict[str, Any]
    """The parameters of `messages.create`."""


@dataclass(frozen=True, slots=True)
class RunCalls:
    """Run calls, and report the result of each."""

    calls: list[ToolUseBlock]
    """In the order of the message."""


@dataclass(frozen=True, slots=True)
class End:
    """Stop: there is nothing more to do."""

    reason: EndReason
    """The stop reason of the last message, or what else ended the run."""


Step: TypeAlias = CreateMessage | RunCalls | End


@dataclass(slots=True)
class _Record:
    """What is known of a call that has begun."""

    result: dict[str, Any] | None = None


@dataclass(slots=True)
class ToolLoop:
    """A conversation with tools: what was said, and what is to be done next."""

    params: dict[str, Any]
    """The parameters of `messages.create`, without `messages`."""
    history: list[Any]
    """The messages of the conversation; the caller may append to it."""
    max_turns: int | None = None
    """How many messages Claude may create; None for any number."""
    rerun: bool | Collection[str] = False
    """The tools whose interrupted calls are run again: all, none, or these."""
    turns: int = 0
    """How many messages Claude has created."""
    usage: Usage | None = None
    """The usage of these messages, summed."""
    message: Message | None = None
    """The last of them."""
    closed: bool = False
    """Whether the caller wants no more."""
    goes_on: bool = True
    """Whether messages that the caller appends go on with a conversation that had ended."""
    compaction: Mapping[str, Any] | None = None
    """Asks for a summary before the next message."""
    runnable: dict[str, RunnableTool] = field(default_factory=dict[str, RunnableTool])
    """The tools that were given first and can be run, by their names."""
    keeps_refusals: bool = True
    """Whether a refusal belongs to the conversation."""
    outlived: bool = False
    """Whether the conversation goes on after the run: then the last calls are run, too."""
    _added: dict[str, Any] = field(default_factory=dict[str, Any])  # tools that came later
    _removed: set[str] = field(default_factory=set[str])
    _changes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])  # not yet sent
    _container: str | None = None
    _turn: Any = None  # the last message as it is in the history, until its results are there
    _is_over: bool = False  # whether the last message ended the run
    _asked: int | None = None  # how many messages the request has that is on its way
    _place: int = 0  # where its results stand, as far as the caller has not moved it
    _answered: bool = False  # whether the results of the last message are there
    _records: dict[str, _Record] = field(default_factory=dict[str, _Record])
    _given: tuple[Any, ...] = ()  # the messages that the run began with
    _fingerprint: str = ""  # tells them from others
    _may_await: bool = True  # whether async tools can be run
    _compacting: bool = False  # whether the next message is a summary
    _ended: EndReason | None = None  # why the run had ended before its summary

    @classmethod
    def begun(
        cls, params: Mapping[str, Any], options: RunOptions, *, may_await: bool = True
    ) -> ToolLoop:
        """Return the loop of a new conversation.

        Args:
            params: the parameters of `messages.create`.
            options: the options of the run.
            may_await: whether async tools can be run.

        Raises:
            TypeError: the messages are no list, or a tool is none that can be run.
            ValueError: two tools have one name.
        """
        own = {**params}
        messages: Any = own.pop("messages", ())
        if not is_iterable(messages):
            raise TypeError(f"messages: expected a list, got {type(messages).__name__}")
        if is_iterable(own.get("tools")):
            own["tools"] = [*own["tools"]]
        return cls.over(own, [*messages], own.get("tools", ()), options, may_await=may_await)

    @classmethod
    def over(
        cls,
        params: dict[str, Any],
        history: list[Any],
        tools: Iterable[Any],
        options: RunOptions,
        *,
        may_await: bool,
    ) -> ToolLoop:
        """Return the loop of a conversation that somebody else keeps, too.

        Args:
            params: the parameters of `messages.create` without the messages; the loop changes them.
            history: the messages; the loop adds to them.
            tools: those that are run, and any others.
            options: the options of the run.
            may_await: whether async tools can be run.

        Raises:
            TypeError: a tool is none that can be run.
            ValueError: two tools have one name.
        """
        loop = cls(params, history, options.get("max_turns"), options.get("rerun") or False)
        loop.runnable = runnable_tools(_tools(tools, may_await))
        loop._given, loop._may_await = (*history,), may_await
        return loop

    @property
    def tools(self) -> dict[str, RunnableTool]:
        """The tools that can be run, by their names."""
        given = self.params.get("tools", self.runnable.values())
        named = [self.runnable.get(_name(tool), tool) for tool in given]
        tools = runnable_tools([*named, *self._added.values()])
        return {name: tool for name, tool in tools.items() if name not in self._removed}

    @property
    def calls(self) -> list[ToolUseBlock]:
        """The calls of the last message that the caller has not answered himself, in order."""
        own = self._ids_answered_by_caller()
        return [call for call in self._all_calls() if call.id not in own]

    def _all_calls(self) -> Iterable[ToolUseBlock]:
        uses = [] if self.message is None or self._answered else self.message.tool_uses
        # By id, since two calls with one id can have one result only.
        calls = {call.id: call for call in uses if isinstance(call.id, str)}  # pyright: ignore[reportUnnecessaryIsInstance]
        return calls.values()

    @property
    def results(self) -> list[Any]:
        """The results of calls of the last message as far as they are there, in order."""
        results = map(self.result_of, self._all_calls())
        return [result for result in results if result is not None]

    @property
    def missing(self) -> list[ToolUseBlock]:
        """The calls of the last message that have no result yet, in order."""
        return [call for call in self.calls if self.result_of(call) is None]

    def result_of(self, call: ToolUseBlock) -> dict[str, Any] | None:
        """Return the result of a call of the last message, if there is one."""
        record = self._records.get(call.id)
        return None if record is None else record.result

    def next_step(self) -> Step:
        """Return what is to be done next; the same again until something was reported."""
        if self.closed:
            return End("closed")
        message = self.message
        if message is None or self._answered:
            return self._create()
        unfinished = message.stop_reason in _UNFINISHED
        if unfinished and not message.tool_uses:
            return self._create() if self._ended is None else End(self._ended)
        calls, place = self.calls, self._find_place()
        # Calls in an unfinished turn need results, too: the API refuses a turn without.
        called = (unfinished or message.stop_reason == "tool_use") and bool(message.tool_uses)
        extended = self.goes_on and len(self.history) > place
        if not called and not extended:
            return self._at_end(message.stop_reason or "end_turn")
        # Before any call is run: nobody would see its result.
        if self._is_exhausted and not self.outlived:
            return End("max_turns")
        missing = self.missing
        if missing and called:
            return RunCalls(missing)
        for call in missing:
            self.finish(call, f"{_NOT_RUN} The message stopped with {message.stop_reason}.", True)
        if results := [self._records[call.id].result for call in calls]:
            self.history.insert(place, {"role": "user", "content": results})
        self._answered, self._turn = True, None
        self._records.clear()
        return self._create()

    def request_of_results(self) -> dict[str, Any]:
        """Return the parameters of the request that will have the results that are missing."""
        place = self._find_place()
        empty = [{"type": "tool_result", "tool_use_id": call.id} for call in self.calls]
        results = {"role": "user", "content": empty}
        messages = [*self.history[:place], results, *self.history[place:]]
        return {**self.params, "messages": messages}

    def _at_end(self, reason: EndReason) -> CreateMessage | End:
        self._is_over = True
        if self.compaction is None:
            return End(self._ended or reason)
        self._ended = reason  # the summary is made nevertheless; it is no reason to go on
        return self._create()

    def _create(self) -> CreateMessage | End:
        if self._is_exhausted and self.compaction is None:
            return End("max_turns")
        if self._changes:
            self.history.append({"role": "system", "content": self._changes})
            self._changes = []
        params = in_container(self.params, self._container)
        params["messages"] = [*self.history]
        self._asked = len(self.history)
        # A turn that Claude has not finished is no conversation to be summarized yet.
        paused = self.message is not None and not self._answered and self._ended is None
        self._compacting = self.compaction is not None and not paused
        return CreateMessage(self._compacted(params) if self._compacting else params)

    def _compacted(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters of a request for a summary."""
        own = {name: value for name, value in params.items() if name not in _NOT_WITH_COMPACTION}
        if is_mapping(own.get("output_config")):
            own["output_config"] = _without(own["output_config"], "format")
        choice = own.get("tool_choice")
        if is_mapping(choice) and choice.get("type") in ("any", "tool"):
            del own["tool_choice"]
        return {**own, "compaction": self.compaction}

    @property
    def _is_exhausted(self) -> bool:
        # The one place for limits: whatever ends a run early is asked here, before tools are run.
        return self.max_turns is not None and self.turns >= self.max_turns

    def refusal(self, call: ToolUseBlock) -> str | None:
        """Return why a call is not to be run, in words for Claude; None if it may be run."""
        if not call.complete:
            return f"{_NOT_RUN} Its input was not valid JSON ({call.input_error}): {call.raw_input}"
        if call.name not in self.tools:
            return f"Error: Tool {call.name!r} not found"
        if call.id in self._records and not self._may_rerun(call):
            return (
                "The program was interrupted while this call ran, so its outcome is unknown. It may"
                " have taken effect: find out before you call the tool again."
            )
        return None

    def _may_rerun(self, call: ToolUseBlock) -> bool:
        return self.rerun if isinstance(self.rerun, bool) else call.name in self.rerun

    def begin(self, call: ToolUseBlock) -> None:
        """Take note that a call is about to be run."""
        self._records[call.id] = _Record()

    def finish(self, call: ToolUseBlock, content: Any, is_error: bool = False) -> dict[str, Any]:
        """Take note of the result of a call; return its block."""
        result = {"type": "tool_result", "tool_use_id": call.id, "content": content}
        if is_error:
            result["is_error"] = True
        self._records[call.id] = _Record(result)
        return result

    def receive(self, message: Message) -> None:
        """Take note of the message that came of the last request."""
        if "usage" in message.model_fields_set:  # a gateway may leave it out
            self.usage = message.usage if self.usage is None else self.usage + message.usage
        if message.container is not None:
            self._container = message.container.id
        asked, self._asked = self._asked, None
        if self._compacting:
            self._compacting, self.compaction = False, None
            if not _is_summary(message):
                return  # everything stays as it is
            # It stands for the conversation, and is no turn of Claude's.
            self.history[:asked] = [message]
            self.message, self._answered, self._turn, self._place = message, False, None, 1
            return
        self.turns += 1
        self._ended, self._is_over = None, False
        # Records that are there are those of calls that were run while the message was received.
        self.message = message
        self._answered = False
        refused = message.stop_reason == "refusal" and not self.keeps_refusals
        self._turn = None if refused else as_turn(message)
        self._place = len(self.history[:asked])
        if self._turn is not None:
            # What the caller appended while the message was received comes after it.
            later = [each for each in self.history[self._place :] if each is not message]
            self.history[self._place :] = [self._turn, *later]
            self._place += 1

    def append(self, *messages: Any) -> None:
        """Append messages; the last one of Claude's is there already, and only takes its place."""
        for message in messages:
            if self._is_last_turn(message):
                self.history[self._find_place() - 1] = self._turn = message
            else:
                self.history.append(message)

    def request(self) -> dict[str, Any]:
        """Return the parameters of the next request, without a message that waits for results."""
        is_whole = self._turn is None or self._is_over
        before = len(self.history) if is_whole else self._find_place() - 1
        messages = [as_param(message) for message in self.history[:before]]
        params = {**self.params, "messages": messages}
        if "tools" in params:
            params["tools"] = [_definition(tool) for tool in params["tools"]]
        return params

    def replace(self, params: Mapping[str, Any]) -> None:
        """Take other parameters for the requests to come.

        The last message of Claude is put behind their messages, unless it is among them. A tool
        that can be run may be given by its definition; without `tools` the same ones are run.

        Raises:
            TypeError: there are no messages, or a tool is none.
            ValueError: two tools have one name.
        """
        kept = {name: self.params[name] for name in _KEPT if name in self.params}
        if "billing_policy" in self.params and "billing_policy" not in params:
            kept.pop("user_profile_id", None)  # it says who pays, with the policy
        own = {**kept, **params}
        if not is_iterable(own.get("messages")):
            raise TypeError("messages: expected a list in the parameters")
        received = {id(each.content): each for each in self.history if isinstance(each, Message)}
        messages = [received.get(_content_id(each), each) for each in own.pop("messages")]
        if "tools" in own:
            own["tools"] = [*map(self._given_tool, _tools(own["tools"], self._may_await))]
        own_turn = [message for message in messages if self._is_last_turn(message)]
        if own_turn:
            self._turn = own_turn[-1]
        elif self._turn is not None:
            messages += self.history[self._find_place() - 1 :]
        self.history[:] = messages
        self._place = len(messages)
        if self._asked is not None:
            self._asked = len(messages)
        # The same objects: a message thread has them, too.
        self.params.clear()
        self.params |= own

    def _given_tool(self, tool: Any) -> Any:
        """Return the tool that can be run, if this is its definition."""
        known = self.runnable.get(_name(tool))
        return known if known is not None and known.to_dict() == tool else tool

    def _find_place(self) -> int:
        """Return where the results of the last message stand: the caller may have moved it."""
        places = [place for place, turn in enumerate(self.history, 1) if turn is self._turn]
        if self._turn is not None and places:
            self._place = places[-1]
        return min(self._place, len(self.history))

    def _is_last_turn(self, message: Any) -> bool:
        """Return whether a message is the last one of Claude's, perhaps changed or as a dict."""
        last = self.message
        if last is None or self._answered or self._turn is None:
            return False
        if isinstance(message, Message):
            return message.id == last.id
        if not is_mapping(message) or message.get("role") != "assistant":
            return False
        content = message.get("content")
        if not is_iterable(content):
            return content == last.text
        blocks = [block.to_param() if hasattr(block, "to_param") else block for block in content]
        calls = [block.get("id") for block in blocks if block.get("type") == "tool_use"]
        if calls:
            return calls == [call.id for call in last.tool_uses]
        return blocks == last.to_param()["content"]

    def add_tools(self, tools: Iterable[Any]) -> None:
        """Let Claude call further tools, from the next request on.

        Raises:
            TypeError: one is no tool.
            ValueError: two have one name.
        """
        for tool in _tools(tools, self._may_await):
            definition = _definition(tool)
            name = str(definition.get("name"))
            self._removed.discard(name)
            self._added[name] = tool
            defined = {"type": "tool_definition", "definition": definition}
            self._changes.append({"type": "tool_addition", "tool": defined})

    def remove_tools(self, tools: Iterable[Any]) -> None:
        """Let Claude call tools no more; a call that was made already is not run either."""
        for tool in tools:
            name = tool if isinstance(tool, str) else tool.name
            self._removed.add(name)
            reference = {"type": "tool_reference", "name": name}
            self._changes.append({"type": "tool_removal", "tool": reference})

    def _ids_answered_by_caller(self) -> set[str]:
        """Return the ids of the calls that have a result in what the caller has appended."""
        if self._answered:
            return set()
        return {
            str(block.get("tool_use_id"))
            for message in self.history[self._find_place() :]
            if is_mapping(message) and is_iterable(message.get("content"))
            for block in message["content"]
            if is_mapping(block) and block.get("type") == "tool_result"
        }

    def state(self, read_file: Callable[[FileInput], bytes]) -> dict[str, Any]:
        """Return everything the loop knows of its run as JSON values, to be saved.

        Args:
            read_file: reads the files that stand in the messages.
        """
        return {
            "version": _VERSION,
            "begun_with": self._begun_with(read_file),
            "messages": [_saved(message, read_file) for message in self.history],
            "turns": self.turns,
            "usage": self.usage and self.usage.to_dict(),
            "container": self._container,
            "last": self.message and self.message.to_dict(),
            "place": self._find_place(),
            "answered": self._answered,
            "calls": {call: {"result": record.result} for call, record in self._records.items()},
        }

    def restore(self, state: Any, read_file: Callable[[FileInput], bytes]) -> None:
        """Go on where the loop stood whose state this is, with what was appended here meanwhile.

        Raises:
            ValueError: it is no such state, or belongs to a run that began with other messages.
        """
        if not is_object(state) or state.get("version") != _VERSION or "begun_with" not in state:
            raise ValueError("state: this is no state that a runner of this version has saved")
        if self._given and self._begun_with(read_file) != state["begun_with"]:
            raise ValueError(
                "state: it belongs to a run that began with other messages; give the messages of"
                " that run, or none, or begin anew without the state"
            )
        self._fingerprint = state["begun_with"]
        appended = self.history[len(self._given) :]
        self.history[:] = [*map(_restored, state["messages"]), *appended]
        self.turns = state["turns"]
        self.usage = Usage.from_value(state["usage"]) if state["usage"] else None
        self._container = state["container"]
        self.message = self._with_output(_message(state["last"])) if state["last"] else None
        self._place = state["place"]
        self._answered = state["answered"]
        if self.message is not None and not self._answered and as_turn(self.message) is not None:
            self._turn = self.history[self._place - 1]
        # Without a message they belong to one that was never received whole.
        calls: JSONObject = {} if self.message is None or self._answered else state["calls"]
        self._records = {call: _Record(known["result"]) for call, known in calls.items()}

    def _with_output(self, message: Message) -> Message:
        """Return a message that was saved with its output, as `messages.parse` gives it."""
        from ..outputs import output_type  # most runs are not resumed

        return output_type(self.params.get("output_format")).read(message)

    def _begun_with(self, read_file: Callable[[FileInput], bytes]) -> str:
        if not self._fingerprint:
            self._fingerprint = hashlib.sha256(encoded_messages(self._given, read_file)).hexdigest()
        return self._fingerprint

    def last_message(self) -> Message:
        """Return the last message of Claude.

        Raises:
            UsageError: there is none.
        """
        if self.message is None:
            raise UsageError("the run ended before Claude created a message")
        return self.message


_NOT_RUN = "The call was not run."


def run_options(params: Mapping[str, Any], known: Any) -> tuple[dict[str, Any], RunOptions]:
    """Return the parameters of a run that are those of its messages, and its own options.

    Args:
        params: what was given.
        known: the TypedDict of the parameters that there are.

    Raises:
        TypeError: a parameter is missing, unknown, or of the wrong type.
        ValueError: a number is impossible.
    """
    check_params("messages.run_tools", params, known)
    given = {name: value for name, value in params.items() if not is_absent(value)}
    if given.get("compaction") is not None:
        # Each request would get a summary in the place of a message, for ever.
        raise TypeError(
            "compaction: a run asks for one summary at a time: call compact_before_next_turn() of"
            " the runner of beta.messages.tool_runner, or give context_management"
        )
    if not isinstance(given.get("thread") or False, bool):
        raise TypeError(f"thread: expected true or false, got {given['thread']!r}")
    options = {name: given.pop(name) for name in RunOptions.__annotations__ if name in given}
    _check_number("max_turns", options.get("max_turns"), 0, int)
    _check_number("concurrency", options.get("concurrency"), 1, int)
    timeout = options.get("tool_timeout")
    for seconds in timeout.values() if is_mapping(timeout) else (timeout,):
        _check_number("tool_timeout", seconds, 0, (int, float))
    for name, kinds in (("state", (str, PathLike, Mapping)), ("save", (str, PathLike))):
        value = options.get(name)
        if not (value is None or isinstance(value, kinds) or (name == "save" and callable(value))):
            raise TypeError(f"{name}: expected a path or a state, got {value!r}")
    for name in ("approve", "on_call", "on_result", "on_error"):
        if not (options.get(name) is None or callable(options[name])):
            raise TypeError(f"{name}: expected a function, got {options[name]!r}")
    return given, cast("RunOptions", options)


def _check_number(name: str, value: Any, least: int, kind: Any) -> None:
    if value is None:
        return
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{name}: expected a number or None, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected at least {least}, got {value!r}")


def is_async(tool: RunnableTool) -> bool:
    """Return whether the calls of a tool are to be awaited."""
    told = getattr(tool, "is_async", None)
    return iscoroutinefunction(tool.call) if told is None else bool(told)


def _tools(tools: Any, may_await: bool) -> Iterator[Any]:
    """Give the tools of a request.

    Raises:
        TypeError: one is neither a tool nor a dict, or is async where it cannot be.
        ValueError: two have one name.
    """
    if not is_iterable(tools):
        raise TypeError(f"tools: expected a list, got {type(tools).__name__}")
    seen: set[object] = set()
    for number, tool in enumerate(tools):
        name: object
        if _is_runnable(tool):
            name = tool.name
            if not may_await and is_async(tool):
                raise TypeError(f"tools[{number}]: {name!r} is async; give it to AsyncClient")
        elif is_mapping(tool):
            name = tool.get("name")
        else:
            raise TypeError(
                f"tools[{number}]: {tool!r} is no tool; decorate the function with @antiphon.tool"
            )
        if name is not None and name in seen:
            raise ValueError(f"tools[{number}]: there are two tools with the name {name!r}")
        seen.add(name)
        yield tool


def runnable_tools(tools: Any) -> dict[str, RunnableTool]:
    """Return those of the tools that can be run, by their names."""
    return {tool.name: tool for tool in tools or () if _is_runnable(tool)}


def _name(tool: Any) -> str:
    return str(tool.get("name") if is_mapping(tool) else tool.name)


def _content_id(message: Any) -> int:
    """Return what tells a received message: `request` shows its content in a dict."""
    return id(message.get("content") if is_mapping(message) else message)


def _definition(tool: Any) -> Mapping[str, Any]:
    """Return the definition of a tool, as it is sent."""
    return tool if is_mapping(tool) else tool.to_dict()


def _is_summary(message: Message) -> bool:
    return any(
        block.type == "compaction" and block.content is not None for block in message.content
    )


def _is_runnable(tool: object) -> TypeGuard[RunnableTool]:
    return not is_mapping(tool) and all(hasattr(tool, each) for each in ("name", "call", "to_dict"))


def in_container(params: Mapping[str, Any], container: str | None) -> dict[str, Any]:
    """Return parameters that go on in the container with this id, with the skills they load."""
    own = {**params}
    if container is not None:
        given = own.get("container")
        own["container"] = {**given, "id": container} if is_mapping(given) else container
    return own


def _without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}


def as_turn(message: Message) -> Any:
    """Return a message of Claude's as its turn in a conversation; None if it has no content.

    The message itself, so that it is sent back as it was received. Only a call whose input is not
    JSON cannot be sent back: it becomes one whose input holds its text, as the API's documentation
    of fine-grained tool streaming says.
    """
    if all(block.complete for block in message.tool_uses):
        return message if message.to_param()["content"] else None
    content = [
        block if not isinstance(block, ToolUseBlock) or block.complete else _as_text(block)
        for block in message.content
    ]
    return {"role": "assistant", "content": content}


def _as_text(call: ToolUseBlock) -> dict[str, Any]:
    written = {"INVALID_JSON": call.raw_input or ""}
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": written}


def _saved(message: Any, read_file: Callable[[FileInput], bytes]) -> Any:
    """Return a message as JSON values: a received one whole, others as they are sent."""
    if isinstance(message, Message):
        return message.to_dict()
    return loads(encoded_messages([message], read_file))["messages"][0]


def _restored(saved: Any) -> Any:
    # Only received messages have a type.
    return _message(saved) if is_object(saved) and saved.get("type") == "message" else saved


def _message(saved: dict[str, Any]) -> Message:
    message = Message.from_value(saved)
    if has_literals(saved):
        message.remember_literals(saved)
    return message
