"""Events of a streamed message: those that the API sends, and those that are made from them."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar, cast

from pydantic import Discriminator

from .._wire.decoding import Decoder, OrUnknown, Unknown, WireModel
from .._wire.partial_json import PartialJSON
from .content import TextCitation
from .content_blocks import ContentBlock
from .message import (
    Container,
    ContextManagementResponse,
    FallbackCreditUsage,
    InputTransformation,
    IterationsUsage,
    Message,
    OutputTokensDetails,
    RefusalStopDetails,
    ServerToolUsage,
    StopReason,
)
from .outputs import ParsedContentBlock, ParsedMessage
from .wire_errors import ErrorResponse

__all__ = [
    "CitationEvent",
    "CitationsDelta",
    "CompactionContentBlockDelta",
    "CompactionEvent",
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
    """More text for a text block.

    text: the text to append.
    """

    type: Literal["text_delta"]
    text: str


class InputJSONDelta(WireModel):
    """More of the input of a tool.

    partial_json: a fragment of its JSON text; it may be empty.
    """

    type: Literal["input_json_delta"]
    partial_json: str


class CitationsDelta(WireModel):
    """One more citation for a text block.

    citation: the citation to append.
    """

    type: Literal["citations_delta"]
    citation: TextCitation


class ThinkingDelta(WireModel):
    """More text for a thinking block.

    thinking: the text to append.

    With a beta it also has `estimated_tokens`: about how many tokens of thinking there are so far.
    """

    type: Literal["thinking_delta"]
    thinking: str


class SignatureDelta(WireModel):
    """The signature of a thinking block.

    signature: the whole signature; it replaces any before it.
    """

    type: Literal["signature_delta"]
    signature: str


class CompactionContentBlockDelta(WireModel):
    """The summary of a compaction block; it comes whole.

    content, encrypted_content: those of the block; they replace any before them.
    """

    type: Literal["compaction_delta"]
    content: str | None = None
    encrypted_content: str | None = None


class UnknownDelta(Unknown):
    """A delta of a type that this version of the package does not know."""


RawContentBlockDelta: TypeAlias = Annotated[
    TextDelta
    | InputJSONDelta
    | CitationsDelta
    | ThinkingDelta
    | SignatureDelta
    | CompactionContentBlockDelta,
    Discriminator("type"),
    OrUnknown(UnknownDelta),
]
"""A change of a content block. `type` tells the kinds apart."""


class Delta(WireModel):
    """The fields that are known at the end of a message; they are those of `Message`."""

    container: Container | None = None
    stop_details: RefusalStopDetails | None = None
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None


class MessageDeltaUsage(WireModel):
    """The tokens used by the message so far; the fields are those of `Usage`.

    Counts are totals for the whole message. A count that is None or missing is unchanged.
    """

    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens_details: OutputTokensDetails | None = None
    server_tool_use: ServerToolUsage | None = None
    iterations: IterationsUsage | None = None
    fallback_credit: FallbackCreditUsage | None = None


class RawMessageStartEvent(WireModel):
    """The beginning of a message.

    message: what is known of it; its content is still empty.
    """

    type: Literal["message_start"]
    message: Message


class RawMessageDeltaEvent(WireModel):
    """A change of the message as a whole.

    delta: fields that replace those of the message.
    usage: counts that replace those of the message.
    context_management, input_transformations: those of the message; with a beta.
    """

    type: Literal["message_delta"]
    delta: Delta
    usage: MessageDeltaUsage
    context_management: ContextManagementResponse | None = None
    input_transformations: list[InputTransformation] | None = None


class RawMessageStopEvent(WireModel):
    """The end of the message: it is complete."""

    type: Literal["message_stop"]


class RawContentBlockStartEvent(WireModel):
    """The beginning of a content block.

    index: its index in the content of the message.
    content_block: what is known of it.
    """

    type: Literal["content_block_start"]
    index: int
    content_block: ContentBlock


class RawContentBlockDeltaEvent(WireModel):
    """A change of a content block.

    index: its index in the content of the message.
    delta: what is added to it.
    """

    type: Literal["content_block_delta"]
    index: int
    delta: RawContentBlockDelta


class RawContentBlockStopEvent(WireModel):
    """The end of a content block: it is complete.

    index: its index in the content of the message.
    """

    type: Literal["content_block_stop"]
    index: int


class PingEvent(WireModel):
    """A sign that the connection is alive; it says nothing else."""

    type: Literal["ping"]


class UnknownEvent(Unknown):
    """An event of a type that this version of the package does not know."""


ErrorEvent: TypeAlias = ErrorResponse
"""A failure after the response had begun. Nothing follows it."""

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
"""An event of a streamed message, as the API sends it. `type` tells the kinds apart."""

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
"""Any event that a stream may contain. `type` tells the kinds apart."""

_wire_event: Decoder[WireEvent] = Decoder(WireEvent)


def decode_event(raw: bytes | str) -> WireEvent:
    """Return the event that a JSON text describes; one of an unknown type is an `UnknownEvent`.

    Raises:
        ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
    """
    return _wire_event.decode(raw)


class Accumulator(Protocol[T_co]):
    """Something that is received in fragments."""

    def snapshot(self, upto: int, /) -> T_co:
        """Return the value of the first `upto` fragments."""
        ...


class TextAccumulator(Accumulator[str], Protocol):
    """A text that is received in fragments, and may be JSON."""

    def parsed(self, upto: int, /) -> PartialJSON:
        """Return the parser of the first `upto` fragments."""
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
        # The fields of the dataclass do not name `type`, which is of the class, nor `snapshot`, a
        # property.
        own = [known.name for known in fields(cast("Any", self))]
        shown = ["type", *(name for name in own if not name.startswith("_"))]
        if hasattr(type(self), "snapshot"):
            shown.append("snapshot")
        # The open model has no fields of its own, so it dumps whatever it is given.
        return UnknownEvent.model_construct(**{name: getattr(self, name) for name in shown})


@dataclass(slots=True, eq=False)
class TextEvent(MadeEvent):
    """Text was received.

    text: the text added by this event.
    """

    type: ClassVar[Literal["text"]] = "text"
    text: str
    _source: TextAccumulator = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> str:
        """The text of the block up to and including this event; joined when it is read."""
        return self._source.snapshot(self._upto)

    def parsed_snapshot(self) -> object:
        """Return the value of the text so far, read as JSON that may still be incomplete.

        Values share what is complete in them, so they must not be changed.

        Raises:
            ValueError: the text is not the beginning of JSON.
        """
        parser = self._source.parsed(self._upto)
        if parser.faulty:
            raise ValueError("the text is not the beginning of JSON")
        return cast("object", parser.value())


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
        """The thinking of the block up to and including this event; joined when it is read."""
        return self._source.snapshot(self._upto)


@dataclass(slots=True, eq=False)
class InputJsonEvent(MadeEvent):
    """A part of the input of a tool was received.

    partial_json: the fragment of JSON added by this event; it may be empty.
    """

    type: ClassVar[Literal["input_json"]] = "input_json"
    partial_json: str
    _source: Accumulator[object] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> object:
        """The input up to this event, as far as it can be parsed; parsed when it is read."""
        return self._source.snapshot(self._upto)


@dataclass(slots=True, eq=False)
class CitationEvent(MadeEvent):
    """A citation was received.

    citation: the citation added by this event.
    """

    type: ClassVar[Literal["citation"]] = "citation"
    citation: TextCitation
    _so_far: Callable[[int], list[TextCitation]] = field(repr=False)
    _upto: int = field(repr=False)

    @property
    def snapshot(self) -> list[TextCitation]:
        """The citations of the block up to and including this event."""
        return self._so_far(self._upto)


@dataclass(slots=True, eq=False)
class SignatureEvent(MadeEvent):
    """The signature of a thinking block was received.

    signature: the whole signature.
    """

    type: ClassVar[Literal["signature"]] = "signature"
    signature: str


@dataclass(slots=True, eq=False)
class CompactionEvent(MadeEvent):
    """The summary of a compaction block was received.

    content, encrypted_content: those of the block.
    """

    type: ClassVar[Literal["compaction"]] = "compaction"
    content: str | None
    encrypted_content: str | None


@dataclass(slots=True, eq=False)
class ParsedContentBlockStopEvent(MadeEvent):
    """A content block is complete.

    index: its index in the content of the message.
    content_block: the block.
    """

    type: ClassVar[Literal["content_block_stop"]] = "content_block_stop"
    index: int
    content_block: "ParsedContentBlock[Any]"


@dataclass(slots=True, eq=False)
class ParsedMessageStopEvent(MadeEvent):
    """The message is whole; nothing follows.

    message: the message.
    """

    type: ClassVar[Literal["message_stop"]] = "message_stop"
    message: ParsedMessage[Any]


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
    | CompactionEvent
)
"""An event of `messages.stream`: those that the API sends, each followed by what is made from it.

`type` tells the kinds apart. An event of an unknown type is an `UnknownEvent`.
"""
