"""Message threads: which part of a conversation a turn sends, and what to do when the API lost it.

A thread keeps the whole conversation here, although the API keeps it, too: after an error of the
kinds in `_LOST` the next attempt sends all of it as a new thread. Where the API cannot keep the
conversation at all (`thread_unsupported_request`), every turn sends all of it, without a thread.
Codes and fields are those of the Messages API, message threads (beta).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._wire.sentinels import is_absent
from ..errors import AntiphonError, APIStatusError
from ..types.beta_params import ThreadSendParams
from ..types.message import Message
from .call import check_params

__all__ = ["ThreadHistory", "ThreadTurn"]

_BETA = "message-threads-2026-08-12"
# The API keeps these from the first turn on; a later request must not have them.
_KEPT_BY_THE_API = ("system", "tools")
_LOST = frozenset({"thread_not_found", "thread_already_continued"})


class ThreadHistory:
    """A conversation: its parameters, its messages, and what the API has of them."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Begin a conversation with the parameters of `beta.messages.thread`."""
        own = {name: value for name, value in params.items() if not is_absent(value)}
        self.on_unsupported: str = own.pop("unsupported_request_behavior", "continue_unthreaded")
        self.messages: list[Any] = [*own.pop("messages", ())]
        self.fields: dict[str, Any] = own
        self.previous_message_id: str | None = None
        self.threaded = True
        self.known = 0  # how many of the messages the API has
        self.turn: ThreadTurn | None = None

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `beta.messages.thread` for the conversation as it is now."""
        behavior = {"unsupported_request_behavior": self.on_unsupported}
        return {**self.fields, "messages": [*self.messages], **behavior}

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change parameters of all turns to come.

        Raises:
            TypeError: a parameter is unknown.
            AntiphonError: the API keeps the parameter from the first turn on.
        """
        self.fields |= self.checked("update", changes)

    def checked(self, method: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that change, without those that are left out.

        Raises:
            TypeError: a parameter is unknown.
            AntiphonError: the API keeps the parameter from the first turn on.
        """
        check_params(f"thread.{method}", changes, ThreadSendParams)
        given = {name: value for name, value in changes.items() if not is_absent(value)}
        for name in _KEPT_BY_THE_API:
            if self.previous_message_id is not None and name in given:
                raise AntiphonError(
                    f"{name} cannot change in a thread that has begun: the API keeps it; make"
                    " another thread:"
                    f" client.beta.messages.thread(**{{**thread.params, {name!r}: …}})"
                )
        return given


class ThreadTurn:
    """One turn of a conversation, from what it sends to the message that came of it."""

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
            AntiphonError: the API keeps the parameter from the first turn on.
        """
        self._history = history
        self._new = new
        self._changes = history.checked("send", changes)
        self._staged = len(history.messages)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `beta.messages.create` for the next attempt."""
        history = self._history
        params = {**history.fields, **self._changes}
        params["messages"] = [*history.messages[: self._staged], *self._new]
        if not history.threaded:
            return params
        params["betas"] = [*dict.fromkeys([*(params.get("betas") or ()), _BETA])]
        if history.previous_message_id is None:
            return {**params, "thread": {"type": "create"}}
        for name in _KEPT_BY_THE_API:
            params.pop(name, None)
        params["messages"] = [*history.messages[history.known : self._staged], *self._new]
        thread = {"type": "continue", "previous_message_id": history.previous_message_id}
        return {**params, "thread": thread}

    def recovers(self, error: APIStatusError) -> bool:
        """Return whether another attempt may succeed after `error`, and prepare for it.

        Each recovery asks the API for less, so there are at most two in a turn.
        """
        history = self._history
        if error.error_code in _LOST and history.previous_message_id is not None:
            history.previous_message_id, history.known = None, 0
            return True
        unsupported = error.error_code == "thread_unsupported_request" and history.threaded
        if unsupported and history.on_unsupported == "continue_unthreaded":
            history.previous_message_id, history.threaded = None, False
            return True
        return False

    def finish(self, message: Message) -> None:
        """Add what was sent, and the message that came of it, to the conversation."""
        history = self._history
        reply = {"role": "assistant", "content": message.content}
        # Before what was appended meanwhile: that is for the next turn.
        history.messages[self._staged : self._staged] = [*self._new, reply]
        history.known = self._staged + len(self._new) + 1
        history.previous_message_id = message.id if history.threaded else None
        history.fields |= {k: self._changes[k] for k in _KEPT_BY_THE_API if k in self._changes}

    def begin(self) -> None:
        """Refuse to begin while another turn is in progress.

        Raises:
            AntiphonError: there is one.
        """
        if self._history.turn is not None:
            raise AntiphonError(
                "another turn of this thread is in progress; wait for it, or fork() the thread"
            )
        self._history.turn = self
        self._staged = len(self._history.messages)

    def end(self) -> None:
        """Let the next turn begin."""
        self._history.turn = None
