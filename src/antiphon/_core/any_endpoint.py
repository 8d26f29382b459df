"""Requests to endpoints that have no method of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypedDict, cast

from .._wire.decoding import Decoder, WireModel
from .._wire.literals import read_exactly
from .._wire.secret import Secret
from .._wire.sentinels import Omit, is_absent, omit
from .._wire.url import URL
from .call import Call, make_call
from .options import Options
from .request_body import encode_body, is_mapping
from .retry import RetryPolicy

__all__ = [
    "FinalRequestOptions",
    "RequestOptions",
    "any_endpoint",
    "json_of",
    "own_headers",
    "own_path",
]


class RequestOptions(TypedDict, total=False):
    """How a request to any endpoint is sent.

    headers: more headers; `omit` removes one.
    params: the query of the URL.
    timeout: seconds, a `Timeout`, or None for no limit.
    max_retries: further attempts after a failure that may pass.
    extra_json: more fields of the body.
    follow_redirects: False to get the response that redirects, as an error.
    """

    headers: Mapping[str, str | Omit]
    params: Mapping[str, object]
    timeout: Any
    max_retries: int
    extra_json: Mapping[str, object]
    follow_redirects: bool


_KNOWN = frozenset(RequestOptions.__annotations__) | {"idempotency_key"}


def any_endpoint(options: Options, params: Mapping[str, Any]) -> Call[Any]:
    """Make a call of any endpoint.

    Args:
        options: the settings of the client.
        params: `method`, `path`, `cast_to`, and `body`, `content`, `options`, `stream` and
            `stream_cls` if they are given.

    Raises:
        TypeError: an option is unknown, or there are two bodies.
        ValueError: the path is none.
    """
    given: Mapping[str, Any] = params.get("options") or {}
    if unknown := sorted(set(given) - _KNOWN):
        raise TypeError(f"options[{unknown[0]!r}]: there is no such option of a request")
    path: str = params["path"]
    # A whole URL could name any host, and the key would go there.
    if not path.startswith("/"):
        raise ValueError(f"path: {path!r} does not begin with a slash; the host is in base_url")
    own = {"extra_headers": given.get("headers"), "extra_query": given.get("params")}
    if not is_absent(given.get("timeout", Omit())):
        own["timeout"] = given["timeout"]
    if "max_retries" in given:
        options = replace(options, retry=RetryPolicy(given["max_retries"]))
    body = params.get("body")
    if isinstance(body, (bytes, bytearray)):
        raise TypeError(
            "Passing raw bytes as `body` is not supported, pass them as `content` instead"
        )
    if params.get("content") is not None:
        if body is not None or given.get("extra_json"):
            raise TypeError("body and content: give one of them; a request has one body")
        content: Any = _bytes_of(params["content"])
    elif is_mapping(body) or given.get("extra_json"):
        content = encode_body({**(body or {}), **(given.get("extra_json") or {})})
    else:
        content = b"" if body is None else encode_body_of(body)
    decode = _decoder_of(params["cast_to"])
    call = make_call(options, params["method"], path, own, decode, body=content)
    call.streamed = bool(params.get("stream"))
    call.stream_class = params.get("stream_cls")
    call.follow_redirects = given.get("follow_redirects", True)
    return call


def _bytes_of(content: Any) -> bytes | bytearray:
    """Return a body that was given as bytes or as their pieces."""
    if isinstance(content, (bytes, bytearray)):
        return content
    if isinstance(content, str) or not isinstance(content, Iterable):
        kind = type(content).__name__
        raise TypeError(f"content: expected bytes, a file or an iterable of bytes, got {kind}")
    return b"".join(cast("Iterable[bytes]", content))


def encode_body_of(body: Any) -> Any:
    """Return a body that is JSON, but no object."""
    # The encoder takes objects; what stands around the value is cut off again.
    wrapped = encode_body({"body": body})
    assert isinstance(wrapped, (bytes, bytearray))
    return wrapped[len(b'{"body":') : -1]


def _decoder_of(kind: Any) -> Callable[[bytes], Any]:
    """Return what makes a `kind` of a body."""
    if kind is bytes:
        return bytes
    if kind is str:
        return lambda body: body.decode("utf-8", "replace")
    if kind is None or kind is type(None):
        return lambda _: None
    if kind in (object, Any, dict, list):
        return json.loads
    decoder: Decoder[Any] = Decoder(kind)
    # Our models take what they do not know; a model of the user means exactly what it says.
    is_ours = isinstance(kind, type) and issubclass(kind, WireModel)
    return decoder.decode if is_ours else decoder.exactly


@dataclass
class FinalRequestOptions:
    """A whole request as one object; programs that replace `client.request` read it."""

    method: str
    url: str
    """The path, beginning with a slash."""
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    headers: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_retries: int | None = None
    timeout: Any = omit
    content: Any = None
    json_data: Any = None
    extra_json: Mapping[str, object] | None = None
    follow_redirects: bool = True
    call: Call[Any] | None = field(default=None, repr=False)
    """The call that it was made of; None if a user made it."""
    sent: Any = field(default=None, repr=False)
    """What sending the call gave, for whoever asked for it."""

    @classmethod
    def construct(cls, **values: Any) -> Self:
        """Return an object with these values."""
        return cls(**values)

    @classmethod
    def of(cls, call: Call[Any], options: Options) -> Self:
        """Return what `call` will send, without what a client with `options` adds."""
        return cls(
            method=call.method.lower(),
            url=own_path(call.url, options),
            params={**(call.query or {})},
            headers=own_headers(call.headers, options),
            max_retries=call.retry.max_retries,
            timeout=call.timeout,
            json_data=json_of(call.body),
            follow_redirects=call.follow_redirects,
            call=call,
        )

    def parameters(self) -> dict[str, Any]:
        """Return its content as arguments of `any_endpoint`."""
        given = {
            "headers": self.headers or None,
            "params": self.params or None,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
            "extra_json": self.extra_json,
        }
        options = {k: v for k, v in given.items() if v is not None and not is_absent(v)}
        return {
            "body": self.json_data,
            "content": self.content,
            "options": {**options, "follow_redirects": self.follow_redirects},
        }


def own_headers(headers: Mapping[str, str | Secret], options: Options) -> dict[str, str | Omit]:
    """Return the headers that only this call has, without credentials."""
    defaults = options.own_headers()
    own: dict[str, str | Omit] = {
        name: value
        for name, value in headers.items()
        if isinstance(value, str) and defaults.get(name) != value
    }
    # A default that is not sent was taken out by the call.
    removed = {
        name: omit
        for name, value in defaults.items()
        if name not in headers and not isinstance(value, Omit)
    }
    return {**own, **removed}


def own_path(url: URL, options: Options) -> str:
    """Return the path of a URL behind the base URL."""
    return url.partition("?")[0].removeprefix(options.base_url.partition("?")[0])


def json_of(body: object) -> Any:
    """Return a body as JSON values; None if it is something else, or not known yet."""
    if not isinstance(body, (bytes, bytearray)) or not body:
        return None
    try:
        return read_exactly(bytes(body))
    except ValueError:
        return None
