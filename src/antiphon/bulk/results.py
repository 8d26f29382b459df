"""What became of a row, and the line of JSON in which that is kept."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias, cast

from .. import errors
from .._wire.http import Headers, HTTPResponse
from .._wire.json import JSONObject, dumps, loads
from .._wire.json_writer import NotJSONError
from .._wire.literals import read_exactly
from ..catalog.pricing import plain_total
from ..outputs import output_type
from ..types.message import Message, Usage

__all__ = [
    "KINDS",
    "Kind",
    "Result",
    "cost_in",
    "failure",
    "fields_of",
    "kind_of",
    "line_of",
    "read_output",
    "result_of",
    "tokens_of",
]

Kind: TypeAlias = Literal["invalid", "denied", "exhausted", "output", "expired"]
"""Why a row failed."""

KINDS: Final[dict[str, str]] = {
    "invalid": "the row is wrong, or the API refused its request (400, 404, 413 …)",
    "denied": "the key may not do that (401, 402, 403)",
    "exhausted": "all attempts failed: the network, a rate limit, or the API itself",
    "output": "the message has no output of the type that was asked for",
    "expired": "its batch did not get to it within a day, or was cancelled",
}
"""The kinds of failures, each in a sentence."""

_DENIED = (
    errors.CredentialsError,
    errors.AuthenticationError,
    errors.PermissionDeniedError,
    errors.BillingError,
)
_AGAIN = (errors.RateLimitError, errors.InternalServerError, errors.RequestTimeoutError)

# Halves of characters are legal JSON, but few programs read them: `to_json` writes others.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(slots=True)
class Result:
    """What became of one row."""

    index: int
    """The position of the row in the input, from 0."""
    id: str
    """What its column `id` or `custom_id` says, else its position."""
    status: Literal["ok", "error", "skipped"]
    """`skipped` if it was not asked, because the run was stopped before."""
    message: Message | None = None
    """What Claude said. A row whose output does not fit has a message and an error."""
    error: Exception | None = None
    """Why it failed; the same type that the client raises."""
    kind: Kind | None = None
    """The kind of the failure; see `KINDS`."""
    cost: Decimal | None = None
    """US dollars; None if the price of the model is not known, or the call failed."""
    attempts: int = 0
    """How often it was sent; 0 if it was not, or took the message of an equal row."""
    output: Any = None
    """The output, if one of a type was asked for."""
    same_as: int | None = None
    """The position of the equal row whose message this is."""
    seconds: float = 0.0
    """How long the call took."""
    _received: bytes | None = field(default=None, repr=False, compare=False)
    """The JSON of the message as it came, for the journal; None if it was read from there."""

    @property
    def ok(self) -> bool:
        """Whether there is a message as it was asked for."""
        return self.status == "ok"

    @property
    def skipped(self) -> bool:
        """Whether the row was not asked."""
        return self.status == "skipped"

    @property
    def text(self) -> str | None:
        """The text of the message; None without one."""
        return None if self.message is None else self.message.text


def tokens_of(message: Message) -> tuple[int, int]:
    """Return the tokens of input and output of a message; 0 where a gateway does not say."""
    usage: object = getattr(message, "usage", None)
    if not isinstance(usage, Usage):
        return 0, 0
    output = cast("object", usage.output_tokens)
    return usage.total_input_tokens, output if isinstance(output, int) else 0


def cost_in(message: Message) -> Decimal | None:
    """Return what a message cost in US dollars; None if nobody knows."""
    try:
        # Of a million messages nearly all are plain, and nobody looks at the parts.
        plain = plain_total(message.usage.__dict__, message.model)
        if plain is not None:
            return plain
        cost = message.cost
    except Exception:  # whatever a gateway sends in its place, the message is not to be lost
        return None
    return None if cost is None else cost.total


def kind_of(error: BaseException) -> Kind:
    """Return the kind of a failure."""
    if isinstance(error, _DENIED):
        return "denied"
    if isinstance(error, errors.OutputError):
        return "output"
    if isinstance(error, _AGAIN):
        return "exhausted"
    if isinstance(error, errors.APIStatusError):
        return "invalid"
    if isinstance(error, errors.APIError):
        return "exhausted"
    return "invalid"


def failure(index: int, name: str, error: Exception, *, seconds: float = 0.0) -> Result:
    """Return the result of a row that failed."""
    attempts = len(error.attempts) if isinstance(error, errors.APIError) else 0
    kind = kind_of(error)
    return Result(index, name, "error", error=error, kind=kind, attempts=attempts, seconds=seconds)


def line_of(result: Result, output_format: Any = None) -> bytes:
    """Return a result as a line of JSON, as it stands in exported files; `result_of` reads it.

    Args:
        result: the result.
        output_format: the type of its output; None if none was asked for.
    """
    message = result.message
    fields: JSONObject = {"id": result.id, "index": result.index, "status": result.status}
    if message is not None:
        fields["text"] = message.text
    if result.output is not None:
        with suppress(Exception):  # of a type that cannot be written; its text is there
            fields["output"] = output_type(output_format).plain(result.output)
    if result.kind is not None:
        fields["kind"] = result.kind
    if result.error is not None:
        fields["error"] = _error_fields(result.error)
    if result.same_as is not None:
        fields["same_as"] = result.same_as
    fields["cost"] = None if result.cost is None else float(result.cost)
    fields["attempts"] = result.attempts
    fields["seconds"] = round(result.seconds, 3)
    line = dumps(fields)
    if message is None:
        return line + b"\n"
    # As JSON that is already written: twice as fast as through Python's values.
    received = result._received  # pyright: ignore[reportPrivateUsage] it is of this module
    if received is None or not _fits_a_line(received):
        received = message.to_json(indent=None).encode()
    return b'%b,"message":%b}\n' % (line[:-1], received)


def _fits_a_line(received: bytes) -> bool:
    """Return whether the body of a response can stand in a line of JSON as it is."""
    is_object = received.startswith(b"{") and received.endswith(b"}")
    if not is_object or b"\n" in received or b"\r" in received:
        return False
    if b"\\u" in received and _HALF.search(received):
        return False
    try:
        received.decode()
    except UnicodeDecodeError:
        return False
    return True


def result_of(line: bytes, output_format: Any = None) -> Result:
    """Return the result of a line that `line_of` has written.

    Args:
        line: the line.
        output_format: the type of the outputs; None if none was asked for.
    """
    fields = fields_of(line)
    cost = fields.get("cost")
    result = Result(
        fields["index"],
        fields["id"],
        fields["status"],
        kind=cast("Kind | None", fields.get("kind")),
        cost=None if cost is None else Decimal(repr(cost)),
        attempts=fields["attempts"],
        same_as=fields.get("same_as"),
        seconds=fields["seconds"],
    )
    if (message := fields.get("message")) is None:
        result.error = _error_of(fields["error"])
    else:
        result.message = _message_of(message)
        read_output(result, output_format)
    return result


def fields_of(line: bytes) -> JSONObject:
    """Return the JSON of a line, also of one with what few parsers read: NaN, half a character."""
    try:
        fields: JSONObject = loads(line)
    except ValueError:
        fields = read_exactly(line)
    return fields


def _message_of(fields: JSONObject) -> Message:
    try:
        return Message.decode(dumps(fields))
    except NotJSONError:  # NaN, which a gateway may send but nobody may write
        return Message.from_value(fields)


def read_output(result: Result, output_format: Any) -> None:
    """Fill in the output of a result that has a message."""
    if output_format is None or result.message is None:
        return
    parsed = output_type(output_format).read(result.message)
    result.message = parsed
    if parsed.output_error is None:
        result.output = parsed.parsed_output
    else:
        result.status, result.error, result.kind = "error", parsed.output_error, "output"


def _error_fields(error: Exception) -> JSONObject:
    fields: JSONObject = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, errors.APIError):
        fields["message"] = error.message
        fields["request_id"] = error.request_id
    if isinstance(error, errors.APIStatusError):
        fields["status_code"] = error.status_code
        fields["body"] = error.body
    return fields


def _error_of(fields: JSONObject) -> Exception:
    """Return an error of the type that was kept; of an unknown one, an AntiphonError."""
    text = fields["message"]
    if (status := fields.get("status_code")) is not None:
        headers = [("request-id", each) for each in [fields["request_id"]] if each]
        error = errors.status_error(HTTPResponse(status, Headers(headers)), fields["body"])
        error.message = text
        return error
    kind: Any = getattr(errors, fields["type"], None) or _BUILT_IN.get(fields["type"])
    if kind is None:
        return errors.AntiphonError(text)
    if isinstance(kind, type) and issubclass(kind, errors.APIError):
        restored = errors.APIConnectionError.__new__(kind)
        errors.APIError.__init__(restored, text)
        return restored
    return cast("Exception", kind(text))


_BUILT_IN: dict[str, type[Exception]] = {
    each.__name__: each
    for each in (ValueError, TypeError, OSError, FileNotFoundError, PermissionError)
}
