"""A run on a cluster of Ray that runs already: `scripts/run python -m tests.peers.ray_cluster`.

By hand, and not with the tests: Ray gives the process that serves a client half a minute to start,
which a machine that runs other tests does not always keep.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.counting_server import counting_server

ROWS = 5_000


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def head_node() -> Iterator[str]:
    """Start the first node of a cluster, as people do on a machine of their own; give its address.

    Its folder has a short name: the paths of sockets have at most 107 bytes.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder:
        command = [
            *(str(Path(sys.executable).parent / "ray"), "start", "--head", "--block"),
            *("--node-ip-address", "127.0.0.1", "--port", str(free_port())),
            *("--ray-client-server-port", str(port), "--num-cpus", "2", "--temp-dir", folder),
            *("--include-dashboard=false", "--disable-usage-stats"),
        ]
        environment = {**os.environ, "ANTHROPIC_API_KEY": "test", "RAY_USAGE_STATS_ENABLED": "0"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as node:
            try:
                while True:
                    try:
                        socket.create_connection(("127.0.0.1", port)).close()
                        break
                    except ConnectionRefusedError:
                        assert node.poll() is None, "the cluster did not start"
                        time.sleep(0.1)
                yield f"ray://127.0.0.1:{port}"
            finally:
                node.terminate()


def main() -> None:
    with tempfile.TemporaryDirectory() as name, counting_server() as server, head_node() as head:
        rows, out = Path(name, "in.jsonl"), Path(name, "out.jsonl")
        rows.write_text("".join(f'{{"id": "r{n}", "prompt": "Hi"}}\n' for n in range(ROWS)))
        command = [sys.executable, "-m", "antiphon", "bulk", "run", str(rows), "--out", str(out)]
        environment = {**os.environ, "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "test"}
        subprocess.run([*command, "--max-tokens", "9", "--on", head], env=environment, check=True)
        found = [json.loads(line)["id"] for line in out.read_text().splitlines()]
        assert found == [f"r{n}" for n in range(ROWS)], "a row is missing, or not in its place"
        assert server.count == ROWS, f"{server.count} calls for {ROWS} rows"
        print(f"{ROWS} rows on {head}: each asked once, and in its place")


if __name__ == "__main__":
    main()
