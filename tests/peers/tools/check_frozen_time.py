"""freezegun and time-machine: calls work, and clocks do not hang while time stands still."""

import asyncio
import datetime as dt
import socket

import freezegun
import pytest
import time_machine
from counter import async_call, call, start

import antiphon

FROZEN = [
    lambda: freezegun.freeze_time("2020-01-01", real_asyncio=True),
    lambda: time_machine.travel(dt.datetime(2020, 1, 1), tick=False),
]


@pytest.fixture(params=FROZEN, ids=["freezegun", "time-machine"])
def frozen(request):
    with request.param():
        yield


def test_calls_work(frozen):
    url = start()
    assert call(url)
    assert asyncio.run(async_call(url))


def test_the_read_clock_runs_out(frozen):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        clocks = antiphon.Timeout(read=0.2)
        with pytest.raises(antiphon.APITimeoutError):
            call(url, timeout=clocks, max_retries=0)
        with pytest.raises(antiphon.APITimeoutError):
            asyncio.run(async_call(url, timeout=clocks, max_retries=0))


def test_the_connect_clock_runs_out(frozen):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        with pytest.raises(antiphon.APITimeoutError):
            call(url, timeout=antiphon.Timeout(connect=0.2), max_retries=0)
        for caller in callers:
            caller.close()
