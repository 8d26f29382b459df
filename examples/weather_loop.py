"""Let Claude ask two tools about the weather until it can reply."""

from dataclasses import dataclass
from typing import Annotated

import antiphon
from simulator import use_simulator_without_key


@dataclass
class Forecast:
    place: str
    days: int
    sky: str


@antiphon.tool
def get_weather(place: Annotated[str, "the town"], days: int = 1) -> Forecast:
    """Tell the weather at a place, for today and the following days."""
    return Forecast(place, days, "sunny")


@antiphon.tool
def pack(items: list[str]) -> str:
    """Write a packing list.

    Args:
        items: what to take along.
    """
    return "\n".join(f"[ ] {item}" for item in items)


QUESTION = 'First use get_weather for Zürich, then pack with items=["sun hat", "map"].'

use_simulator_without_key()
client = antiphon.Client()
runner = client.messages.run_tools(
    model="claude-haiku-4-5",
    max_tokens=1024,
    tools=[get_weather, pack],
    messages=[{"role": "user", "content": QUESTION}],
    max_turns=5,
)
for message in runner:
    for call in message.tool_uses:
        print(f"Claude calls {call.name} with {call.input}")
    print(message.text)
