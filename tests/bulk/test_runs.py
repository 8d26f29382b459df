"""Runs against the local server: what comes back, what is asked, what stops them."""

from __future__ import annotations

import asyncio
import csv
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from antiphon import (
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Budget,
    Client,
    CredentialsError,
    InternalServerError,
    NotFoundError,
    OutputError,
    UsageError,
    bulk,
)
from antiphon.local import InProcess, LocalServer
from antiphon.testing import MessageView, user_text

from .conftest import PARAMS


def ids(number: int) -> list[dict[str, str]]:
    return [{"id": f"row {n}", "prompt": f"Say {n}"} for n in range(number)]


def prompts(server: LocalServer) -> list[str]:
    return [request.text for request in server.requests]


def test_results_come_in_the_order_of_the_rows(server: LocalServer, client: AsyncClient) -> None:
    found = list(bulk.run(ids(50), params=PARAMS, client=client))
    assert [each.id for each in found] == [f"row {n}" for n in range(50)]
    assert [each.index for each in found] == list(range(50))
    assert all(each.ok and f"Say {each.index}" in (each.text or "") for each in found)
    assert all(each.attempts == 1 and each.cost for each in found)
    assert len(server.requests) == 50


def test_a_single_prompt_is_a_run(client: AsyncClient) -> None:
    (only,) = bulk.run(["Hello"], params=PARAMS, client=client)
    assert (only.id, only.status) == ("0", "ok")


def test_results_come_as_they_are_completed(server: LocalServer, client: AsyncClient) -> None:
    asked: list[str] = []

    def soon(request: MessageView) -> str:
        asked.append(request.text)
        return "soon"

    async def late(request: MessageView) -> str:
        while len(asked) < 15:  # noqa: ASYNC110 (an event would belong to another loop)
            await asyncio.sleep(0.001)
        return "late"

    server.reply(late, when=user_text("Say 0"))
    server.reply(soon)
    run = bulk.run(ids(20), params=PARAMS, client=client, ordered=False)
    found = [each.index for each in run]
    assert sorted(found) == list(range(20))
    assert found.index(0) > 5


@pytest.mark.anyio
async def test_the_async_twin_gives_the_same(client: AsyncClient) -> None:
    run = bulk.arun(ids(10), params=PARAMS, client=client)
    assert [each.index async for each in run] == list(range(10))
    summary = await run.wait()
    assert (summary.ok, summary.stopped) == (10, None)
    again = await bulk.arun(ids(3), params=PARAMS, client=client)
    assert [each.index async for each in again] == [0, 1, 2]


def test_a_sync_client_serves_as_well(server: LocalServer) -> None:
    client = Client(api_key="k", base_url=server.url)
    assert bulk.run(ids(5), params=PARAMS, client=client).wait().ok == 5
    assert client.costs.spending.calls == 5  # its costs are counted in its ledger


def test_a_client_with_a_transport_of_its_own_serves_as_well() -> None:
    api = InProcess()
    client = Client(api_key="k", http_client=api)
    run = bulk.run(ids(5), params=PARAMS, client=client, tag="threads")
    assert run.wait().ok == 5
    assert len(api.requests) == 5
    assert client.costs.by_tag["threads"].calls == 5
    for thread in threading.enumerate():
        if thread.name.startswith("antiphon-bulk"):
            thread.join(20)
            assert not thread.is_alive()


def test_each_row_has_its_own_error(server: LocalServer, client: AsyncClient) -> None:
    server.fail(400, when=user_text("bad"))
    server.fail(500, when=user_text("down"))
    server.reply("fine")
    rows = [{"prompt": "good"}, {"prompt": "bad"}, {"text": "no"}, {"prompt": "down"}]
    good, bad, wrong, down = bulk.run(rows, params=PARAMS, client=client)
    assert good.ok
    assert isinstance(bad.error, BadRequestError)
    assert isinstance(down.error, InternalServerError)
    assert isinstance(wrong.error, ValueError)
    assert [each.kind for each in (good, bad, wrong, down)] == [
        None,
        "invalid",
        "invalid",
        "exhausted",
    ]
    assert (bad.attempts, wrong.attempts) == (1, 0)


