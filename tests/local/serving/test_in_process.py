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
from antiphon.local.api.steps import Abort, Pause, Steps, Write, WriteHead
from antiphon.local.metering.rate_limits import Limits

ASKED: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello"}],
}


class Scripted(App):
    def __init__(self, *steps: Any) -> None:
        super().__init__(VirtualClock())
        self.steps = steps

    def __call__(self, request: Request) -> Steps:
        yield from self.steps


def client(app: App | None = None, **options: Any) -> Client:
    return Client(api_key="any", http_client=InProcess(app), **{"max_retries": 0, **options})


def test_create_stream_and_count():
    message = client().messages.create(**ASKED)
    with client().messages.stream(**ASKED) as stream:
        assert "".join(stream.text_stream) == message.content[0].text
    counted = client().messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"])
    assert counted.input_tokens == message.usage.input_tokens


def test_the_same_awaited():
    async def run() -> None:
        client = AsyncClient(api_key="any", http_client=AsyncInProcess())
        message = await client.messages.create(**ASKED)
        async with client.messages.stream(**ASKED) as stream:
            assert await stream.get_final_text() == message.content[0].text

    asyncio.run(run())


def test_refusals_are_those_of_the_api():
    with pytest.raises(BadRequestError, match="max_tokens"):
        client().messages.create(**{**ASKED, "max_tokens": "many"})


def test_an_answer_that_takes_ten_minutes_takes_no_time():
    app = App(VirtualClock(), latency=Latency(first_token=599))
    client(app).messages.create(**ASKED)
    assert app.clock() == VirtualClock()() + 599


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_takes_too_long(stream):
    app = App(VirtualClock(), latency=Latency(first_token=14))
    impatient = client(app, timeout=Timeout(read=10))
    with pytest.raises(APITimeoutError) as caught:
        list(impatient.messages.create(**ASKED, stream=stream))
    assert caught.value.phase == ("body" if stream else "first byte")
    assert app.clock() == VirtualClock()() + 10


def test_patience_begins_anew_with_every_byte():
    app = Scripted(WriteHead(200, ()), Pause(8), Write(b"{"), Pause(8), Write(b"}"))
    reply = InProcess(app).send(request())
    assert [reply.read(10), reply.read(10), reply.read(10)] == [b"{", b"}", b""]


def test_a_wait_that_was_given_up_goes_on():
    app = Scripted(WriteHead(200, ()), Pause(15), Write(b"x"))
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
def test_a_reset_connection(steps, phase):
    with pytest.raises(APIConnectionError) as caught:
        client(Scripted(*steps)).messages.create(**ASKED)
    assert caught.value.phase == phase
    assert not isinstance(caught.value, APITimeoutError)


def test_retries_wait_on_the_clock_of_the_app():
    app = App(VirtualClock(), limits=Limits(requests=1))
    patient = client(app, max_retries=2)
    patient.messages.create(**ASKED)
    patient.messages.create(**ASKED)
    assert 60 <= app.clock() - VirtualClock()() < 120
    assert [entry.status for entry in app.journal.entries()] == [200, 429, 200]


def test_retries_awaited_wait_on_it_too():
    app = App(VirtualClock(), limits=Limits(requests=1))

    async def run() -> None:
        patient = AsyncClient(api_key="any", http_client=AsyncInProcess(app), max_retries=2)
        await patient.messages.create(**ASKED)
        await patient.messages.create(**ASKED)

    asyncio.run(run())
    assert 60 <= app.clock() - VirtualClock()() < 120


def test_a_stream_that_is_left_ends_on_the_server():
    app = App(VirtualClock())
    with client(app).messages.stream(**ASKED) as stream:
        next(iter(stream))
    [entry] = app.journal.entries()
    assert entry.seconds is not None


def test_many_threads_share_one_transport():
    app = App(VirtualClock())
    shared = client(app)
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda _: shared.messages.create(**ASKED)._request_id, range(200)))
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
    assert not {"asyncio", "h11", "urllib3", "pypdf"} & set(run.stdout.split())
