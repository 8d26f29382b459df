"""Redirects, followed in one place for every transport."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import urljoin

from .._wire.http import Request, ResponseHead
from .._wire.secret import SECRET_HEADERS, Secret
from .._wire.url import URL
from . import AsyncOpenResponse, OpenResponse
from .origin import target_of

_MOST = 3
_SAME_METHOD = (307, 308)
_ANY = (301, 302, 303, 307, 308)


def redirected(request: Request, head: ResponseHead) -> Request | None:
    """The request to send next when `head` redirects; `None` when its answer is the last.

    A body is sent again only where the status promises the same method (307, 308), never from
    https to http; to another origin, it goes without any credential.
    """
    location = head.headers.get("location")
    allowed = _ANY if request.method == "GET" else _SAME_METHOD
    if head.status not in allowed or not location:
        return None
    url = urljoin(request.url, location)
    try:
        here, there = target_of(request.url).origin, target_of(url).origin
    except ValueError:
        return None
    if here.scheme == "https" and there.scheme == "http":
        return None
    headers = request.headers if here == there else _without_credentials(request.headers)
    return replace(request, url=URL(url), headers=headers)


def _without_credentials(headers: Mapping[str, str | Secret]) -> dict[str, str | Secret]:
    return {name: value for name, value in headers.items() if not is_credential(name)}


def is_credential(name: str) -> bool:
    """Whether a header, by its lower-case name, may carry a credential."""
    return name in SECRET_HEADERS or any(
        part in name for part in ("auth", "key", "token", "secret", "credential", "cookie")
    )


def follow(send: Callable[[Request], OpenResponse], request: Request) -> OpenResponse:
    """Send `request`, and go where its answers redirect to, at most three times."""
    started = time.monotonic()
    reply = send(request)
    for _ in range(_MOST):
        onward = redirected(request, reply.head) if reply.head.status in _ANY else None
        if onward is None:
            break
        reply.close()
        request = _hurried(onward, started)
        reply = send(request)
    return reply


async def follow_async(
    send: Callable[[Request], Awaitable[AsyncOpenResponse]], request: Request
) -> AsyncOpenResponse:
    """`follow`, awaited."""
    started = time.monotonic()
    reply = await send(request)
    for _ in range(_MOST):
        onward = redirected(request, reply.head) if reply.head.status in _ANY else None
        if onward is None:
            break
        await reply.close()
        request = _hurried(onward, started)
        reply = await send(request)
    return reply


def _hurried(request: Request, started: float) -> Request:
    """`request` with what is left of its total time."""
    total = request.timeout.total
    if total is None:
        return request
    left = max(total - (time.monotonic() - started), 0.001)
    return replace(request, timeout=request.timeout.within(left))
