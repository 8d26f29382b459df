"""Error responses, in the words and the envelope of the API (Messages API, errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._wire.json import JSONObject
from ...rules import Finding
from .steps import HeaderPairs

__all__ = ["RequestRefusedError", "broken_rule", "invalid", "not_found", "too_large"]


class RequestRefusedError(Exception):
    """A request that gets an error response, of status 400 or more.

    Args:
        status: the HTTP status.
        kind: the `type` of the error.
        message: its text.
        details: its `details`, such as ``{"error_code": …}``.
        headers: more headers of the response.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: HeaderPairs = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.details = details
        self.headers = headers

    def bare(self) -> RequestRefusedError:
        """Return the same error, to be kept: without frames, whose variables may hold a key."""
        return RequestRefusedError(
            self.status, self.kind, self.message, details=self.details, headers=self.headers
        )

    def error(self) -> JSONObject:
        """Return the `error` of the response's body."""
        error: JSONObject = {"type": self.kind, "message": self.message}
        return error | {"details": self.details} if self.details else error

    def body(self, request_id: str) -> JSONObject:
        """Return the body of the response."""
        return {"type": "error", "error": self.error(), "request_id": request_id}


def invalid(message: str, **details: Any) -> RequestRefusedError:
    """Return a 400 `invalid_request_error`."""
    return RequestRefusedError(400, "invalid_request_error", message, details=details)


def broken_rule(finding: Finding) -> RequestRefusedError:
    """Return the error of a broken rule, as the rule book words it."""
    return RequestRefusedError(finding.status, finding.type, finding.message)


def not_found(message: str = "Not found") -> RequestRefusedError:
    """Return a 404 `not_found_error`."""
    return RequestRefusedError(404, "not_found_error", message)


def too_large() -> RequestRefusedError:
    """Return a 413 `request_too_large`."""
    return RequestRefusedError(413, "request_too_large", "Request exceeds the maximum size")
