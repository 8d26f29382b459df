"""The local server on a socket: asyncio and h11 around the app."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

import h11

from .._core.wire import Request, Timeout
from .app import App
from .steps import Abort, Head, Pause, Step, Write

BIGGEST_BODY = 32 * 1024 * 1024
_RECEIVE = 65536
_RESET = struct.pack("ii", 1, 0)


class Connection:
    """One client's connection: reads requests and performs the steps that answer them."""

    def __init__(self, app: App, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._app = app
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer requests until the client or an error ends the connection."""
        try:
            while await self._answer_one():
                self._http.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the client has gone or speaks no HTTP, or the server stops: there is nobody to tell
        finally:
            self._writer.close()

    async def _answer_one(self) -> bool:
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return False
        body = b"".join([chunk async for chunk in self._body()])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        target = head.target.decode("latin-1")
        request = Request(head.method.decode("ascii"), target, headers, body, Timeout())
        for step in self._app(request):
            if not await self._perform(step):
                return False
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _body(self) -> Any:
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))
        while isinstance(event := await self._next_event(), h11.Data):
            yield bytes(event.data)

    async def _next_event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_RECEIVE))
        return event

    async def _perform(self, step: Step) -> bool:
        match step:
            case Head(status, headers):
                self._send(h11.Response(status_code=status, headers=[*headers]))
            case Write(content):
                self._send(h11.Data(data=content))
                await self._writer.drain()
            case Pause(seconds):
                await asyncio.sleep(seconds)
            case Abort():
                self._reset()
                return False
        return True

    def _send(self, event: Any) -> None:
        sent = self._http.send(event)
        if sent:
            self._writer.write(sent)

    def _reset(self) -> None:
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()


async def start(app: App, host: str, port: int) -> asyncio.Server:
    """Listen for clients of `app`."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(app, reader, writer).serve()

    return await asyncio.start_server(client, host, port, backlog=2048)


def url_of(server: asyncio.Server) -> str:
    """Where `server` listens."""
    host, port = server.sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(host: str = "127.0.0.1", port: int = 0, app: App | None = None) -> None:
    """Run a local server until it is interrupted; say on stdout how to use it."""
    asyncio.run(_serve(app or App(), host, port))


async def _serve(app: App, host: str, port: int) -> None:
    server = await start(app, host, port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"export ANTHROPIC_BASE_URL={url_of(server)}", flush=True)
    print("antiphon's local server: it simulates the Messages API and is not Claude.", file=sys.stderr)
    async with server:
        await stop.wait()
