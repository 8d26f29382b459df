"""Calls of the tools that the client runs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from tests.support.replies import TIME, kinds, reply, uses, words
from tests.support.request_samples import WEATHER
from tests.support.schema_strategies import JUDGED_SCHEMAS, PROMPTS, SCHEMAS, objects


def test_call_has_the_fields_of_the_api_and_input_from_the_prompt():
    called = reply("What's the weather like in San Francisco, CA?", tools=[WEATHER, TIME])
    assert called.stop_reason == "tool_use"
    assert words(called).startswith("Simulated by antiphon's local server.")
    (use,) = uses(called)
    assert list(use) == ["type", "id", "name", "input", "caller"]
    assert re.fullmatch("toolu_01[1-9A-HJ-NP-Za-km-z]{22}", use["id"])
    assert (use["name"], use["input"]) == ("get_weather", {"location": "San Francisco, CA"})
    assert use["caller"] == {"type": "direct"}


def test_tool_that_takes_a_place_is_called_for_each_place():
    prompt = "Compare the weather in Paris and New York"
    called = uses(reply(prompt, tools=[WEATHER]))
    assert [use["input"] for use in called] == [{"location": "Paris"}, {"location": "New York"}]
    assert len({use["id"] for use in called}) == 2
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert len(uses(reply(prompt, tools=[WEATHER], tool_choice=single))) == 1


@given(objects(SCHEMAS | JUDGED_SCHEMAS), PROMPTS)
@settings(max_examples=50)
def test_input_is_valid_by_the_schema_of_the_tool(schema, prompt):
    tool = {"name": "f", "input_schema": schema}
    called = uses(reply(prompt or "x", tools=[tool], tool_choice={"type": "any"}, max_tokens=10**6))
    assert called
    for use in called:
        Draft202012Validator(schema).validate(use["input"])


@pytest.mark.parametrize(
    ("tool", "name", "given"),
    [
        ({"type": "bash_20250124", "name": "bash"}, "bash", {"command": "echo simulated"}),
        (
            {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
            "str_replace_based_edit_tool",
            {"command": "view", "path": "/"},
        ),
        (
            {"type": "memory_20250818", "name": "memory"},
            "memory",
            {"command": "view", "path": "/memories"},
        ),
        ({"type": "computer_toolset_20260801"}, "screenshot", {}),
    ],
)
def test_anthropic_client_tools_get_input_of_their_shape(tool, name, given):
    (use,) = uses(reply("go", tools=[tool], tool_choice={"type": "any"}))
    assert (use["name"], use["input"]) == (name, given)
    assert use.get("toolset_name") == ("computer" if "toolset" in tool["type"] else None)


EDITOR = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}


@pytest.mark.parametrize(
    ("prompt", "given"),
    [
        (
            "Open the file a.py and replace “teh” with “the”",
            {"command": "str_replace", "path": "a.py", "old_str": "teh", "new_str": "the"},
        ),
        ("Replace the file a.py", {"command": "view", "path": "a.py"}),
        (
            "Create the file a.txt with the content “Hello.”",
            {"command": "create", "path": "a.txt", "file_text": "Hello.\n"},
        ),
        ("View the file a.txt", {"command": "view", "path": "a.txt"}),
        ("Write a file", {"command": "view", "path": "/"}),
    ],
)
def test_text_editor_edits_as_the_prompt_says(prompt, given):
    (use,) = uses(reply(prompt, tools=[EDITOR]))
    assert use["input"] == given


def test_bash_runs_the_quoted_command():
    bash = {"type": "bash_20250124", "name": "bash"}
    (use,) = uses(reply("Run `ls -l` in the shell", tools=[bash]))
    assert use["input"] == {"command": "ls -l"}


def test_tool_that_only_code_may_call_is_called_by_code():
    callers = ["code_execution_20260120"]
    code = {"type": callers[0], "name": "code_execution"}
    given = reply("use get_weather", tools=[{**WEATHER, "allowed_callers": callers}, code])
    run, use = given.content[1:]
    assert run["name"] == "code_execution"
    assert use["caller"] == {"type": callers[0], "tool_id": run["id"]}
    assert given.container is not None
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "15"}
    turns = [
        {"role": "user", "content": "use get_weather"},
        {"role": "assistant", "content": given.content},
        {"role": "user", "content": [result]},
    ]
    later = reply(turns, tools=[code])
    assert kinds(later) == ["code_execution_tool_result", "text"]
    assert later.content[0]["tool_use_id"] == run["id"]
