"""Who may reach a server, and who may use its control endpoints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from antiphon.local import LocalServer
from tests.support.raw_http import RawClient, get, post

CLOCK = "/__antiphon/clock"
EVERYWHERE = "0.0.0.0"


def status_of(server: LocalServer, request: bytes) -> int:
    return response_of(server, request)[0]


def response_of(server: LocalServer, request: bytes) -> tuple[int, dict[str, str], bytes]:
    port = server.url.rpartition(":")[2]
    with RawClient(f"http://127.0.0.1:{port}") as client:
        client.send(request)
        return client.response()


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "127.0.0.1:1",
        "127.9.9.9",
        "[::1]:80",
        "a.localhost",
        "10.0.0.7",
    ],
)
def test_loopback_names_and_addresses_are_served(server, host):
    assert status_of(server, post(host=host)) == 200


@pytest.mark.parametrize(
    "host",
    ["page.example", "localhost.page.example", "127.0.0.1.page.example", "localhost@x", "a b"],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/__antiphon/requests"])
def test_other_names_are_refused(server, host, path):
    request = post(host=host) if path == "/v1/messages" else get(path, host=host)
    status, headers, body = response_of(server, request)
    assert status == 403
    error = json.loads(body)
    assert error["error"]["type"] == "permission_error"
    assert "--allow-host" in error["error"]["message"]
    assert error["request_id"] == headers["request-id"]


def test_allowed_names_are_served():
    with LocalServer(allow_hosts=["antiphon", "Docker.Internal"]) as server:
        for host in ("antiphon", "ANTIPHON:8000", "docker.internal"):
            assert status_of(server, post(host=host)) == 200
        assert status_of(server, post(host="other")) == 403


@pytest.mark.parametrize(
    "path", [CLOCK, "/__antiphon/reset", "/__antiphon/%63lock", "/%5F_antiphon/clock"]
)
@pytest.mark.parametrize("origin", ["https://page.example", "null", "http://127.0.0.1"])
def test_web_pages_may_not_use_control_endpoints(server, path, origin):
    before = server.clock()
    assert status_of(server, post(path, {"advance": 10**6}, origin=origin)) == 403
    assert server.clock() - before < 10**5


def test_programs_on_this_machine_need_no_token(server):
    assert server.control_token is None
    assert status_of(server, post(CLOCK, {"advance": 60})) == 200
    assert status_of(server, get("/__antiphon/requests")) == 200


CHANGES: list[tuple[str, Any]] = [(CLOCK, {"advance": 60}), ("/__antiphon/reset", {})]


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_control_beyond_loopback_needs_the_token(path, body):
    with LocalServer(host=EVERYWHERE, control=True) as server:
        token = server.control_token
        assert token is not None
        assert len(token) > 30
        for authorization in ("", "Bearer ", "Bearer wrong", f"Bearer {token}x", token):
            request = post(path, body, authorization=authorization)
            assert status_of(server, request) == 401, authorization
        assert status_of(server, post(path, body, authorization=f"Bearer {token}")) == 200


def test_journal_beyond_loopback_needs_the_token_and_health_does_not():
    with LocalServer(host=EVERYWHERE, control=True) as server:
        assert status_of(server, get("/__antiphon/requests")) == 401
        assert status_of(server, get("/__antiphon/clock")) == 401
        assert status_of(server, get("/__antiphon/health")) == 200
        assert status_of(server, get("/__antiphon/nothing")) == 401


def test_every_server_has_its_own_token():
    servers = [LocalServer(host=EVERYWHERE, control=True) for _ in range(2)]
    assert servers[0].control_token != servers[1].control_token
