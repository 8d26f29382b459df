"""A streamed call: opened, read event by event, and opened again while nothing was delivered.

Strategy. A `StreamFlow` holds three things: the attempts of the call, a queue of frames (events as
they were framed, not yet interpreted), and the `MessageReader` that interprets them. `open` and
`receive` are flows, which the runner of a client performs; they fill the queue. `take_event`,
`take_text` and `take_derived_event` are plain functions that empty it, so an event that has been
received costs no step at all.

Until something was delivered to the caller a failure leads to another attempt, within the retries
and the total of the call. Afterwards it is raised, with everything that was received in `partial`:
repeating the call could give another message, and its beginning would be delivered twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from .._core.flow import Attempts, Flow, Read, as_http_response, exchange, wait, whole_body
from .._core.options import DEFAULT_TIMEOUT
from .._wire.http import HTTPResponse, ResponseHead
from .._wire.json import is_object
from ..errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    OutputError,
    StreamStalledError,
    UsageError,
    status_error,
)
from .reader import Frame, MessageReader
from .writer import encoded, events

if TYPE_CHECKING:
    from ..output_schema import GrowingOutput
    from ..types.events import MessageStreamEvent, RawMessageStreamEvent
    from ..types.message import Message
    from ..types.outputs import ParsedMessage

__all__ = ["StreamFlow", "stream_flow", "whole_message"]

T = TypeVar("T")

# Seconds to wait for the end of a body whose message is complete. The end usually arrives with the
# last event; if it does not come soon, a new connection is cheaper than the wait.
_LAST_READ = 0.25

# How bodies begin that are no event streams: JSON and HTML. A stream may begin with a line that
# says nothing, but not with these: they are the beginning of no field that anybody sends.
_JSON_OR_HTML = (b"{", b"[", b"<")

# The first characters of the lines of an event stream; of any body of another type than a stream's.
_FIRST_OF_A_STREAM = frozenset(b"edir:\r\n\xef")

# What says nothing of the message.
_PINGS = frozenset({b"ping"})


def _taking(view: Callable[[MessageReader, Frame], T | None]) -> Callable[[StreamFlow], T | None]:
    """Return a method that gives what `view` makes of the next frame of which it makes something.

    Every event of a stream passes here, so each view has a method of its own, without a call more.
    """

    def take(flow: StreamFlow) -> T | None:
        frames, reader = flow.frames, flow.reader
        try:
            while frames:
                seen = view(reader, frames.popleft())
                if seen:
                    flow.delivered = True
                    return seen
        except APIError as error:
            raise flow.failed(error) from error.__cause__
        return None

    return take


class StreamFlow:
    """One streamed call: its attempts, the frames received, and the message so far."""

    __slots__ = (
        "_begun",
        "_bounded",
        "_content_at",
        "_derived",
        "_failure",
        "_growing",
        "_head",
        "_held",
        "_lenient",
        "_outputs",
        "_undecided",
        "_unread",
        "attempts",
        "delivered",
        "ended",
        "frames",
        "reader",
        "response",
    )

    attempts: Attempts
    """The attempts of the call."""
    frames: deque[Frame]
    """What was received and is not yet interpreted."""
    delivered: bool
    """Whether the caller has received anything: from then on a failure is not retried."""
    ended: bool
    """Whether there is nothing more to receive."""
    reader: MessageReader
    """The message so far."""
    response: HTTPResponse
    """Status and headers of the attempt in force."""

    def __init__(self, attempts: Attempts, *, bounded: bool = False, lenient: bool = False) -> None:
        """Prepare a stream.

        Args:
            attempts: those of the call.
            bounded: whether the call's total bounds the whole stream, not only its opening.
            lenient: whether a body may end without `message_stop`.
        """
        self.attempts = attempts
        self.frames = deque()
        self.delivered = False
        self.ended = False
        self._bounded = bounded
        self._lenient = lenient
        self._held: list[Frame] = []  # an error event, and what was received behind it
        self._unread = b""  # a body that is no stream, for those who read bytes
        self._head: ResponseHead  # of the attempt in force
        self._failure: APIError | OutputError | None = None  # what ended the stream; it is final
        self._derived: MessageStreamEvent | None = None  # to be delivered after the last event
        self._growing: GrowingOutput | None = None
        self._outputs = 0  # the number of blocks that partial outputs have passed
        self._begun = False  # whether any event but a ping was received
        self._undecided = True  # whether the body may still turn out to be no event stream
        self._content_at = 0.0  # when the last such event was received

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of the message."""
        is_read = self.ended and not self.frames
        return self.is_whole or is_read or self._failure is not None

    @property
    def is_whole(self) -> bool:
        """Whether all of the message was received."""
        return self.reader.finished

    @property
    def partial(self) -> Message | None:
        """The message so far; None if nothing of it was received."""
        return self.reader.partial

    def open(self) -> Flow[None]:
        """Send the call until a response begins that can be streamed.

        A response that says it is JSON is read to its end at once: a whole message is taken as the
        stream of itself, an error is raised, and repeated if it is worth it.
        """
        while True:
            opened = yield from exchange(self.attempts, unread=True)
            self._head = opened.head
            self._begin(opened.http_response())
            if not self.attempts.call.streamed or "json" not in self._content_type:
                return
            try:
                self._take_whole((yield from whole_body(self.attempts, self._head)))
            except APIError as error:
                delay = self.attempts.failed(self._completed(error))
            else:
                return
            yield from wait(delay)

    def take_over(self, head: ResponseHead) -> None:
        """Read a response that somebody else has opened, instead of sending the call."""
        self._head = head
        self._begin(as_http_response(head, b"", None))

    def _begin(self, response: HTTPResponse) -> None:
        self.response = response
        output = self.attempts.call.output
        self.reader = MessageReader(response, lenient=self._lenient, output=output)
        response.is_closed = False
        self.frames.clear()
        self._held = []
        self._unread = b""
        self._begun = False
        self._undecided = self.attempts.call.streamed
        self._content_at = self.attempts.now()

    @property
    def _content_type(self) -> str:
        return self.response.headers.get("content-type", "").lower()

    def _take_whole(self, body: bytes) -> None:
        """Take a body that is no event stream.

        Raises:
            APIError: it is not a message.
        """
        self.response.content = self._unread = body
        self._queue(frames_of_message(self.response))
        self.ended = True

    def receive(self) -> Flow[bool]:
        """Get further `frames`; return False once the stream has `ended`. A failure is final."""
        self._stay_failed()
        try:
            while not self.frames and not self.ended:
                try:
                    yield from self._receive_once()
                except APIError as error:
                    yield from self._try_again(error)
        except APIError as error:
            self._failure = error
            self.attempts.end(error.partial, error)
            raise
        if self.ended:
            self.response.is_closed = True
        if self.ended and not self.frames:
            self.attempts.end(self.reader.partial)
        if not self.frames:
            self._require_output()
        return bool(self.frames)

    def _require_output(self) -> None:
        """Refuse the end of a message without the output that was asked for.

        Raises:
            OutputError: it has none. All of its events were delivered.
        """
        call = self.attempts.call
        # Making the message takes time, and most streams are not asked for output.
        wanted = call.output is not None and call.output.wanted and not call.whole
        if wanted and self.reader.finished:
            error: Any = cast("ParsedMessage[Any]", self.reader.message).output_error
            if error is not None:
                self._failure = error
                raise error

    def _stay_failed(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _receive_once(self) -> Flow[None]:
        if self._held:
            error, *behind = self._held
            self._held = []
            self.reader.event(error)  # which raises, unless the message is complete
            self._queue(behind)
            return
        if self.reader.finished:
            yield from self._finish()
            return
        try:
            chunk: bytes = yield Read(self._read_timeout())
        except APITimeoutError as silence:
            raise self._out_of_patience() from silence
        if self._undecided and self._is_no_stream(chunk):
            self._take_whole(chunk + (yield from whole_body(self.attempts, self._head)))
            return
        self._queue(self.reader.feed(chunk) if chunk else self.reader.close())
        self.ended = not chunk and not self.frames and not self._held

    def _is_no_stream(self, chunk: bytes) -> bool:
        """Return whether a body is something else than an event stream, by how it begins."""
        start = chunk.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        self._undecided = not start
        if "text/event-stream" in self._content_type:
            return start in _JSON_OR_HTML
        return bool(start) and start[0] not in _FIRST_OF_A_STREAM

    def _queue(self, frames: list[Frame]) -> None:
        """Keep `frames`: those before an error to be taken, the error and those behind it apart.

        An error is interpreted by `receive`, which can repeat the call, once the frames before it
        were taken. What its data says may still make it another event; then nothing is lost.
        """
        names = {name for name, _ in frames}  # a set: there may be thousands, and few names
        if b"error" in names or None in names:
            errors = [n for n, frame in enumerate(frames) if self.reader.is_error(frame)]
            if errors:
                frames, self._held = frames[: errors[0]], frames[errors[0] :]
        if names - _PINGS:
            self._begun, self._content_at = True, self.attempts.now()
            if self.attempts.arrivals is not None:
                parts = sum(name == b"content_block_delta" for name, _ in frames)
                self.attempts.arrivals.note(parts, self._content_at)
        self.frames.extend(frames)

    def _finish(self) -> Flow[None]:
        """Read the end of the body, so that the connection can be used again."""
        self.ended = True
        try:
            yield Read(_LAST_READ)
        except APIConnectionError:
            return  # the message is complete: only the connection is lost, and `close` cuts it

    def _read_timeout(self) -> float | None:
        """Return the seconds that the next read may take: to the stall limit or the call's end."""
        limits = [
            seconds for seconds in (self._until_stall(), self._until_end()) if seconds is not None
        ]
        if limits and min(limits) <= 0:
            raise self._out_of_patience()
        return min(limits, default=None)

    def _until_stall(self) -> float | None:
        limit = self.attempts.call.timeout.stall_limit
        return None if limit is None else limit - (self.attempts.now() - self._content_at)

    def _until_end(self) -> float | None:
        return self.attempts.remaining if self._bounded or not self._begun else None

    def _out_of_patience(self) -> APITimeoutError:
        until_end = self._until_end()
        if until_end is not None and until_end <= 0:
            return self.attempts.out_of_time()
        silence = self.attempts.now() - self._content_at
        message = (
            f"The stream sent no content for {silence:.3g} s (timeout.stall; pings do not count)."
        )
        return StreamStalledError(message=message, phase="body", elapsed=silence)

    def _try_again(self, error: APIError) -> Flow[None]:
        if self.delivered:
            raise self.failed(error)
        yield from wait(self.attempts.failed(self._completed(error)))
        yield from self.open()

    def take_derived_event(self) -> MessageStreamEvent | None:
        """Return the next event among the frames received, or the one derived from the last."""
        derived, self._derived = self._derived, None
        if derived is not None:
            return derived
        seen: tuple[MessageStreamEvent, ...] = self._take_events() or ()
        if len(seen) > 1:
            self._derived = seen[1]
        return seen[0] if seen else None

    def take_partial_output(self) -> object | None:
        """Return the output so far, as of the next frame that adds text to it; None without one."""
        while (event := self.take_derived_event()) is not None:
            if event.type == "content_block_stop":
                self._outputs += 1
            # White space changes nothing that is worth showing, and there may be no value yet.
            elif event.type == "text" and event.text.strip():
                # Words before a tool call are no output; whether one is missing shows at the end.
                with suppress(ValueError):
                    value = event.parsed_snapshot()
                    output = self._growing_output
                    return value if output is None else output.value(value, self._outputs)
        return None

    @property
    def _growing_output(self) -> GrowingOutput | None:
        output = self.attempts.call.output
        if self._growing is None and output is not None:
            self._growing = output.growing()
        return self._growing

    take_event: ClassVar[Callable[[StreamFlow], RawMessageStreamEvent | None]] = _taking(
        MessageReader.event
    )
    """Return the next event of the API among the frames received, or None."""

    take_text: ClassVar[Callable[[StreamFlow], str | None]] = _taking(MessageReader.text)
    """Return the next piece of text among the frames received, or None."""

    _take_events = _taking(MessageReader.events)

    def skip(self) -> None:
        """Add the frames received to the message without delivering anything."""
        try:
            while self.frames:
                self.reader.text(self.frames.popleft())
        except APIError as error:
            raise self.failed(error) from error.__cause__

    def failed(self, error: APIError) -> APIError:
        """End the stream by `error`; return it with the partial message and the attempts."""
        self.frames.clear()
        if not error.attempts:
            error = self.attempts.sign(self._completed(error))
        self._failure = error
        self.attempts.end(error.partial, error)
        return error

    def _completed(self, error: APIError) -> APIError:
        if error.partial is None:
            with suppress(APIError):  # the first failure counts, not what it leaves behind
                self.reader.take_rest()
            error.partial = self.reader.partial
        if error.request_id is None:
            error.request_id = self.response.headers.get("request-id")
        return error

    def chunk(self) -> Flow[bytes]:
        """Return the next bytes of the body, not interpreted; b"" at its end."""
        self._stay_failed()
        if self._unread:
            body, self._unread = self._unread, b""
            return body
        if self.ended:
            return b""
        try:
            chunk: bytes = yield Read(self._read_timeout())
        except APIError as error:
            raise self.failed(error) from error.__cause__
        self.ended = self.response.is_closed = not chunk
        if self.ended and self.attempts.call.lazy is not None:
            self.attempts.end()  # nobody reads a message from these bytes
        return chunk

    def finished_message(self) -> Message:
        """Return the message, now that it is complete.

        Raises:
            UsageError: the stream was closed before its end.
        """
        if not self.reader.finished:
            raise UsageError(
                "the stream was closed before its message was complete;"
                " current_message_snapshot holds what was received"
            )
        return self.reader.message

    def close(self) -> None:
        """Forget what was received but not taken, and receive no more."""
        self.ended = self.response.is_closed = True
        self.frames.clear()
        if not self.attempts.ended:
            self.attempts.end(self.reader.partial)


def stream_flow(attempts: Attempts, *, lenient: bool) -> StreamFlow:
    """Return the flow of a streamed call.

    A total that the caller set bounds a call that waits for the whole message; the default total
    bounds only its opening: no response is cut off by a limit that nobody asked for.
    """
    call = attempts.call
    bounded = call.whole and call.timeout is not DEFAULT_TIMEOUT
    return StreamFlow(attempts, bounded=bounded, lenient=lenient)


def whole_message(attempts: Attempts, *, lenient: bool) -> Flow[tuple[HTTPResponse, Message]]:
    """Stream a call to its end; return its response, the message as its body, and the message."""
    flow = stream_flow(attempts, lenient=lenient)
    yield from flow.open()
    while (yield from flow.receive()):
        flow.skip()
    message = flow.finished_message()
    if not flow.response.content:  # it was a stream
        flow.response.content = message.to_json(indent=None).encode()
    return flow.response, message


def frames_of_message(response: HTTPResponse) -> list[Frame]:
    """Return the frames that would have streamed the message which is the body of `response`.

    Raises:
        APIStatusError: the body is an error of the API.
        APIResponseValidationError: it is anything else.
    """
    try:
        content = response.json()
    except ValueError:
        content = response.text
    if is_object(content) and content.get("type") == "message":
        return [(event["type"].encode(), encoded(event)) for event in events(content)]
    if is_object(content) and content.get("type") == "error":
        raise status_error(response, content)
    kind = response.headers.get("content-type")
    message = f"Expected an event stream, got {kind}: {response.text[:200]}"
    raise APIResponseValidationError(response, content, message=message)
