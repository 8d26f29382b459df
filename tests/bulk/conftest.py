"""A server and a client for the tests of bulk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon import AsyncClient
from antiphon.local import LocalServer

PARAMS: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 100}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
def client(server: LocalServer) -> AsyncClient:
    return AsyncClient(api_key="k", base_url=server.url, max_retries=0)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
