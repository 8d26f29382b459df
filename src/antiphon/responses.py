"""Responses with their HTTP side, and the rate limits in their headers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import modules
from typing import Any, Generic, Self, TypeVar

from ._core.flow import Attempts, SuccessfulResponse
from ._wire.http import Headers, HTTPResponse, Request, retry_after
from ._wire.url import URL
from .errors import APIError, APIResponseValidationError, OutputError

__all__ = ["APIResponse", "AsyncAPIResponse", "RateLimit", "RateLimits", "whole_number"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One bucket of the rate limits; a number the API did not send is `None`."""

    limit: int | None
    """What the bucket holds when full."""
    remaining: int | None
    """What is left; token counts are rounded to thousands by the API."""
    reset: datetime | None
    """When it will be full again, as an aware datetime."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The `anthropic-ratelimit-*` headers of a response."""

    requests: RateLimit
    tokens: RateLimit
    input_tokens: RateLimit
    output_tokens: RateLimit
    retry_after: float | None
    """Seconds to wait, if the response asked for it; on a successful response it means nothing."""

    @classmethod
    def of(cls, headers: Headers) -> RateLimits:
        """Return the limits that `headers` tell."""
        return cls(
            _rate_limit(headers, "requests"),
            _rate_limit(headers, "tokens"),
            _rate_limit(headers, "input-tokens"),
            _rate_limit(headers, "output-tokens"),
            retry_after(headers),
        )


def _rate_limit(headers: Headers, kind: str) -> RateLimit:
    limit, remaining, reset = (
        headers.get(f"anthropic-ratelimit-{kind}-{part}")
        for part in ("limit", "remaining", "reset")
    )
    return RateLimit(whole_number(limit), whole_number(remaining), _moment(reset))


def whole_number(text: str | None) -> int | None:
    """Return the number in a header; None if there is none."""
    # A number of more digits is no limit, and Python refuses to convert thousands of them.
    return int(text) if text is not None and text.isdecimal() and len(text) < 20 else None


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


class BaseResponse:
    """What every response tells before its body is looked at."""

    __slots__ = ("_attempts", "_decode", "_received", "_seconds")

    def __init__(
        self,
        received: HTTPResponse | SuccessfulResponse,
        attempts: Attempts,
        decode: Callable[[bytes], Any],
    ) -> None:
        self._seconds = attempts.elapsed
        self._received = received
        self._attempts = attempts
        self._decode = decode

    @property
    def elapsed(self) -> timedelta:
        """The time from the start of the call until this response was handed over."""
        return timedelta(seconds=self._seconds)

    @property
    def http_response(self) -> HTTPResponse:
        """Status, headers and body as plain values."""
        # Made when somebody looks: most programs want the message alone.
        if isinstance(self._received, SuccessfulResponse):
            self._received = self._received.http_response()
        return self._received

    @property
    def headers(self) -> Headers:
        """The headers, whatever the case of their names."""
        return self.http_response.headers

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.http_response.status_code

    @property
    def http_request(self) -> Request | None:
        """The request that was sent, without its credential."""
        return self.http_response.request

    @property
    def method(self) -> str:
        """The HTTP method of the request."""
        return self.http_response.method

    @property
    def url(self) -> URL:
        """The URL of the request."""
        return self.http_response.url

    @property
    def http_version(self) -> str:
        """The version of HTTP, such as ``"HTTP/1.1"``."""
        return self.http_response.http_version

    @property
    def request_id(self) -> str | None:
        """The API's id of the request; quote it to support."""
        return self.headers.get("request-id")

    @property
    def workspace_id(self) -> str | None:
        """The workspace that the request counted for, if the API says so."""
        return self.headers.get("anthropic-workspace-id")

    @property
    def rate_limits(self) -> RateLimits:
        """The rate limits after this request."""
        return RateLimits.of(self.headers)

    @property
    def retries_taken(self) -> int:
        """How often the call was tried again before this response."""
        return self._attempts.retries

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code} {self.request_id}>"


