"""Message threads: which part of a conversation a turn sends, and what becomes of it.

A thread keeps the whole conversation here, although the API keeps it, too. The next request says
only what is new as long as the API has the rest; else it sends everything as a new thread. That is
so after an error of the kinds in `_LOST`, and after a message that the API's thread does not end
with: one that was refused, one that broke off, and one of a fallback model. Where the API cannot
keep the conversation at all, every request sends all of it, without a thread, if the caller wants
that.

Codes and fields are those of the Messages API, message threads (beta).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import starmap, takewhile
from typing import Any, Protocol

from .._wire.json import is_list, loads
from .._wire.sentinels import is_absent
from ..errors import AntiphonError, APIStatusError
from ..types.beta_params import ThreadSendParams
from ..types.message import Message
from ..types.tool_runs import RunnableTool
from .call import check_params
from .message_values import as_param
from .request_body import PendingBody, encode_body, is_mapping
from .tool_loop import as_turn, in_container, runnable_tools

__all__ = ["SentTurn", "ThreadHistory", "ThreadTurn", "given_fields"]

_BETA = "message-threads-2026-08-12"
# The API keeps these from the first turn on; a later request must not have them.
_KEPT_BY_THE_API = ("system", "tools")
_OTHER_WAYS = {"tools": ", or send `tool_addition` or `tool_removal` blocks in a `system` message."}
_NONE_IS_ABSENT = ("extra_headers", "extra_query", "extra_body")
_NOT_FOUND = "thread_not_found"
_UNSUPPORTED = "thread_unsupported_request"
_LOST = frozenset({_NOT_FOUND, "thread_already_continued", "thread_continue_in_flight"})
# The parts of a block that may hold further blocks, or definitions of tools. Others, such as the
# input of a call, hold the user's own values, in which `cache_control` is a name like any other.
_NESTED = ("content", "source", "tool", "definition", "tool_references")


class ThreadHistory:
    """A conversation: its parameters, its messages, and what the API has of them.

    Both stay the same objects: a tool runner over the thread works on them, too.
    """

    def __init__(
        self, fields: dict[str, Any], messages: list[Any], on_unsupported: str = "error"
    ) -> None:
        """Begin a conversation of which the API has nothing.

        Args:
            fields: the parameters of all turns.
            messages: what was said so far, and what the next turn sends.
            on_unsupported: what becomes of a request that the API cannot have in a thread.
        """
        self.fields: dict[str, Any] = fields
        self.messages: list[Any] = messages
        self.on_unsupported = on_unsupported
        self.runnable: dict[str, RunnableTool] = runnable_tools(fields.get("tools"))
        self.previous_message_id: str | None = None
        self.threaded: bool = True
        self.turn: ThreadTurn | None = None
        self.partial: Any = None  # the message of Claude's that broke off, if the last one did
        self._answered: list[Any] = []  # the messages up to the last one of Claude's
        self._container: str | None = None  # that of the last message
        self._fixed: dict[str, Any] = {}  # what the API keeps besides the messages
        self._is_replacement = False  # whether the thread replaces one that was not found

    @classmethod
    def begun(cls, params: Mapping[str, Any]) -> ThreadHistory:
        """Return the conversation that begins with the parameters of `beta.messages.thread`.

        Raises:
            TypeError: the type of the output is none.
        """
        own = given_fields(params)
        messages = [*(own.pop("messages", None) or ())]
        if is_mapping(own.get("output_format")):
            raise TypeError(
                "output_format: expected a type; give a schema as output_config={'format': …}"
            )
        return cls(own, messages, own.pop("unsupported_request_behavior", "error"))

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `beta.messages.thread` for the conversation as it is now."""
        messages = [as_param(message) for message in self.messages]
        behavior = {"unsupported_request_behavior": self.on_unsupported}
        return {**self._in_container(self.fields), "messages": messages, **behavior}

    def _in_container(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters that go on in the last container, unless the caller names one."""
        is_named = isinstance(params.get("container"), str)
        return {**params} if is_named else in_container(params, self._container)

    def fork(self) -> ThreadHistory:
        """Return another conversation that goes on from here, of which the API has nothing."""
        fork = ThreadHistory({**self.fields}, [*self.messages], self.on_unsupported)
        fork.runnable = {**self.runnable}
        fork._answered, fork.partial = self._answered, self.partial
        fork._container = self._container
        return fork

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change parameters of all turns to come.

        Raises:
            TypeError: a parameter is unknown.
        """
        check_params("thread.update", changes, ThreadSendParams)
        given = given_fields(changes)
        self.fields |= given
        if "tools" in given:
            self.runnable = runnable_tools(given["tools"])

    def append(self, messages: Iterable[Any]) -> None:
        """Add messages; one of Claude's that is there already stays where it is."""
        held = {id(message) for message in self.messages if isinstance(message, Message)}
        self.messages += [message for message in messages if id(message) not in held]

    def settle(self) -> None:
        """End the turn in progress if its stream has ended: nobody else tells."""
        if self.turn is not None:
            self.turn.settle()

    def occupy(self, turn: ThreadTurn) -> None:
        """Let a turn begin, unless another one is in progress.

        Raises:
            AntiphonError: there is one.
        """
        self.settle()
        if self.turn is not None:
            raise AntiphonError(
                "a turn of this thread is already in progress; wait for it, or fork() the thread"
            )
        self.turn = turn

    def drop_partial(self) -> None:
        """Forget a message that broke off, if nothing was said after it: it is created anew."""
        if self.messages and self.messages[-1] is self.partial:
            self.messages.pop()
        self.partial = None

    def request(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of `beta.messages.create` for a turn.

        Args:
            whole: those that it would have without a thread.

        Raises:
            AntiphonError: one is another than the API keeps.
        """
        messages = [*whole["messages"]]
        known = self._known(messages)
        params = self._in_container(whole)
        params["messages"] = [*map(_unmarked, messages[:known]), *messages[known:]]
        if not self.threaded:
            return params
        params |= _with_beta(params)
        # A summary is made of what is sent.
        if known < len(self._answered) or whole.get("compaction") is not None:
            self.end_thread()
        if self.previous_message_id is None:
            self._fixed = _fixed(params)
            return {**params, "thread": {"type": "create"}}
        self.check(params)
        for name in _KEPT_BY_THE_API:
            params.pop(name, None)
        params["messages"] = messages[known:]
        thread = {"type": "continue", "previous_message_id": self.previous_message_id}
        return {**params, "thread": thread}

    def _known(self, messages: list[Any]) -> int:
        """Return how many of the first messages Claude has answered already."""
        same = starmap(_same, zip(messages, self._answered, strict=False))
        return sum(1 for _ in takewhile(bool, same))

    def check(self, params: Mapping[str, Any]) -> None:
        """Refuse parameters for which another thread would be needed.

        Raises:
            AntiphonError: one is another than the API keeps.
        """
        if self.previous_message_id is None:
            return
        given = _fixed(params)
        for name in _KEPT_BY_THE_API:
            if given[name] != self._fixed[name]:
                raise AntiphonError(
                    f"Cannot change `{name}` on a thread that has begun, because the API keeps it;"
                    " make another thread:"
                    f" client.beta.messages.thread(**{{**thread.params, {name!r}: …}})"
                    f"{_OTHER_WAYS.get(name, '')}"
                )

    def recovers(self, error: APIStatusError) -> bool:
        """Return whether another attempt may succeed after `error`, and prepare for it.

        Each recovery asks the API for less, so there are at most two in a turn.
        """
        code = error.error_code
        lost = code in _LOST and self.previous_message_id is not None
        # A server that finds no thread twice in a row keeps none.
        hopeless = lost and code == _NOT_FOUND and self._is_replacement
        may_stop = self.threaded and self.on_unsupported == "continue_unthreaded"
        if may_stop and (hopeless or code == _UNSUPPORTED):
            self.threaded = False
            self.end_thread()
            return True
        if lost:
            self.previous_message_id, self._is_replacement = None, code == _NOT_FOUND
        return lost

    def end_thread(self) -> None:
        """Let the next request send everything, as a new thread if there is to be one."""
        self.previous_message_id, self._is_replacement = None, False

    def note(self, message: Message, answered: list[Any]) -> None:
        """Take note of the message that came of a turn.

        Args:
            message: Claude's message.
            answered: the conversation up to it.
        """
        self._answered = answered
        if message.container is not None:
            self._container = message.container.id
        if self.previous_message_id is not None:
            self._is_replacement = False
        if _is_of_fallback(message):
            self.end_thread()
        elif self.threaded:
            self.previous_message_id = message.id


class MessageInProgress(Protocol):
    """What a turn asks of the stream of its message."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of the message."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether all of it was received."""
        ...

    @property
    def partial(self) -> Message | None:
        """What was received of it; None if it has not begun."""
        ...


class ThreadTurn:
    """A turn of a thread, from its parameters to the message that comes of it.

    Here it is the turn of a runner, which adds to the conversation by itself.
    """

    def __init__(self, history: ThreadHistory, whole: Mapping[str, Any]) -> None:
        """Prepare a turn.

        Args:
            history: the conversation.
            whole: the parameters that the request would have without a thread.
        """
        self._history = history
        self._whole = whole
        self._stream: MessageInProgress | None = None

    def begin(self) -> None:
        """Let the turn begin.

        Raises:
            AntiphonError: another one is in progress.
        """
        self._history.occupy(self)
        self._stream = None

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `beta.messages.create` for the next attempt."""
        return self._history.request(self._whole)

    def recovers(self, error: APIStatusError) -> bool:
        """Return whether another attempt may succeed after `error`, and prepare for it."""
        return self._history.recovers(error)

    def follow(self, stream: MessageInProgress) -> None:
        """Let the turn end with the stream of its message."""
        self._stream = stream

    def settle(self) -> None:
        """End the turn if its stream has ended."""
        if self._stream is not None and self._stream.is_over:
            self.end()

    def end(self) -> None:
        """End the turn with what was received of its message, if it is still in progress."""
        if self._history.turn is not self:
            return
        stream = self._stream
        message = None if stream is None else stream.partial
        if stream is None or message is None:
            self._history.turn = None
            self._take_back()
        # A refusal is one as soon as it was told, whatever else the stream would bring.
        elif stream.is_whole or _is_refusal(message):
            self.finish(message)
        else:
            self._history.turn = None
            self._history.end_thread()
            self._keep_partial(message)

    def finish(self, message: Message) -> None:
        """End the turn with the message that came of it."""
        self._history.turn = None
        if _is_refusal(message):
            self._history.end_thread()
            self._take_back()
        else:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        """Take note of a message."""
        turn = as_turn(message)
        whole = self._whole["messages"]
        self._history.note(message, whole if turn is None else [*whole, turn])

    def _keep_partial(self, partial: Message) -> None:
        """Take note of a message that broke off."""

    def _take_back(self) -> None:
        """Forget what was said in the turn."""


class SentTurn(ThreadTurn):
    """A turn that the caller sends: the conversation gets what was said in it."""

    def __init__(
        self, history: ThreadHistory, new: tuple[Any, ...], changes: Mapping[str, Any]
    ) -> None:
        """Prepare a turn that sends `new` after what is staged.

        Args:
            history: the conversation.
            new: the messages of this turn.
            changes: parameters for this turn only.

        Raises:
            TypeError: a parameter is unknown.
        """
        super().__init__(history, {})
        self._new = new
        check_params("thread.send", changes, ThreadSendParams)
        self._changes = given_fields(changes)
        self._fields: dict[str, Any] = {}  # the parameters of the thread when the turn began
        self._start = self._place = 0  # where its messages are, and where Claude's will be

    def begin(self) -> None:
        """Let the turn begin: its messages belong to the conversation now.

        Raises:
            AntiphonError: another one is in progress.
        """
        super().begin()
        history = self._history
        if not self._new:
            history.drop_partial()
        self._start = len(history.messages)
        history.messages += self._new
        self._place = len(history.messages)
        self._fields = {**history.fields}
        self._whole = {**self._fields, **self._changes, "messages": [*history.messages]}

    def _keep(self, message: Message) -> None:
        history = self._history
        if history.threaded and history.previous_message_id is None:
            before, now = _fixed(self._fields), _fixed(history.fields)
            for name in _KEPT_BY_THE_API:
                # What was changed meanwhile is refused in the next turn, not overwritten here.
                if name in self._changes and before[name] == now[name]:
                    history.fields[name] = self._changes[name]
        # What was appended meanwhile is for the next turn.
        if (turn := as_turn(message)) is not None:
            history.messages.insert(self._place, turn)
            self._place += 1
        history.note(message, history.messages[: self._place])

    def _keep_partial(self, partial: Message) -> None:
        # Only a text can be sent back without its end.
        content = [each for each in partial.content if each.complete or each.type == "text"]
        if content:
            self._history.partial = {"role": "assistant", "content": content}
            self._history.messages.insert(self._place, self._history.partial)

    def _take_back(self) -> None:
        del self._history.messages[self._start : self._place]


def given_fields(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given; tools in a list, for they are sent more than once."""
    own: dict[str, Any] = {
        name: value
        for name, value in params.items()
        if not (is_absent(value) or (value is None and name in _NONE_IS_ABSENT))
    }
    if isinstance(own.get("tools"), Iterator):
        own["tools"] = [*own["tools"]]
    return own


def _with_beta(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameter that names the beta: a header of the caller's would hide `betas`."""
    headers: dict[str, Any] = {**(params.get("extra_headers") or {})}
    for name, value in headers.items():
        if name.lower() == "anthropic-beta" and isinstance(value, str):
            given = [each.strip() for each in value.split(",")]
            headers[name] = ",".join(dict.fromkeys([*given, _BETA]))
            return {"extra_headers": headers}
    return {"betas": [*dict.fromkeys([*(params.get("betas") or ()), _BETA])]}


def _fixed(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, as they are sent, of what the API keeps."""
    body = encode_body({name: params.get(name) for name in _KEPT_BY_THE_API})
    assert isinstance(body, (bytes, bytearray)), "neither has files, or is long"
    values: dict[str, Any] = loads(body)
    return values


def _same(one: Any, other: Any) -> bool:
    """Return whether two messages are sent alike."""
    if one is other or one == other:
        return True
    bodies = [encode_body({"messages": [message]}) for message in (one, other)]
    return not isinstance(bodies[0], PendingBody) and bodies[0] == bodies[1]


def _is_refusal(message: Message) -> bool:
    return message.stop_reason == "refusal"


def _is_of_fallback(message: Message) -> bool:
    """Return whether another model than the requested one wrote a message."""
    # A gateway may leave out any of it.
    iterations = getattr(message.usage, "iterations", None) or ()
    parts: tuple[Any, ...] = (*(message.content or ()), *iterations)
    return any(part.type in ("fallback", "fallback_message") for part in parts)


def _unmarked(value: Any) -> Any:
    """Return a message, or a block in one, without cache breakpoints.

    They stand for the end of the prompt of their day, and a request may have four.
    """
    if is_list(value):
        return [_unmarked(each) for each in value]
    if not is_mapping(value):
        return value
    kept = {name: each for name, each in value.items() if name != "cache_control"}
    return kept | {name: _unmarked(kept[name]) for name in _NESTED if name in kept}
