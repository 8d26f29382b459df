"""Requests of web pages."""

from __future__ import annotations

import pytest

from tests.support.app_requests import BODY, send

ORIGIN = {"origin": "https://page.example"}
ACCESS = {"anthropic_dangerous_direct_browser_access": "true"}
ALLOW = "access-control-allow-origin"


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batches/msgbatch_1/cancel"])
def test_preflight_allows_what_it_asks_for_without_a_key(app, path):
    wanted = "content-type,x-api-key,anthropic-version,anthropic-dangerous-direct-browser-access"
    response = send(
        app,
        path,
        method="OPTIONS",
        without=("x-api-key", "anthropic-version", "content-type"),
        access_control_request_method="POST",
        access_control_request_headers=wanted,
        **ORIGIN,
    )
    assert (response.status, response.content) == (204, b"")
    assert response.headers[ALLOW] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == wanted


@pytest.mark.parametrize("stream", [False, True])
def test_page_may_read_the_response_and_its_headers(app, stream):
    response = send(app, body={**BODY, "stream": stream}, **ORIGIN, **ACCESS)
    assert response.status == 200
    assert response.headers[ALLOW] == "*"
    assert response.headers["access-control-expose-headers"] == "*"


def test_page_may_read_an_error(app):
    response = send(app, body={}, **ORIGIN, **ACCESS)
    assert (response.status, response.headers[ALLOW]) == (400, "*")


@pytest.mark.parametrize("access", [{}, {"anthropic_dangerous_direct_browser_access": "false"}])
def test_page_must_say_that_it_knows_the_risk(app, access):
    text = "CORS requests must set 'anthropic-dangerous-direct-browser-access' header"
    assert send(app, body=BODY, **ORIGIN, **access).error == (401, "authentication_error", text)


def test_other_clients_get_no_headers_for_pages(app):
    assert not any(name.startswith("access-") for name in send(app, body=BODY).headers)
    assert send(app, method="OPTIONS").error[0] == 405
    assert send(app, method="OPTIONS", **ORIGIN).error[0] == 405


def test_pages_never_get_access_to_control_endpoints(app):
    for method, path in (("GET", "requests"), ("OPTIONS", "clock")):
        response = send(
            app,
            f"/__antiphon/{path}",
            method=method,
            access_control_request_method="POST",
            **ORIGIN,
        )
        assert not any(name.startswith("access-") for name in response.headers)
