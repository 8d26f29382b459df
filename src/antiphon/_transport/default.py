"""Which transport a client gets: the one that all clients share, or the user's `http_client`."""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn, TypeVar

from .._wire.http import Timeout
from . import AsyncTransport, Transport
from .proxies import proxy_environment
from .tls import trust_environment

__all__ = ["async_transport_for", "clocks_of", "leaves_it_to_us", "transport_for"]

T = TypeVar("T")

# Those of a `DefaultHttpxClient` and of a client of httpx2 that were given none.
_CLOCKS_OF_NOBODY = (replace(Timeout(), total=None), replace(Timeout.of(5.0), total=None))


def transport_for(http_client: Any = None) -> Transport:
    """Return what carries the requests of a sync client.

    Args:
        http_client: what the user passed: a sync client of httpx2 or httpx, or a `Transport`.
            `None` stands for the default.

    Raises:
        TypeError: `http_client` cannot carry the requests of a sync client.
    """
    if leaves_it_to_us(http_client):
        return _shared("sync", _sync)
    _check(http_client)
    if _is_httpx(http_client):
        if hasattr(http_client, "aclose"):
            _refuse(http_client, "is async; pass it to AsyncClient, or pass an httpx2.Client here")
        from .httpx import HttpxTransport

        return HttpxTransport(http_client)
    if not isinstance(http_client, Transport):
        _refuse(http_client, "cannot carry requests; pass an httpx2.Client or nothing")
    if inspect.iscoroutinefunction(http_client.send):
        _refuse(http_client, "is async; pass it to AsyncClient")
    if _is_own(http_client):
        return http_client
    from .users import UsersTransport

    return UsersTransport(http_client)


def async_transport_for(http_client: Any = None) -> AsyncTransport:
    """Return what carries the requests of an async client.

    Args:
        http_client: what the user passed: an async client of httpx2 or httpx, or an
            `AsyncTransport`. `None` stands for the default: asyncio's connections, or httpx2 where
            asyncio does not run.

    Raises:
        TypeError: `http_client` cannot carry the requests of an async client.
        RuntimeError: the default needs httpx2, which is not installed.
    """
    if leaves_it_to_us(http_client):
        return _shared("asyncio", _asyncio) if _asyncio_runs() else _shared("httpx2", _httpx2)
    _check(http_client)
    if _is_httpx(http_client):
        if not hasattr(http_client, "aclose"):
            _refuse(http_client, "is sync; pass it to Client, or pass an httpx2.AsyncClient here")
        from .httpx import AsyncHttpxTransport

        return AsyncHttpxTransport(http_client)
    if not isinstance(http_client, AsyncTransport):
        _refuse(http_client, "cannot carry requests; pass an httpx2.AsyncClient or nothing")
    if not inspect.iscoroutinefunction(http_client.send):
        _refuse(http_client, "is sync; pass it to Client")
    if _is_own(http_client):
        return http_client
    from .users import AsyncUsersTransport

    return AsyncUsersTransport(http_client)


def leaves_it_to_us(http_client: Any) -> bool:
    """Tell whether the user passed nothing, or a `DefaultHttpxClient` without own settings."""
    return http_client is None or getattr(http_client, "leaves_sending_to_antiphon", False)


def clocks_of(http_client: Any) -> Timeout | None:
    """Return the clocks that the user gave to a client of httpx2 or httpx; None if there are none.

    They limit each read and not the whole call, as they do there.
    """
    own = getattr(http_client, "timeout", None)
    if not (hasattr(own, "connect") and hasattr(own, "read")):
        return None
    clocks = replace(Timeout.of(own), total=None)
    return None if clocks in _CLOCKS_OF_NOBODY else clocks


# Imported only when needed: a program uses one of the three, and importing asyncio or httpx2 costs
# more than a request.
def _sync() -> Transport:
    from .sync_pool import SyncTransport

    return SyncTransport()


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


def _check(http_client: Any) -> None:
    """Refuse what has the methods of a transport and is none.

    Raises:
        TypeError: it is a class, or a session of requests.
    """
    if isinstance(http_client, type):
        raise TypeError(
            f"Invalid `http_client` argument: {http_client.__qualname__} is a class; pass an"
            " instance of it"
        )
    if hasattr(http_client, "prepare_request"):
        _refuse(http_client, "is a session of requests; pass an httpx2.Client or nothing")


def _is_httpx(http_client: Any) -> bool:
    return all(hasattr(http_client, name) for name in ("build_request", "send", "stream"))


def _is_own(transport: object) -> bool:
    """Tell whether a transport is one of this package, which raises the right errors by itself."""
    return type(transport).__module__.startswith(f"{__name__.partition('.')[0]}.")


def _refuse(http_client: Any, why: str) -> NoReturn:
    kind: type = http_client.__class__
    # The beginning is that of the official package: people search for it.
    raise TypeError(f"Invalid `http_client` argument: {kind.__module__}.{kind.__qualname__} {why}")


_transports: weakref.WeakValueDictionary[tuple[object, ...], Any] = weakref.WeakValueDictionary()
_sharing = threading.Lock()


def _shared(kind: str, make: Callable[[], T]) -> T:
    """Return the one transport of its kind and environment; it lives while a client holds it."""
    key = (kind, trust_environment(), proxy_environment())
    with _sharing:
        transport = _transports.get(key)
        if transport is None:
            transport = _transports[key] = make()
    return transport


def _after_fork() -> None:
    global _sharing  # another thread of the parent may have held it
    _sharing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
