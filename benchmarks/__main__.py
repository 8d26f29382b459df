"""Measure, side by side and in turn; print the table and write it to `docs/performance.md`.

python -m benchmarks [--rounds N] [--only WORK]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
PYTHONS = {
    "floor": ROOT / ".bench/antiphon/bin/python",
    "antiphon": ROOT / ".bench/antiphon/bin/python",
    "anthropic": ROOT / ".bench/official/bin/python",
}


class Row(NamedTuple):
    """A line of the table: a work, its unit, and the goal for the ratio to the official package."""

    work: str
    says: str
    unit: float
    unit_name: str
    goal: float | None


ROWS = [
    Row("first reply", "import, client and first reply", 1e3, "ms", 0.20),
    Row("further client", "constructing a further client", 1e3, "ms", 0.02),
    Row("create", "`create`, sync, one after another", 1e6, "µs", 0.35),
    Row("create async x100", "`create`, async, 100 at once", 1e6, "µs", 0.12),
    Row("text bulk", "`text_stream`, bytes in bulk, per event", 1e6, "µs", 0.06),
    Row("typed bulk", "typed raw events, in bulk, per event", 1e6, "µs", 0.18),
    Row("each sync", "one write per event, sync, per event", 1e6, "µs", 0.60),
    Row("each async", "one write per event, async, per event", 1e6, "µs", 0.60),
    Row("1000 streams", "1,000 paced streams on one loop, per event", 1e6, "µs", 0.50),
    Row("tool 100 KB", "tool input of 100 KB", 1e3, "ms", 0.05),
    Row("tool 1 MB", "tool input of 1 MB", 1e3, "ms", None),
    Row("message 1 MB", "a message of 1 MB", 1e3, "ms", 0.50),
    Row("image 10 MB", "sending an image of 10 MB", 1e3, "ms", 0.50),
]
SLOW_FOR_THE_OFFICIAL = {"tool 1 MB"}
"""Takes minutes there; measured for the others only."""


def measured(peer: str, work: str, url: str) -> dict[str, Any] | None:
    if peer == "anthropic" and work in SLOW_FOR_THE_OFFICIAL:
        return None
    command = [str(PYTHONS[peer]), "-m", "benchmarks.work", peer, work, url]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise SystemExit(f"{peer}, {work}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def best(results: list[dict[str, Any]]) -> dict[str, float]:
    """The least of each figure: what other programs on the machine add is no part of the work."""
    return {key: min(result[key] for result in results) for key in results[0]}


def import_times(rounds: int) -> dict[str, float]:
    """CPU seconds of importing each package, over those of a bare interpreter."""

    def least(peer: str, code: str) -> float:
        command = [str(PYTHONS[peer]), "-c", code]
        return min(cpu_of(command) for _ in range(5 * rounds))

    return {
        peer: least(peer, f"import {peer}") - least(peer, "pass")
        for peer in ("antiphon", "anthropic")
    }


def cpu_of(command: list[str], **environment: str) -> float:
    """CPU seconds of a program from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd="/", check=True, capture_output=True, env={**os.environ, **environment}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(value: float | None, to: float | None) -> str:
    return "–" if not value or not to else f"{value / to:.3f}"


def line(row: Row, found: dict[str, dict[str, float] | None]) -> str:
    ours, floor, official = (found[peer] for peer in ("antiphon", "floor", "anthropic"))
    assert ours is not None
    assert floor is not None
    theirs = official["cpu"] if official else None
    cells = [
        row.says,
        f"{floor['cpu'] * row.unit:.1f}",
        f"{ours['cpu'] * row.unit:.1f} {row.unit_name}",
        f"{theirs * row.unit:.1f}" if theirs else "–",
        ratio(ours["cpu"], floor["cpu"]),
        ratio(ours["cpu"], theirs),
        f"{row.goal or '–'}",
        "–"
        if not theirs or not row.goal
        else "yes"
        if ours["cpu"] / theirs <= row.goal
        else "**no**",
        f"{ours['memory']:.0f} / {official['memory']:.0f}"
        if official
        else f"{ours['memory']:.0f} / –",
    ]
    return "| " + " | ".join(cells) + " |"


def table(rows: list[Row], rounds: int, url: str) -> tuple[list[str], dict[str, Any]]:
    lines = [
        "| work | floor | antiphon | official | to the floor | to the official | goal | met | memory, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    everything: dict[str, Any] = {}
    for row in rows:
        found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in PYTHONS}
        for _ in range(rounds):
            for peer, results in found.items():
                result = measured(peer, row.work, url)
                if result is not None:
                    results.append(result)
        middle = {peer: best(results) if results else None for peer, results in found.items()}
        everything[row.work] = middle
        lines.append(line(row, middle))
        print(lines[-1], flush=True)
    return lines, everything


