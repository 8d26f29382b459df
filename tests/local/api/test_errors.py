"""Envelopes of error responses."""

from __future__ import annotations

from tests.support.app_requests import INVALID, TENANT_HEADERS, send


def test_413_has_the_envelope_of_every_error(app):
    response = send(app, body=b" " * (32 * 1024 * 1024 + 1), without=("x-api-key",))
    assert response.status == 413
    assert response.json == {
        "type": "error",
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"},
        "request_id": response.headers["request-id"],
    }
    assert response.headers["x-should-retry"] == "false"
    assert not TENANT_HEADERS & response.headers.keys()
    assert send(app, body=b" " * 32 * 1024 * 1024).error[:2] == (400, INVALID)
