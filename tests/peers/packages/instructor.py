"""instructor: typed results through tool calls, sync, async and in parts."""

from __future__ import annotations

import asyncio
from typing import Any

import anthropic
import instructor
from pydantic import BaseModel

MODEL = "claude-haiku-4-5"
MESSAGES: Any = [{"role": "user", "content": "Ada is 36. Extract the person."}]


class Person(BaseModel):
    name: str
    age: int


def sync_client() -> None:
    client = instructor.from_anthropic(anthropic.Anthropic())
    person = client.messages.create(
        model=MODEL, max_tokens=500, messages=MESSAGES, response_model=Person
    )
    assert isinstance(person, Person)


def async_client() -> None:
    async def run() -> Person:
        client = instructor.from_anthropic(anthropic.AsyncAnthropic())
        created: Person = await client.messages.create(
            model=MODEL, max_tokens=500, messages=MESSAGES, response_model=Person
        )
        return created

    assert isinstance(asyncio.run(run()), Person)


def provider_name() -> None:
    client = instructor.from_provider(f"anthropic/{MODEL}")
    person = client.create(max_tokens=500, messages=MESSAGES, response_model=Person)
    assert isinstance(person, Person)


def partial() -> None:
    client = instructor.from_anthropic(anthropic.Anthropic())
    parts = list(
        client.messages.create_partial(
            model=MODEL, max_tokens=500, messages=MESSAGES, response_model=Person
        )
    )
    assert parts
    assert isinstance(parts[-1].age, int)


def usage() -> None:
    client = instructor.from_anthropic(anthropic.Anthropic())
    person, message = client.messages.create_with_completion(
        model=MODEL, max_tokens=500, messages=MESSAGES, response_model=Person
    )
    assert isinstance(person, Person)
    assert message.usage.input_tokens > 0
