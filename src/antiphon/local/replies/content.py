"""What a simulated Claude says and calls, before anything cuts it short."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from ..metering.tokens import part
from . import client_tools, server_tools
from .citations import citations
from .description import describe, first_words, outcome
from .languages import phrases
from .prompt import Prompt
from .prompt_values import PromptValues
from .schema_sample import sample
from .server_tools import is_server_tool
from .tool_selection import asked_tools, tool_name

__all__ = ["PAUSE", "REFUSE", "Draft", "compose"]

Block = dict[str, Any]
Tool = Mapping[str, Any]
Draft = tuple[list[Block], str]

REFUSE = "[[refusal]]"
PAUSE = "[[pause_turn]]"

_ECHO = 60
_ECHO_OF_IDEOGRAPHS = 20
_OWN_CLIENT_TOOLS = ("bash_", "text_editor_", "memory_", "computer_", "browser_")


def compose(body: Mapping[str, Any], prompt: Prompt, rng: Random, now: float) -> Draft:
    """The content of an answer and why it ends.

    Args:
        body: the request.
        prompt: its last turn.
        rng: makes ids and opaque values.
        now: the server's time, seconds since 1970.
    """
    return _Composer(body, prompt, rng, now).draft()


class _Composer:
    """Composes the answer to one request."""

    def __init__(self, body: Mapping[str, Any], prompt: Prompt, rng: Random, now: float) -> None:
        self._body = body
        self._prompt = prompt
        self._rng = rng
        self._now = now
        self._phrases = phrases(prompt.text)
        self._tools: Sequence[Tool] = body.get("tools") or ()
        self._choice: Mapping[str, Any] = body.get("tool_choice") or {"type": "auto"}

    def draft(self) -> Draft:
        """Whatever comes first: an ending asked for, results owed, calls, JSON, words."""
        if self._prompt.pending:
            return [*map(self._result, self._prompt.pending), *self._words()], "end_turn"
        if not self._prompt.continued:
            if REFUSE in self._prompt.text:
                return [], "refusal"
            if PAUSE in self._prompt.text:
                return self._paused(), "pause_turn"
            if tools := self._wanted():
                return self._calls(tools)
            if schema := self._output_schema():
                value = sample(schema, PromptValues(self._prompt.text), self._rng)
                return [_text(json.dumps(value, ensure_ascii=False))], "end_turn"
        return self._words(), "end_turn"

    def _output_schema(self) -> Any:
        output = part(part(self._body, "output_config"), "format")
        return (output or part(self._body, "output_format")).get("schema")

    def _paused(self) -> list[Block]:
        """Words, and a call of a server tool, if there is one, that has no result yet."""
        clues = PromptValues(self._prompt.text.replace(PAUSE, ""))
        uses = [server_tools.call(tool, clues, self._rng) for tool in self._server_tools()[:1]]
        return [_text(self._phrases.simulated), *uses]

    def _server_tools(self) -> list[Tool]:
        return [tool for tool in self._tools if is_server_tool(tool)]

    def _wanted(self) -> list[Tool]:
        """The tools to call: as `tool_choice` says, otherwise those the prompt asks for."""
        tools = [tool for tool in self._tools if _callable(tool)]
        match self._choice:
            case {"type": "none"}:
                return []
            case {"type": "tool", "name": name}:
                wanted = [tool for tool in tools if tool_name(tool) == name]
            case {"type": "any"}:
                ready = [tool for tool in tools if not tool.get("defer_loading")]
                wanted = asked_tools(self._prompt.text, ready) or ready[:1]
            case _:
                wanted = self._findable(asked_tools(self._prompt.text, tools))
        return wanted[:1] if self._choice.get("disable_parallel_tool_use") else wanted

    def _findable(self, tools: list[Tool]) -> list[Tool]:
        """`tools` less those deferred when there is no tool to find them with."""
        if self._search_tool():
            return tools
        return [tool for tool in tools if not tool.get("defer_loading")]

    def _search_tool(self) -> Tool | None:
        searches = (tool for tool in self._tools if _type(tool).startswith("tool_search_"))
        return next(searches, None)

    def _calls(self, tools: list[Tool]) -> Draft:
        """Calls of all `tools`; those of the server wait if the client has calls to answer."""
        clients = [tool for tool in tools if not is_server_tool(tool)]
        servers = [tool for tool in tools if is_server_tool(tool)]
        forced = self._choice["type"] in ("any", "tool")
        content = [] if forced else [_text(self._announcement(tools))]
        clues = PromptValues(self._prompt.text)
        search = self._search_tool()
        if search and any(tool.get("defer_loading") for tool in clients):
            servers = [tool for tool in servers if tool is not search]
            content += self._answered(server_tools.call(search, clues, self._rng))
        uses = [server_tools.call(tool, clues, self._rng) for tool in servers]
        if clients:
            return [*content, *uses, *self._client_calls(clients)], "tool_use"
        answered = [block for use in uses for block in self._answered(use)]
        return [*content, *answered, self._findings(answered)], "end_turn"

    def _announcement(self, tools: Iterable[Tool]) -> str:
        names = ", ".join(tool_name(tool) for tool in tools)
        return f"{self._phrases.simulated} {self._phrases.calling} {names}"

    def _client_calls(self, tools: Iterable[Tool]) -> list[Block]:
        content: list[Block] = []
        for tool in tools:
            caller = None
            if version := _calling_code(tool):
                use = server_tools.code_calling(tool_name(tool), self._rng)
                content.append(use)
                caller = {"type": version, "tool_id": use["id"]}
            content += client_tools.calls(tool, self._prompt.text, self._rng, caller)
        if self._choice.get("disable_parallel_tool_use"):
            first = next(n for n, block in enumerate(content) if block["type"] == "tool_use")
            return content[: first + 1]
        return content

    def _answered(self, use: Block) -> list[Block]:
        return [use, self._result(use)]

    def _result(self, use: Mapping[str, Any]) -> Block:
        named = {tool_name(tool): tool for tool in self._tools}
        return server_tools.result(use, named, self._rng, self._now)

    def _findings(self, answered: Iterable[Block]) -> Block:
        """A text about what server tools returned; it cites the first page a search found."""
        results = [block for block in answered if block["type"].endswith("_tool_result")]
        kinds = ", ".join(block["type"] for block in results)
        text = _text(f"{self._phrases.results} {kinds}")
        for block in results:
            if block["type"] == "web_search_tool_result":
                found = block["content"][0]
                return {**text, "citations": [server_tools.search_citation(found, self._rng)]}
        return text

    def _words(self) -> list[Block]:
        """A reply in words: a continuation, a summary of results, or an echo; then citations."""
        if self._prompt.prefill is not None:
            return [_text(_continuation(self._prompt.prefill, self._phrases.simulated))]
        told = self._told_results() if self._prompt.results else self._echo()
        cited = citations(self._body["messages"])
        return [_text(f"{self._phrases.simulated} {told}".rstrip()), *map(self._cited, cited)]

    def _told_results(self) -> str:
        names = self._prompt.names
        told = (
            f"{names.get(block['tool_use_id'], 'tool')}: {outcome(block)}"
            for block in self._prompt.results
        )
        return f"{self._phrases.results} {'; '.join(told)}."

    def _echo(self) -> str:
        """What was sent: its beginning, and the number and kind of its blocks."""
        text = self._prompt.text
        most = _ECHO if text[:_ECHO].isascii() or " " in text[:_ECHO] else _ECHO_OF_IDEOGRAPHS
        wrote = f"{self._phrases.wrote} “{first_words(text, most)}”. " if text.strip() else ""
        sent = describe(self._prompt.sent)
        return f"{wrote}{self._phrases.received} {sent}." if sent else wrote

    def _cited(self, citation: Mapping[str, Any]) -> Block:
        said = first_words(citation["cited_text"], _ECHO)
        return {**_text(f"{self._phrases.cited} “{said}”"), "citations": [citation]}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _type(tool: Tool) -> str:
    return str(tool.get("type") or "")


def _callable(tool: Tool) -> bool:
    """Whether calls of `tool` can be simulated."""
    return (
        "input_schema" in tool or is_server_tool(tool) or _type(tool).startswith(_OWN_CLIENT_TOOLS)
    )


def _calling_code(tool: Tool) -> str | None:
    """The code execution tool that alone may call `tool`, if Claude itself may not."""
    callers: Sequence[str] = tool.get("allowed_callers") or ()
    return callers[0] if callers and "direct" not in callers else None


def _continuation(prefill: str, simulated: str) -> str:
    """Words that continue `prefill`; JSON that was begun is ended."""
    match prefill.rstrip()[-1:]:
        case "{":
            return f'"simulated": {json.dumps(simulated, ensure_ascii=False)}}}'
        case "[":
            return f"{json.dumps(simulated, ensure_ascii=False)}]"
        case _:
            return f" … {simulated}"
