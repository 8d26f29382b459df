"""Tools that record or replace HTTP in tests, and how requests are made visible to them.

vcrpy, respx, pytest-httpx and their relatives replace a class or a method of the library that
sends, for as long as a test runs. The transports on plain sockets use none of these libraries, so a
test would send real requests although a cassette or a router is active. Therefore they look, at
every request, for such a replacement, and send through the library that has it. Where that is not
possible the call stops with a sentence.

Looking costs a few attributes of modules that are loaded already; nothing is imported for it.
Replacements are recognised by their module: instrumentation, which wraps methods to watch them,
keeps the name of the original (tried with vcrpy 9.4, respx 0.23, pytest-httpx 0.36, responses 0.26,
requests-mock 1.12, and the instrumentation of OpenTelemetry 0.66 and Sentry 2.75).
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from .._wire.http import Request
from . import AsyncTransport, Transport
from .failures import Progress
from .old_recordings import AsyncOldRecordings, OldRecordings
from .origin import is_loopback, target_of
from .tls import shared_context

__all__ = ["async_recorder_for", "recorder_for"]


class UnseenRequestError(Exception):
    """A recorder is active that cannot see the request."""

    def __init__(self, library: str) -> None:
        super().__init__(
            f"a tool that replaces the requests of {library} is active (responses or"
            " requests-mock?),"
            " and it cannot see this one; simulate the API with antiphon.local, or pass an httpx2"
            " client as http_client and mock that"
        )


def recorder_for(request: Request) -> Transport | None:
    """Return the transport that an active recorder sees; `None` if none is active.

    Raises:
        APIConnectionError: one is active that cannot see `request`.
    """
    if not _may_be_replaced():
        return None
    # vcrpy replaces both: most cassettes were recorded with httpx, and their headers are its own.
    names = ("HTTPTransport", "ConnectionPool", "handle_request", "Client")
    if (library := _replaced_httpx(*names)) is not None:
        from .httpx import HttpxTransport

        return OldRecordings(HttpxTransport(library.Client(verify=shared_context())))
    if _is_stdlib_replaced():
        from .http_client import HttpClientTransport

        return OldRecordings(HttpClientTransport())
    _refuse_unseen(request)
    return None


def async_recorder_for(request: Request) -> AsyncTransport | None:
    """Return the async transport that an active recorder sees, as `recorder_for` does."""
    if not _may_be_replaced():
        return None
    names = ("AsyncHTTPTransport", "AsyncConnectionPool", "handle_async_request", "AsyncClient")
    if (library := _replaced_httpx(*names)) is not None:
        from .httpx import AsyncHttpxTransport

        client = library.AsyncClient(verify=shared_context())
        return AsyncOldRecordings(AsyncHttpxTransport(client))
    if _is_stdlib_replaced():
        from .http_client import AsyncHttpClientTransport

        return AsyncOldRecordings(AsyncHttpClientTransport())
    _refuse_unseen(request)
    return None


def _replaced_httpx(transport: str, pool: str, method: str, client: str) -> ModuleType | None:
    """Return the library of httpx in which a tool has replaced what sends."""
    for name, core in (("httpx", "httpcore"), ("httpx2", "httpcore2")):
        if _is_replaced(name, transport, method) or _is_replaced(core, pool, method):
            return sys.modules.get(name)
        if "vcr" in sys.modules and _is_replaced_by_old_vcr(name, client):
            return sys.modules.get(name)
    return None


def _is_replaced_by_old_vcr(library: str, client: str) -> bool:
    """Tell whether vcrpy before version 8 is active, whose method has the name of the original."""
    cls: Any = getattr(sys.modules.get(library), client, None)
    scope: dict[str, object] = getattr(
        getattr(cls, "_send_single_request", None), "__globals__", {}
    )
    return str(scope.get("__name__")).startswith("vcr.")


def _refuse_unseen(request: Request) -> None:
    adapter = _is_replaced("requests.adapters", "HTTPAdapter", "send")
    session = _is_replaced("requests.sessions", "Session", "send")
    if (adapter or session) and not is_loopback(target_of(request.url).origin.host):
        error = UnseenRequestError("requests")
        raise Progress(request).failure(error) from error


def _may_be_replaced() -> bool:
    """Tell whether it is worth to look closely: as a rule, none of the libraries is loaded."""
    modules = sys.modules
    if "httpx" in modules or "httpx2" in modules or "requests" in modules:
        return True
    return "http.client" in modules and _is_stdlib_replaced()


def _is_stdlib_replaced() -> bool:
    # The module may be half loaded: another thread may be importing it.
    connection: Any = getattr(sys.modules.get("http.client"), "HTTPConnection", None)
    return connection is not None and connection.__module__ != "http.client"


def _is_replaced(module: str, *path: str) -> bool:
    """Tell whether a loaded module has something of another package in this place."""
    found: Any = sys.modules.get(module)
    if found is None:
        return False
    for name in path:
        found = getattr(found, name, None)
    home: str = getattr(found, "__module__", module) or module
    return home.partition(".")[0] != module.partition(".")[0]
