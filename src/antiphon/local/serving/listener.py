"""An app on a socket: the listener, and `serve`, which runs one until it is interrupted."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import sys
from collections.abc import Callable

from ..._wire.http import Request
from ..api.app import App
from ..api.steps import Steps
from ..metering.clock import Clock
from .connection import Connection

__all__ = ["Listener", "serve", "with_control"]

# Connections that wait to be accepted: load tests open thousands at once.
_BACKLOG = 2048
_GRACE = 10.0


class Listener:
    """A listening socket for an app, and the connections made to it.

    Args:
        app: makes the responses.
        idle: seconds of silence after which a connection that waits for a request is closed.
    """

    def __init__(self, app: App, *, idle: float = 60.0) -> None:
        self.clock: Clock = app.clock
        self.app: Callable[[Request], Steps] = app
        self.idle = idle
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.connections: set[Connection] = set()
        self.stopping: bool = False
        self._server: asyncio.Server | None = None
        self._emptied = asyncio.Event()

    async def start(self, host: str, port: int) -> str:
        """Start to listen; return the URL for clients.

        Raises:
            OSError: the system does not let this process listen at the address.
        """
        self._server = await self.loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        self.clock.watch(self._clock_moved_in_any_thread)
        bound, port = self._server.sockets[0].getsockname()[:2]
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
        self.clock.unwatch(self._clock_moved_in_any_thread)

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

    def _clock_moved_in_any_thread(self) -> None:
        self.loop.call_soon_threadsafe(self._clock_moved)

    def _clock_moved(self) -> None:
        for connection in tuple(self.connections):
            connection.wake()


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    app: App | None = None,
    *,
    control: bool | None = None,
    grace: float = _GRACE,
) -> None:
    """Run a local server until SIGINT or SIGTERM; print on stdout how to use it.

    Args:
        host: the address to listen at; by default this machine alone can reach it.
        port: the port to listen at; 0 takes a free one.
        app: makes the responses; by default a new `App`.
        control: whether there are control endpoints; by default as the app says, and only if the
            host is loopback.
        grace: seconds that open responses get to finish when the server stops.

    Raises:
        OSError: the system does not let this process listen at the address.
    """
    app = with_control(app or App(), host, control)
    asyncio.run(_serve(app, host, port, grace))


async def _serve(app: App, host: str, port: int, grace: float) -> None:
    listener = Listener(app)
    stop = asyncio.Event()
    _on_signals(listener.loop, stop.set)
    url = await listener.start(host, port)
    print(f"export ANTHROPIC_BASE_URL={url}", flush=True)
    note = "antiphon simulates the Messages API here: its replies are made up, not Claude's."
    print(note, "Stop with Ctrl-C.", file=sys.stderr, flush=True)
    await stop.wait()
    await listener.stop(grace)


def _on_signals(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call `call` when a signal asks the process to end."""

    def received(*_: object) -> None:
        loop.call_soon_threadsafe(call)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # on Windows, where any signal wakes the loop
            signal.signal(number, received)


def with_control(app: App, host: str, control: bool | None) -> App:
    """Return the app, with its control endpoints off if other machines could reach them.

    Args:
        app: the app, which is changed.
        host: the address it will listen at.
        control: True or False to decide otherwise.
    """
    app.control = control if control is not None else app.control and _is_loopback(host)
    return app


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
