"""A simulated Messages API on your own machine, to develop and test against; it is not a model.

Import what `__all__` names from here; the packages inside are not public. Each name is loaded when
it is first used, so that tests without sockets load none. Nothing here talks to the real API.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api.app import App
    from .api.journal import Recorded
    from .api.latency import Latency
    from .metering.clock import SystemClock, VirtualClock
    from .metering.rate_limits import Limits
    from .scripting.script import Script
    from .serving.in_process import AsyncInProcess, InProcess
    from .serving.listener import serve
    from .serving.local_server import LocalServer
    from .serving.script_file import ScriptFile

__all__ = [
    "App",
    "AsyncInProcess",
    "InProcess",
    "Latency",
    "Limits",
    "LocalServer",
    "Recorded",
    "Script",
    "ScriptFile",
    "SystemClock",
    "VirtualClock",
    "serve",
]

_MODULES = {
    "App": "api.app",
    "AsyncInProcess": "serving.in_process",
    "InProcess": "serving.in_process",
    "Latency": "api.latency",
    "Limits": "metering.rate_limits",
    "LocalServer": "serving.local_server",
    "Recorded": "api.journal",
    "Script": "scripting.script",
    "ScriptFile": "serving.script_file",
    "SystemClock": "metering.clock",
    "VirtualClock": "metering.clock",
    "serve": "serving.listener",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return __all__
