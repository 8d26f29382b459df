"""Each endpoint as a function: parameters in, a `Call` out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._wire.http import Body, Request, Timeout
from ..types.message import Message, MessageTokensCount
from ..types.params import CountTokensParams, CreateParams, StreamParams
from .arguments import check_names
from .options import Credential, Options, checked_headers
from .request_body import encode_body, is_absent
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ..rules import Finding

T = TypeVar("T")

LARGE_ANSWER = 21_333
"""`max_tokens` above which a plain call may wait ten minutes in silence (at 128,000 tokens an hour)."""

_HEADERS = {
    "user_profile_id": "anthropic-user-profile-id",
    "workspace_id": "anthropic-workspace-id",
}
_NOBODY = Credential("x-api-key", "", "nobody")
_OF_THE_CALL = frozenset({"extra_headers", "extra_query", "extra_body", "timeout"})


@dataclass(slots=True)
class Call(Generic[T]):
    """What an endpoint is: what to send, under which clocks, and what comes back."""

    method: str
    url: str
    headers: dict[str, str]
    body: Body
    timeout: Timeout
    retry: RetryPolicy
    decode: Callable[[bytes], T]
    """Makes the result of a whole body."""
    streamed: bool = False
    """Whether the answer is read while it arrives."""

    def request(self, timeout: Timeout) -> Request:
        """The request of one attempt."""
        return Request(self.method, self.url, self.headers, self.body, timeout)


def create(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """`POST /v1/messages`; read while it arrives when `stream` is true.

    Raises:
        TypeError: a parameter is missing or unknown.
        RequestEncodingError: a value is not JSON.
    """
    _check("create", params, CreateParams)
    return _messages_call(options, params, streamed=params.get("stream") is True)


def stream(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """`POST /v1/messages` with ``"stream": true``; the caller has no `stream` to pass."""
    _check("stream", params, StreamParams)
    return streamed_create(options, params)


def streamed_create(options: Options, params: Mapping[str, Any]) -> Call[Message]:
    """`create`, whatever its `stream` says, with the answer streamed on the wire."""
    return _messages_call(options, {**params, "stream": True}, streamed=True)


def is_large(params: Mapping[str, Any]) -> bool:
    """Whether the answer may take so long that a silent connection would be cut."""
    max_tokens = params.get("max_tokens")
    return isinstance(max_tokens, int) and max_tokens > LARGE_ANSWER


def _messages_call(options: Options, params: Mapping[str, Any], *, streamed: bool) -> Call[Message]:
    return _post(options, "/v1/messages", params, _message, streamed=streamed)


def _message(body: bytes) -> Message:
    """The message in `body`, which may lack anything but must not be something else."""
    message = Message.decode(body)
    if message.type != "message" and "content" not in message.model_fields_set:
        raise ValueError("a JSON object that is no message")
    return message


def check(options: Options, params: Mapping[str, Any]) -> list[Finding]:
    """What the API would refuse of a message, found without sending it."""
    from ..rules import findings

    _check("check", params, CreateParams)
    call = _messages_call(replace(options, credential=_NOBODY), params, streamed=False)
    betas = call.headers.get("anthropic-beta", "").split(",")
    return list(
        findings(json.loads(call.body), version=call.headers["anthropic-version"], betas=betas)
    )


def count_tokens(options: Options, params: Mapping[str, Any]) -> Call[MessageTokensCount]:
    """`POST /v1/messages/count_tokens`."""
    _check("count_tokens", params, CountTokensParams)
    return _post(options, "/v1/messages/count_tokens", params, MessageTokensCount.decode)


def _post(
    options: Options,
    path: str,
    params: Mapping[str, Any],
    decode: Callable[[bytes], T],
    *,
    streamed: bool = False,
) -> Call[T]:
    given = {name: value for name, value in params.items() if not is_absent(value)}
    own = {name: given.pop(name) for name in _OF_THE_CALL if name in given}
    headers = {header: given.pop(name) for name, header in _HEADERS.items() if name in given}
    headers |= checked_headers(own.get("extra_headers"), "extra_headers")
    return Call(
        "POST",
        options.url(path, own.get("extra_query") or {}),
        options.request_headers(headers),
        encode_body({**given, **(own.get("extra_body") or {})}),
        Timeout.of(own["timeout"]) if "timeout" in own else options.timeout,
        options.retry,
        decode,
        streamed,
    )


def _check(method: str, params: Mapping[str, Any], known: Any) -> None:
    required: frozenset[str] = known.__required_keys__
    optional: frozenset[str] = known.__optional_keys__
    check_names(f"messages.{method}", params, required | optional, required)
