"""The commands that serve, as processes of their own."""

from __future__ import annotations

import subprocess
import sys


def started(*command: str) -> tuple[subprocess.Popen[str], str]:
    """Start a command that serves; return its process and the URL that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip().partition("=")[2]
