"""Requests to endpoints that have no method of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypedDict

from .._wire.decoding import Decoder, WireModel
from .._wire.sentinels import Omit, is_absent
from .call import Call, make_call
from .options import Options
from .request_body import encode_body, is_mapping
from .retry import RetryPolicy

__all__ = ["RequestOptions", "any_endpoint"]


class RequestOptions(TypedDict, total=False):
    """How a request to any endpoint is sent.

    headers: more headers; `omit` removes one.
    params: the query of the URL.
    timeout: seconds, a `Timeout`, or None for no limit.
    max_retries: further attempts after a failure that may pass.
    extra_json: more fields of the body.
    """

    headers: Mapping[str, str | Omit]
    params: Mapping[str, object]
    timeout: Any
    max_retries: int
    extra_json: Mapping[str, object]


_KNOWN = frozenset(RequestOptions.__annotations__) | {"idempotency_key"}


def any_endpoint(options: Options, params: Mapping[str, Any]) -> Call[Any]:
    """Make a call of any endpoint.

    Args:
        options: the settings of the client.
        params: `method`, `path`, `cast_to`, and `body`, `options` and `stream` if they are given.

    Raises:
        TypeError: an option is unknown.
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
    if is_mapping(body) or given.get("extra_json"):
        content = encode_body({**(body or {}), **(given.get("extra_json") or {})})
    else:
        content = b"" if body is None else encode_body_of(body)
    decode = _decoder_of(params["cast_to"])
    call = make_call(options, params["method"], path, own, decode, body=content)
    call.streamed = bool(params.get("stream"))
    return call


def encode_body_of(body: Any) -> Any:
    """Return a body that is no JSON object: bytes as they are, anything else as JSON."""
    if isinstance(body, (bytes, bytearray)):
        return body
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
