"""Everything antiphon raises, one tree::

    AntiphonError  (also called AnthropicError)
    ├── UsageError                      an object is closed, or at its end
    ├── CredentialsError                no API key and no token: nothing was sent
    ├── InputError                      a file or a value that cannot be a content block
    ├── RequestEncodingError            a value that is not JSON: nothing was sent
    ├── NotSupportedError               a method that antiphon does not have
    ├── BudgetExceededError             a call that could cost more than is left: nothing was sent
    ├── ToolError                       raised by a tool: what Claude is told of its failure
    │   └── ToolInputError              the input of a call does not fit the tool
    ├── OutputError                     a message without the output that was asked for
    │   ├── OutputRefusedError              Claude refused
    │   ├── OutputTruncatedError            a limit cut the output off
    │   └── OutputValidationError           the output does not fit the type
    └── APIError
        ├── RetryableError              raised by a middleware: this attempt is worth another one
        ├── APIConnectionError          no response, or only a part of one
        │   ├── APITimeoutError         a clock ran out
        │   │   └── StreamStalledError      a stream went without content
        │   └── StreamInterruptedError  a stream ended before its message did
        ├── APIResponseValidationError  a response that is not what the API sends
        │   ├── ResponseTooLargeError       a body beyond what the client takes in
        │   └── StreamProtocolError         a stream whose events do not fit together
        └── APIStatusError              the API refused or failed; one class per status
            ├── BadRequestError             400 invalid_request_error
            ├── AuthenticationError         401 authentication_error
            ├── BillingError                402 billing_error
            ├── PermissionDeniedError       403 permission_error
            ├── NotFoundError               404 not_found_error
            ├── RequestTimeoutError         408
            ├── ConflictError               409 conflict_error
            ├── PreconditionFailedError     412
            ├── RequestTooLargeError        413 request_too_large
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429 rate_limit_error
            ├── RequestHeaderFieldsTooLargeError  431
            ├── ClientClosedRequestError    499
            └── InternalServerError         500 api_error, and any other 5xx
                ├── HTTPNotImplementedError     501
                ├── ServiceUnavailableError     503
                ├── DeadlineExceededError       504 timeout_error
                └── OverloadedError             529 overloaded_error

Where the API gives a code in ``error.details``, a subclass of these is raised that is named for it,
such as `antiphon.errors.ThreadNotFoundError` for the code ``thread_not_found``.

Every error pickles, and none of them shows a key.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from ._wire.http import Headers, HTTPResponse, Request, retry_after

if TYPE_CHECKING:
    from decimal import Decimal

    from .types.message import Message, Usage
    from .types.wire_errors import ErrorDetails

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AnthropicError",
    "AntiphonError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BillingError",
    "BudgetExceededError",
    "ClientClosedRequestError",
    "ConflictError",
    "ContentTooLargeError",
    "CredentialsError",
    "DeadlineExceededError",
    "GatewayTimeoutError",
    "HTTPNotImplementedError",
    "InputError",
    "InternalServerError",
    "NotFoundError",
    "NotSupportedError",
    "OutputError",
    "OutputRefusedError",
    "OutputTruncatedError",
    "OutputValidationError",
    "OverloadedError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "RateLimitError",
    "RequestEncodingError",
    "RequestHeaderFieldsTooLargeError",
    "RequestTimeoutError",
    "RequestTooLargeError",
    "ResponseTooLargeError",
    "RetryableError",
    "ServiceUnavailableError",
    "StreamInterruptedError",
    "StreamProtocolError",
    "StreamStalledError",
    "ToolError",
    "ToolInputError",
    "UnprocessableEntityError",
    "UsageError",
]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed attempt of a call."""

    started: float
    """Seconds after the call began."""
    elapsed: float
    """Seconds the attempt took."""
    failure: str
    """The failure in one line."""


