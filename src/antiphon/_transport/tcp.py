"""Limits and socket options that the transports on plain sockets share."""

from __future__ import annotations

import socket

__all__ = [
    "MAX_CONNECTIONS",
    "MAX_IDLE_SECONDS",
    "NEXT_ADDRESS_SECONDS",
    "SINGLE_WRITE_BYTES",
    "WRITE_CHUNK_BYTES",
    "keep_alive",
]

# One call holds one connection, so this is the number of calls at once. It is the limit of the
# official client, and just below the 1,024 descriptors that most systems allow a process.
MAX_CONNECTIONS = 1000
"""Maximum number of open connections to one origin."""

# Load balancers and routers forget quiet connections, often without telling either end. The usual
# limits begin at 60 seconds (AWS load balancers; nginx: 75), so nothing older is trusted.
MAX_IDLE_SECONDS = 60.0
"""Seconds that a connection may rest between two requests."""

# RFC 8305 ("Happy Eyeballs") recommends 250 milliseconds.
NEXT_ADDRESS_SECONDS = 0.25
"""Seconds before a further address of the host is tried while the earlier ones are silent."""

# Joining head and body saves a system call and a packet. Above this size the copy costs more.
SINGLE_WRITE_BYTES = 64 * 1024
"""Up to this size, a body is sent in one piece with its head."""

# The write clock bounds each piece. It must be large enough for few system calls, and small enough
# that a slow but living connection gets a piece through in time.
WRITE_CHUNK_BYTES = 256 * 1024
"""How much of a larger body is sent within one write clock."""

# A model may think for minutes before its first byte. Probes every 60 seconds keep routers from
# forgetting the connection meanwhile (they wait 350 seconds and more), and after five unanswered
# ones, some five minutes, the system reports a peer that is gone.
_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),  # requests are whole writes: nothing to wait for
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
] + [
    (socket.IPPROTO_TCP, getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))
    if hasattr(socket, name)  # macOS and Windows lack some of them
]


def keep_alive(sock: socket.socket) -> None:
    """Send without delay, and notice a peer that is gone."""
    for option in _OPTIONS:
        sock.setsockopt(*option)
