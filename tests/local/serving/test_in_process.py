"""Clients on an app without a socket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon import (
    APIConnectionError,
    APITimeoutError,
    AsyncClient,
    BadRequestError,
    Client,
    Timeout,
)
from antiphon._wire.http import Request
from antiphon.local import App, AsyncInProcess, InProcess, VirtualClock
from antiphon.local.api.latency import Latency
from antiphon.local.api.steps import Abort, Pause, Write, WriteHead
from antiphon.local.metering.rate_limits import Limits
from tests.support.scripted_app import START, ScriptedApp

HELLO: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello"}],
}


def client(app: App | None = None, **options: Any) -> Client:
    return Client(api_key="any", http_client=InProcess(app), **{"max_retries": 0, **options})


def test_create_stream_and_count():
    message = client().messages.create(**HELLO)
    with client().messages.stream(**HELLO) as stream:
        assert "".join(stream.text_stream) == message.content[0].text
    counted = client().messages.count_tokens(model=HELLO["model"], messages=HELLO["messages"])
    assert counted.input_tokens == message.usage.input_tokens


def test_async_create_and_stream():
    async def run() -> None:
        client = AsyncClient(api_key="any", http_client=AsyncInProcess())
        message = await client.messages.create(**HELLO)
        async with client.messages.stream(**HELLO) as stream:
            assert await stream.get_final_text() == message.content[0].text

    asyncio.run(run())


def test_refusal_is_an_error_of_the_client():
    with pytest.raises(BadRequestError, match="max_tokens"):
        client().messages.create(**{**HELLO, "max_tokens": "many"})


def test_response_that_takes_ten_minutes_moves_the_clock_only():
    app = App(VirtualClock(), latency=Latency(first_token=599))
    client(app).messages.create(**HELLO)
    assert app.clock() == VirtualClock()() + 599


@pytest.mark.parametrize("stream", [False, True])
def test_response_slower_than_the_timeout_is_a_timeout_error(stream):
    app = App(VirtualClock(), latency=Latency(first_token=14))
    impatient = client(app, timeout=Timeout(read=10))
    with pytest.raises(APITimeoutError) as caught:
        list(impatient.messages.create(**HELLO, stream=stream))
    assert caught.value.phase == ("body" if stream else "first byte")
    assert app.clock() == VirtualClock()() + 10


def test_read_timeout_starts_again_with_every_byte():
    app = ScriptedApp(START, Pause(8), Write(b"{"), Pause(8), Write(b"}"), clock=VirtualClock())
    reply = InProcess(app).send(request())
    assert [reply.read(10), reply.read(10), reply.read(10)] == [b"{", b"}", b""]


def test_pause_that_outlasted_a_timeout_goes_on():
    app = ScriptedApp(START, Pause(15), Write(b"x"), clock=VirtualClock())
    reply = InProcess(app).send(request())
    with pytest.raises(APITimeoutError):
        reply.read(10)
    assert reply.read(10) == b"x"
    assert app.clock() == VirtualClock()() + 15


def request() -> Request:
    return Request("POST", "http://in.process/v1/messages", {}, b"", Timeout())


@pytest.mark.parametrize(
    ("steps", "phase"),
    [([Abort()], "first byte"), ([WriteHead(200, ()), Write(b"{"), Abort()], "body")],
)
def test_aborted_response_is_a_connection_error(steps, phase):
    with pytest.raises(APIConnectionError) as caught:
        client(ScriptedApp(*steps, clock=VirtualClock())).messages.create(**HELLO)
    assert caught.value.phase == phase
    assert not isinstance(caught.value, APITimeoutError)


def test_retries_wait_on_the_clock_of_the_app():
    app = App(VirtualClock(), limits=Limits(requests=1))
    patient = client(app, max_retries=2)
    patient.messages.create(**HELLO)
    patient.messages.create(**HELLO)
    assert 60 <= app.clock() - VirtualClock()() < 120
    assert [entry.status for entry in app.journal.entries()] == [200, 429, 200]


def test_async_retries_wait_on_the_clock_of_the_app():
    app = App(VirtualClock(), limits=Limits(requests=1))

    async def run() -> None:
        patient = AsyncClient(api_key="any", http_client=AsyncInProcess(app), max_retries=2)
        await patient.messages.create(**HELLO)
        await patient.messages.create(**HELLO)

    asyncio.run(run())
    assert 60 <= app.clock() - VirtualClock()() < 120


def test_stream_left_early_ends_in_the_app():
    app = App(VirtualClock())
    with client(app).messages.stream(**HELLO) as stream:
        next(iter(stream))
    [entry] = app.journal.entries()
    assert entry.seconds is not None


def test_many_threads_share_one_transport():
    app = App(VirtualClock())
    shared = client(app)
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda _: shared.messages.create(**HELLO)._request_id, range(200)))
    assert len(set(ids)) == 200
    assert len(app.journal.entries()) == 200


def test_no_socket_and_no_event_loop_is_loaded():
    code = (
        "import sys, antiphon; from antiphon.local import InProcess;"
        "antiphon.Client(api_key='k', http_client=InProcess()).messages.create("
        "model='claude-haiku-4-5', max_tokens=9, messages=[{'role': 'user', 'content': 'x'}]);"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unused = {"asyncio", "h11", "urllib3", "pypdf", "jsonschema", "referencing", "rstr"}
    assert not unused & set(run.stdout.split())
