"""A server that breaks off: the path of a request says which stream, where, and how."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nrequest-id: req_cut\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
RESET = struct.pack("ii", 1, 0)


def serve(streams: dict[str, bytes], connection: socket.socket) -> None:
    """Answer one request of the form `POST /{stream}/{offset}/{end|cut|reset}/v1/messages`."""
    with connection:
        received = connection.recv(65536)
        name, offset, how = received.split(b" ", 2)[1].decode().split("/")[1:4]
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        part = streams[name][: int(offset)]
        chunk = b"%x\r\n%s\r\n" % (len(part), part) if part else b""
        connection.sendall(HEAD + chunk + (b"0\r\n\r\n" if how == "end" else b""))
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@contextmanager
def cut_server(streams: dict[str, bytes]) -> Iterator[str]:
    """Run the server and give its base URL."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            serve(streams, connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
