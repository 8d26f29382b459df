"""Middleware: functions of yours around each attempt of a call.

A middleware gets the request of an attempt and a function that sends it, and returns a response.
It stands inside the retries, so it sees each attempt, and failures with a status as responses. What
it sees is made when it is looked at: a body is decoded only for a middleware that reads it.

This module is pure. The runner of `_async/middleware.py` performs what it says; a client without
middleware has another runner, and pays nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast, get_type_hints

from ._core.any_endpoint import FinalRequestOptions, json_of, own_headers, own_path
from ._core.flow import Attempts
from ._core.options import HeaderValue, Options, checked_headers, has_credential
from ._core.request_body import UnreadBody, encode_body, is_mapping
from ._wire.http import Body, Request, Timeout
from ._wire.secret import Secret
from ._wire.sentinels import NOT_GIVEN, NotGiven, Omit, is_absent
from .errors import APIError

__all__ = [
    "APIRequest",
    "AsyncCallNext",
    "AsyncMiddlewareCallable",
    "CallNext",
    "Middleware",
    "MiddlewareCallable",
    "MiddlewareInput",
]


class APIRequest:
    """The request of one attempt, as the caller made it: without the client's own headers.

    `copy` makes another request of it. Changes of `headers`, `query_params` and `json` in place are
    sent too.
    """

    __slots__ = (
        "_body",
        "_decode",
        "_json",
        "_options",
        "_path",
        "_read",
        "_request",
        "_sent_query",
        "headers",
        "max_retries",
        "method",
        "query_params",
        "retries_taken",
        "stream",
        "stream_cls",
        "timeout",
    )

    method: str
    """Lower case: ``"post"``, ``"get"``, …"""
    headers: dict[str, str | Omit]
    """The headers of this call; those of the client and the credential are added when it is sent.
    `omit` leaves one out."""
    query_params: dict[str, Any]
    """The query of this call; that of the client is added."""
    timeout: Timeout
    """The clocks of this attempt."""
    max_retries: int
    """How often the call may be tried again."""
    retries_taken: int
    """How often it was tried again before this attempt."""
    stream: bool
    """Whether the response is a stream of events."""
    stream_cls: type | None
    """The class of that stream; None if the response is none."""

    def __init__(self, request: Request, options: Options, attempts: Attempts) -> None:
        """Show `request`, which a client with `options` is about to send."""
        call = attempts.call
        self.method = request.method.lower()
        self.headers = own_headers(request.headers, options)
        self.query_params = {**(call.query or {})}
        self.timeout = request.timeout
        self.max_retries = call.retry.max_retries
        self.retries_taken = attempts.retries
        self.stream = call.streamed
        self.stream_cls = call.stream_class
        self._decode = call.decode
        self._path = own_path(request.url, options)
        self._sent_query = {**self.query_params}
        self._body = request.body
        self._json: Any = None
        self._read = False
        self._request = request
        self._options = options

    @property
    def url(self) -> str:
        """The path of the endpoint, such as ``"/v1/messages"``."""
        return self._path

    @property
    def cast_to(self) -> Any:
        """The type of the result of the call; `object` if it is not known."""
        owner = getattr(self._decode, "__self__", None)  # `decode` is a class method of most types
        if isinstance(owner, type):
            return owner
        hint = get_type_hints(self._decode).get("return")
        return hint if isinstance(hint, type) else object

    @property
    def json(self) -> Any:
        """The body as JSON values; None if there is none, or if it is something else."""
        if not self._read:
            self._json = json_of(self._body)
            self._read = True
        return self._json

    @property
    def options(self) -> FinalRequestOptions:
        """All of it as one object, with the names that the official package has for it."""
        return FinalRequestOptions(
            method=self.method,
            url=self.url,
            params=self.query_params,
            headers=self.headers,
            max_retries=self.max_retries,
            timeout=self.timeout,
            json_data=self.json,
        )

    def copy(
        self,
        *,
        method: str | NotGiven = NOT_GIVEN,
        url: str | NotGiven = NOT_GIVEN,
        headers: Mapping[str, str | Omit] | NotGiven = NOT_GIVEN,
        params: Mapping[str, object] | NotGiven = NOT_GIVEN,
        body: object = NOT_GIVEN,
        timeout: float | Timeout | NotGiven | None = NOT_GIVEN,
    ) -> APIRequest:
        """Return this request with some of its parts replaced.

        Args:
            method: the HTTP method.
            url: the path of the endpoint, beginning with a slash.
            headers: the headers of the call, instead of those it has.
            params: the query of the call, instead of the one it has.
            body: a mapping, which is sent as a JSON object, or bytes.
            timeout: seconds, a `Timeout`, or None for no limit.

        Raises:
            ValueError: `url` does not begin with a slash, or `timeout` is impossible.
        """
        twin: APIRequest = object.__new__(APIRequest)
        for name in APIRequest.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.headers = dict(self.headers if isinstance(headers, NotGiven) else headers)
        twin.query_params = dict(self.query_params if isinstance(params, NotGiven) else params)
        if not isinstance(method, NotGiven):
            twin.method = method.lower()
        if not isinstance(url, NotGiven):
            # A whole URL could name any host, and the key would go there.
            if not url.startswith("/"):
                raise ValueError(f"url: {url!r} does not begin with a slash")
            twin._path = url
        if not is_absent(body):
            twin._replace_body(body)
        if not isinstance(timeout, NotGiven):
            twin.timeout = Timeout.of(timeout)
        return twin

    def _replace_body(self, body: object) -> None:
        self._read = not isinstance(body, (bytes, bytearray))
        self._json = body if self._read else None
        self._body = b"" if self._read else cast("Body", body)

    def to_request(self) -> Request:
        """Return the HTTP request to send, with what the client adds.

        Raises:
            TypeError: the body holds something that cannot be sent.
            ValueError: a header cannot be sent.
        """
        return Request(
            self.method.upper(), self._url(), self._headers(), self._sent_body(), self.timeout
        )

    def _url(self) -> Any:
        original = self._request.url
        # The same URL to the letter, unless it was changed.
        unchanged = self.query_params == self._sent_query
        if unchanged and f"{self._options.base_url}{self._path}" == original:
            return original
        return self._options.url(self._path, self.query_params)

    def _headers(self) -> dict[str, str | Secret]:
        own = checked_headers(self.headers, "request.headers")
        sent: dict[str, HeaderValue] = {
            **self._options.own_headers(),
            # A credential that the middleware brings is the only one.
            **({} if has_credential(own) else self._credential()),
            **own,
        }
        return {name: value for name, value in sent.items() if not isinstance(value, Omit)}

    def _credential(self) -> dict[str, Secret]:
        return {k: v for k, v in self._request.headers.items() if isinstance(v, Secret)}

    def _sent_body(self) -> Body:
        if not self._read or self._json is None:
            return self._body
        if not is_mapping(self._json):
            raise TypeError(f"body: expected a mapping or bytes, got {type(self._json).__name__}")
        body = encode_body(self._json)
        if isinstance(body, UnreadBody):
            raise TypeError("body: holds a file; a middleware must give its content in base64")
        return body

    def __repr__(self) -> str:
        return f"<APIRequest {self.method} {self.url} (attempt {self.retries_taken + 1})>"


class Middleware:
    """A base for middleware of either client, or of both.

    `handle` serves `Client` and `handle_async` serves `AsyncClient`. A client refuses an object
    that does not override its method: it would do nothing there.
    """

    def handle(self, request: APIRequest, call_next: CallNext) -> Any:
        """Send `request` by `call_next`, and return its response, or another result of the call."""
        return call_next(request)

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> Any:
        """Send `request` by `call_next`, and return its response, or another result of the call."""
        return await call_next(request)


CallNext: TypeAlias = Callable[[APIRequest], Any]
"""What sends a request: it returns an `AttemptResponse`, whatever its status is."""
AsyncCallNext: TypeAlias = Callable[[APIRequest], Awaitable[Any]]
"""What sends a request: it gives an `AsyncAttemptResponse`, whatever its status is."""
MiddlewareCallable: TypeAlias = Callable[[APIRequest, CallNext], Any]
"""A function that is middleware of a `Client`."""
AsyncMiddlewareCallable: TypeAlias = Callable[[APIRequest, AsyncCallNext], Awaitable[Any]]
"""A function that is middleware of an `AsyncClient`."""
MiddlewareInput: TypeAlias = Middleware | MiddlewareCallable | AsyncMiddlewareCallable
"""What a client takes as middleware."""


def handlers(middleware: Iterable[MiddlewareInput]) -> list[Any]:
    """Return the functions of the middleware of a sync client.

    Raises:
        TypeError: one of them is async, or cannot be called.
    """
    return [_checked(each, "handle", is_async=False) for each in middleware]


def async_handlers(middleware: Iterable[MiddlewareInput]) -> list[Any]:
    """Return the functions of the middleware of an async client.

    Raises:
        TypeError: one of them is not async, or cannot be called.
    """
    return [_checked(each, "handle_async", is_async=True) for each in middleware]


def _checked(given: Any, method: str, *, is_async: bool) -> Any:
    """Return the function of one middleware; `method` is its name in objects of our class."""
    name = getattr(given, "__name__", None) or type(given).__name__
    client, kind = ("asynchronous", "an async") if is_async else ("synchronous", "a sync")
    if isinstance(given, type):
        raise TypeError(f"middleware {name} is a class; pass an object of it, {name}()")
    function, fault = given, "is not an async function" if is_async else "is an async function"
    if isinstance(given, Middleware):
        if getattr(type(given), method) is getattr(Middleware, method):
            raise TypeError(
                f"middleware {name} does not implement `{method}()`, which {client} clients call"
            )
        function = getattr(given, method)
        fault = f"defines `{method}()` as {'a sync' if is_async else 'an async'} function"
    if not callable(function):
        raise TypeError(f"middleware {given!r} is not callable")
    call = getattr(function, "__call__", None)  # noqa: B004 (an object with an async `__call__`)
    if (inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)) != is_async:
        raise TypeError(f"middleware {name} {fault}; the {client} client requires {kind} function")
    return function


def chained(steps: Iterable[Any], last: Callable[[APIRequest], Any]) -> Callable[[APIRequest], Any]:
    """Return one function that calls `steps` one inside the other, and `last` in the middle."""
    chain = last
    for step in reversed([*steps]):
        chain = _around(step, chain)
    return chain


def _around(step: Any, inner: Callable[[APIRequest], Any]) -> Callable[[APIRequest], Any]:
    return lambda request: step(request, inner)


class KeptResult:
    """A watcher that keeps what a call returned, for a response that is parsed after its end.

    It refers to nothing else, so no cycle keeps the connection of the response alive.
    """

    result: Any = None

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Do nothing: another attempt may follow."""

    def ended(
        self,
        attempts: Attempts,  # noqa: ARG002 (it keeps nothing that refers to the response)
        message: Any,
        error: BaseException | None,  # noqa: ARG002
    ) -> None:
        """Keep the result of the call."""
        self.result = message
