"""What every response carries."""

from __future__ import annotations

from tests.support.app_requests import (
    BODY,
    RATE_LIMIT_HEADERS,
    TENANT_HEADERS,
    send,
)


def test_error_names_its_request_and_whether_to_retry(app):
    response = send(app, body={**BODY, "model": 5})
    assert list(response.json) == ["type", "error", "request_id"]
    assert response.json["request_id"] == response.headers["request-id"]
    assert response.headers["x-should-retry"] == "false"
    assert not RATE_LIMIT_HEADERS & response.headers.keys()


def test_response_to_an_unknown_key_names_no_organization(app):
    assert not TENANT_HEADERS & send(app, body=BODY, x_api_key="invalid").headers.keys()
