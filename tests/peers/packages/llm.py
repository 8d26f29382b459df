"""simonw's llm with llm-anthropic: prompts, streams, tools, schemas, conversations, the command."""

from __future__ import annotations

import asyncio

import llm

MODEL = "claude-haiku-4.5"


def prompt() -> None:
    assert llm.get_model(MODEL).prompt("Hello", stream=False).text()


def stream() -> None:
    assert list(llm.get_model(MODEL).prompt("Hello", stream=True))


def asynchronous() -> None:
    async def run() -> str:
        return await llm.get_async_model(MODEL).prompt("Hello").text()

    assert asyncio.run(run())


def conversation() -> None:
    chat = llm.get_model(MODEL).conversation()
    assert chat.prompt("Hello").text()
    assert chat.prompt("And now?").text()


def schema() -> None:
    import json

    made = llm.get_model(MODEL).prompt("Ada", schema=llm.schema_dsl("name, age int"), stream=False)
    assert isinstance(json.loads(made.text())["age"], int)


def tools() -> None:
    def get_weather(city: str) -> str:
        """Get the weather of a city."""
        return f"Sunny in {city}."

    chain = llm.get_model(MODEL).chain("What is the weather in Paris?", tools=[get_weather])
    assert chain.text()


def attachment() -> None:
    image = bytes.fromhex(  # a PNG of one red pixel
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
        "cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
    attached = llm.Attachment(content=image, type="image/png")
    assert llm.get_model(MODEL).prompt("What is it?", attachments=[attached], stream=False).text()


def usage() -> None:
    response = llm.get_model(MODEL).prompt("Hello", stream=False)
    response.text()
    assert response.usage().input
