"""What methods of a client are made of: `_perform` sends a call, and views of it do so otherwise.

A method says which function of the core makes its call, and `_perform` sends it. A view is another
class with another `_perform`: it takes the same methods, so each is written once, and `raw` and
`streamed` tell type checkers what it returns there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from .._core.call import Call, Endpoint
from .._core.flow import ResultInstead
from .._wire.awaitable import AsyncPaginator, async_paginated
from ..base_client import BaseClient
from ..responses import APIResponse
from ..telemetry import log_output_failure
from .runner import AsyncRunner, AsyncSession

if TYPE_CHECKING:
    from .._core.pages import PageContent
    from .._stream.flow import StreamFlow
    from .pages import AsyncPage
    from .responses import AsyncJSONLines, AsyncStreamedResponse, AsyncStreamedResponseManager

__all__ = [
    "AsyncRawResource",
    "AsyncResource",
    "AsyncStreamedResource",
    "raw",
    "streamed",
    "view_of",
]

P = ParamSpec("P")
T = TypeVar("T")


def raw(
    method: Callable[Concatenate[Any, P], Awaitable[T]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, APIResponse[T]]]:
    """Return `method` for a view whose `_perform` gives the raw response."""
    return cast("Callable[Concatenate[Any, P], Coroutine[Any, Any, APIResponse[T]]]", method)


def streamed(
    method: Callable[Concatenate[Any, P], Awaitable[T]],
) -> Callable[Concatenate[Any, P], AsyncStreamedResponseManager[T]]:
    """Return `method` for a view that opens the response when its block is entered."""

    @wraps(method)
    def open_later(view: Any, *args: P.args, **params: P.kwargs) -> AsyncStreamedResponseManager[T]:
        from .responses import AsyncStreamedResponseManager

        return AsyncStreamedResponseManager(partial(method, view, *args, **params))

    return cast("Callable[Concatenate[Any, P], AsyncStreamedResponseManager[T]]", open_later)


class AsyncResource:
    """Methods of a client that belong together."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @property
    def _client(self) -> BaseClient:
        """A client with these settings, for tracers that read its `base_url`."""
        # Holding the user's own client would make a circle, and connections are closed with it.
        return BaseClient.around(self._session)

    async def _perform(self, endpoint: Endpoint[T], params: Mapping[str, Any]) -> T:
        """Send the call of `endpoint` and return what it means."""
        call: Call[T] = self._call(endpoint, params)
        try:
            if call.is_lazy:
                return cast("T", view_of(call, *await self._session.open(call)))
            response = await self._session.respond(call)
            if call.follow_up is not None:
                response = await self._fitting(call, response)
            return response.parse()
        except ResultInstead as instead:
            return cast("T", instead.result)

    async def _fitting(self, call: Call[T], response: APIResponse[T]) -> APIResponse[T]:
        """Return the response to `call`, or the last of those to the calls that ask again."""
        while call.follow_up is not None and (following := call.follow_up(response.parse)):
            log_output_failure(response.request_id)
            call, response = following, await self._session.respond(following)
        return response

    def _pages(
        self, endpoint: Endpoint[PageContent[T]], params: Mapping[str, Any]
    ) -> AsyncPaginator[T, AsyncPage[T]]:
        """Return the list that the call of `endpoint` begins."""
        first: Any = self._perform(endpoint, params)
        return async_paginated(first)

    async def _lines(self, endpoint: Endpoint[T], params: Mapping[str, Any]) -> AsyncJSONLines[T]:
        """Send the call of `endpoint` and return the lines of its response."""
        return cast("AsyncJSONLines[T]", await self._perform(endpoint, params))

    def _call(self, endpoint: Endpoint[Any], params: Mapping[str, Any]) -> Call[Any]:
        """Return the call of `endpoint`; if it lists something, its result knows the next page."""
        call = endpoint(self._session.options, params)
        if call.paged:
            fetch = partial(AsyncResource(self._session)._perform, endpoint)
            call.decode = partial(_page, call.decode, params, fetch)
        return call


def view_of(call: Call[Any], flow: StreamFlow, runner: AsyncRunner) -> Any:
    """Return what shows a body while it is received."""
    if call.streamed:
        from .streams import AsyncStream  # many programs stream nothing, and it loads much

        return (call.stream_class or AsyncStream)(flow, runner)
    from .responses import AsyncJSONLines, AsyncStreamedResponse

    response: AsyncStreamedResponse[Any] = AsyncStreamedResponse(flow, runner, call, None)
    return response if call.lazy == "bytes" else AsyncJSONLines(response, call.decode)


def _page(
    decode: Callable[[bytes], Any], params: Mapping[str, Any], fetch: Any, body: bytes
) -> AsyncPage[Any]:
    from .pages import AsyncPage  # most programs list nothing

    return AsyncPage(decode(body), params, fetch)


class AsyncRawResource(AsyncResource):
    """The same methods, with the HTTP side of their responses."""

    async def _perform(self, endpoint: Endpoint[Any], params: Mapping[str, Any]) -> Any:
        """Send the call of `endpoint` and return its response."""
        call = self._call(endpoint, params)
        try:
            if not call.is_lazy:
                return await self._fitting(call, await self._session.respond(call))
            # What is read later has no body yet: the response holds the view of it instead.
            flow, runner = await self._session.open(call)
        except ResultInstead as instead:
            return instead.result
        view = view_of(call, flow, runner)
        if call.lazy == "bytes":
            return view  # it is a response already
        return APIResponse(flow.response, flow.attempts, lambda _: view)


class AsyncStreamedResource(AsyncResource):
    """The same methods, with responses whose body is not read before the caller reads it."""

    async def _perform(self, endpoint: Endpoint[Any], params: Mapping[str, Any]) -> Any:
        """Send the call of `endpoint` and return its response when its head was received."""
        return await self._open(self._call(endpoint, params))

    def _call(self, endpoint: Endpoint[Any], params: Mapping[str, Any]) -> Call[Any]:
        # A whole message as the body: the caller reads it, and keeps the connection busy, himself.
        waiting = replace(self._session.options, large_responses="wait")
        call = super()._call(lambda _, given: endpoint(waiting, given), params)
        if call.follow_up is not None:
            raise TypeError("retries: this view does not read the output, so it cannot ask again")
        return call

    async def _open(
        self, call: Call[Any], view: Callable[..., Any] | None = None
    ) -> AsyncStreamedResponse[Any]:
        from .responses import AsyncStreamedResponse

        flow, runner = await self._session.open(call)
        flow.delivered = True  # the caller sees this response: it must not become another one
        if view is None and call.is_lazy:
            view = partial(view_of, call)
        return AsyncStreamedResponse(flow, runner, call, view)
