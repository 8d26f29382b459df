"""A conversation that the program keeps: what it says, and how it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._wire.json import is_object
from ..types.message import Usage
from ..types.tool_runs import LoopOptions
from .request_body import is_iterable, is_mapping

__all__ = ["is_asked", "restored", "saved", "user_message"]

_VERSION = 1
# Functions cannot be saved, and headers may hold secrets.
_NOT_SAVED = frozenset({*LoopOptions.__annotations__, "extra_headers", "timeout", "tools"})


def user_message(content: Any) -> dict[str, Any]:
    """Return a message of the user.

    Raises:
        TypeError: `content` is neither a text nor a block, nor several of them.
    """
    if isinstance(content, str) or is_mapping(content) or hasattr(content, "to_param"):
        content = [content]
    if not is_iterable(content):
        kind = type(content).__name__
        raise TypeError(f"content: expected a text, a content block or a list of them, not {kind}")
    # Never a plain text: the message would have another form once it has a mark for the cache.
    return {"role": "user", "content": [_block(part) for part in content]}


def _block(part: Any) -> Any:
    return {"type": "text", "text": part} if isinstance(part, str) else part


def is_asked(message: Any) -> bool:
    """Return whether a message is one of the user, and not only the results of tools."""
    if not is_mapping(message) or message.get("role") != "user":
        return False
    content = message["content"]
    return isinstance(content, str) or any(block["type"] != "tool_result" for block in content)


def saved(
    params: Mapping[str, Any], messages: list[Any], usage: Usage | None, tokens: int
) -> dict[str, Any]:
    """Return a conversation as JSON values; `functions` names the tools that are none."""
    tools = [*params.get("tools", ())]
    kept = {name: value for name, value in params.items() if name not in _NOT_SAVED}
    if definitions := [tool for tool in tools if is_mapping(tool)]:
        kept["tools"] = definitions
    return {
        "version": _VERSION,
        "params": kept,
        "functions": [tool.name for tool in tools if not is_mapping(tool)],
        "messages": messages,
        "usage": usage and usage.to_dict(),
        "tokens": tokens,
    }


def restored(
    state: Any, params: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Any], Usage | None, int]:
    """Return the parameters, messages, usage and tokens of a conversation that was saved.

    Args:
        state: what was saved.
        params: parameters that replace the saved ones.

    Raises:
        ValueError: it is nothing that this version has saved, or its functions are missing.
    """
    version = state.get("version") if is_object(state) else None
    if version != _VERSION:
        told = "no saved conversation" if version is None else f"one of version {version!r}"
        raise ValueError(f"this is {told}; this version of antiphon reads version {_VERSION}")
    if state["functions"] and "tools" not in params:
        names = ", ".join(state["functions"])
        raise ValueError(f"tools: functions cannot be saved; pass them again: {names}")
    usage = Usage.from_value(state["usage"]) if state["usage"] else None
    return {**state["params"], **params}, state["messages"], usage, state["tokens"]
