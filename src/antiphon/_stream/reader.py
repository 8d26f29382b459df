"""A stream read: bytes to frames, frames to events, and the message so far.

Facts are from the Messages API, streaming. What is received is kept, also where its kind is not known:

* An event of another kind is passed on and changes nothing. One that follows `message_stop` is ignored.
* A delta of another kind changes its block by its own fields: strings continue strings, lists
  continue lists, anything else replaces. A block of another kind takes every delta.
* `message_delta` puts all its fields on the message. A null never replaces what is there.
* `message_start` may come again: with the same id it changes nothing, with another it starts over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeAlias, TypeVar, cast

from pydantic_core import from_json, to_json

from .._wire.decoding import Decoder
from .._wire.http import HTTPResponse
from .._wire.json import is_list, is_object
from .._wire.sse import Frame, SSEDecoder
from ..errors import (
    APIError,
    StreamInterruptedError,
    StreamProtocolError,
    UsageError,
    status_error,
)
from ..types.content_blocks import ContentBlock
from ..types.events import (
    MessageStreamEvent,
    ParsedContentBlockStopEvent,
    ParsedMessageStopEvent,
    RawContentBlockDeltaEvent,
    RawMessageStreamEvent,
    decode_event,
)
from ..types.message import Message
from .block import DELTA_FIELDS, TEXT_DELTAS, BlockBuilder, MisfitError

__all__ = ["Frame", "MessageReader"]

T = TypeVar("T")
Fields: TypeAlias = dict[str, Any]

_whole: Decoder[Message] = Decoder(Message)
_block: Decoder[ContentBlock] = Decoder(ContentBlock)
_change: Decoder[RawContentBlockDeltaEvent] = Decoder(RawContentBlockDeltaEvent)

_CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")


class MessageReader:
    """Bytes in, frames out; and from frames, taken in order, events and the message so far.

    Every view takes its next frame from one queue: a frame is interpreted once, as `event`,
    `events` or `text`, and each of them adds it to the message.
    """

    __slots__ = (
        "_blocks",
        "_count",
        "_decoder",
        "_fields",
        "_last",
        "_message",
        "_response",
        "finished",
    )

    finished: bool
    """Whether the message is whole."""

    def __init__(self, response: HTTPResponse) -> None:
        """Begin to read the body of `response`, of which only the head has arrived."""
        self.finished = False
        self._response = response
        self._decoder = SSEDecoder()
        self._count = 0  # frames interpreted
        self._last: str | None = None  # the kind of the event read last
        self._fields: Fields | None = None  # of the message, but for its blocks
        self._blocks: dict[int, BlockBuilder] = {}
        self._message: Message | None = None  # once it is whole

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes, to be interpreted in this order."""
        return self._decoder.feed(chunk)

    def close(self, *, lenient: bool = False) -> list[Frame]:
        """The frame that the end of the body completes, if any. Interpret it and call this again.

        Args:
            lenient: accept a body without `message_stop` if its message has a stop reason and no
                block is open; some gateways leave the event out.

        Raises:
            StreamInterruptedError: the body ended before the message was whole.
        """
        frames = [frame for frame in self._decoder.close() if _is_whole(frame)]
        if frames or self.finished:
            return frames
        if not (lenient and self._has_ended()):
            raise self._failed(self._interruption())
        self._finish()
        return []

    def event(self, frame: Frame) -> RawMessageStreamEvent | None:
        """The event of `frame` as the API sent it; None for a ping.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        quick = self._take_text(frame)
        if quick is not None:
            return quick
        if self._take(frame) is None:
            return None
        return cast("RawMessageStreamEvent", decode_event(frame[1]))

    def events(self, frame: Frame) -> tuple[MessageStreamEvent, ...]:
        """The event of `frame`, followed or replaced by what is made from it; () for a ping.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        quick = self._take_text(frame)
        if quick is not None:
            derived = self._blocks[quick.index].event(quick.delta)
            return (quick,) if derived is None else (quick, derived)
        event = self._take(frame)
        if event is None:
            return ()
        if event["type"] == "content_block_stop":
            return (ParsedContentBlockStopEvent(event["index"], _decoded(self._block_of(event))),)
        if event["type"] == "message_stop":
            return (ParsedMessageStopEvent(self.message),)
        raw = cast("RawMessageStreamEvent", decode_event(frame[1]))
        made = self._made_from(event, raw)
        events = (raw,) if made is None else (raw, made)
        return cast("tuple[MessageStreamEvent, ...]", events)

    def text(self, frame: Frame) -> str | None:
        """The text that `frame` adds to the message, if it adds any; makes no event.

        Raises:
            APIStatusError: it says that the API failed.
            StreamProtocolError: it cannot be read, or does not fit the events before it.
        """
        quick = self._quick_text(frame)
        if quick is not None:
            return quick
        event = self._take(frame)
        if event is None:
            return None
        if event["type"] == "content_block_delta":
            delta = event["delta"]
            return delta.get("text") if delta["type"] == "text_delta" else None
        return _text_at_start(event)

    @property
    def message(self) -> Message:
        """The message so far: a new object each time, until it is whole.

        Raises:
            UsageError: nothing of it has arrived.
        """
        if self._fields is None:
            raise UsageError(
                "the message has not begun: read the first event of the stream before you ask for it"
            )
        if not self.finished:
            return self._built(self._fields)
        if self._message is None:
            self._message = self._built(self._fields)
        return self._message

    @property
    def partial(self) -> Message | None:
        """The message so far; None if nothing of it has arrived.

        The blocks that are `complete` arrived whole; the last one may not have.
        """
        return None if self._fields is None else self.message

    def _take_text(self, frame: Frame) -> RawContentBlockDeltaEvent | None:
        """Add the commonest event, more text of an open block, reading its JSON only once.

        None, and nothing added, if `frame` is anything else.
        """
        if frame[0] != b"content_block_delta" or self.finished:
            return None
        try:
            event = _change.exactly(frame[1])
        except ValueError:
            return None
        name = TEXT_DELTAS.get(type(event.delta))
        block = self._blocks.get(event.index)
        if name is None or block is None or not block.extend(name, getattr(event.delta, name)):
            return None
        self._count += 1
        self._last = "content_block_delta"
        return event

    def _quick_text(self, frame: Frame) -> str | None:
        """Add more of an open block, reading its JSON only once: the text that it adds, or "".

        None, and nothing added, if `frame` is anything else.
        """
        if frame[0] != b"content_block_delta" or self.finished:
            return None
        try:
            event = from_json(frame[1])
            delta = event["delta"]
            name = DELTA_FIELDS[delta["type"]]
            news = delta[name]
            if event["type"] != "content_block_delta" or not self._blocks[event["index"]].extend(
                name, news
            ):
                return None
        except (ValueError, LookupError, TypeError):
            return None
        self._count += 1
        self._last = "content_block_delta"
        return cast("str", news) if name == "text" else ""

    def _take(self, frame: Frame) -> Fields | None:
        """Add the event of `frame` to the message; None if it says nothing."""
        self._count += 1
        self._last = _name_of(frame)
        if self.finished or self._last == "ping":
            return None
        event = self._parsed(frame)
        kind = self._last = event["type"]
        if kind == "ping":
            return None
        if kind == "error":
            raise self._failed(status_error(self._response, event))
        apply = self._APPLY.get(kind)
        if apply is not None:
            try:
                apply(self, event)
            except MisfitError as misfit:
                raise self._failed(self._violation(event, misfit)) from None
        return event

    def _parsed(self, frame: Frame) -> Fields:
        try:
            event = from_json(frame[1])
        except ValueError as fault:
            raise self._failed(self._unreadable(frame, str(fault))) from None
        if not is_object(event):
            raise self._failed(self._unreadable(frame, "it is no object"))
        if not isinstance(event.setdefault("type", self._last), str):
            raise self._failed(self._unreadable(frame, "it has no type"))
        return event

    def _start(self, event: Fields) -> None:
        message = event.get("message")
        if not is_object(message):
            raise MisfitError("it has no message")
        if self._fields is not None and self._fields.get("id") == message.get("id"):
            return
        content = message.pop("content", None)
        self._fields = message
        blocks = content if is_list(content) else ()
        self._blocks = {i: BlockBuilder(block, whole=True) for i, block in enumerate(blocks)}

    def _begun(self) -> Fields:
        if self._fields is None:
            raise MisfitError("no message_start came before it")
        return self._fields

    def _start_block(self, event: Fields) -> None:
        self._begun()
        index = event.get("index")
        if not isinstance(index, int):
            raise MisfitError("it has no index")
        if index in self._blocks:
            raise MisfitError(f"block {index} has begun already")
        self._blocks[index] = BlockBuilder(event.get("content_block"))

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
        block.stop()

    def _change_message(self, event: Fields) -> None:
        fields = self._begun()
        delta = event.get("delta")
        if not is_object(delta):
            raise MisfitError("it has no delta")
        beside = {key: value for key, value in event.items() if key not in ("type", "delta")}
        usage = beside.pop("usage", None)
        _merge(fields, {**beside, **delta})
        if is_object(usage):
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
        for block in self._blocks.values():
            if not block.whole:
                block.stop()
        self.finished = True

    def _has_ended(self) -> bool:
        reason = (self._fields or {}).get("stop_reason")
        return reason is not None and all(block.whole for block in self._blocks.values())

    def _built(self, fields: Fields) -> Message:
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        content = [block.value() for block in blocks]
        message = _new(_whole, {**fields, "content": content})
        message._request_id = self._response.headers.get("request-id")  # pyright: ignore[reportPrivateUsage] users know it by this name
        for block, made in zip(blocks, message.content, strict=True):
            block.mark(made)
        if blocks and fields.get("stop_reason") in _CUT_OFF:
            blocks[-1].mark_if_empty(message.content[-1])
        return message

    def _made_from(self, event: Fields, raw: RawMessageStreamEvent) -> MessageStreamEvent | None:
        """What `messages.stream` gives after a raw event."""
        if isinstance(raw, RawContentBlockDeltaEvent):
            return self._block_of(event).event(raw.delta)
        text = _text_at_start(event)
        return self._block_of(event).first_text_event(text) if text else None

    def _failed(self, error: APIError) -> APIError:
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


