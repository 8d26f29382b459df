"""Errors as the API sends them: the body of an error response, and the event `error`."""

from typing import (
    Annotated,
    Literal,
    TypeAlias,
)

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, WireModel

__all__ = [
    "APIErrorObject",
    "AuthenticationErrorObject",
    "BillingErrorObject",
    "ErrorDetails",
    "ErrorObject",
    "ErrorResponse",
    "GatewayTimeoutErrorObject",
    "InvalidRequestErrorObject",
    "NotFoundErrorObject",
    "OverloadedErrorObject",
    "PermissionErrorObject",
    "RateLimitErrorObject",
]


class ErrorDetails(WireModel):
    """What the API says of a failure beyond its message; fields that belong to the code are kept.

    error_code: names the failure, e.g. "thread_not_found".
    """

    error_code: str


class InvalidRequestErrorObject(WireModel):
    """The request is not valid (400); `message` says why, with the path of the field."""

    type: Literal["invalid_request_error"]
    message: str


class AuthenticationErrorObject(WireModel):
    """The key is missing or wrong (401); `message` says why."""

    type: Literal["authentication_error"]
    message: str


class BillingErrorObject(WireModel):
    """There is a problem with the payment (402); `message` says which."""

    type: Literal["billing_error"]
    message: str


class PermissionErrorObject(WireModel):
    """The key may not do this (403); `message` says why."""

    type: Literal["permission_error"]
    message: str


class NotFoundErrorObject(WireModel):
    """What the request names does not exist (404); `message` names it."""

    type: Literal["not_found_error"]
    message: str


class RateLimitErrorObject(WireModel):
    """Too many requests or tokens (429); `message` says which limit."""

    type: Literal["rate_limit_error"]
    message: str


class GatewayTimeoutErrorObject(WireModel):
    """The request took too long (504); `message` says so."""

    type: Literal["timeout_error"]
    message: str


class APIErrorObject(WireModel):
    """Something inside the API failed (500); `message` says so."""

    type: Literal["api_error"]
    message: str


class OverloadedErrorObject(WireModel):
    """The API is overloaded (529); `message` says so."""

    type: Literal["overloaded_error"]
    message: str


ErrorObject: TypeAlias = Annotated[
    InvalidRequestErrorObject
    | AuthenticationErrorObject
    | BillingErrorObject
    | PermissionErrorObject
    | NotFoundErrorObject
    | RateLimitErrorObject
    | GatewayTimeoutErrorObject
    | APIErrorObject
    | OverloadedErrorObject,
    Discriminator("type"),
    OrUnknown(),
]
"""What went wrong. `type` tells the kinds apart."""


class ErrorResponse(WireModel):
    """The body of an error response, and the event `error` of a stream.

    error: what went wrong.
    request_id: the id of the request, for support.
    """

    type: Literal["error"]
    error: ErrorObject
    request_id: str | None = None
