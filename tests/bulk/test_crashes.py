"""Processes that are killed in the middle of a run: nothing is lost, little is asked twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from antiphon.bulk.records import Records
from antiphon.local import LocalServer
from antiphon.testing import MessageView

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

AT_A_TIME = 20

# A program of a user; it prints a line for each result that is in the journal.
PROGRAM = """
import sys
from antiphon import AsyncClient, bulk

rows, out, url, at_a_time = sys.argv[1:]
run = bulk.run(
    rows,
    out=out,
    params={"model": "claude-haiku-4-5", "max_tokens": 50},
    client=AsyncClient(api_key="k", base_url=url),
    engine=bulk.Local(int(at_a_time)),
)
for result in run:
    print(result.index, flush=True)
print(run.wait().in_doubt, flush=True)
"""


def started(rows: Path, out: Path, server: LocalServer) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(rows), str(out), server.url, str(AT_A_TIME)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANTIPHON_LOG": ""},
    )


def rows_in(folder: Path, count: int) -> Path:
    path = folder / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"id": f"r{n}", "prompt": f"Say {n}"}) + "\n" for n in range(count))
    )
    return path


class Counted:
    """Replies that are counted: the server's own list of requests is bounded."""

    def __init__(self, server: LocalServer) -> None:
        self.texts: Counter[str] = Counter()
        server.reply(self.reply)

    def reply(self, request: MessageView) -> str:
        self.texts[request.text] += 1
        return f"You said “{request.text}”"


def check(out: Path, count: int) -> None:
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in lines] == [f"r{n}" for n in range(count)]
    assert all(f"Say {line['index']}”" in line["text"] for line in lines)


def killed_runs(
    folder: Path, server: LocalServer, count: int, kills: int, seed: int
) -> tuple[int, int]:
    """Kill the program again and again, then let it finish; check what came of it.

    Returns:
        how many calls were repeated, and how many could have been.
    """
    chance, counted = random.Random(seed), Counted(server)
    rows, out = rows_in(folder, count), folder / "out.jsonl"
    for _ in range(kills):
        child = started(rows, out, server)
        assert child.stdout is not None
        asked = counted.texts.total()
        more = chance.randrange(1, 2 * count // (kills + 1))
        # At a number of requests, wherever the program is then: reading, sending, writing.
        while counted.texts.total() < asked + more and child.poll() is None:
            pass
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert not out.exists() or child.returncode == 0
    child = started(rows, out, server)
    printed, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    check(out, count)
    *given, in_doubt = map(int, printed.split())
    assert given == list(range(count))
    repeated = counted.texts.total() - count
    assert len(counted.texts) == count
    assert repeated <= in_doubt <= kills * AT_A_TIME
    return repeated, in_doubt


def test_a_killed_run_loses_nothing_and_repeats_only_what_was_under_way(
    tmp_path: Path, server: LocalServer
) -> None:
    killed_runs(tmp_path, server, count=400, kills=3, seed=1)


@pytest.mark.slow
def test_twenty_kills_lose_nothing(tmp_path: Path, server: LocalServer) -> None:
    killed_runs(tmp_path, server, count=2_000, kills=20, seed=2)


def test_an_interrupt_keeps_what_is_under_way(tmp_path: Path, server: LocalServer) -> None:
    counted = Counted(server)
    rows, out = rows_in(tmp_path, 1_000), tmp_path / "out.jsonl"
    child = started(rows, out, server)
    assert child.stdout is not None
    for _ in range(50):
        child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert counted.texts.total() < 1_000
    child = started(rows, out, server)
    printed, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    assert printed.split()[-1] == "0"  # it ended in order, so nothing is in doubt
    assert counted.texts.total() == 1_000
    check(out, 1_000)


# It may write no more into a file than a part of the results needs, as if the disk were full.
FULL = """
import json, resource, sys
from antiphon import Client, bulk

rows, out, url, most = sys.argv[1:]
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
run = bulk.run(
    rows,
    out=out,
    params={"model": "claude-haiku-4-5", "max_tokens": 50},
    client=Client(api_key="k", base_url=url),
    engine=bulk.Local(10),
)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), hard))
try:
    run.wait()
except OSError as error:
    print(json.dumps([error.strerror, *error.__notes__]))
    print(json.dumps([[each.index, each.text] for each in run.unsaved]))
"""


def test_of_a_full_disk_no_reply_is_lost(tmp_path: Path, server: LocalServer) -> None:
    counted = Counted(server)
    rows, out = rows_in(tmp_path, 1_000), tmp_path / "out.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(rows), str(out), server.url, "200000"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said, left = map(json.loads, done.stdout.splitlines())
    assert "results could not be written; they are in run.unsaved" in said[1]
    asked = counted.texts.total()
    kept = sum(Records(tmp_path / "out.jsonl.run").done())
    # Each reply is in the journal or in the hands of the program.
    assert kept + len(left) == asked < 1_000
    assert all(text == f"You said “Say {index}”" for index, text in left)
    child = started(rows, out, server)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 0, errors
    check(out, 1_000)
