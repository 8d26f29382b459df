"""The last turn of a conversation, read once: what the reply has to respond to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from ..._wire.json import JSONObject
from ...catalog.request_parts import content_blocks
from .task import Task, written_texts

__all__ = ["Prompt"]

_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
# The last user turn, the assistant's turn before it, and a prefill behind it.
_TURNS_READ = 3


@dataclass(eq=False)  # `frozen` would take twice as long to make, and each request has one
class Prompt:
    """The last turn of a conversation."""

    text: str
    """The text blocks of the last user turn, joined by line breaks; without reminders."""
    blocks: tuple[JSONObject, ...]
    """The blocks of the last user turn that are not tool results."""
    results: tuple[JSONObject, ...]
    """The tool results in it."""
    pending: tuple[JSONObject, ...]
    """Calls of server tools that still have no result."""
    tool_names: Mapping[str, str] = field(repr=False)
    """The tool names of the previous assistant turn by the ids of their calls."""
    prefill: str | None
    """The beginning of the reply that the request brought, to be continued."""
    summary: str | None
    """The summary of the conversation, where the request ends with it."""
    continued: bool
    """Whether the request ends with the assistant's turn."""
    messages: Sequence[JSONObject] = field(repr=False)
    """The whole conversation."""

    # Most requests have no tools, and then nobody asks for it.
    @cached_property
    def task(self) -> Task:
        """The request of the user that the turn belongs to, and what was done for it."""
        return Task.of(self.messages)

    @classmethod
    def of(cls, body: JSONObject) -> Prompt:
        """Return the prompt of the body of a create request."""
        turns = _last_turns(body["messages"])
        begun = turns.pop()[1] if turns and turns[-1][0] == "assistant" else ()
        user = turns.pop()[1] if turns else ()
        before = turns.pop()[1] if turns else ()
        last: JSONObject = begun[-1] if begun else {}
        texts = written_texts(user)
        return cls(
            text="\n".join(texts),
            messages=body["messages"],
            blocks=tuple(block for block in user if block["type"] != "tool_result"),
            results=tuple(block for block in user if block["type"] == "tool_result"),
            pending=tuple(_without_result(begun or before)),
            tool_names={block["id"]: block["name"] for block in before if block["type"] in _CALLS},
            prefill=last["text"] if last.get("type") == "text" else None,
            summary=last["content"] if last.get("type") == "compaction" else None,
            continued=bool(begun),
        )

    def named_results(self) -> list[tuple[str, JSONObject]]:
        """Return all results of the task, in the order of their calls, with their tools' names."""
        calls = {call["id"]: call["name"] for call in self.task.calls} or self.tool_names
        left = {**{block["tool_use_id"]: block for block in self.results}, **self.task.results}
        named = [(name, left.pop(call)) for call, name in calls.items() if call in left]
        return [*named, *(("tool", block) for block in left.values())]


def _last_turns(messages: Sequence[JSONObject]) -> list[tuple[str, tuple[JSONObject, ...]]]:
    """Return the last turns of a conversation, each with its role and blocks.

    Consecutive messages of one role count as one turn; system messages are skipped.
    """
    turns: list[tuple[str, list[Sequence[JSONObject]]]] = []
    for message in reversed(messages):
        role = message["role"]
        if role == "system":
            continue
        if not turns or turns[-1][0] != role:
            if len(turns) == _TURNS_READ:
                break
            turns.append((role, []))
        turns[-1][1].append(content_blocks(message["content"]))
    return [(role, tuple(chain(*reversed(contents)))) for role, contents in reversed(turns)]


def _without_result(turn: Iterable[JSONObject]) -> list[JSONObject]:
    """Return the server tool calls of an assistant turn that have no result in it."""
    listed = list(turn)
    with_result = {block.get("tool_use_id") for block in listed}
    return [
        block
        for block in listed
        if block["type"] == "server_tool_use" and block["id"] not in with_result
    ]
