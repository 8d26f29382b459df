"""A run on Ray whose workers have one limit in common: how near to it they come.

The server is one of ours, in this process's child, whose first minute of requests is used up, so
that nothing is left but what comes in.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from antiphon import Client
from antiphon.bulk import Ray, run
from antiphon.local import App, Limits, LocalServer

MODEL = "claude-haiku-4-5"
WARM_SECONDS = 5.0  # until all workers are there and at full speed
MANY = 1_000_000_000


def serve(requests_per_second: int) -> None:
    """Serve until the input ends; then print when each request came."""
    times: list[float] = []

    def reply(_: Any) -> str:
        if not times:  # the first minute of requests is there at once; leave nothing of it
            while app._simulation._rates.admit(MODEL, 0) is None:
                pass
        times.append(time.monotonic())
        return "Yes"

    app = App(limits=Limits(60 * requests_per_second, MANY, MANY))
    with LocalServer(app) as server:
        server.reply(reply)
        print(server.url, flush=True)
        sys.stdin.read()
    print(*times)


def measured(requests_per_second: int, seconds: float) -> tuple[float, int, int]:
    """Return the requests a second at full speed, how many they were, and how many were refused."""
    os.environ.setdefault("ANTHROPIC_API_KEY", "k")
    command = [sys.executable, "-m", "benchmarks.common_limit", "serve", str(requests_per_second)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
        ExitStack() as stack,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        stack.callback(process.stdin.close)  # so that the server ends, whatever happens
        url = process.stdout.readline().strip()
        rows = int(requests_per_second * (seconds + WARM_SECONDS))
        summary = run(
            [str(number) for number in range(rows)],
            out=Path(folder) / "out.jsonl",
            params={"model": MODEL, "max_tokens": 10},
            client=Client(base_url=url),
            engine=Ray(workers=2, shard_rows=max(500, rows // 20)),
        ).wait()
        process.stdin.close()
        came = sorted(map(float, process.stdout.read().split()))
    # From when it is steady to before the workers end one after the other.
    steady = [each for each in came if came[0] + WARM_SECONDS <= each <= came[-1] - 1]
    return (len(steady) - 1) / (steady[-1] - steady[0]), len(steady), summary.attempts - rows


def facts(requests_per_second: int = 1_000, seconds: float = 20.0) -> list[str]:
    rate, count, refused = measured(requests_per_second, seconds)
    limit = f"* Two workers, a common limit of {requests_per_second:,} requests a second"
    found = f"{rate:,.1f} a second over {count:,} requests (goal: within 3 %), {refused} refused"
    return [f"{limit}: {found}."]


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        print(*facts(int(sys.argv[1])), sep="\n")