def versions() -> str:
    code = "import importlib.metadata as m; print(m.version('anthropic'))"
    official = subprocess.run(
        [str(PYTHONS["anthropic"]), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    return (
        f"Python {platform.python_version()}, official package {official}, {os.cpu_count()} cores"
    )


def more_facts(everything: dict[str, Any], rounds: int) -> list[str]:
    times = import_times(rounds)
    facts = [
        (
            f"* Importing, over bare Python: {times['antiphon'] * 1e3:.0f} ms against"
            f" {times['anthropic'] * 1e3:.0f} ms, ratio {times['antiphon'] / times['anthropic']:.3f} (goal 0.01)."
        )
    ]
    if {"tool 100 KB", "tool 1 MB"} <= everything.keys():
        small, large = (
            everything[work]["antiphon"]["cpu"] for work in ("tool 100 KB", "tool 1 MB")
        )
        facts.append(
            f"* Tool input of 1 MB costs {large / small:.1f} times one of 100 KB (goal 11)."
        )
    if "image 10 MB" in everything:
        copies = {
            peer: everything["image 10 MB"][peer]["copies"] for peer in ("antiphon", "anthropic")
        }
        facts.append(
            f"* Sending an image of 10 MB takes {copies['antiphon']:.1f} further copies of it at the peak"
            f" (goal 2), the official package {copies['anthropic']:.1f}."
        )
    size = sum(path.stat().st_size for path in (ROOT / "src").rglob("*.py"))
    facts.append(f"* Installed size without dependencies: {size / 1e6:.2f} MB (goal 1 MB).")
    return facts


def server_facts(everything: dict[str, Any], rounds: int) -> list[str]:
    from benchmarks.server import facts

    return facts(PYTHONS["antiphon"], rounds, everything["create"]["antiphon"]["cpu"])


def command_facts(rounds: int) -> list[str]:
    def least(*arguments: str) -> float:
        command = [str(PYTHONS["antiphon"]), "-m", "antiphon", *arguments]
        return 1e3 * min(cpu_of(command, ANTHROPIC_API_KEY="") for _ in range(3 * rounds))

    simulated = "answered by the local server it brings"
    return [
        f"* `antiphon --help`: {least('--help'):.0f} ms CPU (goal 100 ms).",
        f"* `antiphon ask Hello`, {simulated}: {least('ask', 'Hello'):.0f} ms CPU (goal 400 ms).",
    ]


TO_THE_FLOOR = [
    "## What stands between us and the floor",
    "",
    "Measured apart, on the same machine, in November 2026:",
    "",
    "* `create`: the kernel's part of sending and receiving, some 25 µs; the client above the transport 18 µs (options,",
    "  headers, retries and clocks; of these 2 for encoding and 3 for decoding); reading the head of the answer 8 µs; the",
    "  rest is the pool, one poll of the resting socket and two changes of its timeout.",
    "* Typed events: 1.0 of 2.0 µs is pydantic making two objects, the event and its delta; 0.2 splits the stream into",
    "  frames. An event made from it, such as `input_json` with its lazy snapshot, adds 0.6 µs.",
    "* `text_stream`: 0.4 of 1.2 µs parses the JSON; no object but the text is made.",
    "* One write per event: the system calls that each event wakes up, on both sides of the comparison.",
    "* An image: sending it. Encoding reads it in pieces that stay in the cache, and takes memory once.",
    "* The first reply: loading pydantic and building the schema of a message, two thirds of it.",
]


def page(lines: list[str], facts: list[str], server: list[str], command: list[str]) -> str:
    return "\n".join([
        "# Performance",
        "",
        "Client CPU time per unit, the least of the rounds in which each peer does the same work in turn against a replay",
        "server in a process of its own. The floor is sockets, hand-scanned HTTP and a C JSON decoder, no client at all.",
        "Read ratios, not absolutes: machines differ and are busy. Written by `scripts/bench`",
        f"on {dt.datetime.now(dt.UTC):%Y-%m-%d}: {versions()}.",
        "",
        *lines,
        "",
        *facts,
        "",
        "## The local server",
        "",
        *server,
        "",
        "## The command line",
        "",
        *command,
        "",
        *TO_THE_FLOOR,
        "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[row.work for row in ROWS])
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only in (None, row.work)]
    replay = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.replay"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert replay.stdout is not None
    try:
        url = replay.stdout.readline().strip()
        lines, everything = table(rows, options.rounds, url)
    finally:
        replay.kill()
        replay.wait()
    if options.only is None:
        rounds = options.rounds
        more = (
            more_facts(everything, rounds),
            server_facts(everything, rounds),
            command_facts(rounds),
        )
        print(*chain(*more), sep="\n")
        (ROOT / "docs/performance.md").write_text(page(lines, *more))


if __name__ == "__main__":
    main()
