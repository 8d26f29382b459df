"""Whether a failed attempt is worth another one, and when.

The numbers are those of the official clients, so that a program that moves over puts the same load
on the API.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import APIConnectionError, APIError, APIStatusError, RetryableError

FIRST_DELAY, LONGEST_DELAY, JITTER = 0.5, 8.0, 0.25
"""Backoff in seconds: doubled from the first to the longest, less up to a quarter at random."""

# Besides 5xx: the server gave up waiting, the request collided with another, a rate limit.
_RETRIED_STATUSES = frozenset({408, 409, 429})
# `error.details.error_code` of a 429 that waiting does not lift (Messages API, rate limits).
_SPENT = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call may be tried again."""

    max_retries: int = 2
    """Further attempts after the first; 0 turns retries off."""

    def delay(self, retries: int, error: APIError, chance: float) -> float | None:
        """Return the seconds to wait before the next attempt, or `None` if there is to be none.

        Args:
            retries: how many there have been.
            error: why the last attempt failed.
            chance: a random number in [0, 1) for the jitter.
        """
        if retries >= self.max_retries or not _is_worth_it(error):
            return None
        delay = error.retry_after
        return backoff(retries, chance) if delay is None else delay


def backoff(retries: int, chance: float) -> float:
    """Return the seconds to wait if the API did not say: 0.5 s doubling to 8 s, less up to 25 %."""
    return min(FIRST_DELAY * 2.0 ** min(retries, 10), LONGEST_DELAY) * (1 - JITTER * chance)


def _is_worth_it(error: APIError) -> bool:
    if isinstance(error, APIConnectionError):
        return error.transient
    if isinstance(error, RetryableError):
        return True
    if not isinstance(error, APIStatusError):
        return False
    advice = error.response.headers.get("x-should-retry")
    lasts = advice != "true" and _is_spent(error.body)
    return is_temporary(error.status_code, advice) and not lasts


def is_temporary(status: int, advice: str | None) -> bool:
    """Return whether a request that got this status may succeed later.

    Args:
        status: that of the response.
        advice: its header `x-should-retry`; the API knows better than its status.
    """
    if advice in ("true", "false"):
        return advice == "true"
    return status in _RETRIED_STATUSES or status >= 500


def _is_spent(body: object) -> bool:
    """Return whether a 429 means a spend limit, which waiting does not lift."""
    match body:
        case {"error": {"details": {"error_code": str(code)}}}:
            return code in _SPENT
        case _:
            return False
