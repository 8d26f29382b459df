"""A stream broken off at every byte: a typed error with a part of the truth, never a message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon import APIError, AsyncClient, Client
from antiphon.types import Message
from tests.support.cut_server import cut_server
from tests.support.request_samples import PARAMS
from tests.support.stream_events import STREAMS

WHOLE = {name: len(stream) - 2 for name, stream in STREAMS.items()}
"""From this many bytes on, the last event is complete but for its blank line."""

QUICK = {**PARAMS, "timeout": 5}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with cut_server(STREAMS) as url:
        yield url


def client_at(kind: Any, server: str, name: str, offset: int, how: str) -> Any:
    return kind(api_key="k", base_url=f"{server}/{name}/{offset}/{how}", max_retries=0)


@pytest.fixture(scope="module")
def truths(server: str) -> dict[str, Any]:
    return {name: whole(server, name).to_dict() for name in STREAMS}


def whole(server: str, name: str) -> Message:
    client = client_at(Client, server, name, len(STREAMS[name]), "end")
    with client.messages.stream(**QUICK) as stream:
        return stream.get_final_message()


def is_prefix(part: Any, truth: Any) -> bool:
    """Whether `part` is `truth`, not all of it arrived yet."""
    if isinstance(part, str) and isinstance(truth, str):
        return truth.startswith(part)
    if isinstance(part, list) and isinstance(truth, list):
        return len(part) <= len(truth) and all(map(is_prefix, part, truth))
    if isinstance(part, dict) and isinstance(truth, dict):
        return all(name in truth and is_prefix(value, truth[name]) for name, value in part.items())
    return part is None or part == truth or isinstance(part, int)


def check_failure(error: APIError, truth: dict[str, Any]) -> None:
    assert error.attempts
    assert error.request_id == "req_cut"
    if error.partial is not None:
        assert is_prefix(error.partial.to_dict(), truth)
        assert error.usage is not None
    for block in error.partial.tool_uses if error.partial else ():
        assert not block.complete or block.input == truth["content"][1]["input"]


def check_success(message: Message, truth: dict[str, Any], name: str, offset: int) -> None:
    assert offset >= WHOLE[name]
    assert message.to_dict() == truth


@pytest.mark.slow
@pytest.mark.parametrize("how", ["end", "cut", "reset"])
@pytest.mark.parametrize("name", STREAMS)
def test_at_every_byte(server, truths, name, how):
    for offset in range(len(STREAMS[name]) + 1):
        client = client_at(Client, server, name, offset, how)
        try:
            with client.messages.stream(**QUICK) as stream:
                for _ in stream:
                    pass
                message = stream.get_final_message()
        except APIError as error:
            check_failure(error, truths[name])
        else:
            check_success(message, truths[name], name, offset)


async def one_async(server: str, truth: dict[str, Any], name: str, offset: int, how: str) -> None:
    client = client_at(AsyncClient, server, name, offset, how)
    try:
        async with client.messages.stream(**QUICK) as stream:
            texts = [text async for text in stream.text_stream]
            message = await stream.get_final_message()
            assert "".join(texts) == message.text
    except APIError as error:
        check_failure(error, truth)
    else:
        check_success(message, truth, name, offset)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["end", "cut", "reset"])
@pytest.mark.parametrize("name", STREAMS)
def test_at_every_byte_async(server, truths, name, how):
    async def every_offset() -> None:
        for offset in range(len(STREAMS[name]) + 1):
            await one_async(server, truths[name], name, offset, how)

    asyncio.run(every_offset())


@pytest.mark.parametrize("name", STREAMS)
def test_the_raw_stream_says_so_too(server, name):
    for offset in range(0, WHOLE[name], 37):
        client = client_at(Client, server, name, offset, "end")
        with pytest.raises(APIError):
            for _ in client.messages.create(**QUICK, stream=True):
                pass


@pytest.mark.parametrize("name", STREAMS)
def test_create_never_returns_a_part(server, truths, name):
    ask = {**QUICK, "max_tokens": 64_000}
    for offset in range(0, WHOLE[name], 37):
        client = client_at(Client, server, name, offset, "end")
        with pytest.raises(APIError) as raised:
            client.messages.create(**ask)
        check_failure(raised.value, truths[name])
    client = client_at(Client, server, name, len(STREAMS[name]), "end")
    response = client.messages.with_raw_response.create(**ask)
    assert response.parse().to_dict() == truths[name]
    assert response.json() == truths[name]
    assert response.request_id == "req_cut"
