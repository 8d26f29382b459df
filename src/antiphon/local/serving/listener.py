"""The local server on a socket."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import sys
from collections.abc import Callable

from ..api.app import App
from ..metering.clock import Clock
from .connection import Connection

__all__ = ["Listener", "serve"]

_BACKLOG = 2048
_GRACE = 10.0


class Listener:
    """Clients' way to an app: a listening socket and the connections made to it.

    Args:
        app: what answers.
        idle: seconds of silence after which a connection that waits for a request is closed.
    """

    def __init__(self, app: App, *, idle: float = 60.0) -> None:
        self.clock: Clock = app.clock
        self.answer = app
        self.idle = idle
        self.loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self.connections: set[Connection] = set()
        self.stopping: bool = False
        self._server: asyncio.Server | None = None
        self._emptied = asyncio.Event()

    async def start(self, host: str, port: int) -> str:
        """Listen; the URL for clients.

        Raises:
            OSError: the address cannot be listened at.
        """
        self._server = await self.loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        self.clock.watch(self._moved_in_any_thread)
        bound, port = self._server.sockets[0].getsockname()[:2]
        return f"http://[{bound}]:{port}" if ":" in bound else f"http://{bound}:{port}"

    async def stop(self, grace: float) -> None:
        """Listen no more; let open answers finish for up to `grace` seconds, then cut them."""
        assert self._server is not None
        self.stopping = True
        self._server.close()
        for connection in tuple(self.connections):
            connection.finish()
        if not await self._empty_within(grace):
            for connection in tuple(self.connections):
                connection.cut()
            await self._empty_within(grace)
        self.clock.unwatch(self._moved_in_any_thread)

    async def _empty_within(self, seconds: float) -> bool:
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

    def _moved_in_any_thread(self) -> None:
        self.loop.call_soon_threadsafe(self._moved)

    def _moved(self) -> None:
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
    """Run a local server until SIGINT or SIGTERM; say on stdout how to use it.

    Args:
        host: where to listen; loopback by default.
        port: 0 takes a free one.
        app: what answers; by default a new `App`.
        control: whether there are control endpoints; by default as the app says, on loopback alone.
        grace: seconds that open answers get to finish when the server stops.

    Raises:
        OSError: the address cannot be listened at.
    """
    app = controlled(app or App(), host, control)
    asyncio.run(_serve(app, host, port, grace))


async def _serve(app: App, host: str, port: int, grace: float) -> None:
    front = Listener(app)
    stop = asyncio.Event()
    _on_signals(front.loop, stop.set)
    url = await front.start(host, port)
    print(f"export ANTHROPIC_BASE_URL={url}", flush=True)
    note = "antiphon simulates the Messages API here: its answers are made up, not Claude's."
    print(note, "Stop with Ctrl-C.", file=sys.stderr, flush=True)
    await stop.wait()
    await front.stop(grace)


def _on_signals(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call `call` when the process is told to end."""

    def heard(*_: object) -> None:
        loop.call_soon_threadsafe(call)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, call)
        except NotImplementedError:  # on Windows, where the loop wakes up for any signal
            signal.signal(number, heard)


def controlled(app: App, host: str, control: bool | None) -> App:
    """The app, its control endpoints off where others could reach them unasked."""
    app.control = control if control is not None else app.control and _is_loopback(host)
    return app


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
