"""One connection: requests in, responses out, and whatever clients do."""

from __future__ import annotations

import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon._wire.http import Request
from antiphon.local import App, LocalServer, VirtualClock
from antiphon.local.api.steps import Abort, Pause, Reschedule, Steps, Write, work
from tests.support.raw_http import BODY, RawClient, get, post
from tests.support.scripted_app import START, ScriptedApp

MEBIBYTE = 1024 * 1024


def test_connection_is_kept_for_the_next_request(server):
    with RawClient(server.url) as client:
        for _ in range(3):
            client.send(post())
            status, headers, body = client.response()
            assert status == 200
            assert headers["transfer-encoding"] == "chunked"
            assert json.loads(body)["type"] == "message"


def test_pipelined_requests_get_responses_in_order(server):
    requests = [post(), get("/nowhere"), post("/v1/messages/count_tokens", count_body()), post()]
    with RawClient(server.url) as client:
        client.send(b"".join(requests))
        assert [client.response()[0] for _ in requests] == [200, 404, 200, 200]


def test_pipelined_requests_wait_behind_a_response_that_pauses():
    clock = VirtualClock()
    app = ScriptedApp(START, Write(b"a"), Pause(60), Write(b"b"), clock=clock)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        client.until(b"a\r\n")
        client.send(post() * 100)
        for _ in range(100):
            clock.advance(60)
            client.until(b"b\r\n0\r\n\r\n")
            client.until(b"a\r\n")


def count_body() -> dict[str, Any]:
    return {key: BODY[key] for key in ("model", "messages")}


def test_connection_close_is_honoured(server):
    with RawClient(server.url) as client:
        client.send(post(connection="close"))
        assert client.response()[1]["connection"] == "close"
        assert client.rest() == b""


def test_http_1_0_gets_a_body_that_ends_with_the_connection(server):
    with RawClient(server.url) as client:
        client.send(post(connection="close").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        status, headers = client.head()
        assert (status, "transfer-encoding" in headers) == (200, False)
        assert json.loads(client.rest())["type"] == "message"


def test_chunked_request_body_is_read(server):
    content = json.dumps(BODY).encode()
    head = post(transfer_encoding="chunked").partition(b"\r\n\r\n")[0]
    head = re.sub(rb"\r\ncontent-length: \d+", b"", head) + b"\r\n\r\n"
    with RawClient(server.url) as client:
        client.send(head)
        for start in range(0, len(content), 7):
            piece = content[start : start + 7]
            client.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        client.send(b"0\r\n\r\n")
        assert client.response()[0] == 200


def test_request_may_arrive_byte_by_byte(server):
    with RawClient(server.url) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post():
            client.send(bytes([byte]))
        assert client.response()[0] == 200


def test_expect_100_continue_gets_its_interim_response(server):
    head, _, content = post(expect="100-continue").partition(b"\r\n\r\n")
    with RawClient(server.url) as client:
        client.send(head + b"\r\n\r\n")
        assert client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.send(content)
        assert client.response()[0] == 200


def test_body_too_large_is_refused_before_it_is_sent(server):
    with RawClient(server.url) as client:
        client.send(post(expect="100-continue", content_length=str(33 * MEBIBYTE), body=b""))
        status, headers, body = client.response()
    assert status == 413
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"},
        "request_id": headers["request-id"],
    }
    assert headers["x-should-retry"] == "false"


def test_client_that_sends_too_much_still_reads_why(server):
    with RawClient(server.url) as client:
        client.send(post(content_length=str(33 * MEBIBYTE), body=b" " * MEBIBYTE))
        assert client.response()[0] == 413


def test_chunked_body_is_refused_once_it_is_too_large(server):
    head = post(transfer_encoding="chunked", body=b"").replace(b"content-length: 0\r\n", b"")
    chunk = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
    with RawClient(server.url) as client:
        client.send(head)
        for _ in range(33):
            client.send(chunk)
        assert client.response()[0] == 413


def test_headers_too_large_are_refused(server):
    with RawClient(server.url) as client:
        client.send(post(x_filler="x" * 100_000))
        assert client.response()[0] == 431


@pytest.mark.parametrize(
    "nonsense", [b"GARBAGE\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_bytes_that_are_not_http_get_400_and_a_closed_connection(server, nonsense):
    with RawClient(server.url) as client:
        client.send(nonsense + b"\r\n\r\n")
        assert client.response()[0] == 400
        assert client.rest() == b""


def test_head_request_gets_no_body(server):
    with RawClient(server.url) as client:
        client.send(get("/v1/messages").replace(b"GET", b"HEAD", 1) + get("/nowhere"))
        assert client.head()[0] == 405
        assert client.response()[0] == 404


def test_client_that_ended_its_side_still_gets_its_response():
    clock = VirtualClock()
    app = ScriptedApp(START, Pause(60), Write(b"late"), clock=clock)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        client.socket.shutdown(socket.SHUT_WR)
        assert client.head()[0] == 200
        clock.advance(60)
        assert client.rest() == b"4\r\nlate\r\n0\r\n\r\n"


def test_client_that_leaves_ends_its_response():
    app = ScriptedApp(START, Pause(60), Write(b"never"), clock=VirtualClock())
    with LocalServer(app) as server:
        client = RawClient(server.url)
        client.send(post())
        client.head()
        client.reset()
        assert app.ended.wait(20)


def test_slow_client_gets_everything():
    app = ScriptedApp(START, *[Write(b"x" * 10_000)] * 2000)
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        headers = client.head()[1]
        assert not app.ended.is_set()
        assert len(client.body(headers)) == 20_000_000


class Counting(App):
    requests = 0

    def __call__(self, request: Request) -> Steps:
        self.requests += 1
        yield START
        yield Write(b"x" * MEBIBYTE)


def test_client_that_does_not_read_gets_no_further_responses():
    app = Counting()
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post() * 200)
        with RawClient(server.url) as other:
            other.send(get("/"))
            other.response()
        assert app.requests < 100
        for _ in range(200):
            assert len(client.response()[2]) == MEBIBYTE
        assert app.requests == 201


def test_request_with_an_absolute_url_is_served():
    with LocalServer(allow_hosts=["anywhere.example"]) as server, RawClient(server.url) as client:
        client.send(get("http://anywhere.example/__antiphon/health"))
        assert client.response()[0] == 200


def test_aborted_response_is_a_reset_connection():
    app = ScriptedApp(START, Write(b"some"), Abort())
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        with pytest.raises(ConnectionResetError):
            client.rest()


def test_app_that_fails_gives_500_and_is_reported(caplog):
    app = ScriptedApp(ZeroDivisionError("oops"))
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        status, headers, body = client.response()
    assert status == 500
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": "api_error", "message": "Internal server error"},
        "request_id": headers["request-id"],
    }
    assert headers["x-should-retry"] == "true"
    assert "ZeroDivisionError: oops" in caplog.text


