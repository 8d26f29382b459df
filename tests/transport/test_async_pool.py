"""Places of a pool, whatever becomes of those who wait for one."""

from __future__ import annotations

import asyncio

import pytest

from antiphon._transport.async_pool import AsyncioTransport
from tests.support.transport_kits import fetch, request
from tests.support.wire_server import PATIENCE, WireServer, respond_to_all

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("order", ["handed over, then cancelled", "cancelled, then handed over"])
async def test_a_wait_that_is_cancelled_loses_no_place(order):
    transport = AsyncioTransport(max_connections=1)
    with WireServer(respond_to_all) as server:
        first = await transport.send(request(server.url))
        waiting = asyncio.create_task(transport.send(request(server.url)))
        await asyncio.sleep(0)  # it runs until it waits for the place
        if order.startswith("cancelled"):
            waiting.cancel()
        await first.close()  # nothing else runs meanwhile: both happen in one step of the loop
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.wait_for(fetch(transport, server.url), 20) == b"ok"


async def test_the_last_byte_of_a_body_gives_the_connection_back():
    transport = AsyncioTransport(max_connections=1)
    with WireServer(respond_to_all) as server:
        first = await transport.send(request(server.url))
        assert await first.read(PATIENCE) == b"ok"
        assert first.head.body_ended
        second = await transport.send(request(server.url))  # would wait if the first still held it
        assert [await first.read(PATIENCE), await second.read(PATIENCE)] == [b"", b"ok"]
        assert server.connections == 1
    await transport.close()
