"""A request as the rules look at it: its parts, turns, content blocks and model, found once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

from .._wire.json import is_list, is_object
from ..catalog.models import AS_OF, ModelCard, find

__all__ = ["NEWER_VERSION", "BlockView", "Endpoint", "RequestView", "Turn", "merge", "tag"]

Endpoint: TypeAlias = Literal["create", "count_tokens", "batches", "batch_item"]
"""The use of a body; a `batch_item` is the `params` of an item of a batch."""


NEWER_VERSION = "2026-10-21"
"""The API version that refuses some inputs of `2023-06-01`, the other one."""


class BlockView(NamedTuple):
    """A content block and its position in the conversation, its messages merged into turns."""

    turn: int
    position: int
    role: str
    content: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The path of the block in the API's texts."""
        return f"messages.{self.turn}.content.{self.position}"

    @property
    def type(self) -> str:
        """The type of the block."""
        return str(self.content["type"])


class Turn(NamedTuple):
    """Consecutive messages of one role; the API takes them for one message.

    The paths of its texts count turns and their blocks: of two user messages at the beginning, the
    block of the second is ``messages.0.content.1``. Problems of form are found before messages are
    merged, so their paths are those of the body.
    """

    number: int
    role: str
    contents: list[str | list[Mapping[str, Any]]]
    """The content of each of its messages."""
    blocks: list[BlockView]

    @property
    def path(self) -> str:
        """The path of the turn in the API's texts."""
        return f"messages.{self.number}"

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the content of the blocks of one type."""
        return [block.content for block in self.blocks if block.content["type"] == kind]


# Shared, because `part` is called by most checks.
_EMPTY: Mapping[str, Any] = {}


@dataclass(eq=False)  # `frozen` would take twice as long to make, and each request has one
class RequestView:
    """A request of the right form."""

    body: Mapping[str, Any]
    endpoint: Endpoint
    version: str
    betas: Collection[str]
    count: Callable[[Mapping[str, Any]], int] | None
    today: date = AS_OF
    turns: list[Turn] = field(init=False)
    """The messages, those of one role that follow each other merged."""
    blocks: dict[str, list[BlockView]] = field(init=False)
    """The content blocks of all messages by type."""

    def __post_init__(self) -> None:
        self.turns = [] if self.endpoint == "batches" else merge(self.messages)
        self.blocks = {}
        for turn in self.turns:
            for block in turn.blocks:
                self.blocks.setdefault(block.content["type"], []).append(block)

    def parts(self) -> frozenset[str]:
        """Return the names of what is in the request, by which checks are chosen.

        These are the fields of the body (`tools`), the roles of the messages (`role.system`), the
        types of their content blocks (`block.image`) and the fields of these (`field.citations`).
        """
        names, fields = set(self.body), set[str]()
        for turn in self.turns:
            names.add(f"role.{turn.role}")
            for block in turn.blocks:
                fields.update(block.content)
        names.update([f"block.{kind}" for kind in self.blocks])
        names.update([f"field.{name}" for name in fields])
        return frozenset(names)

    # What takes time is computed when the first check asks for it, and then kept for the others.

    @cached_property
    def card(self) -> ModelCard | None:
        """The model, if it is known and not retired."""
        card = find(self.body["model"])
        return None if card is None or card.lifecycle(self.today) == "retired" else card

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages as they are in the body."""
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    def of(self, *kinds: str) -> Iterator[BlockView]:
        """Return the blocks of some types, one type after the other."""
        for kind in kinds:
            yield from self.blocks.get(kind, ())

    def media(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Return images or documents, also those in tool results, with their paths."""
        for block in self.of(kind):
            yield f"{block.path}.{tag(block.content)}", block.content
        for block in self.of("tool_result"):
            content = block.content.get("content")
            for index, part in enumerate(content if is_list(content) else ()):
                if part["type"] == kind:
                    yield f"{block.path}.tool_result.content.{index}.{tag(part)}", part

    @property
    def system(self) -> list[Mapping[str, Any]]:
        """The blocks of `system`; none if it is plain text."""
        system = self.body.get("system")
        return system if is_list(system) else []

    @property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """The tools that the request defines."""
        return self.body.get("tools") or ()

    def part(self, name: str) -> Mapping[str, Any]:
        """Return an object of the body; an empty one if it is not given."""
        part = self.body.get(name)
        return part if is_object(part) else _EMPTY

    @cached_property
    def output_format(self) -> tuple[str, Mapping[str, Any]] | None:
        """The schema of structured output and its path; `output_format` is its former name."""
        for path, given in (
            ("output_config.format.schema", self.part("output_config").get("format")),
            ("output_format.schema", self.body.get("output_format")),
        ):
            if is_object(given):
                return path, given["schema"]
        return None

    @property
    def effort(self) -> str | None:
        """The effort that the request names."""
        return self.part("output_config").get("effort")

    @property
    def thinking(self) -> str | None:
        """The type of thinking that the request names."""
        return self.part("thinking").get("type")

    @cached_property
    def thinks(self) -> bool:
        """True if the model will think, or if that is not known because the model is not."""
        if self.thinking is not None:
            return self.thinking != "disabled"
        return self.card is None or self.card.thinking_default != "off"

    @cached_property
    def forces_a_tool(self) -> bool:
        """True if `tool_choice` makes the model call a tool."""
        return self.part("tool_choice").get("type") in ("any", "tool")

    def has_beta(self, *names: str) -> bool:
        """Return whether the request names a beta that begins with one of `names`."""
        return any(beta.startswith(names) for beta in self.betas)

    @cached_property
    def cache_marks(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every `cache_control` in the order of the prompt, with the path of its carrier."""
        carriers = [(f"tools.{index}", tool) for index, tool in enumerate(self.tools)]
        carriers += [(f"system.{index}", block) for index, block in enumerate(self.system)]
        carriers += [(block.path, block.content) for turn in self.turns for block in turn.blocks]
        return [
            (path, carrier["cache_control"])
            for path, carrier in carriers
            if carrier.get("cache_control")
        ]


def merge(messages: Iterable[Mapping[str, Any]]) -> list[Turn]:
    """Return messages as turns: those of one role that follow each other are one."""
    turns: list[Turn] = []
    for message in messages:
        role, content = message["role"], message["content"]
        if not turns or turns[-1].role != role:
            turns.append(Turn(len(turns), role, [], []))
        turn = turns[-1]
        turn.contents.append(content)
        for block in _blocks(content):
            turn.blocks.append(BlockView(turn.number, len(turn.blocks), role, block))
    return turns


def _blocks(content: str | list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the content blocks of a message; plain text is one, and empty text is none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


def tag(block: Mapping[str, Any]) -> str:
    """Return the type of a block as paths name it: a document in base64 is a ``pdf`` there."""
    source = block.get("source")
    if block["type"] == "document" and is_object(source) and source.get("type") == "base64":
        return "pdf"
    return str(block["type"])
