"""The server on real sockets: connections, limits, stopping."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon._wire.http import Request
from antiphon.local import App, LocalServer, VirtualClock
from antiphon.local.api.steps import Abort, Pause, Steps, Write, WriteHead
from tests.support.raw_http import BODY, HEADERS, RawClient, get, post

MEBIBYTE = 1024 * 1024


class Scripted(App):
    """An app that answers every request with the same steps."""

    def __init__(self, *steps: Any, clock: VirtualClock | None = None) -> None:
        super().__init__(clock)
        self.steps = steps
        self.ended = threading.Event()

    def __call__(self, request: Request) -> Steps:
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.ended.set()


START = WriteHead(200, (("content-type", "text/plain"),))


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


def test_a_connection_is_kept_for_the_next_request(server):
    with RawClient(server.url) as client:
        for _ in range(3):
            client.send(post())
            status, headers, body = client.answer()
            assert status == 200
            assert headers["transfer-encoding"] == "chunked"
            assert json.loads(body)["type"] == "message"


def test_pipelined_requests_are_answered_in_order(server):
    requests = [post(), get("/nowhere"), post("/v1/messages/count_tokens", _counted()), post()]
    with RawClient(server.url) as client:
        client.send(b"".join(requests))
        assert [client.answer()[0] for _ in requests] == [200, 404, 200, 200]


def test_pipelined_requests_behind_an_answer_that_takes_time():
    clock = VirtualClock()
    app = Scripted(START, Write(b"a"), Pause(60), Write(b"b"), clock=clock)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        client.until(b"a\r\n")
        client.send(post() * 100)
        for _ in range(100):
            clock.advance(60)
            client.until(b"b\r\n0\r\n\r\n")
            client.until(b"a\r\n")


def _counted() -> dict[str, Any]:
    return {key: BODY[key] for key in ("model", "messages")}


def test_connection_close_is_honoured(server):
    with RawClient(server.url) as client:
        client.send(post(connection="close"))
        assert client.answer()[1]["connection"] == "close"
        assert client.rest() == b""


def test_http_1_0_gets_a_body_that_ends_with_the_connection(server):
    with RawClient(server.url) as client:
        client.send(post(connection="close").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        status, headers = client.head()
        assert (status, "transfer-encoding" in headers) == (200, False)
        assert json.loads(client.rest())["type"] == "message"


def test_a_chunked_request_body(server):
    content = json.dumps(BODY).encode()
    head = post(transfer_encoding="chunked").partition(b"\r\n\r\n")[0]
    head = re.sub(rb"\r\ncontent-length: \d+", b"", head) + b"\r\n\r\n"
    with RawClient(server.url) as client:
        client.send(head)
        for start in range(0, len(content), 7):
            piece = content[start : start + 7]
            client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.send(b"0\r\n\r\n")
        assert client.answer()[0] == 200


def test_a_request_byte_by_byte(server):
    with RawClient(server.url) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post():
            client.send(bytes([byte]))
        assert client.answer()[0] == 200


def test_a_client_that_waits_to_be_told_to_continue(server):
    head, _, content = post(expect="100-continue").partition(b"\r\n\r\n")
    with RawClient(server.url) as client:
        client.send(head + b"\r\n\r\n")
        assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.send(content)
        assert client.answer()[0] == 200


def test_a_body_too_large_is_refused_before_it_is_sent(server):
    with RawClient(server.url) as client:
        client.send(post(expect="100-continue", content_length=str(33 * MEBIBYTE), body=b""))
        status, _, body = client.answer()
    assert status == 413
    assert json.loads(body) == {
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}
    }


def test_a_client_that_sends_too_much_still_reads_why(server):
    with RawClient(server.url) as client:
        client.send(post(content_length=str(33 * MEBIBYTE), body=b" " * MEBIBYTE))
        assert client.answer()[0] == 413


def test_too_much_in_chunks_of_unknown_number(server):
    head = post(transfer_encoding="chunked", body=b"").replace(b"content-length: 0\r\n", b"")
    chunk = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
    with RawClient(server.url) as client:
        client.send(head)
        for _ in range(33):
            client.send(chunk)
        assert client.answer()[0] == 413


def test_headers_too_large_are_refused(server):
    with RawClient(server.url) as client:
        client.send(post(x_filler="x" * 100_000))
        assert client.answer()[0] == 431


@pytest.mark.parametrize(
    "nonsense", [b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_http_is_refused_and_hung_up_on(server, nonsense):
    with RawClient(server.url) as client:
        client.send(nonsense + b"\r\n\r\n")
        assert client.answer()[0] == 400
        assert client.rest() == b""


def test_head_requests_get_no_body(server):
    with RawClient(server.url) as client:
        client.send(get("/v1/messages").replace(b"GET", b"HEAD", 1) + get("/nowhere"))
        assert client.head()[0] == 405
        assert client.answer()[0] == 404


def test_a_client_that_sends_no_more_still_gets_its_answer():
    clock = VirtualClock()
    app = Scripted(START, Pause(60), Write(b"late"), clock=clock)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        client.socket.shutdown(socket.SHUT_WR)
        assert client.head()[0] == 200
        clock.advance(60)
        assert client.rest() == b"4\r\nlate\r\n0\r\n\r\n"


def test_a_client_that_leaves_ends_its_answer():
    app = Scripted(START, Pause(60), Write(b"never"), clock=VirtualClock())
    with LocalServer(app) as server:
        client = RawClient(server.url)
        client.send(post())
        client.head()
        client.reset()
        assert app.ended.wait(20)


def test_a_slow_client_is_waited_for():
    app = Scripted(START, *[Write(b"x" * 10_000)] * 2000)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        headers = client.head()[1]
        assert not app.ended.is_set()
        assert len(client.body(headers)) == 20_000_000


class Counting(App):
    asked = 0

    def __call__(self, request: Request) -> Steps:
        self.asked += 1
        yield START
        yield Write(b"x" * MEBIBYTE)


def test_a_client_that_asks_but_does_not_read_is_answered_no_further():
    app = Counting()
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post() * 200)
        with RawClient(server.url) as other:
            other.send(get("/"))
            other.answer()
        assert app.asked < 100
        for _ in range(200):
            assert len(client.answer()[2]) == MEBIBYTE
        assert app.asked == 201


def test_a_request_as_proxies_get_it(server):
    with RawClient(server.url) as client:
        client.send(get("http://anywhere.example/__antiphon/health"))
        assert client.answer()[0] == 200


def test_an_aborted_answer_is_a_reset_connection():
    app = Scripted(START, Write(b"some"), Abort())
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        with pytest.raises(ConnectionResetError):
            client.rest()


def test_an_app_that_fails_is_a_500_and_is_reported(caplog):
    app = Scripted(ZeroDivisionError("oops"))
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        status, _, body = client.answer()
    assert (status, json.loads(body)["error"]["type"]) == (500, "api_error")
    assert "ZeroDivisionError: oops" in caplog.text


def test_an_app_that_fails_half_way_is_a_reset_connection(caplog):
    app = Scripted(START, Write(b"x"), ZeroDivisionError("oops"))
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        with pytest.raises(ConnectionResetError):
            client.rest()
    assert "ZeroDivisionError: oops" in caplog.text


def test_pauses_pass_when_the_clock_is_moved():
    clock = VirtualClock()
    app = Scripted(START, Write(b"a"), Pause(300), Write(b"b"), Pause(300), clock=clock)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        client.until(b"a\r\n")
        server.clock.advance(299)
        client.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.until(b"b")
        client.socket.settimeout(20)
        server.clock.advance(301)
        client.until(b"0\r\n\r\n")


@pytest.mark.parametrize("sent", [b"", post(), post()[:-5]], ids=["new", "kept", "half a request"])
def test_silent_connections_are_closed(sent):
    with LocalServer(idle=0.05) as server, RawClient(server.url) as client:
        client.send(sent)
        if sent == post():
            client.answer()
        assert client.rest() == b""


def test_stopping_lets_open_answers_finish():
    app = Scripted(START, Write(b"begun"), Pause(0.2), Write(b"ended"))
    with LocalServer(app) as server:
        client = RawClient(server.url)
        client.send(post())
        client.until(b"begun\r\n")
    with client:
        assert client.rest() == b"5\r\nended\r\n0\r\n\r\n"


def test_stopping_cuts_answers_that_take_too_long():
    app = Scripted(START, Pause(3600))
    with LocalServer(app, grace=0.05) as server:
        client = RawClient(server.url)
        client.send(post())
        client.head()
    with client, pytest.raises(ConnectionResetError):
        client.rest()
    assert app.ended.is_set()


def test_stopping_closes_idle_connections(server):
    with RawClient(server.url) as client:
        client.send(post())
        client.answer()
        server.close()
        assert client.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            RawClient(server.url)


def test_a_server_can_be_started_again(server):
    first = server.url
    server.close()
    server.close()
    with server, RawClient(server.url) as client:
        client.send(get("/__antiphon/health"))
        assert client.answer()[0] == 200
    assert first


def test_an_address_in_use_is_said_at_once(server):
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        LocalServer(port=port).start()


def test_several_servers_in_one_program():
    with LocalServer() as one, LocalServer() as two:
        assert one.url != two.url
        with RawClient(one.url) as client:
            client.send(post())
            client.answer()
        assert (len(one.requests), len(two.requests)) == (1, 0)


def test_control_is_off_beyond_loopback_unless_asked_for():
    for control, status in ((None, 404), (True, 200)):
        with LocalServer(host="0.0.0.0", control=control) as server:
            port = server.url.rpartition(":")[2]
            with RawClient(f"http://127.0.0.1:{port}") as client:
                client.send(get("/__antiphon/health"))
                assert client.answer()[0] == status


def test_many_clients_at_once(server):
    def stream(_: int) -> bool:
        with RawClient(server.url) as client:
            client.send(post(body={**BODY, "stream": True}))
            status, _, body = client.answer()
            return status == 200 and b"event: message_stop" in body

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(stream, range(300)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_where_it_is_and_stops_cleanly(number):
    code = "from antiphon.local import serve; serve()"
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"export ANTHROPIC_BASE_URL=(http://127\.0\.0\.1:\d+)\n", line)
        assert found
        with RawClient(found[1]) as client:
            client.send(post())
            assert client.answer()[0] == 200
        process.send_signal(number)
        notes = process.stderr.read()
        assert process.wait(20) == 0
    assert "simulates" in notes
    assert "Traceback" not in notes
    assert HEADERS["x-api-key"] not in notes
