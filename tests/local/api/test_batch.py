"""The life of one message batch, on a clock that the tests move."""

from __future__ import annotations

import re

from antiphon.local.api.batch import Batch, BatchItem
from antiphon.local.api.steps import Reschedule
from tests.support.app_requests import send
from tests.support.batch_requests import BATCHES, batch_app, created, item, results, retrieved

HOUR = 3600
NONE = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}


def test_batch_from_creation_to_results():
    server = batch_app()
    batch = created(server, item("a"), item("b", messages=[{"role": "user", "content": "B?"}]))
    assert re.fullmatch(r"msgbatch_01\w{22}", batch["id"])
    assert batch == {
        "id": batch["id"],
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": {**NONE, "processing": 2},
        "ended_at": None,
        "created_at": "2026-11-22T00:00:00.000000+00:00",
        "expires_at": "2026-11-23T00:00:00.000000+00:00",
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": None,
    }
    server.clock.advance(99)
    assert retrieved(server, batch) == batch
    server.clock.advance(1)
    ended = retrieved(server, batch)
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"] == {**NONE, "succeeded": 2}
    assert ended["ended_at"] == "2026-11-22T00:01:40.000000+00:00"
    assert ended["results_url"] == f"http://local:1{BATCHES}/{batch['id']}/results"
    response = send(server, f"{BATCHES}/{batch['id']}/results")
    assert response.headers["content-type"] == "application/x-jsonl"
    name = f"attachment; filename*=utf-8''{batch['id']}_results.jsonl"
    assert response.headers["content-disposition"] == name
    for result in results(server, batch).values():
        assert result["type"] == "succeeded"
        assert result["message"]["usage"]["service_tier"] == "batch"
    assert "B?" in str(results(server, batch)["b"])


def test_items_that_the_api_refuses_end_as_errors():
    server = batch_app(0)
    bad = [item("model", model=None), item("stream", stream=True), item("zero", max_tokens=0)]
    bad[0]["params"].pop("model")
    batch = created(server, item("good"), *bad)
    assert batch["request_counts"] == {**NONE, "succeeded": 1, "errored": 3}
    found = results(server, batch)
    error = {"details": None, "type": "invalid_request_error", "message": "model: Field required"}
    assert found["model"] == {"type": "errored", "error": {"type": "error", "error": error}}
    assert {name for name in found if found[name]["type"] == "errored"} == {
        "model",
        "stream",
        "zero",
    }


def test_results_come_in_an_order_of_their_own_that_stays():
    server = batch_app(0)
    batch = created(server, *(item(str(n)) for n in range(50)))
    order = list(results(server, batch))
    assert sorted(order, key=int) == [str(n) for n in range(50)]
    assert order != sorted(order, key=int)
    assert list(results(server, batch)) == order


def test_cancellation_stops_items_that_have_not_run():
    server = batch_app(100)
    batch = created(server, *(item(str(n)) for n in range(10)))
    server.clock.advance(35)
    canceling = send(server, f"{BATCHES}/{batch['id']}/cancel", b"").json
    assert canceling["processing_status"] == "canceling"
    assert canceling["cancel_initiated_at"] == "2026-11-22T00:00:35.000000+00:00"
    assert canceling["request_counts"] == {**NONE, "processing": 10}
    server.clock.advance(10)
    ended = retrieved(server, batch)
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"] == {**NONE, "succeeded": 3, "canceled": 7}
    assert [results(server, batch)[str(n)]["type"] for n in (2, 3)] == ["succeeded", "canceled"]


def test_batch_expires_after_a_day():
    server = batch_app(48 * HOUR)
    batch = created(server, *(item(str(n)) for n in range(4)))
    server.clock.advance(24 * HOUR)
    assert retrieved(server, batch)["request_counts"] == {**NONE, "succeeded": 2, "expired": 2}


def test_results_are_kept_for_29_days():
    server = batch_app(0)
    batch = created(server, item("a"))
    server.clock.advance(29 * 24 * HOUR - 1)
    assert results(server, batch)["a"]["type"] == "succeeded"
    server.clock.advance(1)
    archived = retrieved(server, batch)
    assert archived["archived_at"] == "2026-12-21T00:00:00.000000+00:00"
    assert archived["results_url"] is None
    assert send(server, f"{BATCHES}/{batch['id']}/results").status == 404


def test_counts_add_up_to_the_items_at_any_time():
    """Whenever one looks, the counts add up to the items."""
    server = batch_app(100)
    batch = created(server, *(item(str(n)) for n in range(7)))
    for step in range(30):
        if step == 20:
            send(server, f"{BATCHES}/{batch['id']}/cancel", b"")
        counts = retrieved(server, batch)["request_counts"]
        assert sum(counts.values()) == 7
        server.clock.advance(3.7)


def test_second_look_at_a_batch_waits_while_the_first_runs_its_items():
    runs = []

    def run(params):
        runs.append(params)
        yield Reschedule()
        return {"type": "succeeded"}

    items = [BatchItem(str(n), {"n": n}) for n in range(3)]
    batch = Batch("msgbatch_1", "w", items, created=0.0, seconds=1.0, run=run)
    first, second = batch.catch_up(1.0), batch.catch_up(1.0)
    assert next(first) == Reschedule()
    for _ in range(10):
        assert next(second) == Reschedule()
    assert len(runs) == 1
    assert list(first)
    assert list(second) == []
    assert [params["n"] for params in runs] == [0, 1, 2]


def test_look_at_a_batch_that_is_abandoned_is_continued_by_the_next():
    runs = []

    def run(params):
        yield Reschedule()
        runs.append(params)
        return {"type": "succeeded"}

    items = [BatchItem(str(n), {"n": n}) for n in range(3)]
    batch = Batch("msgbatch_1", "w", items, created=0.0, seconds=1.0, run=run)
    first = batch.catch_up(1.0)
    next(first)
    first.close()
    assert list(batch.catch_up(1.0))
    assert [params["n"] for params in runs] == [0, 1, 2]
