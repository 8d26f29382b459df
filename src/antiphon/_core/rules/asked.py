"""A request as the rules look at it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

from ..catalog import AS_OF, ModelCard, find
from ..model import is_list, is_object

Endpoint = Literal["create", "count_tokens"]


class Block(NamedTuple):
    """A content block and where it stands."""

    message: int
    position: int
    content: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Where the API says it stands."""
        return f"messages.{self.message}.content.{self.position}"

    @property
    def type(self) -> str:
        """Its kind."""
        return str(self.content.get("type"))


class Turn(NamedTuple):
    """What one side says: consecutive messages of a role count as one."""

    role: str
    message: int
    """The index of its last message."""
    blocks: list[Block]


@dataclass(frozen=True)
class Asked:
    """A request whose shape is right."""

    body: Mapping[str, Any]
    endpoint: Endpoint
    version: str
    betas: Collection[str]
    count: Callable[[Mapping[str, Any]], int] | None
    today: date = AS_OF

    @cached_property
    def card(self) -> ModelCard | None:
        """The model, if it is known and still answers."""
        card = find(self.body["model"])
        return None if card is None or card.lifecycle(self.today) == "retired" else card

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation."""
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    @cached_property
    def turns(self) -> list[Turn]:
        """The conversation, side by side."""
        turns: list[Turn] = []
        for index, message in enumerate(self.messages):
            blocks = list(blocks_of(index, message))
            if turns and turns[-1].role == message["role"]:
                blocks = turns.pop().blocks + blocks
            turns.append(Turn(message["role"], index, blocks))
        return turns

    @cached_property
    def blocks(self) -> list[Block]:
        """Every block of the conversation."""
        return [block for turn in self.turns for block in turn.blocks]

    @property
    def output_config(self) -> dict[str, Any]:
        """The effort and format asked for."""
        output = self.body.get("output_config")
        return output if is_object(output) else {}

    @property
    def thinking(self) -> str | None:
        """The type of thinking asked for."""
        config = self.body.get("thinking")
        return config["type"] if is_object(config) else None

    @property
    def thinks(self) -> bool:
        """Whether the model will think."""
        if self.thinking is not None:
            return self.thinking != "disabled"
        return self.card is not None and self.card.thinking_default != "off"

    @property
    def forces_a_tool(self) -> bool:
        """Whether `tool_choice` leaves no choice."""
        choice = self.body.get("tool_choice")
        return is_object(choice) and choice.get("type") in ("any", "tool")

    def marked(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every `cache_control`, in the order of the prompt, with the path of what carries it."""
        for index, tool in enumerate(self.body.get("tools") or ()):
            yield from _mark(f"tools.{index}", tool)
        system = self.body.get("system")
        for index, block in enumerate(system if is_list(system) else ()):
            yield from _mark(f"system.{index}", block)
        for block in self.blocks:
            yield from _mark(block.path, block.content)


def _mark(path: str, carrier: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    mark = carrier.get("cache_control")
    if is_object(mark):
        yield path, mark


def blocks_of(index: int, message: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of a message; plain text is one."""
    content = message.get("content")
    if isinstance(content, str):
        yield Block(index, 0, {"type": "text", "text": content})
    elif is_list(content):
        for position, block in enumerate(content):
            if is_object(block):
                yield Block(index, position, block)


def inner(block: Block) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The block itself, and those in a tool result, each with its path, tags included."""
    yield f"{block.path}.{tag(block.content)}", block.content
    content = block.content.get("content")
    if block.type == "tool_result" and is_list(content):
        for index, part in enumerate(content):
            if is_object(part):
                yield f"{block.path}.tool_result.content.{index}.{tag(part)}", part


def tag(block: Mapping[str, Any]) -> str:
    """The segment that a block's kind is in a path; a document that is a PDF is called so."""
    source = block.get("source")
    if block.get("type") == "document" and is_object(source) and source.get("type") == "base64":
        return "pdf"
    return str(block.get("type"))
