"""How the types look to a type checker; never run."""

from pathlib import Path
from typing import Any, Unpack, assert_type

from antiphon._wire.sentinels import NOT_GIVEN, omit
from antiphon.types import (
    Base64ImageSource,
    CodeExecutionToolResultBlockParam,
    ContentBlock,
    CountTokensParams,
    CreateParams,
    Message,
    MessageParam,
    MessageStreamEvent,
    RawMessageStreamEvent,
    StopReason,
    TextBlock,
    TextBlockParam,
    ThinkingBlockParam,
    ToolParam,
    ToolResultBlockParam,
    ToolUseBlock,
    ToolUseBlockParam,
    UnknownBlock,
    Usage,
)


def create(**params: Unpack[CreateParams]) -> Message:
    raise NotImplementedError


def count(**params: Unpack[CountTokensParams]) -> int:
    raise NotImplementedError


def blocks_are_told_apart(block: ContentBlock) -> str:
    if block.type == "text":
        assert_type(block, TextBlock)
        return block.text
    if block.type == "tool_use":
        assert_type(block, ToolUseBlock)
        return str(block.input["city"])
    if block.type == "web_search_tool_result" and isinstance(block.content, list):
        return block.content[0].url
    return block.type


def blocks_are_matched(block: ContentBlock) -> str:
    if isinstance(block, UnknownBlock):
        return str(block.type)
    match block:
        case TextBlock(text=text):
            return text
        case ToolUseBlock(name=name):
            return name
        case _:
            return block.type


def citations_are_told_apart(block: TextBlock) -> int:
    for citation in block.citations or []:
        if citation.type == "char_location":
            return citation.start_char_index
    return 0


def raw_events_are_told_apart(event: RawMessageStreamEvent) -> str:
    if event.type == "content_block_delta" and event.delta.type == "text_delta":
        return event.delta.text
    if event.type == "message_delta":
        assert_type(event.delta.stop_reason, StopReason | None)
    return ""


def events_are_told_apart(event: MessageStreamEvent) -> str:
    if event.type == "text":
        return event.text + event.snapshot
    if event.type == "content_block_stop":
        return event.content_block.type
    if event.type == "message_stop":
        return event.message.text
    if event.type == "input_json":
        return event.partial_json
    return ""


def answers_are_typed(message: Message) -> None:
    assert_type(message.text, str)
    assert_type(message.tool_uses, list[ToolUseBlock])
    assert_type(message.usage + message.usage, Usage)
    assert_type(message.tool_uses[0].input, dict[str, Any])
    assert_type(sum([message.usage], start=message.usage), Usage)


def requests_are_typed(message: Message) -> None:
    history: list[MessageParam] = [
        {"role": "user", "content": "Hello"},
        MessageParam(role="assistant", content=message.content),
        {"role": "user", "content": [{"type": "text", "text": "And?"}]},
    ]
    create(model="claude-sonnet-4-5", max_tokens=10, messages=history)
    create(
        model="any",
        max_tokens=10,
        messages=[
            {"role": "user", "content": "Hello"},
            message,
            message.to_param(),
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [result(message.tool_uses[0])]},
        ],
        system=[TextBlockParam(type="text", text="Short.", cache_control={"type": "ephemeral"})],
        tools=[weather(), {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
        tool_choice={"type": "tool", "name": "get_weather"},
        thinking={"type": "enabled", "budget_tokens": 1024},
        temperature=NOT_GIVEN,
        metadata=omit,
        stop_sequences=["END"],
        cache_control=None,
        extra_headers={"x-a": "b", "authorization": omit},
        timeout=None,
    )
    count(model="any", messages=({"role": "user", "content": "Hi"} for _ in range(2)))


def blocks_are_sent_back(block: ContentBlock) -> TextBlockParam | ThinkingBlockParam | None:
    if block.type == "text":
        return block.to_param()
    if block.type == "thinking":
        return block.to_param()
    if block.type == "tool_use":
        assert_type(block.to_param(), ToolUseBlockParam)
    if block.type == "code_execution_tool_result":
        assert_type(block.to_param(), CodeExecutionToolResultBlockParam)
    return None


def pictures_may_be_paths() -> MessageParam:
    source: Base64ImageSource = {
        "type": "base64",
        "media_type": "image/png",
        "data": Path("a.png"),
    }
    return {"role": "user", "content": [{"type": "image", "source": source}]}


def documents() -> MessageParam:
    return {
        "role": "user",
        "content": [
            {
                "type": "document",
                "source": {
                    "type": "url",
                    "media_type": "application/pdf",
                    "url": "https://a/b.pdf",
                },
                "citations": {"enabled": True},
            },
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "Words."},
            },
        ],
    }


def weather() -> ToolParam:
    return {
        "name": "get_weather",
        "description": "The weather of a city.",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }


def result(call: ToolUseBlock) -> ToolResultBlockParam:
    return {"type": "tool_result", "tool_use_id": call.id, "content": "Sunny", "is_error": False}
