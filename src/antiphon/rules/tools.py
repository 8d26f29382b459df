"""Rules about tools: their definitions, the choice among them, calls and their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from .._wire.json import is_list, is_object
from .json_schema import is_valid
from .request_view import BlockView, RequestView, Turn
from .rule import NOWHERE, At, Chapter, at, named

CHAPTER = Chapter()

_UNIONS = {"allOf", "anyOf", "oneOf"}


@CHAPTER.rule(
    "tools.unique", "tools: Tool names must be unique.",
    source="Tool use", evidence="A 2026-05", remedy="Rename one of the tools.",
)  # fmt: skip
def unique_tools(asked: RequestView) -> Iterator[At]:
    """Two tools of one name."""
    if asked.tools:
        names = _names(asked)
        if len(names) != len(set(names)):
            yield at("tools")


def _names(asked: RequestView) -> list[str]:
    return [tool["name"] for tool in asked.tools if isinstance(tool.get("name"), str)]


def _custom(asked: RequestView) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tools that the caller defines, with their paths."""
    for index, tool in enumerate(asked.tools):
        if (tool.get("type") or "custom") == "custom":
            yield f"tools.{index}.custom", tool


@CHAPTER.rule(
    "tools.root_union", "{path}: input_schema does not support oneOf, allOf, or anyOf at the top level",
    source="Tool use", evidence="A 2026-07", remedy="Put the union into a property.",
)  # fmt: skip
def unions_of_inputs(asked: RequestView) -> Iterator[At]:
    """An input schema that is a union."""
    for path, tool in _custom(asked):
        if _UNIONS & tool["input_schema"].keys():
            yield at(f"{path}.input_schema")


@CHAPTER.rule(
    "tools.schema",
    "{path}: JSON schema is invalid. It must match JSON Schema draft 2020-12"
    " (https://json-schema.org/draft/2020-12). Learn more about tool use at"
    " https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview.",
    source="Tool use", evidence="A 2026-08", remedy="Correct the schema; see JSON Schema draft 2020-12.",
)  # fmt: skip
def valid_schemas(asked: RequestView) -> Iterator[At]:
    """An input schema that is none."""
    for path, tool in _custom(asked):
        if not is_valid(tool["input_schema"]):
            yield at(f"{path}.input_schema")


@CHAPTER.rule(
    "tools.model", "'{model}' does not support tool types: {type}. Did you mean one of {others}?",
    source="Errors", evidence="C 2026-10", remedy="Use a newer kind of the tool.",
)  # fmt: skip
def tools_of_the_model(asked: RequestView) -> Iterator[At]:
    """A kind of tool that the model does not work with."""
    refused = asked.card.refused_tools if asked.card else ()
    for index, tool in enumerate(asked.tools if refused else ()):
        if asked.card and tool.get("type") in refused:
            yield at(
                f"tools.{index}",
                model=asked.card.id,
                type=tool["type"],
                others="computer_toolset_20260801",
            )


@CHAPTER.rule(
    "tools.domains", "{path}: only one of `allowed_domains` and `blocked_domains` may be given",
    source="Server tools", evidence="C 2026-08", remedy="Keep one of the two lists.",
)  # fmt: skip
def domains(asked: RequestView) -> Iterator[At]:
    """A web tool that is told both what to visit and what not."""
    for index, tool in enumerate(asked.tools):
        if tool.get("allowed_domains") and tool.get("blocked_domains"):
            yield at(f"tools.{index}.{tool.get('type')}")


@CHAPTER.rule(
    "tools.deferred",
    "At least one tool must have defer_loading=false. All tools cannot be deferred.",
    source="Tool search", evidence="C 2026-08", remedy="Leave defer_loading out of one tool.",
)  # fmt: skip
def deferred_tools(asked: RequestView) -> Iterator[At]:
    """Tools that are all to be found only later."""
    if asked.tools and all(tool.get("defer_loading") for tool in asked.tools):
        yield at("tools")


@CHAPTER.rule(
    "tools.deferred.cached", "{path}: `cache_control` cannot be set together with `defer_loading`",
    source="Tool search", evidence="C 2026-08", remedy="Mark another tool.",
)  # fmt: skip
def cached_deferred_tools(asked: RequestView) -> Iterator[At]:
    """A cache breakpoint on a tool that is found only later."""
    for index, tool in enumerate(asked.tools):
        if tool.get("defer_loading") and tool.get("cache_control"):
            yield at(f"tools.{index}")


@CHAPTER.rule(
    "tools.reference", "Tool reference '{name}' not found in available tools",
    source="Tool search", evidence="A 2026-10", remedy="Define the tool, or drop the reference.",
)  # fmt: skip
def tool_references(asked: RequestView) -> Iterator[At]:
    """A reference to a tool that is not defined."""
    references = list(_references(asked))
    if references and len(names := _names(asked)) == len(asked.tools):
        for path, name in references:
            if name not in names:
                yield at(path, name=named(name))


