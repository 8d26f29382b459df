"""The async client's streams: the same failures and views as the sync ones, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest

from antiphon import (
    APIConnectionError,
    AsyncClient,
    OverloadedError,
    StreamInterruptedError,
    StreamProtocolError,
    StreamStalledError,
    Timeout,
)
from tests.support.request_samples import PARAMS
from tests.support.scripted import Answer, AsyncScripted, broken
from tests.support.stream_events import delta, framed, overloaded
from tests.support.stream_scripts import (
    BEFORE_ANYTHING,
    BEGIN,
    HELLO,
    LAST,
    OPEN,
    PING,
    REST,
    WHOLE,
)

T = TypeVar("T")


def client(transport: AsyncScripted, **settings: Any) -> AsyncClient:
    return AsyncClient(api_key="k", http_client=transport, **settings)


def run(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return asyncio.run(main())


async def texts(transport: AsyncScripted, **settings: Any) -> list[str]:
    async with client(transport, **settings).messages.stream(**PARAMS) as stream:
        return [text async for text in stream.text_stream]


@pytest.mark.parametrize("failure", BEFORE_ANYTHING)
def test_what_fails_before_anything_was_handed_over_is_tried_again(failure):
    transport = AsyncScripted(failure, Answer(WHOLE))
    assert run(texts(transport, timeout=Timeout(total=None, read=600))) == ["Hello"]
    assert len(transport.played.requests) == 2
    assert all(reply.closed for reply in transport.played.replies)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        ([broken()], APIConnectionError),
        ([], StreamInterruptedError),
        ([framed(overloaded())], OverloadedError),
        ([700.0], StreamStalledError),
        ([b"data: {nope\n\n"], StreamProtocolError),
        ([framed(delta(7, "text_delta", text="?"))], StreamProtocolError),
    ],
)
def test_after_the_first_text_it_is_raised_with_what_had_arrived(failure, kind):
    transport = AsyncScripted(Answer(BEGIN + OPEN, HELLO, *failure), Answer(WHOLE))

    async def work() -> Any:
        async with client(transport).messages.stream(**PARAMS) as stream:
            arrived = aiter(stream.text_stream)
            assert await anext(arrived) == "Hello"
            with pytest.raises(kind) as raised:
                await anext(arrived)
            return raised.value

    error = run(work())
    assert error.partial.text == "Hello"
    assert (error.usage.input_tokens, error.request_id, len(error.attempts)) == (9, "req_s", 1)
    assert transport.played.replies[0].closed


def test_a_failure_is_final():
    async def main() -> None:
        transport = AsyncScripted(Answer(BEGIN + OPEN + HELLO, broken()))
        async with client(transport).messages.stream(**PARAMS) as stream:
            with pytest.raises(APIConnectionError) as first:
                [text async for text in stream.text_stream]
            with pytest.raises(APIConnectionError) as later:
                await stream.get_final_message()
            assert later.value is first.value

    asyncio.run(main())


def test_pings_do_not_keep_a_stream_alive():
    pings = [part for _ in range(1000) for part in (5.0, PING)]
    transport = AsyncScripted(Answer(BEGIN + OPEN + HELLO, *pings))

    async def work() -> None:
        async with client(transport, timeout=Timeout(stall=180)).messages.stream(
            **PARAMS
        ) as stream:
            async for _ in stream.text_stream:
                pass

    with pytest.raises(StreamStalledError):
        run(work())
    assert transport.clock.now() == pytest.approx(180, abs=5)


def test_views_may_be_mixed():
    transport = AsyncScripted(Answer(BEGIN + OPEN + HELLO + HELLO + REST + LAST))

    async def work() -> None:
        async with client(transport).messages.stream(**PARAMS) as stream:
            assert (await anext(aiter(stream))).type == "message_start"
            assert await anext(aiter(stream.text_stream)) == "Hello"
            kinds = [event.type async for event in stream]
            assert kinds.count("text") == 1
            await stream.until_done()
            assert await stream.get_final_text() == "HelloHello"
            assert stream.current_message_snapshot.text == "HelloHello"
            assert (stream.request_id, stream.response.status_code) == ("req_s", 200)
            assert stream.retries_taken == 0

    run(work())


def test_raw_events_and_leaving_them():
    transport = AsyncScripted(
        Answer(WHOLE), Answer(BEGIN, OPEN + HELLO + REST + LAST), Answer(WHOLE)
    )

    async def work() -> None:
        stream = await client(transport).messages.create(**PARAMS, stream=True)
        assert [event.type async for event in stream][-1] == "message_stop"
        stream = await client(transport).messages.create(**PARAMS, stream=True)
        assert (await anext(stream)).type == "message_start"
        await stream.close()
        async with await client(transport).messages.create(**PARAMS, stream=True) as stream:
            assert (await anext(stream)).type == "message_start"

    run(work())
    assert all(reply.closed for reply in transport.played.replies)
    assert transport.played.replies[1].parts


def test_large_answers_stream_on_the_wire():
    transport = AsyncScripted(Answer(WHOLE))
    large = {**PARAMS, "max_tokens": 64_000}
    response = run(client(transport).messages.with_raw_response.create(**large))
    assert b'"stream":true' in transport.played.requests[0].body
    assert (response.parse().text, response.request_id) == ("Hello", "req_s")
    assert response.json()["content"] == [{"type": "text", "text": "Hello"}]


def test_a_streaming_response_is_read_when_asked():
    async def work() -> None:
        def answered(**more: Any) -> Any:
            responses = client(AsyncScripted(Answer(WHOLE))).messages.with_streaming_response
            return responses.create(**PARAMS, stream=True) if more else responses.stream(**PARAMS)

        async with answered() as response:
            assert (response.status_code, response.request_id) == (200, "req_s")
            assert [text async for text in response.text_stream] == ["Hello"]
            assert (await (await response.parse()).get_final_message()).text == "Hello"
        async with answered() as response:
            assert [event.type async for event in response][-1] == "message_stop"
        async with answered(raw=True) as response:
            assert b"".join([chunk async for chunk in response.iter_bytes()]) == WHOLE
        async with answered(raw=True) as response:
            assert "".join([text async for text in response.iter_text()]) == WHOLE.decode()
        async with answered(raw=True) as response:
            lines = [line async for line in response.iter_lines()]
            assert lines == WHOLE.decode().split("\n")[:-1]
        async with answered(raw=True) as response:
            assert await response.text() == (await response.read()).decode() == WHOLE.decode()
        async with answered(raw=True) as response:
            assert [event.type async for event in await response.parse()][-1] == "message_stop"

    run(work())


def test_a_plain_streaming_response():
    body = b'{"input_tokens":7}'
    answer = Answer(body, headers=(("content-type", "application/json"),))
    ask = {"model": "m", "messages": []}

    async def work() -> None:
        async with client(AsyncScripted(answer)).messages.with_streaming_response.count_tokens(
            **ask
        ) as response:
            assert (await response.parse()).input_tokens == 7
            assert await response.json() == {"input_tokens": 7}

    run(work())


def test_a_closed_client_says_so():
    async def work() -> None:
        async with client(AsyncScripted()) as closed:
            pass
        assert closed.is_closed
        with pytest.raises(RuntimeError, match="closed"):
            await closed.messages.count_tokens(model="m", messages=[])

    run(work())
