"""A request as the rules look at it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

from .._wire.json import is_list, is_object
from ..catalog.models import AS_OF, ModelCard, find

Endpoint = Literal["create", "count_tokens", "batches", "batch_item"]
"""What a body is for; a `batch_item` is the `params` of an item of a batch."""


class BlockView(NamedTuple):
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
        return str(self.content["type"])


class Turn(NamedTuple):
    """What one side says: consecutive messages of a role count as one."""

    role: str
    first: int
    """The index of its first message."""
    last: int
    """The index of its last message."""
    blocks: list[BlockView]

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The blocks of a kind."""
        return [block.content for block in self.blocks if block.content["type"] == kind]


_EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class RequestView:
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

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation."""
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    @cached_property
    def turns(self) -> list[Turn]:
        """The conversation, side by side."""
        turns: list[Turn] = []
        for index, message in enumerate(self.messages):
            role, blocks = message["role"], blocks_of(index, message["content"])
            if turns and turns[-1].role == role:
                turns[-1] = turns[-1]._replace(last=index)
                turns[-1].blocks.extend(blocks)
            else:
                turns.append(Turn(role, index, index, list(blocks)))
        return turns

    @cached_property
    def blocks(self) -> dict[str, list[BlockView]]:
        """Every block of the conversation, by kind."""
        blocks: dict[str, list[BlockView]] = {}
        for turn in self.turns:
            for block in turn.blocks:
                blocks.setdefault(block.content["type"], []).append(block)
        return blocks

    def of(self, *kinds: str) -> Iterator[BlockView]:
        """The blocks of some kinds, kind after kind."""
        for kind in kinds:
            yield from self.blocks.get(kind, ())

    def media(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Images or documents, in tool results too, with their paths."""
        for block in self.of(kind):
            yield f"{block.path}.{tag(block.content)}", block.content
        for block in self.of("tool_result"):
            content = block.content.get("content")
            for index, part in enumerate(content if is_list(content) else ()):
                if part["type"] == kind:
                    yield f"{block.path}.tool_result.content.{index}.{tag(part)}", part

    @cached_property
    def tools(self) -> Sequence[Mapping[str, Any]]:
        """The tools given."""
        return self.body.get("tools") or ()

    def part(self, name: str) -> Mapping[str, Any]:
        """An object of the body; an empty one if it is not given."""
        part = self.body.get(name)
        return part if is_object(part) else _EMPTY

    @cached_property
    def output_format(self) -> tuple[str, Mapping[str, Any]] | None:
        """The format asked for, and the path of its schema; also under its former name."""
        for path, given in (
            ("output_config.format.schema", self.part("output_config").get("format")),
            ("output_format.schema", self.body.get("output_format")),
        ):
            if is_object(given):
                return path, given["schema"]
        return None

    @cached_property
    def thinking(self) -> str | None:
        """The type of thinking asked for."""
        return self.part("thinking").get("type")

    @cached_property
    def thinks(self) -> bool:
        """Whether the model will think."""
        if self.thinking is not None:
            return self.thinking != "disabled"
        return self.card is not None and self.card.thinking_default != "off"

    @cached_property
    def forces_a_tool(self) -> bool:
        """Whether `tool_choice` leaves no choice."""
        return self.part("tool_choice").get("type") in ("any", "tool")

    def has_beta(self, *names: str) -> bool:
        """Whether a beta is asked for whose name begins so."""
        return any(beta.startswith(names) for beta in self.betas)

    @cached_property
    def marks(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every `cache_control`, in the order of the prompt, with the path of what carries it."""
        system = self.body.get("system")
        carriers = [(f"tools.{index}", tool) for index, tool in enumerate(self.tools)]
        carriers += [
            (f"system.{n}", block) for n, block in enumerate(system if is_list(system) else ())
        ]
        carriers += [(block.path, block.content) for turn in self.turns for block in turn.blocks
                     if "cache_control" in block.content]  # fmt: skip
        return [
            (path, each["cache_control"]) for path, each in carriers if each.get("cache_control")
        ]


def blocks_of(index: int, content: str | list[dict[str, Any]]) -> Iterator[BlockView]:
    """The blocks of a message; plain text is one."""
    if isinstance(content, str):
        yield BlockView(index, 0, {"type": "text", "text": content})
        return
    for position, block in enumerate(content):
        yield BlockView(index, position, block)


def tag(block: Mapping[str, Any]) -> str:
    """The segment that a block's kind is in a path; a document that is a PDF is called so."""
    source = block.get("source")
    if block["type"] == "document" and is_object(source) and source.get("type") == "base64":
        return "pdf"
    return str(block["type"])
