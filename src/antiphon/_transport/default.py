"""The transport of a client: the shared one, or what the user passed as `http_client`."""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from . import AsyncTransport, Transport
from .proxies import proxy_environment
from .tls import trust_environment

T = TypeVar("T")


def transport_for(http_client: Any = None) -> Transport:
    """What carries the requests of a sync client.

    Raises:
        TypeError: `http_client` cannot carry them.
    """
    return default_sync() if http_client is None else adapt(http_client)


def async_transport_for(http_client: Any = None) -> AsyncTransport:
    """What carries the requests of an async client.

    Raises:
        TypeError: `http_client` cannot carry them.
    """
    return default_async() if http_client is None else adapt_async(http_client)


def default_sync() -> Transport:
    """The transport that all sync clients share, for the proxies and certificates in force now."""

    def make() -> Transport:
        from .sync_pool import SyncTransport

        return SyncTransport()

    return _shared("sync", make)


def default_async() -> AsyncTransport:
    """The transport that all async clients share: asyncio's connections, or httpx2 where asyncio does not run."""
    return _shared("asyncio", _asyncio) if _asyncio_runs() else _shared("httpx2", _httpx2)


def _asyncio() -> AsyncTransport:
    from .async_pool import AsyncioTransport

    return AsyncioTransport()


def _httpx2() -> AsyncTransport:
    from .httpx import AsyncHttpxTransport

    return AsyncHttpxTransport.own()


def _asyncio_runs() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def adapt(http_client: Any) -> Transport:
    """The transport that `http_client` is, or is made into.

    Raises:
        TypeError: it is neither a transport nor a sync client of httpx2 (or httpx).
    """
    if _is_httpx(http_client):
        if hasattr(http_client, "aclose"):
            _refuse(http_client, "is async; pass it to AsyncClient, or pass an httpx2.Client here")
        from .httpx import HttpxTransport

        return HttpxTransport(http_client)
    if not isinstance(http_client, Transport):
        _refuse(http_client, "cannot carry requests; pass an httpx2.Client or nothing")
    if inspect.iscoroutinefunction(http_client.send):
        _refuse(http_client, "is async; pass it to AsyncClient")
    return http_client


def adapt_async(http_client: Any) -> AsyncTransport:
    """The async transport that `http_client` is, or is made into.

    Raises:
        TypeError: it is neither an async transport nor an async client of httpx2 (or httpx).
    """
    if _is_httpx(http_client):
        if not hasattr(http_client, "aclose"):
            _refuse(http_client, "is sync; pass it to Client, or pass an httpx2.AsyncClient here")
        from .httpx import AsyncHttpxTransport

        return AsyncHttpxTransport(http_client)
    if not isinstance(http_client, AsyncTransport):
        _refuse(http_client, "cannot carry requests; pass an httpx2.AsyncClient or nothing")
    if not inspect.iscoroutinefunction(http_client.send):
        _refuse(http_client, "is sync; pass it to Client")
    return http_client


def _is_httpx(http_client: Any) -> bool:
    return all(hasattr(http_client, name) for name in ("build_request", "send", "stream"))


def _refuse(http_client: Any, why: str) -> NoReturn:
    kind: type = http_client.__class__
    raise TypeError(f"http_client: {kind.__module__}.{kind.__qualname__} {why}")


_transports: weakref.WeakValueDictionary[tuple[object, ...], Any] = weakref.WeakValueDictionary()
_sharing = threading.Lock()


def _shared(kind: str, make: Callable[[], T]) -> T:
    """One transport per kind and environment, for as long as a client holds it."""
    key = (kind, trust_environment(), proxy_environment())
    with _sharing:
        transport = _transports.get(key)
        if transport is None:
            transport = _transports[key] = make()
    return transport


def _after_fork() -> None:
    global _sharing
    _sharing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
