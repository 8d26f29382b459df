"""What `context_management` and earlier summaries remove from a prompt before Claude reads it.

The client keeps sending the whole conversation. So each request is edited anew, in this order:

1. Everything before the last `compaction` block is dropped; the block stands for it.
2. The edits of the request follow in their order: old thinking goes, then old results of tools,
   as far as their triggers and bounds say (docs, context editing).
3. If the prompt is then larger than the trigger of `compact_20260112`, it is to be summarized.

An edit that removes nothing is not reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..._wire.json import JSONObject
from ...catalog.request_parts import content_blocks, object_at
from ...catalog.tokens import PromptTokens

__all__ = ["EditedPrompt", "edited"]

# Defaults of the documentation.
_CLEARING_TRIGGER = 100_000
_KEPT_USES = 3
_KEPT_TURNS = 1
_COMPACTION_TRIGGER = 150_000
_CLEARED = "[Cleared by antiphon's local server, as context_management asks]"
_THINKING = ("thinking", "redacted_thinking")

Messages = Sequence[JSONObject]


class EditedPrompt(NamedTuple):
    """A prompt as Claude reads it."""

    prompt: PromptTokens
    """What is left."""
    applied: Sequence[JSONObject]
    """The edits that removed something, as the response reports them."""
    compaction: JSONObject | None
    """The edit by which the conversation is to be summarized first; None if it is short enough."""


def edited(original: PromptTokens) -> EditedPrompt:
    """Return a prompt after all edits that its request and its conversation ask for."""
    prompt = _with(original, _after_compaction(original.body["messages"]))
    applied: list[JSONObject] = []
    compaction = None
    for edit in object_at(original.body, "context_management").get("edits") or ():
        match edit["type"]:
            case "clear_thinking_20251015":
                prompt, report = _without_thinking(prompt, edit)
            case "clear_tool_uses_20250919":
                prompt, report = _without_tool_uses(prompt, edit)
            case _:
                # The prompt is as long as the edits before have left it.
                limit = object_at(edit, "trigger").get("value", _COMPACTION_TRIGGER)
                compaction, report = (edit if prompt.total > limit else None), None
        applied += [report] if report else []
    return EditedPrompt(prompt, applied, compaction)


def _with(prompt: PromptTokens, messages: Messages) -> PromptTokens:
    """Return the prompt with other messages; the same one if nothing changed."""
    if messages is prompt.body["messages"]:
        return prompt
    return PromptTokens({**prompt.body, "messages": messages})


def _after_compaction(messages: Messages) -> Messages:
    """Return the messages from the last summary on; a failed one stands for nothing."""
    for index in reversed(range(len(messages))):
        blocks = content_blocks(messages[index]["content"])
        for position in reversed(range(len(blocks))):
            block = blocks[position]
            if block["type"] == "compaction" and block.get("content") is not None:
                begun = {**messages[index], "content": blocks[position:]}
                return [begun, *messages[index + 1 :]]
    return messages


def _without_thinking(
    prompt: PromptTokens, edit: JSONObject
) -> tuple[PromptTokens, JSONObject | None]:
    """Return the prompt with the thinking of the last turns only, and the report of the edit."""
    keep: Any = edit.get("keep") or {"type": "thinking_turns", "value": _KEPT_TURNS}
    if keep == "all" or keep["type"] == "all":
        return prompt, None
    messages = prompt.body["messages"]
    turns = _turns(messages)
    thinking = sorted({turn for turn, each in zip(turns, messages, strict=True) if _thinks(each)})
    old = set(thinking[: max(0, len(thinking) - keep["value"])])
    left = [
        _without_blocks(each, _THINKING) if turn in old and _thinks(each) else each
        for turn, each in zip(turns, messages, strict=True)
    ]
    after = _with(prompt, left) if old else prompt
    report = {
        "type": edit["type"],
        "cleared_thinking_turns": len(old),
        "cleared_input_tokens": prompt.total - after.total,
    }
    return after, (report if report["cleared_input_tokens"] else None)


def _turns(messages: Messages) -> list[int]:
    """Return the number of the turn of each message; what the user writes begins a new one.

    Results of tools continue the turn of the assistant.
    """
    turns: list[int] = []
    for message in messages:
        kinds = {block["type"] for block in content_blocks(message["content"])}
        begins = message["role"] == "user" and kinds != {"tool_result"}
        turns.append((turns[-1] if turns else 0) + begins)
    return turns


def _thinks(message: JSONObject) -> bool:
    blocks = content_blocks(message["content"])
    return message["role"] == "assistant" and any(block["type"] in _THINKING for block in blocks)


def _without_blocks(message: JSONObject, kinds: Sequence[str]) -> JSONObject:
    blocks = content_blocks(message["content"])
    return {**message, "content": [block for block in blocks if block["type"] not in kinds]}


def _without_tool_uses(
    prompt: PromptTokens, edit: JSONObject
) -> tuple[PromptTokens, JSONObject | None]:
    """Return the prompt with the last results of tools only, and the report of the edit."""
    messages = prompt.body["messages"]
    with_result = {block["tool_use_id"] for block in _blocks(messages, "tool_result")}
    uses = [use for use in _blocks(messages, "tool_use") if use["id"] in with_result]
    trigger = object_at(edit, "trigger")
    by_uses = trigger.get("type") == "tool_uses"
    # Excluded tools count for the trigger, as the prompt grows by them, too.
    size = len(uses) if by_uses else prompt.total
    if size <= trigger.get("value", _CLEARING_TRIGGER):
        return prompt, None
    excluded = edit.get("exclude_tools") or ()
    uses = [use for use in uses if use["name"] not in excluded]
    keep = object_at(edit, "keep").get("value", _KEPT_USES)
    old = {use["id"]: use["name"] for use in uses[: max(0, len(uses) - keep)]}
    inputs = edit.get("clear_tool_inputs") or ()
    cleared_inputs = {
        use for use, name in old.items() if inputs is True or (inputs and name in inputs)
    }
    after = _with(prompt, [_cleared(each, old, cleared_inputs) for each in messages])
    tokens = prompt.total - after.total
    if tokens <= 0 or tokens < object_at(edit, "clear_at_least").get("value", 0):
        return prompt, None
    report = {
        "type": edit["type"],
        "cleared_tool_uses": len(old),
        "cleared_input_tokens": tokens,
    }
    return after, report


def _blocks(messages: Messages, kind: str) -> list[JSONObject]:
    return [
        block
        for message in messages
        for block in content_blocks(message["content"])
        if block["type"] == kind
    ]


def _cleared(message: JSONObject, uses: Mapping[str, str], inputs: set[str]) -> JSONObject:
    """Return a message without the results of some calls, and without some of their inputs."""
    blocks = content_blocks(message["content"])
    changed = [_cleared_block(block, uses, inputs) for block in blocks]
    return message if changed == list(blocks) else {**message, "content": changed}


def _cleared_block(block: JSONObject, uses: Mapping[str, str], inputs: set[str]) -> JSONObject:
    match block:
        case {"type": "tool_result", "tool_use_id": call} if call in uses:
            return {**block, "content": _CLEARED}
        case {"type": "tool_use", "id": call} if call in inputs:
            return {**block, "input": {}}
        case _:
            return block
