"""What stopped an attempt, told by one kind of error whatever library it came from.

Python, OpenSSL, asyncio and httpx tell the same failure in different words and classes. A
`Progress` follows one attempt through its phases. When something stops it, the error it makes says
how far the attempt got, what the operating system said (not what a library made of it), and what
to try. The original exception stays in ``__cause__``.

Each text has the same form: what happened to which host, the phase and the time it took, the cause,
then a hint. No text shows the credential or a proxy's password.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from typing import NoReturn, cast

from .._wire.http import Headers, HTTPResponse, Request, ResponseHead
from ..errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    ResponseTooLargeError,
)
from . import clocks
from .closing import ClosedByThreadError
from .content_encoding import UNREADABLE, BrokenEncodingError, ExpansionError
from .http1 import MalformedHTTPError, TruncatedResponseError
from .origin import Origin, target_of
from .proxies import Proxy
from .tls import missing_certificates

__all__ = ["OutOfTimeError", "Progress", "bounded", "forget_frames"]

_WHAT_FAILED = {
    "resolve": "Could not find the address of {host}",
    "connect": "Could not connect to {host}",
    "proxy": "Could not reach {host} through the proxy{proxy}",
    "tls": "Could not agree on TLS with {host}",
    "pool": "No connection to {host} became free",
    "send": "Could not send the request to {host}",
    "first byte": "No response came from {host}",
    "body": "The response from {host} broke off",
}

_CLOSED_BY_PEER = (
    BrokenPipeError,
    ConnectionResetError,
    ConnectionAbortedError,
    EOFError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)

_UNVERIFIED = ssl.SSLCertVerificationError


class OutOfTimeError(TimeoutError):
    """A clock of the call ran out."""


_IO_FAILURES = (
    OSError,
    EOFError,
    MalformedHTTPError,
    TruncatedResponseError,
    BrokenEncodingError,
)
"""What can stop an exchange and need not stop the next one."""

# The system counts the milliseconds of a wait in 32 bits and refuses more, so an endless clock such
# as `math.inf` ends after eleven days.
_MAX_WAIT_SECONDS = 1e6

_CONNECTING = frozenset({"resolve", "connect", "proxy", "tls"})


def bounded(seconds: float | None) -> float | None:
    """Return `seconds`, or as long as the system can wait if that is less."""
    return seconds if seconds is None or seconds < _MAX_WAIT_SECONDS else _MAX_WAIT_SECONDS


class Progress:
    """How far one attempt got, and the error to raise for what stopped it."""

    __slots__ = ("_ends", "head", "may_be_stale", "phase", "proxy", "request", "started")

    request: Request
    proxy: Proxy | None
    phase: str
    """Its phase: `resolve`, `connect`, `proxy`, `tls`, `pool`, `send`, `first byte` or `body`."""
    head: ResponseHead | None
    """The head of the response, once it has arrived."""
    may_be_stale: bool
    """Whether the connection had carried a request before and has not received a byte since."""

    def __init__(
        self, request: Request, proxy: Proxy | None = None, *, phase: str = "connect"
    ) -> None:
        self.request = request
        self.proxy = proxy
        self.phase = phase
        self.head = None
        self.may_be_stale = False
        self.started = clocks.now()
        total = request.timeout.total
        # Not by `bounded`: each call passes here.
        self._ends = None if total is None else self.started + min(total, _MAX_WAIT_SECONDS)

    @property
    def origin(self) -> Origin:
        """Where the request goes."""
        return target_of(self.request.url).origin

    @property
    def elapsed(self) -> float:
        """Seconds since the attempt began."""
        return clocks.now() - self.started

    def limit(self, seconds: float | None) -> float | None:
        """Return `seconds`, or what is left of the total if that is less.

        Raises:
            OutOfTimeError: nothing is left.
        """
        if self._ends is None:
            return bounded(seconds)
        left = self._ends - clocks.now()
        if left <= 0:
            raise OutOfTimeError
        return left if seconds is None or left < seconds else seconds

    def fail(self, error: BaseException) -> NoReturn:
        """Raise what `error`, which stopped the attempt, means to the caller.

        Whatever goes wrong while connecting is a failed connection, also if a tool that guards the
        network raises an exception of its own. Later only I/O is: the rest are mistakes in the
        program, which stay as they are.
        """
        if isinstance(error, UNREADABLE):
            raise self._unreadable(error) from error
        connecting = self.phase in _CONNECTING and isinstance(error, Exception)
        if connecting or isinstance(error, (*_IO_FAILURES, ClosedByThreadError)):
            raise self.failure(error) from error
        raise error

    def failure(self, error: BaseException, *, timed_out: bool = False) -> APIConnectionError:
        """Return the error to raise ``from error``.

        Args:
            error: what stopped the attempt.
            timed_out: whether it is the timeout of a library that has classes of its own for it.
        """
        failure = self._failure(error, timed_out=timed_out)
        if self.head is not None:
            failure.request_id = self.head.headers.get("request-id")
        return failure

    def _failure(self, error: BaseException, *, timed_out: bool) -> APIConnectionError:
        causes = list(_causes(error))
        phase = self._refined(causes)
        proxy = self.proxy.url if self.proxy else None
        elapsed = self.elapsed
        host = self.origin.shown
        what = _WHAT_FAILED[phase].format(host=host, proxy=f" {proxy}" if proxy else "")
        through = f" through {proxy}" if proxy and phase != "proxy" else ""
        start = f"{what} ({phase}{through}, after {elapsed:.1f} s): "
        if timed_out or any(isinstance(c, TimeoutError) and not c.errno for c in causes):
            return APITimeoutError(
                self.request,
                message=f"{start}no progress within the time allowed.{self._timeout_hint(phase)}",
                phase=phase,
                host=host,
                proxy=proxy,
                elapsed=elapsed,
            )
        return APIConnectionError(
            f"{start}{_said_by(causes)}.{self._hint(phase, causes)}",
            self.request,
            phase=phase,
            host=host,
            proxy=proxy,
            elapsed=elapsed,
            stale=self._is_stale(phase, causes),
            transient=any(map(_may_pass, causes)),
        )

    def _unreadable(self, error: Exception) -> APIError:
        """Return the error of a response whose body is not worth another attempt."""
        head, request = self.head or ResponseHead(0, Headers()), self.request
        response = HTTPResponse(
            head.status,
            head.headers,
            method=request.method,
            url=request.url,
            http_version=head.http_version,
            received_at=head.received_at,
            request=request.without_secrets(),
        )
        large = isinstance(error, ExpansionError)
        kind = ResponseTooLargeError if large else APIResponseValidationError
        message = f"The response from {self.origin.shown} cannot be read: {error}."
        return kind(response, message=message, request=response.request)

    def _refined(self, causes: list[BaseException]) -> str:
        """Return the phase; the cause may tell more than the library did."""
        if self.phase not in ("connect", "proxy"):
            return self.phase
        tls = any(isinstance(cause, ssl.SSLError) for cause in causes)
        if tls and (self.proxy is None or self.proxy.scheme == "http"):
            return "tls"
        if self.proxy or self.phase == "proxy":
            return "proxy"
        return "resolve" if any(isinstance(c, socket.gaierror) for c in causes) else "connect"

    def _is_stale(self, phase: str, causes: list[BaseException]) -> bool:
        closed = any(
            isinstance(cause, _CLOSED_BY_PEER) or str(cause).startswith("Server disconnected")
            for cause in causes
        )
        return self.may_be_stale and closed and phase in ("send", "first byte")

    def _timeout_hint(self, phase: str) -> str:
        name = _CLOCKS.get(phase, "connect")
        clock, total = getattr(self.request.timeout, name), self.request.timeout.total
        shorter = clock is not None and (total is None or clock < total)
        return f" Give more with timeout={f'Timeout({name}=…)' if shorter else '…'}."

    def _hint(self, phase: str, causes: list[BaseException]) -> str:
        hint = _tls_hint(causes) if phase in ("tls", "proxy") else None
        if hint is None:
            hint = _hint_for(phase, causes, self.origin)
        return f" {hint}" if hint else ""


# How a server that expects TLS refuses plain HTTP: the first bytes of an alert record, as they
# stand in the text of a `MalformedHTTPError`.
_TLS_ALERT = r"\x15\x03"
_CLOCKS = {"pool": "pool", "send": "write", "first byte": "read", "body": "read"}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give `error` and what it came from, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):  # one per address that was tried
            error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
        else:
            error = error.__cause__ or error.__context__


def _may_pass(cause: BaseException) -> bool:
    """Tell whether a failure need not happen to the next attempt."""
    if isinstance(cause, RuntimeError):
        # A connection that a client of httpx has kept from an event loop that is gone. The client
        # gives it up with this failure, and opens another one.
        return "Event loop is closed" in str(cause)
    return isinstance(cause, _IO_FAILURES) or _is_httpx(cause)


def _is_httpx(cause: BaseException) -> bool:
    """Tell whether it is a failed exchange of httpx or httpx2, which need not be imported here."""
    return any(kind.__name__ == "HTTPError" for kind in type(cause).__mro__)


def _said_by(causes: list[BaseException]) -> str:
    """Return what the operating system said, else what the library said."""
    said = [words for words in map(_words_of, reversed(causes)) if words]
    return " ".join(said[0].split()).rstrip(".") if said else type(causes[0]).__name__


def _words_of(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):  # libraries subclass it without filling it in
        verify = str(getattr(cause, "verify_message", None) or "")
        reason = str(getattr(cause, "reason", None) or "")
        return f"certificate verify failed: {verify}" if verify else _plain(reason)
    if isinstance(cause, socket.gaierror):
        return cause.strerror or ""
    if isinstance(cause, OSError) and cause.errno:  # libraries put words of their own in its place
        return os.strerror(cause.errno)
    own = getattr(cause, "message", None)
    return own if isinstance(own, str) else str(cause)


def _plain(reason: str) -> str:
    """Return OpenSSL's ``WRONG_VERSION_NUMBER`` as words."""
    return reason.replace("_", " ").lower()


