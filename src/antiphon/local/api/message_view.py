"""What a messages request says, read by name: for the journal, and for the rules of scripts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from ..._wire.json import JSONObject, is_list, is_object
from ...catalog.request_parts import content_blocks

__all__ = ["MessageView"]


class MessageView:
    """A request that is read as one to the messages endpoint.

    What a body does not have reads as empty, so that requests of any kind can be asked.
    """

    __slots__ = ()

    request_id: str
    """The id in the response's `request-id` header."""
    headers: Mapping[str, str]
    """The headers by their lower-case names."""

    @property
    @abstractmethod
    def body(self) -> Any:
        """The body as JSON values."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its model, as far as they are known."""
        return (self.model,)

    @property
    def model(self) -> str:
        """The name of the model; "" if there is none."""
        model = self._field("model")
        return model if isinstance(model, str) else ""

    @property
    def system(self) -> str:
        """The text of the system prompt, its blocks joined by line breaks."""
        system = self._field("system")
        return "\n".join(_texts(_blocks(system)))

    @property
    def messages(self) -> list[JSONObject]:
        """The messages, as they were sent."""
        return _objects(self._field("messages"))

    @property
    def tools(self) -> list[JSONObject]:
        """The tools, as they were sent."""
        return _objects(self._field("tools"))

    @property
    def text(self) -> str:
        """The text of the last user turn, its blocks joined by line breaks."""
        return "\n".join(_texts(self.last_blocks))

    @property
    def last_blocks(self) -> list[JSONObject]:
        """The content blocks of the last user turn; a plain string is one text block."""
        turns = self._turns()
        if turns and turns[-1][0] == "assistant":  # the beginning of the reply
            turns.pop()
        return turns[-1][1] if turns else []

    @property
    def results(self) -> list[JSONObject]:
        """The tool results in the last user turn."""
        return [block for block in self.last_blocks if block.get("type") == "tool_result"]

    @property
    def result_tools(self) -> list[str]:
        """The name of the tool of each result in the last user turn; "" where it is not known."""
        names = {
            block.get("id"): str(block.get("name"))
            for _, blocks in self._turns()
            for block in blocks
            if block.get("type") == "tool_use"
        }
        return [names.get(block.get("tool_use_id"), "") for block in self.results]

    @property
    def turn(self) -> int:
        """The number of the reply in its conversation, from 1.

        Messages of one role that follow each other are one turn.
        """
        # What stands last is the user's turn, or the beginning of the reply.
        roles = [role for role, _ in self._turns()]
        return 1 + roles[:-1].count("assistant")

    def _turns(self) -> list[tuple[Any, list[JSONObject]]]:
        """Return role and blocks of each turn; system messages are skipped."""
        # System messages may stand anywhere, and make no turn.
        spoken = (each for each in self.messages if each.get("role") != "system")
        return [
            (role, [block for message in group for block in _blocks(message.get("content"))])
            for role, group in groupby(spoken, key=lambda message: message.get("role"))
        ]

    def _field(self, name: str) -> Any:
        body = self.body
        return body.get(name) if is_object(body) else None


def _objects(value: Any) -> list[JSONObject]:
    return [item for item in value if is_object(item)] if is_list(value) else []


def _blocks(content: Any) -> list[JSONObject]:
    return _objects(list(content_blocks(content))) if isinstance(content, str | list) else []


def _texts(blocks: list[JSONObject]) -> Iterator[str]:
    for block in blocks:
        if block.get("type") == "text" and isinstance(text := block.get("text"), str):
            yield text
