"""Which model serves a request, by the name it gives."""

from __future__ import annotations

import logging

import pytest

from antiphon.local import App, VirtualClock
from tests.support.app_requests import BODY, COUNT_BODY, send

HEADER = "x-antiphon-served-as"


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("claude-opus-6", "claude-opus-5-5"),
        ("claude-opus-5-6", "claude-opus-5-5"),
        ("claude-haiku-7-20280101", "claude-haiku-5-5"),
        ("claude-fable-6-1", "claude-fable-5-2"),
    ],
)
def test_newer_version_is_served_as_the_newest_of_its_family(app, caplog, name, card):
    with caplog.at_level(logging.WARNING, "antiphon.local"):
        responses = [send(app, body={**BODY, "model": name}) for _ in range(2)]
    for response in responses:
        assert (response.status, response.json["model"]) == (200, name)
        assert response.headers[HEADER] == card
    assert [name in record.getMessage() for record in caplog.records] == [True]
    counted = send(app, "/v1/messages/count_tokens", {**COUNT_BODY, "model": name})
    assert (counted.status, counted.headers[HEADER]) == (200, card)
    listed = send(app, f"/v1/models/{name}")
    assert (listed.json["id"], listed.headers[HEADER]) == (name, card)


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-9",
        "claude-opus-5-20260101",
        "claude-sonnet",
        "claude-novel-1",
        "claude-3-5-sonnet-20241022",
        "claude-2.1",
        "gpt-4",
        "Claude-opus-6",
    ],
)
def test_other_unknown_and_retired_names_are_404(app, name):
    error = (404, "not_found_error", f"model: {name}")
    assert send(app, body={**BODY, "model": name}).error == error
    assert send(app, f"/v1/models/{name}").error == error


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("claude-3-5-sonnet-20241022", "claude-sonnet-4-5-20250929"),
        ("claude-3-opus-latest", "claude-opus-4-5-20251101"),
        ("claude-opus-6", "claude-opus-5-5"),
        ("gpt-4", "claude-opus-4-6"),
        ("", "claude-opus-4-6"),
    ],
)
def test_app_for_any_model_serves_every_name(name, card):
    app = App(VirtualClock(), models="any")
    response = send(app, body={**BODY, "model": name, "temperature": 1})
    assert (response.status, response.json["model"]) == (200, name)
    assert response.headers[HEADER] == card


def test_app_for_any_model_serves_retired_models_of_the_catalogue():
    for models, status in (("known", 404), ("any", 200)):
        app = App(VirtualClock(), models=models)
        app.clock.advance(30 * 24 * 3600)
        assert send(app, body={**BODY, "model": "claude-sonnet-4-5"}).status == status


def test_known_models_are_served_as_themselves(app):
    response = send(app, body=BODY)
    assert response.json["model"] == "claude-haiku-4-5-20251001"
    assert HEADER not in response.headers


@pytest.mark.parametrize("model", [5, None, [], {}])
def test_model_that_is_not_a_string_is_refused_by_the_rules(model):
    for models in ("known", "any"):
        app = App(VirtualClock(), models=models)
        assert send(app, body={**BODY, "model": model}).status == 400
