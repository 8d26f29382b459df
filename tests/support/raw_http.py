"""A client of bytes: what a server really sends, and how it takes what clients should not do."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Self
from urllib.parse import urlsplit

HEADERS = {
    "host": "localhost",
    "x-api-key": "sk-ant-test",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
}
BODY: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello"}],
}


def post(path: str = "/v1/messages", body: Any = BODY, **headers: str) -> bytes:
    """Return the bytes of a POST request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {**HEADERS, "content-length": str(len(content)), **named}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def get(path: str, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"GET {path} HTTP/1.1", *(f"{n}: {v}" for n, v in {**HEADERS, **named}.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class RawClient:
    """One TCP connection to a server."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=20)
        self._arrived = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def until(self, mark: bytes) -> bytes:
        """Return what arrives up to and including `mark`."""
        while mark not in self._arrived:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError(self._arrived[-200:])
            self._arrived += chunk
        found, _, self._arrived = self._arrived.partition(mark)
        return found + mark

    def exactly(self, count: int) -> bytes:
        while len(self._arrived) < count:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError(self._arrived[-200:])
            self._arrived += chunk
        found, self._arrived = self._arrived[:count], self._arrived[count:]
        return found

    def head(self) -> tuple[int, dict[str, str]]:
        """Return status and headers of the next response."""
        first, *lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value for name, value in headers.items()}

    def body(self, headers: dict[str, str]) -> bytes:
        """Return the body that follows a head."""
        if "content-length" in headers:
            return self.exactly(int(headers["content-length"]))
        chunks: list[bytes] = []
        while size := int(self.until(b"\r\n"), 16):
            chunks.append(self.exactly(size))
            self.until(b"\r\n")
        self.until(b"\r\n")
        return b"".join(chunks)

    def response(self) -> tuple[int, dict[str, str], bytes]:
        """Return the next response, whole."""
        status, headers = self.head()
        return status, headers, self.body(headers)

    def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        content, self._arrived = self._arrived, b""
        while chunk := self.socket.recv(65536):
            content += chunk
        return content
