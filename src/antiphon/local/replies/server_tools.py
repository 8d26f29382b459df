"""The tools that the API runs itself, simulated: their calls and plausible results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

from ..._wire.json import JSONObject
from .ids import new_id
from .names import tool_name

if TYPE_CHECKING:
    from .prompt_values import PromptValues

__all__ = [
    "OUTPUT_CONTENT",
    "OUTPUT_NAME",
    "call",
    "code_calling",
    "is_server_tool",
    "output_files",
    "result",
    "runs_code",
    "search_citation",
]

OUTPUT_NAME = "simulated.txt"
"""The name of every file that simulated code leaves."""
OUTPUT_CONTENT = b"simulated\n"
"""What every such file holds."""

_SERVER_TOOLS = ("web_search_", "web_fetch_", "code_execution_", "tool_search_tool_")
# The first version takes Python code; the later ones run commands and edit files.
_PYTHON_ONLY = "code_execution_20250522"
# The bound that the API puts on the patterns of tool search; queries are kept as short.
_MAX_PATTERN = 200
_MAX_QUERY = 200
_MAX_TOOLS_FOUND = 5
_DIRECT_CALLER: JSONObject = {"type": "direct"}
# In the last user turn: the code that is run leaves a file, which can be downloaded.
_OUTPUT_FILE = "[[output_file]]"
# The API gives a file back that code writes into this folder (docs, code execution).
_OUTPUT_FOLDER = "$OUTPUT_DIR"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def is_server_tool(tool: JSONObject) -> bool:
    """Return whether the API runs `tool` itself and the tool is simulated here."""
    return str(tool.get("type") or "").startswith(_SERVER_TOOLS)


def call(tool: JSONObject, values: PromptValues, rng: Random) -> JSONObject:
    """Return a call of a server tool with input taken from the prompt."""
    kind = tool["type"]
    if kind.startswith("code_execution_"):
        name, arguments = _code(kind, values)
    elif kind.startswith("web_search_"):
        name, arguments = "web_search", {"query": values.text.strip()[:_MAX_QUERY] or "antiphon"}
    elif kind.startswith("web_fetch_"):
        name, arguments = "web_fetch", {"url": values.value_for("url") or _page(tool)}
    else:
        words = values.text.strip()[:_MAX_PATTERN]
        name = tool_name(tool)
        pattern = re.escape(words)[:_MAX_PATTERN]
        arguments = {"query": words} if "bm25" in kind else {"pattern": pattern}
    return _server_tool_use(name, arguments, rng)


def code_calling(name: str, rng: Random) -> JSONObject:
    """Return a call of code execution whose code calls the client's tool `name`."""
    return _server_tool_use("code_execution", {"code": f"print(await {name}())"}, rng)


def _server_tool_use(name: str, arguments: JSONObject, rng: Random) -> JSONObject:
    return {
        "type": "server_tool_use",
        "id": new_id("srvtoolu", rng),
        "name": name,
        "input": arguments,
        "caller": _DIRECT_CALLER,
    }


def _code(kind: str, values: PromptValues) -> tuple[str, JSONObject]:
    """Return the tool to run and its input: Python code, a file to write, or a command."""
    if _OUTPUT_FILE in values.text and kind != _PYTHON_ONLY:
        return "bash_code_execution", {
            "command": f"echo simulated > {_OUTPUT_FOLDER}/{OUTPUT_NAME}"
        }
    expression = values.value_for("expression")
    if kind == _PYTHON_ONLY:
        return "code_execution", {"code": f"print({expression or repr('simulated')})"}
    if path := values.value_for("path"):
        arguments = {"command": "create", "path": path, "file_text": "simulated\n"}
        return "text_editor_code_execution", arguments
    script = f"python3 -c 'print({expression})'" if expression else "echo simulated"
    return "bash_code_execution", {"command": script}


def _page(tool: JSONObject) -> str:
    """Return an address that the tool may visit."""
    return f"https://{next(iter(tool.get('allowed_domains') or ()), 'example.com')}/"


