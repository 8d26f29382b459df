"""The blocks of docs/type-checkers.md, which say what a type checker makes of them; never run."""

# ruff: noqa: E402

import antiphon
from antiphon.types import MessageParam

client = antiphon.Client()
question: list[MessageParam] = [{"role": "user", "content": "Hello"}]
message = client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=question)
print(message.text)  # a str

for block in message.content:
    if block.type == "text":
        print(block.text)
    elif block.type == "tool_use":
        print(block.name, block.input)

from antiphon.types import TextBlock, ToolUseBlock


def show(message: antiphon.Message) -> None:
    for block in message.content:
        match block:
            case TextBlock(text=text):
                print(text)
            case ToolUseBlock(name=name, input=arguments):
                print(name, arguments)
            case _:
                print("something else:", block.type)


show(message)

with client.messages.stream(model="claude-haiku-4-5", max_tokens=100, messages=question) as stream:
    for event in stream:
        if event.type == "text":
            print(event.text, end="")  # a TextEvent
        elif event.type == "content_block_stop":
            print(event.content_block.type)

from dataclasses import dataclass


@dataclass
class Person:
    name: str
    born: int


parsed = client.messages.parse(
    model="claude-haiku-4-5", max_tokens=100, output_format=Person, messages=question
)
print(parsed.output.name)  # parsed.output is a Person

from antiphon.types import TextBlockParam, ToolParam

tool: ToolParam = {
    "name": "get_weather",
    "description": "The weather at a place",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
}
system: list[TextBlockParam] = [
    {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
]
client.messages.create(
    model="claude-haiku-4-5", max_tokens=100, system=system, tools=[tool], messages=question
)

history: list[MessageParam | antiphon.Message] = [*question]
history.append(client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=history))
history.append({"role": "user", "content": "Go on."})

from typing import Unpack

from antiphon.types import CreateParamsNonStreaming, StreamParams


def ask(**params: Unpack[CreateParamsNonStreaming]) -> str:
    message: antiphon.Message = client.messages.create(**params)
    return message.text


def tell(**params: Unpack[StreamParams]) -> str:
    with client.messages.stream(**params) as stream:
        return stream.get_final_text()


ask(model="claude-haiku-4-5", max_tokens=100, messages=question)
tell(model="claude-haiku-4-5", max_tokens=100, messages=question)


def with_limit(seconds: float | antiphon.NotGiven = antiphon.NOT_GIVEN) -> str:
    message = client.messages.create(
        model="claude-haiku-4-5", max_tokens=100, messages=question, timeout=seconds
    )
    return message.text


with_limit()
with_limit(30)
