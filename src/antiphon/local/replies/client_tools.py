"""Calls of the tools that the client runs, with input their schemas allow."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, cast

from .ids import new_id
from .prompt_values import PromptValues
from .schema_sample import sample
from .tool_selection import tool_name

__all__ = ["calls"]

Block = dict[str, Any]
Tool = Mapping[str, Any]

_MOST_PLACES = 5
_DIRECT = {"type": "direct"}


def calls(tool: Tool, text: str, rng: Random, caller: Block | None = None) -> list[Block]:
    """The calls of `tool` a prompt asks for: one, or one for each place if it wants a place.

    Args:
        tool: its definition.
        text: the prompt.
        rng: decides what the prompt leaves open.
        caller: the code that calls, if it is not Claude itself.
    """
    schema: Mapping[str, Any] = tool.get("input_schema") or {}
    clues = PromptValues(text)
    wants_place = clues.names_place([*(schema.get("properties") or ())])
    times = min(len(clues.places), _MOST_PLACES) if wants_place else 1
    return [_call(tool, PromptValues(text, turn), rng, caller) for turn in range(times or 1)]


def _call(tool: Tool, clues: PromptValues, rng: Random, caller: Block | None) -> Block:
    block = {
        "type": "tool_use",
        "id": new_id("toolu", rng),
        "name": tool_name(tool),
        "input": _input(tool, clues, rng),
        "caller": caller or _DIRECT,
    }
    kind = str(tool.get("type") or "")
    return {**block, "toolset_name": kind.split("_")[0]} if "_toolset_" in kind else block


def _input(tool: Tool, clues: PromptValues, rng: Random) -> Any:
    """Arguments by the schema of `tool`, or by the known shape of one of Anthropic's own."""
    if "input_schema" in tool:
        made = sample(tool["input_schema"], clues, rng)
        return cast("Block", made) if isinstance(made, dict) else {}
    match str(tool.get("type")).split("_"):
        case ["bash", *_]:
            return {"command": clues.word("command") or "echo simulated"}
        case ["text", "editor", *_]:
            return {"command": "view", "path": clues.word("path") or "/"}
        case ["memory", *_]:
            return {"command": "view", "path": "/memories"}
        case ["computer", version] if version.isdigit():
            return {"action": "screenshot"}
        case _:
            return {}
