"""Events of a streamed answer: those on the wire, and those made from them."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, cast

from pydantic import Discriminator
from pydantic_core import from_json

from .._wire.decoding import Decoder, OrUnknown, Unknown, WireModel
from .content import TextCitation
from .content_blocks import ContentBlock
from .message import (
    Container,
    Message,
    OutputTokensDetails,
    RefusalStopDetails,
    ServerToolUsage,
    StopReason,
)
from .wire_errors import ErrorResponse

__all__ = [
    "CitationEvent",
    "CitationsDelta",
    "ContentBlockDeltaEvent",
    "ContentBlockStartEvent",
    "ContentBlockStopEvent",
    "Delta",
    "ErrorEvent",
    "InputJSONDelta",
    "InputJsonEvent",
    "MessageDeltaEvent",
    "MessageDeltaUsage",
    "MessageStartEvent",
    "MessageStopEvent",
    "MessageStreamEvent",
    "ParsedContentBlockStopEvent",
    "ParsedMessageStopEvent",
    "PingEvent",
    "RawContentBlockDelta",
    "RawContentBlockDeltaEvent",
    "RawContentBlockStartEvent",
    "RawContentBlockStopEvent",
    "RawMessageDeltaEvent",
    "RawMessageStartEvent",
    "RawMessageStopEvent",
    "RawMessageStreamEvent",
    "SignatureDelta",
    "SignatureEvent",
    "TextDelta",
    "TextEvent",
    "ThinkingDelta",
    "ThinkingEvent",
    "UnknownDelta",
    "UnknownEvent",
    "WireEvent",
    "decode_event",
]

T_co = TypeVar("T_co", covariant=True)


class TextDelta(WireModel):
    """More text of a text block: `text`."""

    type: Literal["text_delta"]
    text: str


class InputJSONDelta(WireModel):
    """More of a tool's input: `partial_json` is a fragment of its JSON, maybe empty."""

    type: Literal["input_json_delta"]
    partial_json: str


class CitationsDelta(WireModel):
    """One more citation of a text block: `citation`."""

    type: Literal["citations_delta"]
    citation: TextCitation


class ThinkingDelta(WireModel):
    """More thinking of a thinking block: `thinking`."""

    type: Literal["thinking_delta"]
    thinking: str


class SignatureDelta(WireModel):
    """The signature of a thinking block: `signature` replaces what was there."""

    type: Literal["signature_delta"]
    signature: str


class UnknownDelta(Unknown):
    """A delta of a kind this version does not know: `type` names it."""


RawContentBlockDelta: TypeAlias = Annotated[
    TextDelta | InputJSONDelta | CitationsDelta | ThinkingDelta | SignatureDelta,
    Discriminator("type"),
    OrUnknown(UnknownDelta),
]
"""A change of a block; told apart by `type`."""


class Delta(WireModel):
    """How a message ends; fields as in `Message`."""

    container: Container | None = None
    stop_details: RefusalStopDetails | None = None
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None


class MessageDeltaUsage(WireModel):
    """What the message cost so far; fields as in `Usage`.

    Counts are totals of the whole message. One that is null or absent is unchanged.
    """

    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens_details: OutputTokensDetails | None = None
    server_tool_use: ServerToolUsage | None = None


class RawMessageStartEvent(WireModel):
    """A message begins: `message` is what is known of it."""

    type: Literal["message_start"]
    message: Message


class RawMessageDeltaEvent(WireModel):
    """The message as a whole changes: `delta` replaces fields of it, `usage` its counts."""

    type: Literal["message_delta"]
    delta: Delta
    usage: MessageDeltaUsage


class RawMessageStopEvent(WireModel):
    """The message is whole; nothing follows."""

    type: Literal["message_stop"]


class RawContentBlockStartEvent(WireModel):
    """A block begins.

    index: its place in the message's content, from 0.
    content_block: what is known of it.
    """

    type: Literal["content_block_start"]
    index: int
    content_block: ContentBlock


class RawContentBlockDeltaEvent(WireModel):
    """A block changes.

    index: its place in the message's content, from 0.
    delta: what is added to it.
    """

    type: Literal["content_block_delta"]
    index: int
    delta: RawContentBlockDelta


class RawContentBlockStopEvent(WireModel):
    """A block is whole: the one at `index`, counted from 0."""

    type: Literal["content_block_stop"]
    index: int


class PingEvent(WireModel):
    """The connection is alive; nothing else happened."""

    type: Literal["ping"]


class UnknownEvent(Unknown):
    """An event of a kind this version does not know: `type` names it."""


ErrorEvent: TypeAlias = ErrorResponse
"""The answer failed after it had begun: `error` says why. Nothing follows."""

MessageStartEvent: TypeAlias = RawMessageStartEvent
MessageDeltaEvent: TypeAlias = RawMessageDeltaEvent
ContentBlockStartEvent: TypeAlias = RawContentBlockStartEvent
ContentBlockDeltaEvent: TypeAlias = RawContentBlockDeltaEvent

RawMessageStreamEvent: TypeAlias = Annotated[
    RawMessageStartEvent
    | RawMessageDeltaEvent
    | RawMessageStopEvent
    | RawContentBlockStartEvent
    | RawContentBlockDeltaEvent
    | RawContentBlockStopEvent,
    Discriminator("type"),
    OrUnknown(UnknownEvent),
]
"""An event of a streamed answer, as it is on the wire; told apart by `type`."""

