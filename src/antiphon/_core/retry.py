"""Whether a failed attempt is worth another one, and when."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import APIConnectionError, APIError, APIStatusError

FIRST_DELAY, LONGEST_DELAY, JITTER = 0.5, 8.0, 0.25
"""Backoff in seconds: doubled from the first to the longest, each less up to a quarter at random."""

_RETRIED_STATUSES = frozenset({408, 409, 429})
_SPENT = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call may be tried again."""

    max_retries: int = 2
    """Further attempts after the first; 0 turns retries off."""

    def delay(self, retries: int, error: APIError, chance: float) -> float | None:
        """Seconds to wait before the next attempt, or `None` if there is to be none.

        Args:
            retries: how many there have been.
            error: why the last attempt failed.
            chance: a random number in [0, 1) for the jitter.
        """
        if retries >= self.max_retries or not _is_worth_it(error):
            return None
        asked = error.retry_after
        return backoff(retries, chance) if asked is None else asked


def backoff(retries: int, chance: float) -> float:
    """Seconds to wait when the API did not say: 0.5 s doubling to 8 s, less up to 25 %."""
    return min(FIRST_DELAY * 2.0 ** min(retries, 10), LONGEST_DELAY) * (1 - JITTER * chance)


def _is_worth_it(error: APIError) -> bool:
    if isinstance(error, APIConnectionError):
        return error.transient
    if not isinstance(error, APIStatusError):
        return False
    told = error.response.headers.get("x-should-retry")
    if told in ("true", "false"):
        return told == "true"
    retried = error.status_code in _RETRIED_STATUSES or error.status_code >= 500
    return retried and not _is_spent(error.body)


def _is_spent(body: object) -> bool:
    """Whether a 429 means a spend limit, which waiting does not lift."""
    match body:
        case {"error": {"details": {"error_code": str(code)}}}:
            return code in _SPENT
        case _:
            return False
