"""The tools that the API runs itself."""

from __future__ import annotations

import re

import pytest

from antiphon.local.metering.prompt_cache import CacheUsage
from tests.support.replies import CODE, FETCH, FIND, SEARCH, kinds, reply, words
from tests.support.request_samples import WEATHER


@pytest.mark.parametrize(
    ("prompt", "tool", "used", "result", "counted"),
    [
        (
            "search for whales",
            SEARCH,
            ("web_search", {"query": "search for whales"}),
            "web_search_tool_result",
            {"web_search_requests": 1, "web_fetch_requests": 0},
        ),
        (
            "read https://example.org/a",
            FETCH,
            ("web_fetch", {"url": "https://example.org/a"}),
            "web_fetch_tool_result",
            {"web_search_requests": 0, "web_fetch_requests": 1},
        ),
        (
            "compute 2 + 3",
            CODE,
            ("bash_code_execution", {"command": "python3 -c 'print(2 + 3)'"}),
            "bash_code_execution_tool_result",
            {"web_search_requests": 0, "web_fetch_requests": 0},
        ),
        (
            "write code into plan/a.txt",
            CODE,
            (
                "text_editor_code_execution",
                {"command": "create", "path": "plan/a.txt", "file_text": "simulated\n"},
            ),
            "text_editor_code_execution_tool_result",
            {"web_search_requests": 0, "web_fetch_requests": 0},
        ),
        (
            "run 2 + 3",
            {"type": "code_execution_20250522", "name": "code_execution"},
            ("code_execution", {"code": "print(2 + 3)"}),
            "code_execution_tool_result",
            {"web_search_requests": 0, "web_fetch_requests": 0},
        ),
    ],
)
def test_server_tools_run_within_the_reply(prompt, tool, used, result, counted):
    given = reply(prompt, tools=[tool])
    assert kinds(given) == ["text", "server_tool_use", result, "text"]
    use = given.content[1]
    assert re.fullmatch("srvtoolu_01[1-9A-HJ-NP-Za-km-z]{22}", use["id"])
    assert (use["name"], use["input"]) == used
    assert given.content[2]["tool_use_id"] == use["id"]
    assert given.stop_reason == "end_turn"
    message = given.message(CacheUsage(0, 0, 0, 1))
    assert message["usage"].get("server_tool_use") == counted
    assert ("container" in message) is ("code" in tool["type"])


def test_first_page_of_a_search_is_cited():
    found, said = reply("search for whales", tools=[SEARCH]).content[2:]
    (citation,) = said["citations"]
    page = found["content"][0]
    assert (citation["url"], citation["title"]) == (page["url"], page["title"])
    assert citation["type"] == "web_search_result_location"


def test_search_keeps_to_the_allowed_domains():
    tool = {**SEARCH, "allowed_domains": ["docs.example.org"]}
    found = reply("search for whales", tools=[tool]).content[2]
    assert all(page["url"].startswith("https://docs.example.org/") for page in found["content"])


def test_deferred_tool_is_found_before_it_is_called():
    deferred = {**WEATHER, "defer_loading": True}
    given = reply("the weather in Rome?", tools=[FIND, deferred])
    assert kinds(given) == ["text", "server_tool_use", "tool_search_tool_result", "tool_use"]
    assert given.content[2]["content"] == {
        "type": "tool_search_tool_search_result",
        "tool_references": [{"type": "tool_reference", "tool_name": "get_weather"}],
    }


def test_server_call_beside_client_calls_gets_its_result_in_the_next_turn():
    prompt = "search the news and use get_weather"
    first = reply("use web_search and get_weather", tools=[SEARCH, WEATHER])
    assert kinds(first) == ["text", "server_tool_use", "tool_use"]
    assert first.stop_reason == "tool_use"
    result = {"type": "tool_result", "tool_use_id": first.content[2]["id"], "content": "15"}
    turns = [
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = reply(turns, tools=[SEARCH, WEATHER])
    assert kinds(second) == ["web_search_tool_result", "text"]
    assert second.content[0]["tool_use_id"] == first.content[1]["id"]
    assert "get_weather: “15”" in words(second)


def test_paused_turn_goes_on_with_the_missing_result():
    first = reply("[[pause_turn]] search for whales", tools=[SEARCH])
    assert first.stop_reason == "pause_turn"
    assert kinds(first) == ["text", "server_tool_use"]
    turns = [
        {"role": "user", "content": "[[pause_turn]] search for whales"},
        {"role": "assistant", "content": first.content},
    ]
    second = reply(turns, tools=[SEARCH])
    assert kinds(second) == ["web_search_tool_result", "text"]
    assert second.stop_reason == "end_turn"


def test_result_of_the_editor_follows_its_command():
    kinds_by_command = {"view": "view", "str_replace": "str_replace", "create": "create"}
    for command, kind in kinds_by_command.items():
        use = {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "text_editor_code_execution",
            "input": {"command": command, "path": "a.txt"},
        }
        turns = [{"role": "user", "content": "go"}, {"role": "assistant", "content": [use]}]
        result = reply(turns, tools=[CODE]).content[0]["content"]
        assert result["type"] == f"text_editor_code_execution_{kind}_result"


def test_usage_of_tool_search_counts_no_searches_of_the_web():
    deferred = {**WEATHER, "defer_loading": True}
    given = reply("the weather in Rome?", tools=[FIND, deferred])
    usage = given.message(CacheUsage(0, 0, 0, 1))["usage"]
    assert usage["server_tool_use"] == {"web_search_requests": 0, "web_fetch_requests": 0}
    plain = reply("hello", tools=[FIND, deferred]).message(CacheUsage(0, 0, 0, 1))["usage"]
    assert "server_tool_use" not in plain
