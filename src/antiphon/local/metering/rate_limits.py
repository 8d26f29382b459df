"""Rate limits: token buckets that fill continuously, and the headers and errors they produce."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from ...catalog.limit_class import limit_class

__all__ = ["Limits", "OverLimit", "RateLimitBuckets"]

_MINUTE = 60.0
# Requests may name any model, so the number of classes that are remembered has a bound.
_MAX_CLASSES = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one class of models may be used in a minute.

    The defaults are those of a large organization.
    """

    requests: int = 10_000
    """Requests per minute."""
    input_tokens: int = 10_000_000
    """Input tokens per minute; tokens read from cache do not count."""
    output_tokens: int = 2_000_000
    """Output tokens per minute, counted when they are produced."""

    def __post_init__(self) -> None:
        for name in ("requests", "input_tokens", "output_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; give at least 1 per minute")


class OverLimit(NamedTuple):
    """The reason why a limit does not admit a request."""

    message: str
    """The API's text."""
    retry_after: int
    """Whole seconds until the limit admits the request."""


class _Bucket:
    """A number of units per minute; unused ones are kept, up to a minute's worth."""

    __slots__ = ("_as_of", "_level", "capacity")

    def __init__(self, capacity: int, now: float) -> None:
        self.capacity = capacity
        self._level = float(capacity)
        self._as_of = now

    def level(self, now: float) -> float:
        """Return the units left; below 0 after output that nobody could foresee."""
        filled = max(0.0, now - self._as_of) * self.capacity / _MINUTE
        self._level = min(float(self.capacity), self._level + filled)
        self._as_of = now
        return self._level

    def take(self, units: int, now: float) -> None:
        """Use up `units`."""
        self._level = self.level(now) - units

    def wait(self, units: float, now: float) -> float:
        """Return the seconds until `units` are left.

        A bucket never holds more than its capacity, so for more units than that this is the
        time until it is full.
        """
        return max(0.0, (min(units, self.capacity) - self.level(now)) * _MINUTE / self.capacity)


class _ClassBuckets:
    """The three buckets of one class of models."""

    __slots__ = ("input_tokens", "output_tokens", "requests")

    def __init__(self, limits: Limits, now: float) -> None:
        self.requests = _Bucket(limits.requests, now)
        self.input_tokens = _Bucket(limits.input_tokens, now)
        self.output_tokens = _Bucket(limits.output_tokens, now)

    def headers(self, now: float) -> list[tuple[str, str]]:
        """Return the twelve headers about these buckets."""
        requests, read, written = self.requests, self.input_tokens, self.output_tokens
        return [
            *_family("requests", [requests], max(0, math.floor(requests.level(now))), now),
            *_family("input-tokens", [read], _thousands(read.level(now)), now),
            *_family("output-tokens", [written], _thousands(written.level(now)), now),
            *_family(
                "tokens", [read, written], _thousands(read.level(now) + written.level(now)), now
            ),
        ]


class RateLimitBuckets:
    """The rate limits of one organization; each class of models has its own buckets.

    Args:
        limits: what each class may use in a minute; None refuses nothing, and shows the default in
            the headers.
        clock: gives the time in seconds since 1970.
        organization: the id that error texts name.
    """

    def __init__(
        self, limits: Limits | None, clock: Callable[[], float], organization: str
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._organization = organization
        self._classes: dict[str, _ClassBuckets] = {}

    def admit(self, model: str, input_tokens: int) -> OverLimit | None:
        """Take a request out of the buckets, or return the limit it exceeds and take nothing.

        Args:
            model: the model's name, as error texts shall name it.
            input_tokens: the input without what is read from cache.
        """
        if self._limits is None:
            return None
        now = self._clock()
        buckets = self._of(model, self._limits, now)
        needed = (
            (buckets.requests, 1, "requests"),
            (buckets.input_tokens, input_tokens, "input tokens"),
            (buckets.output_tokens, 1, "output tokens"),
        )
        for bucket, units, name in needed:
            if units > bucket.level(now):
                return self._over(bucket, units, name, model, now)
        buckets.requests.take(1, now)
        buckets.input_tokens.take(input_tokens, now)
        return None

    def produced(self, model: str, output_tokens: int) -> None:
        """Take the tokens of a reply out of the bucket of output tokens."""
        if self._limits is not None:
            now = self._clock()
            self._of(model, self._limits, now).output_tokens.take(output_tokens, now)

    def headers(self, model: str) -> Sequence[tuple[str, str]]:
        """Return the twelve ``anthropic-ratelimit-*`` headers as they stand now."""
        now = self._clock()
        if self._limits is None:
            return _full_headers(int(now))
        return self._of(model, self._limits, now).headers(now)

    def _of(self, model: str, limits: Limits, now: float) -> _ClassBuckets:
        """Return the buckets of a model's class; forget the oldest class if there are too many."""
        name = limit_class(model)
        if name not in self._classes:
            if len(self._classes) >= _MAX_CLASSES:
                del self._classes[next(iter(self._classes))]
            self._classes[name] = _ClassBuckets(limits, now)
        return self._classes[name]

    def _over(self, bucket: _Bucket, units: int, name: str, model: str, now: float) -> OverLimit:
        message = (
            "This request would exceed your organization's rate limit of "
            f"{bucket.capacity:,} {name} per minute (org: {self._organization}, model: {model}). "
            "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the "
            "response headers for current usage. Please reduce the prompt length or the maximum "
            "tokens requested, or try again later. You may also contact sales at "
            "https://claude.com/contact-sales to discuss your options for a rate limit increase."
        )
        return OverLimit(message, max(1, math.ceil(bucket.wait(units, now))))


def _family(
    name: str, buckets: Sequence[_Bucket], remaining: int, now: float
) -> list[tuple[str, str]]:
    """Return the headers `limit`, `remaining` and `reset` of one family."""
    full = now + max(bucket.wait(bucket.capacity, now) for bucket in buckets)
    prefix = f"anthropic-ratelimit-{name}"
    return [
        (f"{prefix}-limit", str(sum(bucket.capacity for bucket in buckets))),
        (f"{prefix}-remaining", str(remaining)),
        (f"{prefix}-reset", _timestamp(int(full))),
    ]


@lru_cache(maxsize=1)  # all requests of a second get the same
def _full_headers(second: int) -> tuple[tuple[str, str], ...]:
    """Return the headers of a server without limits: buckets of the default size, full."""
    return tuple(_ClassBuckets(Limits(), second).headers(second))


@lru_cache(maxsize=16)
def _timestamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _thousands(tokens: float) -> int:
    """Round down to thousands, as the headers of the API are."""
    return max(0, math.floor(tokens / 1000) * 1000)
