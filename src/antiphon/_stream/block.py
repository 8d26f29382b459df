"""One content block of a stream, from its start to its stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from .._wire.decoding import Decoder
from .._wire.json import is_list, is_object
from .._wire.partial_json import PartialJSON, read_object
from ..types.content import Block, TextCitation
from ..types.events import (
    CitationEvent,
    CitationsDelta,
    InputJSONDelta,
    InputJsonEvent,
    SignatureDelta,
    SignatureEvent,
    TextDelta,
    TextEvent,
    ThinkingDelta,
    ThinkingEvent,
)
from ..types.server_tools import ServerToolUseBlock
from ..types.tools import ToolUseBlock

__all__ = ["DELTA_FIELDS", "TEXT_DELTAS", "BlockBuilder", "MisfitError"]

DerivedEvent: TypeAlias = (
    TextEvent | ThinkingEvent | InputJsonEvent | CitationEvent | SignatureEvent
)

DELTA_FIELDS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
    "citations_delta": "citation",
    "signature_delta": "signature",
}
"""The field of each known kind of delta that carries what is new."""

TEXT_DELTAS: Final[dict[type, str]] = {
    TextDelta: "text",
    ThinkingDelta: "thinking",
    InputJSONDelta: "partial_json",
}
"""The deltas that add text to a block, and where they carry it."""

_EVENTS: Final[dict[str, Callable[[str, Any, int], DerivedEvent]]] = {
    "text": TextEvent,
    "thinking": ThinkingEvent,
    "partial_json": InputJsonEvent,
}
# What each known kind of block takes, the text it is made of first. Other kinds take anything.
_ACCEPTED_FIELDS: Final[dict[object, tuple[str, ...]]] = {
    "text": ("text", "citation"),
    "thinking": ("thinking", "signature"),
    "tool_use": ("partial_json",),
    "server_tool_use": ("partial_json",),
}
_NOT_YET: Final = "it has not arrived whole"

_citation: Decoder[TextCitation] = Decoder(TextCitation)


class MisfitError(Exception):
    """An event does not fit those before it; the text says why."""


class BlockBuilder:
    """A block while it arrives: what its start said, and the fragments that its deltas add.

    Fragments are kept apart and joined or parsed when asked for, so a delta costs the same
    however much came before it.
    """

    __slots__ = ("_citations", "_fields", "_growing", "_takes", "flaw", "raw_input", "whole")

    whole: bool
    """Whether it has been stopped."""
    raw_input: str
    """The text of a tool's input, once it is whole."""
    flaw: str | None
    """What is wrong with that text, if anything is."""

    def __init__(self, block: object, *, whole: bool = False) -> None:
        self.whole = whole
        self.raw_input = ""
        self.flaw = None
        self._fields: Any = block
        self._growing: dict[str, _Accumulator] = {}
        self._citations: list[TextCitation] = []
        self._takes = _ACCEPTED_FIELDS.get(block.get("type")) if is_object(block) else ()
        if self._takes and not whole:
            self._grow(self._takes[0])  # so that its deltas take the short way

    def change(self, delta: Any) -> None:
        """Add a delta.

        Raises:
            MisfitError: it cannot be a delta of this block.
        """
        if self.whole:
            raise MisfitError("its block has been stopped")
        try:
            name = DELTA_FIELDS[delta["type"]]
            growing = self._growing[name]
            news = delta[name]
        except (KeyError, TypeError):
            self._change_otherwise(delta)
            return
        if not isinstance(news, str):
            raise MisfitError(f"its {name} is no string")
        growing.fragments.append(news)

    def extend(self, name: str, news: object) -> bool:
        """Add more of the text that the block is made of; false if it is made of something else."""
        growing = self._growing.get(name)
        if growing is None or self.whole or not isinstance(news, str):
            return False
        growing.fragments.append(news)
        return True

    def _change_otherwise(self, delta: Any) -> None:
        """Add a delta that is not more of the text that its block is made of."""
        kind = delta.get("type") if is_object(delta) else None
        if not isinstance(kind, str) or not is_object(self._fields):
            raise MisfitError("it has no delta with a type, or its block no fields")
        name = DELTA_FIELDS.get(kind)
        if name is None:
            for field, value in delta.items():
                if field != "type":
                    self._continue(field, value)
        elif name not in delta:
            raise MisfitError(f"its delta has no {name}")
        elif self._takes is not None and name not in self._takes:
            raise MisfitError(f"a block of type {self._fields.get('type')!r} takes no {kind}")
        elif name == "citation":
            self._continue("citations", [delta[name]])
        elif name == "signature":
            self._fields[name] = delta[name]
        else:
            self._continue(name, delta[name])

    def _continue(self, field: str, value: Any) -> None:
        """Put `value` after what is there if both are strings or both are lists, else in its place."""
        before = self._fields.get(field)
        if isinstance(value, str) and (before is None or isinstance(before, str)):
            self._grow(field).fragments.append(value)
        elif is_list(value) and is_list(before):
            before.extend(value)
        else:
            self._growing.pop(field, None)
            self._fields[field] = value

    def _grow(self, field: str) -> _Accumulator:
        if field not in self._growing:
            start = self._fields.get(field)
            text = start if isinstance(start, str) else ""
            self._growing[field] = (
                _InputAccumulator() if field == "partial_json" else _Accumulator(text)
            )
        return self._growing[field]

    def stop(self) -> None:
        """The block is whole: join its fragments, and parse a tool's input, once."""
        growing = self._growing.pop("partial_json", None)
        self._fields = self.value()
        self._growing = {}
        self.whole = True
        if growing and growing.fragments:
            self.raw_input = growing.joined()
            self._fill(self.raw_input)

    def _fill(self, raw_input: str) -> None:
        """Parse a tool's input; one without text is empty, unless the start brought it."""
        if raw_input.strip():
            self._fields["input"], self.flaw = read_object(raw_input)
        elif self._fields.get("input") is None:
            self._fields["input"] = {}

    def value(self) -> Any:
        """The block so far, as JSON values."""
        if not is_object(self._fields):
            return self._fields
        value = {**self._fields}
        for field, growing in self._growing.items():
            if isinstance(growing, _InputAccumulator):
                value["input"] = growing.latest() or value.get("input") or {}
            elif growing.fragments:
                value[field] = growing.joined()
        return value

    def mark(self, block: object) -> None:
        """Tell `block`, made from this, that it is not complete if it is not."""
        if not isinstance(block, Block) or (self.whole and self.flaw is None):
            return
        growing = self._growing.get("partial_json")
        raw_input = growing.joined() if growing else self.raw_input
        block.mark_incomplete(raw_input, self.flaw or _NOT_YET)

    def mark_if_empty(self, block: object) -> None:
        """Tell `block`, made from this and cut off by a limit, that it is no call if it has no input."""
        if isinstance(block, ToolUseBlock | ServerToolUseBlock) and not block.input:
            block.mark_incomplete(self.raw_input, _NOT_YET)

    def event(self, delta: object) -> DerivedEvent | None:
        """The event made from the delta added last, if one is made from its kind."""
        name = TEXT_DELTAS.get(type(delta))
        if name is not None and (growing := self._growing.get(name)):
            return _EVENTS[name](getattr(delta, name), growing, len(growing.fragments))
        match delta:
            case CitationsDelta():
                return CitationEvent(delta.citation, self._cited, len(self._fields["citations"]))
            case SignatureDelta():
                return SignatureEvent(delta.signature)
            case _:
                return None

    def first_text_event(self, text: str) -> TextEvent | None:
        """The event for the text with which a text block began."""
        growing = self._growing.get("text")
        return None if growing is None else TextEvent(text, growing, len(growing.fragments))

    def _cited(self, upto: int) -> list[TextCitation]:
        """The first `upto` citations; each is decoded once."""
        for citation in self._fields["citations"][len(self._citations) : upto]:
            known = _citation.from_value(citation) if is_object(citation) else citation
            self._citations.append(known)
        return self._citations[:upto]


