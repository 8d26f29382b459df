"""The local server and the command line: what they cost by themselves."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import antiphon
from benchmarks.work import ASK, Client, repeat

REQUESTS = 2000
AT_ONCE = 1000


class Served(NamedTuple):
    """What a server used from its start to its end."""

    cpu: float
    """Seconds."""
    started: float
    """Wall seconds until it printed its address."""
    memory: float
    """MB at the peak."""


def served(python: Path, work: str) -> Served:
    """Start the server, do one kind of work, stop it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(python), "-m", "antiphon", "serve", "--port", "0"],
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip().partition("=")[2]
    seconds = time.perf_counter() - started
    WORKS[work](url)
    process.send_signal(signal.SIGTERM)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Served(cpu, seconds, used.ru_maxrss / 1024)


def one(url: str) -> None:
    Client("antiphon").create(url, ASK)()


def creates(url: str) -> None:
    repeat(REQUESTS, Client("antiphon").create(url, ASK))()


def streams(url: str) -> None:
    """Read one stream after the other over one connection."""
    client = antiphon.Anthropic(api_key="k", base_url=url, max_retries=0)

    def stream() -> None:
        with client.messages.stream(**ASK) as stream:
            stream.until_done()

    repeat(REQUESTS, stream)()


def streams_at_once(url: str) -> None:
    asyncio.run(Client("antiphon").concurrent_texts(url, AT_ONCE))


WORKS = {"one": one, "creates": creates, "streams": streams, "at once": streams_at_once}


def facts(python: Path, rounds: int, client: float) -> list[str]:
    """Return the lines about the server; `client` is the CPU seconds of our client per `create`."""

    def least(work: str) -> Served:
        return Served(*map(min, zip(*(served(python, work) for _ in range(rounds)), strict=True)))

    idle, creating, streaming, crowd = map(least, WORKS)
    create, stream, each = (
        (used.cpu - idle.cpu) / count
        for used, count in ((creating, REQUESTS), (streaming, REQUESTS), (crowd, AT_ONCE))
    )
    start = (
        f"{idle.started * 1e3:.0f} ms to the first request, {idle.cpu * 1e3:.0f} ms CPU,"
        f" {idle.memory:.0f} MB"
    )
    together = (
        f"with our client, a round trip takes {(create + client) * 1e3:.2f} ms CPU together"
        " (goal 1 ms)"
    )
    scripted = f"200 scripted tests {200 * create:.2f} s of the server's (goal 1 s)"
    crowded = f"{AT_ONCE:,} at once take {each * 1e3:.2f} ms CPU each, {crowd.memory:.0f} MB in all"
    return [
        f"* Start: {start}.",
        f"* `create`: {1 / create:,.0f} requests per second of CPU; {together}, and {scripted}.",
        f"* Streams: {1 / stream:,.0f} per second of CPU one after the other; {crowded}.",
    ]
