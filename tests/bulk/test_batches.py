"""Runs through the Batches API: at half the price, and no batch is lost or paid twice."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import textwrap
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from antiphon import AsyncClient, Budget, Client, errors
from antiphon.bulk import Batches, Local, Run, RunSummary, arun, run
from antiphon.local import LocalServer
from antiphon.local.api.steps import Abort, Pause
from antiphon.testing import frozen, user_text
from tests.support.troubled_app import TroubledApp, cut, lost, refused

MODEL = "claude-haiku-4-5"
PARAMS = {"model": MODEL, "max_tokens": 50}
CREATE = ("POST", "/batches")
DAY = 86_400


@pytest.fixture
def app():
    return TroubledApp(batch_seconds=600)


@pytest.fixture
def server(app):
    with LocalServer(app) as running:
        yield running


@pytest.fixture
def client(server):
    return Client(base_url=server.url, api_key="test", max_retries=0)


@pytest.fixture
def rows(tmp_path):
    return lines(tmp_path / "rows.jsonl", [{"prompt": f"Number {n}"} for n in range(30)])


def lines(path, values):
    path.write_text("".join(json.dumps(each) + "\n" for each in values))
    return path


def summary(given: Run) -> RunSummary:
    with frozen():
        return given.wait()


@pytest.fixture
def batches(client, tmp_path):
    """Return a function that makes a run; the same directory stands for the same run."""

    def make(rows, **settings) -> Run:
        given = {"params": PARAMS, "via": "batch", "client": client, "out": tmp_path / "out.jsonl"}
        return run(rows, **{**given, **settings})

    return make


def created(server) -> list[list[dict[str, Any]]]:
    """Return the requests of each batch, in the order in which they were created."""
    sent = server.requests.filter(path="/v1/messages/batches")
    return [each.body["requests"] for each in sent if each.method == "POST" and each.status == 200]


def asked_live(server) -> int:
    return len(server.requests.filter(path="/v1/messages"))


def positions(requests) -> list[int]:
    return [int(each["custom_id"].split("-")[1]) for each in requests]


def test_all_rows_at_half_the_price(server, client, batches, rows, tmp_path):
    found = summary(batches(rows, tag="numbers"))
    assert (found.ok, found.attempts, found.stopped, found.in_doubt) == (30, 30, None, 0)
    kept = [json.loads(line) for line in found.out.read_text().splitlines()]
    assert [each["index"] for each in kept] == [*range(30)]
    live = Client(base_url=server.url, api_key="test").messages.create(
        **PARAMS, messages=[{"role": "user", "content": "Number 0"}]
    )
    assert found.cost == 30 * live.cost.total / 2
    assert client.costs.by_tag["numbers"].total == found.cost
    assert client.costs.spending.cost.modifiers == {"batch"}


def test_batches_have_no_more_requests_than_allowed(server, batches, rows):
    assert summary(batches(rows, engine=Batches(requests=12))).ok == 30
    assert [len(each) for each in created(server)] == [12, 12, 6]
    assert sum(map(positions, created(server)), []) == [*range(30)]


def test_batches_have_no_more_bytes_than_allowed(server, batches, rows):
    assert summary(batches(rows, engine=Batches(size=1000))).ok == 30
    sent = server.requests.filter(path="/v1/messages/batches")
    sizes = [int(each.headers["content-length"]) for each in sent if each.method == "POST"]
    assert len(sizes) > 3
    assert max(sizes) <= 1000
    assert min(sizes[:-1]) > 800


def test_a_row_that_fits_into_no_batch_has_an_error(batches):
    long = [{"prompt": "word " * 300}, {"prompt": "short"}]
    first, second = frozen_results(batches(long, engine=Batches(size=1000)))
    assert (first.kind, second.ok) == ("invalid", True)
    assert "1,000" in str(first.error)


def frozen_results(given: Run):
    with frozen():
        return [*given]


def test_ids_may_have_any_characters(server, batches):
    ids = ["a b/ü", "x" * 200, "row-1", "-", "0"]
    found = frozen_results(batches([{"id": each, "prompt": each} for each in ids]))
    assert [(each.id, each.index, each.ok) for each in found] == [
        (name, index, True) for index, name in enumerate(ids)
    ]
    sent = created(server)[0]
    assert [each["params"]["messages"][0]["content"] for each in sent] == ids


def test_outputs_have_the_type_that_was_asked_for(server, batches, rows):
    class Number(BaseModel):
        value: int

    server.reply('{"value": 7}', when=user_text("Number 1"))
    server.reply("seven")
    found = frozen_results(batches(rows, output_format=Number))
    assert found[1].output == Number(value=7)
    assert found[2].kind == "output"
    assert isinstance(found[2].error, errors.OutputValidationError)


def test_an_error_that_may_pass_is_asked_again(server, batches, rows):
    server.fail(529, times=2)
    server.reply("Done.")
    found = frozen_results(batches(rows))
    assert {each.ok for each in found} == {True}
    again = [each.index for each in found if each.attempts == 2]
    assert [positions(each) for each in created(server)] == [[*range(30)], again]
    assert len(again) == 2


def test_an_error_that_does_not_pass_is_asked_three_times(server, batches):
    server.fail(529)
    (found,) = frozen_results(batches(["one"]))
    assert (found.kind, found.attempts, len(created(server))) == ("exhausted", 3, 3)
    assert isinstance(found.error, errors.OverloadedError)
    assert found.error.status_code == 529


def test_a_refused_request_is_asked_once(server, batches):
    given = [{"prompt": "fine"}, {"prompt": "wrong", "temperature": 7}]
    fine, wrong = frozen_results(batches(given))
    assert fine.ok
    assert (wrong.kind, wrong.attempts, wrong.cost) == ("invalid", 1, None)
    assert isinstance(wrong.error, errors.BadRequestError)
    assert wrong.error.status_code == 400
    assert "temperature" in wrong.error.message
    assert len(created(server)) == 1


def test_expired_rows_are_asked_again(server, batches, rows):
    server.replace(TroubledApp(batch_seconds=2.5 * DAY))
    found = frozen_results(batches(rows, engine=Batches(every=DAY / 10)))
    assert len(created(server)) == 3
    # 12 rows of 30 in a day, then 7 of 18, then 4 of 11.
    assert [each.attempts for each in found].count(1) == 12
    assert [each.attempts for each in found if each.ok].count(3) == 4
    left = [each for each in found if not each.ok]
    assert {(each.kind, each.attempts) for each in left} == {("expired", 3)}
    assert len(left) == 7


def test_rows_of_an_iterator_are_asked_again_by_the_next_call(server, batches, tmp_path):
    out = tmp_path / "out.jsonl"
    server.fail(529, times=1)
    server.reply("Done.")
    first = summary(batches(iter(["one", "two"])))
    assert (first.ok, first.stopped) == (1, "drained")
    second = summary(batches(iter(["one", "two"])))
    assert (second.ok, second.attempts, second.stopped) == (2, 3, None)


def test_rows_that_somebody_cancels_are_not_asked_again(server, rows, tmp_path):
    async def cancelled() -> list[Any]:
        client = AsyncClient(base_url=server.url, api_key="test")
        going = arun(rows, params=PARAMS, via="batch", client=client, out=tmp_path / "out.jsonl")
        waiting = asyncio.create_task(going.wait())
        while not [each async for each in client.messages.batches.list()]:
            pass
        (batch,) = [each async for each in client.messages.batches.list()]
        await client.messages.batches.cancel(batch.id)
        await waiting
        return [each async for each in going]

    with frozen():
        found = asyncio.run(cancelled())
    assert {each.kind for each in found if not each.ok} == {"expired"}
    assert len(created(server)) == 1


def test_whoever_cancels_a_run_cancels_its_batches(server, batches, rows):
    with frozen():
        first = batches(rows)
        begun(first, server)
        first.cancel()
        assert first.wait().stopped == "cancelled"
    (batch,) = Client(base_url=server.url, api_key="test").messages.batches.list()
    assert batch.cancel_initiated_at is not None
    # What the batch gave until then is kept, and the other rows are in another one.
    server.clock.advance(60)
    found = summary(batches(rows))
    given = len(created(server)[1])
    assert 0 < given <= 30
    assert (found.ok, found.attempts) == (30, 30)


def begun(given: Run, server) -> None:
    """Let a run begin, and wait until its batch is there."""
    given._begin()
    while not given.progress.under_way:
        assert given.progress.done == 0
    assert created(server)


def test_a_run_that_is_stopped_leaves_its_batch_and_goes_on_with_it(server, batches, rows, caplog):
    first = batches(rows)
    begun(first, server)
    first.stop()
    found = first.wait()
    assert (found.ok, found.stopped) == (0, "drained")
    (batch,) = Client(base_url=server.url, api_key="test").messages.batches.list()
    assert f"batch {batch.id} with 30 rows stays at the API" in caplog.text
    assert batch.cancel_initiated_at is None
    found = summary(batches(rows))
    assert (found.ok, found.attempts, len(created(server))) == (30, 30, 1)


def test_rows_in_a_batch_are_not_asked_live(server, batches, rows):
    first = batches(rows, engine=Batches(requests=20))
    begun(first, server)
    first.stop()
    first.wait()
    batched = sum(map(positions, created(server)), [])
    found = summary(batches(rows, via="live"))
    assert (found.ok, found.attempts) == (30, 30)
    assert asked_live(server) == 30 - len(batched)
    assert len(created(server)) == len(batched) / 20


def test_rows_that_were_asked_live_are_in_no_batch(server, batches, rows):
    first = batches(rows, via="live", engine=Local(concurrency=2))
    for _ in zip(range(5), first, strict=False):
        pass
    first.stop()
    done = first.wait().ok
    assert 5 <= done < 30
    found = summary(batches(rows))
    assert found.ok == 30
    assert [len(each) for each in created(server)] == [30 - done]


def test_rows_of_a_batch_that_expires_are_asked_live_when_the_run_goes_that_way(
    server, batches, rows
):
    server.replace(TroubledApp(batch_seconds=2 * DAY))
    first = batches(rows)
    begun(first, server)
    first.stop()
    first.wait()
    found = summary(batches(rows, via="live"))
    assert found.ok == 30
    assert asked_live(server) == 15


def test_equal_rows_are_in_a_batch_once(server, batches):
    found = frozen_results(batches(["one", "two", "one", "one"], dedupe=True))
    assert [each.same_as for each in found] == [None, None, 0, 0]
    assert [each.cost for each in found][2:] == [0, 0]
    assert [len(each) for each in created(server)] == [2]


def test_other_rows_than_those_in_a_batch_are_refused(server, batches):
    first = batches(["one", "two"])
    begun(first, server)
    first.stop()
    first.wait()
    with pytest.raises(ValueError, match="row 1 is another one"):
        summary(batches(["one", "three"]))
