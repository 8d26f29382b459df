"""The clients of httpx2 that the official package offers for `http_client=`, with its settings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .._wire.http import Timeout

__all__ = ["DEFAULT_CONNECTION_LIMITS", "DefaultAsyncHttpxClient", "DefaultHttpxClient"]


def _library() -> Any:
    """Return httpx2, or httpx where only that is installed: older official packages bring it."""
    for name in ("httpx2", "httpx"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ImportError("DefaultHttpxClient needs httpx2: pip install 'antiphon[httpx]'")


_httpx = _library()

DEFAULT_CONNECTION_LIMITS: Any = _httpx.Limits(max_connections=1000, max_keepalive_connections=100)
"""How many connections a client keeps that is given none."""


# A client that was given nothing but these sends no otherwise than our own transport does.
_PLAIN = {"base_url", "follow_redirects", "limits", "timeout"}


def _client_class(name: str, base: Any) -> Any:
    """Return a subclass of a client of httpx2 with the settings of the official package."""

    def init(self: Any, **settings: Any) -> None:
        # Then our own transport sends, which is faster, and which recorders of any library see.
        is_changed = self.__class__.send is not base.send
        self.leaves_sending_to_antiphon = settings.keys() <= _PLAIN and not is_changed
        clocks = Timeout()
        settings.setdefault("timeout", _httpx.Timeout(clocks.read, connect=clocks.connect))
        settings.setdefault("limits", DEFAULT_CONNECTION_LIMITS)
        settings.setdefault("follow_redirects", True)
        base.__init__(self, **settings)

    doc = f"`{base.__name__}` of {_httpx.__name__} with the settings that suit the Messages API."
    return type(name, (base,), {"__init__": init, "__doc__": doc, "__module__": __name__})


DefaultHttpxClient: Any = _client_class("DefaultHttpxClient", _httpx.Client)
DefaultAsyncHttpxClient: Any = _client_class("DefaultAsyncHttpxClient", _httpx.AsyncClient)
