"""The content of a simulated reply, before anything cuts it short."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from ..._wire.json import JSONObject
from ..metering.request_parts import object_at
from . import client_tools, server_tools
from .citations import citations
from .description import describe_blocks, describe_result, first_words
from .prompt import Prompt
from .prompt_values import PromptValues
from .schema_sample import sample
from .server_tools import is_server_tool
from .tool_selection import requested_tools, tool_name

__all__ = ["PAUSE", "REFUSE", "Draft", "draft"]

Draft = tuple[list[JSONObject], str]
"""The content of a reply and its stop reason."""

REFUSE = re.compile(r"\[\[refusal\]\]|ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_[0-9A-Fa-f]+")
"""In the last user turn: the reply is a refusal. The second form is the API's own test string."""
PAUSE = "[[pause_turn]]"
"""In the last user turn: the reply is a paused turn."""

_SIMULATED = "Simulated by antiphon's local server."
# Characters of the prompt that a reply quotes; ideographs are words, so fewer of them say as much.
_MAX_ECHO = 60
_MAX_ECHO_OF_IDEOGRAPHS = 20
_ANTHROPIC_CLIENT_TOOLS = ("bash_", "text_editor_", "memory_", "computer_", "browser_")


def draft(body: JSONObject, prompt: Prompt, rng: Random, now: float) -> Draft:
    """Return the content of a reply and its stop reason.

    Args:
        body: the request.
        prompt: its last turn.
        rng: makes ids and values that only the API can read.
        now: the server's time in seconds since 1970.
    """
    return _Composer(body, prompt, rng, now).draft()


