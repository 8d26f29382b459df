"""Opening a connection: what can go wrong before TLS."""

from __future__ import annotations

import socket

from antiphon.errors import APITimeoutError
from tests.support.conformance import failure_of, row
from tests.support.transport_kits import request


@row("connection refused")
async def test_connection_refused(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = await failure_of(transport.send(request(f"http://127.0.0.1:{port}/")))
    assert error.phase == "connect"
    assert error.host == f"127.0.0.1:{port}"
    assert not error.stale
    assert "antiphon serve" in str(error)


@row("name not found")
async def test_name_not_found(transport):
    error = await failure_of(transport.send(request("http://nothing.invalid/")))
    assert error.phase == "resolve"
    assert error.host == "nothing.invalid:80"
    assert "base_url" in str(error)


@row("connect timeout")
async def test_connect_timeout(transport):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]  # they fill the queue: nobody accepts
        try:
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            error = await failure_of(transport.send(request(url, connect=0.1)))
        finally:
            for caller in callers:
                caller.close()
    assert isinstance(error, APITimeoutError)
    assert error.phase == "connect"
    assert "connect=" in str(error)
