"""A local server inside a program: in a thread of its own, for as long as a ``with`` block runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from os import PathLike
from typing import Self, TypeVar

from ..api.app import App
from ..metering.clock import Clock
from ..scripting.cassette import Mode
from ..scripting.cassette_app import CassetteApp, Pace
from ..scripting.requests import Requests
from ..scripting.scripted_server import ScriptedServer
from .access import Access
from .listener import Listener, check_port
from .recorder import cassette_app
from .upstream import check_upstream

__all__ = ["LocalServer"]

T = TypeVar("T")


class LocalServer(ScriptedServer):
    """The simulated Messages API at a URL of its own; several may run in one program.

    Use it as a context manager::

        with LocalServer() as server:
            client = antiphon.Client(base_url=server.url, api_key="any")

    Args:
        app: makes the responses; by default a new `App`.
        host: the address to listen at; by default this machine alone can reach it.
        port: the port to listen at; 0 takes a free one.
        control: whether there are the control endpoints of the app; by default only if the host is
            loopback. Beyond loopback they need `control_token`.
        allow_hosts: names that clients may use for the server, besides addresses and `localhost`.
        grace: seconds that open responses get to finish when the server is closed.
        idle: seconds of silence after which a connection that waits for a request is closed.
        strict: whether a request that no rule answers is an error, as soon as there are rules; if
            not, it gets a simulated reply. By default it is an error, or what the script of the
            app says.
        cassette: a file of recorded interactions, which are played instead of simulated replies.
        mode: what is recorded into it: "none" (the default), "once", "new_episodes", "all",
            "rewrite".
        upstream: the base URL of the API that is recorded; by default the real one.
        pace: whether streams of the cassette come "at once" or "as recorded".
        raw: whether streams are recorded byte by byte as they came, too.

    Raises:
        FileNotFoundError: there is no such cassette, and nothing is recorded.
        OSError: the cassette cannot be read, or what is recorded cannot be written there.
        TypeError: both an app and a cassette are given, or `strict` and an app whose script
            says otherwise.
        ValueError: there is no such port or mode, the cassette is none, or something is to be
            recorded into a file of another tool.
    """

    url: str
    """The base URL for clients, while the server runs."""

    def __init__(
        self,
        app: App | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        control: bool | None = None,
        allow_hosts: Collection[str] = (),
        grace: float = 5.0,
        idle: float = 60.0,
        strict: bool | None = None,
        cassette: str | PathLike[str] | None = None,
        mode: Mode = "none",
        upstream: str | None = None,
        pace: Pace = "at once",
        raw: bool = False,
    ) -> None:
        if cassette is not None:
            if app is not None:
                raise TypeError("LocalServer: give an app or a cassette, not both")
            if strict is not None:
                raise TypeError("strict: what a cassette lacks is always refused; leave it out")
            if upstream is not None:
                check_upstream(upstream, host, port)
            app = cassette_app(cassette, mode, upstream=upstream, pace=pace, raw=raw)
        elif mode != "none" or upstream is not None or raw:
            raise TypeError(
                "LocalServer: mode, upstream and raw need a cassette, the file to record into"
            )
        super().__init__(app or App(), strict=strict)
        self._strict = strict
        self._access = Access(host, allow_hosts, control)
        self._address = host, check_port(port)
        self._grace = grace
        self._idle = idle
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<LocalServer {self.__dict__.get('url', 'that does not run')}>"

    @property
    def clock(self) -> Clock:
        """The server's time: ``server.clock.advance(300)`` lets five minutes pass."""
        return self.app.clock

    @property
    def control_token(self) -> str | None:
        """The token that control endpoints need, as a bearer token; None if they need none."""
        return self._access.token

    @property
    def requests(self) -> Requests:
        """The requests so far, oldest first, without secrets."""
        return Requests(self._in_loop(self.app.journal.entries))

    def reset(self) -> None:
        """Forget all requests, rules, cached prompts, limits and batches; keep the clock."""
        self._in_loop(self.app.reset)

    def replace(self, app: App) -> None:
        """Serve another app at the same URL; responses of the old one that still wait are cut.

        Args:
            app: makes the responses from now on; it gets a script without rules if it has none.
        """
        ScriptedServer.__init__(self, app, strict=self._strict if app.script is None else None)
        self._in_loop(lambda: self._listener.replace(app))

    def verify(self) -> None:
        """Check that all went as the script says, and that all of the cassette was played.

        Raises:
            AssertionError: a request came that no rule answers, a rule with `times` was not used so
                often, or an interaction of the cassette was not played.
        """
        super().verify()
        if isinstance(self.app, CassetteApp) and (unused := self.app.cassette.unused):
            listed = "".join(f"\n  {each.method} {each.path}" for each in unused)
            raise AssertionError(f"{len(unused)} interactions were not played:{listed}")

    def start(self) -> Self:
        """Start to serve until `close`; a ``with`` block calls both.

        Raises:
            RuntimeError: the server runs already, or no thread can be started.
            OSError: the system does not let this process listen at the address, or gives it no more
                sockets.
        """
        if self._thread is not None:
            raise RuntimeError("the server runs already; make another LocalServer")
        thread = threading.Thread(target=self._run, name="antiphon-local", daemon=True)
        thread.start()
        self._thread = thread
        self._ready.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            thread.join()
            self._thread = None
            self._ready.clear()
            raise failure
        return self

    def close(self) -> None:
        """Stop serving once open responses have finished; closing twice does nothing."""
        thread, self._thread = self._thread, None
        if thread is not None:
            if thread.is_alive():
                self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()
            self._ready.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _in_loop(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, called in the thread in which the app runs."""
        # A function of a script may ask as well, in the very thread.
        if self._thread is None or threading.current_thread() is self._thread:
            return call()

        async def called() -> T:
            return call()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result()

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:  # makes the loop first: no coroutine waits in vain
                runner.run(self._serve())
        except BaseException as failure:
            if self._ready.is_set():
                raise
            # Whatever it is (there may be no event loop even), the thread that waits must learn it.
            self._failure = failure
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        listener = self._listener = Listener(self.app, self._access, idle=self._idle)
        self.url = await listener.start(*self._address)
        self._ready.set()
        await self._stop.wait()
        await listener.stop(self._grace)
