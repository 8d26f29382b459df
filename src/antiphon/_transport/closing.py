"""How one thread closes a response that another one is reading.

Closing a socket does not wake a thread that waits for it, and its descriptor may be given to
another connection while the thread still reads from it. So a response has a lock that is held as
long as somebody reads. Whoever closes it and does not get the lock only shuts the connection down:
the reader finds its end at once, and closes it.
"""

from __future__ import annotations

import socket
from contextlib import suppress

__all__ = ["ClosedByThreadError", "shut_down"]


class ClosedByThreadError(Exception):
    """Another thread closed the response while this one was reading it."""

    def __init__(self) -> None:
        super().__init__("it was closed by another thread")


def shut_down(sock: socket.socket) -> None:
    """End the connection in both directions and keep the descriptor."""
    with suppress(OSError):  # the server was faster
        # Not the method of `ssl.SSLSocket`, which drops the TLS state under the reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
