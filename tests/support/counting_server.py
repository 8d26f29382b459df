"""A local server in a process of its own, which counts the messages that it was asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from antiphon.local import App, Limits, LocalServer

_MANY = 1_000_000_000


class CountingServer:
    """The server, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    @property
    def count(self) -> int:
        """How many messages it was asked for so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def counting_server(requests: int = _MANY) -> Generator[CountingServer]:
    """Run a server that admits so many requests a minute."""
    command = [sys.executable, "-m", __name__, str(requests)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield CountingServer(process, process.stdout.readline().strip())
        process.kill()


def main(requests: int) -> None:
    """Serve, and print the count for each line of the input, until it ends."""
    count = 0

    def echo(request: Any) -> str:
        nonlocal count
        count += 1
        return f"You said {request.text}"

    limits = Limits(requests=requests, input_tokens=_MANY, output_tokens=_MANY)
    with LocalServer(App(limits=limits)) as server:
        server.reply(echo)
        print(server.url, flush=True)
        for _ in sys.stdin:
            print(count, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
