"""Each endpoint as a function: settings and parameters in, a `Call` out.

A method of a client is one line that names a function of this module; everything the endpoint is
(its path, its parameters, how its response is read) stands here, once for both worlds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from .._transport.files import FileInput
from .._wire.http import Body, Request, Timeout
from .._wire.secret import Secret
from .._wire.sentinels import is_absent
from .._wire.url import URL
from ..types.message import Message, MessageTokensCount
from ..types.params import CountTokensParams, CreateParams, StreamParams
from .arguments import check_names
from .options import Credential, HeaderValue, Options, checked_headers
from .request_body import PendingBody, encode_body
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ..rules import Finding

__all__ = ["Call", "Endpoint", "check", "count_tokens", "create", "stream"]

T = TypeVar("T")

# `max_tokens` above which a message may take more than ten minutes, the longest that routers leave
# a silent connection open: 128,000 tokens an hour are 21,333 in ten minutes.
_LARGE = 21_333

_HEADER_PARAMS = {
    "user_profile_id": "anthropic-user-profile-id",
    "workspace_id": "anthropic-workspace-id",
}
# Parameters that say how to send a call; they are not part of the body.
_CALL_PARAMS = frozenset({"betas", "extra_headers", "extra_query", "extra_body", "timeout"})

_NOBODY = Credential("x-api-key", Secret(""), "nobody")


@dataclass(slots=True)
class Call(Generic[T]):
    """One call of an endpoint: what to send, under which clocks, and how to read the response."""

    method: str
    url: URL
    headers: Mapping[str, str | Secret]
    body: Body | PendingBody
    """What to send; files in it are read before the first attempt."""
    timeout: Timeout
    retry: RetryPolicy
    decode: Callable[[bytes], T]
    """Makes the result of a whole body.

    Raises:
        ValueError: the body is not what the API sends.
    """
    streamed: bool = False
    """Whether the response is read as events while it arrives."""
    whole: bool = False
    """Whether it is streamed only so that the connection is never silent: the caller waits for the
    message and sees no events."""

    def request(self, timeout: Timeout) -> Request:
        """Return the request of one attempt."""
        assert not isinstance(self.body, PendingBody), "the files of the call were not read"
        return Request(self.method, self.url, self.headers, self.body, timeout)


Endpoint: TypeAlias = Callable[[Options, Mapping[str, Any]], Call[T]]
"""A function that makes the `Call` of an endpoint from the client's settings and the parameters."""


def create(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """Make the call of `messages.create`: `POST /v1/messages`.

    Raises:
        TypeError: a parameter is missing or unknown.
        RequestEncodingError: a value is not JSON.
    """
    _check("create", params, CreateParams)
    if params.get("stream") is True:
        return _messages_call(options, params, streamed=True)
    if options.large_responses == "stream" and _is_large(params):
        call = _messages_call(options, {**params, "stream": True}, streamed=True)
        call.whole = True
        return call
    return _messages_call(options, params)


def stream(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """Make the call of `messages.stream`: `POST /v1/messages` with ``"stream": true``."""
    _check("stream", params, StreamParams)
    return _messages_call(options, {**params, "stream": True}, streamed=True)


def count_tokens(options: Options, params: Mapping[str, Any]) -> Call[MessageTokensCount]:
    """Make the call of `messages.count_tokens`: `POST /v1/messages/count_tokens`."""
    _check("count_tokens", params, CountTokensParams)
    return _post(options, "/v1/messages/count_tokens", params, MessageTokensCount.decode)


def check(
    options: Options, params: Mapping[str, Any], read_file: Callable[[FileInput], bytes]
) -> list[Finding]:
    """Return what the API would refuse of a message, found without sending it."""
    from ..rules import findings

    _check("check", params, CreateParams)
    call = _messages_call(replace(options, credential=_NOBODY), params)
    if isinstance(call.body, PendingBody):
        call.body = call.body.filled(map(read_file, call.body.files))
    version, betas = call.headers["anthropic-version"], call.headers.get("anthropic-beta", "")
    return list(findings(json.loads(call.body), version=str(version), betas=str(betas).split(",")))


def _is_large(params: Mapping[str, Any]) -> bool:
    """Return whether the response may take so long that a silent connection would be cut."""
    max_tokens = params.get("max_tokens")
    return isinstance(max_tokens, int) and max_tokens > _LARGE


def _messages_call(
    options: Options, params: Mapping[str, Any], *, streamed: bool = False
) -> Call[Message]:
    call = _post(options, "/v1/messages", params, _message)
    call.streamed = streamed
    return call


def _message(body: bytes) -> Message:
    """Return the message in `body`, which may lack anything but must not be something else."""
    message = Message.decode(body)
    if message.type != "message" and "content" not in message.model_fields_set:
        raise ValueError("a JSON object that is no message")
    return message


def _post(
    options: Options,
    path: str,
    params: Mapping[str, Any],
    decode: Callable[[bytes], T],
) -> Call[T]:
    given = {name: value for name, value in params.items() if not is_absent(value)}
    own = {name: given.pop(name) for name in _CALL_PARAMS if name in given}
    headers: dict[str, HeaderValue] = {}
    for param, header in _HEADER_PARAMS.items():
        if param in given:
            headers |= checked_headers({header: given.pop(param)}, param)
    headers |= checked_headers(own.get("extra_headers"), "extra_headers")
    return Call(
        "POST",
        options.url(path, own.get("extra_query") or {}),
        options.request_headers(headers, own.get("betas") or ()),
        encode_body({**given, **(own.get("extra_body") or {})}),
        Timeout.of(own["timeout"]) if "timeout" in own else options.timeout,
        options.retry,
        decode,
    )


def _check(method: str, params: Mapping[str, Any], known: Any) -> None:
    required: frozenset[str] = known.__required_keys__
    optional: frozenset[str] = known.__optional_keys__
    check_names(f"messages.{method}", params, required | optional, required)