def _tls_hint(causes: list[BaseException]) -> str | None:
    for cause in reversed(causes):
        if isinstance(cause, _UNVERIFIED):
            return _certificate_hint(cause)
        if isinstance(cause, ssl.SSLError) and _spoke_plainly(cause):
            return "The server does not speak TLS there: should base_url begin with http://?"
    return None


def _certificate_hint(error: ssl.SSLCertVerificationError) -> str:
    if "match" in error.verify_message.lower():
        return "The certificate is for another name: check the host in base_url."
    return missing_certificates() or (
        "If a company proxy or a private CA signs it, set SSL_CERT_FILE to that CA's"
        " certificate (PEM)."
    )


def _spoke_plainly(error: ssl.SSLError) -> bool:
    # The names differ between the versions of OpenSSL (tried with 3.0).
    reason = f"{error.reason or ''} {error}".upper().replace(" ", "_")
    return any(sign in reason for sign in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER"))


def _hint_for(phase: str, causes: list[BaseException], origin: Origin) -> str | None:
    if phase == "resolve":
        return "Check base_url and the network; behind a proxy, set HTTPS_PROXY."
    if phase == "proxy" and any("407" in str(cause) for cause in causes):
        return "The proxy wants a user and password: http://user:password@host:port."
    if phase == "proxy":
        return "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY."
    refused = any(getattr(cause, "errno", None) == errno.ECONNREFUSED for cause in causes)
    if refused and origin.host in ("localhost", "127.0.0.1", "::1"):
        return "Is the server running? `antiphon serve` starts one; check the port in base_url."
    if refused:
        return "Check the host and port in base_url."
    if phase == "first byte" and any(_TLS_ALERT in str(cause) for cause in causes):
        return "The server speaks TLS there: should base_url begin with https://?"
    return None


def forget_frames(error: BaseException | None) -> None:
    """Drop the frames of another library's error: they hold the credential in a variable."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
