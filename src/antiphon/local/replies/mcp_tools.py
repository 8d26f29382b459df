"""The tools of MCP servers that a request names: the API calls them, and here that is simulated.

Nothing is connected. So the tools are those that the request tells: in the `tools` and `configs` of
a toolset, or as `allowed_tools` of a server. Of a server that tells none, the tool is taken that
the prompt names, or one is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from ..._wire.json import JSONObject, is_list, is_object
from .ids import new_id
from .plan import PlannedCall
from .schema_sample import sample

__all__ = ["MCP_TOOL", "call_with_result", "mcp_tools"]

MCP_TOOL = "mcp_tool"
"""The `type` of the definitions that `mcp_tools` makes; requests hold none of them."""

_FAIL = "[[mcp_error]]"
# A name of two words at least, such as `read_wiki_structure`: no other word is written so.
_IDENTIFIER = re.compile(r"\b[a-z][a-z0-9]*(?:[_-][a-z0-9]+)+\b")
_MADE_UP = "search"
_ANY_INPUT: JSONObject = {"type": "object", "properties": {"query": {"type": "string"}}}


def mcp_tools(body: JSONObject, request: str) -> list[JSONObject]:
    """Return definitions of the tools of all MCP servers of a request.

    Args:
        body: the body of the request.
        request: what the user wants, which may name a tool.
    """
    toolsets = {
        str(tool.get("mcp_server_name")): tool
        for tool in body.get("tools") or ()
        if tool.get("type") == "mcp_toolset"
    }
    return [
        tool
        for server in body.get("mcp_servers") or ()
        for tool in _of_server(server, toolsets.get(server["name"]), request)
    ]


def _of_server(server: JSONObject, toolset: JSONObject | None, request: str) -> list[JSONObject]:
    if toolset is None:  # as the older beta has it
        old = _object_at(server, "tool_configuration")
        allowed = old.get("allowed_tools")
        listed: list[JSONObject] = [{"name": name} for name in allowed or ()]
        toolset = {"default_config": {"enabled": old.get("enabled") is not False}}
        is_told = allowed is not None
    else:
        listed = list(_listed(toolset))
        is_told = bool(listed)
    if not is_told:
        listed = [{"name": next(iter(_IDENTIFIER.findall(request)), _MADE_UP)}]
    return [
        {
            "input_schema": _ANY_INPUT,
            **tool,
            "type": MCP_TOOL,
            "server_name": server["name"],
            "defer_loading": _setting("defer_loading", tool, toolset, False),
        }
        for tool in listed
        if _setting("enabled", tool, toolset, True)
    ]


def _listed(toolset: JSONObject) -> Iterator[JSONObject]:
    """Yield the tools that a toolset names, each once."""
    tools = toolset.get("tools")
    named: JSONObject = {
        tool["name"]: tool
        for tool in (tools if is_list(tools) else ())
        if is_object(tool) and isinstance(tool.get("name"), str)
    }
    for name in {**named, **_object_at(toolset, "configs")}:
        known = _object_at(named, name)
        yield {
            "name": name,
            "description": str(known.get("description") or ""),
            "input_schema": _object_at(known, "input_schema") or _ANY_INPUT,
        }


def _object_at(owner: JSONObject, name: str) -> JSONObject:
    """Return the object under `name`, or an empty one: no rule checks the inside of toolsets."""
    value = owner.get(name)
    return value if is_object(value) else {}


def _setting(name: str, tool: JSONObject, toolset: JSONObject, default: bool) -> bool:
    """Return a setting of a tool: its own, else that of its toolset."""
    own = _object_at(_object_at(toolset, "configs"), tool["name"]).get(name)
    common = _object_at(toolset, "default_config").get(name)
    return next((each for each in (own, common) if isinstance(each, bool)), default)


def call_with_result(planned: PlannedCall, rng: Random) -> list[JSONObject]:
    """Return the call of a tool of an MCP server, and its simulated result."""
    tool = planned.tool
    made = sample(tool["input_schema"], planned.values, rng)
    use = {
        "type": "mcp_tool_use",
        "id": new_id("mcptoolu", rng),
        "name": tool["name"],
        "server_name": tool["server_name"],
        "input": made if is_object(made) else {},
    }
    fails = _FAIL in planned.values.text
    kind = "error" if fails else "result"
    text = f"Simulated {kind} of {use['name']}; antiphon's local server connects to no MCP server."
    result = {
        "type": "mcp_tool_result",
        "tool_use_id": use["id"],
        "is_error": fails,
        "content": [{"type": "text", "text": text}],
    }
    return [use, result]
