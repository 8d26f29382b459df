"""What users send, inside pydantic models and web frameworks."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, TypeAdapter, ValidationError

from antiphon._core.request_body import encode_body
from antiphon.types import (
    ContentBlockParam,
    Message,
    MessageParam,
    TextBlock,
    TextBlockParam,
    ToolChoiceParam,
    ToolParam,
    ToolUnionParam,
)
from tests.support.wire_samples import EVERY_BLOCK

CONVERSATION: list[dict[str, Any]] = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": [{"type": "text", "text": "Hi", "citations": None}]},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral"}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
            },
            {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a"}]},
            {"type": "hologram", "depth": {"of": 3}},
            {"type": "text", "text": "new", "brand_new": [1]},
        ],
    },
]

messages: TypeAdapter[list[MessageParam]] = TypeAdapter(list[MessageParam])


class Chat(BaseModel):
    title: str
    messages: list[MessageParam]


def image(data: object) -> list[dict[str, Any]]:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return [{"role": "user", "content": [{"type": "image", "source": source}]}]


def test_a_conversation_is_validated_and_kept_as_it_is() -> None:
    assert messages.validate_python(CONVERSATION) == CONVERSATION
    assert messages.validate_json(json.dumps(CONVERSATION)) == CONVERSATION
    chat = Chat.model_validate({"title": "t", "messages": CONVERSATION})
    assert json.loads(chat.model_dump_json())["messages"] == CONVERSATION
    assert json.loads(encode_body({"messages": chat.messages}))["messages"] == CONVERSATION


def test_lists_are_checked_at_once_and_can_be_read_again() -> None:
    content = [{"type": "text", "text": text} for text in "ab"]
    given = [{"role": "user", "content": iter(content)}]
    read = messages.validate_python(given)
    assert list(read[0]["content"]) == list(read[0]["content"]) == content


def test_received_blocks_stay_what_they_are() -> None:
    block = TextBlock.from_value({"type": "text", "text": "a"})
    message = Message.from_value(EVERY_BLOCK)
    given = [{"role": "assistant", "content": [block, *message.content]}]
    read = messages.validate_python(given)
    assert [*read[0]["content"]] == [block, *message.content]
    assert messages.validate_python([message.to_param()]) == [message.to_param()]


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({"role": "user"}, (0, "content")),
        ({"role": "robot", "content": "a"}, (0, "role")),
        ({"role": "user", "content": 5}, (0, "content", "blocks")),
        (
            {"role": "user", "content": [{"type": "text"}]},
            (0, "content", "blocks", 0, "text", "text"),
        ),
        ({"role": "user", "content": ["a"]}, (0, "content", "blocks", 0, "other")),
        (image(5)[0], (0, "content", "blocks", 0, "image", "source", "base64", "data")),
        (image(b"raw")[0], (0, "content", "blocks", 0, "image", "source", "base64", "data")),
    ],
)
def test_a_fault_is_named_once_and_with_its_place(
    message: dict[str, Any], where: tuple[Any, ...]
) -> None:
    with pytest.raises(ValidationError) as raised:
        messages.validate_python([message])
    (fault,) = raised.value.errors()
    assert fault["loc"] == where


@pytest.mark.parametrize("data", [Path("a.png"), io.BytesIO(b"x"), "AA"])
def test_the_content_of_a_file_may_be_a_path_or_an_open_file(data: object) -> None:
    read: Any = messages.validate_python(image(data))
    assert read[0]["content"][0]["source"]["data"] is data


def test_text_from_outside_never_becomes_a_path() -> None:
    given = image("/etc/passwd")
    for read in (messages.validate_json(json.dumps(given)), messages.validate_python(given)):
        source: Any = read
        assert type(source[0]["content"][0]["source"]["data"]) is str


def test_a_file_is_not_dumped_as_json_in_silence() -> None:
    read = messages.validate_python(image(Path("a.png")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Exception, match="no JSON form"):
            messages.dump_json(read)


@pytest.mark.parametrize(
    "kind", [ContentBlockParam, TextBlockParam, ToolParam, ToolUnionParam, ToolChoiceParam]
)
def test_params_have_json_schemas(kind: Any) -> None:
    assert TypeAdapter(kind).json_schema()


def app() -> FastAPI:
    service = FastAPI()

    @service.post("/chat")
    def chat(chat: Chat) -> dict[str, Any]:
        return {"sent": json.loads(encode_body({"messages": chat.messages}))}

    @service.post("/messages")
    def bare(messages: list[MessageParam]) -> int:
        return len(messages)

    return service


# Annotations above are names of this module; FastAPI looks them up here.
def test_fastapi_bodies_hold_messages() -> None:
    client = TestClient(app())
    answer = client.post("/chat", json={"title": "t", "messages": CONVERSATION})
    assert answer.json() == {"sent": {"messages": CONVERSATION}}
    assert client.post("/messages", json=CONVERSATION).json() == len(CONVERSATION)
    assert client.post("/messages", json=[{"role": "user"}]).status_code == 422
    schema = client.get("/openapi.json").json()
    assert "TextBlockParam" in schema["components"]["schemas"]
