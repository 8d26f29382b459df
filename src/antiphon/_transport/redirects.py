"""Redirects, followed in the same way by every transport."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import urljoin

from .._wire.http import Request, ResponseHead
from .._wire.secret import Secret
from .._wire.url import URL
from . import AsyncOpenResponse, OpenResponse, clocks
from .origin import target_of

__all__ = ["follow", "follow_async", "is_own_header", "redirected"]

# The API itself never redirects. A gateway may do it once or twice (to https, to another host of
# the same company); more is a circle.
_MAX_REDIRECTS = 3

_SAME_METHOD = frozenset({307, 308})
_ANY_METHOD = frozenset({301, 302, 303, 307, 308})


def follow(send: Callable[[Request], OpenResponse], request: Request) -> OpenResponse:
    """Send `request`, and again to wherever the responses redirect it, at most three times."""
    started = clocks.now()
    response = send(request)
    if response.head.status not in _ANY_METHOD or not request.follow_redirects:
        return response
    redirects = _Redirects(request, started)
    while onward := redirects.next(response.head):
        response.close()
        response = send(onward)
    return response


async def follow_async(
    send: Callable[[Request], Awaitable[AsyncOpenResponse]], request: Request
) -> AsyncOpenResponse:
    """Send `request` as `follow` does, awaited."""
    started = clocks.now()
    response = await send(request)
    if response.head.status not in _ANY_METHOD or not request.follow_redirects:
        return response
    redirects = _Redirects(request, started)
    while onward := redirects.next(response.head):
        await response.close()
        response = await send(onward)
    return response


class _Redirects:
    """The redirects of one request: how many are left, and how much time."""

    __slots__ = ("_left", "_request", "_started")

    def __init__(self, request: Request, started: float) -> None:
        self._request = request
        self._left = _MAX_REDIRECTS
        self._started = started

    def next(self, head: ResponseHead) -> Request | None:
        """Return the request to send after this response; `None` when there is to be none."""
        onward = redirected(self._request, head) if self._left else None
        if onward is None:
            return None
        self._left -= 1
        self._request = onward
        return self._within_total(onward)

    def _within_total(self, request: Request) -> Request:
        total = request.timeout.total
        if total is None:
            return request
        # A clock of zero would mean no clock; the next attempt to wait fails at once instead.
        left = max(total - (clocks.now() - self._started), 0.001)
        return replace(request, timeout=request.timeout.within(left))


def redirected(request: Request, head: ResponseHead) -> Request | None:
    """Return the request to send next when `head` redirects; `None` when its response is the last.

    A body is sent again only where the status promises the same method (307, 308). Nothing goes
    from https to http, and to another origin it goes with the client's own headers alone.
    """
    location = head.headers.get("location")
    allowed = _ANY_METHOD if request.method == "GET" else _SAME_METHOD
    if head.status not in allowed or not location:
        return None
    try:
        url = urljoin(request.url, location)
        here, there = target_of(request.url).origin, target_of(url).origin
    except ValueError:  # it is not a URL, or one of another kind
        return None
    if here.scheme == "https" and there.scheme == "http":
        return None
    headers = request.headers if here == there else _own_headers(request.headers)
    return replace(request, url=URL(url), headers=headers)


# What the client itself adds to a request, its credential apart. Whatever else a request carries,
# the user put there, for the origin that the request was made for.
_OWN_HEADERS = frozenset({"accept", "anthropic-version", "content-type", "user-agent"})


def _own_headers(headers: Mapping[str, str | Secret]) -> dict[str, str | Secret]:
    return {name: value for name, value in headers.items() if is_own_header(name)}


def is_own_header(name: str) -> bool:
    """Tell whether a header, by its lower-case name, is one that may go to any origin."""
    return name in _OWN_HEADERS
