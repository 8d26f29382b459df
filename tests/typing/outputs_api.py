"""What type checkers make of structured outputs; it is checked, and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple, TypedDict, assert_type

from pydantic import BaseModel

from antiphon import APIResponse, AsyncClient, Client, MessageStream
from antiphon.errors import OutputError
from antiphon.outputs import format_of, parse_message, transform_schema
from antiphon.types import (
    ErrorResponse,
    Message,
    MessageBatchIndividualResponse,
    MessageBatchParsedResponse,
    MessageParam,
    ParsedMessage,
    ParsedTextBlock,
    Usage,
)


class Invoice(BaseModel):
    total: float


@dataclass
class Line:
    text: str


class Song(TypedDict):
    title: str


class Point(NamedTuple):
    x: int


class Color(Enum):
    RED = "red"


client = Client()
HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]


def parsing() -> None:
    parse = client.messages.parse
    message = parse(model="m", max_tokens=10, messages=HELLO, output_format=Invoice)
    assert_type(message, ParsedMessage[Invoice])
    assert_type(message.parsed_output, Invoice | None)
    assert_type(message.output, Invoice)
    assert_type(message.total_usage, Usage)
    for block in message.content:
        if block.type == "text":
            assert_type(block, ParsedTextBlock[Invoice])
            assert_type(block.parsed_output, Invoice | None)
    assert_type(parse(model="m", max_tokens=1, messages=HELLO, output_format=Line).output, Line)
    assert_type(parse(model="m", max_tokens=1, messages=HELLO, output_format=Song).output, Song)
    assert_type(parse(model="m", max_tokens=1, messages=HELLO, output_format=Point).output, Point)
    assert_type(parse(model="m", max_tokens=1, messages=HELLO, output_format=Color).output, Color)
    assert_type(parse(model="m", max_tokens=1, messages=HELLO, output_format=int).output, int)
    many = parse(model="m", max_tokens=1, messages=HELLO, output_format=list[Invoice], retries=2)
    assert_type(many.output, list[Invoice])
    table = parse(model="m", max_tokens=1, messages=HELLO, output_format=dict[str, int])
    assert_type(table.output, dict[str, int])
    # A form that is no class; checkers know no type for it yet.
    choice = parse(model="m", max_tokens=1, messages=HELLO, output_format=Literal["a", "b"])
    assert_type(choice.output, Any)
    plain = parse(model="m", max_tokens=1, messages=HELLO)
    assert_type(plain, ParsedMessage[None])
    later: Message = message
    HELLO.append(message.to_param())
    parse(model="m", max_tokens=1, messages=[*HELLO, later], nonsense=1)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def views() -> None:
    raw = client.messages.with_raw_response.parse(
        model="m", max_tokens=1, messages=HELLO, output_format=Invoice
    )
    assert_type(raw, APIResponse[ParsedMessage[Invoice]])
    with client.messages.with_streaming_response.parse(
        model="m", max_tokens=1, messages=HELLO, output_format=Invoice
    ) as response:
        assert_type(response.parse(), ParsedMessage[Invoice])
    with client.messages.with_streaming_response.stream(
        model="m", max_tokens=1, messages=HELLO, output_format=Invoice
    ) as opened:
        assert_type(opened.parse(), MessageStream[Invoice])
    beta = client.beta.messages.parse(
        model="m", max_tokens=1, messages=HELLO, output_format=Line, betas=["x"]
    )
    assert_type(beta.output, Line)


def streaming() -> None:
    with client.messages.stream(
        model="m", max_tokens=10, messages=HELLO, output_format=Invoice
    ) as stream:
        assert_type(stream, MessageStream[Invoice])
        assert_type(stream.partial_outputs, Iterator[Any])
        for event in stream:
            if event.type == "text":
                assert_type(event.parsed_snapshot(), object)
            if event.type == "content_block_stop" and event.content_block.type == "text":
                assert_type(event.content_block.parsed_output, Any | None)
        assert_type(stream.get_final_message().output, Invoice)


async def asynchronous(client: AsyncClient) -> None:
    message = await client.messages.parse(
        model="m", max_tokens=10, messages=HELLO, output_format=Invoice
    )
    assert_type(message.output, Invoice)
    async with client.messages.stream(
        model="m", max_tokens=10, messages=HELLO, output_format=Line
    ) as stream:
        assert_type(stream.partial_outputs, AsyncIterator[Any])
        assert_type((await stream.get_final_message()).parsed_output, Line | None)
    raw = await client.beta.messages.with_raw_response.parse(
        model="m", max_tokens=1, messages=HELLO, output_format=Invoice
    )
    assert_type(raw.parse().output, Invoice)


def batches() -> None:
    client.messages.batches.create(
        requests=[
            {
                "custom_id": "a",
                "params": {
                    "model": "m",
                    "max_tokens": 1,
                    "messages": HELLO,
                    "output_format": Invoice,
                },
            }
        ]
    )
    for line in client.messages.batches.results("id", output_format=Invoice):
        if line.result.type == "succeeded":
            assert_type(line.result.message.parsed_output, Invoice | None)
        elif line.result.type == "errored":
            assert_type(line.result.error, ErrorResponse)
    for other in client.messages.batches.results("id", output_format={"a": Invoice, "b": Line}):
        assert_type(other, MessageBatchParsedResponse[Any])
    for plain in client.messages.batches.results("id"):
        assert_type(plain, MessageBatchIndividualResponse)


def helpers(message: Message) -> None:
    try:
        assert_type(parse_message(message, Invoice), ParsedMessage[Invoice])
    except OutputError as error:
        assert_type(error.message, Message)
        assert_type(error.usage, Usage)
    assert_type(transform_schema(Invoice), dict[str, Any])
    client.messages.create(
        model="m", max_tokens=1, messages=HELLO, output_config={"format": format_of(Invoice)}
    )
    client.messages.count_tokens(model="m", messages=HELLO, output_format=Invoice)
