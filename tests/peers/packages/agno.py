"""agno: an agent, its streams, tools and typed output."""

from __future__ import annotations

import asyncio

from agno.agent import Agent
from agno.models.anthropic import Claude
from pydantic import BaseModel

MODEL = "claude-haiku-4-5"


class Person(BaseModel):
    name: str
    age: int


def run() -> None:
    assert Agent(model=Claude(id=MODEL)).run("Hello").content


def stream() -> None:
    assert list(Agent(model=Claude(id=MODEL)).run("Hello", stream=True))


def asynchronous() -> None:
    async def made() -> str:
        return (await Agent(model=Claude(id=MODEL)).arun("Hello")).content

    assert asyncio.run(made())


def tools() -> None:
    seen = []

    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        seen.append(city)
        return f"Sunny in {city}."

    assert Agent(model=Claude(id=MODEL), tools=[get_weather]).run("Weather in Paris?").content
    assert seen


def typed_output() -> None:
    agent = Agent(model=Claude(id="claude-sonnet-4-5"), output_schema=Person)
    assert isinstance(agent.run("Ada is 36.").content, Person)