class Count(BaseModel):
    n: int


def test_outputs_have_their_type(server: LocalServer, client: AsyncClient) -> None:
    server.reply('{"n": 3}', when=user_text("three"))
    server.reply("three")
    found = bulk.run(["three", "words"], params=PARAMS, client=client, output_format=Count)
    good, wrong = found
    assert good.output == Count(n=3)
    assert isinstance(wrong.error, OutputError)
    assert (wrong.kind, wrong.text) == ("output", "three")


def test_nothing_is_paid_twice_for_a_finished_row(
    server: LocalServer, client: AsyncClient, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    run = bulk.run(ids(100), params=PARAMS, client=client, out=out, engine=bulk.Local(5))

    number = count(1)

    def stop_at_thirty(request: MessageView) -> str:
        if next(number) == 30:
            run.stop()
        return f"You said {request.text}"

    server.reply(stop_at_thirty)
    found = list(run)
    asked = len(server.requests)
    assert 30 <= asked <= 35
    assert sum(each.ok for each in found) == asked
    assert [each.index for each in found] == list(range(100))
    assert {each.status for each in found} == {"ok", "skipped"}
    assert not out.exists()  # what is not complete does not look as if it were
    assert run.stopped == "drained"
    again = bulk.run(ids(100), params=PARAMS, client=client, out=out)
    assert [each.index for each in again] == list(range(100))
    assert len(server.requests) == 100
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(100))
    assert all(line["text"] == line["message"]["content"][0]["text"] for line in lines)
    # And a third time nothing is asked at all.
    assert bulk.run(ids(100), params=PARAMS, client=client, out=out).wait().ok == 100
    assert len(server.requests) == 100


