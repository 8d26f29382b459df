"""The endpoints of message batches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app_requests import AppResponse, send
from tests.support.batch_requests import BATCHES, batch_app, created, item


def test_results_deletion_and_cancellation_at_the_wrong_time_are_refused():
    server = batch_app()
    batch = created(server, item("a"))
    path = f"{BATCHES}/{batch['id']}"
    results = send(server, f"{path}/results")
    text = f"Message Batch {batch['id']} has no available results."
    assert results.error == (404, "not_found_error", text)
    assert send(server, path, method="DELETE").status == 400
    server.clock.advance(100)
    assert send(server, f"{path}/cancel", b"").status == 400
    deleted = send(server, path, method="DELETE")
    assert deleted.json == {"id": batch["id"], "type": "message_batch_deleted"}
    assert send(server, path).error[:2] == (404, "not_found_error")


def test_batches_are_listed_newest_first_by_the_page():
    server = batch_app()
    ids = [created(server, item("a"))["id"] for _ in range(5)]
    first = send(server, f"{BATCHES}?limit=2").json
    assert [batch["id"] for batch in first["data"]] == [ids[4], ids[3]]
    rest = send(server, f"{BATCHES}?after_id={ids[3]}").json
    assert [batch["id"] for batch in rest["data"]] == [ids[2], ids[1], ids[0]]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_list_without_batches_is_empty():
    empty = {"data": [], "has_more": False, "first_id": None, "last_id": None}
    assert send(batch_app(), BATCHES).json == empty


def test_workspace_sees_its_own_batches_alone():
    server = batch_app()
    batch = created(server, item("a"), anthropic_workspace_id="wrkspc_01other")
    assert send(server, BATCHES).json["data"] == []
    assert send(server, f"{BATCHES}/{batch['id']}").status == 404


def refused(body: Any) -> AppResponse:
    return send(batch_app(), BATCHES, body)


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
def test_wrong_envelope_of_a_batch_is_refused(body, message):
    assert refused(body).error == (400, "invalid_request_error", message)
