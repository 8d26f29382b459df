"""A server that sends exactly the bytes a test says, one thread per connection."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import pytest

PATIENCE = 20.0
"""Seconds after which a test that hangs fails instead."""


@dataclass
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


class Hangup(Exception):
    """The client closed the connection where a request was expected."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: WireServer, sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number
        """0 for the first connection of the server, 1 for the next …"""
        self._buffer = b""

    def head(self) -> None:
        """Read until the head of a request is there."""
        while b"\r\n\r\n" not in self._buffer:
            self._fill()

    def request(self) -> Received:
        """Read one whole request."""
        self.head()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = [(name, value.strip()) for name, _, value in (x.partition(":") for x in lines)]
        received = Received(method, target, headers, b"")
        length = int((received.values("content-length") or ["0"])[0])
        pieces = [self._buffer]
        missing = length - len(self._buffer)
        while missing > 0:
            self._buffer = b""
            self._fill()
            pieces.append(self._buffer)
            missing -= len(self._buffer)
        whole = b"".join(pieces)
        received.body, self._buffer = whole[:length], whole[length:]
        self.server.requests.append(received)
        return received

    def _fill(self) -> None:
        data = self.sock.recv(1 << 20)
        if not data:
            raise Hangup
        self._buffer += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def respond(self, body: bytes = b"ok", *, headers: str = "", status: str = "200 OK") -> None:
        """Send a whole response with a content-length."""
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        self.send(head.encode("latin-1") + body)

    def reset(self) -> None:
        """Close so that the client's system reports a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_in_silence(self) -> None:
        """Read nothing until the client has closed its end."""
        poll = select.poll()
        poll.register(self.sock, select.POLLHUP | select.POLLRDHUP)
        assert poll.poll(PATIENCE * 1000)

    def wait_for_hangup(self) -> None:
        """Wait until the client has closed its end; fail the test if it does not."""
        try:
            while self.sock.recv(1 << 16):
                pass
        except ConnectionError:
            pass


Script = Callable[[Peer], Any]


def forever(respond: Callable[[Peer, Received], Any]) -> Script:
    """Return a script that answers one request after the other."""

    def script(peer: Peer) -> None:
        while True:
            respond(peer, peer.request())

    return script


def respond_to_all(peer: Peer) -> None:
    """Answer every request with ``ok``."""
    while True:
        peer.request()
        peer.respond()


@dataclass
class WireServer:
    """Runs `script` for every connection; a script's failure fails the test."""

    script: Script = respond_to_all
    tls: ssl.SSLContext | None = None
    connections: int = 0
    requests: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._failures: list[BaseException] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._talk, args=(sock, self.connections), daemon=True)
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket, number: int) -> None:
        self._open.add(sock)
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._open.add(sock)
            self.script(Peer(self, sock, number))
        except (Hangup, ConnectionError, ssl.SSLError):
            pass
        except OSError as error:
            if not self._closing:
                self._failures.append(error)
        except BaseException as error:
            self._failures.append(error)
        finally:
            sock.close()

    _closing = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(PATIENCE)
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection's script did not end"
        if self._failures and kind is None:
            raise self._failures[0]


class ConnectProxy(WireServer):
    """An HTTP proxy that resolves every name to loopback, and may require `credentials`."""

    def __init__(self, credentials: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._serve, tls)
        self.credentials = credentials

    def _serve(self, peer: Peer) -> None:
        received = peer.request()
        if self.credentials and received.values("proxy-authorization") != [self.credentials]:
            peer.respond(b"", status="407 Proxy Authentication Required")
            return
        if received.method != "CONNECT":
            peer.respond(f"proxied {received.target}".encode())
            return
        with socket.create_connection(
            ("127.0.0.1", int(received.target.rpartition(":")[2]))
        ) as far:
            far.settimeout(PATIENCE)
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(peer.sock, far)


def _relay(near: socket.socket, far: socket.socket) -> None:
    """Pass on what both ends say, in one thread (TLS allows no more), until one of them closes."""
    other = {near: far, far: near}
    while True:
        decrypted = [end for end in other if isinstance(end, ssl.SSLSocket) and end.pending()]
        for end in decrypted or select.select(list(other), [], [], PATIENCE)[0]:
            if not (data := end.recv(1 << 16)):
                return
            other[end].sendall(data)


@contextlib.contextmanager
def dead_port(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port where nobody accepts and no further connection fits into the queue."""
    with socket.socket() as listener, contextlib.ExitStack() as callers:
        try:
            listener.bind((host, port))
        except OSError:
            pytest.skip("this system has one loopback address only")
        listener.listen(0)
        for _ in range(4):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
