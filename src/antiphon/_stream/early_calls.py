"""Which calls of a message may be run while the rest of it is still being received.

A call is whole when its block has stopped and Claude has gone on: with another block, or by ending
the message with `tool_use`. Where a limit or a refusal cuts a message off, a block is stopped, too,
although its call was never finished; then another model may take over (a `fallback` block), and
nothing is known for sure before the end.
"""

from __future__ import annotations

from typing import Any

from .._wire.json import is_object, loads
from ..types.tools import ToolUseBlock
from .reader import Frame, MessageReader

__all__ = ["EarlyCalls"]


class EarlyCalls:
    """The calls of one message, as far as it was received."""

    def __init__(self) -> None:
        self._reader: MessageReader | None = None
        self._stopped: list[int] = []  # all blocks that have stopped, by their indices
        self._unsure = 0  # how many of them, from the end, may be cut off
        self._taken = 0  # how many were taken
        self._waiting: set[str] = set()  # the ids of calls that are not to be run early
        self._has_fallback = False

    def see(self, frame: Frame, reader: MessageReader) -> None:
        """Take note of a frame that the caller is about to see.

        Args:
            frame: the frame.
            reader: what makes the message of it.
        """
        self._reader = reader
        # Of three kinds only: most frames are deltas, and are not looked into twice.
        name, data = frame
        if name == b"content_block_stop":
            self._stopped.append(_field(data, "index"))
            self._unsure += 1
        elif name == b"content_block_start":
            self._has_fallback |= _field(data, "content_block", "type") == "fallback"
            self._unsure = 0
        elif name == b"message_delta" and _field(data, "delta", "stop_reason") == "tool_use":
            self._unsure = 0

    def taken(self) -> list[ToolUseBlock]:
        """Return the calls that are to be run now; each is given once."""
        whole = len(self._stopped) - self._unsure
        if self._has_fallback or whole == self._taken:
            return []
        indices = self._stopped[self._taken : whole]
        self._taken = whole
        return [call for call in self._calls(indices) if call.id not in self._waiting]

    def defer(self, id: str) -> None:
        """Let a call wait for the end of the loop's body, if it has not been run."""
        self._waiting.add(id)

    @property
    def deferred(self) -> list[ToolUseBlock]:
        """The calls that wait and have stopped, in order."""
        return [call for call in self._calls(self._stopped) if call.id in self._waiting]

    def _calls(self, indices: list[int]) -> list[ToolUseBlock]:
        content = self._reader.message.content if self._reader is not None and indices else []
        return [
            block
            for index, block in enumerate(content)
            if index in indices and isinstance(block, ToolUseBlock) and block.complete
        ]


def _field(data: bytes, *path: str) -> Any:
    """Return a field of a frame; None if it is not there, or the frame is not JSON."""
    try:
        value = loads(data)
    except ValueError:
        return None  # the reader of the stream says so
    for name in path:
        value = value.get(name) if is_object(value) else None
    return value
