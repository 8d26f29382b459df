"""`client.get`, `post`, `put`, `patch` and `delete`: endpoints that have no method of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..responses import httpx_response, is_httpx_response
from .resource import AsyncRawResource, AsyncResource
from .runner import AsyncSession

if TYPE_CHECKING:
    from .._core.any_endpoint import RequestOptions

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

    async def get(self, path: str, *, cast_to: type[T], options: RequestOptions | None = None) -> T:
        """Send a `GET` request and return its result."""
        return await self._any("GET", path, cast_to, None, options)

    async def post(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,  # noqa: ARG002 (programs pass it; there is one class of streams)
    ) -> T:
        """Send a `POST` request and return its result.

        Args:
            path: where to, beginning with a slash.
            cast_to: the type of the result.
            body: what to send: a mapping is sent as a JSON object, bytes as they are.
            options: headers, query, time limit and retries.
            stream: whether the response is a stream of events, which is returned instead.
            stream_cls: accepted and ignored.
        """
        return await self._any("POST", path, cast_to, body, options, stream=stream)

    async def put(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `PUT` request and return its result."""
        return await self._any("PUT", path, cast_to, body, options)

    async def patch(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `PATCH` request and return its result."""
        return await self._any("PATCH", path, cast_to, body, options)

    async def delete(
        self,
        path: str,
        *,
        cast_to: type[T],
        body: object = None,
        options: RequestOptions | None = None,
    ) -> T:
        """Send a `DELETE` request and return its result."""
        return await self._any("DELETE", path, cast_to, body, options)

    async def _any(
        self,
        method: str,
        path: str,
        cast_to: type[T],
        body: object,
        options: RequestOptions | None,
        *,
        stream: bool = False,
    ) -> T:
        params = {
            "method": method,
            "path": path,
            "cast_to": cast_to,
            "body": body,
            "options": options,
            "stream": stream,
        }
        if is_httpx_response(cast_to):
            raw = _AsyncAnyRawResource(self._session)
            response = await raw.send({**params, "cast_to": bytes})
            return cast("T", httpx_response(cast_to, response))
        return cast("T", await _AsyncAnyResource(self._session).send(params))
