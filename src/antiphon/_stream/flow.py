"""A streamed call: opened, read frame by frame, and opened again while nothing was handed over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from .._core.flow import (
    Attempts,
    Flow,
    Read,
    SuccessfulResponse,
    exchange,
    waited,
    whole_body,
)
from .._core.options import DEFAULT_TIMEOUT
from .._wire.http import HTTPResponse
from .._wire.json import is_object
from ..errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    StreamStalledError,
    status_error,
)
from .reader import Frame, MessageReader

if TYPE_CHECKING:
    from ..types.events import MessageStreamEvent, RawMessageStreamEvent
    from ..types.message import Message

T = TypeVar("T")

_LAST_READ = 0.25
"""Seconds to wait for the end of a body whose message is complete, so that its connection is kept."""

_NOT_A_STREAM = ("application/json", "text/html")


def _taking(view: Callable[[MessageReader, Frame], T]) -> Callable[[StreamFlow], T | None]:
    """Take frames until `view` sees something in one; from then on something was delivered."""

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
    """What a stream in a shell asks for: its head, then frames, one chunk of the body at a time.

    The shell interprets `frames` with `reader` and sets `delivered` when it hands anything over.
    Until then a failure leads to another attempt, within the retries and the total of the call;
    afterwards it is raised, with what had arrived in `partial`.
    """

    __slots__ = (
        "_begun",
        "_bounded",
        "_content_at",
        "_error",
        "_failure",
        "_lenient",
        "_made",
        "delivered",
        "ended",
        "frames",
        "reader",
        "response",
        "tries",
    )

    tries: Attempts
    """The attempts of the call."""
    frames: deque[Frame]
    """What was received and not yet interpreted."""
    delivered: bool
    """Whether anything was handed to the caller."""
    ended: bool
    """Whether there is nothing more to receive."""
    reader: MessageReader
    """The message so far."""
    response: HTTPResponse
    """Status and headers of the attempt in force."""

    def __init__(self, tries: Attempts, *, bounded: bool = False, lenient: bool = False) -> None:
        """Prepare a stream.

        Args:
            tries: the attempts of the call.
            bounded: whether the call's total bounds the whole stream, not only its opening.
            lenient: whether a body may end without `message_stop`.
        """
        self.tries = tries
        self.frames = deque()
        self.delivered = False
        self.ended = False
        self._bounded = bounded
        self._lenient = lenient
        self._error: Frame | None = None
        self._failure: APIError | None = None
        self._made: MessageStreamEvent | None = None
        self._begun = False
        self._content_at = 0.0

    def open(self) -> Flow[None]:
        """Send the call until an answer begins that is a stream."""
        answer = yield from exchange(self.tries, unread=True)
        self.response = answer.http_response()
        self.reader = MessageReader(self.response)
        self.frames.clear()
        self._error = None
        self._begun = False
        self._content_at = self.tries.now()
        kind = self.response.headers.get("content-type", "")
        if self.tries.call.streamed and kind.startswith(_NOT_A_STREAM):
            raise self.tries.signed(not_a_stream(answer, (yield from whole_body(self.tries))))

    def receive(self) -> Flow[None]:
        """Get further `frames`, or find that the stream has `ended`; a failure is final."""
        self._stay_failed()
        try:
            while not self.frames and not self.ended:
                try:
                    yield from self._receive_once()
                except APIError as error:
                    yield from self._after(error)
        except APIError as error:
            self._failure = error
            raise

    def _stay_failed(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _receive_once(self) -> Flow[None]:
        if self._error is not None:
            self.reader.event(self._error)
        if self.reader.finished:
            yield from self._finish()
            return
        try:
            chunk: bytes = yield Read(self._patience())
        except APITimeoutError as silence:
            raise self._out_of_patience() from silence
        self._queue(self.reader.feed(chunk) if chunk else self.reader.close(lenient=self._lenient))
        self.ended = not chunk and not self.frames

    def _queue(self, frames: list[Frame]) -> None:
        """Keep `frames` up to an error event, which is raised once those before it are read."""
        names = [name for name, _ in frames]
        if b"error" in names:
            self._error = frames[names.index(b"error")]
            frames = frames[: names.index(b"error")]
        if any(name != b"ping" for name in names):
            self._begun, self._content_at = True, self.tries.now()
        self.frames.extend(frames)

    def _finish(self) -> Flow[None]:
        """Read the end of the body, so that the connection can serve again; the message is whole."""
        self.ended = True
        try:
            yield Read(_LAST_READ)
        except APIConnectionError:
            return  # only the connection is lost, and closing the stream cuts it

    def _patience(self) -> float | None:
        """How long the next read may take: until the stream counts as stalled, or the call's end."""
        limits = [
            seconds for seconds in (self._until_stall(), self._until_end()) if seconds is not None
        ]
        if limits and min(limits) <= 0:
            raise self._out_of_patience()
        return min(limits, default=None)

    def _until_stall(self) -> float | None:
        limit = self.tries.call.timeout.stall_limit
        return None if limit is None else limit - (self.tries.now() - self._content_at)

    def _until_end(self) -> float | None:
        return self.tries.remaining if self._bounded or not self._begun else None

    def _out_of_patience(self) -> APITimeoutError:
        until_end = self._until_end()
        if until_end is not None and until_end <= 0:
            return self.tries.out_of_time()
        silence = self.tries.now() - self._content_at
        message = (
            f"The stream sent no content for {silence:.3g} s (timeout.stall; pings do not count)."
        )
        return StreamStalledError(
            self.tries.request, message=message, phase="body", elapsed=silence
        )

    def _after(self, error: APIError) -> Flow[None]:
        if self.delivered:
            raise self.failed(error)
        yield from waited(self.tries.failed(self._completed(error)))
        yield from self.open()

    take_text: ClassVar[Callable[[StreamFlow], str | None]] = _taking(MessageReader.text)
    """The next piece of text among the frames received, if there is one."""

    take_event: ClassVar[Callable[[StreamFlow], RawMessageStreamEvent | None]] = _taking(
        MessageReader.event
    )
    """The next event of the wire among the frames received, if there is one."""

    def take_made(self) -> MessageStreamEvent | None:
        """The next event among the frames received, of the wire or made from it."""
        made, self._made = self._made, None
        if made is None and (events := self._take_events()):
            made = events[0]
            self._made = events[1] if len(events) > 1 else None
        return made

    def skip(self) -> None:
        """Add the frames received to the message, handing nothing over."""
        try:
            while self.frames:
                self.reader.text(self.frames.popleft())
        except APIError as error:
            raise self.failed(error) from error.__cause__

    _take_events = _taking(MessageReader.events)

    def failed(self, error: APIError) -> APIError:
        """The end of the stream by `error`, completed: what had arrived, whose answer, the attempts."""
        self.frames.clear()
        if not error.attempts:
            error = self.tries.signed(self._completed(error))
        self._failure = error
        return error

    def _completed(self, error: APIError) -> APIError:
        if error.partial is None:
            error.partial = self.reader.partial
        if error.request_id is None:
            error.request_id = self.response.headers.get("request-id")
        return error

    def chunk(self) -> Flow[bytes]:
        """The next bytes of the body, not interpreted; b"" at its end."""
        self._stay_failed()
        if self.ended:
            return b""
        try:
            chunk: bytes = yield Read(self._patience())
        except APIError as error:
            raise self.failed(error) from error.__cause__
        self.ended = not chunk
        return chunk

    def finished_message(self) -> Message:
        """The message, now that it is whole.

        Raises:
            RuntimeError: the stream was closed before its end.
        """
        if not self.reader.finished:
            raise RuntimeError(
                "the stream was closed before its message was complete;"
                " current_message_snapshot holds what had arrived"
            )
        message = self.reader.message
        message._request_id = self.response.headers.get("request-id")  # pyright: ignore[reportPrivateUsage] users know it by this name
        return message


def stream_flow(tries: Attempts, *, whole: bool, lenient: bool) -> StreamFlow:
    """The flow of a stream; `whole` when the caller waits for the message, not for its events.

    A total that the caller set bounds such a call to its end, the default total only its opening:
    no answer is cut off by a limit that nobody asked for.
    """
    return StreamFlow(
        tries, bounded=whole and tries.call.timeout is not DEFAULT_TIMEOUT, lenient=lenient
    )


def not_a_stream(answer: SuccessfulResponse, body: bytes) -> APIError:
    """The error for an answer of status 200 that is no event stream."""
    response = answer._replace(body=body).http_response()
    try:
        content = response.json()
    except ValueError:
        content = response.text
    if is_object(content) and content.get("type") == "error":
        return status_error(response, content)
    kind = response.headers.get("content-type")
    message = f"Expected an event stream, got {kind}: {response.text[:200]}"
    return APIResponseValidationError(response, content, message=message)
