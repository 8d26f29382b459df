"""Whether a failed attempt is worth another one, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ..errors import APIConnectionError, APIError, APIStatusError
from .wire import Headers

FIRST_DELAY, LONGEST_DELAY, JITTER = 0.5, 8.0, 0.25
"""Backoff in seconds: doubled from the first to the longest, each less up to a quarter at random."""

_RETRIED_STATUSES = frozenset({408, 409, 429})
_SPENT = frozenset({"enforced_spend_limit_reached", "contract_spend_limit_reached"})


@dataclass(frozen=True, slots=True)
class Retry:
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
        return True
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


def retry_after(headers: Headers) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (seconds or a date) ask to wait."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    asked = headers.get("retry-after")
    return _seconds(asked) if _seconds(asked) is not None else _until(asked, headers.get("date"))


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _until(date: str | None, sent: str | None) -> float | None:
    """Seconds from the moment the answer was sent to `date`, both HTTP dates."""
    moment = _moment(date)
    if moment is None:
        return None
    return max(0.0, (moment - (_moment(sent) or datetime.now(UTC))).total_seconds())


def _moment(date: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