WireEvent: TypeAlias = Annotated[
    RawMessageStartEvent
    | RawMessageDeltaEvent
    | RawMessageStopEvent
    | RawContentBlockStartEvent
    | RawContentBlockDeltaEvent
    | RawContentBlockStopEvent
    | PingEvent
    | ErrorEvent,
    Discriminator("type"),
    OrUnknown(UnknownEvent),
]
"""Anything that a stream may bring; told apart by `type`."""

_wire_event: Decoder[WireEvent] = Decoder(WireEvent)


def decode_event(raw: bytes | str) -> WireEvent:
    """Read the JSON of one event. A kind that is not known becomes an `UnknownEvent`.

    Raises:
        ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
    """
    return _wire_event.decode(raw)


class Accumulator(Protocol[T_co]):
    """What arrives in fragments."""

    def snapshot(self, upto: int, /) -> T_co:
        """What the first `upto` fragments amount to."""
        ...


class MadeEvent:
    """An event made from those on the wire, with the methods by which received ones are dumped.

    A stream makes many of these and few are dumped, so they are plain objects, and the pydantic
    model that dumps one is made when it is asked for.
    """

    __slots__ = ()

    def to_dict(self, **options: Any) -> dict[str, object]:
        """Return this event as JSON values, with its snapshot if it has one.

        Args:
            options: as for `to_dict` of received objects.
        """
        return self._as_model().to_dict(**options)

    def to_json(self, **options: Any) -> str:
        """Return this event as JSON text, with its snapshot if it has one.

        Args:
            options: as for `to_json` of received objects.
        """
        return self._as_model().to_json(**options)

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return this event as a dict; takes the options of pydantic's method of this name."""
        return self._as_model().model_dump(**options)

    def model_dump_json(self, **options: Any) -> str:
        """Return this event as JSON text; takes the options of pydantic's method of this name."""
        return self._as_model().model_dump_json(**options)

    def _as_model(self) -> UnknownEvent:
        own = [known.name for known in fields(cast("Any", self))]
        shown = ["type", *(name for name in own if not name.startswith("_"))]
        if hasattr(type(self), "snapshot"):
            shown.append("snapshot")
        return UnknownEvent.model_construct(**{name: getattr(self, name) for name in shown})


@dataclass(slots=True, eq=False)
class TextEvent(MadeEvent):
    """More text arrived.

    text: what is new.
    """

    type: ClassVar[Literal["text"]] = "text"
    text: str
    _source: Accumulator[str] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> str:
        """The whole text of the block up to this event; joined when asked for."""
        return self._source.snapshot(self._upto)

    def parsed_snapshot(self) -> object:
        """The text so far read as JSON that may still be cut off.

        Raises:
            ValueError: the text is not the beginning of JSON.
        """
        return cast("object", from_json(self.snapshot, allow_partial="trailing-strings"))


@dataclass(slots=True, eq=False)
class ThinkingEvent(MadeEvent):
    """More thinking arrived.

    thinking: what is new.
    """

    type: ClassVar[Literal["thinking"]] = "thinking"
    thinking: str
    _source: Accumulator[str] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> str:
        """All thinking of the block up to this event; joined when asked for."""
        return self._source.snapshot(self._upto)


@dataclass(slots=True, eq=False)
class InputJsonEvent(MadeEvent):
    """More of a tool's input arrived.

    partial_json: the fragment of JSON that is new, maybe empty.
    """

    type: ClassVar[Literal["input_json"]] = "input_json"
    partial_json: str
    _source: Accumulator[object] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> object:
        """The input up to this event, as far as it can be read; parsed when asked for."""
        return self._source.snapshot(self._upto)


@dataclass(slots=True, eq=False)
class CitationEvent(MadeEvent):
    """A citation arrived.

    citation: the one that is new.
    """

    type: ClassVar[Literal["citation"]] = "citation"
    citation: TextCitation
    _so_far: Callable[[int], list[TextCitation]] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> list[TextCitation]:
        """All citations of the block up to this event; listed when asked for."""
        return self._so_far(self._upto)


@dataclass(slots=True, eq=False)
class SignatureEvent(MadeEvent):
    """A thinking block was signed.

    signature: the signature, whole.
    """

    type: ClassVar[Literal["signature"]] = "signature"
    signature: str


@dataclass(slots=True, eq=False)
class ParsedContentBlockStopEvent(MadeEvent):
    """A block is whole.

    index: its place in the message's content, from 0.
    content_block: the block.
    """

    type: ClassVar[Literal["content_block_stop"]] = "content_block_stop"
    index: int
    content_block: ContentBlock


@dataclass(slots=True, eq=False)
class ParsedMessageStopEvent(MadeEvent):
    """The message is whole; nothing follows.

    message: the message.
    """

    type: ClassVar[Literal["message_stop"]] = "message_stop"
    message: Message


ContentBlockStopEvent: TypeAlias = ParsedContentBlockStopEvent
MessageStopEvent: TypeAlias = ParsedMessageStopEvent

MessageStreamEvent: TypeAlias = (
    RawMessageStartEvent
    | RawMessageDeltaEvent
    | ParsedMessageStopEvent
    | RawContentBlockStartEvent
    | RawContentBlockDeltaEvent
    | ParsedContentBlockStopEvent
    | TextEvent
    | ThinkingEvent
    | SignatureEvent
    | CitationEvent
    | InputJsonEvent
)
"""An event of `messages.stream`: those on the wire, each followed by what was made from it.

Kinds that are not listed arrive as `UnknownEvent`. Told apart by `type`.
"""
