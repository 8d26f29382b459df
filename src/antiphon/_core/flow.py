"""Flows: what a call does, written as a generator of the requests that it makes of the world.

A flow yields a step (`Send`, `Read`, `Sleep`, `Load`, `Open` or `Ask`), is sent the step's result,
and goes on. It decides everything: what to send, whether to try again, how long to wait. The
runners of the sync and the async client only perform the steps. So each decision is written once,
and a test can run a whole call by sending results by hand: clocks and chance are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from .._transport.files import FileInput, OpenedFile
from .._wire.http import Body, HTTPResponse, Request, ResponseHead
from .._wire.json import is_object
from .._wire.literals import read_exactly
from .._wire.url import URL
from ..errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Attempt,
    AuthenticationError,
    RequestEncodingError,
    ResponseTooLargeError,
    status_error,
)
from .call import Call
from .options import CredentialProvider, has_credential
from .request_body import PendingBody, UnreadBody

if TYPE_CHECKING:
    from .multipart import PendingUpload

__all__ = [
    "Ask",
    "Attempts",
    "Flow",
    "Gate",
    "Load",
    "Open",
    "Read",
    "ResultInstead",
    "Send",
    "Sleep",
    "Step",
    "SuccessfulResponse",
    "Watcher",
    "as_http_response",
    "exchange",
    "wait",
    "whole_body",
]

T = TypeVar("T")

# A connection that was idle may be closed by the server at any moment; the client learns it when it
# sends. Such an attempt is repeated once without counting as a retry. Once only: the server may as
# well have read the request, acted on it and failed, and each repeat could be paid for again.
_FREE_RETRIES = 1

# Seconds that are not worth a clock of 599.9999… seconds, which programs show and compare.
_NO_TIME = 0.001

# Bytes up to which a successful body is looked at for an error: errors are short.
_LARGEST_ERROR = 64 * 1024


# The most that is kept of an error: a proxy may send a whole page, and nobody reads more.
MAX_ERROR_BYTES = 1024 * 1024


class Send(NamedTuple):
    """Send this request and wait for the head of its response; close what was open before."""

    request: Request


class Read(NamedTuple):
    """Read the next bytes of the response within these seconds; b"" means that it has ended."""

    timeout: float | None


class Sleep(NamedTuple):
    """Wait this many seconds before the next attempt."""

    seconds: float


class Load(NamedTuple):
    """Read this file, from its start."""

    file: FileInput


class Open(NamedTuple):
    """Learn what an upload must know of this file; `name` tells its type."""

    content: bytes | FileInput
    name: str | None


class Ask(NamedTuple):
    """Call this function of the user, and wait for its result if it is awaitable."""

    function: Callable[[], Any]


Step = Send | Read | Sleep | Load | Open | Ask
Flow = Generator[Step, Any, T]
"""A generator of steps that returns a T. It is sent a `ResponseHead` for `Send`, bytes for `Read`
and `Load`, and an `OpenedFile` for `Open`."""


class Watcher(Protocol):
    """What is told of each attempt of a call: a ledger, a budget, a limiter, a tracer."""

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Take note of an attempt that failed; another one may follow."""
        ...

    def ended(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        """Take note of the end of the call.

        Args:
            attempts: those of the call.
            message: the `Message`, or what was received of it; None if that is not known.
            error: what ended the call early; None if nothing did.
        """
        ...


class Gate(Watcher, Protocol):
    """A watcher that may hold an attempt back, or refuse it."""

    def admit(self, attempts: Attempts) -> Flow[None]:
        """Wait until the next attempt may be sent.

        Raises:
            AntiphonError: it may not be sent at all.
        """
        ...

    def responded(self, attempts: Attempts, head: ResponseHead) -> None:
        """Take note of the head of a response, whatever its status is."""
        ...


@dataclass(slots=True)
class Attempts:
    """The attempts of one call, and the time that is left for them."""

    call: Call[Any]
    now: Callable[[], float]
    """Seconds on a clock that never goes back."""
    chance: Callable[[], float]
    """A random number in [0, 1)."""
    failures: list[Attempt] = field(default_factory=list[Attempt])
    retries: int = 0
    """Attempts after the first one, without those that were repeated for free."""
    started: float = 0.0
    attempt_started: float = 0.0
    request: Request | None = None
    """What was sent last."""
    ended: bool = False
    """Whether the watchers of the call were told of its end."""
    held: dict[object, Any] | None = None
    """What gates hold for the attempt under way, each under itself; None if none ever did."""
    arrivals: Any = None
    """What takes note of when parts of a streamed message are received; None if nobody asks."""

    def __post_init__(self) -> None:
        self.started = self.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.now() - self.started

    @property
    def remaining(self) -> float | None:
        """Seconds left of the total, never below zero; `None` if there is no limit."""
        total = self.call.timeout.total
        if total is None:
            return None
        return max(total - self.elapsed, 0.0)

    def next_request(self) -> Request:
        """Return the request of another attempt, its clocks cut to the time that is left."""
        self.attempt_started = self.now()
        timeout = self.call.timeout
        left, passed = timeout.total, self.attempt_started - self.started
        if left is not None and passed >= _NO_TIME:
            left = max(left - passed, 0.0)
        # A total bounds the whole call: no clock of a late attempt may run past it.
        self.request = self.call.request(timeout.within(left))
        return self.request

    def read_timeout(self) -> float | None:
        """Return the seconds that the next read may take.

        Raises:
            APITimeoutError: the call's total is used up.
        """
        timeout = self.call.timeout
        read, total = timeout.read, timeout.total
        if total is None:
            return read
        # Without `remaining` and `min`: every call asks this at least twice.
        left = total - (self.now() - self.started)
        if left <= 0:
            raise self.out_of_time()
        return left if read is None or left < read else read

    def out_of_time(self) -> APITimeoutError:
        """Return the error of a call whose total is used up."""
        total = self.call.timeout.total
        message = (
            f"The call took longer than timeout.total={total:g} s;"
            " the response was still being received."
        )
        return APITimeoutError(message=message, phase="body", elapsed=self.elapsed)

    def failed(self, error: APIError) -> float:
        """Note a failed attempt and return the seconds to wait before the next one.

        Raises:
            APIError: `error` itself, complete, if there is to be no other attempt.
        """
        self.sign(error)
        if isinstance(error, APIConnectionError) and error.stale and self._is_free():
            return 0.0
        delay = self.call.retry.delay(self.retries, error, self.chance())
        if delay is None or not self._fits(delay):
            raise error
        self.retries += 1
        return delay

    def sign(self, error: APIError) -> APIError:
        """Write the attempts so far on `error`, which ended the last of them, and return it."""
        request = error.request or self.request
        if request is not None:
            error.request = request.without_secrets()
        self.failures.append(
            Attempt(
                self.attempt_started - self.started,
                self.now() - self.attempt_started,
                error.summary,
            )
        )
        error.attempts = tuple(self.failures)  # a copy: the error is final, this list is not
        for watcher in self.call.watchers:
            watcher.failed(self, error)
        return error

    def hold(self, gate: object, value: Any) -> None:
        """Keep something of `gate` for the attempt that is about to be sent."""
        self.held = {**(self.held or {}), gate: value}

    def release(self, gate: object) -> Any:
        """Return what `gate` holds for the attempt under way, and forget it; None if nothing."""
        return self.held.pop(gate, None) if self.held else None

    def end(self, message: Any = None, error: BaseException | None = None) -> None:
        """Tell the watchers how the call ended; they hear only the first of several ends."""
        if self.ended:
            return
        self.ended = True
        for watcher in self.call.watchers:
            watcher.ended(self, message, error)

    def _is_free(self) -> bool:
        return len(self.failures) - self.retries <= _FREE_RETRIES

    def _fits(self, delay: float) -> bool:
        # A wait that would use up the total is not begun: the caller learns at once why.
        remaining = self.remaining
        return remaining is None or delay < remaining


class SuccessfulResponse(NamedTuple):
    """A 2xx response: its head, its body (empty if it is still to be read) and its attempts."""

    head: ResponseHead
    body: bytes
    attempts: Attempts

    def http_response(self) -> HTTPResponse:
        """Return the HTTP side of it, as users see it."""
        return as_http_response(self.head, self.body, self.attempts.request)


class ResultInstead(TypeError):
    """What a middleware returned instead of a response: the result of the call."""

    def __init__(self, result: object) -> None:
        super().__init__(
            f"a middleware returned {type(result).__name__} instead of a response; this method"
            " needs the response of call_next"
        )
        self.result = result


def exchange(attempts: Attempts, *, unread: bool = False) -> Flow[SuccessfulResponse]:
    """Send the call until it succeeds or is not worth another attempt.

    Args:
        attempts: those of the call.
        unread: whether to leave the body of a successful response to the caller.

    Raises:
        APIError: the last attempt failed.
    """
    call = attempts.call
    if isinstance(call.body, UnreadBody):
        yield from _read_files(call, call.body)
    asked_again = True  # for the key, or there is nobody to ask
    # Headers of the call may hold a credential; then nobody is asked for another one.
    credential = call.credential
    is_provided = credential is not None and credential.value.__class__ is CredentialProvider
    if is_provided and not has_credential(call.headers):
        asked_again = False
        yield from _authorize(call)
    while True:
        for gate in call.gates:
            yield from gate.admit(attempts)
        try:
            head: ResponseHead = yield Send(attempts.next_request())
            for gate in call.gates:
                gate.responded(attempts, head)
            ok = head.ok
            # A stream: its body is read by whoever takes its events.
            if ok and unread:
                return SuccessfulResponse(head, b"", attempts)
            body = yield from whole_body(attempts, head)
            if ok and not _is_error(body):
                return SuccessfulResponse(head, body, attempts)
            raise _refusal(head, body, attempts.request)
        except APIError as error:
            if not asked_again and isinstance(error, AuthenticationError):
                # The key may have been replaced meanwhile: ask for it once more.
                asked_again = True
                attempts.sign(error)
                yield from _authorize(call)
                continue
            delay = attempts.failed(error)
        yield from wait(delay)


def _authorize(call: Call[Any]) -> Flow[None]:
    """Ask the user's function for the credential of a call."""
    credential = call.credential
    assert credential is not None
    assert isinstance(credential.value, CredentialProvider)
    value: object = yield Ask(credential.value.provide)
    call.headers = {**call.headers, **credential.provided(value)}


def _read_files(call: Call[Any], pending: UnreadBody) -> Flow[None]:
    """Read or open the files that a body lacks."""
    if isinstance(pending, PendingBody):
        call.body = yield from _load_files(pending)
    else:
        yield from _open_upload(call, cast("PendingUpload", pending))


def _load_files(pending: PendingBody) -> Flow[Body]:
    """Read the files of a call and return its whole body."""
    # One after the other: their order is that of the gaps in the body.
    contents: list[object] = []
    for file in pending.files:
        try:
            contents.append((yield Load(file)))
        except (OSError, ValueError) as error:
            raise pending.unreadable(file, error) from error
    return pending.filled(contents)


def _open_upload(call: Call[Any], pending: PendingUpload) -> Flow[None]:
    """Learn the size of the file to upload, and frame it."""
    file = pending.file
    try:
        opened: OpenedFile = yield Open(file.content, file.name)
    except (OSError, ValueError) as error:
        raise RequestEncodingError(f"file: {error}", path="file") from error
    # The boundary stands in the header and in the body, so both are known only now.
    kind, call.body = pending.opened(opened)
    call.headers = {**call.headers, "content-type": kind}


def wait(delay: float) -> Flow[None]:
    """Wait `delay` seconds, if there are any."""
    if delay > 0:
        yield Sleep(delay)


def whole_body(attempts: Attempts, head: ResponseHead) -> Flow[bytes]:
    """Read a response to its end and return its body; of an error, its first megabyte.

    Raises:
        ResponseTooLargeError: the body of a successful response is larger than the client takes in.
    """
    left = attempts.call.max_response_bytes if head.ok else MAX_ERROR_BYTES
    chunks: list[bytes] = []
    while chunk := (yield Read(attempts.read_timeout())):
        chunks.append(chunk)
        if left is not None:
            left -= len(chunk)
            if left < 0 and head.ok:
                raise _too_large(attempts, head)
            if left < 0:
                break  # enough to show; the connection is cut instead of read to its end
        if head.body_ended:
            break
    # Most bodies arrive in one piece; that one need not be copied.
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(attempts: Attempts, head: ResponseHead) -> ResponseTooLargeError:
    limit = attempts.call.max_response_bytes
    message = (
        f"The response is larger than {limit} bytes. If that is right, raise"
        " Client(max_response_bytes=…), or use with_streaming_response."
    )
    return ResponseTooLargeError(as_http_response(head, b"", attempts.request), message=message)


def _is_error(body: bytes) -> bool:
    """Return whether the body of a 2xx response is an error of the API; some gateways send it."""
    if len(body) > _LARGEST_ERROR or b'"error"' not in body:
        return False
    try:
        content = read_exactly(body)
    except ValueError:
        return False
    return is_object(content) and content.get("type") == "error" and is_object(content.get("error"))


def _refusal(head: ResponseHead, body: bytes, request: Request | None) -> APIError:
    """Return the error that a response of another status than 2xx stands for."""
    # Proxies send HTML, and some servers text: any body is kept, and shown in the error.
    response = as_http_response(head, body, request)
    try:
        return status_error(response, response.json())
    except ValueError:
        return status_error(response, response.text)


def as_http_response(head: ResponseHead, body: bytes, request: Request | None) -> HTTPResponse:
    """Return what was received as plain values, with the request but for its credential."""
    sent = None if request is None else request.without_secrets()
    method, url = (sent.method, sent.url) if sent else ("POST", URL())
    return HTTPResponse(
        head.status, head.headers, body, method, url, head.http_version, head.received_at, sent
    )
