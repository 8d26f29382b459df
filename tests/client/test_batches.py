"""Message batches, sync and async, against the local server and a scripted transport."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from antiphon import (
    AntiphonError,
    APIConnectionError,
    APIResponseValidationError,
    AsyncClient,
    Client,
    NotFoundError,
    OutputTruncatedError,
)
from antiphon.local import App, LocalServer, VirtualClock
from antiphon.types import Message
from tests.support.scripted import Answer, Scripted, broken

JSON = ("content-type", "application/json")
LINES = ("content-type", "application/x-jsonl")
ASK = {
    "model": "claude-haiku-4-5",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hi"}],
}
BATCH = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "ended",
    "request_counts": dict.fromkeys(
        ("processing", "succeeded", "errored", "canceled", "expired"), 0
    ),
    "created_at": "2026-11-25T10:00:00Z",
    "expires_at": "2026-11-26T10:00:00Z",
    "results_url": "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results",
}


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def server(clock):
    with LocalServer(App(clock=clock)) as running:
        yield running


def requests(count: int) -> list[dict]:
    return [{"custom_id": f"row-{number}", "params": ASK} for number in range(count)]


def test_a_batch_from_its_creation_to_its_deletion(server, clock):
    batches = Client(base_url=server.url, api_key="k").messages.batches
    batch = batches.create(requests=iter(requests(3)))
    assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", 3)
    with pytest.raises(AntiphonError, match="has no results: it is 'in_progress'"):
        batches.results(batch.id)
    clock.advance(24 * 3600)
    assert batches.retrieve(batch.id).processing_status == "ended"
    results = {result.custom_id: result.result for result in batches.results(batch.id)}
    assert sorted(results) == ["row-0", "row-1", "row-2"]
    assert all(isinstance(result.message, Message) for result in results.values())
    assert [each.id for each in batches.list(limit=1)] == [batch.id]
    assert batches.delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(NotFoundError):
        batches.retrieve(batch.id)


def test_a_batch_is_cancelled(server):
    batches = Client(base_url=server.url, api_key="k").messages.batches
    batch = batches.create(requests=requests(1))
    assert batches.cancel(batch.id).processing_status == "canceling"


def test_the_same_asynchronously(server, clock):
    async def main() -> list[str]:
        batches = AsyncClient(base_url=server.url, api_key="k").messages.batches
        batch = await batches.create(requests=requests(2))
        clock.advance(24 * 3600)
        results = [result.custom_id async for result in await batches.results(batch.id)]
        assert [each.id async for each in batches.list()] == [batch.id]
        assert (await batches.list()).data[0].id == batch.id
        raw = await batches.with_raw_response.retrieve(batch.id)
        assert raw.parse().id == batch.id
        async with batches.with_streaming_response.results(batch.id) as response:
            assert response.status_code == 200
            assert len([result async for result in await response.parse()]) == 2
        return sorted(results)

    assert asyncio.run(main()) == ["row-0", "row-1"]


def test_requests_are_sent_as_create_would_send_them():
    transport = Scripted(Answer(json.dumps(BATCH).encode(), headers=(JSON,)))
    message = Message.decode(
        b'{"type":"message","role":"assistant","content":[{"type":"text","text":"Yes"}]}'
    )
    params = {**ASK, "messages": [*ASK["messages"], message, *ASK["messages"]]}
    Client(api_key="k", http_client=transport).messages.batches.create(
        requests=[{"custom_id": "a", "params": params}], user_profile_id="p"
    )
    (request,) = transport.requests
    sent = json.loads(request.body)["requests"][0]["params"]["messages"][1]
    assert sent == {"role": "assistant", "content": [{"type": "text", "text": "Yes"}]}
    assert request.headers["anthropic-user-profile-id"] == "p"


def results_of(url: str | None, *lines: str, base_url: str = "https://api.anthropic.com"):
    body = "\n".join(lines).encode()
    transport = Scripted(
        Answer(json.dumps({**BATCH, "results_url": url}).encode(), headers=(JSON,)),
        Answer(body, headers=(LINES,)),
    )
    client = Client(api_key="sk-secret", base_url=base_url, http_client=transport, max_retries=0)
    return client.messages.batches.results("msgbatch_1"), transport.requests


LINE = '{"custom_id":"a","result":{"type":"canceled"}}'


@pytest.mark.parametrize(
    ("results_url", "base_url", "sent_to", "with_key"),
    [
        (BATCH["results_url"], "https://api.anthropic.com", BATCH["results_url"], True),
        ("/elsewhere/1?a=b", "https://gw/base", "https://gw/elsewhere/1?a=b", True),
        (
            BATCH["results_url"],
            "https://gw/base",
            "https://gw/base/v1/messages/batches/msgbatch_1/results",
            True,
        ),
        ("https://evil.example/x", "https://gw/base", "https://evil.example/x", False),
        ("http://gw/base/x", "https://gw/base", "http://gw/base/x", False),
    ],
)
def test_the_key_stays_on_the_origin_of_the_base_url(results_url, base_url, sent_to, with_key):
    results, sent = results_of(results_url, LINE, base_url=base_url)
    assert [result.custom_id for result in results] == ["a"]
    assert sent[1].url == sent_to
    assert ("x-api-key" in sent[1].headers) is with_key


def test_blank_lines_and_a_last_line_without_an_end_are_read():
    results, _ = results_of(BATCH["results_url"], LINE, "", "\r", LINE.replace('"a"', '"b"'))
    assert [result.custom_id for result in results] == ["a", "b"]


def test_a_line_that_is_no_json_is_named_by_its_number():
    results, _ = results_of(BATCH["results_url"], LINE, '{"custom_id": "b", "res')
    assert next(results).custom_id == "a"
    with pytest.raises(APIResponseValidationError, match="Line 2 is not the JSON"):
        next(results)


def test_results_that_break_off_raise():
    transport = Scripted(
        Answer(json.dumps(BATCH).encode(), headers=(JSON,)),
        Answer(f"{LINE}\n".encode(), broken(), headers=(LINES,)),
    )
    results = Client(api_key="k", http_client=transport).messages.batches.results("msgbatch_1")
    assert next(results).custom_id == "a"
    with pytest.raises(APIConnectionError):
        next(results)


@pytest.mark.parametrize("wrong", ["", None, 3])
def test_an_id_that_is_none_is_refused_before_anything_is_sent(wrong):
    transport = Scripted()
    batches = Client(api_key="k", http_client=transport).messages.batches
    for method in (batches.retrieve, batches.cancel, batches.delete, batches.results):
        with pytest.raises(ValueError, match="message_batch_id"):
            method(wrong)
    assert transport.requests == []


def test_an_id_is_encoded_in_the_path():
    transport = Scripted(Answer(json.dumps(BATCH).encode(), headers=(JSON,)))
    Client(api_key="k", http_client=transport).messages.batches.retrieve("a/b?c")
    assert transport.requests[0].url.endswith("/v1/messages/batches/a%2Fb%3Fc")


def test_unknown_arguments_are_named():
    batches = Client(api_key="k", http_client=Scripted()).messages.batches
    with pytest.raises(
        TypeError, match=r"batches.list\(\) got an unexpected keyword argument 'limt'"
    ):
        batches.list(limt=3)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'requests'"):
        batches.create()


@dataclass
class Stock:
    items: dict[str, int]


def with_output(kind: object, **more: object) -> dict[str, object]:
    return {**ASK, "max_tokens": 400, "output_format": kind, **more}


def test_outputs_of_a_batch(server, clock):
    batches = Client(base_url=server.url, api_key="k").messages.batches
    asked = [
        {"custom_id": "a", "params": with_output(Stock)},
        {"custom_id": "b", "params": with_output(list[int])},
        {"custom_id": "c", "params": with_output(list[int], max_tokens=1)},
        {"custom_id": "d", "params": ASK},
    ]
    batch = batches.create(requests=iter(asked))
    clock.advance(24 * 3600)
    kinds = {"a": Stock, "b": list[int], "c": list[int]}
    lines = batches.results(batch.id, output_format=kinds)
    messages = {line.custom_id: line.result.message for line in lines}
    assert isinstance(messages["a"].parsed_output, Stock)
    assert isinstance(messages["b"].output, list)
    assert messages["c"].parsed_output is None
    assert isinstance(messages["c"].output_error, OutputTruncatedError)
    with pytest.raises(OutputTruncatedError):
        _ = messages["c"].output
    assert messages["d"].output_error is None
    assert messages["d"].text

    async def main() -> dict[str, object]:
        client = AsyncClient(base_url=server.url, api_key="k")
        lines = await client.messages.batches.results(batch.id, output_format=Stock)
        return {line.custom_id: line.result.message async for line in lines}

    others = asyncio.run(main())
    assert isinstance(others.pop("a").output, Stock)
    assert all(other.output_error for other in others.values())


def test_a_line_with_its_output_is_dumped_as_it_was_received():
    message = {"content": [{"type": "text", "text": "[1]"}], "type": "message", "id": "msg_1"}
    lines = [
        {"custom_id": "a", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "b", "result": {"type": "expired"}},
    ]
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    transport = Scripted(
        Answer(json.dumps(BATCH).encode(), headers=(JSON,)), Answer(body, headers=(LINES,))
    )
    results = Client(api_key="k", http_client=transport).messages.batches.results(
        "msgbatch_1", output_format=list[int]
    )
    first, second = results
    assert first.result.message.output == [1]
    assert [first.to_dict(), second.to_dict()] == lines


def test_a_type_without_a_schema_is_refused_with_its_place():
    client = Client(api_key="k", http_client=Scripted())
    asked = [*requests(1), {"custom_id": "x", "params": with_output(dict)}]
    with pytest.raises(TypeError, match=r"requests\[1\]\.params\.output_format: .* may be any"):
        client.messages.batches.create(requests=asked)
