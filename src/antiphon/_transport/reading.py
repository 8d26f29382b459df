"""How one thread closes a response that another one is reading.

Closing a socket does not wake a thread that waits for it, and its descriptor may be given to another
connection while the thread still reads from it. So while somebody reads, the connection is only
shut down: the reader finds its end at once, and closes it.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

__all__ = ["ClosedByThreadError", "Reading", "shut_down"]


class ClosedByThreadError(Exception):
    """Another thread closed the response while this one was reading it."""

    def __init__(self) -> None:
        super().__init__("it was closed by another thread")


class Reading:
    """Whether a response is being read, and whether it was closed meanwhile."""

    __slots__ = ("_busy", "_closed", "_lock")

    def __init__(self) -> None:
        self._busy = False
        self._closed = False
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Note that a read begins."""
        with self._lock:
            self._busy = True
            self._closed = False

    def end(self) -> bool:
        """Note that the read is over; return whether the response is to be closed now."""
        with self._lock:
            self._busy = False
            return self._closed

    def close(self) -> bool:
        """Ask for the response to be closed; return whether the caller may do it, as nobody reads."""
        with self._lock:
            self._closed = self._busy
            return not self._busy

    def check(self) -> None:
        """Raise `ClosedByThreadError` if the response was closed meanwhile."""
        if self._closed:
            raise ClosedByThreadError

    def cause(self, error: BaseException) -> BaseException:
        """Return what stopped the read: `error`, or that the response was closed meanwhile."""
        return ClosedByThreadError() if self._closed and isinstance(error, Exception) else error


def shut_down(sock: socket.socket) -> None:
    """End the connection in both directions and keep the descriptor."""
    with suppress(OSError):  # the server was faster
        # Not the method of `ssl.SSLSocket`, which drops the TLS state under the reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
