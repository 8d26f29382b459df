"""The async client under trio, over httpx2."""

from __future__ import annotations

import httpx2
import pytest
import trio
import trio.testing

from antiphon import APIError, AsyncClient
from tests.support.cut_server import cut_server
from tests.support.request_samples import PARAMS
from tests.support.stream_events import STREAMS


async def read(client: AsyncClient) -> str:
    async with client.messages.stream(**PARAMS) as stream:
        texts = [text async for text in stream.text_stream]
        assert (await stream.get_final_message()).text == "".join(texts)
    return "".join(texts)


@pytest.fixture(scope="module")
def server():
    with cut_server(STREAMS) as url:
        yield url


def test_streams(server):
    async def main() -> None:
        async with httpx2.AsyncClient() as http_client:
            url = f"{server}/text/{len(STREAMS['text'])}/end"
            client = AsyncClient(api_key="k", base_url=url, http_client=http_client)
            assert await read(client) == "Hello, wörld \U0001f30d\u2028"

    trio.run(main)


def test_retries_wait_on_trios_clock(server):
    async def main() -> None:
        url = f"{server}/text/0/end"
        client = AsyncClient(api_key="k", base_url=url, max_retries=2)
        started = trio.current_time()
        with pytest.raises(APIError) as raised:
            await read(client)
        assert len(raised.value.attempts) == 3
        assert trio.current_time() - started >= 1.0

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.5))


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # httpcore2 leaves its generators to trio
def test_leaving_early(server):
    async def main() -> None:
        client = AsyncClient(api_key="k", base_url=f"{server}/text/{len(STREAMS['text'])}/end")
        async with client.messages.stream(**PARAMS) as stream:
            async for event in stream:
                assert event.type == "message_start"
                break

    trio.run(main)
