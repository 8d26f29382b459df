"""The floor: sockets, hand-scanned HTTP and a C JSON decoder; what no client can go below."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson


def request(url: str, body: dict[str, Any]) -> bytes:
    parts = urlsplit(url)
    content = orjson.dumps(body)
    head = f"POST {parts.path}/v1/messages HTTP/1.1\r\nhost: {parts.netloc}\r\nx-api-key: k\r\n"
    return f"{head}content-length: {len(content)}\r\n\r\n".encode() + content


def connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname, parts.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def whole_body(received: bytes) -> bytes | None:
    """Return the body of a response with a content-length; None while a part is missing."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return None
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return body if len(body) >= length else None


def create(sock: socket.socket, sent: bytes) -> Any:
    sock.sendall(sent)
    received = sock.recv(65536)
    parts = [received]
    while (body := whole_body(received)) is None:
        parts.append(sock.recv(1 << 20))
        received = b"".join(parts)
    return orjson.loads(body)


def texts(chunks: Iterator[bytes]) -> int:
    """Count the text events of a chunked stream; a frame with a chunk mark in it is not counted."""
    count, rest = 0, b""
    for content in chunks:
        *lines, rest = (rest + content).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and line.endswith(b"}"):
                event = orjson.loads(line[6:])
                count += event["type"] == "content_block_delta"
    return count


def received(sock: socket.socket) -> Iterator[bytes]:
    tail = b""
    while not tail.endswith(b"0\r\n\r\n"):
        content = sock.recv(65536)
        tail = (tail + content)[-5:]
        yield content


async def create_async(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
) -> Any:
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    return orjson.loads(await reader.readexactly(length))


async def texts_async(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes
) -> int:
    writer.write(sent)
    count, tail, rest = 0, b"", b""
    while not tail.endswith(b"0\r\n\r\n"):
        content = await reader.read(65536)
        tail = (tail + content)[-5:]
        *lines, rest = (rest + content).split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and line.endswith(b"}"):
                count += orjson.loads(line[6:])["type"] == "content_block_delta"
    return count
