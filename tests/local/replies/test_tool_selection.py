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
