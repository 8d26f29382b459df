"""A local server inside a program: in a thread of its own, for as long as a block runs."""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from .app import App
from .serve import start, url_of


class LocalServer:
    """The simulated Messages API at a URL of its own.

    Use it as a context manager::

        with LocalServer() as server:
            client = antiphon.Client(base_url=server.url, api_key="any")

    Args:
        app: what answers; by default a new `App`.
        host: where to listen; loopback by default.
        port: 0 takes a free one.
    """

    url: str
    """The base URL for clients."""

    def __init__(self, app: App | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app or App()
        self._address = host, port
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="antiphon-local", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await start(self.app, *self._address)
        except OSError as failure:
            self._failure = failure
            self._ready.set()
            return
        self.url = url_of(server)
        self._ready.set()
        async with server:
            await self._stop.wait()