class AntiphonError(Exception):
    """The base of everything that antiphon raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, _plain(self.__dict__))

    def __copy__(self) -> Self:
        # A pickle leaves the request out; a copy of this process need not.
        return cast("Self", _restore(type(self), self.args, self.__dict__))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        state = deepcopy(self.__dict__, memo)
        return cast("Self", _restore(type(self), self.args, state))


AnthropicError = AntiphonError


def _restore(
    cls: type[AntiphonError], args: tuple[Any, ...], state: dict[str, Any]
) -> AntiphonError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """Return `state` as a pickle may hold it: a request that is not ours may show a key."""
    request = state.get("request")
    if request is None:
        return state
    return {**state, "request": request.plain() if isinstance(request, Request) else None}


class CredentialsError(AntiphonError):
    """There is neither an API key nor a token; nothing was sent."""


class UsageError(AntiphonError, RuntimeError):
    """An object cannot do what it was asked: it is closed, or at its end."""


class InputError(AntiphonError, ValueError):
    """A file or a value that cannot be a content block; the message begins with its argument."""


class RequestEncodingError(AntiphonError, TypeError):
    """A value in the parameters is not JSON; nothing was sent."""

    path: str
    """Where the value is, e.g. ``messages[0].content[1].source.data``."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class BudgetExceededError(AntiphonError):
    """A call could cost more than is left of a budget; it was not sent."""

    asked: Decimal | int
    """The most that the call could cost: US dollars, or tokens."""
    spent: Decimal | int
    """What was spent before."""
    reserved: Decimal | int
    """What calls under way may still cost."""
    left: Decimal | int
    """What is left of the budget without both."""

    def __init__(
        self,
        message: str,
        *,
        asked: Decimal | int = 0,
        spent: Decimal | int = 0,
        reserved: Decimal | int = 0,
        left: Decimal | int = 0,
    ) -> None:
        super().__init__(message)
        self.asked = asked
        self.spent = spent
        self.reserved = reserved
        self.left = left

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {name: getattr(self, name) for name in ("asked", "spent", "reserved", "left")}
        return partial(type(self), self.args[0], **facts), ()


class NotSupportedError(AntiphonError, NotImplementedError):
    """This version of antiphon does not have the method; the message says what to do instead."""


class ToolError(AntiphonError):
    """Raise it in a tool: the call gets an error result with this content, and no traceback.

    Args:
        content: what Claude is told: a text, or anything else that a tool may return, such as a
            list of blocks.
    """

    content: Any
    """What Claude is told."""

    def __init__(self, content: object) -> None:
        super().__init__(content if isinstance(content, str) else _texts(content))
        self.content = content


def _texts(content: Any) -> str:
    """Return the texts of a list of blocks; `repr` of anything else."""
    if not isinstance(content, list):
        return repr(content)
    blocks: list[Any] = [*content]
    return "\n".join(str(block["text"]) for block in blocks if "text" in block)


class ToolInputError(ToolError, ValueError):
    """The input of a call does not fit the tool; the text says which argument is wrong, and why."""


class OutputError(AntiphonError, ValueError):
    """A message without the output that was asked for; it holds the message, which was paid for."""

    message: Message
    """The whole message."""
    failures: tuple[OutputValidationError, ...]
    """The failures before this one, if you asked for retries."""

    def __init__(self, text: str, message: Message) -> None:
        super().__init__(text)
        self.message = message
        self.failures = ()

    @property
    def request_id(self) -> str | None:
        """The API's id of the request that created the message."""
        return self.message._request_id  # pyright: ignore[reportPrivateUsage] users know this name

    @property
    def usage(self) -> Usage:
        """The tokens of the message, and of those of the failures before."""
        usage = self.message.usage
        for failure in self.failures:
            usage = failure.message.usage + usage
        return usage


class OutputRefusedError(OutputError):
    """Claude refused; `message.stop_details` may say why."""

    def __init__(self, message: Message) -> None:
        # A gateway may send anything in its place.
        reason = getattr(message.stop_details, "explanation", None)
        super().__init__(f"Claude refused: {reason}" if reason else "Claude refused.", message)


class OutputTruncatedError(OutputError):
    """A limit cut the output off: `max_tokens`, or the context window of the model."""

    def __init__(self, message: Message) -> None:
        super().__init__(
            f"The output was cut off (stop_reason {message.stop_reason!r}); error.message.text is"
            " what there is of it. Give a larger max_tokens.",
            message,
        )


class OutputValidationError(OutputError):
    """The text of the message does not fit the type; `__cause__` is the error of pydantic."""

    reason: str
    """What does not fit, in one line."""

    def __init__(self, message: Message, fault: Exception | None) -> None:
        self.reason = "it is empty" if fault is None else _reason(fault)
        super().__init__(f"The output does not fit the type: {self.reason}", message)