def test_leaving_the_loop_keeps_what_was_under_way(
    server: LocalServer, client: AsyncClient, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    run = bulk.run(ids(100), params=PARAMS, client=client, out=out, engine=bulk.Local(5))
    for _ in run:
        break
    assert run.progress.under_way == 0
    assert run.progress.done == len(server.requests)
    assert bulk.run(ids(100), params=PARAMS, client=client, out=out).wait().ok == 100
    assert len(server.requests) == 100


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_table_has_a_column_for_each_field_of_the_output(
    server: LocalServer, client: AsyncClient, tmp_path: Path, name: str
) -> None:
    server.reply('{"n": 3}', when=user_text("three"))
    server.reply("three")
    out = tmp_path / name
    bulk.run(["three", "words"], params=PARAMS, client=client, output_format=Count, out=out).wait()
    if name.endswith("csv"):
        with out.open(newline="") as file:
            rows: list[dict[str, Any]] = list(csv.DictReader(file))
        assert (rows[0]["n"], rows[1]["n"]) == ("3", "")
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = parquet.read_table(out).to_pylist()
        assert (rows[0]["n"], rows[1]["n"]) == (3, None)
        assert rows[0]["cost"] > 0
    assert [row["status"] for row in rows] == ["ok", "error"]
    assert "does not fit the type" in rows[1]["error"]
    assert rows[0]["model"].startswith("claude-haiku-4-5")


def test_another_run_in_the_same_place_is_refused(client: AsyncClient, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    bulk.run(ids(2), params=PARAMS, client=client, out=out).wait()
    other = bulk.run(ids(2), params={**PARAMS, "max_tokens": 7}, client=client, out=out)
    with pytest.raises(ValueError, match=r'another params: .*"max_tokens": 100.* now'):
        other.wait()
    rows = [{"id": "row 0", "prompt": "Something else"}, *ids(3)[1:]]
    with pytest.raises(ValueError, match="row 0 is another one than when the run began"):
        bulk.run(rows, params=PARAMS, client=client, out=out).wait()


def test_two_rows_with_one_id_are_refused_before_anything_is_sent(
    server: LocalServer, client: AsyncClient
) -> None:
    with pytest.raises(ValueError, match="two rows have the id 'row 0', the second is row 2"):
        bulk.run([*ids(2), ids(1)[0]], params=PARAMS, client=client).wait()
    assert not server.requests


def test_of_an_iterator_the_second_row_with_an_id_has_an_error(client: AsyncClient) -> None:
    found = list(bulk.run(iter([*ids(2), ids(1)[0]]), params=PARAMS, client=client))
    assert [each.status for each in found] == ["ok", "ok", "error"]
    assert "another row has the id 'row 0' too" in str(found[2].error)


def test_rows_of_which_none_can_be_asked_are_refused(
    server: LocalServer, client: AsyncClient
) -> None:
    with pytest.raises(ValueError, match="none can be asked; row 0: the column 'txt' is missing"):
        bulk.run([{"text": "a"}], params=PARAMS, client=client, template="{txt}").wait()
    assert not server.requests


def test_equal_rows_are_asked_once_if_that_is_wanted(
    server: LocalServer, client: AsyncClient, tmp_path: Path
) -> None:
    rows = [{"id": str(n), "prompt": f"Say {n % 3}"} for n in range(30)]
    out = tmp_path / "out.jsonl"
    run = bulk.run(rows, params=PARAMS, client=client, dedupe=True, out=out)
    assert run.plan().duplicates == 27
    found = list(run)
    assert len(server.requests) == 3
    assert [each.id for each in found] == [str(n) for n in range(30)]
    assert all(f"Say {each.index % 3}" in (each.text or "") for each in found)
    copies = [each for each in found if each.same_as is not None]
    assert len(copies) == 27
    assert all(each.cost == 0 and each.attempts == 0 for each in copies)
    assert run.wait().cost == sum(each.cost or 0 for each in found)
    assert list(bulk.run(rows[:3], params=PARAMS, client=client))  # otherwise each is asked
    assert len(server.requests) == 6


def test_a_row_whose_equal_failed_is_asked_itself(server: LocalServer, client: AsyncClient) -> None:
    server.fail(500, times=1)
    server.reply("fine")
    found = list(bulk.run(["same"] * 3, params=PARAMS, client=client, dedupe=True))
    assert [each.status for each in found] == ["error", "ok", "ok"]
    assert len(server.requests) == 2


def test_a_marked_prefix_is_brought_into_the_cache_by_one_row(
    server: LocalServer, client: AsyncClient
) -> None:
    text = "A long text. " * 2_000
    system = [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]
    found = list(bulk.run(ids(20), params={**PARAMS, "system": system}, client=client))
    written = [
        each for each in found if each.message and each.message.usage.cache_creation_input_tokens
    ]
    assert len(written) == 1  # without the wait several would write it, and pay for it


def test_a_run_stops_at_what_it_may_cost(
    server: LocalServer, client: AsyncClient, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    run = bulk.run(ids(200), params=PARAMS, client=client, out=out, budget=0.01)
    found = list(run)
    summary = run.wait()
    assert summary.stopped == "budget"
    assert Decimal(0) < summary.cost <= Decimal("0.01")
    assert [each.index for each in found] == list(range(200))
    assert sum(each.ok for each in found) == len(server.requests) == summary.ok
    assert {each.status for each in found} == {"ok", "skipped"}
    assert not out.exists()
    # The same command spends no more; a larger budget goes on.
    asked = len(server.requests)
    assert (
        bulk.run(ids(200), params=PARAMS, client=client, out=out, budget=0.01).wait().ok
        <= asked + 1
    )
    more = bulk.run(ids(200), params=PARAMS, client=client, out=out, budget=Budget(usd=1))
    assert more.wait().stopped is None
    assert len(server.requests) == 200


def test_a_wrong_key_stops_the_run_at_once(server: LocalServer, client: AsyncClient) -> None:
    server.fail(401)
    run = bulk.run(ids(500), params=PARAMS, client=client, engine=bulk.Local(4))
    with pytest.raises(AuthenticationError):
        list(run)
    assert len(server.requests) <= 4
    assert run.stopped == "failed"


def test_without_a_key_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)
    with pytest.raises(CredentialsError):
        bulk.run(ids(3), params=PARAMS).wait()


def test_a_run_of_failures_stops(server: LocalServer, client: AsyncClient) -> None:
    run = bulk.run(
        ids(1_000), params={**PARAMS, "model": "claude-none"}, client=client, engine=bulk.Local(10)
    )
    with pytest.raises(NotFoundError):
        run.wait()
    assert 100 <= len(server.requests) < 120


def test_a_plan_sends_nothing(server: LocalServer, client: AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ids(5_000)) + "{\n")
    run = bulk.run(path, params=PARAMS, client=client)
    plan = run.plan()
    assert not server.requests
    assert (plan.rows, plan.done, plan.faulty, plan.duplicates) == (5_001, 0, 1, 0)
    assert "line 5001: this is not JSON" in plan.faults[0]
    assert plan.input_tokens.low <= plan.input_tokens.tokens <= plan.input_tokens.high
    assert plan.output_tokens.high == pytest.approx(500_000, rel=0.01)
    assert plan.cost is not None
    assert plan.cost_low is not None
    assert plan.cost_high is not None
    assert plan.cost_low < plan.cost <= plan.cost_high
    assert plan.batch_cost == plan.cost / 2
    assert plan.seconds is None  # no response has told the limits yet
    assert "5,001" in str(plan)


@pytest.mark.anyio
async def test_an_async_plan_is_the_same(client: AsyncClient) -> None:
    run = bulk.arun(ids(3), params=PARAMS, client=client)
    assert (await run.plan()).rows == 3


def test_a_plan_knows_the_limits_once_a_response_has_told_them(client: AsyncClient) -> None:
    from antiphon import Limiter

    limited = client.with_options(limiter=Limiter())
    bulk.run(ids(3), params=PARAMS, client=limited).wait()
    plan = bulk.run(ids(20_000), params=PARAMS, client=limited).plan()
    assert plan.seconds == pytest.approx(120, rel=0.01)  # 10,000 requests a minute


def test_an_iterator_cannot_be_planned(client: AsyncClient) -> None:
    run = bulk.run(iter(ids(3)), params=PARAMS, client=client)
    with pytest.raises(UsageError, match="a plan would use up"):
        run.plan()


def test_a_run_that_could_cost_much_is_not_begun_where_nobody_can_agree(
    server: LocalServer, client: AsyncClient
) -> None:
    run = bulk.run(ids(100), params=PARAMS, client=client, confirm_above=0.01)
    with pytest.raises(UsageError, match=r"could cost \$0\.0\d, and there is no terminal to ask"):
        run.wait()
    assert not server.requests
    assert bulk.run(ids(100), params=PARAMS, client=client, confirm_above=1).wait().ok == 100


def test_a_run_that_was_stopped_from_elsewhere_keeps_what_was_under_way(
    server: LocalServer, client: AsyncClient
) -> None:
    server.reply("slow", delay=0.3)
    run = bulk.run(ids(100), params=PARAMS, client=client, engine=bulk.Local(10))
    timer = threading.Timer(0.0, run.stop)
    first = next(iter(run))
    timer.start()
    summary = run.wait()
    timer.join()
    assert first.ok
    assert summary.stopped == "drained"
    assert summary.ok == len(server.requests)


def test_a_run_can_be_cut(server: LocalServer, client: AsyncClient) -> None:
    server.reply("never", delay=3600)
    run = bulk.run(ids(3), params=PARAMS, client=client)
    run._begin()
    while not server.requests:
        pass
    run.cancel()
    assert run.wait().stopped == "cancelled"


@pytest.mark.anyio
async def test_leaving_the_block_of_an_async_run_keeps_what_was_under_way(
    server: LocalServer, client: AsyncClient
) -> None:
    async with bulk.arun(ids(300), params=PARAMS, client=client, engine=bulk.Local(5)) as run:
        async for result in run:
            if result.index == 20:
                break
    assert run.stopped == "drained"
    assert run.progress.done == len(server.requests)


def test_rows_of_a_generator_are_read_as_they_are_needed(
    server: LocalServer, client: AsyncClient
) -> None:
    read: list[int] = []

    def rows() -> Iterator[str]:
        for n in range(100_000):
            read.append(n)
            yield f"Say {n}"

    run = bulk.run(rows(), params=PARAMS, client=client, engine=bulk.Local(5))
    for result in run:
        if result.index == 100:
            break
    assert len(read) < 2_000


def test_a_generator_that_fails_ends_the_run_with_its_error(client: AsyncClient) -> None:
    def rows() -> Iterator[str]:
        yield "first"
        raise LookupError("no more rows")

    found = []
    with pytest.raises(LookupError, match="no more rows"):
        found.extend(bulk.run(rows(), params=PARAMS, client=client))
    assert [each.text is not None for each in found] in ([True], [])


def test_an_engine_of_ones_own_is_used(client: AsyncClient) -> None:
    class OneByOne:
        async def run(self, job: bulk.Job) -> None:
            job.begin(1, "one by one")
            for row in job.rows():
                await job.perform(row)

    assert bulk.run(ids(4), params=PARAMS, client=client, engine=OneByOne()).wait().ok == 4


def test_progress_and_summary_say_how_it_went(client: AsyncClient, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    run = bulk.run(ids(10), params=PARAMS, client=client, out=out, tag="test")
    assert run.progress.rows is None
    summary = run.wait()
    progress = run.progress
    assert (progress.rows, progress.done, progress.ok, progress.under_way) == (10, 10, 10, 0)
    assert progress.cost == summary.cost > 0
    assert summary.out == out
    assert summary.directory == tmp_path / "out.jsonl.run" == run.directory
    assert client.costs.by_tag["test"].calls == 10


def test_a_run_that_is_never_begun_says_so(client: AsyncClient) -> None:
    with pytest.warns(ResourceWarning, match="never begun: iterate over it, or call its wait"):
        bulk.run(ids(1), params=PARAMS, client=client).__del__()


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"out": "answers.txt"}, ValueError, "out: .* ends in"),
        ({"out": "no/such/folder/a.jsonl"}, FileNotFoundError, "there is no folder"),
        (
            {"engine": "spark"},
            ValueError,
            "engine: 'spark'; give 'local', 'ray', 'ray://HOST:PORT'",
        ),
        ({"via": "mail"}, ValueError, "via: 'mail'; give 'live' or 'batch'"),
        ({"budget": "much"}, ValueError, "usd='much'"),
        ({"budget": [1]}, TypeError, "US dollars as a number"),
        ({"client": "key"}, TypeError, "str is no antiphon.Client"),
        ({"confirm_above": -1}, ValueError, "confirm_above: -1"),
    ],
)
def test_a_wrong_argument_is_refused_at_once(
    given: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        bulk.run(["Hi"], params=PARAMS, **given)


def test_a_window_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="concurrency: 0; give a number from 1"):
        bulk.Local(0)


@pytest.mark.anyio
async def test_two_runs_share_a_loop(client: AsyncClient) -> None:
    runs = [bulk.arun(ids(20), params=PARAMS, client=client) for _ in range(2)]
    summaries = await asyncio.gather(*(run.wait() for run in runs))
    assert [summary.ok for summary in summaries] == [20, 20]
