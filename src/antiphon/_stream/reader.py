"""The reader of a stream: bytes to frames, frames to events, and the message so far.

Strategy. `feed` cuts bytes into frames. A frame is interpreted once, by one of three views: `event`
(what the API sent), `events` (with what is derived from it) or `text` (text only). All of them add
it to the message, which is a table of its fields and one `BlockBuilder` for each block; the message
itself is made when somebody asks for it.

Nine of ten events add text to an open block. Two short ways are for them, because the general way
parses JSON twice (as values for the message, as a model for the caller) and looks at all that might
be wrong: for events that costs 4 µs instead of 2, for text 2 µs instead of 1.2. `_take_text`
decodes the model only and takes the text out of it; `text` parses values only and makes no model.
Both leave everything unusual, also every fault, to the general way, `_take`.

Facts are from the Messages API, streaming. What is received is kept, also where its type is
unknown:

* An event of an unknown type is passed on and changes nothing. What follows `message_stop` is
  ignored.
* A delta of an unknown type changes its block by its own fields: texts continue texts, lists
  continue lists, anything else replaces. A block of an unknown type accepts every delta.
* `message_delta` puts all its fields on the message. A null never replaces what is there.
* `message_start` may come again: with the same id it changes nothing, with another it starts over.
* The type in the data wins over the name of an event; an event named `error` is one, unless its
  data has the type of another event. Data that is empty is skipped; `[DONE]` ends the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, TypeVar, cast

from pydantic_core import from_json

from .._wire.decoding import Decoder
from .._wire.http import HTTPResponse
from .._wire.json import dumps, is_list, is_object
from .._wire.json_writer import NotJSONError
from .._wire.literals import (
    may_forget_literals,
    read_exactly,
    read_with_surrogates,
    whole_characters,
)
from .._wire.sse import Frame, FrameTooLargeError, SSEDecoder
from ..errors import (
    APIError,
    StreamInterruptedError,
    StreamProtocolError,
    UsageError,
    status_error,
)
from ..types.content_blocks import ContentBlock, decode_block
from ..types.events import (
    MessageStreamEvent,
    ParsedContentBlockStopEvent,
    ParsedMessageStopEvent,
    RawContentBlockDeltaEvent,
    RawMessageStreamEvent,
    TextEvent,
    decode_event,
)
from ..types.message import Message, mark_cut_off
from .block import DELTA_FIELDS, TEXT_DELTAS, BlockBuilder, IncompleteDeltaError, MisfitError
from .writer import encoded

if TYPE_CHECKING:
    from ..outputs import OutputType
    from ..types.outputs import ParsedMessage

__all__ = ["Frame", "MessageReader"]

T = TypeVar("T")
Fields: TypeAlias = dict[str, Any]

_message: Decoder[Message] = Decoder(Message)
_block: Decoder[ContentBlock] = Decoder(ContentBlock)
_delta_event: Decoder[RawContentBlockDeltaEvent] = Decoder(RawContentBlockDeltaEvent)

# What some gateways send after the last event.
_DONE: Final = b"[DONE]"


class MessageReader:
    """Bytes in, frames out; and from frames, taken in order, events and the message so far."""

    __slots__ = (
        "_blocks",
        "_count",
        "_decoder",
        "_fields",
        "_last",
        "_left",
        "_lenient",
        "_message",
        "_output",
        "_response",
        "_split",
        "finished",
    )

    finished: bool
    """Whether the message is complete."""

    def __init__(
        self,
        response: HTTPResponse,
        *,
        lenient: bool = False,
        output: OutputType[Any] | None = None,
    ) -> None:
        """Begin to read the body of a response.

        Args:
            response: the response, of which only the head was received.
            output: how the output of the message is read, if there may be one.
            lenient: accept what some gateways send: a body without `message_stop`, if its message
                has a stop reason and no block is open, and deltas that lack what they should add.
        """
        self.finished = False
        self._lenient = lenient
        self._output = output
        self._response = response
        self._decoder = SSEDecoder()
        self._count = 0  # frames that were interpreted
        self._last: str | None = None  # the type of the last event
        self._fields: Fields | None = None  # those of the message, without its blocks
        self._blocks: dict[int, BlockBuilder] = {}
        self._message: Message | None = None  # once it is complete
        self._left: TextEvent | None = None  # for what the block stopped last had left
        self._split = False  # whether a delta ended within a character

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that `chunk` completes, to be interpreted in this order.

        Raises:
            StreamProtocolError: an event is too large to be kept.
        """
        try:
            return self._decoder.feed(chunk)
        except FrameTooLargeError as fault:
            message = f"The stream sent {fault}."
            raise self._failed(StreamProtocolError(self._response, message=message)) from None

    def close(self) -> list[Frame]:
        """Return the frame that the end of the body completes. Interpret it and call this again.

        Raises:
            StreamInterruptedError: the body ended before the message was complete.
        """
        frames = self._rest()
        if not frames and not self.finished:
            self._end()
        return frames

    def take_rest(self) -> None:
        """Add to the message what was received when the body broke off."""
        for frame in self._rest():
            self._take(frame)

    def _rest(self) -> list[Frame]:
        return [frame for frame in self._decoder.close() if _is_whole(frame)]

    def _end(self) -> None:
        reason = (self._fields or {}).get("stop_reason")
        closed = all(block.whole for block in self._blocks.values())
        if not (self._lenient and reason is not None and closed):
            raise self._failed(self._interruption())
        self._finish()

    def is_error(self, frame: Frame) -> bool:
        """Return whether `frame` says that the API failed; it need not be the next one."""
        name, data = frame
        # Every frame passes here, so nothing is parsed that cannot be an error: the name of a frame
        # decides, or the word in its data where it has none.
        if name != b"error" and (name is not None or b'"error"' not in data):
            return False
        try:
            event = from_json(data)
        except ValueError:
            return name is not None
        if not is_object(event):
            return name is not None
        return self._type_of(event, _name_of(frame)) == "error"

    def event(self, frame: Frame) -> RawMessageStreamEvent | None:
        """Return the event of `frame` as the API sent it; None for a ping.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        quick = self._take_text(frame)
        if quick is not None:
            return quick
        taken = self._take(frame)
        return None if taken is None else cast("RawMessageStreamEvent", decode_event(taken[1]))

    def events(self, frame: Frame) -> tuple[MessageStreamEvent, ...]:
        """Return the event of `frame`, followed or replaced by derived ones; () for a ping.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        quick = self._take_text(frame)
        if quick is not None:
            derived = self._blocks[quick.index].event(quick.delta)
            return (quick,) if derived is None else (quick, derived)
        taken = self._take(frame)
        return () if taken is None else tuple(self._seen(*taken))

    def _seen(self, event: Fields, data: bytes) -> Iterator[MessageStreamEvent]:
        """Return what `messages.stream` gives for an event that was taken."""
        if event["type"] == "content_block_stop":
            if self._left is not None:
                yield self._left
            block: Any = _decoded(self._block_of(event))
            if self._output is not None:
                block = self._output.read_block(block)
            yield ParsedContentBlockStopEvent(event["index"], block)
        elif event["type"] == "message_stop":
            yield ParsedMessageStopEvent(cast("ParsedMessage[Any]", self.message))
        else:
            raw = decode_event(data)
            yield cast("MessageStreamEvent", raw)
            if (derived := self._derived_from(event, raw)) is not None:
                yield derived

    def _derived_from(self, event: Fields, raw: object) -> MessageStreamEvent | None:
        if isinstance(raw, RawContentBlockDeltaEvent):
            name = TEXT_DELTAS.get(type(raw.delta))
            if name and not isinstance(getattr(raw.delta, name), str):
                return None  # it lacks what it should add
            return self._block_of(event).event(raw.delta)
        text = _text_at_start(event)
        return self._block_of(event).text_event(text) if text else None

    def text(self, frame: Frame) -> str | None:
        """Return the text that `frame` adds to the message, if it adds any; make no event.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        # The short way: a delta of an open block. Whatever is unusual changes nothing here.
        if frame[0] != b"content_block_delta" or self.finished:
            return self._text_of(frame)
        name, added = "", ""
        try:
            event: Any = from_json(frame[1])
            delta = event["delta"]
            name = DELTA_FIELDS[delta["type"]]
            added = delta[name]
            # The type in the data wins over the name of the frame, so it is looked at here too.
            is_delta = event["type"] == "content_block_delta"
            taken = is_delta and self._blocks[event["index"]].extend(name, added)
        except (ValueError, LookupError, TypeError):
            taken = False
        if not taken:
            return self._text_of(frame)
        self._count += 1
        self._last = "content_block_delta"
        return added if name == "text" else ""

    def _text_of(self, frame: Frame) -> str | None:
        """Take `frame` by the general way; return the text that it adds, if it adds any."""
        taken = self._take(frame)
        if taken is None:
            return None
        event = taken[0]
        if event["type"] == "content_block_delta":
            delta = event["delta"]
            text = delta.get("text") if delta["type"] == "text_delta" else None
            return text if isinstance(text, str) else None
        if event["type"] == "content_block_stop":
            return None if self._left is None else self._left.text
        return _text_at_start(event)

    @property
    def message(self) -> Message:
        """The message so far: a new object each time, until it is complete.

        Raises:
            UsageError: nothing of it was received.
        """
        if self._fields is None:
            raise UsageError(
                "the message has not begun: read the first event of the stream before you ask for"
                " it"
            )
        if not self.finished:
            return self._built(self._fields)
        if self._message is None:
            built = self._built(self._fields)
            self._message = built if self._output is None else self._output.read(built)
        return self._message

    @property
    def partial(self) -> Message | None:
        """The message so far; None if nothing of it was received.

        The blocks that are `complete` were received completely; the last one may not be.
        """
        return None if self._fields is None else self.message

    def _take_text(self, frame: Frame) -> RawContentBlockDeltaEvent | None:
        """Take a delta of an open block by the short way, and return it as an event.

        Return None, and change nothing, if `frame` is anything else.
        """
        if frame[0] != b"content_block_delta" or self.finished:
            return None
        try:
            # The exact shape only: a looser one would accept deltas that the general way must
            # refuse.
            event = _delta_event.exactly(frame[1])
        except ValueError:
            return None
        delta = event.delta
        name = TEXT_DELTAS.get(type(delta))
        block = self._blocks.get(event.index)
        if name is None or block is None or not block.extend(name, getattr(delta, name)):
            return None
        self._count += 1
        self._last = "content_block_delta"
        return event

    def _take(self, frame: Frame) -> tuple[Fields, bytes] | None:
        """Add the event of `frame` to the message; return it and its JSON, or None without one."""
        # Counted before anything can fail: errors say at which event the stream failed.
        self._count += 1
        name = self._last = _name_of(frame)
        if self.finished or name == "ping" or not frame[1]:
            return None
        # It ends the body, so the message must be complete: one that was cut off must not pass
        # unseen.
        if frame[1].strip() == _DONE:
            self._end()
            return None
        event, data = self._parsed(frame, name)
        kind = self._last = event["type"]
        if kind == "ping":
            return None
        if kind == "error":
            raise self._failed(status_error(self._response, event))
        apply = self._APPLY.get(kind)
        if apply is not None:
            try:
                apply(self, event)
            except IncompleteDeltaError as misfit:
                if not self._lenient:
                    raise self._failed(self._violation(event, misfit)) from None
            except MisfitError as misfit:
                raise self._failed(self._violation(event, misfit)) from None
        return event, data

    def _parsed(self, frame: Frame, name: str | None) -> tuple[Fields, bytes]:
        """Return the event of a frame, and its JSON without halves of characters."""
        data = frame[1]
        try:
            event = from_json(data)
            odd = self._split
        except ValueError as fault:
            # What the standard library reads and pydantic does not: surrogates, and long numbers.
            event, odd = self._read_patiently(frame, fault), True
        if not is_object(event):
            raise self._failed(self._unreadable(frame, "it is no object"))
        kind = self._type_of(event, name)
        if kind is None:
            raise self._failed(self._unreadable(frame, "it has no type"))
        if kind == "error" and event.get("type") != "error":
            event = event if is_object(event.get("error")) else {"error": event, "type": kind}
        event["type"] = kind
        if odd:
            event = self._with_whole_characters(event)
            data = encoded(event)
        # Deltas add texts, and a tool's input is read with its literals when it is complete. The
        # other events are few, so those with floats are read again.
        elif kind != "content_block_delta" and may_forget_literals(event):
            event = {**read_exactly(data), "type": kind}
        return event, data

    def _read_patiently(self, frame: Frame, fault: ValueError) -> Any:
        try:
            event = read_with_surrogates(frame[1])
            whole_characters(event)  # refuses what is nested too deeply
        except ValueError:
            raise self._failed(self._unreadable(frame, str(fault))) from None
        return event

    def _type_of(self, event: Fields, name: str | None) -> str | None:
        """Return the type of an event; the name of its frame stands in, and may say `error`."""
        kind = event.get("type", name)
        known = isinstance(kind, str) and (kind == "ping" or kind in self._APPLY)
        if name == "error" and not known:
            return "error"
        return kind if isinstance(kind, str) else None

    def _with_whole_characters(self, event: Fields) -> Fields:
        """Return a copy of an event whose texts are cut between characters."""
        delta = event.get("delta")
        kind = delta.get("type") if is_object(delta) else None
        name = DELTA_FIELDS.get(kind) if isinstance(kind, str) else None
        block = self._blocks.get(event["index"]) if isinstance(event.get("index"), int) else None
        if block is not None and is_object(delta) and name and isinstance(delta.get(name), str):
            text = block.cut_at_characters(name, delta[name])
            self._split = any(each.is_split for each in self._blocks.values())
            event = {**event, "delta": {**delta, name: text}}
        return whole_characters(event)

    def _start(self, event: Fields) -> None:
        message = event.get("message")
        if not is_object(message):
            raise MisfitError("it has no message")
        if self._fields is not None and self._fields.get("id") == message.get("id"):
            return
        content = message.pop("content", None)
        if isinstance(content, str) and content:
            content = [{"type": "text", "text": content}]  # as some gateways write a text
        self._fields = message
        blocks = content if is_list(content) else ()
        self._blocks = {i: BlockBuilder(block, whole=True) for i, block in enumerate(blocks)}

    def _begun(self) -> Fields:
        if self._fields is None:
            raise MisfitError("no message_start came before it")
        return self._fields

    def _start_block(self, event: Fields) -> None:
        fields = self._begun()
        index = event.get("index")
        if not isinstance(index, int):
            raise MisfitError("it has no index")
        if index in self._blocks:
            raise MisfitError(f"block {index} has begun already")
        match block := event.get("content_block"):
            case {"type": "fallback", "to": {"model": str(model)}}:
                fields["model"] = model  # another model writes the message from here on
            case _:
                pass
        self._blocks[index] = BlockBuilder(block)

    def _block_of(self, event: Fields) -> BlockBuilder:
        try:
            return self._blocks[event["index"]]
        except (KeyError, TypeError):
            self._begun()
            raise MisfitError(f"block {event.get('index')!r} has not begun") from None

    def _change_block(self, event: Fields) -> None:
        self._block_of(event).change(event.get("delta"))

    def _stop_block(self, event: Fields) -> None:
        block = self._block_of(event)
        if block.whole:
            raise MisfitError("its block has been stopped already")
        left = block.finish_character()
        self._left = block.text_event(left) if left else None
        block.stop()

    def _change_message(self, event: Fields) -> None:
        fields = self._begun()
        delta = event.get("delta")
        if not is_object(delta):
            raise IncompleteDeltaError("it has no delta")
        beside = {key: value for key, value in event.items() if key not in ("type", "delta")}
        changes = {**beside, **delta}
        # Counts are merged one by one, wherever they stand; some gateways put them into the delta.
        counts = [each.get("usage") for each in (beside, delta)]
        changes.pop("usage", None)
        _merge(fields, changes)
        for usage in filter(is_object, counts):
            _merge_counts(fields, {"usage": usage})

    def _stop(self, _: Fields) -> None:
        self._begun()
        self._finish()

    _APPLY: ClassVar[dict[str, Callable[[MessageReader, Fields], None]]] = {
        "message_start": _start,
        "content_block_start": _start_block,
        "content_block_delta": _change_block,
        "content_block_stop": _stop_block,
        "message_delta": _change_message,
        "message_stop": _stop,
    }

    def _finish(self) -> None:
        # A server may end the message without having stopped each of its blocks.
        for block in self._blocks.values():
            if not block.whole:
                block.stop()
        self.finished = True

    def _built(self, fields: Fields) -> Message:
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        message = _made_of(
            {**fields, "content": [block.value() for block in blocks]}, Message.decode, _message
        )
        sent = self._response.headers
        message._mark_received(  # pyright: ignore[reportPrivateUsage] of the base of all results
            sent.get("request-id"), sent.get("anthropic-workspace-id")
        )
        # What is incomplete cannot stand in JSON, so it is marked on the blocks that were made.
        for block, made in zip(blocks, message.content, strict=True):
            block.mark(made)
        mark_cut_off(message)
        return message

    def _failed(self, error: APIError) -> APIError:
        # What was received has been paid for, so the error hands it over.
        error.partial = self.partial
        error.request_id = error.request_id or self._response.headers.get("request-id")
        return error

    def _interruption(self) -> StreamInterruptedError:
        if not self._count:
            return StreamInterruptedError("The stream ended before its first event.", phase="body")
        where = f"after event {self._count} ({self._last})"
        return StreamInterruptedError(
            f"The stream ended {where}, before its message was complete.", phase="body"
        )

    def _unreadable(self, frame: Frame, reason: str) -> StreamProtocolError:
        text = frame[1].decode("utf-8", "replace")
        message = (
            f"Event {self._count} ({self._last}) cannot be read: {reason}; it is {text[:200]!r}"
        )
        return StreamProtocolError(self._response, text, message=message)

    def _violation(self, event: Fields, misfit: MisfitError) -> StreamProtocolError:
        message = f"Event {self._count} ({self._last}) does not fit those before it: {misfit}."
        return StreamProtocolError(self._response, event, message=message)


def _decoded(block: BlockBuilder) -> ContentBlock:
    """Return a block that has been stopped, as a new object."""
    value = block.value()
    made = _made_of(value, decode_block, _block) if is_object(value) else value
    block.mark(made)
    return cast("ContentBlock", made)


def _made_of(value: Fields, decode: Callable[[bytes], T], decoder: Decoder[T]) -> T:
    """Return an object that shares nothing with `value`, as if it was received in one piece."""
    try:
        # Through JSON, because decoding a text in Rust makes new objects all the way down.
        return decode(dumps(value))
    except (ValueError, NotJSONError):  # a number is not finite, or the whole is nested too deeply
        return decoder.from_value(deepcopy(value))


def _merge(into: Fields, changes: Fields) -> None:
    """Put every field of `changes` in its place; a null replaces nothing."""
    for key, value in changes.items():
        if value is not None or key not in into:
            into[key] = value


def _merge_counts(into: Fields, changes: Fields) -> None:
    """Do the same, and go into objects on both sides."""
    for key, value in changes.items():
        before = into.get(key)
        if is_object(value) and is_object(before):
            _merge_counts(before, value)
        else:
            _merge(into, {key: value})


def _text_at_start(event: Fields) -> str | None:
    """Return the text with which a text block begins; the API sends none, some gateways do."""
    match event:
        case {"type": "content_block_start", "content_block": {"type": "text", "text": str(text)}}:
            return text
        case _:
            return None


def _name_of(frame: Frame) -> str | None:
    name = frame[0]
    return None if name is None else name.decode("utf-8", "replace")


def _is_whole(frame: Frame) -> bool:
    """Return whether the data of a frame without its blank line is not cut off."""
    try:
        # The last blank line may be missing although nothing else is: whole JSON tells both apart.
        from_json(frame[1])
    except ValueError:
        return False
    return True
