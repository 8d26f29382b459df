"""Frozen time: waits of any length, on both sides of real sockets, take none."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
import time

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
