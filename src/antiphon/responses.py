"""Answers with their HTTP side: raw responses and the rate limits in their headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from ._core.flow import Attempts
from ._wire.decoding import ResponseModel
from ._wire.http import Headers, HTTPResponse, retry_after
from .errors import APIResponseValidationError

__all__ = ["APIResponse", "RateLimit", "RateLimits"]

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
    """The `anthropic-ratelimit-*` headers of an answer."""

    requests: RateLimit
    tokens: RateLimit
    input_tokens: RateLimit
    output_tokens: RateLimit
    retry_after: float | None
    """Seconds to wait, if the answer asked for it; on a successful answer it means nothing."""

    @classmethod
    def of(cls, headers: Headers) -> RateLimits:
        """The limits that `headers` tell."""
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
    return RateLimit(_whole(limit), _whole(remaining), _moment(reset))


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        return None


class BaseResponse:
    """What every answer tells before its body is looked at."""

    __slots__ = ("_tries", "elapsed", "http_response")

    http_response: HTTPResponse
    """Status, headers and body as plain values."""
    elapsed: float
    """Seconds from the start of the call until this answer was handed over."""

    def __init__(self, http_response: HTTPResponse, tries: Attempts) -> None:
        self.http_response = http_response
        self.elapsed = tries.elapsed
        self._tries = tries

    @property
    def headers(self) -> Headers:
        """The headers, whatever the case of their names."""
        return self.http_response.headers

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.http_response.status_code

    @property
    def request_id(self) -> str | None:
        """The API's id of the request; quote it to support."""
        return self.headers.get("request-id")

    @property
    def rate_limits(self) -> RateLimits:
        """The rate limits after this request."""
        return RateLimits.of(self.headers)

    @property
    def retries_taken(self) -> int:
        """How often the call was tried again before this answer."""
        return self._tries.retries

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code} {self.request_id}>"


class APIResponse(BaseResponse, Generic[T]):
    """A whole answer: its HTTP side, and what it means."""

    __slots__ = ("_parse", "_parsed")

    def __init__(
        self, http_response: HTTPResponse, tries: Attempts, parse: Callable[[bytes], T]
    ) -> None:
        super().__init__(http_response, tries)
        self._parse = parse
        self._parsed: T | None = None

    def parse(self) -> T:
        """The answer as a model; the same object at every call.

        Raises:
            APIResponseValidationError: the body is not what the API sends.
        """
        if self._parsed is None:
            self._parsed = parsed(self.http_response, self._parse)
        return self._parsed

    def read(self) -> bytes:
        """The body."""
        return self.http_response.content

    def text(self) -> str:
        """The body as text."""
        return self.http_response.text

    def json(self) -> Any:
        """The body as JSON values.

        Raises:
            ValueError: the body is not JSON.
        """
        return self.http_response.json()


def parsed(response: HTTPResponse, decode: Callable[[bytes], T]) -> T:
    """What the body of `response` means, marked with its request id.

    Raises:
        APIResponseValidationError: the body is not what the API sends.
    """
    try:
        result = decode(response.content)
    except ValueError as failure:
        raise APIResponseValidationError(
            response,
            response.text,
            message=f"Status {response.status_code}, but {_described(response)}",
        ) from failure
    if isinstance(result, ResponseModel):
        result._request_id = response.headers.get("request-id")  # pyright: ignore[reportPrivateUsage] users know it by this name
    return result


def _described(response: HTTPResponse) -> str:
    if not response.content:
        return "the body is empty."
    kind = response.headers.get("content-type", "no content type")
    return f"the body is not the JSON of the API ({kind}, {len(response.content)} bytes): {response.text[:200]}"
