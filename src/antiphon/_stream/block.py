"""One content block of a stream, from its start to its stop.

Strategy. A block is what its start said, and for each text in it an accumulator of the fragments
that its deltas added. Fragments are kept in a list, and joined or parsed when somebody looks: so a
delta costs the same however much came before it, and a text that nobody looks at is joined once, at
the end. A tool's input is a text as well; it is parsed once, when it is complete, or from its last
snapshot on.

Nearly all deltas add to the text that their block is made of. `extend` is the short way for them;
it knows nothing of events. Everything else takes `change`, which also finds what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from .._wire.decoding import Decoder
from .._wire.json import is_list, is_object
from .._wire.literals import ExactText, joined_exactly, whole_characters
from .._wire.partial_json import PartialJSON, read_object
from ..types.content import Block, TextCitation
from ..types.events import (
    CitationEvent,
    CitationsDelta,
    CompactionContentBlockDelta,
    CompactionEvent,
    InputJSONDelta,
    InputJsonEvent,
    SignatureDelta,
    SignatureEvent,
    TextDelta,
    TextEvent,
    ThinkingDelta,
    ThinkingEvent,
)

__all__ = ["DELTA_FIELDS", "TEXT_DELTAS", "BlockBuilder", "IncompleteDeltaError", "MisfitError"]

DerivedEvent: TypeAlias = (
    TextEvent | ThinkingEvent | InputJsonEvent | CitationEvent | SignatureEvent | CompactionEvent
)

DELTA_FIELDS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
    "citations_delta": "citation",
    "signature_delta": "signature",
}
"""The field of each known type of delta that carries what is added."""

TEXT_DELTAS: Final[dict[type, str]] = {
    TextDelta: "text",
    ThinkingDelta: "thinking",
    InputJSONDelta: "partial_json",
}
"""The deltas that add to the text of a block, and the field that carries it."""

_EVENTS: Final[dict[str, Callable[[str, Any, int], DerivedEvent]]] = {
    "text": TextEvent,
    "thinking": ThinkingEvent,
    "partial_json": InputJsonEvent,
}
# The fields that deltas of each known type of block may change; the first is the text that the
# block is made of. Blocks of other types accept every delta.
_ACCEPTED_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "text": ("text", "citation"),
    "thinking": ("thinking", "signature"),
    "tool_use": ("partial_json",),
    "server_tool_use": ("partial_json",),
    "mcp_tool_use": ("partial_json",),
}
_NOT_YET: Final = "it was not received completely"

_citation: Decoder[TextCitation] = Decoder(TextCitation)


class MisfitError(Exception):
    """An event does not fit those before it; the text says why."""


class IncompleteDeltaError(MisfitError):
    """An event lacks what it should add; without it, it changes nothing."""


class BlockBuilder:
    """A block while it is received: what its start said, and the fragments that its deltas add."""

    __slots__ = (
        "_accepted",
        "_accumulators",
        "_citations",
        "_fields",
        "_half",
        "_open",
        "flaw",
        "raw_input",
        "whole",
    )

    whole: bool
    """Whether the block is complete: it has been stopped."""
    raw_input: str
    """The text of a tool's input, once it is complete."""
    flaw: str | None
    """What is wrong with that text, if anything is."""

    def __init__(self, block: object, *, whole: bool = False) -> None:
        """Begin a block.

        Args:
            block: what the start of the block said, as parsed JSON.
            whole: whether that is already all of it.
        """
        self.whole = whole
        self.raw_input = ""
        self.flaw = None
        self._fields: Any = block
        self._accumulators: dict[str, _Accumulator] = {}
        self._citations: list[TextCitation] = []
        self._half: tuple[str, str] | None = None  # of a character, and the text it is in
        self._open = not whole  # to the short way
        self._accepted = _accepted_by(block)
        if self._accepted and not whole:
            self._accumulator(self._accepted[0])  # so that its deltas take the short way

    def extend(self, name: str, added: object) -> bool:
        """Add to the text `name`; return False, and do nothing, if that takes the long way."""
        accumulator = self._accumulators.get(name)
        if accumulator is None or not self._open or not isinstance(added, str):
            return False
        accumulator.fragments.append(added)
        return True

    def change(self, delta: Any) -> None:
        """Add a delta of any type.

        Raises:
            MisfitError: it cannot be a delta of this block.
        """
        if self.whole:
            raise MisfitError("its block has been stopped")
        kind = delta.get("type") if is_object(delta) else None
        if not isinstance(kind, str) or not is_object(self._fields):
            raise MisfitError("it has no delta with a type, or its block no fields")
        name = DELTA_FIELDS.get(kind)
        if kind == "compaction_delta":
            # A summary comes whole, so a second one replaces the first.
            self._fields |= {k: v for k, v in delta.items() if k != "type" and v is not None}
        elif name is None:
            for field, value in delta.items():
                if field != "type":
                    self._continue(field, value)
        elif name not in delta:
            raise IncompleteDeltaError(f"its delta has no {name}")
        elif self._accepted is not None and name not in self._accepted:
            raise MisfitError(f"a block of type {self._fields.get('type')!r} takes no {kind}")
        elif name in self._accumulators and not isinstance(delta[name], str):
            raise MisfitError(f"its {name} is no string")
        elif name == "citation":
            self._continue("citations", [delta[name]])
        elif name == "signature":
            self._fields[name] = delta[name]
        else:
            self._continue(name, delta[name])

    def _continue(self, field: str, value: Any) -> None:
        """Append `value` to a field that is a text or a list like it, else replace the field."""
        before = self._fields.get(field)
        if isinstance(value, str) and (before is None or isinstance(before, str)):
            self._accumulator(field).fragments.append(value)
        elif is_list(value) and is_list(before):
            before.extend(value)
        else:
            self._accumulators.pop(field, None)
            self._fields[field] = value

    def _accumulator(self, field: str) -> _Accumulator:
        if field not in self._accumulators:
            start = self._fields.get(field)
            made = _InputAccumulator() if field == "partial_json" else _Accumulator()
            if isinstance(start, str) and start:
                made.fragments.append(start)
            self._accumulators[field] = made
        return self._accumulators[field]

    @property
    def is_split(self) -> bool:
        """Whether the last delta ended within a character."""
        return self._half is not None

    def cut_at_characters(self, name: str, text: str) -> str:
        """Return the text of a delta, cut between characters.

        JSON may write a character as two surrogates, and a delta may end between them. The first of
        them then waits for the next delta, and until then the block takes the long way only.
        """
        if self._half is not None and self._half[0] == name:
            text, self._half = self._half[1] + text, None
        # Only a high surrogate waits: a low one can never become the beginning of a pair.
        ends_within = "\ud800" <= text[-1:] < "\udc00"
        if ends_within:
            text, self._half = text[:-1], (name, text[-1])
        self._open = not ends_within
        return whole_characters(text)

    def finish_character(self) -> str:
        """Add the half of a character whose other half did not follow; return what it shows as."""
        if self._half is None:
            return ""
        name, half = self._half
        self._half = None
        shown = ExactText(half)
        self._accumulator(name).fragments.append(shown)
        return shown

    def stop(self) -> None:
        """End the block: join its fragments, and parse a tool's input, once."""
        self.finish_character()
        accumulator = self._accumulators.pop("partial_json", None)
        # The texts are a part of the fields from here on, so the fragments can go.
        self._fields = self.value()
        self._accumulators = {}
        self.whole, self._open = True, False
        if accumulator and accumulator.fragments:
            self.raw_input = accumulator.joined()
            self._fill(self.raw_input)

    def _fill(self, raw_input: str) -> None:
        """Parse a tool's input. Without text it is empty, unless the start of the block had one."""
        if raw_input.strip():
            self._fields["input"], self.flaw = read_object(raw_input)
        elif self._fields.get("input") is None:
            self._fields["input"] = {}

    def value(self) -> Any:
        """Return the block so far, as JSON values."""
        if not is_object(self._fields):
            return self._fields
        value = {**self._fields}
        for field, accumulator in self._accumulators.items():
            if isinstance(accumulator, _InputAccumulator):
                value["input"] = accumulator.latest() or value.get("input") or {}
            elif accumulator.fragments:
                value[field] = accumulator.joined()
        return value

    def mark(self, block: object) -> None:
        """Mark `block`, which was made from this one, as incomplete unless it is complete."""
        if not isinstance(block, Block) or (self.whole and self.flaw is None):
            return
        accumulator = self._accumulators.get("partial_json")
        raw_input = accumulator.joined() if accumulator else self.raw_input
        block.mark_incomplete(raw_input, self.flaw or _NOT_YET)

    def event(self, delta: object) -> DerivedEvent | None:
        """Return the event derived from the delta that was added last, if its type has one."""
        name = TEXT_DELTAS.get(type(delta))
        if name is not None and (accumulator := self._accumulators.get(name)):
            return _EVENTS[name](getattr(delta, name), accumulator, len(accumulator.fragments))
        match delta:
            case CitationsDelta():
                return CitationEvent(delta.citation, self._cited, len(self._fields["citations"]))
            case SignatureDelta():
                return SignatureEvent(delta.signature)
            case CompactionContentBlockDelta():
                return CompactionEvent(delta.content, delta.encrypted_content)
            case _:
                return None

    def text_event(self, text: str) -> TextEvent | None:
        """Return the event for text that was added last, but not by a delta."""
        accumulator = self._accumulators.get("text")
        if accumulator is None:
            return None
        return TextEvent(text, accumulator, len(accumulator.fragments))

    def _cited(self, upto: int) -> list[TextCitation]:
        """Return the first `upto` citations; each is decoded once."""
        # Decoding all of them for each event would be quadratic in their number.
        for citation in self._fields["citations"][len(self._citations) : upto]:
            known = _citation.from_value(citation) if is_object(citation) else citation
            self._citations.append(known)
        return self._citations[:upto]


