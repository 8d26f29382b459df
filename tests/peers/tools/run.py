"""Tools for tests, tracing and time, each beside the default transports.

Run `python tests/peers/tools/run.py`.

The tables in docs/recorders.md say what comes of it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.peers.environments import environment

HERE = Path(__file__).parent
PYTEST = ("pytest", "httpx", "httpx2")
CHECKS = {
    "recorders": (*PYTEST, "pytest-recording", "vcrpy"),
    "mocks": (*PYTEST, "respx", "pytest-httpx", "responses", "requests-mock"),
    "guards": (*PYTEST, "pytest-socket", "pytest-recording"),
    "tracing": (
        *PYTEST,
        "sentry-sdk",
        "opentelemetry-sdk",
        "opentelemetry-instrumentation-urllib3",
        "opentelemetry-instrumentation-httpx",
        "urllib3",
    ),
    "frozen_time": (*PYTEST, "freezegun", "time-machine"),
    "greenlets": ("gevent",),
    "uvloop": ("uvloop",),
}


def main() -> int:
    failed: list[str] = []
    for name, packages in CHECKS.items():
        python = environment(f"tool-{name}", *packages, ours=True)
        file = str(HERE / f"check_{name}.py")
        command = [python, "-m", "pytest", "-q", "--noconftest", "-c", "/dev/null", file]
        if "pytest" not in packages:
            command = [python, "-W", "error", file]
        print(f"== {name}", flush=True)
        if subprocess.run(command, check=False, cwd=HERE).returncode:
            failed.append(name)
    print("failed:", ", ".join(failed) or "none")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
