"""Which tools a prompt asks for."""

from __future__ import annotations

import pytest

from tests.support.replies import TIME, kinds, reply, uses
from tests.support.request_samples import WEATHER


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("hello", []),
        ("Tell me a story about dragons", []),
        ("use get_time please", ["get_time"]),
        ("Call get_time and get_weather", ["get_weather", "get_time"]),
        ("What is the current temperature at that location?", ["get_weather"]),
        ("Now use the lookup tool", ["lookup"]),
        ("I lookup to you", ["lookup"]),
    ],
)
def test_prompts_ask_for_tools_by_name_words_or_description(prompt, names):
    lookup = {"name": "lookup", "input_schema": {"type": "object"}}
    found = {**WEATHER, "description": "Get the temperature for a location"}
    assert [use["name"] for use in uses(reply(prompt, tools=[found, TIME, lookup]))] == names


def test_only_the_beginning_of_a_description_is_compared():
    often = (
        "Reads files. "
        + "Lines are numbered. " * 9
        + "Every common word such as story, dragons and temperature. " * 9
    )
    tools = [{"name": f"tool{n}", "description": often, "input_schema": {}} for n in range(9)]
    assert uses(reply("Tell me a story about dragons", tools=tools)) == []
    tools[4] = {**tools[4], "description": "Writes a story about dragons"}
    called = uses(reply("Tell me a story about dragons", tools=tools))
    assert [use["name"] for use in called] == ["tool4"]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
        ({"type": "none"}, []),
    ],
)
def test_tool_choice_decides(choice, names):
    given = reply("hello", tools=[WEATHER, TIME], tool_choice=choice)
    assert [use["name"] for use in uses(given)] == names
    assert kinds(given) == (["tool_use"] if names else ["text"])


def test_tool_choice_none_forbids_even_a_named_tool():
    given = reply("use get_weather", tools=[WEATHER], tool_choice={"type": "none"})
    assert kinds(given) == ["text"]


DELETE = {"name": "delete_file", "description": "Delete a file", "input_schema": {"type": "object"}}
LIST = {"name": "list_files", "description": "List files", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("Do not use delete_file.", []),
        ("Don't call delete_file", []),
        ("don’t use delete_file or list_files", []),
        ("Never use delete_file. Use list_files.", ["list_files"]),
        ("Do not use delete_file, use list_files instead", ["list_files"]),
        ("Don't use delete_file but call list_files", ["list_files"]),
        ("You must not delete any file", []),
        ("Tidy up without delete_file", []),
        ("Without delete_file, call list_files", ["list_files"]),
        ("Use list_files instead of delete_file", ["list_files"]),
        ("Avoid delete_file; list_files is fine", ["list_files"]),
        ("Don't forget to use delete_file", ["delete_file"]),
        ("Why don't you use delete_file?", ["delete_file"]),
        ("Why not use delete_file?", ["delete_file"]),
        ("I do not know. Use delete_file on notes.txt", ["delete_file"]),
        ("Do not touch notes.txt with delete_file", []),
        ("Never use delete_file. Say what the file is about", ["list_files"]),
        ("Use delete_file", ["delete_file"]),
    ],
)
def test_negated_tools_are_not_called(prompt, names):
    assert [use["name"] for use in uses(reply(prompt, tools=[DELETE, LIST]))] == names


@pytest.mark.parametrize(
    "prompt",
    [
        "hi",
        "Hello!",
        "hello there",
        "Good morning, Claude.",
        "thanks!",
        "Hey, how are you?",
        "👋 hi",
    ],
)
def test_greeting_calls_nothing(prompt):
    greet = {"name": "hello", "description": "Say hello there", "input_schema": {"type": "object"}}
    start = {"name": "hi", "description": "Start. How are you, good morning", "input_schema": {}}
    assert uses(reply(prompt, tools=[greet, start])) == []


def test_reminders_and_earlier_texts_do_not_ask_for_tools():
    reminder = "<system-reminder>Use delete_file and list_files.</system-reminder>"
    document = "The manual says: use delete_file."
    texts = [{"type": "text", "text": text} for text in (reminder, document, "What is this?")]
    assert uses(reply(texts, tools=[DELETE, LIST])) == []
    assert uses(reply([texts[2], texts[0]], tools=[DELETE, LIST])) == []
