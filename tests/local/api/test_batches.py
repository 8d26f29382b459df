"""Message batches on a clock that the tests move."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from antiphon.local import App, VirtualClock
from tests.support.asking import BODY, Answered, ask

BATCHES = "/v1/messages/batches"
HOUR = 3600
NONE = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}


def item(custom_id: str, **changes: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "params": {**BODY, **changes}}


def app(seconds: float = 100.0) -> App:
    return App(VirtualClock(), batch_seconds=seconds)


def created(app: App, *items: Any, **headers: str) -> dict[str, Any]:
    answered = ask(app, BATCHES, {"requests": list(items)}, **headers)
    assert answered.status == 200, answered.json
    return answered.json


def retrieved(app: App, batch: dict[str, Any]) -> dict[str, Any]:
    return ask(app, f"{BATCHES}/{batch['id']}").json


def results(app: App, batch: dict[str, Any]) -> dict[str, Any]:
    lines = ask(app, f"{BATCHES}/{batch['id']}/results").content.splitlines()
    return {line["custom_id"]: line["result"] for line in map(json.loads, lines)}


def test_a_batch_from_creation_to_results():
    server = app()
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
    answered = ask(server, f"{BATCHES}/{batch['id']}/results")
    assert answered.headers["content-type"] == "application/x-jsonl"
    name = f"attachment; filename*=utf-8''{batch['id']}_results.jsonl"
    assert answered.headers["content-disposition"] == name
    for result in results(server, batch).values():
        assert result["type"] == "succeeded"
        assert result["message"]["usage"]["service_tier"] == "batch"
    assert "B?" in str(results(server, batch)["b"])


def test_items_that_the_api_refuses_end_as_errors():
    server = app(0)
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


def test_results_come_in_no_particular_order_but_always_the_same():
    server = app(0)
    batch = created(server, *(item(str(n)) for n in range(50)))
    order = list(results(server, batch))
    assert sorted(order, key=int) == [str(n) for n in range(50)]
    assert order != sorted(order, key=int)
    assert list(results(server, batch)) == order


def test_cancel_stops_what_has_not_run():
    server = app(100)
    batch = created(server, *(item(str(n)) for n in range(10)))
    server.clock.advance(35)
    canceling = ask(server, f"{BATCHES}/{batch['id']}/cancel", b"").json
    assert canceling["processing_status"] == "canceling"
    assert canceling["cancel_initiated_at"] == "2026-11-22T00:00:35.000000+00:00"
    assert canceling["request_counts"] == {**NONE, "processing": 10}
    server.clock.advance(10)
    ended = retrieved(server, batch)
    assert ended["processing_status"] == "ended"
    assert ended["request_counts"] == {**NONE, "succeeded": 3, "canceled": 7}
    assert [results(server, batch)[str(n)]["type"] for n in (2, 3)] == ["succeeded", "canceled"]


def test_a_batch_that_takes_too_long_expires():
    server = app(48 * HOUR)
    batch = created(server, *(item(str(n)) for n in range(4)))
    server.clock.advance(24 * HOUR)
    assert retrieved(server, batch)["request_counts"] == {**NONE, "succeeded": 2, "expired": 2}


def test_results_are_kept_for_29_days():
    server = app(0)
    batch = created(server, item("a"))
    server.clock.advance(29 * 24 * HOUR - 1)
    assert results(server, batch)["a"]["type"] == "succeeded"
    server.clock.advance(1)
    archived = retrieved(server, batch)
    assert archived["archived_at"] == "2026-12-21T00:00:00.000000+00:00"
    assert archived["results_url"] is None
    assert ask(server, f"{BATCHES}/{batch['id']}/results").status == 404


def test_what_may_not_be_done_yet_or_any_more():
    server = app()
    batch = created(server, item("a"))
    path = f"{BATCHES}/{batch['id']}"
    assert ask(server, f"{path}/results").status == 400
    assert ask(server, path, method="DELETE").status == 400
    server.clock.advance(100)
    assert ask(server, f"{path}/cancel", b"").status == 400
    deleted = ask(server, path, method="DELETE")
    assert deleted.json == {"id": batch["id"], "type": "message_batch_deleted"}
    assert ask(server, path).error[:2] == (404, "not_found_error")


def test_batches_are_listed_newest_first_by_the_page():
    server = app()
    ids = [created(server, item("a"))["id"] for _ in range(5)]
    first = ask(server, f"{BATCHES}?limit=2").json
    assert [batch["id"] for batch in first["data"]] == [ids[4], ids[3]]
    rest = ask(server, f"{BATCHES}?after_id={ids[3]}").json
    assert [batch["id"] for batch in rest["data"]] == [ids[2], ids[1], ids[0]]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_an_empty_list():
    empty = {"data": [], "has_more": False, "first_id": None, "last_id": None}
    assert ask(app(), BATCHES).json == empty


def test_a_workspace_sees_its_own_batches_alone():
    server = app()
    batch = created(server, item("a"), anthropic_workspace_id="wrkspc_01other")
    assert ask(server, BATCHES).json["data"] == []
    assert ask(server, f"{BATCHES}/{batch['id']}").status == 404


def test_nothing_is_lost_over_a_lifetime():
    """Whenever one looks, the counts add up to the items."""
    server = app(100)
    batch = created(server, *(item(str(n)) for n in range(7)))
    for step in range(30):
        if step == 20:
            ask(server, f"{BATCHES}/{batch['id']}/cancel", b"")
        counts = retrieved(server, batch)["request_counts"]
        assert sum(counts.values()) == 7
        server.clock.advance(3.7)


def refused(body: Any) -> Answered:
    return ask(app(), BATCHES, body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "requests: Field required"),
        ({"requests": 5}, "requests: Input should be a valid list"),
        (
            {"requests": []},
            "requests: List should have at least 1 item after validation, not 0",
        ),
        ({"requests": [item("a")], "x": 1}, "x: Extra inputs are not permitted"),
        ({"requests": ["a"]}, "requests.0: Input should be a valid dictionary"),
        ({"requests": [item("a"), {"params": {}}]}, "requests.1.custom_id: Field required"),
        ({"requests": [{"custom_id": "a"}]}, "requests.0.params: Field required"),
        (
            {"requests": [{"custom_id": "a", "params": []}]},
            "requests.0.params: Input should be a valid dictionary",
        ),
        (
            {"requests": [{**item("a"), "x": 1}]},
            "requests.0.x: Extra inputs are not permitted",
        ),
        (
            {"requests": [item("a") | {"custom_id": 1}]},
            "requests.0.custom_id: Input should be a valid string",
        ),
        (
            {"requests": [item("a" * 65)]},
            "requests.0.custom_id: String should have at most 64 characters",
        ),
        (
            {"requests": [item("ä")]},
            "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        (
            {"requests": [item("a"), item("a")]},
            "requests.1.custom_id: custom_id must be unique in a batch",
        ),
    ],
)
def test_envelopes_that_are_refused(body, message):
    assert refused(body).error == (400, "invalid_request_error", message)
