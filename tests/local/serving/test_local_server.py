"""A server in a thread: starting, stopping, its address."""

from __future__ import annotations

import asyncio
import errno
import threading

import pytest

from antiphon.local import LocalServer, serve
from antiphon.local.api.steps import Pause, Write
from tests.support.raw_http import RawClient, get, post
from tests.support.scripted_app import START, ScriptedApp


def test_close_lets_open_responses_finish():
    app = ScriptedApp(START, Write(b"begun"), Pause(0.2), Write(b"ended"))
    with LocalServer(app) as server:
        client = RawClient(server.url)
        client.send(post())
        client.until(b"begun\r\n")
    with client:
        assert client.rest() == b"5\r\nended\r\n0\r\n\r\n"


def test_close_cuts_responses_that_take_too_long():
    app = ScriptedApp(START, Pause(3600))
    with LocalServer(app, grace=0.05) as server:
        client = RawClient(server.url)
        client.send(post())
        client.head()
    with client, pytest.raises(ConnectionResetError):
        client.rest()
    assert app.ended.is_set()


def test_close_closes_idle_connections(server):
    with RawClient(server.url) as client:
        client.send(post())
        client.response()
        server.close()
        assert client.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            RawClient(server.url)


def test_server_can_be_started_again(server):
    first = server.url
    server.close()
    server.close()
    with server, RawClient(server.url) as client:
        client.send(get("/__antiphon/health"))
        assert client.response()[0] == 200
    assert first


def test_port_in_use_is_an_oserror_at_once(server):
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        LocalServer(port=port).start()


def test_several_servers_run_in_one_program():
    with LocalServer() as one, LocalServer() as two:
        assert one.url != two.url
        with RawClient(one.url) as client:
            client.send(post())
            client.response()
        assert (len(one.requests), len(two.requests)) == (1, 0)


@pytest.mark.parametrize("port", [-1, 65_536, 70_000])
def test_port_that_does_not_exist_is_a_value_error_at_once(port):
    with pytest.raises(ValueError, match=f"port: {port} "):
        LocalServer(port=port)
    with pytest.raises(ValueError, match=f"port: {port} "):
        serve(port=port)


def test_server_on_a_port_in_use_can_be_started_once_it_is_free(server):
    port = int(server.url.rpartition(":")[2])
    second = LocalServer(port=port)
    for _ in range(3):
        with pytest.raises(OSError, match="address already in use"):
            second.start()
        second.close()
    server.close()
    with second, RawClient(second.url) as client:
        client.send(get("/__antiphon/health"))
        assert client.response()[0] == 200


def test_address_that_cannot_be_listened_at_is_an_error_at_once():
    with pytest.raises(OSError, match=r"."):
        LocalServer(host="no-such-host.invalid").start()


@pytest.mark.parametrize(
    ("place", "name"),
    [(asyncio.events, "new_event_loop"), (threading.Thread, "start")],
    ids=["no event loop", "no thread"],
)
def test_server_that_the_system_does_not_let_start_is_an_error_at_once(monkeypatch, place, name):
    def refuse(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    server = LocalServer()
    with monkeypatch.context() as patch:
        patch.setattr(place, name, refuse)
        with pytest.raises(OSError, match="Too many open files"):
            server.start()
    server.close()
    with server, RawClient(server.url) as client:
        client.send(get("/__antiphon/health"))
        assert client.response()[0] == 200
