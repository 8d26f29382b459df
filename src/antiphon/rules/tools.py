"""Checks of the tools that a request defines, and of the choice among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._wire.json import is_list, is_object
from .json_schema import is_valid
from .registry import Checks, Violation, at, shorten
from .request_view import RequestView

__all__ = ["CHECKS"]

# In nested schemas unions are fine; at the top an input has to be an object with properties.
_UNIONS = {"allOf", "anyOf", "oneOf"}
_PROPERTY_KEY = re.compile("^[a-zA-Z0-9_.-]{1,64}$")

CHECKS = Checks()


@CHECKS.add("tools.unique", "tools")
def unique_tools(request: RequestView) -> Iterator[Violation]:
    """Find tools of the same name."""
    names = _names(request)
    if len(names) != len(set(names)):
        yield at("tools")


def _names(request: RequestView) -> list[str]:
    return [tool["name"] for tool in request.tools if isinstance(tool.get("name"), str)]


def _names_are_known(request: RequestView) -> bool:
    """Return whether each tool has a name; those of toolsets and MCP servers are not known here."""
    return len(_names(request)) == len(request.tools) and not request.body.get("mcp_servers")


def _custom(request: RequestView) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the tools that run at the caller's, with their paths."""
    for index, tool in enumerate(request.tools):
        if (tool.get("type") or "custom") == "custom":
            yield f"tools.{index}.custom", tool


@CHECKS.add("tools.root_union", "tools")
def unions_of_inputs(request: RequestView) -> Iterator[Violation]:
    """Find input schemas that are unions."""
    for path, tool in _custom(request):
        if _UNIONS & tool["input_schema"].keys():
            yield at(f"{path}.input_schema")


@CHECKS.add("tools.property_keys", "tools")
def property_keys(request: RequestView) -> Iterator[Violation]:
    """Find names of inputs that are not allowed; the API does not look at nested ones."""
    for path, tool in _custom(request):
        properties = tool["input_schema"].get("properties")
        names = properties if is_object(properties) else ()
        if not all(map(_PROPERTY_KEY.fullmatch, names)):
            yield at(f"{path}.input_schema.properties", pattern=_PROPERTY_KEY.pattern)


@CHECKS.add("tools.schema", "tools")
def valid_schemas(request: RequestView) -> Iterator[Violation]:
    """Find input schemas that are not valid JSON Schema."""
    for path, tool in _custom(request):
        if not is_valid(tool["input_schema"]):
            yield at(f"{path}.input_schema")


@CHECKS.add("tools.model", "tools")
def tools_of_the_model(request: RequestView) -> Iterator[Violation]:
    """Find types of tools that do not work with the model."""
    refused = request.card.refused_tools if request.card else ()
    for index, tool in enumerate(request.tools if refused else ()):
        if request.card and tool.get("type") in refused:
            yield at(
                f"tools.{index}",
                model=request.card.id,
                type=tool["type"],
                others="computer_toolset_20260801",  # the only replacement known so far
            )


@CHECKS.add("tools.domains", "tools")
def domains(request: RequestView) -> Iterator[Violation]:
    """Find web tools with both allowed and blocked domains."""
    for index, tool in enumerate(request.tools):
        if tool.get("allowed_domains") and tool.get("blocked_domains"):
            yield at(f"tools.{index}.{tool.get('type')}")


@CHECKS.add("tools.deferred", "tools")
def deferred_tools(request: RequestView) -> Iterator[Violation]:
    """Find a request whose tools are all deferred."""
    if request.tools and all(tool.get("defer_loading") for tool in request.tools):
        yield at("tools")


@CHECKS.add("tools.deferred.cached", "tools")
def cached_deferred_tools(request: RequestView) -> Iterator[Violation]:
    """Find cache breakpoints on deferred tools."""
    for index, tool in enumerate(request.tools):
        if tool.get("defer_loading") and tool.get("cache_control"):
            yield at(f"tools.{index}")


@CHECKS.add("tools.reference", "block.tool_result", "block.tool_search_tool_result")
def tool_references(request: RequestView) -> Iterator[Violation]:
    """Find references to tools that are not defined."""
    if _names_are_known(request):
        names = _names(request)
        for path, name in _references(request):
            if name not in names:
                yield at(path, name=shorten(name))


def _references(request: RequestView) -> Iterator[tuple[str, Any]]:
    """Return the tools that results refer to, with the paths of the results."""
    for block in request.of("tool_result", "tool_search_tool_result"):
        content = block.content.get("content")
        found = content.get("tool_references") if is_object(content) else content
        for each in found if is_list(found) else ():
            if is_object(each) and each.get("type") == "tool_reference":
                yield block.path, each.get("tool_name")


@CHECKS.add("tool_choice.tools", "tool_choice")
def choice_of_nothing(request: RequestView) -> Iterator[Violation]:
    """Find a choice among no tools."""
    if request.part("tool_choice") and not request.tools and not request.body.get("mcp_servers"):
        yield at("tool_choice")


@CHECKS.add("tool_choice.name", "tool_choice")
def choice_of_unknown(request: RequestView) -> Iterator[Violation]:
    """Find a choice of a tool that is not among the tools."""
    name = request.part("tool_choice").get("name")
    if name is not None and _names_are_known(request) and name not in _names(request):
        yield at("tool_choice.name", name=shorten(name))


@CHECKS.add("tool_choice.model", "tool_choice")
def forced_choice(request: RequestView) -> Iterator[Violation]:
    """Find a forced choice, for a model that takes none."""
    if request.forces_a_tool and request.card is not None and not request.card.forced_tool_choice:
        yield at("tool_choice")


@CHECKS.add("tool_choice.thinking", "tool_choice")
def forced_while_thinking(request: RequestView) -> Iterator[Violation]:
    """Find a forced choice together with a budget of thinking; other thinking gives way to it."""
    if request.forces_a_tool and request.thinking == "enabled":
        yield at("tool_choice")
