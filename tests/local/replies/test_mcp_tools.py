"""Tools of MCP servers, called by the server itself."""

from __future__ import annotations

import re

import pytest

from tests.support.replies import kinds, reply, words
from tests.support.request_samples import WEATHER
from tests.support.schema_strategies import object_schema

WIKI = {"type": "url", "name": "deepwiki", "url": "https://mcp.deepwiki.com/mcp"}
TOOLSET = {"type": "mcp_toolset", "mcp_server_name": "deepwiki"}
ASK = {
    "name": "ask_question",
    "description": "Ask a question about a repository",
    "input_schema": object_schema(question={"type": "string"}),
}
READ = {"name": "read_wiki", "input_schema": object_schema()}


def ask(prompt, *toolsets, **server):
    return reply(prompt, mcp_servers=[{**WIKI, **server}], tools=[*toolsets, WEATHER])


def called(given):
    return [block["name"] for block in given.content if block["type"] == "mcp_tool_use"]


def test_call_and_simulated_result_stand_in_one_message():
    given = ask("Ask a question about the repository: “who uses it?”", {**TOOLSET, "tools": [ASK]})
    assert kinds(given) == ["text", "mcp_tool_use", "mcp_tool_result", "text"]
    assert given.stop_reason == "end_turn"
    use, result = given.content[1:3]
    assert re.fullmatch("mcptoolu_01[1-9A-HJ-NP-Za-km-z]{22}", use.pop("id"))
    assert use == {
        "type": "mcp_tool_use",
        "name": "ask_question",
        "server_name": "deepwiki",
        "input": {"question": "who uses it?"},
    }
    assert result["is_error"] is False
    assert result["content"][0]["text"].startswith("Simulated result of ask_question")
    assert "mcp_tool_result" in words(given)
    assert given.server_tool_use is None
    assert given.output_tokens > 20


@pytest.mark.parametrize(
    ("prompt", "toolset", "names"),
    [
        ("use read_wiki", {"tools": [ASK, READ]}, ["read_wiki"]),
        ("use deepwiki", {"tools": [READ, ASK]}, ["read_wiki"]),
        ("use deepwiki to ask something", {"tools": [READ, ASK]}, ["ask_question"]),
        ("use deepwiki", {"configs": {"find_page": {}}}, ["find_page"]),
        ("use read_wiki", {"tools": [READ], "configs": {"read_wiki": {"enabled": False}}}, []),
        ("use read_wiki", {"tools": [READ], "default_config": {"enabled": False}}, []),
        (
            "use deepwiki",
            {
                "tools": [READ, ASK],
                "default_config": {"enabled": False},
                "configs": {"ask_question": {"enabled": True}},
            },
            ["ask_question"],
        ),
        ("use read_wiki_structure of deepwiki", {}, ["read_wiki_structure"]),
        ("use deepwiki", {}, ["search"]),
        ("tell me a story", {"tools": [READ, ASK]}, []),
        ("use read_wiki, then ask_question", {"tools": [ASK, READ]}, ["read_wiki", "ask_question"]),
        ("use deepwiki", {"tools": "x", "configs": ["y"], "default_config": 3}, ["search"]),
        ("use deepwiki", {"tools": [3, {"name": None}], "configs": {"go": 3}}, ["go"]),
    ],
)
def test_toolset_tells_the_tools(prompt, toolset, names):
    assert called(ask(prompt, {**TOOLSET, **toolset})) == names


@pytest.mark.parametrize(
    ("configuration", "names"),
    [
        (None, ["search"]),
        ({"allowed_tools": ["find_page", "read_page"]}, ["find_page"]),
        ({"allowed_tools": []}, []),
        ({"enabled": False}, []),
    ],
)
def test_server_without_toolset_tells_the_tools_it_allows(configuration, names):
    assert called(ask("use deepwiki", tool_configuration=configuration)) == names


def test_phrase_in_the_prompt_gives_an_error():
    result = ask("use deepwiki [[mcp_error]]").content[2]
    assert result["is_error"] is True


def test_client_tools_follow_the_results():
    given = ask("use read_wiki and get_weather", {**TOOLSET, "tools": [READ]})
    assert kinds(given) == ["text", "mcp_tool_use", "mcp_tool_result", "tool_use"]
    assert given.stop_reason == "tool_use"
