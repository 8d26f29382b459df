"""A server that replays canned answers, in a process of its own: it must never be the bottleneck.

The path tells what to send, as in `/text-10000-bulk/v1/messages`: a kind, a size, a way.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from functools import cache

USAGE = {
    "input_tokens": 672,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 39,
    "service_tier": "standard",
}
MESSAGE = {
    "model": "claude-haiku-4-5-20251001",
    "id": "msg_011CeCGmnUdBeAXErTKPb4sn",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": USAGE,
}
HEADERS = b"".join(
    f"{name}: {value}\r\n".encode()
    for name, value in {
        "date": "Wed, 19 Aug 2026 14:34:19 GMT",
        "request-id": "req_011CeCGmBjaWkq37Sf5iU7so",
        "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
        "anthropic-ratelimit-requests-limit": "10000",
        "anthropic-ratelimit-requests-remaining": "9999",
        "anthropic-ratelimit-requests-reset": "2026-08-19T14:34:19Z",
        "anthropic-ratelimit-input-tokens-limit": "10000000",
        "anthropic-ratelimit-input-tokens-remaining": "9999000",
        "anthropic-ratelimit-input-tokens-reset": "2026-08-19T14:34:19Z",
        "anthropic-ratelimit-output-tokens-limit": "2000000",
        "anthropic-ratelimit-output-tokens-remaining": "2000000",
        "anthropic-ratelimit-output-tokens-reset": "2026-08-19T14:34:19Z",
        "cache-control": "no-cache",
        "vary": "Accept-Encoding",
        "x-robots-tag": "none",
        "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    }.items()
)


def framed(event: dict[str, object]) -> bytes:
    text = json.dumps(event, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {text[:-1]}       }}\n\n".encode()


@cache
def events(kind: str, size: int) -> list[bytes]:
    """Return a stream of `size` text events, or of a tool input of `size` bytes."""
    if kind == "text":
        block: dict[str, object] = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": f"some words, number {n} "} for n in range(size)]
    else:
        block = {"type": "tool_use", "id": "toolu_01", "name": "write", "input": {}}
        text = json.dumps({"path": "a.txt", "content": "line of text\n" * (size // 14)})
        deltas = [
            {"type": "input_json_delta", "partial_json": text[start : start + 20]}
            for start in range(0, len(text), 20)
        ]
    changes = [
        framed({"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas
    ]
    start = {**MESSAGE, "stop_reason": None}
    return [
        framed({"type": "message_start", "message": start}),
        framed({"type": "content_block_start", "index": 0, "content_block": block}),
        b'event: ping\ndata: {"type": "ping"}\n\n',
        *changes,
        framed({"type": "content_block_stop", "index": 0}),
        framed({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USAGE}),
        framed({"type": "message_stop"}),
    ]


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


# Limits that no client reaches, for work that is about the client and not about waiting.
UNLIMITED = HEADERS.replace(b": 10000\r", b": 1000000000\r").replace(b": 9999\r", b": 999999999\r")
for units in (b"10000000", b"9999000", b"2000000"):
    UNLIMITED = UNLIMITED.replace(b": %b\r" % units, b": 1000000000000\r")


@cache
def whole(kind: str, size: int, headers: bytes = HEADERS) -> bytes:
    """Return a response that is sent at once."""
    if kind in ("json", "image"):
        text = "x" * (size if kind == "json" else 100)
        message = {**MESSAGE, "content": [{"type": "text", "text": text}]}
        body = json.dumps(message, separators=(",", ":")).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + headers
        return head + b"content-length: %d\r\n\r\n" % len(body) + body
    frames = b"".join(events(kind, size))
    parts = [frames[start : start + 65536] for start in range(0, len(frames), 65536)]
    return stream_head() + b"".join(map(chunk, parts)) + b"0\r\n\r\n"


def stream_head() -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n" + HEADERS
    return head + b"transfer-encoding: chunked\r\n\r\n"


class Replay(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.head: bytes | None = None
        self.missing = 0
        self.received = b""

    def data_received(self, content: bytes) -> None:
        if self.head is None:
            self.received += content
            head, found, rest = self.received.partition(b"\r\n\r\n")
            if not found:
                return
            self.head, self.received = head, b""
            self.missing = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            content = rest
        self.missing -= len(content)
        if self.missing <= 0:
            head, self.head = self.head, None
            self.answer(head.split(b" ", 2)[1].decode().split("/")[1])

    def answer(self, case: str) -> None:
        kind, size, *way = case.split("-")
        if way in ([], ["bulk"]):
            self.transport.write(whole(kind, int(size)))
        elif way == ["unlimited"]:
            self.transport.write(whole(kind, int(size), UNLIMITED))
        else:
            pause = 0.0 if way == ["each"] else 0.05
            self.transport.write(stream_head())
            self.task = asyncio.ensure_future(self.one_by_one(events(kind, int(size)), pause))

    async def one_by_one(self, frames: list[bytes], pause: float) -> None:
        for frame in frames:
            self.transport.write(chunk(frame))
            await asyncio.sleep(pause or 0.0002)
        self.transport.write(b"0\r\n\r\n")


async def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[-1]})
    server = await asyncio.get_running_loop().create_server(Replay, "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started this is gone


if __name__ == "__main__":
    asyncio.run(main())
