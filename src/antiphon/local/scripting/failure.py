"""The errors that a script lets requests end with, in the words of the API."""

from __future__ import annotations

import re
from math import inf
from typing import cast

from ..api.errors import RequestRefusedError

__all__ = ["KINDS", "RETRY_AFTER", "failure"]

RETRY_AFTER = re.compile("[ -~]+")
"""The texts that a header can have as they are."""

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The `type` of the API's errors by their status."""
_STATUSES = {kind: status for status, kind in KINDS.items()}
# Where the API's words are known (docs, errors; recordings).
_MESSAGES = {
    401: "invalid x-api-key",
    404: "Not found",
    413: "Request exceeds the maximum size",
    429: "This request would exceed your organization's rate limit. Please try again later.",
    500: "Internal server error",
    504: "Request timed out",
    529: "Overloaded",
}


def failure(
    error: int | str,
    message: str | None = None,
    *,
    retry_after: float | str | None = None,
    name: str = "fail",
) -> RequestRefusedError:
    """Return the error of a scripted failure.

    Args:
        error: an HTTP status from 400 to 599, or the `type` of one of the API's errors.
        message: what it says; by default the API's words for it.
        retry_after: the header `retry-after`: seconds, or a text such as an HTTP date.
        name: what the user has called; messages about what is no error begin with it.

    Raises:
        TypeError: `message` or `retry_after` is of another kind.
        ValueError: there is no such error, or `retry_after` cannot be sent.
    """
    status = _status(error, name)
    kind = error if isinstance(error, str) else _kind(status)
    if not isinstance(cast("object", message), str | None):
        raise TypeError(f"message: {message!r}; give a text")
    wait = () if retry_after is None else (("retry-after", _checked_wait(retry_after)),)
    return RequestRefusedError(
        status, kind, message or _MESSAGES.get(status) or "Simulated failure", headers=wait
    )


def _status(error: int | str, name: str) -> int:
    if isinstance(error, str) and error in _STATUSES:
        return _STATUSES[error]
    if isinstance(error, int) and 400 <= error <= 599:
        return error
    raise ValueError(
        f"{name}: {error!r} is no error of the API; give a status from 400 to 599, or one of"
        f" {', '.join(_STATUSES)}"
    )


def _checked_wait(retry_after: float | str) -> str:
    """Return what the header says."""
    advice = f"retry_after: {retry_after!r}; give seconds from 0, or a text such as an HTTP date"
    if isinstance(retry_after, str):
        if not RETRY_AFTER.fullmatch(retry_after):
            raise ValueError(f"{advice}, of ASCII in one line")
        return retry_after
    if isinstance(retry_after, bool) or not isinstance(cast("object", retry_after), int | float):
        raise TypeError(advice)
    if not 0 <= retry_after < inf:
        raise ValueError(advice)
    return f"{retry_after}"


def _kind(status: int) -> str:
    """Return the type of the error of a status, as the API or a gateway before it sends it."""
    return KINDS.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
