"""Requests of a journal and what they got, as a script in the form of script files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..._wire.json import JSONObject
from ..api.journal import Recorded

__all__ = ["script_of"]

_DEFAULT_STOP_REASONS = ("end_turn", "tool_use", "refusal")


def script_of(requests: Iterable[Recorded]) -> JSONObject:
    """Return a script that gives such requests what these got."""
    rules = [rule for each in requests if (rule := _rule(each))]
    conditions = [rule["when"] for rule in rules]
    for rule in rules:
        if conditions.count(rule["when"]) > 1:  # else the first one would answer all of them
            rule["times"] = 1
    return {"rules": rules}


def _rule(request: Recorded) -> JSONObject | None:
    """Return a rule for a request; None if it was not one for a message."""
    if request.path.partition("?")[0] != "/v1/messages" or request.status is None:
        return None
    when = {"when": _condition(request)}
    message = request.message
    if message is None:
        return {**when, "fail": request.status} if request.status >= 400 else None
    said = [_part(block) for block in message["content"]]
    if message["stop_details"]:
        said.append({"refusal": message["stop_details"].get("explanation")})
    rule: JSONObject = {**when, "reply": said[0] if len(said) == 1 else said}
    if message["stop_reason"] not in _DEFAULT_STOP_REASONS:
        rule["stop_reason"] = message["stop_reason"]
    return rule


def _condition(request: Recorded) -> JSONObject:
    """Return a condition that tells a request from others of its conversation."""
    condition: JSONObject = {"turn": request.turn}
    # Not the whole conversation: a script is to outlive small changes of the program.
    if request.text:
        condition["user_text"] = request.text
    if request.results:
        condition["has_result"] = request.result_tools[-1] or True
    return condition


def _part(block: JSONObject) -> Any:
    """Return a content block as it is written in a file; ids and signatures are made again."""
    match block:
        case {"type": "text", "text": text, **others} if not others.get("citations"):
            return text
        case {"type": "thinking", "thinking": thinking}:
            return {"thinking": thinking}
        case {"type": "tool_use", "name": name, "input": arguments}:
            return {"tool_use": name, "input": arguments}
        case _:
            return block