class _Accumulator:
    """A text that arrives in fragments."""

    __slots__ = ("_joined", "_upto", "fragments")

    def __init__(self, start: str = "") -> None:
        self.fragments = [start] if start else []
        self._joined = ""
        self._upto = 0

    def so_far(self, upto: int) -> str:
        """The first `upto` fragments, joined to those that were joined before."""
        if upto < self._upto:
            return "".join(self.fragments[:upto])
        if upto > self._upto:
            self._joined = "".join((self._joined, *self.fragments[self._upto : upto]))
            self._upto = upto
        return self._joined

    def snapshot(self, upto: int) -> Any:
        """What the first `upto` fragments amount to."""
        return self.so_far(upto)

    def joined(self) -> str:
        """All of it."""
        return self.so_far(len(self.fragments))


class _InputAccumulator(_Accumulator):
    """The text of a tool's input; a fragment is parsed once, and only if anyone looks."""

    __slots__ = ("_parsed", "_parser")

    def __init__(self) -> None:
        super().__init__()
        self._parser = PartialJSON()
        self._parsed = 0

    def snapshot(self, upto: int) -> object:
        """The input as far as it can be read from the first `upto` fragments."""
        if upto < self._parsed:
            self._parser, self._parsed = PartialJSON(), 0
        self._parser.feed("".join(self.fragments[self._parsed : upto]))
        self._parsed = upto
        return self._parser.value()

    def latest(self) -> dict[str, Any]:
        """All that has arrived of the input."""
        value = self.snapshot(len(self.fragments))
        return value if is_object(value) else {}
