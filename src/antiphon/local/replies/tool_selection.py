"""Which of its tools a prompt asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .prompt_values import name_words

__all__ = ["asked_tools", "tool_name"]

Tool = Mapping[str, Any]

_LOOKED_AT = 2_000
_DESCRIPTION = 150
_WORD = re.compile(r"[^\W\d_]+")

# Words that say little about what a tool is for.
_VAGUE = frozenset(re.findall(r"\w+", """
    get set fetch list find create make do run show give tell use call tool search look add
    update delete read write send check compute current given from with that this the for and
    what your you are can please about into return returns which when where have has will
"""))  # fmt: skip
_LEAST_IN_COMMON = 2
_LEAST_LETTERS = 4

# What a prompt says that asks for one of Anthropic's own tools.
_CUES = {
    "web_search": re.compile(r"\b(?:search|look up|latest|news)\b"),
    "web_fetch": re.compile(r"https?://|\bfetch\b"),
    "code_execution": re.compile(r"\b(?:run|execute|code|python|bash|compute|calculate)\b"),
    "tool_search": re.compile(r"\b(?:search|find|which|any)\b.{0,40}\btools?\b"),
    "bash": re.compile(r"\b(?:bash|shell|terminal|command)\b"),
    "text_editor": re.compile(r"\b(?:edit|file|view|open)\b"),
    "memory": re.compile(r"\b(?:remember|memory|memories|recall)\b"),
    "computer": re.compile(r"\b(?:screenshot|click|screen|desktop)\b"),
    "browser": re.compile(r"\b(?:browser|navigate|screenshot)\b"),
}


def tool_name(tool: Tool) -> str:
    """What a call of `tool` names; a toolset is called by its screenshot."""
    return str(tool.get("name") or "screenshot")


def asked_tools(text: str, tools: Sequence[Tool]) -> list[Tool]:
    """The tools `text` asks for, in the order of the request.

    They are asked for by their names; otherwise by all telling words of a name ("weather" for
    ``get_weather``) or by what Anthropic's own tools are for ("search …" for ``web_search``);
    otherwise the one whose description begins with most of the prompt's telling words, at least two.
    """
    lowered = text[:_LOOKED_AT].lower()
    words = set(_WORD.findall(lowered))
    named = [tool for tool in tools if _named(tool, lowered)]
    return (
        named
        or [tool for tool in tools if _meant(tool, lowered, words)]
        or [tool for tool in _closest(tools, words) if _in_common(tool, words) >= _LEAST_IN_COMMON]
    )


def _named(tool: Tool, text: str) -> bool:
    """Whether the text holds the name of `tool`; one plain word only beside "tool" or a verb."""
    name = re.escape(tool_name(tool).lower())
    if len(name_words(tool_name(tool))) > 1:
        return re.search(rf"(?<![\w-]){name}(?![\w-])", text) is not None
    asks = rf"\b(?:use|call|invoke|run|try)\s+(?:the\s+)?[`\"']?{name}\b|\b{name}[`\"']?\s+tool\b"
    return re.search(asks, text) is not None


def _meant(tool: Tool, text: str, words: set[str]) -> bool:
    """Whether the text holds the words of the tool's name, or speaks of what it is for."""
    kind = str(tool.get("type") or "")
    if cue := next((cue for prefix, cue in _CUES.items() if kind.startswith(prefix)), None):
        return cue.search(text) is not None
    name = name_words(tool_name(tool))
    return _all_in(_telling(name) or set(name), words)


def _closest(tools: Sequence[Tool], words: set[str]) -> list[Tool]:
    """The tool whose description has most in common with a prompt, if there are tools."""
    return [max(tools, key=lambda tool: _in_common(tool, words))] if tools else []


def _in_common(tool: Tool, words: set[str]) -> int:
    """How many telling words of a prompt stand at the beginning of a tool's description."""
    beginning = str(tool.get("description") or "")[:_DESCRIPTION].lower()
    return len(_telling(_WORD.findall(beginning)) & words)


def _telling(words: Iterable[str]) -> set[str]:
    return {word for word in words if len(word) >= _LEAST_LETTERS and word not in _VAGUE}


def _all_in(wanted: set[str], words: set[str]) -> bool:
    """Whether every wanted word is there, in the singular or plural."""
    return all(word in words or f"{word}s" in words or word[:-1] in words for word in wanted)
