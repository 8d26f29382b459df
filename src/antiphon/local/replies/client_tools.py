"""Calls of the tools that the client runs, with input that their schemas allow."""

from __future__ import annotations

from random import Random

from ..._wire.json import JSONObject, is_object
from .ids import new_id
from .names import tool_name
from .plan import PlannedCall
from .prompt_values import PromptValues
from .schema_sample import sample

__all__ = ["call"]

_DIRECT_CALLER: JSONObject = {"type": "direct"}


def call(planned: PlannedCall, rng: Random, caller: JSONObject | None = None) -> JSONObject:
    """Return a call of a tool.

    Args:
        planned: the tool, and what its input is made of.
        rng: decides what the prompt leaves open.
        caller: the code that calls the tool; None if Claude itself does.
    """
    tool = planned.tool
    block = {
        "type": "tool_use",
        "id": new_id("toolu", rng),
        "name": tool_name(tool),
        "input": _input(tool, planned.values, rng),
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
            return _edit(values)
        case ["memory", *_]:
            return {"command": "view", "path": "/memories"}
        case ["computer", version] if version.isdigit():
            return {"action": "screenshot"}
        case _:
            return {}


def _edit(values: PromptValues) -> JSONObject:
    """Return input of the text editor: a replacement or a new file if the prompt asks for it."""
    path = values.value_for("path") or "/"
    if values.words.keys() & {"replace", "change", "rename", "correct"}:
        old, new = values.value_for("old_str"), values.value_for("new_str")
        if old and new:
            return {"command": "str_replace", "path": path, "old_str": old, "new_str": new}
    if values.words.keys() & {"create", "write", "save"} and path != "/":
        text = values.value_for("content") or "simulated"
        return {"command": "create", "path": path, "file_text": f"{text}\n"}
    return {"command": "view", "path": path}