class AsyncAPIResponse(BaseResponse, Generic[T]):
    """What the responses of an async client have in common.

    The methods of most are awaited, since their body may not have been received.
    """

    __slots__ = ()

    _decode: Callable[[bytes], T]

    def _meaning(self, body: bytes, headers: Headers) -> T:
        """Return what a whole body means, marked with its ids.

        Raises:
            APIResponseValidationError: it is not what the API sends.
            OutputError: it is a message without the output that was asked for.
        """
        try:
            result = self._decode(body)
        except OutputError as error:
            error.message._request_id = headers.get("request-id")  # pyright: ignore[reportPrivateUsage]
            raise
        except ValueError as failure:
            response = self.http_response
            raise APIResponseValidationError(
                response,
                response.text,
                message=f"Status {response.status_code}, but {_described(response)}",
            ) from failure
        # Asked of the class: a model answers for any name among its unknown fields.
        mark = getattr(type(result), "_mark_received", None)
        if mark is not None:  # a model or a page
            sent = headers.by_name
            mark(result, sent.get("request-id"), sent.get("anthropic-workspace-id"))
        return result


class APIResponse(AsyncAPIResponse[T]):
    """A whole response: its HTTP side, and what it means."""

    __slots__ = ("_parsed",)

    def __init__(
        self,
        received: HTTPResponse | SuccessfulResponse,
        attempts: Attempts,
        decode: Callable[[bytes], T],
    ) -> None:
        super().__init__(received, attempts, decode)
        self._parsed: T | None = None

    @property
    def is_closed(self) -> bool:
        """True: the body was received to its end."""
        return True

    def parse(self) -> T:
        """Return the response as a model; the same object at every call.

        Raises:
            APIResponseValidationError: the body is not what the API sends.
        """
        if self._parsed is None:
            received = self._received
            if isinstance(received, SuccessfulResponse):
                self._parsed = self._meaning(received.body, received.head.headers)
            else:
                self._parsed = self._meaning(received.content, received.headers)
        return self._parsed

    def told(self) -> Self:
        """Return this response, after those who watch its call were told what it means."""
        if self._attempts.call.watchers:
            try:
                message = self.parse()
            except OutputError as error:  # raised again to whoever wants to know what it means
                self._attempts.end(error.message)
            except APIError as error:
                self._attempts.end(None, error)
            else:
                self._attempts.end(message)
        return self

    def read(self) -> bytes:
        """Return the body."""
        received = self._received
        if isinstance(received, SuccessfulResponse):
            return received.body
        return received.content

    def text(self) -> str:
        """Return the body as text."""
        return self.http_response.text

    def json(self) -> Any:
        """Return the body as JSON values.

        Raises:
            ValueError: the body is not JSON.
        """
        return self.http_response.json()


def decoded_line(response: HTTPResponse, line: str, number: int, decode: Callable[[bytes], T]) -> T:
    """Return what a line of the body of `response` means.

    Raises:
        APIResponseValidationError: the line is not what the API sends; the message has its number.
    """
    try:
        return decode(line.encode())
    except ValueError as failure:
        message = f"Line {number} is not the JSON of the API: {line[:200]}"
        raise APIResponseValidationError(response, line, message=message) from failure


def deprecated_tries(attempts: Attempts) -> Attempts:
    """Return `attempts` for the old attribute `tries` of a stream, with a warning."""
    warnings.warn(
        "stream.tries is deprecated and goes in version 0.3: read stream.attempts",
        DeprecationWarning,
        stacklevel=3,
    )
    return attempts


def _described(response: HTTPResponse) -> str:
    if not response.content:
        return "the body is empty."
    kind = response.headers.get("content-type", "no content type")
    size = len(response.content)
    start = response.text[:200]
    return f"the body is not the JSON of the API ({kind}, {size} bytes): {start}"


def is_httpx_response(kind: type[object]) -> bool:
    """Return whether `kind` is the class of responses of httpx2 or httpx."""
    return kind.__name__ == "Response" and kind.__module__.partition(".")[0] in {"httpx2", "httpx"}


def httpx_response(kind: Any, response: APIResponse[Any]) -> Any:
    """Return `response` as an object of the class of responses of httpx2 or httpx."""
    # The body is decoded already, and what says otherwise would have it decoded once more.
    told = [(k, v) for k, v in response.headers.raw if k.lower() not in _OF_THE_BODY]
    made = kind(response.status_code, headers=told, content=response.read())
    if (sent := response.http_request) is not None:
        request: Any = getattr(modules[kind.__module__.partition(".")[0]], "Request")  # noqa: B009
        made.request = request(sent.method, sent.url, headers=sent.revealed_headers())
    return made


_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}
