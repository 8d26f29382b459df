"""What fixed work costs, counted and not timed: a change that costs more shows here first.

The limits are the counts of Python 3.11, the highest of the supported versions, and a tenth more.
Lower them when something gets cheaper; `scripts/bench` tells what the counts are worth.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from antiphon import AsyncClient, Client
from antiphon.costs.tally import PROCESS
from antiphon.local import App
from antiphon.local.api.steps import Write, WriteHead, next_visible_step
from antiphon.local.serving.request_reader import RequestReader
from antiphon.local.serving.response_framing import ResponseFraming
from tests.support.imports import loaded_by
from tests.support.raw_http import HEADERS
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.stream_events import framed

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
MESSAGE: dict[str, Any] = {
    "model": "m",
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 50},
}
TEXT = ({"type": "text", "text": ""}, {"type": "text_delta", "text": "some words "})
INPUT = (
    {"type": "tool_use", "id": "toolu_1", "name": "write", "input": {}},
    {"type": "input_json_delta", "partial_json": " "},
)
EVENTS = 1000


def calls(work: Callable[[], object]) -> Counter[str]:
    """Count the functions that `work` calls in this thread, in Python and in C, by name."""
    counted: Counter[str] = Counter()

    def called(frame: FrameType, happening: str, function: Any) -> None:
        if happening == "call":
            counted[frame.f_code.co_name] += 1
        elif happening == "c_call":
            counted[function.__name__] += 1

    work()  # so that what is built once is not counted
    PROCESS.rows()  # the costs of calls are counted later, many at once
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def streamed(block: dict[str, Any], delta: dict[str, Any]) -> bytes:
    change = {"type": "content_block_delta", "index": 0, "delta": delta}
    return framed(
        {"type": "message_start", "message": {**MESSAGE, "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *[change] * EVENTS,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 50},
        },
        {"type": "message_stop"},
    )


def answered_json() -> Answer:
    content = [{"type": "text", "text": "Hello"}]
    body = json.dumps({**MESSAGE, "content": content}).encode()
    return Answer(body, headers=(("content-type", "application/json"),))


def test_modules_loaded():
    def loaded(statement: str) -> int:
        return len(loaded_by(statement) - loaded_by("pass"))

    assert loaded("import antiphon") <= 7
    assert loaded("from antiphon import Client; Client(api_key='k')") <= 203


def test_calls_of_a_further_client():
    assert calls(lambda: Client(api_key="k", base_url="http://127.0.0.1:1")).total() <= 93


def test_calls_of_a_create():
    client = Client(api_key="k", http_client=Scripted(answered_json(), answered_json()))
    counted = calls(lambda: client.messages.create(**ASK))
    assert counted["dumps"] == counted["validate_json"] == 1
    assert counted.total() <= 187


def test_calls_of_an_async_create():
    transport = AsyncScripted(answered_json(), answered_json())

    async def main() -> Counter[str]:
        client = AsyncClient(api_key="k", http_client=transport)
        await client.messages.create(**ASK)
        counted: Counter[str] = Counter()
        sys.setprofile(
            lambda frame, happening, _: counted.update(
                [frame.f_code.co_name] * ("call" in happening)
            )
        )
        try:
            await client.messages.create(**ASK)
        finally:
            sys.setprofile(None)
        return counted

    assert asyncio.run(main()).total() <= 197


def test_calls_on_a_socket(server, monkeypatch):
    # While one of these is loaded, the transport looks whether a recorder has taken its place.
    for name in ("httpx", "httpx2", "requests", "vcr"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    client = Client(api_key="k", base_url=server.url)
    counted = calls(lambda: client.messages.create(**ASK))
    assert counted["sendall"] == 1
    assert counted["recv"] <= 2
    assert counted["connect"] == 0
    assert counted.total() <= 316


def test_calls_of_a_create_with_a_tracer_that_is_not_set_up():
    def counted() -> Counter[str]:
        client = Client(api_key="k", http_client=Scripted(answered_json(), answered_json()))
        return calls(lambda: client.messages.create(**ASK))

    alone = counted()
    importlib.import_module("opentelemetry.trace")
    more = counted() - alone
    # One look whether there is a provider. Without OpenTelemetry not even that.
    assert more.total() <= 1
    # Of the seam itself the ledger is the only user: nothing waits, and nothing is admitted.
    assert not {"admit", "responded", "failed"} & {*alone}


@pytest.mark.parametrize(
    ("view", "kind", "limit"),
    [("text", TEXT, 14.2), ("raw", TEXT, 17.5), ("events", TEXT, 27.5), ("events", INPUT, 27.6)],
    ids=["text_stream", "raw events", "text events", "events of a tool's input"],
)
def test_calls_of_an_event(view, kind, limit):
    body = streamed(*kind)
    chunks = [body[start : start + 65536] for start in range(0, len(body), 65536)]

    def read() -> None:
        client = Client(api_key="k", http_client=Scripted(Answer(*chunks)))
        if view == "raw":
            seen = sum(1 for _ in client.messages.create(**ASK, stream=True))
            assert seen == EVENTS + 5
            return
        with client.messages.stream(**ASK) as stream:
            seen = sum(1 for _ in (stream.text_stream if view == "text" else stream))
            assert seen >= EVENTS

    counted = calls(read)
    parses = counted["from_json"] + counted["validate_json"]
    assert EVENTS <= parses <= EVENTS + 30, "every event is parsed once"
    assert counted.total() / EVENTS <= limit


def served(stream: bool) -> Counter[str]:
    """Count the calls that the local server makes for a small request, without its socket."""
    body = json.dumps({**ASK, "stream": stream}).encode()
    head = "\r\n".join(
        [
            "POST /v1/messages HTTP/1.1",
            *(f"{name}: {value}" for name, value in HEADERS.items()),
            *(f"x-stainless-{number}: value" for number in range(8)),
            f"content-length: {len(body)}",
        ]
    )
    reader, app = RequestReader(), App()

    def serve() -> None:
        reader.feed(head.encode() + b"\r\n\r\n" + body)
        received = reader.next_request()
        assert received is not None
        steps, framing = app(received.request), ResponseFraming("POST")
        while (step := next_visible_step(steps)) is not None:
            if isinstance(step, WriteHead):
                framing.head(step.status, step.headers)
            elif isinstance(step, Write):
                framing.body(step.content)

    return calls(serve)


@pytest.mark.parametrize(("stream", "limit"), [(False, 870), (True, 1155)])
def test_calls_of_the_local_server_for_a_request(stream, limit):
    counted = served(stream)
    assert counted["word_tokens"] == 2  # the prompt and the reply, each once
    assert counted["time"] <= 8, "the clock is read at most so often"
    assert counted.total() <= limit


def test_copies_of_an_image():
    size = 16 * 1024 * 1024
    source = {"type": "base64", "media_type": "image/png", "data": "A" * size}
    ask = {**ASK, "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}
    client = Client(api_key="k", http_client=Scripted(answered_json(), answered_json()))
    client.messages.create(**ASK)
    tracemalloc.start()
    try:
        client.messages.create(**ask)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size <= peak <= 1.1 * size
