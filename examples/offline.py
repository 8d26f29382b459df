"""Test your own code with no key and no network."""

import antiphon
from antiphon.local import LocalServer


def summary(client: antiphon.Client, text: str) -> str:
    """Return a summary of a text; this is the code under test."""
    message = client.messages.create(
        model="claude-haiku-4-5",
        max_tokens=200,
        system="Summarize in one sentence.",
        messages=[{"role": "user", "content": text}],
    )
    return message.text


with LocalServer() as server:
    client = antiphon.Client(base_url=server.url, api_key="any")
    assert summary(client, "A long text.")
    print("The test passed; a simulator replied, not Claude.")
