"""Each endpoint as a function: settings and parameters in, a `Call` out.

A method of a client is one line that names a function of this module; everything the endpoint is
(its path, its parameters, how its response is read) stands here, once for both worlds.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from .._transport.files import FileInput
from .._wire.secret import Secret
from .._wire.sentinels import is_absent
from ..errors import UsageError
from ..types.message import Message, MessageTokensCount
from ..types.params import CountTokensParams, CreateParams, ParseParams, StreamOutputParams
from .arguments import line_of_caller
from .call import (
    Call,
    Endpoint,
    check_params,
    post,
)
from .options import Credential, Options
from .request_body import PendingBody, is_mapping

if TYPE_CHECKING:
    from datetime import date

    from ..outputs import OutputType
    from ..rules import Finding
    from ..types.outputs import ParsedMessage

__all__ = [
    "Call",
    "Endpoint",
    "check",
    "count_tokens",
    "create",
    "parse",
    "stream",
    "with_format",
]

T = TypeVar("T")

# `max_tokens` above which a message may take more than ten minutes, the longest that routers leave
# a silent connection open: 128,000 tokens an hour are 21,333 in ten minutes.
_LARGE = 21_333

_NOBODY = Credential("x-api-key", Secret(""), "nobody")


def create(
    options: Options, params: Mapping[str, Any], known: type = CreateParams
) -> Call[Message]:
    """Make the call of `messages.create`: `POST /v1/messages`.

    Args:
        options: the settings of the client.
        params: what was given.
        known: the TypedDict of the parameters that there are; that of the beta has more.

    Raises:
        TypeError: a parameter is missing or unknown.
        RequestEncodingError: a value is not JSON.
    """
    if "output_format" in params:
        params = _with_schema(params)
    check_params("messages.create", params, known)
    # `is True`: any other value is sent as it is, and refused by the API.
    if params.get("stream") is True:
        return _messages_call(options, params, streamed=True)
    return _messages_call(options, params, waits=True)


def parse(
    options: Options,
    params: Mapping[str, Any],
    known: type = ParseParams,
    *,
    one_format: bool = False,
) -> Call[ParsedMessage[Any]]:
    """Make the call of `messages.parse`: `POST /v1/messages` with the schema of a type.

    Args:
        options: the settings of the client.
        params: what was given.
        known: the TypedDict of the parameters that there are.
        one_format: whether `output_config` must have no format; else `output_format` wins.
    """
    check_params("messages.parse", params, known)
    if params.get("stream") is True:
        raise TypeError("messages.parse() cannot stream: call messages.stream(output_format=…)")
    given, output = with_format(params, one_format=one_format)
    from .output_retries import OutputRetries  # most programs ask for text alone

    retries = OutputRetries(output, given, partial(_messages_call, options, waits=True))
    # Made here, so that warnings name the line of the caller, as those of `create` do.
    return retries.equipped(_messages_call(options, retries.params, waits=True))


def stream(
    options: Options,
    params: Mapping[str, Any],
    known: type = StreamOutputParams,
    *,
    one_format: bool = False,
) -> Call[Message]:
    """Make the call of `messages.stream`: `POST /v1/messages` with ``"stream": true``."""
    check_params("messages.stream", params, known)
    given, output = with_format(params, one_format=one_format)
    call = _messages_call(options, {**given, "stream": True}, streamed=True)
    call.output = output
    return call


def count_tokens(
    options: Options, params: Mapping[str, Any], known: type = CountTokensParams
) -> Call[MessageTokensCount]:
    """Make the call of `messages.count_tokens`: `POST /v1/messages/count_tokens`."""
    check_params("messages.count_tokens", params, known)
    given, _ = with_format(params)
    return post(options, "/v1/messages/count_tokens", _in_order(given), _token_count)


def check(
    options: Options,
    params: Mapping[str, Any],
    read_file: Callable[[FileInput], bytes],
    known: type = CreateParams,
) -> list[Finding]:
    """Return what the API would refuse of a message, found without sending it."""
    from ..rules import findings

    check_params("messages.check", params, known)
    call = _messages_call(replace(options, credential=_NOBODY), params)
    if isinstance(call.body, PendingBody):
        call.body = call.body.filled(map(read_file, call.body.files))
    body = json.loads(call.request(call.timeout).buffered_body())
    version, betas = call.headers["anthropic-version"], call.headers.get("anthropic-beta", "")
    return list(findings(body, version=str(version), betas=str(betas).split(",")))


def with_format(
    params: Mapping[str, Any], *, one_format: bool = False
) -> tuple[dict[str, Any], OutputType[Any]]:
    """Return the parameters as they are sent, and the type in `output_format`.

    Raises:
        UsageError: there is a format in `output_config` as well, and there must be one only.
    """
    from ..outputs import output_type  # most programs ask for text alone

    given = {**params}
    kind = given.pop("output_format", None)
    output = output_type(None if is_absent(kind) else kind)
    if output.wanted:
        config = given.get("output_config")
        others: Mapping[str, Any] = config if is_mapping(config) else {}
        if one_format and others.get("format") is not None:
            raise UsageError(_TWO_FORMATS)
        given["output_config"] = {**others, "format": output.format}
    return given, output


def _with_schema(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters with a schema where the API takes it by now.

    Raises:
        TypeError: `output_format` is a type, which only methods that read it take.
        UsageError: there are two schemas.
    """
    given = {**params}
    schema, config = given.pop("output_format"), given.get("output_config")
    if schema is None or is_absent(schema):
        return given
    if not is_mapping(schema):
        raise TypeError(
            "messages.create() takes no output_format: call messages.parse(output_format=…), or"
            " give output_config={'format': antiphon.outputs.format_of(…)}"
        )
    others: Mapping[str, Any] = config if is_mapping(config) else {}
    if others.get("format") is not None:
        raise UsageError(_TWO_FORMATS)
    warnings.warn_explicit(
        "The 'output_format' parameter is deprecated. Please use 'output_config.format' instead.",
        DeprecationWarning,
        *line_of_caller(),
    )
    given["output_config"] = {**others, "format": schema}
    return given


