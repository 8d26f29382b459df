"""The transports over a client of httpx2 (or httpx), which the user made and keeps.

Classes and events are recognised by their names, so that both libraries fit and neither is imported
for it. httpx has no notion of phases and no clock for a whole attempt, but the connection pool below
it reports every step to a `trace` extension. There this adapter learns how far an attempt got, and
there it gives the next step what is left of the total, by writing into the request's `timeout`
extension, which the pool reads again before each step (tried with httpx2 2.16).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, NoReturn

from .._wire.http import Headers, Request, ResponseHead
from . import AsyncOpenResponse, OpenResponse
from .failures import Progress
from .origin import Origin, target_of
from .proxies import Proxy
from .redirects import follow, follow_async, is_credential

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
        progress = _begun(request)
        outgoing, settings = _outgoing(self._client, progress, home)
        try:
            response = self._client.send(outgoing, **settings)
        except Exception as error:
            _raise(progress, error)
        return HttpxResponse(response, progress, outgoing)


class HttpxResponse:
    """A response arriving over httpx2."""

    def __init__(self, response: Any, progress: Progress, outgoing: Any) -> None:
        self.head = _head_of(response, progress)
        self._response = response
        self._progress = progress
        self._outgoing = outgoing
        self._pieces: Generator[bytes, None, None] = response.iter_bytes()

    def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the clean end."""
        # The sync library takes the bound of every read from the first one.
        _bound(self._outgoing, "read", timeout)
        try:
            return _next_piece(self._pieces)
        except BaseException as error:
            self.close()
            _raise(self._progress, error)

    def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; may be called twice."""
        self._pieces.close()
        self._response.close()


def _next_piece(pieces: Generator[bytes, None, None]) -> bytes:
    return next((piece for piece in pieces if piece), b"")


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

        progress = _begun(request)
        outgoing, settings = _outgoing(self._client, progress, home)
        try:
            with anyio.fail_after(request.timeout.total):
                response = await self._client.send(outgoing, **settings)
        except Exception as error:
            _raise(progress, error)
        return AsyncHttpxResponse(response, progress, outgoing)


class AsyncHttpxResponse:
    """An `HttpxResponse` whose methods are awaited."""

    def __init__(self, response: Any, progress: Progress, outgoing: Any) -> None:
        self.head = _head_of(response, progress)
        self._response = response
        self._progress = progress
        self._outgoing = outgoing
        self._pieces: AsyncGenerator[bytes, None] = response.aiter_bytes()

    async def read(self, timeout: float | None) -> bytes:
        """Return the next bytes as they arrive, content encoding undone; ``b""`` at the clean end."""
        import anyio

        _bound(self._outgoing, "read", None)
        try:
            with anyio.fail_after(timeout):
                return await _next_piece_async(self._pieces)
        except BaseException as error:
            await self.close()
            _raise(self._progress, error)

    async def close(self) -> None:
        """Keep the connection if the body was read to its end, else close it; may be called twice."""
        import anyio

        with anyio.CancelScope(shield=True):
            await self._pieces.aclose()
            await self._response.aclose()


async def _next_piece_async(pieces: AsyncGenerator[bytes, None]) -> bytes:
    async for piece in pieces:
        if piece:
            return piece
    return b""


def _begun(request: Request) -> Progress:
    progress = Progress(request, phase="pool")
    progress.reused = True  # until a connection is opened for it
    return progress


def _outgoing(client: Any, progress: Progress, home: Origin) -> tuple[Any, dict[str, Any]]:
    """Return the request as httpx has it, with the client's own settings, and how to send it.

    Away from `home`, where a redirect led to, the client's own credentials are left out as well.
    """
    request, clocks = progress.request, progress.request.timeout

    def note(step: str, details: dict[str, Any]) -> Any:
        """Learn how far the request got, and give the next step what is left of the time."""
        phase, clock = _STEPS.get(step.partition(".")[2], (None, ""))
        if phase is not None:
            if phase == "connect":
                progress.reused = False
                progress.proxy = _proxy_behind(details, progress.origin)
            sent = details.get("request")
            through_proxy = sent is not None and getattr(sent, "method", b"") == b"CONNECT"
            progress.phase = "proxy" if through_proxy else phase
            _bound(outgoing, clock, progress.limit(getattr(clocks, clock)))

    async def note_async(step: str, details: dict[str, Any]) -> None:
        note(step, details)

    outgoing = client.build_request(
        request.method,
        request.url,
        headers=request.revealed_headers(),
        content=bytes(request.body) or None,
        timeout=(clocks.connect, clocks.read, clocks.write, clocks.pool),
        extensions={"trace": note_async if hasattr(client, "aclose") else note},
    )
    settings: dict[str, Any] = {"stream": True, "follow_redirects": False}
    if progress.origin != home:
        settings["auth"] = None
        names: list[str] = list(outgoing.headers)
        for name in filter(is_credential, names):
            del outgoing.headers[name]
    return outgoing, settings


def _proxy_behind(details: dict[str, Any], origin: Origin) -> Proxy | None:
    """Return the proxy, if the connection being made leads elsewhere than to `origin`."""
    host, port = details.get("host"), details.get("port")
    if not isinstance(host, str) or not isinstance(port, int) or (host, port) == origin[1:]:
        return None
    return Proxy("http", host, port)


def _bound(outgoing: Any, clock: str, seconds: float | None) -> None:
    outgoing.extensions["timeout"][clock] = seconds


def _head_of(response: Any, progress: Progress) -> ResponseHead:
    progress.phase = "body"
    raw = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    ]
    return ResponseHead(response.status_code, Headers(raw), response.http_version)


def _raise(progress: Progress, error: BaseException) -> NoReturn:
    """Raise what `error` means; cancellation and interruption stay what they are."""
    if not isinstance(error, Exception):
        raise error
    names = [kind.__name__ for kind in type(error).__mro__]
    progress.phase = _PHASES.get(names[0], progress.phase) if progress.phase != "tls" else "tls"
    raise progress.failure(error, timed_out="TimeoutException" in names) from error
