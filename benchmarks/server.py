"""The local server beside a peer: what a request costs, a start, and 200 tests with scripts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import antiphon
from benchmarks.measuring import PYTHONS, ROOT, cpu_of, ratio
from benchmarks.work import ASK, Client

REQUESTS = 2000
AT_ONCE = 1000
AIMOCK = ROOT / ".bench/aimock/node_modules/@copilotkit/aimock"

# As long as what our server says by itself.
REPLY = "Simulated by antiphon's local server. You wrote: “Hello, Claude”. Received: 1 text."
FIXTURES = {"fixtures": [{"match": {"userMessage": "Hello"}, "response": {"content": REPLY}}]}

SCRIPTED = """
import pytest

@pytest.mark.parametrize("number", range(200))
def test_scripted(antiphon_server, antiphon_client, number):
    antiphon_server.reply(f"It is {number}.")
    hello = [{"role": "user", "content": "Hello"}]
    message = antiphon_client.messages.create(
        model="claude-haiku-4-5", max_tokens=100, messages=hello
    )
    assert message.text == f"It is {number}."
"""
EMPTY = """
import pytest

@pytest.mark.parametrize("number", range(200))
def test_nothing(number):
    assert number >= 0
"""


class Served(NamedTuple):
    """What a server used from its start to its end."""

    cpu: float
    """Seconds."""
    started: float
    """Wall seconds until it printed its address."""
    memory: float
    """MB at the peak."""


class Work(NamedTuple):
    """Something that clients do with a server, and how often."""

    says: str
    do: Callable[[str], object]
    times: int


def creates(connections: int) -> Callable[[str], object]:
    client = Client("antiphon")
    return lambda url: asyncio.run(client.concurrent_creates(url, connections, REQUESTS))


def streams(connections: int) -> Callable[[str], object]:
    return lambda url: asyncio.run(read_streams(url, connections))


async def read_streams(url: str, connections: int) -> None:
    client = antiphon.AsyncAnthropic(api_key="k", base_url=url, max_retries=0)

    async def some() -> None:
        for _ in range(REQUESTS // connections):
            async with client.messages.stream(**ASK) as stream:
                await stream.until_done()

    await asyncio.gather(*(some() for _ in range(connections)))


def streams_at_once(url: str) -> object:
    return asyncio.run(Client("antiphon").concurrent_texts(url, AT_ONCE))


def one(url: str) -> object:
    return Client("antiphon").create(url, ASK)()


START = Work("start to first reply", one, 1)
CROWD = Work(f"{AT_ONCE:,} streams at once", streams_at_once, AT_ONCE)
COMPARED = [
    Work("`create`, 1 connection", creates(1), REQUESTS),
    Work("`create`, 8 connections", creates(8), REQUESTS),
    Work("stream, 1 connection", streams(1), REQUESTS),
    Work("stream, 8 connections", streams(8), REQUESTS),
]


def served(command: list[str], work: Work) -> Served:
    """Start a server that prints its address, do one kind of work, stop it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    url = next(found[0] for line in process.stdout if (found := re.search(r"http://[^\s]+", line)))
    seconds = time.perf_counter() - started
    work.do(url)
    process.send_signal(signal.SIGTERM)
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Served(cpu, seconds, used.ru_maxrss / 1024)


def least(commands: dict[str, list[str]], work: Work, rounds: int) -> dict[str, Served]:
    """Let the servers serve a work in turn; return the least of each figure."""
    found: dict[str, list[Served]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(served(command, work))
    return {name: Served(*map(min, zip(*each, strict=True))) for name, each in found.items()}


def scripted_tests(rounds: int) -> float:
    """Return the CPU seconds of 200 tests with a script, without those of pytest itself.

    It is the median of differences between runs that follow each other: that of the best runs says
    as much about what else the machine did.
    """
    with TemporaryDirectory() as folder:

        def cpu(name: str, tests: str) -> float:
            path = Path(folder, f"test_{name}.py")
            path.write_text(tests)
            options = ["-q", "-p", "no:cacheprovider", f"--rootdir={folder}", str(path)]
            return cpu_of([str(PYTHONS["antiphon"]), "-m", "pytest", *options])

        return median(cpu("scripted", SCRIPTED) - cpu("empty", EMPTY) for _ in range(3 * rounds))


def row(says: str, unit: str, units: float, cpu: dict[str, float]) -> str:
    ours, theirs = cpu["antiphon"], cpu.get("aimock")
    shown = "not installed" if theirs is None else f"{theirs * units:.0f}"
    return f"| {says} | {ours * units:.0f} {unit} | {shown} | {ratio(ours, theirs)} |"


def peer() -> str:
    """Return the name of the peer, with its version if it is there."""
    package = AIMOCK / "package.json"
    return f"aimock {json.loads(package.read_text())['version']}" if package.exists() else "aimock"


def facts(rounds: int, client: float) -> list[str]:
    """Return the lines about the server; `client` is the CPU seconds of our client per `create`."""
    ours = [str(PYTHONS["antiphon"]), "-m", "antiphon", "serve", "--port", "0"]
    commands = {"antiphon": ours}
    with TemporaryDirectory() as folder:
        fixtures = Path(folder, "fixtures.json")
        fixtures.write_text(json.dumps(FIXTURES))
        node = shutil.which("node")
        if node and AIMOCK.exists():
            cli = str(AIMOCK / "dist/cli.js")
            commands["aimock"] = [node, cli, "--port", "0", "--fixtures", str(fixtures)]
        start = least(commands, START, rounds)
        measured = [(work, least(commands, work, rounds)) for work in COMPARED]
    lines = [f"| CPU of the server | antiphon | {peer()} | ratio |", "|---|---|---|---|"]
    begun = {name: used.cpu for name, used in start.items()}
    lines.append(row(START.says, "ms", 1e3, begun))
    costs: list[float] = []
    for work, used in measured:
        each = {name: (used[name].cpu - begun[name]) / work.times for name in used}
        costs.append(each["antiphon"])
        lines.append(row(work.says, "µs", 1e6, each))
    crowd = least({"antiphon": ours}, CROWD, rounds)["antiphon"]
    each_of_crowd = (crowd.cpu - begun["antiphon"]) / CROWD.times
    create, _, stream, _ = costs
    idle = start["antiphon"]
    tests = scripted_tests(rounds)
    told = (
        f"Start: {idle.started * 1e3:.0f} ms to the first request, {idle.memory:.0f} MB",
        f"A second of CPU serves {1 / create:,.0f} `create` or {1 / stream:,.0f} streams",
        f"With our client, a round trip takes {(create + client) * 1e3:.2f} ms CPU (goal 1 ms)",
        f"200 tests with scripts take {tests:.2f} s CPU more than 200 empty ones (goal 1 s)",
        f"{AT_ONCE:,} streams at once take {each_of_crowd * 1e3:.2f} ms CPU each",
        f"Such a server uses {crowd.memory:.0f} MB at most",
    )
    return [*lines, "", *(f"* {sentence}." for sentence in told)]
