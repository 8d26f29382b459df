"""The transports over a client of httpx2 (or httpx), which the user made and keeps.

Classes and events are recognised by their names, so that both libraries fit and neither is imported
for it. httpx has no notion of phases and no clock for a whole attempt, but the connection pool
below it reports every step to a `trace` extension. There an `_Attempt` learns how far it got, and
there it gives the next step what is left of the total, by writing into the request's `timeout`
extension, which the pool reads again before each step.

Bodies are read as they are on the wire and decoded here, as those of the other transports are:
httpx would decode all that arrived in one piece, however much that gives.

What is not public and used here was tried with httpx2 2.16 and httpx 0.28.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

from .._wire.http import Body, Headers, Request, ResponseHead
from . import AsyncOpenResponse, OpenResponse, clocks
from .closing import ClosedByThreadError, shut_down
from .content_encoding import UNREADABLE, BodyDecoder, decoder_for
from .failures import Progress, bounded, forget_frames
from .files import async_body_pieces, body_pieces
from .origin import Origin, target_of
from .proxies import Proxy
from .redirects import follow, follow_async, is_own_header

__all__ = ["AsyncHttpxTransport", "HttpxTransport"]

# How the connection pool below httpx names its steps, and the clock that bounds each.
_STEPS = {
    "connect_tcp.started": ("connect", "connect"),
    "start_tls.started": ("tls", "connect"),
    "send_request_headers.started": ("send", "write"),
    "send_request_body.started": ("send", "write"),
    "receive_response_headers.started": ("first byte", "read"),
}
_PHASES = {
    "ConnectError": "connect",
    "ConnectTimeout": "connect",
    "PoolTimeout": "pool",
    "ProxyError": "proxy",
    "WriteError": "send",
    "WriteTimeout": "send",
}

# The headers that httpx makes for every request; they hold nothing of the user.
_HTTPX_HEADERS = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
)


class HttpxTransport:
    """Sends over an `httpx2.Client`; closing this transport leaves that client open."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, request: Request) -> OpenResponse:
        """Send `request` and wait for the head of its response; redirects are followed."""
        home = target_of(request.url).origin
        return follow(lambda onward: self._send(onward, home), request)

    def close(self) -> None:
        """Do nothing: the connections belong to the user's client."""

    def _send(self, request: Request, home: Origin) -> OpenResponse:
        attempt = _Attempt(self._client, request, home)

        try:
            attempt.prepare(attempt.note)
            with _waiting(request.timeout.read, attempt.progress.origin):
                response = self._client.send(attempt.outgoing, **attempt.settings)
        except Exception as error:
            attempt.fail(error)
        attempt.received(response)
        return HttpxResponse(attempt)


class HttpxResponse:
    """A response arriving over httpx2."""

    def __init__(self, attempt: _Attempt) -> None:
        self.head: ResponseHead = attempt.head
        self._attempt = attempt
        self._reading = threading.Lock()
        self._is_interrupted = False
        self._pieces: Generator[bytes, None, None] = attempt.pieces()

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the end."""
        attempt = self._attempt
        # The sync library takes the bound of every read from the first one.
        attempt.bound("read", timeout)
        with self._reading:
            try:
                while not (plain := attempt.decoded()) and not attempt.ended:
                    with _waiting(timeout, attempt.progress.origin):
                        attempt.take(next(self._pieces, b""))
            except BaseException as error:
                self._close()
                interrupted = self._is_interrupted and isinstance(error, Exception)
                attempt.fail(ClosedByThreadError() if interrupted else error)
            if self._is_interrupted:
                self._close()
                attempt.fail(ClosedByThreadError())
        return plain

    def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        if self._reading.acquire(blocking=False):
            self._close()
            self._reading.release()
        else:
            self._is_interrupted = True
            self._attempt.shut_down()

    def _close(self) -> None:
        self._pieces.close()
        self._attempt.response.close()


class AsyncHttpxTransport:
    """Sends over an `httpx2.AsyncClient`, under asyncio or trio; leaves that client open."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def own(cls) -> AsyncHttpxTransport:
        """Return a transport for where asyncio does not run, such as trio.

        It keeps no connections: they could outlive the run that they belong to.

        Raises:
            RuntimeError: httpx2 is not installed.
        """
        try:
            import httpx2
        except ImportError:
            raise RuntimeError(
                "outside asyncio (under trio, say) AsyncClient needs httpx2:"
                " pip install 'antiphon[httpx]'"
            ) from None
        from .tls import shared_context

        limits = httpx2.Limits(max_keepalive_connections=0)
        return cls(httpx2.AsyncClient(verify=shared_context(), limits=limits))

    async def send(self, request: Request) -> AsyncOpenResponse:
        """Send `request` and wait for the head of its response; redirects are followed."""
        home = target_of(request.url).origin
        return await follow_async(lambda onward: self._send(onward, home), request)

    async def close(self) -> None:
        """Do nothing: the connections belong to the user's client."""

    async def _send(self, request: Request, home: Origin) -> AsyncOpenResponse:
        import anyio

        attempt = _Attempt(self._client, request, home)

        async def trace(step: str, details: dict[str, Any]) -> None:
            attempt.note(step, details)

        try:
            attempt.prepare(trace)
            origin = attempt.progress.origin
            with anyio.fail_after(request.timeout.total), _waiting(request.timeout.read, origin):
                response = await self._client.send(attempt.outgoing, **attempt.settings)
        except Exception as error:
            attempt.fail(error)
        attempt.received(response)
        return AsyncHttpxResponse(attempt)


