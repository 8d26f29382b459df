"""Many streams at once on one event loop: all whole, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from typing import Any

import pytest

from antiphon import AsyncClient, Timeout
from tests.support.request_samples import PARAMS
from tests.support.stream_events import END, START, delta, framed, start, stop

pytestmark = pytest.mark.slow

STREAMS = 1000
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nrequest-id: req_m\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def pieces(number: int) -> list[dict[str, Any]]:
    """The events of a stream whose text tells which one it is."""
    words = [delta(0, "text_delta", text=f"{number}:{part} ") for part in range(10)]
    final = {"type": "message_delta", "delta": END, "usage": {"output_tokens": 12}}
    return [
        {"type": "message_start", "message": START},
        start(0, type="text", text=""),
        *words,
        stop(0),
        final,
        {"type": "message_stop"},
    ]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stream to a connection, an event per write, taking turns with all others."""
    while head := await reader.readline():
        number = int(head.split(b"/")[1])
        while (line := await reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        writer.write(HEAD)
        for event in pieces(number):
            content = framed(event)
            writer.write(b"%x\r\n%s\r\n" % (len(content), content))
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    writer.close()


async def one(client: AsyncClient, number: int) -> str:
    numbered = client.with_options(base_url=f"{client.base_url}/{number}")
    async with numbered.messages.stream(**PARAMS) as stream:
        texts = [text async for text in stream.text_stream]
        assert (await stream.get_final_message()).text == "".join(texts)
    return "".join(texts)


def expected(number: int) -> str:
    return "".join(f"{number}:{part} " for part in range(10))


async def all_at_once(url: str) -> None:
    # A thousand connections at once may take a busy machine longer than the five seconds allowed.
    client = AsyncClient(api_key="k", base_url=url, max_retries=0, timeout=Timeout(connect=60))
    texts = await asyncio.gather(*(one(client, number) for number in range(STREAMS)))
    assert {number: text for number, text in enumerate(texts) if text != expected(number)} == {}


async def with_server(work: Any) -> Any:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2 * STREAMS)
    port = server.sockets[0].getsockname()[1]
    try:
        return await work(f"http://127.0.0.1:{port}")
    finally:
        server.close()


def test_a_thousand_streams_finish_whole():
    asyncio.run(with_server(all_at_once))


def test_memory_does_not_grow_with_the_streams_that_have_ended():
    async def growth(url: str) -> int:
        client = AsyncClient(api_key="k", base_url=url)
        await one(client, 0)

        async def rounds(count: int) -> int:
            for _ in range(count):
                await asyncio.gather(*(one(client, number) for number in range(20)))
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        await rounds(3)
        tracemalloc.start()
        before = await rounds(5)
        after = await rounds(15)
        tracemalloc.stop()
        return after - before

    grown = asyncio.run(with_server(growth))
    assert grown < 50_000  # 300 streams; a kept message alone takes some 3 kB
