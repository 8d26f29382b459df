"""What a request asks for: its last turn, and what was still open before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..metering.tokens import blocks

__all__ = ["Block", "Prompt"]

Block = Mapping[str, Any]

_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Prompt:
    """The last turn of a conversation, read once."""

    text: str
    """What the user wrote, all text blocks of the last user turn together."""
    sent: tuple[Block, ...]
    """The blocks of the last user turn that are not tool results."""
    results: tuple[Block, ...]
    """The tool results in it."""
    pending: tuple[Block, ...]
    """Calls of server tools whose results are still owed."""
    names: Mapping[str, str] = field(repr=False)
    """The tool names of the previous assistant turn by the ids of their calls."""
    prefill: str | None
    """The beginning of the answer that came with the request, to be continued."""
    continued: bool
    """Whether the request ends with the assistant's turn."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Prompt:
        """What the body of a create request asks for."""
        turns = _turns(body["messages"])
        begun = turns.pop()[1] if turns and turns[-1][0] == "assistant" else ()
        user = turns.pop()[1] if turns else ()
        before = turns.pop()[1] if turns else ()
        last: Block = begun[-1] if begun else {}
        return cls(
            text=_encodable("\n".join(each["text"] for each in user if each["type"] == "text")),
            sent=tuple(block for block in user if block["type"] != "tool_result"),
            results=tuple(block for block in user if block["type"] == "tool_result"),
            pending=tuple(_unanswered(begun or before)),
            names={block["id"]: block["name"] for block in before if block["type"] in _CALLS},
            prefill=last["text"] if last.get("type") == "text" else None,
            continued=bool(begun),
        )


def _turns(
    messages: Sequence[Mapping[str, Any]],
) -> list[tuple[str, tuple[Block, ...]]]:
    """The last turns of a conversation; neighbours of one role are one, instructions are none."""
    turns: list[tuple[str, list[Sequence[Block]]]] = []
    for message in reversed(messages):
        role = message["role"]
        if role == "system":
            continue
        if not turns or turns[-1][0] != role:
            if len(turns) == _LOOKED_AT:
                break
            turns.append((role, []))
        turns[-1][1].append(blocks(message["content"]))
    return [(role, tuple(chain(*reversed(contents)))) for role, contents in reversed(turns)]


def _encodable(text: str) -> str:
    """`text` with halves of surrogate pairs replaced, for it is quoted in answers."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _unanswered(turn: Iterable[Block]) -> list[Block]:
    """The server tool calls of an assistant turn that have no result in it."""
    listed = list(turn)
    answered = {block.get("tool_use_id") for block in listed}
    return [
        block
        for block in listed
        if block["type"] == "server_tool_use" and block["id"] not in answered
    ]