def test_app_that_fails_half_way_gives_a_reset_connection(caplog):
    app = ScriptedApp(START, Write(b"x"), ZeroDivisionError("oops"))
    with LocalServer(app) as server, RawClient(server.url) as client:
        client.send(post())
        with pytest.raises(ConnectionResetError):
            client.rest()
    assert "ZeroDivisionError: oops" in caplog.text


def test_pause_passes_when_the_clock_is_moved():
    clock = VirtualClock()
    app = ScriptedApp(START, Write(b"a"), Pause(300), Write(b"b"), Pause(300), clock=clock)
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
def test_silent_connection_is_closed(sent):
    with LocalServer(idle=0.05) as server, RawClient(server.url) as client:
        client.send(sent)
        if sent == post():
            client.response()
        assert client.rest() == b""


def test_many_clients_are_served_at_once(server):
    def stream(_: int) -> bool:
        with RawClient(server.url) as client:
            client.send(post(body={**BODY, "stream": True}))
            status, _, body = client.response()
            return status == 200 and b"event: message_stop" in body

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(stream, range(300)))


LARGE = 10**6


class Blocking(App):
    """Does work for its first request until the second one comes."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.release = threading.Event()
        self.ended = threading.Event()
        self.requests = 0

    def _wait(self) -> bytes:
        self.begun.set()
        assert self.release.wait(20)
        return b"done"

    def __call__(self, request: Request) -> Steps:
        self.requests += 1
        if self.requests > 1:
            self.release.set()
            return iter_steps(START, Write(b"other"))
        return self._first()

    def _first(self) -> Steps:
        try:
            content = yield from work(self._wait, LARGE)
            yield START
            yield Write(content)
        finally:
            self.ended.set()


def iter_steps(*steps: Any) -> Steps:
    yield from steps


def test_large_work_does_not_keep_others_waiting():
    app = Blocking()
    with LocalServer(app) as server, RawClient(server.url) as one, RawClient(server.url) as two:
        one.send(post())
        assert app.begun.wait(20)
        two.send(post())
        assert two.response()[2] == b"other"
        assert one.response()[2] == b"done"


def test_client_that_leaves_during_work_ends_its_response_after_it():
    app = Blocking()
    with LocalServer(app) as server:
        one = RawClient(server.url)
        one.send(post())
        assert app.begun.wait(20)
        one.reset()
        assert not app.ended.is_set()
        app.release.set()
        assert app.ended.wait(20)


def test_server_that_stops_during_work_waits_for_it(caplog):
    app = Blocking()
    server = LocalServer(app, grace=0.05).start()
    with RawClient(server.url) as one:
        one.send(post())
        assert app.begun.wait(20)
        threading.Timer(0.2, app.release.set).start()
        server.close()
    assert app.ended.is_set()
    assert caplog.text == ""


@pytest.mark.parametrize("size", [0, LARGE])
def test_exception_of_work_reaches_the_app(size):
    class Refusing(App):
        def __call__(self, request: Request) -> Steps:
            try:
                yield from work(lambda: 1 // 0, size)
            except ZeroDivisionError:
                yield START
                yield Write(b"caught")

    with LocalServer(Refusing()) as server, RawClient(server.url) as client:
        client.send(post())
        assert client.response()[2] == b"caught"


def test_turns_let_other_connections_go_on():
    class Waiting(App):
        requests = 0

        def __call__(self, request: Request) -> Steps:
            self.requests += 1
            number = self.requests
            while number == 1 and self.requests == 1:
                yield Reschedule()
            yield START
            yield Write(b"%d" % number)

    with (
        LocalServer(Waiting()) as server,
        RawClient(server.url) as one,
        RawClient(server.url) as two,
    ):
        one.send(post())
        two.send(post())
        assert {one.response()[2], two.response()[2]} == {b"1", b"2"}


def test_large_requests_to_the_real_app_get_their_responses(server):
    long = {**BODY, "messages": [{"role": "user", "content": "word " * 50_000}]}
    requests = [post(), post(body=long), post(body={**long, "stream": True}), get("/nowhere")]
    with RawClient(server.url) as client:
        client.send(b"".join(requests))
        assert [client.response()[0] for _ in requests] == [200, 200, 200, 404]