def _decoded(arrived: BlockBuilder) -> ContentBlock:
    """A block that has been stopped, as a new object."""
    value = arrived.value()
    block = _new(_block, value) if is_object(value) else value
    arrived.mark(block)
    return cast("ContentBlock", block)


def _new(decoder: Decoder[T], value: Fields) -> T:
    """An object that shares nothing with `value`, as if it had come in one piece."""
    try:
        return decoder.decode(to_json(value, inf_nan_mode="constants"))
    except ValueError:  # nested too deeply for JSON text, though its parts were not
        return decoder.from_value(value)


def _merge(into: Fields, news: Fields) -> None:
    """Put every field of `news` in place; a null replaces nothing."""
    for key, value in news.items():
        if value is not None or key not in into:
            into[key] = value


def _merge_counts(into: Fields, news: Fields) -> None:
    """The same, going into objects on both sides."""
    for key, value in news.items():
        before = into.get(key)
        if is_object(value) and is_object(before):
            _merge_counts(before, value)
        else:
            _merge(into, {key: value})


def _text_at_start(event: Fields) -> str | None:
    """The text with which a text block begins; the API begins them empty, some gateways do not."""
    match event:
        case {"type": "content_block_start", "content_block": {"type": "text", "text": str(text)}}:
            return text
        case _:
            return None


def _name_of(frame: Frame) -> str | None:
    name = frame[0]
    return None if name is None else name.decode("utf-8", "replace")


def _is_whole(frame: Frame) -> bool:
    """Whether the data of a frame that was not ended is not cut off."""
    try:
        from_json(frame[1])
    except ValueError:
        return False
    return True
