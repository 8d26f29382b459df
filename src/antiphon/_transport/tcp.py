"""What the transports on plain sockets have in common."""

from __future__ import annotations

import socket

MAX_CONNECTIONS = 1000
"""To one origin."""

MAX_IDLE_SECONDS = 60.0
"""Seconds. Routers forget quiet connections without a word: what rested longer is not trusted."""

SINGLE_WRITE_BYTES = 64 * 1024
"""Up to this many bytes, a body is sent in one piece with its head."""

WRITE_CHUNK_BYTES = 256 * 1024
"""How much of a larger body is sent within one write clock."""

_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
] + [
    (socket.IPPROTO_TCP, getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 5))
    if hasattr(socket, name)
]


def keep_alive(sock: socket.socket) -> None:
    """Send without delay, and notice a peer that is gone."""
    for option in _OPTIONS:
        sock.setsockopt(*option)
