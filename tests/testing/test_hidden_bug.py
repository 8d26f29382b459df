"""A program with a bug in its reading of streams: a mock leaves it green, the server does not."""

from __future__ import annotations

import json

import httpx2
import pytest

from antiphon._stream.writer import write_message
from antiphon.local import LocalServer
from antiphon.testing import faults

SAID = "Grüezi, es regnet!"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": SAID}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 5},
}
ASKED = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
    "stream": True,
}
HEADERS = {"x-api-key": "any", "anthropic-version": "2023-06-01"}


def streamed_text(client: httpx2.Client, url: str) -> str:
    """Take each piece that arrives for whole lines, which is the bug."""
    text = ""
    with client.stream("POST", f"{url}/v1/messages", headers=HEADERS, json=ASKED) as response:
        for piece in response.iter_bytes():
            for line in piece.decode().splitlines():
                if line.startswith("data: "):
                    text += json.loads(line[6:]).get("delta", {}).get("text", "")
    return text


def test_a_mock_leaves_it_green():
    def respond(_: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=b"".join(write_message(MESSAGE)))

    with httpx2.Client(transport=httpx2.MockTransport(respond)) as client:
        assert streamed_text(client, "http://mocked") == SAID


@pytest.mark.parametrize(
    "fault", [faults.split_utf8(0.001), faults.drip(20, 0.001), faults.line_separators()]
)
def test_the_server_turns_it_red(fault):
    with LocalServer() as server, httpx2.Client() as client:
        server.reply(SAID)
        server.faults = [fault]
        with pytest.raises(ValueError, match=r"\w"):
            streamed_text(client, server.url)
