"""The content of a simulated reply that takes a plan: tool calls, results, output by a schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from random import Random

from ..._wire.json import JSONObject
from . import client_tools, server_tools
from .mcp_tools import MCP_TOOL, call_with_result, mcp_tools
from .names import tool_name
from .plan import Plan, PlannedCall
from .prompt import Prompt
from .prompt_values import PromptValues
from .schema_sample import sample
from .server_tools import is_server_tool
from .words import PAUSE, SIMULATED, Composer, Draft, output_schema, text_block

__all__ = ["PlanningComposer"]

_ANTHROPIC_CLIENT_TOOLS = ("bash_", "text_editor_", "memory_", "computer_", "browser_")


class PlanningComposer(Composer):
    """Composes the reply to a request with tools, a schema, or calls that have no result yet."""

    def __init__(self, body: JSONObject, prompt: Prompt, rng: Random, now: float) -> None:
        super().__init__(body, prompt)
        self._rng = rng
        self._now = now
        self._tools: Sequence[JSONObject] = [
            *(body.get("tools") or ()),
            *(mcp_tools(body, prompt.task.request) if body.get("mcp_servers") else ()),
        ]
        self._choice: JSONObject = body.get("tool_choice") or {"type": "auto"}

    @cached_property
    def _plan(self) -> Plan:
        return Plan(self._prompt.task)

    def draft(self) -> Draft:
        """Return the first of these that applies, behind the results that were still missing.

        The ending that the prompt asks for, tool calls, structured output, words.
        """
        results = [self._result(use) for use in self._prompt.pending]
        content, stop_reason = super().draft()
        return [*results, *content], stop_reason

    def _continued(self) -> Draft:
        if self._prompt.summary is not None and (steps := self._steps_to_call()):
            return self._calls(steps)
        return super()._continued()

    def _reply(self) -> Draft:
        if PAUSE in self._prompt.text:
            return self._paused(), "pause_turn"
        if steps := self._steps_to_call():
            return self._calls(steps)
        if structured := self._structured():
            return [structured], "end_turn"
        return super()._reply()

    def _structured(self) -> JSONObject | None:
        """Return the text that fits the format of the output; None if there is no format."""
        if not (schema := output_schema(self._body)):
            return None
        value = sample(schema, self._plan.values(), self._rng)
        return text_block(json.dumps(value, ensure_ascii=False))

    def _paused(self) -> list[JSONObject]:
        """Return words, and a call of the first server tool that has no result yet."""
        values = PromptValues(self._prompt.task.request.replace(PAUSE, ""))
        server = [tool for tool in self._tools if is_server_tool(tool)]
        uses = [server_tools.call(tool, values, self._rng) for tool in server[:1]]
        return [text_block(SIMULATED), *uses]

    def _steps_to_call(self) -> list[list[PlannedCall]]:
        """Return the steps that the prompt still asks for; `tool_choice` may demand one call."""
        if not self._tools:
            return []
        tools = [tool for tool in self._tools if _can_call(tool)]
        loaded = [tool for tool in tools if not tool.get("defer_loading")]
        match self._choice:
            case {"type": "none"}:
                steps = []
            case {"type": "tool", "name": name}:
                tools = [tool for tool in tools if tool_name(tool) == name]
                steps = self._demanded(tools)
            case {"type": "any"}:
                steps = self._demanded(loaded)
            case _:
                # Deferred tools can only be called if there is a tool to find them with.
                steps = self._plan.steps_left(tools if self._search_tool() else loaded)
        if self._choice.get("disable_parallel_tool_use"):
            return [[call] for step in steps for call in step]
        return steps

    def _demanded(self, tools: Sequence[JSONObject]) -> list[list[PlannedCall]]:
        """Return the next step with some of these tools; calls of the first one if none is left."""
        steps = self._plan.steps_left(tools)[:1]
        return steps or [self._plan.calls(tool) for tool in tools[:1]]

    def _search_tool(self) -> JSONObject | None:
        searches = (tool for tool in self._tools if _type(tool).startswith("tool_search_"))
        return next(searches, None)

    def _calls(self, steps: Sequence[Sequence[PlannedCall]]) -> Draft:
        """Return the calls of the first steps, up to those that the client has to run.

        If the client has calls to run, those of the server beside them get their results in the
        next turn.
        """
        content: list[JSONObject] = []
        names: list[str] = []
        for step in steps:
            remote = [call for call in step if _type(call.tool) == MCP_TOOL]
            server = [call for call in step if is_server_tool(call.tool)]
            client = [call for call in step if call not in remote and call not in server]
            names += dict.fromkeys(tool_name(call.tool) for call in step)
            search = self._search_tool()
            if search and any(call.tool.get("defer_loading") for call in client):
                server = [call for call in server if call.tool is not search]
                values = self._plan.values()
                content += self._with_result(server_tools.call(search, values, self._rng))
            for call in remote:
                content += call_with_result(call, self._rng)
            uses = [server_tools.call(call.tool, call.values, self._rng) for call in server]
            if client:
                content += [*uses, *self._client_calls(client)]
                return [*self._announcement(names), *content], "tool_use"
            content += [block for use in uses for block in self._with_result(use)]
        ending = self._structured() or self._summary(content)
        return [*self._announcement(names), *content, ending], "end_turn"

    def _announcement(self, names: Sequence[str]) -> list[JSONObject]:
        """Return words before calls, in a list; none where the API allows none."""
        # With a format, all text has to follow it, so there is none before the calls.
        if self._choice["type"] in ("any", "tool") or output_schema(self._body):
            return []
        return [text_block(f"{SIMULATED} Calling: {', '.join(names)}")]

    def _client_calls(self, calls: Sequence[PlannedCall]) -> list[JSONObject]:
        content: list[JSONObject] = []
        callers: dict[str, JSONObject] = {}
        for planned in calls:
            name = tool_name(planned.tool)
            if (version := _code_caller(planned.tool)) and name not in callers:
                use = server_tools.code_calling(name, self._rng)
                content.append(use)
                callers[name] = {"type": version, "tool_id": use["id"]}
            content.append(client_tools.call(planned, self._rng, callers.get(name)))
        return content

    def _with_result(self, use: JSONObject) -> list[JSONObject]:
        return [use, self._result(use)]

    def _result(self, use: JSONObject) -> JSONObject:
        by_name = {tool_name(tool): tool for tool in self._tools}
        return server_tools.result(use, by_name, self._rng, self._now)

    def _summary(self, run: Iterable[JSONObject]) -> JSONObject:
        """Return a text about the results of server tools; it cites the first page found."""
        results = [block for block in run if block["type"].endswith("_tool_result")]
        text = text_block(f"Results: {', '.join(block['type'] for block in results)}")
        for block in results:
            if block["type"] == "web_search_tool_result":
                page = block["content"][0]
                return {**text, "citations": [server_tools.search_citation(page, self._rng)]}
        return text


def _type(tool: JSONObject) -> str:
    return str(tool.get("type") or "")


def _can_call(tool: JSONObject) -> bool:
    """Return whether calls of `tool` can be simulated."""
    is_custom = "input_schema" in tool
    return is_custom or is_server_tool(tool) or _type(tool).startswith(_ANTHROPIC_CLIENT_TOOLS)


def _code_caller(tool: JSONObject) -> str | None:
    """Return the code execution tool that must call `tool`; None if Claude itself may call it."""
    callers: Sequence[str] = tool.get("allowed_callers") or ()
    return callers[0] if callers and "direct" not in callers else None