def _accepted_by(block: object) -> tuple[str, ...] | None:
    """Return the fields that deltas of a block may change; None if any."""
    if not is_object(block):
        return ()
    kind = block.get("type")
    return _ACCEPTED_FIELDS.get(kind) if isinstance(kind, str) else None


class _Accumulator:
    """A text that is received in fragments; as JSON, each is parsed once, if somebody looks."""

    __slots__ = ("_joined", "_parsed", "_parser", "_upto", "fragments")

    def __init__(self) -> None:
        self.fragments: list[str] = []
        self._joined = ""
        self._upto = 0
        self._parser: PartialJSON | None = None
        self._parsed = 0

    def so_far(self, upto: int) -> str:
        """Return the first `upto` fragments, joined to those that were joined before."""
        # A snapshot of an earlier event, looked at late: it is joined anew, so that the text that
        # the next event continues is kept.
        if upto < self._upto:
            return joined_exactly(self.fragments[:upto])
        if upto > self._upto:
            self._joined = joined_exactly([self._joined, *self.fragments[self._upto : upto]])
            self._upto = upto
        return self._joined

    def snapshot(self, upto: int) -> Any:
        """Return the value of the first `upto` fragments."""
        return self.so_far(upto)

    def joined(self) -> str:
        """Return all of the text."""
        return self.so_far(len(self.fragments))

    def parsed(self, upto: int) -> PartialJSON:
        """Return the parser of the first `upto` fragments."""
        # A parser cannot go back, so an earlier snapshot starts from the beginning.
        if self._parser is None or upto < self._parsed:
            self._parser, self._parsed = PartialJSON(), 0
        self._parser.feed("".join(self.fragments[self._parsed : upto]))
        self._parsed = upto
        return self._parser


class _InputAccumulator(_Accumulator):
    """The text of a tool's input."""

    __slots__ = ()

    def snapshot(self, upto: int) -> object:
        """Return the input as far as it can be read from the first `upto` fragments."""
        return self.parsed(upto).value()

    def latest(self) -> dict[str, Any]:
        """Return the input as far as it was received."""
        value = self.snapshot(len(self.fragments))
        return value if is_object(value) else {}