def _reason(fault: Exception) -> str:
    """Return what is wrong with an output in one line, without the output itself."""
    # pydantic's own text shows what Claude wrote, which is not for logs, and an address.
    errors: Any = getattr(fault, "errors", None)
    if errors is None:
        return str(fault) or type(fault).__name__
    found = [
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}" if each["loc"] else str(each["msg"])
        for each in errors(include_url=False, include_context=False, include_input=False)
    ]
    further = len(found) - _SHOWN_FAULTS
    return "; ".join(found[:_SHOWN_FAULTS]) + (f"; and {further} more" if further > 0 else "")


# More would make a request to correct them longer than the output.
_SHOWN_FAULTS = 10


class APIError(AntiphonError):
    """A call to the API that did not succeed.

    `message` says what went wrong, `request_id` which request it was, and `attempts` lists every
    failed attempt. `partial` holds what was received of a streamed message.
    """

    message: str
    """What went wrong; for a response of the API, its own words."""
    request: Request | None
    """The request of the last attempt, without its credential; not kept when pickled."""
    body: object | None
    """The body of the response: JSON values if it was JSON, else its text; `None` without one."""
    attempts: tuple[Attempt, ...]
    """Every failed attempt of the call, the last one included."""
    partial: Message | None
    """What was received of a streamed message that failed; blocks say if they are `complete`."""

    def __init__(
        self, message: str, request: Request | None = None, *, body: object | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.body = body
        self.attempts = ()
        self.partial = None
        self._request_id: str | None = None

    @property
    def request_id(self) -> str | None:
        """The API's id of the request, if a response carried one; quote it to support."""
        return self._request_id

    @request_id.setter
    def request_id(self, value: str | None) -> None:
        self._request_id = value

    @property
    def usage(self) -> Usage | None:
        """The tokens counted so far, when a stream failed after it had begun."""
        return None if self.partial is None else self.partial.usage

    @property
    def retry_after(self) -> float | None:
        """Seconds the API asks to wait before another attempt, if it says so."""
        return None

    def __str__(self) -> str:
        return f"{self.summary}{_counted(self.attempts)}"

    @property
    def summary(self) -> str:
        """The failure in one line."""
        return self.message


def _counted(attempts: tuple[Attempt, ...]) -> str:
    return f" (after {len(attempts)} attempts)" if len(attempts) > 1 else ""


class RetryableError(APIError):
    """An attempt that a middleware found worth another one; it is raised if there is none left."""

    def __init__(self, message: str = "", request: Request | None = None) -> None:
        super().__init__(message or "a middleware asked for another attempt", request)


class APIConnectionError(APIError):
    """No response was received, or only a part of it; the cause is in ``__cause__``.

    `phase` says how far the exchange got, and `host` and `proxy` with whom.
    """

    phase: str | None
    """How far the exchange got: `resolve`, `connect`, `proxy`, `tls`, `pool`, `send`, `first byte`
    or `body`."""
    host: str | None
    """Host and port of the server."""
    proxy: str | None
    """The proxy that was used, without its credentials."""
    elapsed: float | None
    """Seconds from the start of the attempt to the failure."""
    stale: bool
    """True if a reused connection turned out to be closed before the server replied; such an
    attempt is repeated once without counting as a retry."""
    transient: bool
    """Whether another attempt may succeed: not if the `http_client` or a network guard refused."""

    def __init__(
        self,
        message: str = "Connection error.",
        request: Request | None = None,
        *,
        phase: str | None = None,
        host: str | None = None,
        proxy: str | None = None,
        elapsed: float | None = None,
        stale: bool = False,
        transient: bool = True,
    ) -> None:
        super().__init__(message, request)
        self.phase = phase
        self.host = host
        self.proxy = proxy
        self.elapsed = elapsed
        self.stale = stale
        self.transient = transient


class APITimeoutError(APIConnectionError):
    """A clock of the call ran out; `phase` and the message say which."""

    def __init__(
        self,
        request: Request | None = None,
        *,
        message: str = "Request timed out.",
        **where: Any,
    ) -> None:
        super().__init__(message, request, **where)


class StreamStalledError(APITimeoutError):
    """A stream sent no content for longer than ``timeout.stall``; pings do not count as content."""


class StreamInterruptedError(APIConnectionError):
    """A stream ended, or its connection broke, before the message was complete; see `partial`."""


class APIResponseValidationError(APIError):
    """A response that is not what the API sends: HTML of a proxy, an empty or cut body, no JSON."""

    response: HTTPResponse
    """The response as received."""
    status_code: int
    """Its HTTP status, which may well be 200."""

    def __init__(
        self,
        response: HTTPResponse,
        body: object | None = None,
        *,
        message: str = "The response is not what the Messages API sends.",
        request: Request | None = None,
    ) -> None:
        super().__init__(message, request, body=body)
        self.response = response
        self.status_code = response.status_code
        self._request_id = response.headers.get("request-id")


class ResponseTooLargeError(APIResponseValidationError):
    """A response larger than the client takes in, or one that expands to many times its size."""


class StreamProtocolError(APIResponseValidationError):
    """A stream whose events cannot be read or do not fit together; the message names the event."""


def _request_of(response: HTTPResponse) -> Request | None:
    try:
        return response.request
    except (AttributeError, RuntimeError):  # an httpx response that was made without its request
        return None


_NAMED_PATH = re.compile(r"([a-z_]+(?:\.[A-Za-z0-9_-]+)*): ")


class APIStatusError(APIError):
    """The API responded with an error; catch a subclass to tell which.

    `status_code` and `type` say what kind it is, `path` names the place in the request if the API
    did, `retry_after` is the number of seconds to wait, and `response` has the headers.
    """

    status: ClassVar[int | None] = None
    """The HTTP status that this class stands for."""

    response: HTTPResponse
    """The response as received."""
    status_code: int
    """The HTTP status; for an error inside a stream, the status its type has as an HTTP error."""
    type: str | None
    """The API's own kind of error, e.g. ``overloaded_error``; `None` when the body did not say."""

    def __init__(self, message: str, *, response: HTTPResponse, body: object | None) -> None:
        super().__init__(message, _request_of(response), body=body)
        self.response = response
        in_stream = response.status_code == 200 and self.status is not None
        self.status_code = self.status if in_stream and self.status else response.status_code
        self.type = _error_field(body, "type")
        self._request_id = response.headers.get("request-id") or _text(body, "request_id")

    @property
    def api_message(self) -> str | None:
        """The API's own message; `None` if the body is not the API's."""
        return _error_field(self.body, "message")

    @property
    def error_code(self) -> str | None:
        """The API's code for this very failure, e.g. ``thread_not_found``, if it gave one."""
        return _error_code(self.body)

    @property
    def details(self) -> ErrorDetails | None:
        """What the API says beyond the message, if it does: `error_code`, and fields of its own."""
        details = _details(self.body)
        if details is None:
            return None
        from .types.wire_errors import ErrorDetails  # loads pydantic, which other errors need not

        return ErrorDetails.from_value(details)

    @property
    def workspace_id(self) -> str | None:
        """The workspace that the key belongs to, if the response named it."""
        return self.response.headers.get("anthropic-workspace-id")

    @property
    def path(self) -> str | None:
        """The JSON path that the API named, e.g. ``messages.0.content``, if it named one."""
        named = _NAMED_PATH.match(self.message)
        return named[1] if named else None

    @property
    def retry_after(self) -> float | None:
        """Seconds the API asks to wait before another attempt, if it says so."""
        # Tests of users' code make errors from the responses of other HTTP libraries.
        headers = Headers(list(self.response.headers.items()))
        return retry_after(headers, getattr(self.response, "received_at", None))

    @property
    def summary(self) -> str:
        """The failure in one line: status, type, message and request id."""
        kind = f"{self.status_code} {self.type}" if self.type else str(self.status_code)
        request_id = f" (request {self.request_id})" if self.request_id else ""
        return f"{kind}: {self.message}{request_id}"


class BadRequestError(APIStatusError):
    """400: the request is not valid; the message says where."""

    status: ClassVar[int | None] = 400


class AuthenticationError(APIStatusError):
    """401: the key or token is missing, wrong or expired."""

    status: ClassVar[int | None] = 401


class BillingError(APIStatusError):
    """402: payment or billing prevents the call."""

    status: ClassVar[int | None] = 402


PaymentRequiredError = BillingError


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""

    status: ClassVar[int | None] = 403


class NotFoundError(APIStatusError):
    """404: no such model or path; the message names the URL of the request."""

    status: ClassVar[int | None] = 404

    @property
    def summary(self) -> str:
        """The failure in one line, with the URL of the request: a wrong one is the usual cause."""
        # Tests of programs give responses of httpx.
        response = self.response
        is_ours = isinstance(response, HTTPResponse)  # pyright: ignore[reportUnnecessaryIsInstance]
        sent = response if is_ours else self.request
        if sent is None or not sent.url:
            return super().summary
        return f"{super().summary} [{sent.method} {sent.url}]"


class RequestTimeoutError(APIStatusError):
    """408: the server gave up waiting for the request."""

    status: ClassVar[int | None] = 408


class ConflictError(APIStatusError):
    """409: the request collides with another."""

    status: ClassVar[int | None] = 409


class PreconditionFailedError(APIStatusError):
    """412: what the request depends on has changed."""

    status: ClassVar[int | None] = 412


class RequestTooLargeError(APIStatusError):
    """413: the body exceeds the limit: 32 MB for messages."""

    status: ClassVar[int | None] = 413


ContentTooLargeError = RequestTooLargeError


class UnprocessableEntityError(APIStatusError):
    """422: understood, but not processable; compatible servers use it, the API itself sends 400."""

    status: ClassVar[int | None] = 422


class RateLimitError(APIStatusError):
    """429: a rate or spend limit; wait for `retry_after` seconds, if the API gave them."""

    status: ClassVar[int | None] = 429


class RequestHeaderFieldsTooLargeError(APIStatusError):
    """431: the headers are too long; usually those that a proxy adds."""

    status: ClassVar[int | None] = 431


class ClientClosedRequestError(APIStatusError):
    """499: the connection was closed before the response; a proxy reports it."""

    status: ClassVar[int | None] = 499


class InternalServerError(APIStatusError):
    """500 or another 5xx: the API failed, also when the client tried again."""

    status: ClassVar[int | None] = 500


class HTTPNotImplementedError(InternalServerError):
    """501: the server does not know the method."""

    status: ClassVar[int | None] = 501


class ServiceUnavailableError(InternalServerError):
    """503: the service is unavailable for now."""

    status: ClassVar[int | None] = 503


class DeadlineExceededError(InternalServerError):
    """504: the API ran out of time; stream long messages."""

    status: ClassVar[int | None] = 504


GatewayTimeoutError = DeadlineExceededError


class OverloadedError(InternalServerError):
    """529: the API is overloaded, also when the client tried again; wait longer."""

    status: ClassVar[int | None] = 529


_BY_STATUS: dict[int, type[APIStatusError]] = {
    cls.status: cls
    for cls in (
        BadRequestError,
        AuthenticationError,
        BillingError,
        PermissionDeniedError,
        NotFoundError,
        RequestTimeoutError,
        ConflictError,
        PreconditionFailedError,
        RequestTooLargeError,
        UnprocessableEntityError,
        RateLimitError,
        RequestHeaderFieldsTooLargeError,
        ClientClosedRequestError,
        HTTPNotImplementedError,
        ServiceUnavailableError,
        DeadlineExceededError,
        OverloadedError,
    )
    if cls.status
}

_BY_TYPE: dict[str, type[APIStatusError]] = {
    "invalid_request_error": BadRequestError,
    "authentication_error": AuthenticationError,
    "billing_error": BillingError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "conflict_error": ConflictError,
    "request_too_large": RequestTooLargeError,
    "rate_limit_error": RateLimitError,
    "api_error": InternalServerError,
    "timeout_error": DeadlineExceededError,
    "overloaded_error": OverloadedError,
}


def error_class(status: int, kind: str | None) -> type[APIStatusError]:
    """Return the class for an HTTP status and an ``error.type`` together.

    A specific type wins (a gateway may send ``overloaded_error`` with 500); the two general ones,
    invalid request and API error, leave the choice to the status.
    """
    by_type = _BY_TYPE.get(kind or "")
    if by_type not in (None, BadRequestError, InternalServerError):
        return by_type
    by_status = _BY_STATUS.get(status) or (InternalServerError if status >= 500 else None)
    return by_status or by_type or APIStatusError


def status_error(response: HTTPResponse, body: object | None) -> APIStatusError:
    """Return the error for a response of status >= 400, or for the body of an ``error`` event."""
    message = _error_field(body, "message") or _first_of(response)
    cls = error_class(response.status_code, _error_field(body, "type"))
    coded = coded_class(_error_code(body) or "")
    # A gateway may give another status than the API; then the class of the code does not apply.
    if coded is not None and issubclass(coded, cls):
        cls = coded
    return cls(message, response=response, body=body)


# The codes of `error.details` that the official package has classes for, by the class that the
# response has without them.
_CODES: dict[type[APIStatusError], str] = {
    BadRequestError: """
        available_tools_limit_exceeded claude_code_key_creator_not_member
        claude_code_version_too_old
        cmek_key_disabled cmek_key_network_blocked compaction_block_ambiguous
        compaction_block_misplaced compaction_content_mismatch compaction_incomplete_turn
        compaction_nothing_to_summarize compaction_signature_invalid
        compaction_too_many_tool_references compaction_tool_changes_mismatch file_not_downloadable
        image_dimensions_too_large invalid_metadata organization_not_enrolled_in_beta
        organization_on_hold organization_type_not_supported org_member_limit_exceeded
        parent_organization_required request_body_encoding_invalid request_body_encoding_unsupported
        request_body_timeout storage_quota_exceeded thread_already_continued
        thread_continue_in_flight thread_fingerprint_mismatch thread_unsupported_request
        tool_name_conflict tool_reference_unresolved unsupported_charset user_profile_not_found
        user_profile_required
        """,
    BillingError: """
        linked_organization_billing_unavailable linked_organization_spend_limit_reached
        """,
    PermissionDeniedError: """
        sandbox_egress_restricted user_profile_billing_not_authorized user_profile_not_billable
        """,
    NotFoundError: "file_expired rbac_role_not_found thread_not_found",
    ConflictError: "concurrent_membership_change skill_read_blocked_undecryptable",
    RequestTooLargeError: "request_body_too_large_after_decoding",
    RateLimitError: """
        contract_spend_limit_reached enforced_spend_limit_reached ramp_limit_exceeded
        """,
    ServiceUnavailableError: "cmek_context_unavailable cmek_key_unreachable",
    OverloadedError: "compaction_unavailable",
}
_BY_CODE = {code: base for base, codes in _CODES.items() for code in codes.split()}
_ACRONYMS = {"cmek", "rbac"}


@cache
def coded_class(code: str) -> type[APIStatusError] | None:
    """Return the class of the errors that have this code; None if the code is not known."""
    base = _BY_CODE.get(code)
    if base is None:
        return None
    doc = f"{base.status}, and the code ``{code}``."
    return type(_class_name(code), (base,), {"__doc__": doc, "__module__": __name__})


def _class_name(code: str) -> str:
    words = (word.upper() if word in _ACRONYMS else word.title() for word in code.split("_"))
    return "".join(words) + "Error"


CODED_CLASSES = {_class_name(code): code for code in _BY_CODE}
"""The names of the classes that are made for a code, and the code of each."""

if not TYPE_CHECKING:  # type checkers would take any name for one of this module

    def __getattr__(name: str) -> object:
        # Sixty classes would slow every import down for the sake of the few that are raised.
        if name not in CODED_CLASSES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return coded_class(CODED_CLASSES[name])


def _first_of(response: HTTPResponse) -> str:
    """Return the beginning of a body that is not the API's JSON, to show where it came from."""
    text = " ".join(response.text.split())
    kind = response.headers.get("content-type", "no content type")
    return f"not a JSON error of the API ({kind}): {text[:200]}" if text else "an empty body"


def _error_field(body: object, name: str) -> str | None:
    return (
        _text(cast("dict[str, object]", body).get("error"), name)
        if isinstance(body, dict)
        else None
    )


def _details(body: object) -> dict[str, Any] | None:
    error = cast("dict[str, object]", body).get("error") if isinstance(body, dict) else None
    details = cast("dict[str, object]", error).get("details") if isinstance(error, dict) else None
    return cast("dict[str, Any]", details) if isinstance(details, dict) else None


def _error_code(body: object) -> str | None:
    return _text(_details(body), "error_code")


def _text(body: object, name: str) -> str | None:
    value = cast("dict[str, object]", body).get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else None
