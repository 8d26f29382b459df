"""The official Python package against a local server; `run.py` runs it in its own environment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import anthropic
from pydantic import BaseModel

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


def threads_sent() -> list[Any]:
    """Return the `thread` and the status of each request since the last reset."""
    requests: Any = client.get("/__antiphon/requests", cast_to=object)
    return [(each["body"].get("thread"), each["status"]) for each in requests["data"]]


def reset() -> None:
    client.post("/__antiphon/reset", cast_to=object)


@anthropic.beta_tool
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return str(a + b)


@anthropic.beta_async_tool
async def multiply(a: int, b: int) -> str:
    """Multiply two numbers."""
    return str(a * b)


def check_threads() -> None:
    """Check that a thread was created and continued without an error."""
    (created, *continued) = threads_sent()
    assert created == ({"type": "create"}, 200)
    assert [(thread["type"], status) for thread, status in continued] == [("continue", 200)]


def tool_runner() -> None:
    asked: Any = {"model": MODEL, "max_tokens": 300, "system": "S", "tools": [add]}
    asked["messages"] = said("Use the add tool for 1 and 2")
    for is_streamed in (False, True):
        reset()
        runner: Any = client.beta.messages.tool_runner(**asked, stream=is_streamed)
        assert "add: “3”" in runner.until_done().content[0].text
        check_threads()


def async_tool_runner() -> None:
    async def run() -> str:
        async with anthropic.AsyncAnthropic(api_key="any", max_retries=0) as client:
            messages = said("Use the multiply tool for 3 and 4")
            runner = client.beta.messages.tool_runner(
                model=MODEL, max_tokens=300, tools=[multiply], messages=messages
            )
            return (await runner.until_done()).content[0].text

    reset()
    assert "multiply: “12”" in asyncio.run(run())
    check_threads()


def tool_runner_with_thinking() -> None:
    reset()
    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=2000,
        tools=[add],
        messages=said("Use the add tool for 1 and 2"),
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    assert "add: “3”" in runner.until_done().content[-1].text
    # The runner goes on without a thread after the first refusal.
    assert threads_sent() == [({"type": "create"}, 400), (None, 200), (None, 200)]


STEPS = "First look up the weather in Oslo and Rome, then write it to notes.txt"


@anthropic.beta_tool
def look_up_weather(city: str) -> str:
    """Get the current weather in a city."""
    return json.dumps({"city": city, "temperature": 4})


@anthropic.beta_tool
def write_file(path: str, content: str) -> str:
    """Write text to a file."""
    return f"{path}: {content}"


def steps(**more: Any) -> list[Any]:
    """Return the messages of a run of several steps."""
    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=2_000,
        tools=[look_up_weather, write_file],
        messages=said(STEPS),
        max_iterations=5,
        **more,
    )
    return [each.get_final_message() if "stream" in more else each for each in runner]


def tool_runner_with_steps() -> None:
    for more in ({}, {"thread": False}, {"stream": True, "run_tools_eagerly": True}):
        *called, last = steps(**more)
        inputs = [
            [block.input for block in message.content if block.type == "tool_use"]
            for message in called
        ]
        assert inputs[0] == [{"city": "Oslo"}, {"city": "Rome"}]
        assert [each["path"] for each in inputs[1]] == ["notes.txt"]
        assert '"Rome"' in inputs[1][0]["content"]
        assert "city: Rome, temperature: 4" in last.content[0].text


def tool_runner_with_outputs() -> None:
    class Weather(BaseModel):
        city: str
        temperature: float

    for more in ({}, {"stream": True}):
        last = steps(output_format=Weather, **more)[-1]
        assert last.parsed_output.temperature == 4.0


def tool_runner_with_summary() -> None:
    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=2_000,
        tools=[look_up_weather, write_file],
        messages=said(STEPS),
        betas=["compact-2026-09-04"],
    )
    reasons: list[Any] = []
    for message in runner:
        if not reasons:
            runner.compact_before_next_turn({"type": "summarize"})
        reasons.append(message.stop_reason)
    assert reasons == ["tool_use", "compaction", "tool_use", "end_turn"]


def threads() -> None:
    reset()
    thread = client.beta.messages.thread(
        model=MODEL, max_tokens=300, system="S", cache_control={"type": "ephemeral"}
    )
    sizes = [thread.send({"role": "user", "content": "Hello"}).usage.input_tokens for _ in range(3)]
    assert sizes == sorted(set(sizes))
    fork = thread.fork()
    advance(300)
    for each in (thread, fork):
        assert each.send({"role": "user", "content": "Again"}).usage.input_tokens > sizes[-1]
    sent = [(thread["type"], status) for thread, status in threads_sent()]
    assert sent == [
        ("create", 200),
        ("continue", 200),
        ("continue", 200),
        ("continue", 404),
        ("create", 200),
        ("create", 200),
    ]


def files() -> None:
    file = client.files.upload(file=("nötes.txt", b"Cats sleep. Dogs bark.", "text/plain"))
    assert (file.filename, file.size_bytes, file.expires_at) == ("nötes.txt", 22, None)
    others = [client.files.upload(file=b"x", expires_in_seconds=3600) for _ in range(3)]
    assert others[0].filename == "unnamed.bin"
    listed = [each.id for each in client.files.list(limit=2)]
    assert listed == [*(each.id for each in reversed(others)), file.id]
    assert [each.id for each in client.files.list(ids=[file.id, "file_none"])] == [file.id]
    # The package's pager does not follow pages of the old shape.
    old = client.beta.files.list(limit=2, betas=["files-api-2025-04-14"])
    assert [each.id for each in old.data] == listed[:2]
    document: Any = {
        "type": "document",
        "source": {"type": "file", "file_id": file.id},
        "citations": {"enabled": True},
    }
    question: Any = {"type": "text", "text": "Who sleeps?"}
    message = client.messages.create(
        model=MODEL, max_tokens=300, messages=[{"role": "user", "content": [document, question]}]
    )
    [citation] = message.content[-1].citations
    assert (citation.cited_text, citation.file_id) == ("Cats sleep.", file.id)
    code: Any = {"type": "code_execution_20250825", "name": "code_execution"}
    message = client.messages.create(
        model=MODEL, max_tokens=300, tools=[code], messages=said("Run code for an [[output_file]]")
    )
    [result] = [each for each in message.content if each.type == "bash_code_execution_tool_result"]
    output = result.content.content[0].file_id
    assert client.files.download(output).read() == b"simulated\n"
    error = refused(lambda: client.files.download(file.id), anthropic.BadRequestError)
    assert error.body["error"]["details"] == {"error_code": "file_not_downloadable"}
    assert client.files.delete(file.id).type == "file_deleted"
    refused(lambda: client.files.retrieve_metadata(file.id), anthropic.NotFoundError)


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
    tool_runner,
    async_tool_runner,
    tool_runner_with_thinking,
    tool_runner_with_steps,
    tool_runner_with_outputs,
    tool_runner_with_summary,
    threads,
    files,
    refusals,
    asynchronous,
)

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print(f"anthropic {anthropic.__version__} {check.__name__}: ok")
