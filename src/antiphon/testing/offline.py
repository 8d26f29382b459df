"""Keeps a run of tests on this machine: whatever would leave it is refused, and told.

An audit hook sees every connection and every look-up of a name that Python code makes, whichever
library makes it (PEP 578). It cannot be removed, only switched off. The event loop of asyncio looks
names up in a thread, where the stack no longer tells who asked, so its method is wrapped too.

A refusal is an exception, but programs catch exceptions, and clients try again. So each one is kept
as well, and the plugin fails the test for it.
"""

from __future__ import annotations

import asyncio
import inspect
import ipaddress
import os
import socket
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

__all__ = ["OfflineError", "OfflineGuard"]

_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
# Code of others: the caller is the nearest one outside of these folders.
_FOREIGN = tuple(
    f"{folder.resolve()}{os.sep}"
    for folder in (
        Path(__file__).parent.parent,
        *(
            Path(sysconfig.get_path(name))
            for name in ("stdlib", "platstdlib", "purelib", "platlib")
        ),
    )
)


# No OSError: clients take those for a bad network, and try again after a while.
class OfflineError(RuntimeError):
    """A connection that would leave this machine, in a run with ``--antiphon-offline``."""


class OfflineGuard:
    """Refuses what would leave this machine, from `start` to `stop`."""

    def __init__(self) -> None:
        self._active = False
        self._refused: list[str] = []
        self._own: frozenset[str] = frozenset()
        self._getaddrinfo: Any = None

    def start(self) -> None:
        """Begin to refuse."""
        self._own = _own_addresses()
        self._active = True
        sys.addaudithook(self._audit)
        loops: Any = asyncio.BaseEventLoop
        self._getaddrinfo = loops.getaddrinfo
        loops.getaddrinfo = _checking(loops.getaddrinfo, self._check_look_up)

    def stop(self) -> None:
        """Refuse no more."""
        self._active = False
        loops: Any = asyncio.BaseEventLoop
        loops.getaddrinfo = self._getaddrinfo

    def taken(self) -> list[str]:
        """Return what was refused since the last call, one sentence each."""
        refused, self._refused = self._refused, []
        return list(dict.fromkeys(refused))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Called for every import and every opened file as well: look at the name first.
        if not self._active or not event.startswith("socket."):
            return
        if event in _CONNECTIONS:
            # Other families than those of the internet have addresses of other forms.
            match arguments[1]:
                case (str() | bytes() as host, int() as port, *_):
                    self._check(host, f"a connection to {_text(host)}:{port}")
                case _:
                    pass
        elif event in _LOOK_UPS:
            self._check_look_up(arguments[0])

    def _check_look_up(self, host: str | bytes | None) -> None:
        name = _text(host)
        what = "a connection to" if _address(name) else "a look-up of the name"
        self._check(host, f"{what} {name}")

    def _check(self, host: str | bytes | None, what: str) -> None:
        if not self._active or self._stays(_text(host)):
            return
        refused = f"{_caller(inspect.currentframe())}: {what} would leave this machine"
        self._refused.append(refused)
        raise OfflineError(f"{refused}; --antiphon-offline forbids that")

    def _stays(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        if name in self._own or name in ("", "localhost") or name.endswith(".localhost"):
            return True
        address = _address(name)
        return address is not None and (address.is_loopback or address.is_unspecified)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host as an address; None if it is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])  # behind it stands an interface
    except ValueError:
        return None


def _own_addresses() -> frozenset[str]:
    """Return the name and the addresses of this machine."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None)
    except OSError:  # a machine need not know its own name
        found = []
    return frozenset({name.lower(), *(str(each[4][0]).lower() for each in found)})


def _checking(getaddrinfo: Any, check: Callable[[str | bytes | None], None]) -> Any:
    async def checked(self: Any, host: Any, *arguments: Any, **keywords: Any) -> Any:
        check(host)
        return await getaddrinfo(self, host, *arguments, **keywords)

    return checked


def _text(host: str | bytes | None) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host or ""


def _caller(frame: FrameType | None) -> str:
    """Return where in the code under test something was called."""
    while frame is not None:
        path = frame.f_code.co_filename
        # Frozen modules and code made at run time have no file.
        if not path.startswith(("<", *_FOREIGN)) and Path(path).is_absolute():
            return f"{path}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return "a thread of a library"
