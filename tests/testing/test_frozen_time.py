"""Frozen time: waits of any length, on both sides of real sockets, take none."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import freezegun
import httpx2
import pytest
import time_machine
import trio

import antiphon
from antiphon.local import App, Limits, LocalServer
from antiphon.testing import faults, frozen

HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hi"}],
}


@pytest.fixture
def server():
    with LocalServer() as server:
        yield server


def client_of(server: LocalServer, **options) -> antiphon.Client:
    return antiphon.Client(base_url=server.url, api_key="test", **options)


def async_client_of(server: LocalServer, **options) -> antiphon.AsyncClient:
    return antiphon.AsyncClient(base_url=server.url, api_key="test", **options)


def test_a_rate_limit_is_waited_out(server):
    server.fail(429, retry_after=90, times=1)
    server.reply("Hello!")
    with frozen() as clock:
        assert client_of(server).messages.create(**HELLO).text == "Hello!"
    assert clock.elapsed == 90


def test_a_rate_limit_is_waited_out_by_an_async_client(server):
    server.fail(429, retry_after=90, times=1)
    server.reply("Hello!")

    async def main() -> str:
        return (await async_client_of(server).messages.create(**HELLO)).text

    with frozen() as clock:
        assert asyncio.run(main()) == "Hello!"
    assert clock.elapsed == 90


def test_back_off_takes_no_time(server):
    server.fail(529, times=5)
    server.reply("Hello!")
    with frozen() as clock:
        client_of(server, max_retries=5).messages.create(**HELLO)
    # 0.5, 1, 2, 4 and 8 seconds, less up to a quarter.
    assert 0.75 * 15.5 <= clock.elapsed <= 15.5


def test_a_stall_ends_at_its_limit(server):
    server.faults = [faults.stall(3600)]
    with (
        frozen() as clock,
        client_of(server, max_retries=0).messages.stream(**HELLO) as stream,
        pytest.raises(antiphon.StreamStalledError),
    ):
        stream.until_done()
    assert clock.elapsed == 600


def test_a_stall_of_an_async_stream_ends_at_its_limit(server):
    server.faults = [faults.pings_only(3600)]

    async def main() -> None:
        client = async_client_of(server, max_retries=0, timeout=antiphon.Timeout(stall=100))
        async with client.messages.stream(**HELLO) as stream:
            with pytest.raises(antiphon.StreamStalledError):
                await stream.until_done()

    with frozen() as clock:
        asyncio.run(main())
    assert clock.elapsed == 100


def test_a_server_that_is_just_in_time_is_in_time(server):
    server.reply("Hello!", delay=60)
    with frozen() as clock:
        clocks = antiphon.Timeout(read=60)
        client = client_of(server, timeout=clocks, max_retries=0)
        assert client.messages.create(**HELLO).text == "Hello!"
    assert clock.elapsed == 60


def test_a_total_ends_a_call(server):
    server.reply("Hello!", delay=1000)
    with frozen() as clock, pytest.raises(antiphon.APITimeoutError):
        client_of(server, timeout=antiphon.Timeout(total=70, read=30)).messages.create(**HELLO)
    assert 60 <= clock.elapsed <= 70


def test_the_clock_can_be_moved(server):
    system = {
        "type": "text",
        "text": "word " * 5000,
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
    client = client_of(server)

    def read_from_cache() -> int:
        return client.messages.create(**HELLO, system=[system]).usage.cache_read_input_tokens

    with frozen() as clock:
        assert [read_from_cache(), read_from_cache() > 0] == [0, True]
        clock.advance(3599)
        assert read_from_cache() > 0
        clock.advance(3601)
        assert read_from_cache() == 0
    assert clock.elapsed == 7200


def test_a_limit_of_the_server_is_lifted_by_a_minute():
    with LocalServer(App(limits=Limits(requests=1))) as server, frozen() as clock:
        client = client_of(server, max_retries=0)
        client.messages.create(**HELLO)
        with pytest.raises(antiphon.RateLimitError):
            client.messages.create(**HELLO)
        clock.advance(60)
        client.messages.create(**HELLO)


def test_many_async_calls_wait_side_by_side(server):
    server.faults = [faults.latency(200)]

    async def main() -> None:
        client = async_client_of(server)
        await asyncio.gather(*(client.messages.create(**HELLO) for _ in range(20)))

    with frozen() as clock:
        asyncio.run(main())
    assert clock.elapsed == 200


def test_threads_wait_side_by_side(server):
    server.faults = [faults.retry_after(seconds=100).on(attempts=1)]
    texts: list[str] = []

    def call(number: int) -> None:
        messages = [{"role": "user", "content": f"Hi {number}"}]
        texts.append(client.messages.create(**{**HELLO, "messages": messages}).text)

    client = client_of(server)
    with frozen() as clock:
        threads = [threading.Thread(target=call, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(texts) == 5
    assert 100 <= clock.elapsed <= 500


def test_the_clock_moves_from_within_an_event_loop(server):
    async def main() -> float:
        client = async_client_of(server)
        server.reply("Hello!", delay=50)
        call = asyncio.ensure_future(client.messages.create(**HELLO))
        clock.advance(20)
        await call
        return clock.elapsed

    with frozen() as clock:
        assert asyncio.run(main()) == 70


def test_httpx_waits_take_no_time_either(server):
    server.fail(429, retry_after=90, times=1)
    server.reply("Hello!", delay=100)
    with frozen() as clock, httpx2.Client() as over:
        assert client_of(server, http_client=over).messages.create(**HELLO).text == "Hello!"
    assert clock.elapsed == 190


def test_trio_waits_take_no_time_either(server):
    server.fail(429, retry_after=90, times=1)
    server.reply("Hello!", delay=100)

    async def main() -> str:
        return (await async_client_of(server).messages.create(**HELLO)).text

    with frozen() as clock:
        assert trio.run(main) == "Hello!"
    assert clock.elapsed == 190


def test_afterwards_time_is_that_of_the_machine(server):
    with frozen() as clock:
        clock.advance(10_000)
        assert server.clock() == pytest.approx(clock.time())
    assert abs(server.clock() - time.time()) < 1000
    assert client_of(server).messages.create(**HELLO).text


def test_a_response_that_waits_goes_on_afterwards(server):
    server.reply("Hello!", faults=[faults.latency(0.05)])
    with frozen():
        pass
    assert client_of(server).messages.create(**HELLO).text == "Hello!"


def test_time_is_frozen_once():
    with frozen(), pytest.raises(RuntimeError, match="frozen already"), frozen():
        pass


def ask(server: LocalServer) -> str:
    return client_of(server).messages.create(**HELLO).text


async def ask_async(server: LocalServer) -> str:
    return (await async_client_of(server).messages.create(**HELLO)).text


async def ask_and_block(server: LocalServer) -> str:
    return ask(server)


async def ask_in_a_thread(server: LocalServer) -> str:
    return await asyncio.to_thread(ask, server)


async def ask_several_times(server: LocalServer) -> str:
    texts = await asyncio.gather(*(ask_async(server) for _ in range(3)))
    return texts[0]


def ask_over_httpx(server: LocalServer) -> str:
    with httpx2.Client() as over:
        return client_of(server, http_client=over).messages.create(**HELLO).text


@pytest.mark.parametrize(
    "function",
    [
        ask,
        ask_async,
        ask_and_block,
        ask_in_a_thread,
        ask_several_times,
        ask_over_httpx,
        lambda server: asyncio.run(ask_async(server)),
    ],
    ids=["sync", "async", "blocking", "to_thread", "gather", "httpx", "asyncio.run"],
)
def test_a_function_of_a_script_waits_for_another_server(server, function):
    with LocalServer() as other, frozen() as clock:
        other.fail(429, retry_after=10, times=1)
        other.reply("Hello!", delay=30)
        server.reply(lambda _: function(other))
        assert client_of(server, timeout=100).messages.create(**HELLO).text == "Hello!"
    assert clock.elapsed == 40


def test_a_client_gives_up_a_server_that_waits_for_another_one(server):
    with LocalServer() as other, frozen() as clock:
        other.reply("Hello!", delay=30)
        server.reply(lambda _: ask(other))
        with pytest.raises(antiphon.APITimeoutError):
            client_of(server, timeout=20, max_retries=0).messages.create(**HELLO)
        clock.advance(10)


def test_a_recorder_waits_for_its_upstream(server, tmp_path):
    server.reply("Hello!", delay=30)
    cassette = tmp_path / "cassette.jsonl"
    with (
        LocalServer(cassette=cassette, mode="once", upstream=server.url) as recorder,
        frozen() as clock,
    ):
        assert ask(recorder) == "Hello!"
        with client_of(recorder).messages.stream(**{**HELLO, "max_tokens": 100}) as stream:
            stream.until_done()
    assert clock.elapsed == 60


def test_a_function_that_waits_in_a_way_of_its_own_takes_real_time(server):
    with LocalServer() as other, ThreadPoolExecutor() as pool, frozen() as clock:
        other.reply("Hello!", delay=0.1)
        server.reply(lambda _: pool.submit(ask, other).result())
        assert client_of(server, timeout=20).messages.create(**HELLO).text == "Hello!"
    assert 0.1 <= clock.elapsed < 20


class Elsewhere(ThreadingHTTPServer):
    """A server of which frozen time knows nothing; it responds when `responds` says so."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Responder)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.responds = threading.Event()
        self.pings = False


