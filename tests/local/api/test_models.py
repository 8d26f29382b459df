"""The models list."""

from __future__ import annotations

import pytest

from tests.support.app_requests import BODY, send


def test_models_are_listed_newest_first_by_the_page(app):
    first = send(app, "/v1/models?limit=3").json
    assert [model["type"] for model in first["data"]] == ["model"] * 3
    assert first["has_more"] is True
    assert (first["first_id"], first["last_id"]) == (first["data"][0]["id"], first["data"][2]["id"])
    rest = send(app, f"/v1/models?after_id={first['last_id']}&limit=1000").json
    assert rest["has_more"] is False
    everything = send(app, "/v1/models?limit=1000").json["data"]
    assert [*first["data"], *rest["data"]] == everything
    created = [model["created_at"] for model in everything]
    assert created == sorted(created, reverse=True)
    back = send(app, f"/v1/models?before_id={rest['first_id']}&limit=2").json
    assert back["data"] == first["data"][1:]
    assert back["has_more"] is True


def test_model_is_found_by_its_alias(app):
    model = send(app, "/v1/models/claude-haiku-4-5").json
    assert model["id"] == "claude-haiku-4-5-20251001"
    assert model["max_input_tokens"] == 200_000
    assert model["capabilities"]["thinking"]["types"]["enabled"] == {"supported": True}
    assert model["capabilities"]["effort"]["supported"] is False


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("day", "lifecycle"), [(0, "deprecated"), (7, "deprecated"), (8, "retired"), (9, "retired")]
)
def test_models_are_retired_by_the_day_of_the_clock(app, day, lifecycle):
    """The clock starts at 2026-11-22; Sonnet 4.5 retires on 2026-11-30."""
    app.clock.advance(day * DAY)
    assert send(app, "/v1/models/claude-sonnet-4-5").json["lifecycle"] == lifecycle
    listed = send(app, "/v1/models?limit=1000").json["data"]
    assert ("claude-sonnet-4-5-20250929" in [model["id"] for model in listed]) is (day < 8)
    body = {**BODY, "model": "claude-sonnet-4-5"}
    assert send(app, body=body).status == (200 if day < 8 else 404)


def test_models_by_lifecycle(app):
    app.clock.advance(8 * DAY)
    ids = {}
    for lifecycle in ("active", "deprecated", "retired", "active,deprecated,retired"):
        models = send(app, f"/v1/models?limit=1000&lifecycle={lifecycle}").json["data"]
        assert {model["lifecycle"] for model in models} <= set(lifecycle.split(","))
        ids[lifecycle] = {model["id"] for model in models}
    active, deprecated, retired, everything = ids.values()
    assert retired == {"claude-sonnet-4-5-20250929"}
    assert "claude-opus-5" in active
    assert everything == active | deprecated | retired


def test_unknown_model_is_404(app):
    assert send(app, "/v1/models/gpt-4").error == (404, "not_found_error", "model: gpt-4")
