"""langchain-anthropic and LangGraph: invoke, stream, tools, structured output, an agent."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from pydantic import BaseModel

MODEL = "claude-haiku-4-5"


def model(**settings: Any) -> ChatAnthropic:
    return ChatAnthropic(model=MODEL, max_tokens=500, **settings)


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"Sunny in {city}."


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def invoke() -> None:
    message = model().invoke([SystemMessage("Be brief."), HumanMessage("Hello")])
    assert message.content
    assert message.usage_metadata["input_tokens"] > 0


def stream() -> None:
    chunks = list(model().stream("Hello"))
    assert len(chunks) > 1
    assert "".join(str(chunk.text) for chunk in chunks)


def async_invoke_and_stream() -> None:
    async def run() -> None:
        assert (await model().ainvoke("Hello")).content
        assert [chunk async for chunk in model().astream("Hello")]

    asyncio.run(run())


def tools() -> None:
    message = model().bind_tools([get_weather]).invoke("What is the weather in Paris?")
    assert message.tool_calls[0]["name"] == "get_weather"


def structured() -> None:
    person = model().with_structured_output(Person).invoke("Ada is 36.")
    assert isinstance(person, Person)


def thinking() -> None:
    thinker = ChatAnthropic(
        model=MODEL, max_tokens=3000, thinking={"type": "enabled", "budget_tokens": 1024}
    )
    assert thinker.invoke("Think.").content[0]["type"] == "thinking"


def count_tokens() -> None:
    assert model().get_num_tokens_from_messages([HumanMessage("Hello")]) > 0


def cached_image_and_metadata() -> None:
    message = model().invoke(
        [HumanMessage([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}])]
    )
    assert message.response_metadata["model_name"].startswith("claude-haiku-4-5")


def graph_agent() -> None:
    from langgraph.prebuilt import create_react_agent

    agent = create_react_agent(model(), [get_weather])
    state = agent.invoke({"messages": [HumanMessage("What is the weather in Paris?")]})
    assert any(message.type == "tool" for message in state["messages"])
    assert state["messages"][-1].content


def batch() -> None:
    assert len(model().batch(["Hello", "Hi", "Hey"])) == 3
