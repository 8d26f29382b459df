from __future__ import annotations

from collections.abc import Iterator

import pytest

from antiphon import Client
from antiphon.local import InProcess, LocalServer


@pytest.fixture(params=["socket", "in process"])
def scripted(request) -> Iterator[tuple[LocalServer | InProcess, Client]]:
    """A server to be scripted, and a client of it, which does not try twice."""
    if request.param == "in process":
        transport = InProcess()
        yield transport, Client(http_client=transport, api_key="test", max_retries=0)
        return
    with LocalServer() as server:
        yield server, Client(base_url=server.url, api_key="test", max_retries=0)
