"""Envelopes of error responses."""

from __future__ import annotations

from tests.support.app_requests import send


def test_413_has_the_envelope_of_the_network_edge(app):
    response = send(app, body=b" " * (32 * 1024 * 1024 + 1), without=("x-api-key",))
    assert response.status == 413
    assert response.json == {
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}
    }
    assert send(app, body=b" " * 32 * 1024 * 1024).status == 400
