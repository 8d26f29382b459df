"""What both tables are made of: the works, the peers, and how one peer does one work."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
PYTHONS = {
    "floor": ROOT / ".bench/antiphon/bin/python",
    "antiphon": ROOT / ".bench/antiphon/bin/python",
    "anthropic": ROOT / ".bench/official/bin/python",
}
"""The interpreter of each peer; `before`, an earlier antiphon, is added where it is measured."""


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
    Row("create watched", "`create` with a limiter, a budget and a tag", 1e6, "µs", None),
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
NOT_FOR_THE_OFFICIAL = {"tool 1 MB", "create watched"}
"""Takes minutes there, or is not there at all; measured for the others only."""


def measured(peer: str, work: str, url: str) -> dict[str, Any] | None:
    """Let a peer do a work in a fresh interpreter; return None if it cannot."""
    if peer == "anthropic" and work in NOT_FOR_THE_OFFICIAL:
        return None
    name = "antiphon" if peer == "before" else peer
    command = [str(PYTHONS[peer]), "-m", "benchmarks.work", name, work, url]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise SystemExit(f"{peer}, {work}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def best(results: list[dict[str, Any]]) -> dict[str, float]:
    """Return the least of each figure: what other programs add is not part of the work."""
    return {key: min(result[key] for result in results) for key in results[0]}


def cpu_of(command: list[str], **environment: str) -> float:
    """Run a program and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd="/", check=True, capture_output=True, env={**os.environ, **environment}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured_in_turn(row: Row, peers: list[str], rounds: int, url: str) -> dict[str, Any]:
    """Let the peers do a work in turn, several times; return the best of each, or None."""
    found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer, results in found.items():
            result = measured(peer, row.work, url)
            if result is not None:
                results.append(result)
    return {peer: best(results) if results else None for peer, results in found.items()}


def import_time(peer: str, rounds: int) -> float:
    """Return the CPU seconds of importing a package, without those of a bare interpreter."""

    def least(code: str) -> float:
        command = [str(PYTHONS[peer]), "-c", code]
        return min(cpu_of(command) for _ in range(5 * rounds))

    name = "antiphon" if peer == "before" else peer
    return least(f"import {name}") - least("pass")


def ratio(value: float | None, to: float | None) -> str:
    return "–" if not value or not to else f"{value / to:.3f}"


@contextmanager
def replay_server() -> Iterator[str]:
    """Run the server that all peers talk to, and give its URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.replay"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as replay:
        assert replay.stdout is not None
        try:
            yield replay.stdout.readline().strip()
        finally:
            replay.kill()
