"""The Messages API on your own machine: a simulator to develop and test against, not a model.

Names are found when they are first used: what runs without sockets loads none.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api.app import App as App
    from .api.journal import Recorded as Recorded
    from .api.latency import Latency as Latency
    from .metering.clock import SystemClock as SystemClock
    from .metering.clock import VirtualClock as VirtualClock
    from .metering.rate_limits import Limits as Limits
    from .serving.in_process import AsyncInProcess as AsyncInProcess
    from .serving.in_process import InProcess as InProcess
    from .serving.listener import serve as serve
    from .serving.local_server import LocalServer as LocalServer

_HOMES = {
    "App": "api.app",
    "AsyncInProcess": "serving.in_process",
    "InProcess": "serving.in_process",
    "Latency": "api.latency",
    "Limits": "metering.rate_limits",
    "LocalServer": "serving.local_server",
    "Recorded": "api.journal",
    "SystemClock": "metering.clock",
    "VirtualClock": "metering.clock",
    "serve": "serving.listener",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_HOMES)