class Responder(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Elsewhere)
        self.rfile.read(int(self.headers["content-length"]))
        if self.server.pings:
            self.begin("text/event-stream")
            while not self.server.responds.wait(0.01):
                self.wfile.write(b'event: ping\ndata: {"type": "ping"}\n\n')
        elif self.server.responds.wait(60):
            self.begin("application/json")
            self.wfile.write(json.dumps(MESSAGE).encode())

    def begin(self, media_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@pytest.fixture
def elsewhere():
    with Elsewhere() as server:
        server.handle_error = lambda *_: None  # clients leave
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.responds.set()
        server.shutdown()
        thread.join()


def call_sync(url: str, **options) -> str:
    client = antiphon.Client(base_url=url, api_key="test", max_retries=0, **options)
    return client.messages.create(**HELLO).text


async def awaited(url: str, **options) -> str:
    client = antiphon.AsyncClient(base_url=url, api_key="test", max_retries=0, **options)
    return (await client.messages.create(**HELLO)).text


def call_async(url: str, **options) -> str:
    return asyncio.run(awaited(url, **options))


def call_trio(url: str, **options) -> str:
    return trio.run(lambda: awaited(url, **options))


def call_httpx(url: str, **options) -> str:
    with httpx2.Client() as over:
        return call_sync(url, http_client=over, **options)


every_transport = pytest.mark.parametrize("call", [call_sync, call_async, call_trio, call_httpx])


def respond_after(seconds: float, clock, elsewhere: Elsewhere) -> threading.Thread:
    """Have `elsewhere` respond when so much time of `clock` has passed by itself."""

    def wait() -> None:
        while clock.elapsed < seconds and not elsewhere.responds.wait(0.001):
            pass
        elsewhere.responds.set()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@every_transport
def test_time_passes_while_a_client_waits_for_a_server_elsewhere(elsewhere, call):
    with frozen() as clock:
        waiting = respond_after(0.05, clock, elsewhere)
        assert call(elsewhere.url) == "Hello!"
        waiting.join()
    assert 0.05 <= clock.elapsed < 60


@every_transport
def test_a_server_elsewhere_that_never_responds_meets_the_limit(elsewhere, call):
    with frozen() as clock, pytest.raises(antiphon.APITimeoutError):
        call(elsewhere.url, timeout=antiphon.Timeout(read=0.1, total=50))
    assert clock.elapsed < 50


def test_a_stream_from_elsewhere_stalls_at_its_limit(elsewhere):
    elsewhere.pings = True
    clocks = antiphon.Timeout(stall=0.1)
    client = antiphon.Client(base_url=elsewhere.url, api_key="test", max_retries=0, timeout=clocks)
    with (
        frozen() as clock,
        client.messages.stream(**HELLO) as stream,
        pytest.raises(antiphon.StreamStalledError),
    ):
        stream.until_done()
    assert 0.1 <= clock.elapsed < 60


def test_no_time_is_left_out_while_a_client_waits_for_a_server_elsewhere(server, elsewhere):
    server.reply("Hello!", delay=0.2)
    with frozen() as clock, ThreadPoolExecutor() as pool:
        call = pool.submit(call_sync, elsewhere.url, timeout=50)
        assert ask(server) == "Hello!"
        elsewhere.responds.set()
        assert call.result() == "Hello!"
    assert 0.2 <= clock.elapsed < 50


def test_a_recorder_waits_for_an_upstream_elsewhere(elsewhere, tmp_path):
    cassette = tmp_path / "cassette.jsonl"
    with (
        LocalServer(cassette=cassette, mode="once", upstream=elsewhere.url) as recorder,
        frozen() as clock,
    ):
        waiting = respond_after(0.05, clock, elsewhere)
        assert ask(recorder) == "Hello!"
        waiting.join()
    assert 0.05 <= clock.elapsed < 60


class SlowProxy(socketserver.ThreadingTCPServer):
    """A proxy that opens its tunnel late, and closes it at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowTunnel)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked = threading.Event()
        self.opens = threading.Event()


class SlowTunnel(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, SlowProxy)
        while self.rfile.readline() != b"\r\n":
            pass
        self.server.asked.set()
        self.server.opens.wait(60)
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.fixture
def slow_proxy():
    with SlowProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        yield proxy
        proxy.opens.set()
        proxy.shutdown()
        thread.join()


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_no_time_is_left_out_while_a_connection_is_opened(server, slow_proxy, call, monkeypatch):
    server.reply("Hello!", delay=500)
    with ThreadPoolExecutor() as pool, frozen() as clock:
        with monkeypatch.context() as patch:
            patch.setenv("HTTPS_PROXY", slow_proxy.url)
            failed = pool.submit(call, "https://api.example", timeout=100)
            slow_proxy.asked.wait()
        text = pool.submit(ask, server)
        while not clock.elapsed:  # it passes as that of the machine
            slow_proxy.opens.wait(0.001)
        slow_proxy.opens.set()
        # The proxy closes the tunnel: that is no TLS.
        assert type(failed.exception()) is antiphon.APIConnectionError
        assert text.result() == "Hello!"
    assert 500 <= clock.elapsed < 560


def test_a_large_upload_is_no_wait(server):
    content = bytes(30_000_000)

    async def main() -> int:
        client = async_client_of(server, max_retries=0)
        return (await client.beta.files.upload(file=("zeros", content))).size_bytes

    with frozen() as clock:
        assert asyncio.run(main()) == len(content)
    assert clock.elapsed == 0


@pytest.mark.parametrize("call", [call_sync, call_async, call_httpx])
def test_a_wait_goes_on_when_the_block_has_ended(server, call):
    asked, go_on = threading.Event(), threading.Event()

    def reply(_: object) -> str:
        asked.set()
        go_on.wait(60)
        return "Hello!"

    server.reply(reply)
    with ThreadPoolExecutor() as pool:
        with frozen():
            text = pool.submit(call, server.url)
            asked.wait()
        go_on.set()
        assert text.result() == "Hello!"


def test_a_server_that_is_closed_finishes_its_responses():
    with frozen() as clock, ThreadPoolExecutor() as pool:
        with LocalServer() as server:
            server.reply("Hello!", delay=100)
            text = pool.submit(ask, server)
            while not server.requests:
                threading.Event().wait(0.001)
        assert text.result() == "Hello!"
    assert clock.elapsed == 100


def test_time_has_an_end():
    with frozen() as clock:
        with pytest.raises(ValueError, match="beyond the year 9000"):
            clock.advance(1e18)
        assert clock.elapsed == 0


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_time_does_not_go_back(seconds):
    with frozen() as clock, pytest.raises(ValueError, match="from 0"):
        clock.advance(seconds)


@pytest.mark.parametrize(
    "other",
    [
        lambda: freezegun.freeze_time("2026-11-20", real_asyncio=True),
        lambda: time_machine.travel(dt.datetime(2026, 11, 20, tzinfo=dt.UTC), tick=False),
    ],
    ids=["freezegun", "time-machine"],
)
def test_it_works_beside_other_clocks(server, other):
    server.fail(429, retry_after=90, times=2)
    server.reply("Hello!")

    async def main() -> str:
        return (await async_client_of(server).messages.create(**HELLO)).text

    with other(), frozen() as clock:
        day = dt.datetime.fromtimestamp(clock.time(), dt.UTC).date()
        assert client_of(server).messages.create(**HELLO).text == "Hello!"
        assert asyncio.run(main()) == "Hello!"
    assert day == dt.date(2026, 11, 20)
    assert clock.elapsed == 180


def test_time_is_a_number():
    with frozen() as clock, pytest.raises(TypeError, match="seconds: 'a' is not a number"):
        clock.advance("a")
