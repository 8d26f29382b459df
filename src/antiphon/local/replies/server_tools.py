"""The tools the API runs itself, simulated: their calls and plausible results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from .ids import new_id
from .prompt_values import PromptValues
from .tool_selection import tool_name

__all__ = ["call", "code_calling", "is_server_tool", "result", "runs_code", "search_citation"]

Block = dict[str, Any]
Tool = Mapping[str, Any]
_Outcome = Callable[[Mapping[str, Any], Mapping[str, Tool], Random, float], Any]

_SERVER_TOOLS = ("web_search_", "web_fetch_", "code_execution_", "tool_search_tool_")
_LEGACY_CODE = "code_execution_20250522"
_LONGEST_PATTERN = 200
_QUERY = 200
_DIRECT = {"type": "direct"}


def is_server_tool(tool: Tool) -> bool:
    """Whether the API runs `tool` itself, as far as it is simulated."""
    return str(tool.get("type") or "").startswith(_SERVER_TOOLS)


def call(tool: Tool, clues: PromptValues, rng: Random) -> Block:
    """A call of a server tool, as the prompt asks for it."""
    kind = tool["type"]
    if kind.startswith("code_execution_"):
        name, arguments = _code(kind, clues)
    elif kind.startswith("web_search_"):
        name, arguments = "web_search", {"query": clues.text.strip()[:_QUERY] or "antiphon"}
    elif kind.startswith("web_fetch_"):
        name, arguments = "web_fetch", {"url": clues.word("url") or _page(tool)}
    else:
        words = clues.text.strip()[:_LONGEST_PATTERN]
        name = tool_name(tool)
        arguments = {"query": words} if "bm25" in kind else {"pattern": re.escape(words)[:200]}
    return {
        "type": "server_tool_use",
        "id": new_id("srvtoolu", rng),
        "name": name,
        "input": arguments,
        "caller": _DIRECT,
    }


def code_calling(name: str, rng: Random) -> Block:
    """A call of code execution whose code calls the client's tool `name`."""
    return {
        "type": "server_tool_use",
        "id": new_id("srvtoolu", rng),
        "name": "code_execution",
        "input": {"code": f"print(await {name}())"},
        "caller": _DIRECT,
    }


def _code(kind: str, clues: PromptValues) -> tuple[str, Block]:
    """The code to run: Python for the oldest tool, a file or a command for the newer."""
    expression = clues.word("expression")
    if kind == _LEGACY_CODE:
        return "code_execution", {"code": f"print({expression or repr('simulated')})"}
    if path := clues.word("path"):
        arguments = {"command": "create", "path": path, "file_text": "simulated\n"}
        return "text_editor_code_execution", arguments
    script = f"python3 -c 'print({expression})'" if expression else "echo simulated"
    return "bash_code_execution", {"command": script}


def _page(tool: Tool) -> str:
    """An address the tool may visit."""
    return f"https://{next(iter(tool.get('allowed_domains') or ()), 'example.com')}/"


def result(use: Mapping[str, Any], tools: Mapping[str, Tool], rng: Random, now: float) -> Block:
    """What the API puts after a call of one of its tools.

    Args:
        use: the ``server_tool_use`` block.
        tools: the tools of the request by name.
        rng: makes what is opaque.
        now: the server's time, seconds since 1970.
    """
    name = use["name"]
    kind = "tool_search" if name.startswith("tool_search_tool") else name
    make: _Outcome = _RESULTS.get(kind, _code_result)
    block: Block = {
        "type": f"{kind}_tool_result",
        "tool_use_id": use["id"],
        "content": make(use["input"], tools, rng, now),
    }
    if kind.startswith("web_") and "caller" in use:
        block["caller"] = use["caller"]
    return block


def runs_code(use: Mapping[str, Any]) -> bool:
    """Whether a call needs a container."""
    return use["type"] == "server_tool_use" and "code_execution" in use["name"]


def _search_result(
    arguments: Mapping[str, Any], tools: Mapping[str, Tool], rng: Random, _now: float
) -> list[Block]:
    page = _page(tools.get("web_search", {}))
    return [
        {
            "type": "web_search_result",
            "title": f"Simulated result {number} for {arguments.get('query')}",
            "url": f"{page}{number}",
            "encrypted_content": _opaque(rng, 200),
            "page_age": None,
        }
        for number in (1, 2)
    ]


def search_citation(found: Mapping[str, Any], rng: Random) -> Block:
    """A citation of one of the pages a simulated search found."""
    return {
        "type": "web_search_result_location",
        "cited_text": found["title"],
        "url": found["url"],
        "title": found["title"],
        "encrypted_index": _opaque(rng, 60),
    }


def _fetch_result(
    arguments: Mapping[str, Any], tools: Mapping[str, Tool], _rng: Random, now: float
) -> Block:
    url = arguments.get("url")
    source = {
        "type": "text",
        "media_type": "text/plain",
        "data": f"Simulated content of {url}; antiphon's local server fetches nothing.",
    }
    citations = tools.get("web_fetch", {}).get("citations")
    document = {"type": "document", "source": source, "title": "Simulated page"}
    return {
        "type": "web_fetch_result",
        "url": url,
        "content": {**document, "citations": citations} if citations else document,
        "retrieved_at": datetime.fromtimestamp(now, UTC).isoformat(),
    }


def _code_result(
    _arguments: Mapping[str, Any], _tools: Mapping[str, Tool], _rng: Random, _now: float
) -> Block:
    return {"type": "code_execution_result", **_printed()}


def _bash_result(
    _arguments: Mapping[str, Any], _tools: Mapping[str, Tool], _rng: Random, _now: float
) -> Block:
    return {"type": "bash_code_execution_result", **_printed()}


def _printed() -> Block:
    return {"stdout": "simulated\n", "stderr": "", "return_code": 0, "content": []}


def _editor_result(
    arguments: Mapping[str, Any], _tools: Mapping[str, Tool], _rng: Random, _now: float
) -> Block:
    kind = "text_editor_code_execution"
    match arguments.get("command"):
        case "view":
            lines = {"num_lines": 1, "start_line": 1, "total_lines": 1}
            shown = {"file_type": "text", "content": "simulated", **lines}
            return {"type": f"{kind}_view_result", **shown}
        case "str_replace":
            place = {"old_start": 1, "old_lines": 1, "new_start": 1, "new_lines": 1}
            return {"type": f"{kind}_str_replace_result", **place, "lines": ["-old", "+new"]}
        case _:
            return {"type": f"{kind}_create_result", "is_file_update": False}


def _tools_found(
    _arguments: Mapping[str, Any], tools: Mapping[str, Tool], _rng: Random, _now: float
) -> Block:
    deferred = [name for name, tool in tools.items() if tool.get("defer_loading")]
    references = [{"type": "tool_reference", "tool_name": name} for name in deferred[:_FOUND]]
    return {"type": "tool_search_tool_search_result", "tool_references": references}


_FOUND = 5
_RESULTS: Mapping[str, _Outcome] = {
    "web_search": _search_result,
    "web_fetch": _fetch_result,
    "bash_code_execution": _bash_result,
    "text_editor_code_execution": _editor_result,
    "tool_search": _tools_found,
}


def _opaque(rng: Random, length: int) -> str:
    """Base64-like text that only the server could read."""
    return "".join(rng.choices(_BASE64, k=length))


_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
