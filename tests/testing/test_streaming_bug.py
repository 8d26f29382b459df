"""A program with a bug that a mock of its HTTP library leaves green and the local server turns red.

The program takes each piece that arrives for whole lines. A mock gives a body in one piece, so its
test passes. Networks cut where they like, and the faults of the server do so too.
"""

from __future__ import annotations

import json

import httpx2
import pytest

from antiphon.local import App, LocalServer, Script
from antiphon.testing import faults
from tests.support.app_requests import HEADERS, send

BODY = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "stream": True,
    "messages": [{"role": "user", "content": "Where is the café?"}],
}
SAID = "The café is in Oslo."


def spoken(client: httpx2.Client) -> str:
    """The code under test."""
    text = ""
    with client.stream("POST", "/v1/messages", json=BODY, headers=HEADERS) as response:
        for piece in response.iter_bytes():
            for line in piece.decode().splitlines():
                if line.startswith("data:"):
                    event = json.loads(line.removeprefix("data:"))
                    if event["type"] == "content_block_delta":
                        text += event["delta"]["text"]
    return text


def repaired(client: httpx2.Client) -> str:
    """The same, with pieces put together by the library."""
    text = ""
    with client.stream("POST", "/v1/messages", json=BODY, headers=HEADERS) as response:
        for line in response.iter_lines():
            if line.startswith("data:"):
                event = json.loads(line.removeprefix("data:"))
                if event["type"] == "content_block_delta":
                    text += event["delta"]["text"]
    return text


@pytest.fixture
def served():
    """A client of a server whose replies are scripted, and the server."""
    with (
        LocalServer() as server,
        httpx2.Client(base_url=server.url, trust_env=False) as client,
    ):
        yield client, server


@pytest.fixture
def mocked():
    """A client whose library is mocked: a response with a body, as respx and others give it."""
    app = App(script=Script())
    app.script.reply(SAID)
    body = send(app, body=BODY).content
    mock = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
    with httpx2.Client(transport=mock, base_url="http://mocked") as client:
        yield client


@pytest.mark.parametrize("program", [spoken, repaired])
def test_with_a_mock_both_are_green(program, mocked):
    assert program(mocked) == SAID


@pytest.mark.parametrize("fault", [faults.drip(size=7, seconds=0.001), faults.split_utf8()])
def test_with_the_server_the_bug_is_red(fault, served):
    client, server = served
    server.reply(SAID, faults=[fault])
    with pytest.raises(ValueError):  # of the JSON, or of UTF-8
        spoken(client)
    assert repaired(client) == SAID