class AsyncHttpxResponse:
    """An `HttpxResponse` whose methods are awaited."""

    def __init__(self, attempt: _Attempt) -> None:
        self.head: ResponseHead = attempt.head
        self._attempt = attempt
        self._pieces: AsyncGenerator[bytes, None] = attempt.async_pieces()

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the end."""
        import anyio

        attempt = self._attempt
        attempt.bound("read", None)
        try:
            with anyio.fail_after(timeout), _waiting(timeout, attempt.progress.origin):
                while not (plain := attempt.decoded()) and not attempt.ended:
                    attempt.take(await anext(self._pieces, b""))
        except BaseException as error:
            await self.close()
            attempt.fail(error)
        return plain

    async def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; twice is harmless."""
        import anyio

        with anyio.CancelScope(shield=True):
            await self._pieces.aclose()
            await self._attempt.response.aclose()


class _Attempt:
    """One request that is sent over httpx, and its response."""

    def __init__(self, client: Any, request: Request, home: Origin) -> None:
        self.progress = Progress(request, phase="pool")
        self.progress.may_be_stale = True  # until a connection is opened for it
        self.settings: dict[str, Any] = {"stream": True, "follow_redirects": False}
        self.outgoing: Any = None
        self.response: Any = None
        self.ended = False
        """Whether the whole body has arrived."""
        self._client = client
        self._home = home
        self._arrived = b""
        self._decoder: BodyDecoder | None = None

    def prepare(self, trace: Any) -> None:
        """Make the request as httpx has it, with the client's own settings.

        Away from `home`, where a redirect led to, nothing that the client adds by itself goes
        along.
        """
        request, clocks = self.progress.request, self.progress.request.timeout
        self.outgoing = self._client.build_request(
            request.method,
            request.url,
            headers=_headers_of(request),
            content=_content_of(request.body, is_async=hasattr(self._client, "aclose")),
            timeout=tuple(map(bounded, (clocks.connect, clocks.read, clocks.write, clocks.pool))),
            extensions={"trace": trace},
        )
        if self.progress.origin != self._home:
            self.settings["auth"] = None
            names: list[str] = list(self.outgoing.headers)
            for name in names:
                if name not in _HTTPX_HEADERS and not is_own_header(name):
                    del self.outgoing.headers[name]

    def note(self, step: str, details: dict[str, Any]) -> None:
        """Learn how far the request got, and give the next step what is left of the time."""
        step = step.partition(".")[2]
        if step == "response_closed.started":
            self._refuse_surplus()
        if step not in _STEPS:
            return
        phase, clock = _STEPS[step]
        progress = self.progress
        if phase == "connect":
            progress.may_be_stale = False
            progress.proxy = _proxy_behind(details, progress.origin)
        sent = details.get("request")
        to_proxy = sent is not None and getattr(sent, "method", b"") == b"CONNECT"
        progress.phase = "proxy" if to_proxy else phase
        self.bound(clock, progress.limit(getattr(progress.request.timeout, clock)))

    def bound(self, clock: str, seconds: float | None) -> None:
        """Bound the next step of this kind."""
        self.outgoing.extensions["timeout"][clock] = bounded(seconds)

    def received(self, response: Any) -> None:
        """Take in the head of the response."""
        self.response = response
        self.progress.phase = "body"
        raw = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in response.headers.raw]
        head = ResponseHead(response.status_code, Headers(raw), response.http_version)
        self.progress.head = head

    @property
    def head(self) -> ResponseHead:
        """The head of the response."""
        assert self.progress.head is not None
        return self.progress.head

    def pieces(self) -> Generator[bytes, None, None]:
        """Give the body as it arrives."""
        # A hook of the user's client may have read the body already; then httpx has decoded it.
        if self.response.is_stream_consumed:
            yield self.response.content
            return
        self._decoder = decoder_for(self.head.headers)
        yield from self.response.iter_raw()

    async def async_pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the body as it arrives."""
        if self.response.is_stream_consumed:
            yield self.response.content
            return
        self._decoder = decoder_for(self.head.headers)
        pieces: AsyncGenerator[bytes, None] = self.response.aiter_raw()
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    def take(self, piece: bytes) -> None:
        """Take in a piece of the body; ``b""`` says that it has ended."""
        self._arrived = piece
        self.ended = not piece

    def decoded(self) -> bytes:
        """Return the next plain bytes of what has arrived."""
        arrived, self._arrived = self._arrived, b""
        return self._decoder.feed(arrived, last=self.ended) if self._decoder else arrived

    def _refuse_surplus(self) -> None:
        """Have httpx close the connection if bytes follow the response that belong to no request.

        h11 keeps them, and httpx would take them for the beginning of the next response. A
        connection whose h11 has failed is closed instead of kept.
        """
        stream = self.response
        for name in ("stream", "_stream", "_httpcore_stream", "_stream", "_connection"):
            stream = getattr(stream, name, None)
        parser = getattr(stream, "_h11_state", None)
        if parser is not None and parser.trailing_data[0]:
            parser.send_failed()

    def shut_down(self) -> None:
        """End the connection under a thread that reads from it."""
        stream = self.response.extensions.get("network_stream")
        sock = stream.get_extra_info("socket") if stream is not None else None
        if isinstance(sock, socket.socket):
            shut_down(sock)

    def fail(self, error: BaseException) -> NoReturn:
        """Raise what `error` means; cancellation and interruption stay what they are."""
        if not isinstance(error, Exception):
            raise error
        forget_frames(error)
        progress = self.progress
        if isinstance(error, UNREADABLE):
            progress.fail(error)
        names = [kind.__name__ for kind in type(error).__mro__]
        progress.phase = _PHASES.get(names[0], progress.phase) if progress.phase != "tls" else "tls"
        raise progress.failure(error, timed_out="TimeoutException" in names) from error


@contextmanager
def _waiting(seconds: float | None, origin: Origin) -> Generator[None, None, None]:
    """Bound a wait for a server if time is frozen, where the clocks of httpx stand still.

    Raises:
        TimeoutError: it lasted longer. This shows once something has arrived: nothing else can end
            a wait of httpx.
    """
    if clocks.frozen is None:
        yield
        return
    frozen, begun = clocks.frozen, clocks.frozen.now()
    with clocks.waiting((origin.host, origin.port)):
        yield
    if seconds is not None and frozen.now() - begun > seconds:
        raise TimeoutError


def _headers_of(request: Request) -> dict[str, str]:
    headers = request.revealed_headers()
    if not isinstance(request.body, (bytes, bytearray)):
        headers["content-length"] = str(len(request.body))
    return headers


def _content_of(body: Body, *, is_async: bool) -> Any:
    """Return a body as httpx takes it; the length is in the headers, so it sends no chunks."""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body) or None
    return async_body_pieces(body) if is_async else body_pieces(body)


def _proxy_behind(details: dict[str, Any], origin: Origin) -> Proxy | None:
    """Return the proxy, if the connection being made leads elsewhere than to `origin`."""
    host, port = details.get("host"), details.get("port")
    if not isinstance(host, str) or not isinstance(port, int) or (host, port) == origin[1:]:
        return None
    return Proxy("http", host, port)
