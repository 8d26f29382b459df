"""The official Python package against a local server: run by `run.py` in an environment of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import anthropic

MODEL = "claude-haiku-4-5"
TOOL: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather at a place.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


client = anthropic.Anthropic(api_key="any", max_retries=0)


def create() -> None:
    message = client.messages.create(model=MODEL, max_tokens=100, messages=said("Hello"))
    assert message.content[0].text
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens == 8
    assert message._request_id.startswith("req_01")


def stream() -> None:
    with client.messages.stream(model=MODEL, max_tokens=100, messages=said("Hello")) as stream:
        text = "".join(stream.text_stream)
        assert stream.get_final_text() == text
    whole = client.messages.create(model=MODEL, max_tokens=100, messages=said("Hello"))
    assert whole.content[0].text == text


def raw_events() -> None:
    events = client.messages.create(
        model=MODEL, max_tokens=100, messages=said("Hello"), stream=True
    )
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")


def tools() -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 500,
        "tools": [TOOL],
        "tool_choice": {"type": "any"},
    }
    turns = said("Weather in Paris?")
    with client.messages.stream(messages=turns, **asked) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == "tool_use"
    uses = [block for block in message.content if block.type == "tool_use"]
    assert isinstance(uses[0].input["city"], str)
    results = [{"type": "tool_result", "tool_use_id": use.id, "content": "Sunny"} for use in uses]
    turns = [
        *turns,
        {"role": "assistant", "content": message.content},
        {"role": "user", "content": results},
    ]
    asked["tool_choice"] = {"type": "auto"}
    assert client.messages.create(messages=turns, **asked).stop_reason == "end_turn"


def thinking() -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 3000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    with client.messages.stream(messages=said("Think."), **asked) as stream:
        message = stream.get_final_message()
    assert message.content[0].type == "thinking"
    turns = [*said("Think."), {"role": "assistant", "content": message.content}, *said("Go on.")]
    assert client.messages.create(messages=turns, **asked).content


def structured() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    message = client.messages.create(
        model="claude-opus-5",
        max_tokens=2000,
        messages=said("Who?"),
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    text = next(block.text for block in message.content if block.type == "text")
    assert isinstance(json.loads(text)["age"], int)


def count() -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=said("Hello"))
    assert counted.input_tokens == 8


def models() -> None:
    listed = list(client.models.list(limit=3))
    assert "claude-haiku-4-5-20251001" in [model.id for model in listed]
    assert client.models.retrieve(MODEL).id == "claude-haiku-4-5-20251001"


def batches() -> None:
    params: Any = {"model": MODEL, "max_tokens": 100, "messages": said("Hello")}
    batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    assert batch.processing_status == "in_progress"
    advance(60)
    assert client.messages.batches.retrieve(batch.id).request_counts.succeeded == 1
    [result] = client.messages.batches.results(batch.id)
    assert result.result.type == "succeeded"
    assert batch.id in [each.id for each in client.messages.batches.list()]
    assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"


def advance(seconds: float) -> None:
    client.post("/__antiphon/clock", cast_to=object, body={"advance": seconds})


def refused(call: Callable[[], object], kind: type[anthropic.APIStatusError]) -> Any:
    """The error that `call` ends in."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def refusals() -> None:
    unknown = refused(
        lambda: client.messages.create(model="nobody", max_tokens=1, messages=said("Hello")),
        anthropic.NotFoundError,
    )
    assert unknown.body["error"]["message"] == "model: nobody"
    wrong = client.with_options(api_key="invalid")
    error = refused(lambda: wrong.models.list(), anthropic.AuthenticationError)
    assert error.response.headers["x-should-retry"] == "false"


def asynchronous() -> None:
    async def run() -> None:
        async with anthropic.AsyncAnthropic(api_key="any", max_retries=0) as client:
            asked: Any = {"model": MODEL, "max_tokens": 100, "messages": said("Hello")}

            async def one() -> str:
                async with client.messages.stream(**asked) as stream:
                    return await stream.get_final_text()

            assert len(set(await asyncio.gather(*(one() for _ in range(50))))) == 1

    asyncio.run(run())


CHECKS = (
    create,
    stream,
    raw_events,
    tools,
    thinking,
    structured,
    count,
    models,
    batches,
    refusals,
    asynchronous,
)

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print(f"anthropic {anthropic.__version__} {check.__name__}: ok")
