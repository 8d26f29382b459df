"""uvloop: calls, failures and several loops."""

import asyncio

import uvloop
from counter import async_call, start

import antiphon

url = start()


async def main() -> None:
    for _ in range(3):
        assert await async_call(url)
    (failure,) = await asyncio.gather(
        async_call("http://127.0.0.1:9", max_retries=0), return_exceptions=True
    )
    assert isinstance(failure, antiphon.APIConnectionError)
    assert failure.phase == "connect"


uvloop.run(main())
uvloop.run(main())
print("ok")
