"""An app on a socket: the listener, and `serve`, which runs one until it is interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakSet

from ..._transport.origin import is_loopback
from ..._wire.http import Request
from ..api.app import App
from ..api.errors import RequestRefusedError
from ..api.steps import Steps
from ..metering.clock import Clock
from ..scripting.script import Script
from .access import Access
from .connection import Connection

__all__ = ["Listener", "check_port", "open_listeners", "serve"]

# Connections that wait to be accepted: load tests open thousands at once.
_BACKLOG = 2048
_GRACE = 10.0
_MAX_PORT = 65_535
_NOTE = "antiphon simulates the Messages API here: its replies are made up, not Claude's."
_ALL = ("0.0.0.0", "::")  # noqa: S104  nothing is bound here
# Threads for costly requests. They share one interpreter, so more would only slow the others down.
_WORKERS = 2


open_listeners: WeakSet[Listener] = WeakSet()
"""Those that listen, in all threads."""


class Listener:
    """A listening socket for an app, and the connections made to it.

    Args:
        app: makes the responses.
        access: decides which requests reach the app.
        idle: seconds of silence after which a connection that waits for a request is closed.
    """

    def __init__(self, app: App, access: Access, *, idle: float = 60.0) -> None:
        self.clock: Clock = app.clock
        self.idle = idle
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.thread: int = threading.get_ident()
        """The thread of the loop."""
        self.connections: set[Connection] = set()
        self.stopping: bool = False
        self.workers: ThreadPoolExecutor = ThreadPoolExecutor(_WORKERS, "antiphon-local")
        self.new_request_id: Callable[[], str] = app.new_request_id
        self._app = app
        self._access = access
        self._server: asyncio.Server | None = None
        self._emptied = asyncio.Event()
        self._addresses: set[tuple[str, int]] = set()

    def replace(self, app: App) -> None:
        """Serve another app from now on; responses of the old one that still wait are cut."""
        for connection in tuple(self.connections):
            connection.abandon()
        self.clock.unwatch(self._clock_moved_in_any_thread)
        self._app, self.clock, self.new_request_id = app, app.clock, app.new_request_id
        self.clock.watch(self._clock_moved_in_any_thread)

    def app(self, request: Request) -> Steps:
        """Return the steps of the response to a request."""
        try:
            self._access.check(request)
        except RequestRefusedError as refusal:
            return self._app.refuse(request, refusal)
        return self._app(request)

    async def start(self, host: str, port: int) -> str:
        """Start to listen; return the URL for clients.

        Raises:
            OSError: the system does not let this process listen at the address.
        """
        self._server = await self.loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        self.clock.watch(self._clock_moved_in_any_thread)
        addresses = [each.getsockname()[:2] for each in self._server.sockets]
        self._addresses.update(addresses)
        bound, port = addresses[0]
        open_listeners.add(self)
        return f"http://[{bound}]:{port}" if ":" in bound else f"http://{bound}:{port}"

    async def stop(self, grace: float) -> None:
        """Stop listening; give open responses up to `grace` seconds to finish, then cut them."""
        assert self._server is not None
        self.stopping = True
        self._server.close()
        for connection in tuple(self.connections):
            connection.finish()
        if not await self._empty_within(grace):
            for connection in tuple(self.connections):
                connection.cut()
            await self._empty_within(grace)
        open_listeners.discard(self)
        self.clock.unwatch(self._clock_moved_in_any_thread)
        # They are waited for, because a thread that ends later would call back a closed loop.
        self.workers.shutdown(wait=True, cancel_futures=True)

    async def _empty_within(self, seconds: float) -> bool:
        """Wait until no connection is open; return False if that takes too long."""
        if self.connections:
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), seconds)
            except TimeoutError:
                return False
        return True

    def closed(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self.connections.discard(connection)
        if not self.connections:
            self._emptied.set()

    @property
    def is_working(self) -> bool:
        """Whether a response is being made that waits for nothing."""
        return any(connection.is_working for connection in tuple(self.connections))

    @property
    def questions(self) -> set[object]:
        """What identifies the questions to functions of the user that responses wait for."""
        return {connection.question for connection in tuple(self.connections)} - {None}

    @property
    def read_sockets(self) -> list[Any]:
        """The sockets from which bytes are read as they come."""
        socks = [connection.read_socket for connection in tuple(self.connections)]
        return [sock for sock in socks if sock is not None]

    def is_at(self, host: str, port: int) -> bool:
        """Whether a client of this process that connects to an address reaches this listener."""
        return any(port == own and _leads_to(host, bound) for bound, own in self._addresses)

    def look_at_the_clock(self) -> None:
        """Look, in the thread of the loop, which pauses are over: the time was frozen or thawed."""
        self._clock_moved_in_any_thread()

    def _clock_moved_in_any_thread(self) -> None:
        self.loop.call_soon_threadsafe(self._clock_moved)

    def _clock_moved(self) -> None:
        for connection in tuple(self.connections):
            connection.wake()


def _leads_to(host: str, bound: str) -> bool:
    return host == bound or (is_loopback(host) and (bound in _ALL or is_loopback(bound)))


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    app: App | None = None,
    *,
    control: bool | None = None,
    allow_hosts: Collection[str] = (),
    grace: float = _GRACE,
    note: str = _NOTE,
) -> None:
    """Run a local server until SIGINT or SIGTERM; print on stdout how to use it.

    Args:
        host: the address to listen at; by default this machine alone can reach it.
        port: the port to listen at; 0 takes a free one.
        app: makes the responses; by default a new `App`.
        control: whether there are the control endpoints of the app; by default only if the host is
            loopback. Beyond loopback they need the token that is printed.
        allow_hosts: names that clients may use for the server, besides addresses and `localhost`.
        grace: seconds that open responses get to finish when the server stops.
        note: what is said on stderr about the replies.

    Raises:
        ValueError: there is no such port.
        OSError: the system does not let this process listen at the address.
    """
    app, access = app or App(), Access(host, allow_hosts, control)
    if app.script is None:  # one may come by a control endpoint
        app.script = Script()
    asyncio.run(_serve(app, access, host, check_port(port), grace, note))


async def _serve(app: App, access: Access, host: str, port: int, grace: float, note: str) -> None:
    listener = Listener(app, access)
    stop = asyncio.Event()
    _on_signals(listener.loop, stop.set)
    url = await listener.start(host, port)
    print(f"export ANTHROPIC_BASE_URL={url}", flush=True)
    if access.token is not None:
        print(f"export ANTIPHON_CONTROL_TOKEN={access.token}", flush=True)
    print(note, "Stop with Ctrl-C.", file=sys.stderr, flush=True)
    await stop.wait()
    await listener.stop(grace)


def check_port(port: int) -> int:
    """Return `port`.

    Raises:
        ValueError: it is not from 0 to 65535.
    """
    if not 0 <= port <= _MAX_PORT:
        raise ValueError(f"port: {port} is not from 0 to {_MAX_PORT}; 0 takes a free one")
    return port


def _on_signals(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call `call` when a signal asks the process to end."""

    def received(*_: object) -> None:
        loop.call_soon_threadsafe(call)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # on Windows, where any signal wakes the loop
            signal.signal(number, received)
