"""What only betas send and receive: its shapes, and that nothing of it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from antiphon import types
from antiphon.types import ContentBlockParam, Message, MessageParam, Usage
from tests.support.wire_samples import PLAIN, USAGE

REFERENCE = {"type": "tool_reference", "name": "f"}
DEFINITION = {"type": "tool_definition", "definition": {"name": "f", "input_schema": {}}}
MCP_REFERENCE = {"type": "mcp_tool_reference", "server_name": "s", "name": "f"}
MCP_SET = {"type": "mcp_toolset_reference", "server_name": "s"}
ADVISOR_ERROR = {"type": "advisor_tool_result_error", "error_code": "overloaded"}


def advice(content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "advisor_tool_result", "tool_use_id": "srvtoolu_1", "content": content}


BLOCKS: list[tuple[str, dict[str, Any]]] = [
    (
        "MCPToolUseBlock",
        {"type": "mcp_tool_use", "id": "m", "name": "f", "server_name": "s", "input": {"a": 1}},
    ),
    (
        "MCPToolResultBlock",
        {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": False, "content": "ok"},
    ),
    (
        "MCPToolResultBlock",
        {
            "type": "mcp_tool_result",
            "tool_use_id": "m",
            "is_error": True,
            "content": [{"type": "text", "text": "no"}],
        },
    ),
    (
        "MCPToolListingBlock",
        {
            "type": "mcp_tool_listing",
            "mcp_server_name": "s",
            "tools": [{"name": "f", "input_schema": {"type": "object"}, "description": None}],
        },
    ),
    ("AdvisorToolResultBlock", advice({"type": "advisor_result", "text": "Do."})),
    (
        "AdvisorToolResultBlock",
        advice({"type": "advisor_redacted_result", "encrypted_content": "E", "stop_reason": None}),
    ),
    ("AdvisorToolResultBlock", advice(ADVISOR_ERROR)),
    ("CompactionBlock", {"type": "compaction", "content": None}),
    (
        "CompactionBlock",
        {
            "type": "compaction",
            "content": "We talked.",
            "encrypted_content": "E",
            "signature": "S",
            "tool_changes": [
                {"type": "tool_addition", "tool": REFERENCE},
                {"type": "tool_addition", "tool": DEFINITION},
                {"type": "tool_removal", "tool": MCP_REFERENCE},
                {"type": "tool_removal", "tool": MCP_SET},
            ],
        },
    ),
    (
        "FallbackBlock",
        {
            "type": "fallback",
            "from": {"model": "claude-opus-5"},
            "to": {"model": "claude-sonnet-5"},
            "trigger": {"type": "refusal", "category": "cyber"},
        },
    ),
]
COUNTS = {
    "input_tokens": 3,
    "output_tokens": 2,
    "cache_read_input_tokens": 0,
    "cache_creation_input_tokens": 0,
}
ITERATIONS: list[dict[str, Any]] = [
    {"type": "message", **COUNTS},
    {"type": "compaction", **COUNTS, "cache_creation": None},
    {"type": "fallback_message", **COUNTS, "model": "claude-sonnet-5"},
    {"type": "advisor_message", **COUNTS, "model": "claude-opus-5"},
    {"type": "dream", "input_tokens": 1},
]
BETA_MESSAGE: dict[str, Any] = {
    **PLAIN,
    "content": [block for _, block in BLOCKS],
    "stop_reason": "compaction",
    "stop_details": {
        "type": "refusal",
        "category": "cyber",
        "explanation": "No.",
        "recommended_model": "claude-sonnet-5",
        "fallback_credit_token": "token",
        "fallback_has_prefill_claim": True,
    },
    "usage": {
        **USAGE,
        "iterations": ITERATIONS,
        "fallback_credit": {"status": {"type": "not_applied", "reason": "expired"}},
    },
    "context_management": {
        "applied_edits": [
            {
                "type": "clear_tool_uses_20250919",
                "cleared_tool_uses": 2,
                "cleared_input_tokens": 900,
            },
            {
                "type": "clear_thinking_20251015",
                "cleared_thinking_turns": 1,
                "cleared_input_tokens": 50,
            },
        ]
    },
    "input_transformations": [
        {
            "type": "thinking_dropped",
            "path": "messages.1.content.0",
            "reason": "model_binding_mismatch",
        },
        {
            "type": "thinking_mismatch_allowed",
            "path": "messages.1.content.1",
            "reason": "prefix_binding_mismatch",
        },
    ],
}


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_a_block_has_its_type_and_goes_back_as_it_came(name: str, block: dict[str, Any]) -> None:
    message = Message.from_value({**PLAIN, "content": [block]})
    received = message.content[0]
    assert type(received) is getattr(types, name)
    assert received.to_dict() == received.to_param() == block
    assert message.to_param() == {"role": "assistant", "content": [block]}


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_a_block_may_be_sent_as_a_dict(name: str, block: dict[str, Any]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ContentBlockParam)
    assert adapter.validate_python(block) == block
    with pytest.raises(ValueError, match=r"Input should be|Field required"):
        adapter.validate_python(
            {**block, "cache_control": {"type": "eternal"}, "to": 3, "tools": 1}
        )


def test_a_message_of_betas_is_typed_and_whole() -> None:
    message = Message.decode(json.dumps(BETA_MESSAGE))
    assert message.to_dict() == BETA_MESSAGE
    assert message.context_management is not None
    cleared = message.context_management.applied_edits[0]
    assert isinstance(cleared, types.ClearToolUses20250919EditResponse)
    assert cleared.cleared_tool_uses == 2
    assert message.input_transformations is not None
    assert isinstance(
        message.input_transformations[1], types.ThinkingMismatchAllowedInputTransformation
    )
    assert message.stop_details is not None
    assert message.stop_details.fallback_credit_token == "token"
    assert message.usage.fallback_credit is not None
    assert isinstance(message.usage.fallback_credit.status, types.FallbackCreditNotApplied)
    kinds = [type(each).__name__ for each in message.usage.iterations or ()]
    assert kinds == [
        "MessageIterationUsage",
        "CompactionIterationUsage",
        "FallbackMessageIterationUsage",
        "AdvisorMessageIterationUsage",
        "Unknown",
    ]


def test_what_no_beta_sent_is_absent() -> None:
    message = Message.from_value(PLAIN)
    assert message.to_dict() == PLAIN
    assert message.context_management is message.input_transformations is None
    assert message.usage.iterations is message.usage.fallback_credit is None


def test_a_fallback_names_both_models() -> None:
    block = Message.from_value({**PLAIN, "content": [BLOCKS[-1][1]]}).content[0]
    assert isinstance(block, types.FallbackBlock)
    assert block.from_ is not None
    assert (block.from_.model, block.to.model) == ("claude-opus-5", "claude-sonnet-5")
    assert types.FallbackBlock.from_value({"type": "fallback"}).from_ is None


def test_iterations_of_usages_add_up() -> None:
    one = Usage.from_value({"input_tokens": 1, "output_tokens": 1, "iterations": ITERATIONS[:1]})
    assert (one + one).to_dict()["iterations"] == ITERATIONS[:1] * 2


def test_tools_may_change_in_a_system_message() -> None:
    changes = [
        {"type": "tool_addition", "tool": DEFINITION},
        {"type": "tool_removal", "tool": REFERENCE},
        {"type": "text", "text": "Now without f."},
    ]
    system: TypeAdapter[Any] = TypeAdapter(types.SystemMessageParam)
    anyone: TypeAdapter[Any] = TypeAdapter(MessageParam)
    message = {"role": "system", "content": changes, "clear_at": "never"}
    assert system.validate_python(message) == anyone.validate_python(message) == message
    with pytest.raises(ValueError, match="tool_definition"):
        system.validate_python(
            {"role": "system", "content": [{"type": "tool_removal", "tool": DEFINITION}]}
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "ContextManagementConfigParam",
            {
                "edits": [
                    {"type": "clear_thinking_20251015", "keep": "all"},
                    {
                        "type": "clear_thinking_20251015",
                        "keep": {"type": "thinking_turns", "value": 1},
                    },
                    {
                        "type": "clear_tool_uses_20250919",
                        "trigger": {"type": "tool_uses", "value": 9},
                        "clear_tool_inputs": ["f"],
                        "clear_at_least": None,
                    },
                    {
                        "type": "compact_20260112",
                        "trigger": {"type": "input_tokens", "value": 50_000},
                    },
                ]
            },
        ),
        ("FallbacksParam", "default"),
        ("FallbacksParam", [{"model": "claude-sonnet-5", "thinking": {"type": "disabled"}}]),
        ("MessageThreadParam", {"type": "continue", "previous_message_id": "msg_1"}),
        ("ToolUnionParam", {"type": "mcp_toolset", "mcp_server_name": "s", "configs": {"f": {}}}),
        ("ToolUnionParam", {"type": "advisor_20260301", "name": "advisor", "model": "m"}),
        ("OutputConfigParam", {"task_budget": {"type": "tokens", "total": 9}}),
        (
            "ThinkingConfigParam",
            {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "error"}},
        ),
    ],
)
def test_parameters_of_betas_are_described(name: str, value: object) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(getattr(types, name))
    assert adapter.validate_python(value) == value
