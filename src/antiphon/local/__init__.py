"""The Messages API on your own machine: a simulator to develop and test against, not a model.

Names are found when they are first used: what runs without sockets loads none.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import App as App
    from .clock import SystemClock as SystemClock
    from .clock import VirtualClock as VirtualClock
    from .inprocess import AsyncInProcess as AsyncInProcess
    from .inprocess import InProcess as InProcess
    from .journal import Recorded as Recorded
    from .server import LocalServer as LocalServer

_HOMES = {
    "App": "app",
    "AsyncInProcess": "inprocess",
    "InProcess": "inprocess",
    "LocalServer": "server",
    "Recorded": "journal",
    "SystemClock": "clock",
    "VirtualClock": "clock",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_HOMES)
