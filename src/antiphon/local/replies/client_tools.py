"""Calls of the tools that the client runs, with input that their schemas allow."""

from __future__ import annotations

from random import Random

from ..._wire.json import JSONObject, is_object
from .ids import new_id
from .prompt_values import PromptValues
from .schema_sample import sample
from .tool_selection import tool_name

__all__ = ["calls"]

# A prompt that lists many places should not turn into dozens of calls.
_MAX_PLACES = 5
_DIRECT_CALLER: JSONObject = {"type": "direct"}


def calls(
    tool: JSONObject, text: str, rng: Random, caller: JSONObject | None = None
) -> list[JSONObject]:
    """Return calls of `tool`: one, or one for each place in the prompt if the tool takes a place.

    Args:
        tool: its definition.
        text: the prompt.
        rng: decides what the prompt leaves open.
        caller: the code that calls the tool; None if Claude itself does.
    """
    schema: JSONObject = tool.get("input_schema") or {}
    values = PromptValues(text)
    takes_place = values.asks_for_place([*(schema.get("properties") or ())])
    number = min(len(values.places), _MAX_PLACES) if takes_place else 1
    return [_call(tool, PromptValues(text, turn), rng, caller) for turn in range(number or 1)]


def _call(
    tool: JSONObject, values: PromptValues, rng: Random, caller: JSONObject | None
) -> JSONObject:
    block = {
        "type": "tool_use",
        "id": new_id("toolu", rng),
        "name": tool_name(tool),
        "input": _input(tool, values, rng),
        "caller": caller or _DIRECT_CALLER,
    }
    kind = str(tool.get("type") or "")
    return {**block, "toolset_name": kind.split("_")[0]} if "_toolset_" in kind else block


def _input(tool: JSONObject, values: PromptValues, rng: Random) -> JSONObject:
    """Return input by the schema of `tool`, or in the known shape of one of Anthropic's own."""
    if "input_schema" in tool:
        made = sample(tool["input_schema"], values, rng)
        return made if is_object(made) else {}
    match str(tool.get("type")).split("_"):
        case ["bash", *_]:
            return {"command": values.value_for("command") or "echo simulated"}
        case ["text", "editor", *_]:
            return {"command": "view", "path": values.value_for("path") or "/"}
        case ["memory", *_]:
            return {"command": "view", "path": "/memories"}
        case ["computer", version] if version.isdigit():
            return {"action": "screenshot"}
        case _:
            return {}
