"""A call: what to send, under which clocks, and how to read the response."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import quote

from .._wire.decoding import ResponseModel
from .._wire.http import Body, Request, Timeout
from .._wire.secret import Secret
from .._wire.sentinels import ABSENT
from .._wire.url import URL
from ..types.params import WorkspaceParams
from .arguments import check_names
from .options import Credential, HeaderValue, Options, check_mapping, checked_headers
from .request_body import UnreadBody, encode_body, is_iterable
from .retry import RetryPolicy

if TYPE_CHECKING:
    from ..outputs import OutputType

__all__ = [
    "Call",
    "Endpoint",
    "check_params",
    "get",
    "make_call",
    "of_one",
    "path_segment",
    "post",
    "split_params",
    "with_id",
]

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=ResponseModel)

_HEADER_PARAMS = {
    "user_profile_id": "anthropic-user-profile-id",
    "workspace_id": "anthropic-workspace-id",
}
# Parameters that say how to send a call; they are not part of the body.
_OWN_PARAMS = frozenset(
    {"betas", "extra_headers", "extra_query", "extra_body", "timeout", "budget", *_HEADER_PARAMS}
)
_MAPPINGS = frozenset({"extra_headers", "extra_query", "extra_body"})


# The parameters that name one thing, in the path of its endpoint.
_IDENTIFIERS = frozenset({"file_id", "message_batch_id", "model_id"})


# Base URLs that were looked at once: most programs have one, and each call passes here.
_checked_origins: set[str] = set()


@dataclass(slots=True)
class Call(Generic[T]):
    """One call of an endpoint."""

    method: str
    url: URL
    headers: Mapping[str, str | Secret]
    body: Body | UnreadBody
    """What to send; files in it are read, or opened, before the first attempt."""
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
    lazy: Literal["bytes", "lines"] | None = None
    """How a body that is no event stream is read while it arrives; None: it is received first."""
    paged: bool = False
    """Whether the result is a page of a list."""
    max_response_bytes: int | None = None
    """The most that is taken in of a response that is received as a whole; None for no limit."""
    output: OutputType[Any] | None = None
    """How the output of a streamed message is read; None if there is none to read."""
    finish: Callable[[Any], Any] | None = None
    """Makes the result of a message that was streamed as a `whole`; None if it is the result."""
    follow_up: Callable[[Callable[[], object]], Call[T] | None] | None = None
    """Returns the call that asks again for an output that does not fit; it is given what reads the
    result, and may raise."""
    query: Mapping[str, Any] | None = None
    """The query that this call adds to that of the client."""
    follow_redirects: bool = True
    stream_class: Any = None
    """The class of the stream that shows the response; None for the usual one."""
    credential: Credential | None = None
    """That of the client; if a function gives its value, it is asked before the first attempt."""
    model: object = None
    """The model that is asked for a message; None if nobody watches the call."""
    max_tokens: object = None
    """The most tokens that the message may have, as they were given."""
    budget: Any = None
    """The `Gate` that the caller gave with this call."""
    tag: str | None = None
    """What the user calls this work, to tell its cost apart."""
    watchers: tuple[Any, ...] = ()
    """The `Watcher`s of `_core.flow` that are told what becomes of the call."""
    gates: tuple[Any, ...] = ()
    """Those of them that may hold an attempt back."""

    @property
    def is_lazy(self) -> bool:
        """Whether the caller reads the body while it is received."""
        return self.lazy is not None or (self.streamed and not self.whole)

    def request(self, timeout: Timeout) -> Request:
        """Return the request of one attempt."""
        assert not isinstance(self.body, UnreadBody), "files were not read"
        return Request(
            self.method, self.url, self.headers, self.body, timeout, self.follow_redirects
        )


Endpoint: TypeAlias = Callable[[Options, Mapping[str, Any]], Call[T]]
"""A function that makes the `Call` of an endpoint from the client's settings and the parameters."""


def post(
    options: Options, path: str, params: Mapping[str, Any], decode: Callable[[bytes], T]
) -> Call[T]:
    """Make a call that sends its parameters as a JSON object.

    Raises:
        RequestEncodingError: a value is not JSON.
    """
    given, own = split_params(params)
    if extra := own.get("extra_body"):
        given = {**given, **extra}
    body = encode_body(given)
    return make_call(options, "POST", path, own, decode, body=body)


def get(
    options: Options,
    path: str,
    params: Mapping[str, Any],
    decode: Callable[[bytes], T],
    method: str = "GET",
) -> Call[T]:
    """Make a call that sends its parameters in the URL."""
    given, own = split_params(params)
    # `extra_query` wins over a parameter of the same name, as `extra_body` does in a body.
    query = {_query_name(name, value): value for name, value in given.items()}
    own["extra_query"] = {**query, **(own.get("extra_query") or {})}
    return make_call(options, method, path, own, decode)