def result(use: JSONObject, tools: Mapping[str, JSONObject], rng: Random, now: float) -> JSONObject:
    """Return the block that the API puts after a call of one of its tools.

    Args:
        use: the ``server_tool_use`` block.
        tools: the tools of the request by name.
        rng: makes the values that only the API can read.
        now: the server's time in seconds since 1970.
    """
    name = use["name"]
    kind = "tool_search" if name.startswith("tool_search_tool") else name
    make = _RESULTS.get(kind, _code_result)
    block: JSONObject = {
        "type": f"{kind}_tool_result",
        "tool_use_id": use["id"],
        "content": make(use["input"], tools, rng, now),
    }
    if kind.startswith("web_") and "caller" in use:
        block["caller"] = use["caller"]
    return block


def runs_code(use: JSONObject) -> bool:
    """Return whether a call needs a container."""
    return use["type"] == "server_tool_use" and "code_execution" in str(use.get("name"))


def _search_result(
    arguments: JSONObject, tools: Mapping[str, JSONObject], rng: Random, _now: float
) -> list[JSONObject]:
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


def search_citation(found: JSONObject, rng: Random) -> JSONObject:
    """Return a citation of a page that a simulated search found."""
    return {
        "type": "web_search_result_location",
        "cited_text": found["title"],
        "url": found["url"],
        "title": found["title"],
        "encrypted_index": _opaque(rng, 60),
    }


def _fetch_result(
    arguments: JSONObject, tools: Mapping[str, JSONObject], _rng: Random, now: float
) -> JSONObject:
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
    _arguments: JSONObject, _tools: Mapping[str, JSONObject], _rng: Random, _now: float
) -> JSONObject:
    return {"type": "code_execution_result", **_printed()}


def _bash_result(
    arguments: JSONObject, _tools: Mapping[str, JSONObject], rng: Random, _now: float
) -> JSONObject:
    result = {"type": "bash_code_execution_result", **_printed()}
    if _OUTPUT_FOLDER not in str(arguments.get("command")):
        return result
    output = {"type": "bash_code_execution_output", "file_id": new_id("file", rng)}
    return {**result, "stdout": "", "content": [output]}


def output_files(content: Sequence[JSONObject]) -> list[str]:
    """Return the ids of the files that the code of a reply has left."""
    return [
        output["file_id"]
        for block in content
        if block["type"] == "bash_code_execution_tool_result"
        for output in block["content"].get("content") or ()
    ]


def _printed() -> JSONObject:
    return {"stdout": "simulated\n", "stderr": "", "return_code": 0, "content": []}


def _editor_result(
    arguments: JSONObject, _tools: Mapping[str, JSONObject], _rng: Random, _now: float
) -> JSONObject:
    kind = "text_editor_code_execution"
    match arguments.get("command"):
        case "view":
            lines = {"num_lines": 1, "start_line": 1, "total_lines": 1}
            file = {"file_type": "text", "content": "simulated", **lines}
            return {"type": f"{kind}_view_result", **file}
        case "str_replace":
            lines = {"old_start": 1, "old_lines": 1, "new_start": 1, "new_lines": 1}
            return {"type": f"{kind}_str_replace_result", **lines, "lines": ["-old", "+new"]}
        case _:
            return {"type": f"{kind}_create_result", "is_file_update": False}


def _tool_search_result(
    _arguments: JSONObject, tools: Mapping[str, JSONObject], _rng: Random, _now: float
) -> JSONObject:
    deferred = [name for name, tool in tools.items() if tool.get("defer_loading")]
    references = [
        {"type": "tool_reference", "tool_name": name} for name in deferred[:_MAX_TOOLS_FOUND]
    ]
    return {"type": "tool_search_tool_search_result", "tool_references": references}


_RESULTS: Mapping[str, Callable[[JSONObject, Mapping[str, JSONObject], Random, float], Any]] = {
    "web_search": _search_result,
    "web_fetch": _fetch_result,
    "bash_code_execution": _bash_result,
    "text_editor_code_execution": _editor_result,
    "tool_search": _tool_search_result,
}
"""Makes the `content` of a result, by the kind of the tool."""


def _opaque(rng: Random, length: int) -> str:
    """Return text like base64, in place of what only the API can read."""
    return "".join(rng.choices(_BASE64, k=length))
