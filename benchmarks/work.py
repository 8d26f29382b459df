"""One peer does one work, in a fresh interpreter: `python -m benchmarks.work PEER WORK URL`.

Prints JSON: CPU and wall seconds per unit, peak memory, and what the work adds.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5-20251001",
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": "Hello, Claude"}],
}
EVENTS = 10_000
PIECE = 20
"""Bytes of a tool input in one event."""


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(units: int, work: Callable[[], Any], passes: int = 1, **more: Any) -> dict[str, Any]:
    """Return CPU and wall seconds per unit of the fastest pass; slower ones were disturbed."""

    def once() -> tuple[float, float]:
        started, wall = cpu(), time.perf_counter()
        work()
        return (cpu() - started) / units, (time.perf_counter() - wall) / units

    cpu_seconds, wall_seconds = map(min, zip(*(once() for _ in range(passes)), strict=True))
    return {"cpu": cpu_seconds, "wall": wall_seconds, **more}


class Floor:
    """Sockets and a JSON decoder."""

    def __init__(self) -> None:
        from benchmarks import floor

        self.floor = floor

    def create(self, url: str, ask: dict[str, Any]) -> Callable[[], Any]:
        sock, sent = self.floor.connected(url), self.floor.request(url, ask)
        return lambda: self.floor.create(sock, sent)

    def texts(self, url: str) -> Callable[[], Any]:
        def run() -> None:
            sock = self.floor.connected(url)
            sock.sendall(self.floor.request(url, ASK))
            assert self.floor.texts(self.floor.received(sock))

        return run

    events = typed = texts

    async def concurrent_creates(self, url: str, at_once: int, total: int) -> None:
        from urllib.parse import urlsplit

        parts, sent = urlsplit(url), self.floor.request(url, ASK)

        async def one() -> None:
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port, limit=1 << 22
            )
            for _ in range(total // at_once):
                await self.floor.create_async(reader, writer, sent)
            writer.close()

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def concurrent_texts(self, url: str, at_once: int) -> None:
        from urllib.parse import urlsplit

        parts, sent = urlsplit(url), self.floor.request(url, ASK)

        async def one() -> None:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            assert await self.floor.texts_async(reader, writer, sent)
            writer.close()

        await asyncio.gather(*(one() for _ in range(at_once)))


class Client:
    """A package with the interface of the official one."""

    def __init__(self, name: str) -> None:
        self.package = __import__(name)

    def create(self, url: str, ask: dict[str, Any]) -> Callable[[], Any]:
        client = self.package.Anthropic(api_key="k", base_url=url, max_retries=0)
        return lambda: client.messages.create(**ask)

    def texts(self, url: str) -> Callable[[], Any]:
        client = self.package.Anthropic(api_key="k", base_url=url, max_retries=0)

        def run() -> None:
            with client.messages.stream(**ASK) as stream:
                assert sum(1 for _ in stream.text_stream) == EVENTS

        return run

    def typed(self, url: str) -> Callable[[], Any]:
        client = self.package.Anthropic(api_key="k", base_url=url, max_retries=0)

        def run() -> None:
            for _ in client.messages.create(**ASK, stream=True):
                pass

        return run

    def events(self, url: str) -> Callable[[], Any]:
        client = self.package.Anthropic(api_key="k", base_url=url, max_retries=0)

        def run() -> None:
            with client.messages.stream(**ASK) as stream:
                for _ in stream:
                    pass

        return run

    async def concurrent_creates(self, url: str, at_once: int, total: int) -> None:
        client = self.package.AsyncAnthropic(api_key="k", base_url=url, max_retries=0)

        async def one() -> None:
            for _ in range(total // at_once):
                await client.messages.create(**ASK)

        await asyncio.gather(*(one() for _ in range(at_once)))

    async def concurrent_texts(self, url: str, at_once: int) -> None:
        client = self.package.AsyncAnthropic(api_key="k", base_url=url, max_retries=0, timeout=300)

        async def one() -> None:
            async with client.messages.stream(**ASK) as stream:
                async for _ in stream.text_stream:
                    pass
                await stream.get_final_message()

        await asyncio.gather(*(one() for _ in range(at_once)))


def repeat(times: int, call: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            call()

    return run


def creates(peer: Any, url: str) -> dict[str, Any]:
    call = peer.create(f"{url}/json-600", ASK)
    repeat(50, call)()
    return timed(200, repeat(200, call), passes=5)


def creates_watched(peer: Any, url: str) -> dict[str, Any]:
    """Do what `creates` does with all that may watch a call: what is not used costs nothing."""
    if isinstance(peer, Floor):
        return creates(peer, url)
    ours = peer.package
    client = ours.Client(
        api_key="k",
        base_url=f"{url}/json-600",
        max_retries=0,
        limiter=ours.Limiter(),
        budget=ours.Budget(usd=1_000_000),
    )
    with ours.tagged("bench"):
        call = lambda: client.messages.create(**ASK)  # noqa: E731
        repeat(50, call)()
        return timed(200, repeat(200, call), passes=5)


def creates_at_once(peer: Any, url: str) -> dict[str, Any]:
    asyncio.run(peer.concurrent_creates(f"{url}/json-600", 100, 200))
    run = lambda: asyncio.run(peer.concurrent_creates(f"{url}/json-600", 100, 1000))  # noqa: E731
    return timed(1000, run, passes=3)


def bulk(view: str) -> Callable[[Any, str], dict[str, Any]]:
    def work(peer: Any, url: str) -> dict[str, Any]:
        run = getattr(peer, view)(f"{url}/text-{EVENTS}-bulk")
        run()
        return timed(EVENTS, run, passes=8)

    return work


def each(peer: Any, url: str) -> dict[str, Any]:
    run = peer.events(f"{url}/text-2000-each")
    run()
    return timed(2000, run, passes=3)


def each_async(peer: Any, url: str) -> dict[str, Any]:
    case = f"{url}/text-2000-each"
    asyncio.run(peer.concurrent_texts(f"{url}/text-20-each", 1))
    return timed(2000, lambda: asyncio.run(peer.concurrent_texts(case, 1)), passes=3)


def thousand_streams(peer: Any, url: str) -> dict[str, Any]:
    case = f"{url}/text-30-paced"
    asyncio.run(peer.concurrent_texts(f"{url}/text-20-each", 1))
    return timed(30_000, lambda: asyncio.run(peer.concurrent_texts(case, 1000)))


def tool_input(size: int) -> Callable[[Any, str], dict[str, Any]]:
    def work(peer: Any, url: str) -> dict[str, Any]:
        peer.events(f"{url}/tool-10000-bulk")()
        return timed(1, peer.events(f"{url}/tool-{size}-bulk"), passes=1_000_000 // size)

    return work


def large_message(peer: Any, url: str) -> dict[str, Any]:
    call = peer.create(f"{url}/json-1000000", {**ASK, "max_tokens": 8192})
    call()
    return timed(5, repeat(5, call), passes=5)


def image(peer: Any, url: str) -> dict[str, Any]:
    content = "A" * 10_000_000
    source = {"type": "base64", "media_type": "image/png", "data": content}
    ask = {**ASK, "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}
    if isinstance(peer, Floor):
        call = lambda: peer.create(f"{url}/image-1", ask)()  # noqa: E731
    else:
        call = peer.create(f"{url}/image-1", ask)
    peer.create(f"{url}/json-600", ASK)()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return timed(1, call, passes=6, copies=(peak - before) * 1024 / len(content))


def further_client(peer: Any, url: str) -> dict[str, Any]:
    if isinstance(peer, Floor):
        return {"cpu": 0.0, "wall": 0.0}
    peer.package.Anthropic(api_key="k")
    return timed(50, repeat(50, lambda: peer.package.Anthropic(api_key="k", base_url=url)))


WORKS: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "create": creates,
    "create watched": creates_watched,
    "create async x100": creates_at_once,
    "text bulk": bulk("texts"),
    "typed bulk": bulk("typed"),
    "each sync": each,
    "each async": each_async,
    "1000 streams": thousand_streams,
    "tool 100 KB": tool_input(100_000),
    "tool 1 MB": tool_input(1_000_000),
    "message 1 MB": large_message,
    "image 10 MB": image,
    "further client": further_client,
}


def first_reply(name: str, url: str) -> dict[str, Any]:
    """Import, make a client, get a reply: all that a short-lived program pays."""
    started = time.process_time()
    peer = Floor() if name == "floor" else Client(name)
    imported = time.process_time()
    peer.create(f"{url}/json-600", ASK)()
    return {"cpu": time.process_time() - started, "wall": 0.0, "import": imported - started}


def main() -> None:
    name, work, url = sys.argv[1:]
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[0]})
    if work == "first reply":
        result = first_reply(name, url)
    else:
        result = WORKS[work](Floor() if name == "floor" else Client(name), url)
    result["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