def _references(asked: RequestView) -> Iterator[tuple[str, Any]]:
    for block in asked.of("tool_result", "tool_search_tool_result"):
        content = block.content.get("content")
        found = content.get("tool_references") if is_object(content) else content
        for each in found if is_list(found) else ():
            if is_object(each) and each.get("type") == "tool_reference":
                yield block.path, each.get("tool_name")


@CHAPTER.rule(
    "tool_choice.model", 'tool_choice: type "tool" and "any" are not supported for this model.',
    source="Errors", evidence="C 2026-10", remedy="Use tool_choice auto, and ask for the tool in the prompt.",
)  # fmt: skip
def forced_choice(asked: RequestView) -> Iterator[At]:
    """A forced choice, on a model that takes none."""
    if asked.forces_a_tool and asked.card is not None and not asked.card.forced_tool_choice:
        yield at("tool_choice")


@CHAPTER.rule(
    "tool_choice.thinking", "Thinking may not be enabled when tool_choice forces tool use.",
    source="Extended thinking", evidence="A 2026-03", remedy="Switch thinking off, or leave the choice free.",
)  # fmt: skip
def forced_while_thinking(asked: RequestView) -> Iterator[At]:
    """A forced choice, while thinking."""
    if asked.forces_a_tool and asked.thinks:
        yield at("tool_choice")


@CHAPTER.rule(
    "blocks.use_role", "`tool_use` blocks can only be in `assistant` messages",
    source="Tool use", evidence="A 2026-01", remedy="Put tool_use into assistant messages.",
)  # fmt: skip
def uses_of_the_assistant(asked: RequestView) -> Iterator[At]:
    """A call of the user."""
    return _in_other_roles(asked, "tool_use", "assistant")


@CHAPTER.rule(
    "blocks.result_role", "`tool_result` blocks can only be in `user` messages",
    source="Tool use", evidence="A 2026-01", remedy="Put tool_result into user messages.",
)  # fmt: skip
def results_of_the_user(asked: RequestView) -> Iterator[At]:
    """A result of the assistant."""
    return _in_other_roles(asked, "tool_result", "user")


def _in_other_roles(asked: RequestView, kind: str, role: str) -> Iterator[At]:
    for block in asked.of(kind):
        if asked.messages[block.message]["role"] != role:
            yield at(block.path)


@CHAPTER.rule(
    "tool_use.ids", "{path}: `tool_use` ids must be unique",
    source="Tool use", evidence="A 2026-02", remedy="Give every call an id of its own.",
)  # fmt: skip
def unique_ids(asked: RequestView) -> Iterator[At]:
    """An id used twice."""
    seen: set[str] = set()
    for block in asked.of("tool_use"):
        if block.content["id"] in seen:
            yield at(block.path)
        seen.add(block.content["id"])


@CHAPTER.rule(
    "tool_use.unanswered",
    "{path}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each `tool_use` block"
    " must have a corresponding `tool_result` block in the next message.",
    source="Tool use", evidence="A 2026-07", remedy="Answer every call in the next message, results first.",
)  # fmt: skip
def calls_are_answered(asked: RequestView) -> Iterator[At]:
    """Calls without a result immediately after."""
    if "tool_use" not in asked.blocks:
        return
    for turn, after in zip(asked.turns, [*asked.turns[1:], None], strict=True):
        calls = [use["id"] for use in turn.of("tool_use")] if turn.role == "assistant" else []
        answered = {result["tool_use_id"] for result in _first_results(after)}
        missing = [call for call in calls if call not in answered]
        if missing:
            yield at(f"messages.{turn.last}", ids=", ".join(missing))


def _first_results(turn: Turn | None) -> Iterator[Mapping[str, Any]]:
    for block in turn.blocks if turn else ():
        if block.type != "tool_result":
            return
        yield block.content


@CHAPTER.rule(
    "tool_result.orphan",
    "{path}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a"
    " corresponding `tool_use` block in the previous message.",
    source="Tool use", evidence="A 2026-10", remedy="Send the call before its result, or drop the result.",
)  # fmt: skip
def results_have_calls(asked: RequestView) -> Iterator[At]:
    """Results of calls that the message before does not hold."""
    if "tool_result" not in asked.blocks:
        return
    calls: set[str] = set()
    for turn in asked.turns:
        for block in turn.blocks:
            if block.type == "tool_result" and block.content["tool_use_id"] not in calls:
                yield at(block.path, id=block.content["tool_use_id"])
        calls = {use["id"] for use in turn.of("tool_use")}


