"""One client's connection: HTTP/1.1 requests in, the steps of their responses performed.

`RequestReader` reads the requests; `ResponseFraming` frames the responses. A connection is in one
of five states:

* *reading*: bytes are read until a request is complete; a timer closes connections that idle.
* *responding*: `_steps` is set. Steps are performed until one takes time. Reading is paused, so
  that pipelined requests wait in the socket and a client that does not read gets no further
  responses.
* *waiting*: a `Pause` is being performed. `_due` holds its end on the server's clock, which may be
  moved at any moment (`wake`), so a timer of the event loop is only ever a reason to look again.
* *working*: work for a large request is done in a thread, or a function of a script is asked, so
  that others need not wait.
* *discarding*: the connection was refused, closed or lost; whatever still arrives is ignored.

Output is collected in `_out` and written when a response pauses, ends or yields to others: fewer,
larger writes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, cast

from ..._transport import clocks
from ..._wire.http import Request
from ..._wire.json import dumps
from ..api.errors import RequestRefusedError, invalid
from ..api.steps import (
    NOTHING,
    Abort,
    Close,
    Consult,
    Expire,
    Outcome,
    Pause,
    Reschedule,
    Steps,
    Work,
    Write,
    WriteHead,
    WriteRaw,
    advance,
    outcome_of,
)
from ..metering.clock import Clock
from .questions import answer
from .request_reader import ReceivedRequest, RequestReader
from .response_framing import ResponseFraming

__all__ = ["Connection", "ConnectionOwner"]

# One response performs at most this many steps before other connections get their turn.
_MAX_STEPS_AT_ONCE = 256
# Seconds to go on reading after a refusal: closing with unread bytes makes the system send a reset,
# and a reset makes the client's system drop the refusal it has already received.
_LINGER = 2.0
# SO_LINGER on with zero seconds: closing sends a reset. Windows uses shorts.
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
# Seconds since 1970 are counted in steps of a quarter of this, so what is left may be a rest of it.
_SHORTEST = 1e-6
_SERVER_ERROR = 500
_READ_BYTES = 64 * 1024
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class ConnectionOwner(Protocol):
    """The listener, as its connections see it."""

    workers: ThreadPoolExecutor
    """Threads for requests that take long."""
    new_request_id: Callable[[], str]
    """Makes the id of a request that never reaches the app."""
    idle: float
    """Seconds of silence after which a connection that is reading is closed."""
    clock: Clock
    loop: asyncio.AbstractEventLoop
    connections: set[Connection]
    """The open connections."""
    stopping: bool
    """Whether connections close after their current response."""

    def app(self, request: Request) -> Steps:
        """Return the steps of the response to a request."""
        ...

    def closed(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        ...


class Connection(asyncio.Protocol):
    """Reads requests and performs the steps of their responses, one request after another."""

    _transport: asyncio.Transport

    def __init__(self, owner: ConnectionOwner) -> None:
        self._owner = owner
        self._reader = RequestReader()
        self._framing = ResponseFraming()
        self._steps: Steps | None = None
        # The outcome of work that the response waits for, until the response can go on.
        self._outcome = NOTHING
        self._working: asyncio.Future[Outcome] | None = None
        self.question: object = None
        """What identifies the question to a function of the user that the response waits for."""
        self._out: list[bytes] = []
        # The time up to which the response has come. It is not the current time: pauses follow
        # each other without the delays of the machine between them.
        self._now = 0.0
        self._due: float | None = None
        self._timer: clocks.Timer | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._blocked = False
        self._discarding = False
        self._expired = False
        self._half_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start reading; asyncio calls this when a client has connected."""
        self._transport = cast("asyncio.Transport", transport)
        # By default it reads 256 KB at once, and memory of that size is taken from the system for
        # each request and given back: three system calls. (Not documented; tried with Python 3.11
        # to 3.13. A loop that does not know it goes on as before.)
        cast("Any", transport).max_size = _READ_BYTES
        self._owner.connections.add(self)
        self._wait_for_more()

    def data_received(self, data: bytes) -> None:
        """Take in bytes of a request, or of the next one while this one gets its response."""
        if self._discarding:
            return
        self._reader.feed(data)
        if self._busy:
            self._transport.pause_reading()
        else:
            self._receive()

    def eof_received(self) -> bool:
        """Note that the client sends no more; it may still read, so its response is completed."""
        if self._discarding:
            return False
        self._half_closed = True
        if not self._busy:
            self._receive()
        elif self._due is not None:
            self._end_pause()
        return self._busy and not self._discarding

    def pause_writing(self) -> None:
        """Perform no further steps: the client reads more slowly than they are performed."""
        self._blocked = True

    def resume_writing(self) -> None:
        """Go on: the client has caught up."""
        self._blocked = False
        self._resume()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        """Abandon the current response: the connection is gone."""
        self._set_timer(None)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._end_steps()
        self._discarding = True
        self._owner.closed(self)

    def finish(self) -> None:
        """Close once the current response is complete, or now if it can never be.

        On a clock that stands still, nobody will move the clock for a pause any more; and nobody
        waits for a pause who has closed his end.
        """
        endless = self._half_closed or not self._owner.clock.running
        if self._steps is None or (self._due is not None and endless):
            self._close()

    def abandon(self) -> None:
        """Reset the connection if a response is on its way."""
        if self._steps is not None:
            self.cut()

    def cut(self) -> None:
        """Reset the connection."""
        self._discarding = True
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def wake(self) -> None:
        """Look at the clock again: it was moved."""
        if self._due is not None:
            self._end_pause()

    @property
    def is_working(self) -> bool:
        """Whether a response is being made, and waits neither for the time nor for anybody."""
        return (
            self._steps is not None
            and self._due is None
            and not self._blocked
            and self.question is None
        )

    @property
    def read_socket(self) -> Any:
        """The socket from which bytes are read as they come; None if none are."""
        if self._half_closed or not self._transport.is_reading():
            return None
        return self._transport.get_extra_info("socket")

    def _receive(self) -> None:
        """Read what has arrived, until a request is complete."""
        try:
            while not self._busy and not self._discarding:
                received = self._reader.next_request()
                if received is None:
                    self._wait_for_more()
                    return
                self._respond(received)
        except RequestRefusedError as refusal:
            self._refuse(refusal)

    def _wait_for_more(self) -> None:
        if self._half_closed:
            if self._reader.begun:
                self._refuse(invalid("The connection was closed before the end of the request."))
            else:
                self._close()
            return
        if self._reader.waits_for_100():
            self._transport.write(_GO_ON)
        # One timer looks again now and then: to set and to cancel one for each request would be a
        # part of what a request costs.
        self._idle_since = self._owner.loop.time()
        if self._idle_timer is None:
            self._look_in(self._owner.idle)

    def _look_in(self, seconds: float) -> None:
        self._idle_timer = self._owner.loop.call_later(seconds, self._close_if_idle)

    def _close_if_idle(self) -> None:
        self._idle_timer = None
        if self._busy or self._discarding:
            return  # the next wait sets another timer
        left = self._idle_since + self._owner.idle - self._owner.loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self._transport.close()

    def _refuse(self, refusal: RequestRefusedError) -> None:
        """Respond to what never reaches the app, or what the app failed at, and close."""
        request_id = self._owner.new_request_id()
        content = dumps(refusal.body(request_id))
        headers = (
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
            ("connection", "close"),
            ("request-id", request_id),
            ("x-should-retry", "true" if refusal.status >= _SERVER_ERROR else "false"),
            ("x-antiphon-simulated", "true"),
        )
        framing = ResponseFraming()
        self._transport.write(framing.head(refusal.status, headers) + framing.body(content))
        self._close_gently()

    def _close_gently(self) -> None:
        """Send no more and read on for a while before closing (see `_LINGER`)."""
        self._discarding = True
        self._transport.write_eof()
        self._set_timer(_LINGER, self._transport.close)

    def _close(self) -> None:
        self._discarding = True
        self._transport.close()

    def _respond(self, received: ReceivedRequest) -> None:
        """Begin the response to a request."""
        if self._expired:
            self._close()
            return
        self._set_timer(None)
        request, version, keeps = received
        self._framing = ResponseFraming(request.method, version, keeps)
        self._now = self._owner.clock()
        self._steps = self._owner.app(request)
        self._perform()

    def _perform(self) -> None:
        """Perform steps until one takes time, or other connections want their turn."""
        steps = self._steps
        assert steps is not None
        try:
            for _ in range(_MAX_STEPS_AT_ONCE):
                outcome, self._outcome = self._outcome, NOTHING
                match step := advance(steps, outcome):
                    case Write():  # the first, because a stream has many
                        self._out.append(self._framing.body(step.content))
                    case None:
                        self._complete()
                        return
                    case Reschedule():
                        break
                    case Work():
                        work = self._owner.loop.run_in_executor(
                            self._owner.workers, outcome_of, step
                        )
                        self._wait_for(work)
                        return
                    case Consult():
                        self.question = object()
                        answering = answer(step, self.question)
                        self._wait_for(self._owner.loop.create_task(answering))
                        return
                    case _:
                        if not self._perform_step(step):
                            return
        except Exception as error:
            self._fail(error)
            return
        self._flush()
        self._owner.loop.call_soon(self._resume)

    def _wait_for(self, work: asyncio.Future[Outcome]) -> None:
        """Go on when work is done, so that other connections need not wait for it."""
        # The loop holds tasks only weakly.
        self._working = work
        self._flush()
        work.add_done_callback(self._worked)

    def _worked(self, done: asyncio.Future[Outcome]) -> None:
        self._working = self.question = None
        if self._discarding or done.cancelled():  # the client has left, or the server stops
            self._end_steps()
        else:
            self._outcome = done.result()
            self._resume()

    def _resume(self) -> None:
        """Go on with a response, and with the requests behind it when it is complete."""
        if self._working or self._due is not None or self._blocked or self._discarding:
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

    def _perform_step(self, step: WriteHead | WriteRaw | Pause | Abort | Close | Expire) -> bool:
        """Perform a step; return whether the next one may follow at once."""
        match step:
            case WriteHead(status, headers, version):
                self._out.append(self._framing.head(status, headers, version))
            case WriteRaw(content, behind):
                end = self._framing.end() if behind else b""
                self._out += (end, content)
            case Expire():
                self._expired = True
            case Pause(seconds):
                # The end of the pause is set before the bytes are sent: a test that sees these
                # bytes may move the clock at once, and the pause must already count that.
                self._now += seconds
                self._due = self._now
                self._flush()
                self._end_pause()
                return False
            case Close():
                self._flush()
                self._end_steps()
                self._close()
                return False
            case Abort():
                self._flush()
                self.cut()
                return False
        return True

    def _end_pause(self) -> None:
        """Resume if the pause is over; if not, look again when it should be."""
        assert self._due is not None
        left = self._due - self._owner.clock()
        if left < _SHORTEST:
            self._due = None
            self._set_timer(None)
            self._owner.loop.call_soon(self._resume)
        elif self._owner.clock.running and clocks.frozen is not None:
            self._set_timer(None)
            # It may still read, but hardly ever does; and frozen time would jump to the ends of
            # responses that nobody waits for.
            if self._half_closed:
                self._close()
                return
            self._timer = clocks.frozen.call_later(
                self._owner.loop, left, self._end_pause, of_client=False
            )
        elif self._owner.clock.running:
            self._set_timer(left, self._end_pause)

    def _complete(self) -> None:
        """End the response; keep the connection for the next request if both sides want that."""
        self._steps = None
        self._out.append(self._framing.end())
        self._flush()
        if self._owner.stopping or not self._framing.keeps:
            self._close()
            return

    def _fail(self, error: Exception) -> None:
        """Report an exception of the app to the server's owner, and an error to the client."""
        context = {"message": "the local server could not respond to a request", "exception": error}
        self._owner.loop.call_exception_handler(context)
        self._end_steps()
        if not self._framing.begun:
            self._refuse(RequestRefusedError(500, "api_error", "Internal server error"))
        else:
            self.cut()

    def _end_steps(self) -> None:
        if self._working:  # `_worked` comes back here
            return
        steps, self._steps, self._due = self._steps, None, None
        if steps is not None:
            steps.close()

    def _flush(self) -> None:
        if self._out:
            self._transport.write(b"".join(self._out))
            self._out.clear()

    def _set_timer(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Call `then` after `seconds` of real time, instead of what was planned before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and then is not None:
            self._timer = self._owner.loop.call_later(seconds, then)
