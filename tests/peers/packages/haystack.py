"""haystack: its chat generator, plain, in a stream, with tools and async."""

from __future__ import annotations

import asyncio
from typing import Any

from haystack.dataclasses import ChatMessage
from haystack.tools import Tool
from haystack_integrations.components.generators.anthropic import AnthropicChatGenerator

MODEL = "claude-haiku-4-5"


def generator(**settings: Any) -> AnthropicChatGenerator:
    return AnthropicChatGenerator(model=MODEL, generation_kwargs={"max_tokens": 500}, **settings)


def chat() -> None:
    assert generator().run([ChatMessage.from_user("Hello")])["replies"][0].text


def stream() -> None:
    pieces: list[Any] = []
    replies = generator(streaming_callback=pieces.append).run([ChatMessage.from_user("Hello")])
    assert replies["replies"][0].text
    assert pieces


def tools() -> None:
    weather = Tool(
        name="get_weather",
        description="The weather of a city.",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
        function=lambda city: f"Sunny in {city}.",
    )
    reply = generator(tools=[weather]).run(
        [ChatMessage.from_user("What is the weather in Paris?")]
    )["replies"][0]
    assert reply.tool_calls[0].tool_name == "get_weather"
    answer = [
        ChatMessage.from_user("What is the weather in Paris?"),
        reply,
        ChatMessage.from_tool("Sunny", reply.tool_calls[0]),
    ]
    assert generator(tools=[weather]).run(answer)["replies"][0].text


def asynchronous() -> None:
    made = asyncio.run(generator().run_async([ChatMessage.from_user("Hello")]))
    assert made["replies"][0].text