@CHAPTER.rule(
    "server_tools.orphan",
    "{path}: unexpected `tool_use_id` found in `{kind}` blocks: {id}. Each `{kind}` block must have a corresponding"
    " `server_tool_use` block before it.",
    source="Server tools", evidence="A 2026-10", remedy="Send the server_tool_use block before its result.",
)  # fmt: skip
def server_results_have_calls(asked: RequestView) -> Iterator[At]:
    """Results of server tools whose call is nowhere before."""
    uses = {block.content["id"]: _place(block) for block in asked.of("server_tool_use")}
    for kind in asked.blocks:
        if kind.endswith("_tool_result") and kind != "mcp_tool_result":
            for block in asked.of(kind):
                called = block.content.get("tool_use_id")
                if not isinstance(called, str) or uses.get(called, _place(block)) >= _place(block):
                    yield at(block.path, kind=kind, id=named(called))


def _place(block: BlockView) -> tuple[int, int]:
    return block.message, block.position


@CHAPTER.rule(
    "programmatic.results",
    "{path}: only `tool_result` blocks may follow tool uses generated by code execution, found `{type}`",
    source="Programmatic tool calling", evidence="C 2026-08", remedy="Send the results alone.",
)  # fmt: skip
def pending_results(asked: RequestView) -> Iterator[At]:
    """Other than results for code that waits for them."""
    for turn, after in pairwise(asked.turns):
        if _is_pending(turn):
            for block in after.blocks:
                if block.type != "tool_result":
                    yield at(block.path, type=block.type)


@CHAPTER.rule(
    "server_tools.unanswered",
    "{path}: `{name}` tool use with id `{id}` was found without a corresponding `{result}` block",
    source="Server tools", evidence="C 2026-08",
    remedy="Send the blocks of the assistant back as they were received.",
)  # fmt: skip
def server_calls_have_results(asked: RequestView) -> Iterator[At]:
    """Calls of server tools without a result, unless they are still to run."""
    if "server_tool_use" not in asked.blocks:
        return
    answered = {block.content.get("tool_use_id") for block in asked.of(*_result_kinds(asked))}
    for turn, after in pairwise(asked.turns):
        if turn.role != "assistant" or all(block.type == "tool_result" for block in after.blocks):
            continue
        for block in turn.blocks:
            if block.type == "server_tool_use" and block.content["id"] not in answered:
                name = named(block.content["name"])
                result = "tool_search" if name.startswith("tool_search") else name
                yield at(
                    block.path, name=name, id=block.content["id"], result=f"{result}_tool_result"
                )


def _result_kinds(asked: RequestView) -> list[str]:
    return [kind for kind in asked.blocks if kind.endswith("_tool_result")]


@CHAPTER.rule(
    "server_tools.missing", "{path}: `server_tool_use` block found, but no `{name}` tool was provided",
    source="Server tools", evidence="C 2026-08", remedy="Send the tools with which the conversation was had.",
)  # fmt: skip
def server_tools_are_there(asked: RequestView) -> Iterator[At]:
    """Calls of a web tool, without that tool."""
    kinds = {str(tool.get("type")) for tool in asked.tools}
    for block in asked.of("server_tool_use"):
        name = block.content["name"]
        if name in ("web_search", "web_fetch") and not any(
            kind.startswith(f"{name}_") for kind in kinds
        ):
            yield at(block.path, name=name)


@CHAPTER.rule(
    "programmatic.source", "source tool `{source}` not found for tool use block `{id}`",
    source="Programmatic tool calling", evidence="A 2026-10",
    remedy="Send the blocks of the assistant back as they were received.",
)  # fmt: skip
def callers_are_there(asked: RequestView) -> Iterator[At]:
    """A call by code that is not there."""
    uses = {block.content["id"] for block in asked.of("server_tool_use")}
    for block in asked.of("tool_use"):
        caller = block.content.get("caller")
        source = caller.get("tool_id") if is_object(caller) else None
        if isinstance(source, str) and source not in uses:
            yield at(block.path, source=source, id=block.content["id"])


@CHAPTER.rule(
    "programmatic.container",
    "container_id is required when there are pending tool uses generated by code execution with tools.",
    source="Programmatic tool calling", evidence="A 2026-08",
    remedy="Send the id of the `container` of the last response.",
)  # fmt: skip
def pending_containers(asked: RequestView) -> Iterator[At]:
    """Results for code that waits in a container which is not named."""
    if len(asked.turns) > 1 and _is_pending(asked.turns[-2]) and not asked.body.get("container"):
        yield NOWHERE


def _is_pending(turn: Turn) -> bool:
    """Whether code waits for the results of calls it made."""
    callers = (use.get("caller") for use in turn.of("tool_use"))
    return any(is_object(caller) and caller.get("type") != "direct" for caller in callers)
