"""Message threads: conversations that the server keeps, so that a request sends only what is new.

A request with ``"thread": {"type": "create"}`` sends everything, and the conversation is kept under
the id of the message that it gets. A request that continues this message brings the next ones, and
`completed` puts both together: from there on it is the request that would have sent all of them,
with the same usage and the same cache. What it gets is kept under the next id, and the older id
only remembers that it was continued.

A conversation is kept when the last step of its response is about to be performed. A response that
is abandoned before leaves everything as it was, and while it is on its way nobody else can continue
the same message.

What is kept is never changed, so `completed` may run beside other requests. What others may change
meanwhile is looked at again in `turn`, which runs alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..._wire.json import JSONObject
from ...catalog.canonical_json import canonical
from ...catalog.request_parts import content_blocks, object_at
from ..metering.clock import Clock
from .errors import RequestRefusedError, invalid
from .steps import Step, Steps

__all__ = ["ThreadRequest", "Threads"]

# A thread can be continued for this long after its last response (docs, message threads).
_LIFETIME = 300.0
# Bounds on memory, which the API does not tell: the oldest threads go first.
_MAX_MESSAGES = 10_000
_MAX_BYTES = 64 * 1024 * 1024
# The breakpoints of a request, those of the kept conversation and the automatic one included.
_MAX_MARKS = 4
# Parameters that must be the same in every request of a thread. The first two are left out of those
# that continue it; the thread has them.
_KEPT_FIELDS = ("system", "tools")
_FIXED_FIELDS = ("model", *_KEPT_FIELDS, "output_config")


class _Conversation(NamedTuple):
    """A conversation up to one message of the assistant, whose id is its key."""

    workspace: str
    kept: float
    """When it was kept, in seconds since 1970."""
    fixed: Mapping[str, Any]
    """The values of the fixed fields."""
    messages: Sequence[JSONObject]
    size: int
    """The bytes of all of it as JSON."""
    continued: bool = False
    """Whether there is a next message already; then nothing else is kept here."""


class ThreadRequest(NamedTuple):
    """A request of a thread, made complete."""

    previous: str | None
    """The id of the message that it continues; None if it creates a thread."""
    workspace: str
    fixed: Mapping[str, Any]
    """The values of the fields that must stay the same."""
    messages: Sequence[JSONObject]
    """The whole conversation, as the client sent it."""
    size: int
    """The bytes of all of it as JSON."""


class Threads:
    """The threads of a server, within bounds, each for its lifetime.

    Args:
        clock: the server's.
        max_messages: how many messages can be continued, or are known to have been.
        max_bytes: how many bytes of conversations are kept in all.
    """

    def __init__(
        self, clock: Clock, max_messages: int = _MAX_MESSAGES, max_bytes: int = _MAX_BYTES
    ) -> None:
        self._clock = clock
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        # Ordered from the longest kept to the last one.
        self._conversations: dict[str, _Conversation] = {}
        self._size = 0
        self._in_flight: set[str] = set()

    def clear(self) -> None:
        """Forget all threads."""
        self._conversations.clear()
        self._size = 0

    def completed(
        self, body: JSONObject, model: str, workspace: str
    ) -> tuple[JSONObject, ThreadRequest]:
        """Return a request of a thread as one that sends the whole conversation.

        Args:
            body: a body of the right form, with a `thread`.
            model: the name of the model that serves it.
            workspace: the one of its key; threads of others are not found.

        Returns:
            The body without `thread`, and what `turn` needs of it.

        Raises:
            RequestRefusedError: there is no such thread, or it cannot be continued like this.
        """
        whole = {name: body[name] for name in body if name != "thread"}
        previous: str | None = body["thread"].get("previous_message_id")
        if previous is not None:
            conversation = self._find(previous, workspace)
            _check_fixed(whole, model, conversation)
            whole |= {name: value for name in _KEPT_FIELDS if (value := conversation.fixed[name])}
            # The new messages keep their breakpoints; those of the earlier ones give way.
            earlier = _with_marks(conversation.messages, _MAX_MARKS - _marks(whole))
            whole["messages"] = [*earlier, *body["messages"]]
        _check_supported(whole)
        fixed, messages = _fixed(whole, model), whole["messages"]
        size = len(canonical([fixed, messages]))
        return whole, ThreadRequest(previous, workspace, fixed, messages, size)

    @contextmanager
    def turn(self, request: ThreadRequest | None) -> Generator[None]:
        """Keep others from continuing the same message while a request gets its response.

        Args:
            request: the request; None if it belongs to no thread.

        Raises:
            RequestRefusedError: another request was faster.
        """
        previous = None if request is None else request.previous
        if request is None or previous is None:
            yield
            return
        if previous in self._in_flight:
            raise invalid(
                f"thread: another request still continues the message `{previous}`; wait for it.",
                error_code="thread_continue_in_flight",
            )
        self._find(previous, request.workspace)  # it may have been continued since `completed`
        self._in_flight.add(previous)
        try:
            yield
        finally:
            self._in_flight.discard(previous)

    def keeping(self, request: ThreadRequest | None, message: JSONObject, steps: Steps) -> Steps:
        """Return the steps of a response; the conversation is kept before the last of them.

        The client may send the next request as soon as it has seen the last step, and need not
        wait for the end of the response.

        Args:
            request: the request; None if it belongs to no thread.
            message: the message that it gets.
            steps: the steps that send the message, without work.
        """
        return steps if request is None else self._keeping(request, message, steps)

    def _keeping(self, request: ThreadRequest, message: JSONObject, steps: Steps) -> Steps:
        # One step is held back, because only the next one tells that it was not the last.
        held: Step | None = None
        for step in steps:
            if held is not None:
                yield held
            held = step
        self._keep(request, message)
        if held is not None:
            yield held

    def _keep(self, request: ThreadRequest, message: JSONObject) -> None:
        """Keep the conversation of a request with the message that it gets."""
        now, workspace = self._clock(), request.workspace
        messages, size = request.messages, request.size
        if message["content"]:  # a refusal may be empty, and empty messages cannot be sent
            messages = [*messages, {"role": "assistant", "content": message["content"]}]
            size += len(canonical(message["content"]))
        self._put(message["id"], _Conversation(workspace, now, request.fixed, messages, size))
        if request.previous is not None:
            # Kept without its messages, only to tell "already continued" from "not found".
            spent = _Conversation(workspace, now, {}, (), 0, continued=True)
            self._put(request.previous, spent)
        self._evict(now)

    def _put(self, identifier: str, conversation: _Conversation) -> None:
        self._drop(identifier)
        self._conversations[identifier] = conversation
        self._size += conversation.size

    def _find(self, identifier: str, workspace: str) -> _Conversation:
        found = self._conversations.get(identifier)
        if found is None or found.workspace != workspace or self._is_over(found, self._clock()):
            raise RequestRefusedError(
                404,
                "not_found_error",
                f"thread_not_found: there is no thread with the message `{identifier}`; send the"
                ' whole conversation with `thread: {"type": "create"}`.',
                details={"error_code": "thread_not_found"},
            )
        if found.continued:
            raise invalid(
                f"thread: the message `{identifier}` has already been continued; continue the"
                " latest message of the thread.",
                error_code="thread_already_continued",
            )
        return found

    def _is_over(self, conversation: _Conversation, now: float) -> bool:
        return now >= conversation.kept + _LIFETIME

    def _drop(self, identifier: str) -> None:
        if identifier in self._conversations:
            self._size -= self._conversations.pop(identifier).size

    def _evict(self, now: float) -> None:
        """Drop what is over, and the oldest conversations beyond the bounds."""
        # A dict keeps the order of insertion and `_put` moves to its end, so the first one that may
        # stay ends the search.
        for identifier, conversation in list(self._conversations.items()):
            is_full = len(self._conversations) > self._max_messages or self._size > self._max_bytes
            if not (is_full or self._is_over(conversation, now)):
                break
            self._drop(identifier)


def _fixed(whole: JSONObject, model: str) -> dict[str, Any]:
    """Return the fields of a request that must stay the same, with the model that serves it."""
    return {**{name: whole.get(name) for name in _FIXED_FIELDS}, "model": model}


def _check_fixed(whole: JSONObject, model: str, conversation: _Conversation) -> None:
    """Refuse a request that changes what must stay the same."""
    fixed, given = conversation.fixed, _fixed(whole, model)
    # What the thread keeps may be left out; what it does not keep is sent each time.
    differing = [
        name
        for name in _FIXED_FIELDS
        if given[name] != fixed[name] and (given[name] or name not in _KEPT_FIELDS)
    ]
    if differing:
        raise invalid(
            "thread: the request does not fit the one that created its thread; differing field(s):"
            f" {', '.join(differing)}",
            error_code="thread_fingerprint_mismatch",
        )


def _check_supported(whole: JSONObject) -> None:
    """Refuse what threads do not support, so that helpers send the conversation without one."""
    marks = _marks(whole)
    if marks > _MAX_MARKS:
        raise _unsupported(
            f"a maximum of {_MAX_MARKS} blocks with cache_control may be provided when thread is"
            f" set. Found {marks}.",
            "cache_control",
        )
    names = [name for name in ("context_management", "fallbacks") if whole.get(name)]
    if object_at(whole, "thinking").get("type") not in (None, "disabled"):
        names.append("thinking")
    if names:
        raise _unsupported(
            f"{', '.join(names)} cannot be given when thread is set; leave it out, or send the"
            " whole conversation without a thread.",
            *names,
        )


def _unsupported(text: str, *names: str) -> RequestRefusedError:
    return invalid(
        f"thread: {text}", error_code="thread_unsupported_request", unsupported=list(names)
    )


def _marks(whole: JSONObject) -> int:
    """Return the number of cache breakpoints of a request; the automatic one counts."""
    blocks = [*(whole.get("tools") or ()), *content_blocks(whole.get("system"))]
    outside = sum(1 for block in blocks if block.get("cache_control"))
    inside = sum(1 for _ in _marked(whole["messages"]))
    return bool(whole.get("cache_control")) + outside + inside


def _marked(messages: Sequence[JSONObject]) -> Iterator[tuple[int, int]]:
    """Yield where cache breakpoints are: the index of a message, and that of a block in it."""
    for index, message in enumerate(messages):
        for position, block in enumerate(content_blocks(message["content"])):
            if block.get("cache_control"):
                yield index, position


def _with_marks(messages: Sequence[JSONObject], most: int) -> Sequence[JSONObject]:
    """Return messages with at most so many cache breakpoints: the last ones stay.

    A client that marks each of its messages would soon exceed what a request may have. Without a
    thread it would send the earlier ones without their marks.
    """
    marked = list(_marked(messages))
    changed = list(messages)
    for index, position in marked[: len(marked) - max(0, most)]:
        blocks = list(changed[index]["content"])
        blocks[position] = {**blocks[position]}
        del blocks[position]["cache_control"]
        changed[index] = {**changed[index], "content": blocks}
    return changed
