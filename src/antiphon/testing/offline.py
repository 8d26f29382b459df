"""Keeps a run of tests on this machine: whatever would leave it is refused, and told.

An audit hook sees every connection and every look-up of a name that Python code makes, whichever
library makes it (PEP 578). It cannot be removed, only switched off. In a thread of a library, such
as those in which names are looked up, the stack no longer tells who asked. So it is noted where
threads are started, and where pools of threads are given work.

A refusal is an exception, but programs catch exceptions, and clients try again. So each one is kept
as well, and the plugin fails the test for it.
"""

from __future__ import annotations

import inspect
import ipaddress
import os
import socket
import sys
import sysconfig
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

__all__ = ["OfflineError", "OfflineGuard"]

_Host: TypeAlias = str | bytes | bytearray | None

_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
# Code of others: the caller is the nearest one outside of these folders. A folder may be reached
# through a link, and then modules are named as it was reached.
_FOREIGN = tuple(
    f"{each}{os.sep}"
    for folder in (
        Path(__file__).parent.parent,
        *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")),
    )
    for each in {folder, folder.resolve()}
)
# Pools other than those of Python keep the threads that they start, and use them for other callers.
_IN_THREAD = " (in a thread)"
_PACKAGES = frozenset({"site-packages", "dist-packages"})
_HOSTS_FILE = (
    Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts")
    if os.name == "nt"
    else Path("/etc/hosts")
)


# No OSError: clients take those for a bad network, and try again after a while.
class OfflineError(RuntimeError):
    """A connection that would leave this machine, in a run with ``--antiphon-offline``."""


class OfflineGuard:
    """Refuses what would leave this machine, from `start` to `stop`.

    Args:
        folder: callers in files below it are named by paths relative to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = f"{folder}{os.sep}"
        self._active = False
        self._refused: deque[str] = deque()
        self._own: frozenset[str] = frozenset()
        self._callers: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()
        self._replaced: list[tuple[Any, str, Any]] = []

    def start(self) -> None:
        """Begin to refuse."""
        self._own = _own_names() | _own_addresses()
        self._active = True
        sys.addaudithook(self._audit)
        self._replace(threading.Thread, "start", self._noting_start(threading.Thread.start))
        self._replace(ThreadPoolExecutor, "submit", self._noting_work(ThreadPoolExecutor.submit))

    def stop(self) -> None:
        """Refuse no more."""
        self._active = False
        while self._replaced:
            setattr(*self._replaced.pop())

    def taken(self) -> list[str]:
        """Return what was refused since the last call, one sentence each."""
        # Other threads may add to it meanwhile.
        return list(dict.fromkeys(self._refused.popleft() for _ in range(len(self._refused))))

    def _replace(self, owner: Any, name: str, method: Any) -> None:
        self._replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, method)

    def _noting_start(self, start: Any) -> Any:
        def noted(thread: threading.Thread) -> None:
            caller = self._caller(inspect.currentframe()).removesuffix(_IN_THREAD)
            self._callers[thread] = caller and f"{caller}{_IN_THREAD}"
            start(thread)

        return noted

    def _noting_work(self, submit: Any) -> Any:
        def noted(pool: Any, function: Any, /, *arguments: Any, **keywords: Any) -> Any:
            caller = self._caller(inspect.currentframe())

            def work(*arguments: Any, **keywords: Any) -> Any:
                self._callers[threading.current_thread()] = caller
                return function(*arguments, **keywords)

            return submit(pool, work, *arguments, **keywords)

        return noted

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Called for every import and every opened file as well: look at the name first.
        if not self._active or not event.startswith("socket."):
            return
        if event in _CONNECTIONS:
            self._check_address(arguments[1], "a connection to {}:{}")
        elif event == "socket.getnameinfo":
            self._check_address(arguments[0], "a look-up of the name of {}")
        elif event in _LOOK_UPS:
            # An address needs no look-up; a connection to it is seen by itself.
            if _address(_text(arguments[0])) is None:
                self._check(arguments[0], f"a look-up of the name {_text(arguments[0])}")
        elif event == "socket.gethostbyaddr":
            self._check(arguments[0], f"a look-up of the name of {_text(arguments[0])}")

    def _check_address(self, address: Any, what: str) -> None:
        # Other families than those of the internet have addresses of other forms.
        match address:
            case (str() | bytes() | bytearray() as host, _, *_):
                shown = f"[{_text(host)}]" if ":" in _text(host) else _text(host)
                self._check(host, what.format(shown, address[1]))
            case _:
                pass

    def _check(self, host: _Host, what: str) -> None:
        if self._stays(_text(host)):
            return
        caller = self._caller(inspect.currentframe()) or "a library"
        refused = f"{caller}: {what} would leave this machine"
        self._refused.append(refused)
        raise OfflineError(f"{refused}; --antiphon-offline forbids that")

    def _stays(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        address = _address(name)
        if address is None:
            return name in self._own or name in ("", "localhost") or name.endswith(".localhost")
        return address.is_loopback or address.is_unspecified or str(address) in self._own

    def _caller(self, frame: FrameType | None) -> str:
        """Return where in the code under test something was called; empty if it was not there."""
        while frame is not None:
            path = frame.f_code.co_filename
            # Frozen modules and code made at run time have no file.
            if Path(path).is_absolute() and not _is_foreign(path):
                name = path.removeprefix(self._folder)
                return f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"
            frame = frame.f_back
        return self._callers.get(threading.current_thread(), "")


def _is_foreign(path: str) -> bool:
    return path.startswith(_FOREIGN) or not _PACKAGES.isdisjoint(Path(path).parts)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a host as an address; None if it is a name."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])  # behind it stands an interface
    except ValueError:
        return _short_address(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _short_address(host: str) -> ipaddress.IPv4Address | None:
    """Return an address in a form that only the system knows, such as ``127.1``."""
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):  # a name; text that the system cannot be given
        return None


def _own_addresses() -> frozenset[str]:
    """Return the name and the addresses of this machine."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None)
    except OSError:  # a machine need not know its own name
        found = []
    return frozenset({name.lower(), *(str(each[4][0]).lower() for each in found)})


def _own_names() -> frozenset[str]:
    """Return the names that this machine gives itself: look-ups of them do not leave it."""
    try:
        lines = _HOSTS_FILE.read_text("utf-8", "replace").splitlines()
    except OSError:  # a container need not have the file
        return frozenset()
    entries = [line.partition("#")[0].lower().split() for line in lines]
    return frozenset(
        name
        for host, *names in filter(None, entries)
        if (address := _address(host)) is not None and address.is_loopback
        for name in names
    )


def _text(host: _Host) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host or ""
