"""One client's connection: HTTP/1.1 in, the steps that answer it performed."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Protocol, cast

import h11
import orjson

from ..._wire.http import Request, Timeout
from ..._wire.url import URL
from ..api.headers import size_limit
from ..api.steps import Abort, Pause, Step, Steps, Write, WriteHead
from ..metering.clock import Clock
from .response_framing import ResponseFraming

__all__ = ["Connection", "Site"]

_BIGGEST_HEAD = 64 * 1024
_MOST_STEPS_AT_ONCE = 256
_LINGER = 2.0
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_CLOCKS = Timeout()


class Site(Protocol):
    """What a connection belongs to."""

    idle: float
    """Seconds of silence after which a waiting connection is closed."""
    clock: Clock
    loop: asyncio.AbstractEventLoop
    connections: set[Connection]
    """Those that are open."""
    stopping: bool
    """Whether no further request is answered."""

    def answer(self, request: Request) -> Steps:
        """The steps that answer `request`."""
        ...

    def closed(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        ...


class Connection(asyncio.Protocol):
    """Reads requests and performs the steps that answer them, one request after another."""

    _transport: asyncio.Transport

    def __init__(self, site: Site) -> None:
        self._site = site
        self._http = _parser()
        self._framing = ResponseFraming()
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._steps: Steps | None = None
        self._out: list[bytes] = []
        self._at = 0.0
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = False
        self._discarding = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._site.connections.add(self)
        self._wait_for_more()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of the next one while this one is answered."""
        if self._discarding:
            return
        self._http.receive_data(data)
        if self._busy:
            self._transport.pause_reading()
        else:
            self._receive()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked for is still answered."""
        if self._discarding:
            return False
        self._http.receive_data(b"")
        if not self._busy:
            self._receive()
        return self._busy

    def pause_writing(self) -> None:
        """The client reads more slowly than it is answered."""
        self._blocked = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._blocked = False
        self._resume()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        """The connection is gone; an answer that was under way is given up."""
        self._set_timer(None)
        self._end_steps()
        self._discarding = True
        self._site.closed(self)

    # What the site calls

    def finish(self) -> None:
        """Close once the answer that is under way is complete; now, if it can never be."""
        if self._steps is None or (self._due is not None and not self._site.clock.running):
            self._close()

    def cut(self) -> None:
        """Reset the connection."""
        self._discarding = True
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def wake(self) -> None:
        """Look at the clock again: it was moved on."""
        if self._due is not None:
            self._end_pause()

    # Requests

    def _receive(self) -> None:
        """Take in what has arrived, until a request is whole."""
        try:
            while not self._busy and not self._discarding:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    self._wait_for_more()
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, "invalid_request_error", str(error))

    def _wait_for_more(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            go_on = self._http.send(h11.InformationalResponse(status_code=100, headers=[]))
            self._transport.write(go_on or b"")
        self._set_timer(self._site.idle, self._transport.close)

    def _take(self, event: Any) -> None:
        match event:
            case h11.Request():
                self._begin(event)
            case h11.Data():
                assert self._head is not None
                self._body.append(bytes(event.data))
                self._size += len(event.data)
                self._check_size(self._head, self._size)
            case h11.EndOfMessage():
                assert self._head is not None
                self._answer(self._head)
            case _:
                self._close()

    def _begin(self, head: h11.Request) -> None:
        self._head, self._body, self._size = head, [], 0
        # h11 bounds a head that is still arriving, not one that arrived at once.
        if sum(len(name) + len(value) for name, value in head.headers) > _BIGGEST_HEAD:
            self._refuse(431, "invalid_request_error", "Request header fields too large")
        else:
            self._check_size(head, _declared_size(head))

    def _check_size(self, head: h11.Request, size: int) -> None:
        """Refuse a body that is too large while it arrives, not after."""
        path = head.target.decode("latin-1").partition("?")[0]
        if size > size_limit(path):
            self._refuse(413, "request_too_large", "Request exceeds the maximum size")

    def _refuse(self, status: int, kind: str, message: str) -> None:
        """Answer as the edge does, where there is no whole request, and hang up."""
        content = orjson.dumps({"error": {"type": kind, "message": message}})
        headers = (
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
            ("connection", "close"),
            ("x-antiphon-simulated", "true"),
        )
        framing = ResponseFraming()
        self._transport.write(framing.head(status, headers) + framing.body(content))
        self._hang_up()

    def _hang_up(self) -> None:
        """Close, but read on for a while: unread bytes make the system drop what was sent."""
        self._discarding = True
        self._body = []
        self._transport.write_eof()
        self._set_timer(_LINGER, self._transport.close)

    def _close(self) -> None:
        self._discarding = True
        self._transport.close()

    # Answers

    def _answer(self, head: h11.Request) -> None:
        self._set_timer(None)
        request = _request(head, b"".join(self._body))
        self._body = []
        self._framing = ResponseFraming(head.method, head.http_version, _keeps(head))
        self._at = self._site.clock()
        self._steps = self._site.answer(request)
        self._perform()

    def _perform(self) -> None:
        """Perform steps until one takes time, or others want their turn."""
        steps = self._steps
        assert steps is not None
        try:
            for _ in range(_MOST_STEPS_AT_ONCE):
                step = next(steps, None)
                if step is None:
                    self._complete()
                    return
                if not self._performed(step):
                    return
        except Exception as error:
            self._broke(error)
            return
        self._flush()
        self._site.loop.call_soon(self._resume)

    def _resume(self) -> None:
        """Go on with an answer, and with the requests behind it once it is complete."""
        if self._due is not None or self._blocked or self._discarding:
            return
        if self._steps is not None:
            self._perform()
        if not self._busy and not self._discarding:
            self._transport.resume_reading()
            self._receive()

    @property
    def _busy(self) -> bool:
        """Whether the next request has to wait."""
        return self._steps is not None or self._blocked

    def _performed(self, step: Step) -> bool:
        """Perform a step; whether the next one may follow at once."""
        match step:
            case WriteHead(status, headers):
                self._out.append(self._framing.head(status, headers))
            case Write(content):
                self._out.append(self._framing.body(content))
            case Pause(seconds):
                # Due before it is told what came before: whoever sees that may move the clock.
                self._at += seconds
                self._due = self._at
                self._flush()
                self._end_pause()
                return False
            case Abort():
                self._flush()
                self.cut()
                return False
        return True

    def _end_pause(self) -> None:
        """Resume if the pause is over, otherwise see to it that somebody looks again."""
        assert self._due is not None
        left = self._due - self._site.clock()
        if left <= 0:
            self._due = None
            self._set_timer(None)
            self._site.loop.call_soon(self._resume)
        elif self._site.clock.running:
            self._set_timer(left, self._end_pause)

    def _complete(self) -> None:
        """End the answer; the connection stays for the next request if both sides want it."""
        self._steps = None
        self._out.append(self._framing.end())
        self._flush()
        if self._site.stopping or not self._framing.keeps:
            self._close()
            return
        behind, ended = self._http.trailing_data
        self._http = _parser()
        if behind:
            self._http.receive_data(behind)
        if ended:
            self._http.receive_data(b"")

    def _broke(self, error: Exception) -> None:
        """The app failed: say so to its owner and to the client."""
        context = {"message": "the local server could not answer a request", "exception": error}
        self._site.loop.call_exception_handler(context)
        self._end_steps()
        if not self._framing.begun:
            self._refuse(500, "api_error", "Internal server error")
        else:
            self.cut()

    def _end_steps(self) -> None:
        steps, self._steps, self._due = self._steps, None, None
        if steps is not None:
            steps.close()

    # Bytes and time

    def _flush(self) -> None:
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def _set_timer(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and then is not None:
            self._timer = self._site.loop.call_later(seconds, then)


def _request(head: h11.Request, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    target = head.target.decode("latin-1")
    absolute = target.startswith("http://")
    url = target if absolute else f"http://{headers.get('host', 'localhost')}{target}"
    return Request(head.method.decode("ascii"), URL(url), headers, body, _CLOCKS)


def _parser() -> h11.Connection:
    """Reads one request; answers are framed without it, since some are wrong on purpose."""
    return h11.Connection(h11.SERVER, max_incomplete_event_size=_BIGGEST_HEAD)


def _keeps(head: h11.Request) -> bool:
    named = [value.lower() for name, value in head.headers if name == b"connection"]
    return not any(b"close" in value for value in named)


def _declared_size(head: h11.Request) -> int:
    return next((int(value) for name, value in head.headers if name == b"content-length"), 0)
