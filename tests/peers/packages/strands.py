"""strands: an agent with tools and typed output."""

from __future__ import annotations

from pydantic import BaseModel
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel

SEEN = []


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def model() -> AnthropicModel:
    return AnthropicModel(model_id="claude-haiku-4-5", max_tokens=500)


HELPERS = ("model",)


def chat() -> None:
    assert str(Agent(model=model(), callback_handler=None)("Hello"))


def tools() -> None:
    @tool
    def get_weather(city: str) -> str:
        """Get the weather of a city.

        Args:
            city: the city.
        """
        SEEN.append(city)
        return f"Sunny in {city}."

    agent = Agent(model=model(), tools=[get_weather], callback_handler=None)
    assert str(agent("What is the weather in Paris?"))
    assert SEEN


def typed_output() -> None:
    agent = Agent(model=model(), callback_handler=None)
    made = agent("Ada is 36.", structured_output_model=Person)
    assert isinstance(made.structured_output, Person)
