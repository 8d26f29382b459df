"""What the API would refuse, found before it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import AsyncClient, Client, Finding, findings, repair

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hi"}],
}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_nothing_is_sent_and_no_key_is_needed(kind):
    client = kind(base_url="http://127.0.0.1:9")
    assert client.messages.check(**ASK) == []
    (finding,) = client.messages.check(**{**ASK, "max_tokens": 100_000})
    assert isinstance(finding, Finding)
    assert finding.path == "max_tokens"
    assert finding.message.startswith("max_tokens: 100000 > 64000")
    assert finding.remedy


def test_the_version_of_the_client_counts():
    client = Client(anthropic_version="2026-10-21")
    assert [finding.path for finding in client.messages.check(**ASK, temperature=1)] == [
        "temperature"
    ]


def test_a_broken_conversation_can_be_repaired():
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    messages = [*ASK["messages"], {"role": "assistant", "content": [call]}]
    assert [f.rule for f in findings({**ASK, "messages": messages})]
    assert not list(findings({**ASK, "messages": repair(messages)}))


def test_a_misspelt_argument_is_named():
    with pytest.raises(TypeError, match="did you mean 'max_tokens'"):
        Client().messages.check(**ASK, max_token=3)
