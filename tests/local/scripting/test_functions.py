"""Functions as replies: they may wait, be async, ask the server, and fail."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import antiphon
from antiphon.local import App, AsyncInProcess, LocalServer

HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hi"}],
}


async def later(request):
    await asyncio.sleep(0)
    return f"later: {request.text}"


def test_an_async_function_replies(scripted):
    server, client = scripted
    server.reply(later)
    assert client.messages.create(**HELLO).text == "later: Hi"


def test_an_async_function_replies_to_a_sync_client_inside_a_loop(scripted):
    server, client = scripted
    server.reply(later)

    async def program():
        return client.messages.create(**HELLO)

    assert asyncio.run(program()).text == "later: Hi"


def test_an_async_function_runs_in_the_loop_of_the_async_client():
    transport = AsyncInProcess()

    async def program():
        event = asyncio.Event()

        async def wait(request):
            await event.wait()
            return "waited"

        transport.reply(wait)
        client = antiphon.AsyncClient(http_client=transport, api_key="test")
        asked = asyncio.create_task(client.messages.create(**HELLO))
        await asyncio.sleep(0)
        event.set()
        return await asked

    assert asyncio.run(program()).text == "waited"


def test_functions_reply_to_the_items_of_batches():
    with LocalServer(App(batch_seconds=0)) as server:
        server.reply(later)
        client = antiphon.Client(base_url=server.url, api_key="test")
        requests = [{"custom_id": name, "params": HELLO} for name in ("a", "b")]
        batch = client.messages.batches.create(requests=requests)
        results = [*client.messages.batches.results(batch.id)]
    assert [each.result.message.text for each in results] == ["later: Hi", "later: Hi"]


def test_functions_may_wait_for_each_other():
    together = threading.Barrier(8)

    def wait(request):
        together.wait(timeout=20)
        return "met"

    with LocalServer() as server, ThreadPoolExecutor(8) as pool:
        server.reply(wait)
        client = antiphon.Client(base_url=server.url, api_key="test")
        asked = [pool.submit(client.messages.create, **HELLO) for _ in range(8)]
        assert {each.result().text for each in asked} == {"met"}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_function_may_look_at_the_server_and_script_it(scripted, kind):
    server, client = scripted

    def look(request):
        server.reply("scripted by a function")
        return f"{len(server.requests)} request: {server.requests[-1].text}"

    async def look_async(request):
        return look(request)

    server.reply(look if kind == "sync" else look_async, times=1)
    assert client.messages.create(**HELLO).text == "1 request: Hi"
    assert client.messages.create(**HELLO).text == "scripted by a function"


def test_a_client_that_leaves_does_not_stop_the_server():
    asked, release = threading.Event(), threading.Event()

    def wait(request):
        asked.set()
        release.wait(timeout=20)
        return "late"

    with LocalServer() as server:
        server.reply(wait, times=1)
        server.reply("next")
        hasty = antiphon.Client(base_url=server.url, api_key="test", timeout=0.2, max_retries=0)
        with pytest.raises(antiphon.APITimeoutError):
            hasty.messages.create(**HELLO)
        assert asked.is_set()
        release.set()
        client = antiphon.Client(base_url=server.url, api_key="test")
        assert client.messages.create(**HELLO).text == "next"


def test_a_server_stops_although_a_function_waits():
    release = threading.Event()
    asked = threading.Event()

    def wait(request):
        asked.set()
        release.wait(timeout=20)
        return "late"

    with ThreadPoolExecutor(1) as pool:
        with LocalServer(grace=0.05) as server:
            server.reply(wait)
            client = antiphon.Client(base_url=server.url, api_key="test", max_retries=0)
            sent = pool.submit(client.messages.create, **HELLO)
            assert asked.wait(timeout=20)
        assert isinstance(sent.exception(), antiphon.APIConnectionError)
        release.set()


def raising(request):
    assert "weather" in request.text, "no weather"


@pytest.mark.parametrize("as_condition", [False, True])
def test_a_function_that_fails_is_reported_and_not_tried_again(scripted, as_condition):
    server, client = scripted
    if as_condition:
        server.reply("never", when=raising)
    else:
        server.reply(raising)
    patient = client.with_options(max_retries=2)
    with pytest.raises(antiphon.BadRequestError, match="raised AssertionError: no weather"):
        patient.messages.create(**HELLO)
    assert len(server.requests) == 1
    with pytest.raises(AssertionError, match="no weather") as caught:
        server.verify()
    assert isinstance(caught.value.__cause__, AssertionError)


def test_a_function_that_returns_nothing_is_told_what_to_return(scripted):
    server, client = scripted
    server.reply(lambda request: None)
    with pytest.raises(antiphon.BadRequestError, match="give a text, a content block"):
        client.messages.create(**HELLO)