def make_call(
    options: Options,
    method: str,
    path: str,
    own: Mapping[str, Any],
    decode: Callable[[bytes], T],
    *,
    body: Body | UnreadBody = b"",
) -> Call[T]:
    """Make a call from its body and the parameters that say how to send it.

    Args:
        options: the settings of the client.
        method: the HTTP method, in upper case.
        path: the path of the endpoint, its parts encoded.
        own: `betas`, `extra_headers`, `extra_query`, `timeout`, and those sent as headers.
        decode: makes the result of a body.
        body: what to send.
    """
    if options.base_url not in _checked_origins and not options.allow_plain_http:
        from .._transport.plain_http import warn_of_plain_http

        _checked_origins.add(options.base_url)
        warn_of_plain_http(options.base_url, stacklevel=8)  # the caller of `messages.create`
    sent = (
        options.request_headers(_own_headers(own), own.get("betas") or ())
        if own
        else options.request_headers({})
    )
    query: Mapping[str, Any] = own.get("extra_query") or {}
    return Call(
        method,
        options.url(path, query),
        sent,
        body,
        Timeout.of(own["timeout"]) if "timeout" in own else options.timeout,
        options.retry,
        decode,
        max_response_bytes=options.max_response_bytes,
        credential=options.credential,
        budget=own.get("budget"),
        query=query,
    )


def _own_headers(own: Mapping[str, Any]) -> dict[str, HeaderValue]:
    """Return the headers of one call."""
    headers: dict[str, HeaderValue] = {}
    for param, header in _HEADER_PARAMS.items():
        if param in own:
            headers |= checked_headers({header: own[param]}, param)
    if extra := own.get("extra_headers"):
        # What the user wrote for this call comes last: it wins over parameters that become headers.
        headers |= checked_headers(extra, "extra_headers")
    return headers


def split_params(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters of the endpoint, and those that say how to send the call."""
    # Absent values are dropped here once; what is left has been given on purpose.
    given = {name: value for name, value in params.items() if not isinstance(value, ABSENT)}
    if _OWN_PARAMS.isdisjoint(given):
        return given, {}
    own = {name: given.pop(name) for name in params if name in given and name in _OWN_PARAMS}
    for name in own:
        if name in _MAPPINGS:
            check_mapping(own[name], name)
    return given, own


def _query_name(name: str, value: object) -> str:
    """Return the name of a parameter in a URL: lists have brackets behind it."""
    return f"{name}[]" if is_iterable(value) else name


def path_segment(params: Mapping[str, Any], name: str) -> str:
    """Return a parameter as a part of a path, encoded.

    Raises:
        ValueError: it is empty, or no text.
    """
    value: object = params[name]
    if not isinstance(value, str) or not value:
        raise ValueError(
            f"Expected a non-empty value for `{name}` but received {value!r}; give the id as a text"
        )
    # Nothing is safe: an id with a slash must not become another path.
    return quote(value, safe="")


def check_params(
    method: str, params: Mapping[str, Any], known: Any, positional: Collection[str] = ()
) -> None:
    """Refuse parameters of `method` that are missing or unknown.

    Args:
        method: its name as users write it after `client.`.
        params: what was given.
        known: the TypedDict of its parameters.
        positional: further ones that the method takes by position.

    Raises:
        TypeError: names the parameter and, for an unknown one, the nearest known name.
    """
    required, names = _keys(known)
    if positional:
        required, names = required.union(positional), names.union(positional)
    check_names(method, params, names, required)


@cache  # a set of all names would be made anew for each call
def _keys(known: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys of a TypedDict: those that are required, and all."""
    return known.__required_keys__, known.__required_keys__ | known.__optional_keys__


def of_one(
    options: Options,
    method: str,
    name: str,
    path: str,
    params: Mapping[str, Any],
    decode: Callable[[bytes], T],
) -> Call[T]:
    """Make a call about one thing, named by one of `_IDENTIFIERS`."""
    identifier = next(param for param in params if param in _IDENTIFIERS)
    check_params(name, params, WorkspaceParams, [identifier])
    segment = path_segment(params, identifier)
    path = path.format(segment) if "{}" in path else f"{path}/{segment}"
    own = {param: value for param, value in params.items() if param != identifier}
    return get(options, path, own, decode, method)


def with_id(decode: Callable[[bytes], ModelT]) -> Callable[[bytes], ModelT]:
    """Return `decode` for things that have an id: what has none is something else."""

    def decoded(body: bytes) -> ModelT:
        thing = decode(body)
        if "id" not in thing.model_fields_set:
            raise ValueError("a JSON object without an id")
        return thing

    return decoded
