"""pydantic-ai: agents, typed output, tools, streams; one client over several event loops."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent

MODEL = "anthropic:claude-haiku-4-5"


class Person(BaseModel):
    name: str
    age: int


def run_sync() -> None:
    made = Agent(MODEL, instructions="Be brief.").run_sync("Hello")
    assert made.output
    assert made.usage().input_tokens > 0 if callable(made.usage) else made.usage.input_tokens > 0


def typed_output() -> None:
    assert isinstance(Agent(MODEL, output_type=Person).run_sync("Ada is 36.").output, Person)


def tools() -> None:
    agent = Agent(MODEL)
    seen = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        seen.append(city)
        return f"Sunny in {city}."

    assert agent.run_sync("What is the weather in Paris?").output
    assert seen


def stream() -> None:
    async def run() -> list[str]:
        async with Agent(MODEL).run_stream("Hello") as result:
            return [text async for text in result.stream_text(delta=True)]

    assert asyncio.run(run())


def several_loops() -> None:
    agent = Agent(MODEL)
    for _ in range(3):
        assert asyncio.run(agent.run("Hello")).output
        assert agent.run_sync("Hello").output


def history() -> None:
    agent = Agent(MODEL)
    first = agent.run_sync("Hello")
    assert agent.run_sync("Go on.", message_history=first.all_messages()).output
