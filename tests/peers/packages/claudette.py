"""claudette: a chat, tools and streams."""

from __future__ import annotations

from claudette import Chat, Client, contents

MODEL = "claude-haiku-4-5"


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def client() -> None:
    assert contents(Client(MODEL)("Hello"))


def chat() -> None:
    talk = Chat(MODEL, sp="Be brief.")
    assert contents(talk("Hello"))
    assert contents(talk("Go on."))
    assert talk.use.input_tokens > 0


def stream() -> None:
    talk = Chat(MODEL)
    assert "".join(str(piece) for piece in talk("Hello", stream=True))


def tools() -> None:
    talk = Chat(MODEL, tools=[add])
    made = talk("What is 1 + 2? Use add.")
    assert made.stop_reason == "tool_use"
    assert contents(talk())
