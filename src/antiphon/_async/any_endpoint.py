"""`client.get`, `post`, `put`, `patch` and `delete`: endpoints that have no method of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .._core.call import Call
from .._core.flow import ResultInstead
from .._transport.files import async_read_content
from ..responses import httpx_response, is_httpx_response
from .resource import AsyncRawResource, AsyncResource, view_of
from .runner import AsyncSession

if TYPE_CHECKING:
    from .._core.any_endpoint import FinalRequestOptions, RequestOptions

__all__ = ["AsyncAnyEndpoint"]

T = TypeVar("T")


class _AsyncAnyResource(AsyncResource):
    """Any endpoint of the API."""

    async def send(self, params: Mapping[str, Any]) -> Any:
        """Send a request and return its result."""
        from .._core.any_endpoint import any_endpoint  # most programs never need it

        return await self._perform(any_endpoint, params)


class _AsyncAnyRawResource(AsyncRawResource):
    """Any endpoint of the API, with the HTTP side of its responses."""

    async def send(self, params: Mapping[str, Any]) -> Any:
        """Send a request and return its response."""
        from .._core.any_endpoint import any_endpoint

        return await self._perform(any_endpoint, params)


class AsyncAnyEndpoint:
    """Methods of a client for endpoints that have no method of their own.

    They use the client's credential, retries and time limits. `path` begins with a slash; `cast_to`
    is the type of the result: a model, `dict`, `str`, `bytes` or `object`; or the class `Response`
    of httpx2 or httpx, for the response itself.
    """

    _session: AsyncSession

    async def get(
        self,
        path: str,
        *,
        cast_to: type[T],
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> T:
        """Send a `GET` request and return its result; `post` describes the arguments."""
        return await self._any(
            "GET", path, cast_to, options=options, stream=stream, stream_cls=stream_cls
        )

    async def post(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        content: Any = None,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> T:
        """Send a `POST` request and return its result.

        Args:
            path: where to, beginning with a slash.
            cast_to: the type of the result.
            body: what to send as JSON, usually a mapping.
            content: instead of `body`, what to send as it is: bytes, a path, a file, or an iterable
                of bytes, which is read first. Give its `content-type` in `options["headers"]`.
            options: headers, query, time limit and retries.
            stream: whether the response is a stream of events, which is returned instead.
            stream_cls: the class of that stream, by default our own; a subclass of it.

        Raises:
            TypeError: both `body` and `content` are given, or `body` is bytes, or an option is
                unknown.
        """
        return await self._any(
            "POST",
            path,
            cast_to,
            body=body,
            content=content,
            options=options,
            stream=stream,
            stream_cls=stream_cls,
        )

    async def put(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `PUT` request and return its result; `post` describes the arguments."""
        return await self._any("PUT", path, cast_to, body=body, content=content, options=options)

    async def patch(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `PATCH` request and return its result; `post` describes the arguments."""
        return await self._any("PATCH", path, cast_to, body=body, content=content, options=options)

    async def delete(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `DELETE` request and return its result; `post` describes the arguments."""
        return await self._any("DELETE", path, cast_to, body=body, content=content, options=options)

    async def request(
        self,
        cast_to: type[T],
        options: FinalRequestOptions,
        *,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> T:
        """Send a request that `options` describe as a whole, and return its result.

        A program that puts a function of its own in the place of this method, in a class or in a
        client, sees all calls of the clients that are made afterwards, or of that client.

        Args:
            cast_to: the type of the result.
            options: the request: its method, its path, its body and the rest.
            stream: whether the response is a stream of events.
            stream_cls: the class of that stream, by default our own; a subclass of it.
        """
        if options.call is not None:
            return cast("T", await _send_call(self._session, options, stream_cls))
        params = {**options.parameters(), "stream": stream, "stream_cls": stream_cls}
        return await self._any(options.method.upper(), options.url, cast_to, **params)

    async def _any(self, method: str, path: str, cast_to: type[T], **params: Any) -> T:
        params |= {"method": method, "path": path, "cast_to": cast_to}
        if params.get("content") is not None:
            params["content"] = await async_read_content(params["content"])
        if is_httpx_response(cast_to):
            raw = _AsyncAnyRawResource(self._session)
            response = await raw.send({**params, "cast_to": bytes})
            return cast("T", httpx_response(cast_to, response))
        return cast("T", await _AsyncAnyResource(self._session).send(params))

    def _send_through(self, session: AsyncSession, request: Any) -> None:
        """Let all calls of `session` go through `request`, which a program has put here."""
        # Attributes of this one session, so that no other client pays for it.
        setattr(session, "respond", partial(_respond_through, session, request))  # noqa: B010
        setattr(session, "open", partial(_open_through, session, request))  # noqa: B010

    def _send_directly(self, session: AsyncSession) -> None:
        """Undo `_send_through`."""
        for name in ("respond", "open"):
            session.__dict__.pop(name, None)


async def _send_call(session: AsyncSession, options: FinalRequestOptions, stream_cls: Any) -> Any:
    """Send the call that `options` were made of, and return what its method would return."""
    call = cast("Call[Any]", options.call)
    # The methods of the class: those of the session itself would come back here.
    if call.is_lazy:
        call.stream_class = stream_cls
        opened = await type(session).open(session, call)
        options.sent = opened
        return view_of(call, *opened)
    response = await type(session).respond(session, call)
    options.sent = response
    return response.parse()


async def _respond_through(session: AsyncSession, request: Any, call: Call[Any]) -> Any:
    """Send `call` by the `request` of the program, and return its response."""
    from .._core.any_endpoint import FinalRequestOptions

    options = FinalRequestOptions.of(call, session.options)
    result = await request(object, options, stream=False, stream_cls=None)
    # A result that is not of this response is the program's own: a mock, or an object it made.
    if options.sent is None or options.sent.parse() is not result:
        raise ResultInstead(result)
    return options.sent


async def _open_through(session: AsyncSession, request: Any, call: Call[Any]) -> Any:
    """Send `call` by the `request` of the program, and return what its body is read with."""
    from .._core.any_endpoint import FinalRequestOptions
    from .streams import AsyncStream

    options = FinalRequestOptions.of(call, session.options)
    stream_cls = AsyncStream if call.streamed else None
    result = await request(object, options, stream=call.streamed, stream_cls=stream_cls)
    if options.sent is None:
        raise ResultInstead(result)
    return options.sent