class _Composer:
    """Composes the reply to one request."""

    def __init__(self, body: JSONObject, prompt: Prompt, rng: Random, now: float) -> None:
        self._body = body
        self._prompt = prompt
        self._rng = rng
        self._now = now
        self._tools: Sequence[JSONObject] = body.get("tools") or ()
        self._choice: JSONObject = body.get("tool_choice") or {"type": "auto"}

    def draft(self) -> Draft:
        """Return the first of these that applies.

        Results that are still missing, the ending that the prompt asks for, tool calls, structured
        output, words.
        """
        if self._prompt.pending:
            return [*map(self._result, self._prompt.pending), *self._words()], "end_turn"
        if not self._prompt.continued:
            if REFUSE.search(self._prompt.text):
                return [], "refusal"
            if PAUSE in self._prompt.text:
                return self._paused(), "pause_turn"
            if tools := self._tools_to_call():
                return self._calls(tools)
            if structured := self._structured():
                return [structured], "end_turn"
        return self._words(), "end_turn"

    def _structured(self) -> JSONObject | None:
        """Return the text that fits the format of the output; None if there is no format."""
        if not (schema := self._output_schema()):
            return None
        value = sample(schema, PromptValues(self._prompt.request), self._rng)
        return _text(json.dumps(value, ensure_ascii=False))

    def _output_schema(self) -> Any:
        output = object_at(object_at(self._body, "output_config"), "format")
        return (output or object_at(self._body, "output_format")).get("schema")

    def _paused(self) -> list[JSONObject]:
        """Return words, and a call of the first server tool that has no result yet."""
        values = PromptValues(self._prompt.request.replace(PAUSE, ""))
        uses = [server_tools.call(tool, values, self._rng) for tool in self._server_tools()[:1]]
        return [_text(_SIMULATED), *uses]

    def _server_tools(self) -> list[JSONObject]:
        return [tool for tool in self._tools if is_server_tool(tool)]

    def _tools_to_call(self) -> list[JSONObject]:
        """Return the tools that `tool_choice` demands, otherwise those that the prompt asks for."""
        tools = [tool for tool in self._tools if _can_call(tool)]
        match self._choice:
            case {"type": "none"}:
                return []
            case {"type": "tool", "name": name}:
                chosen = [tool for tool in tools if tool_name(tool) == name]
            case {"type": "any"}:
                loaded = [tool for tool in tools if not tool.get("defer_loading")]
                chosen = requested_tools(self._prompt.request, loaded) or loaded[:1]
            case _:
                chosen = self._findable(requested_tools(self._prompt.request, tools))
        return chosen[:1] if self._choice.get("disable_parallel_tool_use") else chosen

    def _findable(self, tools: list[JSONObject]) -> list[JSONObject]:
        """Return `tools` without deferred ones, unless there is a tool to find these with."""
        if self._search_tool():
            return tools
        return [tool for tool in tools if not tool.get("defer_loading")]

    def _search_tool(self) -> JSONObject | None:
        searches = (tool for tool in self._tools if _type(tool).startswith("tool_search_"))
        return next(searches, None)

    def _calls(self, tools: list[JSONObject]) -> Draft:
        """Return calls of all `tools`.

        If the client has calls to run, those of the server get their results in the next turn.
        """
        client = [tool for tool in tools if not is_server_tool(tool)]
        server = [tool for tool in tools if is_server_tool(tool)]
        # With a format, all text has to follow it, so there is none before the calls.
        is_silent = self._choice["type"] in ("any", "tool") or self._output_schema()
        content = [] if is_silent else [_text(_announcement(tools))]
        values = PromptValues(self._prompt.request)
        search = self._search_tool()
        if search and any(tool.get("defer_loading") for tool in client):
            server = [tool for tool in server if tool is not search]
            content += self._with_result(server_tools.call(search, values, self._rng))
        uses = [server_tools.call(tool, values, self._rng) for tool in server]
        if client:
            return [*content, *uses, *self._client_calls(client)], "tool_use"
        run = [block for use in uses for block in self._with_result(use)]
        return [*content, *run, self._structured() or self._summary(run)], "end_turn"

    def _client_calls(self, tools: Iterable[JSONObject]) -> list[JSONObject]:
        content: list[JSONObject] = []
        for tool in tools:
            caller = None
            if version := _code_caller(tool):
                use = server_tools.code_calling(tool_name(tool), self._rng)
                content.append(use)
                caller = {"type": version, "tool_id": use["id"]}
            content += client_tools.calls(tool, self._prompt.request, self._rng, caller)
        if self._choice.get("disable_parallel_tool_use"):
            first = next(n for n, block in enumerate(content) if block["type"] == "tool_use")
            return content[: first + 1]
        return content

    def _with_result(self, use: JSONObject) -> list[JSONObject]:
        return [use, self._result(use)]

    def _result(self, use: JSONObject) -> JSONObject:
        by_name = {tool_name(tool): tool for tool in self._tools}
        return server_tools.result(use, by_name, self._rng, self._now)

    def _summary(self, run: Iterable[JSONObject]) -> JSONObject:
        """Return a text about the results of server tools; it cites the first page found."""
        results = [block for block in run if block["type"].endswith("_tool_result")]
        text = _text(f"Results: {', '.join(block['type'] for block in results)}")
        for block in results:
            if block["type"] == "web_search_tool_result":
                page = block["content"][0]
                return {**text, "citations": [server_tools.search_citation(page, self._rng)]}
        return text

    def _words(self) -> list[JSONObject]:
        """Return a reply in words: a continuation, or a summary or echo with its citations."""
        if self._prompt.prefill is not None:
            return [_text(_continuation(self._prompt.prefill))]
        words = self._client_results() if self._prompt.results else self._echo()
        cited = map(_quotation, citations(self._body["messages"]))
        return [_text(f"{_SIMULATED} {words}".rstrip()), *cited]

    def _client_results(self) -> str:
        """Return the results that the client sent, each beside the name of its tool."""
        names = self._prompt.tool_names
        results = (
            f"{names.get(block['tool_use_id'], 'tool')}: {describe_result(block)}"
            for block in self._prompt.results
        )
        return f"Results: {'; '.join(results)}."

    def _echo(self) -> str:
        """Return what was sent: its first words, and the number and kinds of its blocks."""
        text = self._prompt.text
        has_spaces = text[:_MAX_ECHO].isascii() or " " in text[:_MAX_ECHO]
        most = _MAX_ECHO if has_spaces else _MAX_ECHO_OF_IDEOGRAPHS
        quoted = f"You wrote: “{first_words(text, most)}”. " if text.strip() else ""
        sent = describe_blocks(self._prompt.blocks)
        return f"{quoted}Received: {sent}." if sent else quoted


def _text(text: str) -> JSONObject:
    return {"type": "text", "text": text}


def _type(tool: JSONObject) -> str:
    return str(tool.get("type") or "")


def _announcement(tools: Iterable[JSONObject]) -> str:
    return f"{_SIMULATED} Calling: {', '.join(tool_name(tool) for tool in tools)}"


def _quotation(citation: JSONObject) -> JSONObject:
    """Return a text block that quotes a source and cites it."""
    quoted = first_words(citation["cited_text"], _MAX_ECHO)
    return {**_text(f"Source: “{quoted}”"), "citations": [citation]}


def _can_call(tool: JSONObject) -> bool:
    """Return whether calls of `tool` can be simulated."""
    is_custom = "input_schema" in tool
    return is_custom or is_server_tool(tool) or _type(tool).startswith(_ANTHROPIC_CLIENT_TOOLS)


def _code_caller(tool: JSONObject) -> str | None:
    """Return the code execution tool that must call `tool`; None if Claude itself may call it."""
    callers: Sequence[str] = tool.get("allowed_callers") or ()
    return callers[0] if callers and "direct" not in callers else None


def _continuation(prefill: str) -> str:
    """Return words that continue `prefill`; JSON that it begins is completed."""
    match prefill.rstrip()[-1:]:
        case "{":
            return f'"simulated": {json.dumps(_SIMULATED, ensure_ascii=False)}}}'
        case "[":
            return f"{json.dumps(_SIMULATED, ensure_ascii=False)}]"
        case _:
            return f" … {_SIMULATED}"
