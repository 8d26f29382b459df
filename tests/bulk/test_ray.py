"""Runs on Ray: on this machine, with two workers, some of whose processes are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from antiphon import Client
from antiphon.bulk import Local, Ray, run
from antiphon.bulk.ray import _connect
from tests.support.counting_server import counting_server

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    # By a thread, which ends the process: a run that is left waits for its calls, an error in the
    # middle of it would wait with it.
    pytest.mark.timeout(180, method="thread"),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed here"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

PARAMS = {"model": "claude-haiku-4-5", "max_tokens": 30}


@pytest.fixture(scope="module")
def cluster():
    """Start Ray once, with a key in the environment of its workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANTHROPIC_API_KEY", "test")
        ray, is_ours = _connect(None)
    assert is_ours
    yield ray
    ray.shutdown()


@pytest.fixture
def server():
    with counting_server() as running:
        yield running


@pytest.fixture
def asked(tmp_path, server, cluster):
    """Return the arguments of a run of so many rows."""

    def arguments(count, **engine):
        path = tmp_path / "in.jsonl"
        path.write_text(
            "".join(f'{{"id": "r{number}", "prompt": "{number}"}}\n' for number in range(count))
        )
        return {
            "rows": path,
            "out": tmp_path / "out.jsonl",
            "params": PARAMS,
            "client": Client(base_url=server.url, api_key="test"),
            "engine": Ray(workers=2, **{"shard_rows": 500, "concurrency": 20, **engine}),
        }

    return arguments


def check(results, count):
    """Fail unless each row has its result, once and in its place."""
    for number, result in enumerate(results):
        assert (result.index, result.id) == (number, f"r{number}")
        assert result.text == f"You said {number}"
        count -= 1
    assert count == 0


def processes(title):
    """Return the ids of the processes with this title that this one has started."""
    found, parents = [], {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
            if (folder / "cmdline").read_bytes().decode().startswith(f"ray::{title}"):
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile

    def is_ours(number):
        while number > 1 and number != os.getpid():
            number = parents.get(number, 0)
        return number == os.getpid()

    return [each for each in found if is_ours(each)]


def killed_half_way(title, going_on, server, count):
    """Kill a process once the server was asked for half of the rows."""
    while server.count < count / 2:
        assert going_on.progress.done < count
        time.sleep(0.05)
    number = processes(title)[0]
    os.kill(number, signal.SIGKILL)
    return number


def test_all_rows_are_there_once_and_in_order(asked, server):
    found = run(**asked(2_000))
    check(found, 2_000)
    assert server.count == found.wait().attempts == 2_000


def test_twenty_thousand_rows(asked, server):
    found = run(**asked(20_000, shard_rows=2_000, concurrency=100))
    check(found, 20_000)
    assert server.count == found.wait().attempts == 20_000


def test_a_killed_worker_starts_anew_and_goes_on(asked, server):
    count = 4_000
    with run(**asked(count)) as found:
        found._begin()
        killed = killed_half_way("Worker", found, server, count)
        check(found, count)
    assert killed not in processes("Worker")
    assert count <= server.count <= count * 1.015
    in_doubt = found.wait().in_doubt
    assert in_doubt in (0, 20)  # what one worker had under way, unless it was between two shards
    assert server.count - count <= in_doubt


def test_a_killed_limiter_starts_anew_and_learns_again(asked, server):
    count = 4_000
    with run(**asked(count)) as found:
        found._begin()
        killed_half_way("CommonLimiter", found, server, count)
        check(found, count)
    assert server.count == count


def test_rows_of_an_iterator_end_with_another_engine(asked, server):
    arguments = {
        **asked(0),
        "rows": [{"id": f"r{number}", "prompt": str(number)} for number in range(300)],
    }
    arguments["engine"] = Ray(workers=2, shard_rows=40, concurrency=5)
    with run(**arguments) as part:
        check(islice(part, 50), 50)
    check(run(**{**arguments, "engine": Local(10)}), 300)
    assert server.count == 300


def test_a_cluster_that_is_not_there_is_an_error_before_anything_is_sent(server, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"ray://127.0.0.1:{free.getsockname()[1]}"
    arguments = {
        "out": tmp_path / "out.jsonl",
        "params": PARAMS,
        "client": Client(base_url=server.url),
    }
    with pytest.raises(ConnectionError, match="no Ray cluster answers"):
        run(["1"], **arguments, engine=Ray(address)).wait()
    assert server.count == 0


WITHOUT_KEY = """
import sys
from antiphon import Client
from antiphon.bulk import run
run(
    ["1", "2"],
    params={"model": "claude-haiku-4-5", "max_tokens": 30},
    client=Client(base_url=sys.argv[1], api_key="only-here"),
    out=sys.argv[2],
    engine="ray",
).wait()
"""


def test_a_run_starts_a_cluster_of_its_own_whose_workers_need_a_key(server, tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path)}
    command = [sys.executable, "-c", WITHOUT_KEY, server.url, str(tmp_path / "out.jsonl")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "CredentialsError: A worker has no API key." in ended.stderr
    assert "only-here" not in ended.stderr
    assert server.count == 0
    assert not (tmp_path / ".ray").exists()


@pytest.mark.parametrize("name", ["shard_rows", "workers", "concurrency"])
def test_numbers_are_positive(name):
    with pytest.raises(ValueError, match=f"{name}: 0; give a number from 1"):
        Ray(**{name: 0})
