"""What the server does not accept, said as the API says it (Messages API, errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...rules import Finding

__all__ = ["RequestRefusedError", "invalid", "not_found", "refused", "too_large"]

_TOO_LARGE = {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}


class RequestRefusedError(Exception):
    """An answer of status 400 or more.

    Args:
        status: the HTTP status.
        kind: the `type` of the error.
        message: its text.
        details: its `details`, such as ``{"error_code": …}``.
        headers: more headers of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.details = details
        self.headers = headers

    def error(self) -> dict[str, Any]:
        """The `error` of the answer's body."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        return error | {"details": self.details} if self.details else error

    def body(self, request_id: str) -> dict[str, Any]:
        """The body of the answer."""
        return {"type": "error", "error": self.error(), "request_id": request_id}


class RequestTooLargeRefusal(RequestRefusedError):
    """A body over the limit: refused by the API's edge, whose errors have a shape of their own."""

    def body(self, request_id: str) -> dict[str, Any]:  # noqa: ARG002  the edge knows no ids
        """The body of the answer."""
        return _TOO_LARGE


def invalid(message: str, **details: Any) -> RequestRefusedError:
    """400 `invalid_request_error`."""
    return RequestRefusedError(400, "invalid_request_error", message, details=details)


def refused(finding: Finding) -> RequestRefusedError:
    """What a rule of the rule book says."""
    return RequestRefusedError(finding.status, finding.type, finding.message)


def not_found(message: str = "Not found") -> RequestRefusedError:
    """404 `not_found_error`."""
    return RequestRefusedError(404, "not_found_error", message)


def too_large() -> RequestRefusedError:
    """413 `request_too_large`."""
    return RequestTooLargeRefusal(413, "request_too_large", "Request exceeds the maximum size")
