"""Install the official clients, each in a temporary place, and run them against a server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from antiphon.local import LocalServer

HERE = Path(__file__).parent


def python_peer(place: Path) -> list[str]:
    """The command that runs the official Python package."""
    venv.create(place / "python", with_pip=True)
    python = str(place / "python" / ("Scripts" if os.name == "nt" else "bin") / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "anthropic"], check=True)
    return [python, str(HERE / "python_peer.py")]


def node_peer(place: Path) -> list[str]:
    """The command that runs the official npm package."""
    home = place / "node"
    home.mkdir()
    (home / "package.json").write_text('{"private": true}')
    script = home / "node_peer.mjs"
    script.write_text((HERE / "node_peer.mjs").read_text())
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "@anthropic-ai/sdk"]
    subprocess.run(install, cwd=home, check=True)
    return ["node", str(script)]


def main() -> None:
    """Run every peer; stop at the first that fails."""
    with tempfile.TemporaryDirectory() as directory:
        peers = [install(Path(directory)) for install in (python_peer, node_peer)]
        for command in peers:
            with LocalServer() as server:
                environment = {**os.environ, "ANTHROPIC_BASE_URL": server.url}
                environment.pop("ANTHROPIC_AUTH_TOKEN", None)
                run = subprocess.run(command, env=environment, check=False)
            if run.returncode:
                sys.exit(run.returncode)


if __name__ == "__main__":
    main()
