"""llama-index: completion, chat, streams, tools, structured output."""

from __future__ import annotations

import asyncio

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.anthropic import Anthropic
from pydantic import BaseModel

MODEL = "claude-haiku-4-5"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def model() -> Anthropic:
    return Anthropic(model=MODEL, max_tokens=500)


HELPERS = ("model",)


def complete() -> None:
    assert model().complete("Hello").text


def chat() -> None:
    assert model().chat([ChatMessage(role="user", content="Hello")]).message.content


def stream() -> None:
    assert list(model().stream_chat([ChatMessage(role="user", content="Hello")]))


def asynchronous() -> None:
    async def run() -> None:
        assert (await model().acomplete("Hello")).text
        pieces = await model().astream_complete("Hello")
        assert [piece async for piece in pieces]

    asyncio.run(run())


def tools() -> None:
    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        return f"Sunny in {city}."

    tool = FunctionTool.from_defaults(get_weather)
    response = model().chat_with_tools([tool], "What is the weather in Paris?")
    assert model().get_tool_calls_from_response(response)[0].tool_name == "get_weather"


def structured() -> None:
    made = model().as_structured_llm(Person).complete("Ada is 36.")
    assert isinstance(made.raw, Person)


def count() -> None:
    assert model().tokenizer.encode("Hello")
