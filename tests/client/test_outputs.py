"""Structured outputs: `parse`, streams with partial outputs, what fails, and asking again."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator

import antiphon
from antiphon import (
    AsyncClient,
    Client,
    OutputError,
    OutputRefusedError,
    OutputTruncatedError,
    OutputValidationError,
)
from antiphon._stream.writer import events
from antiphon.outputs import format_of, parse_message
from antiphon.types import Message, ParsedMessage, ParsedTextBlock
from tests.support.scripted import Answer, Scripted
from tests.support.stream_events import framed

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 300,
    "messages": [{"role": "user", "content": "Invoice 7"}],
}
JSON = ("content-type", "application/json")


class Invoice(BaseModel):
    number: str
    total: int = Field(ge=0)


@dataclass
class Stock:
    items: dict[str, int]


def text(value: object) -> dict[str, Any]:
    return {"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}


def message(*blocks: dict[str, Any], stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
        **more,
    }


def client_of(*messages: dict[str, Any], streamed: bool = False) -> tuple[Client, Scripted]:
    answers = [
        Answer(framed(*events(each)))
        if streamed
        else Answer(json.dumps(each).encode(), headers=(JSON,))
        for each in messages
    ]
    transport = Scripted(*answers)
    return Client(api_key="k", http_client=transport), transport


def sent(transport: Scripted) -> list[dict[str, Any]]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


GOOD = {"number": "R7", "total": 3}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}


def test_the_output_of_a_message(client):
    got = client.messages.parse(output_format=Invoice, **ASK)
    assert isinstance(got, ParsedMessage)
    assert isinstance(got.parsed_output, Invoice)
    assert got.output is got.parsed_output
    assert isinstance(got.content[0], ParsedTextBlock)
    assert got.content[0].parsed_output == got.parsed_output
    assert got._request_id.startswith("req_")
    assert got.output_error is None
    assert got.output_failures == ()
    assert got.total_usage == got.usage


def test_the_views_and_the_async_client(client, server):
    raw = client.messages.with_raw_response.parse(output_format=Invoice, **ASK)
    assert isinstance(raw.parse().parsed_output, Invoice)
    with client.messages.with_streaming_response.parse(output_format=Invoice, **ASK) as response:
        assert isinstance(response.parse().parsed_output, Invoice)
    with client.messages.with_streaming_response.stream(output_format=Stock, **ASK) as response:
        assert isinstance(response.parse().get_final_message().output, Stock)
    beta = client.beta.messages.parse(output_format=Stock, betas=["x-2026-01-01"], **ASK)
    assert isinstance(beta.parsed_output, Stock)
    raw = client.beta.messages.with_raw_response.parse(output_format=Stock, **ASK)
    assert isinstance(raw.parse().parsed_output, Stock)

    async def main() -> None:
        asynchronous = AsyncClient(base_url=server.url, api_key="test")
        got = await asynchronous.messages.parse(output_format=list[int], **ASK)
        assert isinstance(got.output, list)
        async with asynchronous.messages.stream(output_format=Stock, **ASK) as stream:
            partial = [each async for each in stream.partial_outputs]
            final = await stream.get_final_message()
        assert partial[-1] == {"items": final.output.items}

    asyncio.run(main())


def test_the_request_has_the_schema_and_keeps_the_effort():
    client, transport = client_of(message(text(GOOD)))
    config = {"effort": "low", "format": {"type": "json_schema", "schema": {}}}
    client.messages.parse(output_format=Invoice, output_config=config, **ASK)
    [body] = sent(transport)
    assert body["output_config"] == {"effort": "low", "format": format_of(Invoice)}
    assert "output_format" not in body
    assert "anthropic-beta" not in transport.requests[0].headers
    assert config["format"] == {"type": "json_schema", "schema": {}}


def test_the_beta_takes_one_format_only():
    client, _ = client_of(message(text(GOOD)))
    config = {"format": {"type": "json_schema", "schema": {}}}
    with pytest.raises(antiphon.AnthropicError, match="Both output_format and"):
        client.beta.messages.parse(output_format=Invoice, output_config=config, **ASK)


def test_tokens_are_counted_with_the_schema(client):
    ask = {"model": ASK["model"], "messages": ASK["messages"]}
    plain = client.messages.count_tokens(**ask).input_tokens
    assert client.messages.count_tokens(output_format=Invoice, **ask).input_tokens > plain


@pytest.mark.parametrize("kind", [None, antiphon.omit, antiphon.NOT_GIVEN])
def test_without_a_type_parse_is_create(kind):
    client, transport = client_of(message(text("Hello")))
    got = client.messages.parse(output_format=kind, **ASK)
    assert got.text == "Hello"
    assert got.parsed_output is None
    assert got.content[0].parsed_output is None
    assert got == Message.from_value(message(text("Hello")))
    assert "output_config" not in sent(transport)[0]
    with pytest.raises(ValueError, match="no output"):
        _ = got.output


@pytest.mark.parametrize("value", [0, False, "", [], {}, None])
def test_falsy_outputs_are_outputs(value):
    kind = {"[]": list[int], "{}": dict[str, int]}.get(str(value), type(value))
    client, _ = client_of(message(text(json.dumps([] if value == {} else value))))
    got = client.messages.parse(output_format=kind, **ASK)
    assert got.output == value
    assert type(got.output) is type(value)


def test_dumps_and_what_is_sent_back_have_no_output():
    received = message({"type": "thinking", "thinking": "…", "signature": "s"}, text(GOOD))
    client, _ = client_of(received)
    got = client.messages.parse(output_format=Invoice, **ASK)
    assert got.to_dict() == received
    assert json.loads(got.to_json()) == received
    assert got.model_dump(exclude_unset=True) == received
    assert got.to_param() == {"role": "assistant", "content": received["content"]}
    for twin in (copy.copy(got), copy.deepcopy(got), pickle.loads(pickle.dumps(got))):
        assert twin == got
        assert twin.output == got.output
    assert ParsedMessage.model_validate(received) == got == Message.from_value(received)


def test_a_message_and_its_blocks_are_sent_back_as_they_were_received():
    received = message(text(GOOD))
    client, transport = client_of(received, received, received)
    got = client.messages.parse(output_format=Invoice, **ASK)
    more = {"role": "user", "content": "And the next?"}
    for turn in (got, {"role": "assistant", "content": got.content}):
        client.messages.create(**{**ASK, "messages": [*ASK["messages"], turn, more]})
    turns = [body["messages"][1] for body in sent(transport)[1:]]
    assert turns == [{"role": "assistant", "content": received["content"]}] * 2


def test_tests_may_set_the_output_of_a_block():
    block = ParsedTextBlock.model_construct(type="text", text="5")
    block.parsed_output = 5
    assert (block.parsed_output, block.to_dict()) == (5, {"type": "text", "text": "5"})


def test_the_first_text_that_fits_is_the_output():
    client, _ = client_of(message(text("Here it is:"), text(0), text(5)))
    got = client.messages.parse(output_format=int, **ASK)
    assert got.output == 0
    assert [block.parsed_output for block in got.content] == [None, 0, 5]


@pytest.mark.parametrize(
    "received",
    [
        message(CALL, stop="tool_use"),
        message(text("Let me look."), CALL, stop="tool_use"),
        message(text("Wait"), stop="pause_turn"),
    ],
)
def test_a_message_that_goes_on_has_no_output(received):
    client, _ = client_of(received, received)
    got = client.messages.parse(output_format=Invoice, retries=1, **ASK)
    assert got.parsed_output is None
    with pytest.raises(ValueError, match="no output"):
        _ = got.output


REFUSED = message(stop="refusal", stop_details={"type": "refusal", "explanation": "Too risky."})
FAILURES = [
    (message(text('{"number": "R7", "to'), stop="max_tokens"), OutputTruncatedError, "cut off"),
    (message(text("12"), stop="max_tokens"), OutputTruncatedError, "max_tokens"),
    (message(text("{"), stop="model_context_window_exceeded"), OutputTruncatedError, "cut off"),
    (REFUSED, OutputRefusedError, "Too risky"),
    (message(text(GOOD), stop="refusal"), OutputRefusedError, "refused"),
    (message(text({"number": "R7"})), OutputValidationError, "total: Field required"),
    (message(text({"number": "R7", "total": -1})), OutputValidationError, "total: .* 0"),
    (message(text('Sure! {"number"')), OutputValidationError, "Invalid JSON"),
    (message(), OutputValidationError, "empty"),
]


@pytest.mark.parametrize(("received", "kind", "words"), FAILURES)
@pytest.mark.parametrize("view", ["plain", "raw", "streaming", "stream", "large"])
def test_a_failure_holds_the_whole_message(received, kind, words, view):
    streamed = view in ("stream", "large")
    client, _ = client_of(received, streamed=streamed)
    with pytest.raises(kind, match=words) as caught:
        match view:
            case "plain":
                client.messages.parse(output_format=Invoice, **ASK)
            case "raw":
                client.messages.with_raw_response.parse(output_format=Invoice, **ASK).parse()
            case "streaming":
                with client.messages.with_streaming_response.parse(
                    output_format=Invoice, **ASK
                ) as response:
                    response.parse()
            case "stream":
                with client.messages.stream(output_format=Invoice, **ASK) as stream:
                    stream.get_final_message()
            case _:
                client.messages.parse(output_format=Invoice, **{**ASK, "max_tokens": 64_000})
    error = caught.value
    assert isinstance(error, OutputError)
    assert error.message == Message.from_value(received)
    assert error.request_id == "req_s"
    assert error.usage == error.message.usage
    assert error.failures == ()
    twin = pickle.loads(pickle.dumps(error))
    assert (str(twin), twin.message) == (str(error), error.message)
    assert isinstance(error, ValueError)


def test_a_whole_output_that_just_fits_the_limit_is_one():
    client, _ = client_of(message(text(GOOD), stop="max_tokens"))
    assert client.messages.parse(output_format=Invoice, **ASK).output.total == 3


def test_a_failure_shows_nothing_of_the_output():
    secret = message(text({"number": "R7", "total": "a secret"}))
    client, _ = client_of(secret)
    with pytest.raises(OutputValidationError) as caught:
        client.messages.parse(output_format=Invoice, **ASK)
    assert "secret" not in str(caught.value)
    assert "secret" in str(caught.value.__cause__)


def test_all_events_come_before_the_failure():
    received = message(text({"number": "R7"}))
    client, _ = client_of(received, received, streamed=True)
    failure = pytest.raises(OutputValidationError)
    with failure, client.messages.stream(output_format=Invoice, **ASK) as stream:
        list(stream.text_stream)
    with client.messages.stream(output_format=Invoice, **ASK) as stream:
        seen = takewhile(lambda event: event.type != "message_stop", stream)
        assert len(list(seen)) > 3
        with pytest.raises(OutputValidationError):
            next(stream)
    with pytest.raises(OutputValidationError):
        stream.get_final_message()
    assert stream.current_message_snapshot.text == '{"number": "R7"}'


def test_partial_outputs_grow():
    client, _ = client_of(message(text(GOOD)), streamed=True)
    with client.messages.stream(output_format=Invoice, **ASK) as stream:
        partial = list(stream.partial_outputs)
        final = stream.get_final_message()
    assert partial[-1] == GOOD
    assert {} in partial or {"number": ""} in partial or partial[0]["number"]
    assert final.output == Invoice(**GOOD)


def test_words_are_no_partial_output():
    client, _ = client_of(message(text("Sure, here it is:"), text(GOOD)), streamed=True)
    with client.messages.stream(output_format=Invoice, **ASK) as stream:
        partial = list(stream.partial_outputs)
    assert partial[-1] == GOOD


def test_partial_outputs_have_the_shape_of_the_type(client):
    with client.messages.stream(output_format=Stock, **ASK) as stream:
        partial = list(stream.partial_outputs)
        final = stream.get_final_message().output
    assert all(isinstance(each.get("items", {}), dict) for each in partial)
    assert partial[-1] == {"items": final.items}


def test_events_of_a_stream_have_the_output():
    client, _ = client_of(message(text(GOOD)), streamed=True)
    with client.messages.stream(output_format=Invoice, **ASK) as stream:
        for event in stream:
            if event.type == "text":
                snapshot = event.parsed_snapshot()
            elif event.type == "content_block_stop":
                assert event.content_block.parsed_output == Invoice(**GOOD)
            elif event.type == "message_stop":
                assert event.message.output == Invoice(**GOOD)
    assert snapshot == GOOD


def test_asking_again(caplog):
    wrong = message({"type": "thinking", "thinking": "…", "signature": "s"}, text({"number": "R7"}))
    client, transport = client_of(wrong, message(text("oh")), message(text(GOOD)))
    with caplog.at_level(logging.WARNING, "antiphon"):
        got = client.messages.parse(output_format=Invoice, retries=2, **ASK)
    assert got.output == Invoice(**GOOD)
    assert [each.reason for each in got.output_failures] == [
        "total: Field required",
        "Invalid JSON: expected value at line 1 column 1",
    ]
    assert (got.usage.output_tokens, got.total_usage.output_tokens) == (5, 15)
    assert [record.message for record in caplog.records] == [
        "the output does not fit its type (req_s): asking again"
    ] * 2
    first, second, third = sent(transport)
    assert first["messages"] == ASK["messages"]
    *before, turn, asked = second["messages"]
    assert before == ASK["messages"]
    assert turn == {"role": "assistant", "content": wrong["content"]}
    assert asked["role"] == "user"
    assert "total: Field required" in asked["content"]
    assert third["messages"][:3] == second["messages"]
    assert {**second, "messages": 0} == {**first, "messages": 0}


def test_asking_again_in_vain():
    wrong = message(text({"number": "R7"}))
    client, transport = client_of(*[wrong] * 3)
    with pytest.raises(OutputValidationError) as caught:
        client.messages.with_raw_response.parse(output_format=Invoice, retries=2, **ASK).parse()
    assert len(transport.requests) == 3
    assert len(caught.value.failures) == 2
    assert caught.value.usage.output_tokens == 15


@pytest.mark.parametrize("received", [REFUSED, message(text("{"), stop="max_tokens")])
def test_what_would_happen_again_is_not_asked_again(received):
    client, transport = client_of(received)
    with pytest.raises(OutputError):
        client.messages.parse(output_format=Invoice, retries=2, **ASK)
    assert len(transport.requests) == 1


def test_a_message_without_text_is_not_sent_back_when_asking_again():
    client, transport = client_of(message(), message(text(GOOD)))
    asked = ASK["messages"]
    got = client.messages.parse(
        output_format=Invoice, retries=1, **{**ASK, "messages": (each for each in asked)}
    )
    assert got.output == Invoice(**GOOD)
    assert [turn["role"] for turn in sent(transport)[1]["messages"]] == ["user", "user"]


def test_asking_again_where_a_message_is_streamed_because_it_is_large():
    client, _ = client_of(message(text("oh")), message(text(GOOD)), streamed=True)
    got = client.messages.parse(output_format=Invoice, retries=1, **{**ASK, "max_tokens": 64_000})
    assert got.output == Invoice(**GOOD)
    assert len(got.output_failures) == 1


@pytest.mark.parametrize(
    ("retries", "kind"), [(-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_a_wrong_number_of_retries(client, retries, kind):
    with pytest.raises(kind, match="retries: expected"):
        client.messages.parse(output_format=Invoice, retries=retries, **ASK)


def test_a_view_that_does_not_read_the_output_cannot_ask_again(client):
    view = client.messages.with_streaming_response.parse(output_format=Invoice, retries=1, **ASK)
    with pytest.raises(TypeError, match="cannot ask again"), view:
        pass


def test_parse_says_how_to_stream(client):
    with pytest.raises(TypeError, match=r"call messages\.stream"):
        client.messages.parse(output_format=Invoice, stream=True, **ASK)


def test_middleware_sees_each_request_of_retries():
    seen = []

    def watch(request, call_next):
        response = call_next(request)
        seen.append(response.status_code)
        return response

    client, _ = client_of(message(text("[]")), message(text(GOOD)))
    got = client.with_middleware(watch).messages.parse(output_format=Invoice, retries=1, **ASK)
    assert got.output == Invoice(**GOOD)
    assert seen == [200, 200]


def test_an_output_in_several_blocks_is_put_together():
    client, _ = client_of(message(text('{"number": "R7",'), text(' "total": 3}')))
    assert client.messages.parse(output_format=Invoice, **ASK).output == Invoice(**GOOD)


def test_a_validator_that_breaks_loses_no_message():
    class Fragile(BaseModel):
        total: int

        @field_validator("total")
        @classmethod
        def check(cls, total: int) -> int:
            return [][total]

    client, _ = client_of(message(text({"total": 3})))
    with pytest.raises(OutputValidationError, match="list index out of range") as caught:
        client.messages.parse(output_format=Fragile, **ASK)
    assert isinstance(caught.value.__cause__, IndexError)


def test_create_says_where_a_type_belongs(client):
    with pytest.raises(TypeError, match=r"call messages\.parse"):
        client.messages.create(output_format=Invoice, **ASK)


def test_a_schema_is_no_type(client):
    with pytest.raises(TypeError, match="output_config="):
        client.messages.parse(output_format={"type": "object"}, **ASK)


def test_a_message_that_was_kept_is_read():
    kept = Message.from_value(message(text(GOOD)))
    assert parse_message(kept, Invoice).output.number == "R7"
    assert not isinstance(kept.content[0], ParsedTextBlock)
    with pytest.raises(OutputValidationError):
        parse_message(kept, int)
    with pytest.raises(TypeError, match="may be anything"):
        parse_message(kept, dict)
