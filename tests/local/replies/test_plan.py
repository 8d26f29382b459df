"""Conversations in which tools are called: several at once, one after the other, and to an end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.replies import (
    SEARCH,
    TIME,
    document,
    image,
    kinds,
    reply_to,
    request,
    uses,
    words,
)
from tests.support.request_samples import WEATHER
from tests.support.schema_strategies import object_schema

TEXT = {"type": "string"}
NUMBER = {"type": "number"}


def tool(name, description="", /, **properties):
    return {
        "name": name,
        "description": description,
        "input_schema": object_schema(**properties),
    }


CITY = tool("get_weather", "Get the current weather in a city", city=TEXT)
READ = tool("read_file", "Read a file", path=TEXT)
WRITE = tool("write_file", "Write text to a file", path=TEXT, content=TEXT)
EDIT = tool("edit_file", "Replace text in a file", path=TEXT, old_text=TEXT, new_text=TEXT)


def conversation(prompt, tools, results=None, most=12, **more):
    """Return the replies of a conversation in which each call gets its result, to its end."""
    body = request(prompt, tools=tools, max_tokens=4_000, **more)
    replies = []
    while len(replies) < most:
        replies.append(reply_to(body, now=1.78e9))
        if replies[-1].stop_reason != "tool_use":
            break
        answers = [
            {"type": "tool_result", "tool_use_id": use["id"], **result(use, results or {})}
            for use in uses(replies[-1])
        ]
        turns = [
            {"role": "assistant", "content": replies[-1].content},
            {"role": "user", "content": answers},
        ]
        body = {**body, "messages": [*body["messages"], *turns]}
    return replies


def result(use, results):
    given = results.get(use["name"], "ok")
    given = given(**use["input"]) if callable(given) else given
    return given if isinstance(given, dict) and "content" in given else {"content": given}


def calls(replies):
    """Return the calls of each reply: names and inputs."""
    return [[(use["name"], use["input"]) for use in uses(each)] for each in replies]


def test_steps_are_called_in_their_order_and_the_result_goes_into_the_next():
    replies = conversation(
        "First look up the weather in Oslo, then write it to notes.txt",
        [WRITE, CITY],
        {"get_weather": "4 degrees, rain"},
    )
    assert calls(replies) == [
        [("get_weather", {"city": "Oslo"})],
        [("write_file", {"path": "notes.txt", "content": "4 degrees, rain"})],
        [],
    ]
    assert replies[-1].stop_reason == "end_turn"
    assert words(replies[-1]).startswith("Simulated by antiphon's local server.")
    assert "get_weather: “4 degrees, rain”; write_file: “ok”" in words(replies[-1])


def test_listed_values_get_a_call_each_in_one_message():
    replies = conversation("What's the weather in Oslo, Paris and Rome?", [CITY])
    cities = [("get_weather", {"city": city}) for city in ("Oslo", "Paris", "Rome")]
    assert calls(replies) == [cities, []]


def test_without_parallel_calls_the_listed_values_come_one_after_the_other():
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    replies = conversation(
        "What's the weather in Oslo, Paris and Rome?", [CITY], tool_choice=choice
    )
    cities = [[("get_weather", {"city": city})] for city in ("Oslo", "Paris", "Rome")]
    assert calls(replies) == [*cities, []]


@pytest.mark.parametrize(
    ("prompt", "given", "values"),
    [
        (
            "Fetch http://127.0.0.1:1/a, http://127.0.0.1:1/b?c=1 and http://127.0.0.1:1/d.",
            tool("fetch_page", "Fetch a page", url=TEXT),
            ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b?c=1", "http://127.0.0.1:1/d"],
        ),
        ("Read a.txt, b/c.md and d.py", READ, ["a.txt", "b/c.md", "d.py"]),
        (
            "Get the stock price of AAPL and MSFT",
            tool("get_stock_price", "", symbol=TEXT),
            ["AAPL", "MSFT"],
        ),
        (
            "Cancel the orders 17, 18 and 19",
            tool("cancel_order", "", order_id={"type": "integer"}),
            [17, 18, 19],
        ),
        (
            "Turn on the lights in the kitchen, the bedroom and the bath",
            tool(
                "set_lights",
                "Turn lights on",
                room={"enum": ["attic", "kitchen", "bedroom", "bath"]},
            ),
            ["kitchen", "bedroom", "bath"],
        ),
        (
            "Translate “Good morning” to French and German",
            tool("translate", "Translate a text", target_language=TEXT),
            ["French", "German"],
        ),
        (
            "Send a message to Ann and Bob",
            tool("send_message", "Send a message", recipient=TEXT),
            ["Ann", "Bob"],
        ),
        (
            "Search the catalogue for cats, dogs and birds",
            tool("search_catalogue", "", query=TEXT),
            ["cats", "dogs", "birds"],
        ),
    ],
)
def test_lists_of_any_form_are_spread_over_calls(prompt, given, values):
    (first, last) = calls(conversation(prompt, [given]))
    assert [value for _, inputs in first for value in inputs.values()] == values
    assert last == []


def test_list_for_two_properties_is_one_call():
    (first, _) = calls(
        conversation("Add 19 and 23", [tool("add", "Add numbers", a=NUMBER, b=NUMBER)])
    )
    assert first == [("add", {"a": 19, "b": 23})]


def test_results_fill_properties_of_the_same_name():
    find = tool("find_customer", "Find a customer", customer=TEXT)
    orders = tool("list_orders", "List orders", customer_id={"type": "integer"})
    email = tool("send_email", "Send an email", to=TEXT, body=TEXT)
    replies = conversation(
        "Find the customer Anna Berg, then list her orders, and finally send an email to"
        " anna@example.org",
        [email, find, orders],
        {
            "find_customer": json.dumps({"id": 17, "name": "Anna Berg"}),
            "list_orders": json.dumps({"orders": [{"id": 1, "total": 9.5}]}),
        },
    )
    assert calls(replies)[:2] == [
        [("find_customer", {"customer": "Anna Berg"})],
        [("list_orders", {"customer_id": 17})],
    ]
    ((_, sent),) = calls(replies)[2]
    assert sent == {"to": "anna@example.org", "body": '{"orders": [{"id": 1, "total": 9.5}]}'}


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("Read notes.txt", ["read_file"]),
        ("Summarize notes.txt in one sentence", ["read_file"]),
        ("What is in notes.txt?", ["read_file"]),
        ("Summarize this", []),
        ("Use get_weather for Oslo and pack for “sun hat”", ["get_weather", "pack"]),
    ],
)
def test_verb_and_input_are_enough_for_a_tool(prompt, names):
    pack = tool("pack", "Write a list", items={"type": "array", "items": TEXT})
    first = conversation(prompt, [EDIT, READ, CITY, pack])[0]
    assert [use["name"] for use in uses(first)] == names


def test_step_behind_a_colon_is_found():
    replies = conversation(
        "Mend notes.txt: read it first, then replace “teh” with “the”.", [WRITE, EDIT, READ]
    )
    assert [[name for name, _ in each] for each in calls(replies)] == [
        ["read_file"],
        ["edit_file"],
        [],
    ]


def test_quotation_is_the_only_item_of_a_list():
    pack = tool("pack", "Write a list", items={"type": "array", "items": TEXT})
    assert calls(conversation("Use pack for “sun hat”", [pack]))[0] == [
        ("pack", {"items": ["sun hat"]})
    ]


@pytest.mark.parametrize(
    ("prompt", "to"),
    [("Send “Hi” to ann@example.org", "ann@example.org"), ("Send “Hi” to my boss Ann", "Ann")],
)
def test_recipient_is_an_address_or_a_person(prompt, to):
    send = tool("send_message", "Send a message", to=TEXT, text=TEXT)
    assert calls(conversation(f"Use send_message. {prompt}", [send]))[0] == [
        ("send_message", {"to": to, "text": "Hi"})
    ]


def test_forms_and_short_results_of_tools_go_on():
    find = tool("lookup_user", "Look up a user", user_id={"type": "integer"})
    send = tool("send_email", "Send an email", to=TEXT)
    replies = conversation(
        "Use lookup_user to find user 42 and then send_email to them.",
        [send, find],
        {"lookup_user": "Max <max@example.com>"},
    )
    assert calls(replies)[:2] == [
        [("lookup_user", {"user_id": 42})],
        [("send_email", {"to": "max@example.com"})],
    ]
    capital = tool("get_capital", "Get the capital of a country", country=TEXT)
    people = tool("get_population", "Get the population of a city", city=TEXT)
    replies = conversation(
        "Find the capital of France and then the population of that city",
        [people, capital],
        {"get_capital": "Paris"},
    )
    assert calls(replies)[:2] == [
        [("get_capital", {"country": "France"})],
        [("get_population", {"city": "Paris"})],
    ]


def test_words_before_values_tell_them_apart():
    unit = {"enum": ["celsius", "fahrenheit"]}
    convert = tool("convert", "Convert a temperature", value=NUMBER, from_unit=unit, to_unit=unit)
    flights = tool("search_flights", "Search flights", origin=TEXT, destination=TEXT, time=TEXT)
    replies = conversation(
        "First search flights to Rome from Oslo at 19:30, then convert 20 celsius to fahrenheit",
        [convert, flights],
    )
    assert calls(replies)[:2] == [
        [("search_flights", {"origin": "Oslo", "destination": "Rome", "time": "19:30"})],
        [("convert", {"value": 20, "from_unit": "celsius", "to_unit": "fahrenheit"})],
    ]


def test_number_that_a_tool_found_goes_on():
    add = tool("add", "Add two numbers", a=NUMBER, b=NUMBER)
    multiply = tool("multiply", "Multiply two numbers", a=NUMBER, b=NUMBER)
    replies = conversation(
        "Add 19 and 23, then multiply the result by 2",
        [add, multiply],
        {"add": lambda a, b: str(a + b)},
    )
    assert calls(replies)[1] == [("multiply", {"a": 42, "b": 2})]


def test_quotations_are_taken_in_their_order():
    replies = conversation("Read notes.txt, then replace “teh” with “the” in it", [READ, EDIT])
    assert calls(replies)[1] == [
        ("edit_file", {"path": "notes.txt", "old_text": "teh", "new_text": "the"})
    ]


def test_tool_that_looks_around_goes_before_the_one_that_needs_to_know():
    tables = tool("list_tables", "List the tables of the database")
    sql = tool("run_sql", "Run SQL on the database", query=TEXT)
    replies = conversation(
        "Which orders are late? Use the database.",
        [sql, tables],
        {"list_tables": "customers, orders"},
    )
    assert calls(replies) == [
        [("list_tables", {})],
        [("run_sql", {"query": "SELECT * FROM orders LIMIT 10"})],
        [],
    ]


def test_server_tool_and_the_next_step_are_in_one_message():
    given, last = conversation(
        "First search the web for whales, then write it to notes.txt", [SEARCH, WRITE]
    )
    assert kinds(given) == ["text", "server_tool_use", "web_search_tool_result", "tool_use"]
    assert kinds(last) == ["text"]


def test_forced_choice_calls_each_time_and_takes_the_steps_first():
    replies = conversation(
        "First read a.txt, then write “b” to c.txt",
        [READ, WRITE],
        tool_choice={"type": "any"},
        most=3,
    )
    assert [name for step in calls(replies) for name, _ in step] == [
        "read_file",
        "write_file",
        "read_file",
    ]
    forced = conversation(
        "Use get_weather for Oslo",
        [CITY],
        tool_choice={"type": "tool", "name": "get_weather"},
        most=2,
    )
    assert calls(forced) == [[("get_weather", {"city": "Oslo"})]] * 2


def test_wrap_up_names_fields_errors_and_images():
    names = ["get_weather", "get_time", "make_chart", "find_rows"]
    tools = [WEATHER, TIME, tool("make_chart"), tool("find_rows")]
    *_, last = conversation(
        f"Use {', '.join(names)}",
        tools,
        {
            "get_weather": json.dumps({"temperature": 4, "wind": {"speed": 3, "from": "N"}}),
            "get_time": {"content": "no such zone", "is_error": True},
            "make_chart": [{"type": "text", "text": "drawn"}, image(40, 30)],
            "find_rows": json.dumps([{"id": 7, "name": "Ann"}, {"id": 8, "name": "Bob"}]),
        },
    )
    assert words(last) == (
        "Simulated by antiphon's local server. Results: make_chart: “drawn” and image ×1"
        " (PNG 40×30); find_rows: “2 ×, the first: id: 7, name: Ann”; get_weather:"
        " “temperature: 4, wind: 2 ×”; get_time: error “no such zone”."
    )


def test_structured_output_behind_results_is_made_of_them():
    schema = object_schema(temperature=NUMBER, wind_speed=NUMBER, city=TEXT)
    form = {"format": {"type": "json_schema", "schema": schema}}
    _, last = conversation(
        "What's the weather in Oslo?",
        [CITY],
        {"get_weather": json.dumps({"temperature": -4.5, "wind": {"speed": 3}})},
        output_config=form,
    )
    assert json.loads(words(last)) == {"temperature": -4.5, "wind_speed": 3, "city": "Oslo"}


def test_person_is_no_place():
    order = tool("create_order", "Create an order", customer=TEXT, city=TEXT)
    assert calls(conversation("Create an order for Anna, ship to Oslo", [order]))[0] == [
        ("create_order", {"customer": "Anna", "city": "Oslo"})
    ]


def test_earlier_turns_fill_what_the_last_one_leaves_open():
    find = tool("find_order", "Find an order", order_id=TEXT)
    turns = [
        {"role": "user", "content": "I'm Ann. My order is A-17."},
        {"role": "assistant", "content": "What about order A-99?"},
        {"role": "user", "content": "Use find_order, please."},
    ]
    replies = conversation(turns, [find])
    assert calls(replies) == [[("find_order", {"order_id": "A-17"})], []]
    form = {"format": {"type": "json_schema", "schema": object_schema(name=TEXT)}}
    (given,) = conversation(turns, [], output_config=form)
    assert json.loads(words(given)) == {"name": "Ann"}


TEXT_BLOCK = {"type": "text", "text": "Total: EUR 119.50"}


@pytest.mark.parametrize(
    "source",
    [
        TEXT_BLOCK,
        document("Total: EUR 119.50"),
        {"type": "document", "source": {"type": "content", "content": [TEXT_BLOCK]}},
        {"type": "search_result", "source": "s", "title": "t", "content": [TEXT_BLOCK]},
    ],
)
def test_structured_output_reads_what_was_sent_beside_the_request(source):
    schema = object_schema(total=NUMBER, currency=TEXT)
    form = {"format": {"type": "json_schema", "schema": schema}}
    content = [source, {"type": "text", "text": "Read this."}]
    (given,) = conversation(content, [], output_config=form)
    assert json.loads(words(given)) == {"total": 119.5, "currency": "EUR"}


def test_images_hold_no_text():
    form = {"format": {"type": "json_schema", "schema": object_schema(total=NUMBER)}}
    content = [image(4, 3), {"type": "text", "text": "Read this."}]
    (given,) = conversation(content, [], output_config=form)
    assert json.loads(words(given)) == {"total": 1}


STEPS = ["read a.txt", "get the weather in Oslo and Rome", "write it to b.txt", "tell me", "go on"]


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6), st.booleans())
@settings(max_examples=40)
def test_conversations_end_and_are_the_same_each_time(steps, single):
    choice = {"type": "auto", "disable_parallel_tool_use": single}
    first, second = (
        conversation(
            "First " + ", then ".join(steps), [READ, WRITE, CITY], most=20, tool_choice=choice
        )
        for _ in range(2)
    )
    assert first == second
    assert first[-1].stop_reason == "end_turn"
    if single:
        assert all(len(uses(each)) <= 1 for each in first)