_TWO_FORMATS = "Both output_format and output_config.format were provided. Please use only one."


def _is_large(params: Mapping[str, Any]) -> bool:
    """Return whether the response may take so long that a silent connection would be cut."""
    max_tokens = params.get("max_tokens")
    return isinstance(max_tokens, int) and max_tokens > _LARGE


def _messages_call(
    options: Options, params: Mapping[str, Any], *, streamed: bool = False, waits: bool = False
) -> Call[Message]:
    # A caller who waits for the whole message sees no events, whichever way it comes.
    whole = waits and options.large_responses == "stream" and _is_large(params)
    if whole:
        params, streamed = {**params, "stream": True}, True
    model = params.get("model")
    if isinstance(model, str) and (retires := _retirement(model)) is not None:
        _warn_of_deprecation(model, retires)
    call = post(options, "/v1/messages", _in_order(params), _message)
    call.streamed, call.whole = streamed, whole
    call.model, call.max_tokens = model, params.get("max_tokens")
    return call


_FIRST = ("max_tokens", "messages", "model")


def _in_order(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in the order in which the official package sends them.

    The API does not mind. Recordings do: their tools compare bodies byte by byte.
    """
    return {name: params[name] for name in (*_FIRST, *sorted(params)) if name in params}


def _warn_of_deprecation(model: str, retires: date) -> None:
    line = line_of_caller()
    # One warning for each line that names the model: a loop needs no more.
    if (model, *line) in _warned_lines:
        return
    _warned_lines.add((model, *line))
    # `warn` would need the number of our own frames, which differs between the methods.
    warnings.warn_explicit(
        f"The model {model!r} is deprecated and is retired on {retires};"
        " see client.models.list() for newer ones",
        DeprecationWarning,
        *line,
    )


_warned_lines: set[tuple[str, str, int, str]] = set()


@cache  # most calls use the same one
def _retirement(model: str) -> date | None:
    """Return the day on which a deprecated model is or was retired; None for all others."""
    from ..catalog.models import AS_OF, RETIRED, find

    if model in RETIRED:
        return RETIRED[model]
    card = find(model)
    if card is None or card.deprecated is None or card.deprecated > AS_OF:
        return None
    return card.retires


def _message(body: bytes) -> Message:
    """Return the message in `body`, which may lack anything but must not be something else."""
    message = Message.decode(body)
    if message.type != "message" and "content" not in message.model_fields_set:
        raise ValueError("a JSON object that is no message")
    return message


def _token_count(body: bytes) -> MessageTokensCount:
    count = MessageTokensCount.decode(body)
    # A server may send anything, whatever the type of the field says.
    counted = isinstance(count.input_tokens, int)  # pyright: ignore[reportUnnecessaryIsInstance]
    if not counted:
        raise ValueError("a JSON object that counts no tokens")
    return count
