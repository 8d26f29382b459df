"""Runs through the Batches API: at half the price, and no batch is lost or paid twice."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from itertools import chain
from typing import Any

import pytest
from pydantic import BaseModel

from antiphon import Budget, Client, errors
from antiphon.bulk import Batched, Local, Run, RunSummary, run
from antiphon.local import LocalServer
from antiphon.local.api.steps import Abort, Pause
from antiphon.testing import frozen, user_text
from tests.support.troubled_app import TroubledApp, cut, lost, refused, unharmed

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
    assert summary(batches(rows, engine=Batched(requests=12))).ok == 30
    assert [len(each) for each in created(server)] == [12, 12, 6]
    assert [*chain(*map(positions, created(server)))] == [*range(30)]


def test_batches_have_no_more_bytes_than_allowed(server, batches, rows):
    assert summary(batches(rows, engine=Batched(size=1000))).ok == 30
    sent = server.requests.filter(path="/v1/messages/batches")
    sizes = [int(each.headers["content-length"]) for each in sent if each.method == "POST"]
    assert len(sizes) > 3
    assert max(sizes) <= 1000
    assert min(sizes[:-1]) > 800


def test_a_row_that_fits_into_no_batch_has_an_error(batches):
    long = [{"prompt": "word " * 300}, {"prompt": "short"}]
    first, second = frozen_results(batches(long, engine=Batched(size=1000)))
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
    found = frozen_results(batches(rows, engine=Batched(every=DAY / 10)))
    assert len(created(server)) == 3
    # 12 rows of 30 in a day, then 7 of 18, then 4 of 11.
    assert [each.attempts for each in found].count(1) == 12
    assert [each.attempts for each in found if each.ok].count(3) == 4
    left = [each for each in found if not each.ok]
    assert {(each.kind, each.attempts) for each in left} == {("expired", 3)}
    assert len(left) == 7


def test_rows_of_an_iterator_are_asked_again_by_the_next_call(server, batches):
    server.fail(529, times=1)
    server.reply("Done.")
    first = summary(batches(iter(["one", "two"])))
    assert (first.ok, first.stopped) == (1, "drained")
    second = summary(batches(iter(["one", "two"])))
    assert (second.ok, second.attempts, second.stopped) == (2, 3, None)


def test_rows_that_somebody_cancels_are_not_asked_again(server, batches, rows):
    going = batches(rows, engine=Batched(every=0.05))
    begun(going, server)
    half_way_cancelled(server)
    found = [*going]
    assert [each.kind for each in found] == [None] * 15 + ["expired"] * 15
    assert len(created(server)) == 1


def half_way_cancelled(server) -> None:
    server.clock.advance(300)
    others = Client(base_url=server.url, api_key="test").messages.batches
    others.cancel(others.list().data[0].id)
    server.clock.advance(60)


def test_whoever_cancels_a_run_cancels_its_batches(server, batches, rows):
    first = batches(rows)
    begun(first, server)
    server.clock.advance(300)
    first.cancel()
    assert first.wait().stopped == "cancelled"
    (batch,) = Client(base_url=server.url, api_key="test").messages.batches.list()
    assert batch.cancel_initiated_at is not None
    # What the batch gave until then is kept, and the other rows are in another one.
    found = summary(batches(rows))
    assert positions(created(server)[1]) == [*range(15, 30)]
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
    first = batches(rows, engine=Batched(requests=20))
    begun(first, server)
    first.stop()
    first.wait()
    batched = sum(map(len, created(server)))
    found = summary(batches(rows, via="live"))
    assert (found.ok, found.attempts) == (30, 30)
    assert asked_live(server) == 30 - batched
    assert sum(map(len, created(server))) == batched


def test_rows_that_were_asked_live_are_in_no_batch(server, batches, rows):
    first = summary(batches(rows, via="live", engine=Local(concurrency=2), budget=0.002))
    assert first.stopped == "budget"
    assert 0 < (done := first.ok) < 30
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
    server.clock.advance(DAY)
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


def test_a_budget_makes_batches_smaller(server, batches, rows, tmp_path):
    (first,) = frozen_results(batches(["Number 0"], out=tmp_path / "first.jsonl"))
    worst = Budget(usd=1).reserve(created(server)[0][0]["params"])
    budget = Budget(usd=10 * worst)
    found = summary(batches(rows, budget=budget))
    second = int((budget.limit - 10 * first.cost) / worst)
    assert [len(each) for each in created(server)][1:3] == [10, second]
    assert (found.ok, found.stopped) == (sum(map(len, created(server))) - 1, "budget")
    assert (budget.spent, budget.reserved) == (found.cost, 0)
    assert budget.left < worst
    assert found.cost == found.ok * first.cost


def test_a_budget_in_tokens_counts_those_of_batches(server, batches, rows):
    budget = Budget(tokens=800)
    found = summary(batches(rows, budget=budget))
    assert found.stopped == "budget"
    assert budget.spent == found.input_tokens + found.output_tokens <= 800
    assert budget.reserved == 0


def test_a_budget_knows_what_an_earlier_session_has_under_way(server, batches, rows):
    first = batches(rows, budget=1, engine=Batched(requests=10))
    begun(first, server)
    first.stop()
    first.wait()
    sent = sum(map(len, created(server)))
    worst = Budget(usd=1).reserve(created(server)[0][0]["params"])
    before = len(server.requests)
    # All of it is reserved at first, so that nothing can be added before a batch has ended.
    found = summary(batches(rows, budget=worst * sent))
    then = server.requests[before:]
    first_results = next(each for each in then if each.path.endswith("/results"))
    assert "POST" not in {each.method for each in then[: then.index(first_results)]}
    assert found.cost <= worst * sent


def test_a_model_without_a_price_needs_another_budget(batches):
    with pytest.raises(errors.UsageError, match="price"):
        summary(batches([{"prompt": "Hi", "model": "my-model"}], budget=1))


def test_what_a_request_says_of_itself_is_refused_before_anything_is_sent(server, batches):
    with pytest.raises(errors.UsageError, match="betas: the rows of a batch"):
        summary(batches([{"prompt": "Hi", "betas": ["files-api-2025-04-14"]}]))
    assert not server.requests


def test_a_wrong_key_ends_the_run(server, batches, rows):
    wrong = Client(base_url=server.url, api_key="invalid")
    with pytest.raises(errors.AuthenticationError):
        summary(batches(rows, client=wrong))
    # Nothing is under way, so the right key need not look for it.
    assert summary(batches(rows)).ok == 30
    assert len(created(server)) == 1


def test_a_batch_that_is_not_known_yet_is_waited_for(server, app, batches, rows):
    not_found = refused(404, "not_found_error")
    app.troubles["GET", ""] = [not_found] * 3
    assert summary(batches(rows)).ok == 30


def test_a_batch_that_is_not_there_ends_the_run(server, batches, rows):
    first = batches(rows)
    begun(first, server)
    first.stop()
    first.wait()
    server.replace(TroubledApp(batch_seconds=600))
    with pytest.raises(errors.NotFoundError) as caught:
        summary(batches(rows))
    assert "belongs to the workspace of another key" in caught.value.__notes__[0]
    assert len(created(server)) == 0


def test_a_full_queue_is_waited_for(server, app, batches, rows):
    full = refused(429, "rate_limit_error", retry_after="10")
    app.troubles[CREATE] = [unharmed, *[full] * 40]
    with frozen() as clock:
        assert batches(rows, engine=Batched(requests=15)).wait().ok == 30
    assert clock.elapsed >= 400 + 600
    assert len(created(server)) == 2


@pytest.mark.parametrize("status", [500, 504, 529])
def test_an_api_that_fails_is_asked_again(server, app, batches, rows, status):
    trouble = refused(status, "api_error")
    app.troubles[CREATE] = [trouble] * 2
    app.troubles["GET", "/results"] = [trouble] * 2
    assert summary(batches(rows)).ok == 30
    assert len(created(server)) == 1


def test_an_api_that_fails_for_half_an_hour_ends_the_run(server, app, batches, rows):
    app.troubles[CREATE] = [refused(500, "api_error")] * 100
    with pytest.raises(errors.InternalServerError):
        summary(batches(rows))
    app.troubles.clear()
    assert summary(batches(rows)).ok == 30


def test_a_batch_whose_response_is_lost_is_found(server, app, batches, rows):
    app.troubles[CREATE] = [lost]
    found = summary(batches(rows))
    assert (found.ok, found.attempts) == (30, 30)
    assert len(Client(base_url=server.url, api_key="test").messages.batches.list().data) == 1


def test_the_batch_of_somebody_else_is_not_mistaken(server, app, batches, rows):
    other = Client(base_url=server.url, api_key="test").messages.batches
    ask = {**PARAMS, "messages": [{"role": "user", "content": "Hi"}]}
    other.create(requests=[{"custom_id": f"row-{n}-0", "params": ask} for n in range(30)])
    app.troubles[CREATE] = [refused(500, "api_error")]
    found = summary(batches(rows))
    assert (found.ok, found.attempts) == (30, 30)
    assert len(created(server)) == 2


def test_results_that_break_off_are_read_again(server, app, batches, rows):
    app.troubles["GET", "/results"] = [cut(7, Abort()), cut(20, Abort())]
    found = summary(batches(rows))
    assert (found.ok, found.attempts, len(created(server))) == (30, 30, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of files")
def test_results_for_which_there_is_no_room_are_read_again(server, batches, rows):
    import resource

    server.reply("word " * 4000)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, usual[1]))
    try:
        with pytest.raises(OSError, match="No space"):
            summary(batches(rows))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    found = summary(batches(rows))
    assert (found.ok, found.attempts, len(created(server))) == (30, 30, 1)


PROGRAM = """
    import os, signal, sys
    from antiphon import AsyncClient
    from antiphon.bulk import Batched, run

    url, rows, out, when = sys.argv[1:]

    def die(now):
        if now == when:
            os.kill(os.getpid(), signal.SIGKILL)

    async def deadly(request, call_next):
        creates = request.method == "post"
        die("before it is created" if creates else "while it is waited for")
        response = await call_next(request)
        die("before its id is noted" if creates else "")
        return response

    client = AsyncClient(base_url=url, api_key="test", middleware=[deadly])
    params = {"model": "claude-haiku-4-5", "max_tokens": 50}
    engine = Batched(every=0.05)
    going = run(rows, out=out, params=params, client=client, engine=engine, ordered=False)
    for result in going:
        die("while its results are read")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    "when",
    [
        "before it is created",
        "before its id is noted",
        "while it is waited for",
        "while its results are read",
    ],
)
def test_a_kill_loses_nothing_and_pays_nothing_twice(server, batches, rows, tmp_path, when):
    app = TroubledApp(batch_seconds=0.01 if when == "while its results are read" else 600)
    app.troubles["GET", "/results"] = [cut(7, Pause(3600))]
    server.replace(app)
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    arguments = [server.url, str(rows), str(tmp_path / "out.jsonl"), when]
    ended = subprocess.run([*command, *arguments], timeout=60, check=False)
    assert ended.returncode == -9
    app.troubles.clear()
    found = summary(batches(rows))
    assert (found.ok, found.attempts, found.in_doubt) == (30, 30, 0)
    assert len(created(server)) == 1
    indexes = [json.loads(line)["index"] for line in found.out.read_text().splitlines()]
    assert indexes == [*range(30)]
