"""Runs whose shards are performed elsewhere: here by another engine than Ray, which is short."""

from __future__ import annotations

import asyncio
import datetime as dt
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import fsspec
import pytest

from antiphon import Client
from antiphon.bulk import Local, run
from antiphon.bulk.journal import RunJournal
from antiphon.bulk.leading import Leader
from antiphon.bulk.shards import ShardOutcome
from antiphon.bulk.stores import store_of
from antiphon.local import LocalServer
from tests.support.pool_engine import Pool

PARAMS = {"model": "claude-haiku-4-5", "max_tokens": 100}


@pytest.fixture
def server():
    with LocalServer() as running:
        running.fail(400, when=lambda request: "bad" in request.text, times=2)
        running.reply(lambda request: f"You said {request.text}")
        yield running


@pytest.fixture
def client(server, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    return Client(base_url=server.url)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def texts(results):
    return [result.text for result in results]


def said(numbers):
    return [f"You said {number}" for number in numbers]


def jsonl(path, numbers):
    path.write_text("".join(f'"{number}"\n' for number in numbers))
    return path


def test_another_engine_is_short(client, tmp_path, server):
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        found = run(
            jsonl(tmp_path / "in.jsonl", range(130)),
            out=tmp_path / "out.jsonl",
            params=PARAMS,
            client=client,
            engine=Pool(executor),
        )
        assert texts(found) == said(range(130))
    assert found.wait().attempts == len(server.requests) == 130
    assert found.wait().in_doubt == 0
    assert not [*(found.directory / "shards").iterdir()]
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 130


def test_rows_of_an_iterator_stay_what_they_are(client, threads, tmp_path):
    days = (dt.date(2026, 1, 1) + dt.timedelta(number) for number in range(70))
    found = run(
        ({"day": day} for day in days),
        out=tmp_path / "out.jsonl",
        params=PARAMS,
        template="{day}",
        client=client,
        engine=Pool(threads),
    )
    assert texts(found)[:3] == said(["2026-01-01", "2026-01-02", "2026-01-03"])


def test_a_run_changes_its_engine_half_way(client, threads, tmp_path, server):
    arguments = {
        "rows": [str(number) for number in range(90)],
        "out": tmp_path / "out.jsonl",
        "params": PARAMS,
        "client": client,
    }
    engines = [Local(5), Pool(threads, shard_rows=20), Local(5)]
    for engine in engines:
        with run(**arguments, engine=engine) as part:
            for _, _ in zip(part, range(25), strict=False):
                pass
    assert texts(run(**arguments, engine=Pool(threads))) == said(range(90))
    assert len(server.requests) == 90


def test_rows_that_are_done_are_left_out_of_shards(client, threads, tmp_path, server):
    rows = [f"bad {number}" if number in (7, 50) else str(number) for number in range(60)]
    path = jsonl(tmp_path / "in.jsonl", rows)
    arguments = {"rows": path, "out": tmp_path / "out.csv", "params": PARAMS, "client": client}
    first = run(**arguments, engine=Pool(threads)).wait()
    assert first.errors == {"invalid": 2}
    journal = RunJournal(first.directory)
    journal.forget(None)
    journal.end()
    assert texts(run(**arguments, engine=Pool(threads))) == said(rows)
    assert len(server.requests) == 62


def test_what_a_dead_leader_left_is_adopted(client, threads, tmp_path, server):
    rows = [str(number) for number in range(40)]
    arguments = {"rows": rows, "out": tmp_path / "out.jsonl", "params": PARAMS, "client": client}
    part = run(rows[:25], out=tmp_path / "part.jsonl", params=PARAMS, client=client)
    assert texts(part) == said(range(25))
    # A worker was at it when everything died, in the middle of a line.
    shards = tmp_path / "out.jsonl.run" / "shards"
    shards.mkdir(parents=True)
    left = part.directory.rename(shards / "0001-000001")
    segment = left / "segments" / "00000.jsonl"
    segment.write_bytes(segment.read_bytes() + b'{"id": "25", "ind')
    assert texts(run(**arguments, engine=Pool(threads))) == said(range(40))
    assert len(server.requests) == 40
    assert not [*shards.iterdir()]


def test_the_calls_of_dead_workers_are_counted(tmp_path):
    shard = RunJournal(tmp_path / "shard")
    shard.begin(7, "live")
    shard.session = None  # nobody notes its end
    shard.end()
    journal = RunJournal(tmp_path / "run")
    journal.adopt(tmp_path / "shard")
    assert journal.records.in_doubt() == 7
    journal.end()


@pytest.mark.parametrize("place", ["memory://shards", "folder"])
def test_shards_are_published_in_an_object_store(client, threads, tmp_path, server, place):
    url = f"file://{tmp_path}/store" if place == "folder" else place
    found = run(
        [str(number) for number in range(120)],
        out=tmp_path / "out.jsonl",
        params=PARAMS,
        client=client,
        engine=Pool(threads, storage=url),
    )
    assert texts(found) == said(range(120))
    assert len(server.requests) == 120
    files, path = fsspec.core.url_to_fs(url)
    assert files.find(path) == []


@pytest.mark.parametrize("place", ["memory://shared", "folder"])
def test_runs_of_one_name_at_one_address_do_not_mix(tmp_path, place):
    url = f"file://{tmp_path}/store" if place == "folder" else place
    one, other, again = (store_of(url, tmp_path / name / "out.jsonl.run") for name in "aba")
    for store in (one, other):
        journal = RunJournal(store.journal("0001-000000"))
        journal.end()
    one.publish("0001-000000")
    assert not other.is_published("0001-000000")
    assert other.names() == []
    assert again.names() == ["0001-000000"]
    other.publish("0001-000000")
    assert other.names() == ["0001-000000"]


@pytest.mark.parametrize("place", ["memory://first", "folder"])
def test_the_first_to_publish_wins(tmp_path, place):
    url = f"file://{tmp_path}/store" if place == "folder" else place
    store = store_of(url, tmp_path / "a.run")
    for worker in (1, 2):
        journal = RunJournal(store.journal("0001-000001"))
        journal.begin(worker, "live")
        journal.session = None
        journal.end()
        store.publish("0001-000001")
        assert store.names() == ["0001-000001"]
    assert RunJournal(store.fetch("0001-000001")).records.in_doubt() == 1
    store.forget("0001-000001")
    assert not store.is_published("0001-000001")


def test_shards_together_stay_within_the_budget(client, threads, tmp_path):
    arguments = {
        "rows": [str(number) for number in range(400)],
        "out": tmp_path / "out.jsonl",
        "params": PARAMS,
        "client": client,
    }
    first = run(**arguments, engine=Pool(threads, shard_rows=10), budget=0.005).wait()
    assert first.stopped == "budget"
    # So near to it that no further call fits, which could cost a hundred tokens of output.
    assert 0.004 < first.cost <= 0.005
    second = run(**arguments, engine=Pool(threads), budget=10).wait()
    assert second.stopped is None
    assert second.rows == 400


class Unheard:
    """An engine whose workers go on until the run is stopped, and that cannot be asked how."""

    async def run(self, job):
        job.begin(0, "unheard")
        leader = Leader(job, store_of(None, job.journal.path), 50, self.progress)
        self.job = job
        await leader.run([self])

    async def progress(self):
        raise ConnectionError("the limiter is gone")

    async def perform(self, shard, loan):
        while self.job.stopped is None:  # noqa: ASYNC110 (a job has no event)
            await asyncio.sleep(0.01)
        return ShardOutcome(None, None, None)

    async def stop(self, why):
        """Do nothing: `perform` looks by itself."""


def test_a_run_whose_workers_cannot_be_reached_ends_with_the_reason(client):
    with pytest.raises(ConnectionError, match="the limiter is gone"):
        run(["Hi"], params=PARAMS, client=client, engine=Unheard()).wait()
