"""Tools as they are made, sent and called."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import datetime as dt
import functools
import inspect
import json
import logging
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from antiphon import AsyncFunctionTool, FunctionTool, Tool, ToolError, ToolInputError, tool

ASK: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Use get_weather for Bern."}],
}


class Place(BaseModel):
    city: str
    zone: int = Field(default=0, ge=-12, le=12)


@tool
def get_weather(place: Place, days: int = 1) -> str:
    """Tell the weather."""
    return f"{place.city}: {days} days of sun"


@tool
async def later(a: int) -> int:
    await asyncio.sleep(0)
    return a + 1


def test_a_tool_is_called_with_the_input_of_a_call_or_like_its_function():
    assert get_weather.call({"place": {"city": "Bern"}, "days": "2"}) == "Bern: 2 days of sun"
    assert get_weather(Place(city="Bern"), 3) == "Bern: 3 days of sun"
    assert isinstance(get_weather, FunctionTool)
    assert not get_weather.is_async


def test_an_async_function_becomes_an_async_tool():
    assert isinstance(later, AsyncFunctionTool)
    assert later.is_async
    assert asyncio.run(later.call({"a": "1"})) == 2
    assert asyncio.run(later(1)) == 2


def test_the_definition_has_the_options_that_were_given():
    @tool(
        strict=False,
        input_examples=iter([{"a": 1}]),
        eager_input_streaming=True,
        allowed_callers=["direct"],
        cache_control={"type": "ephemeral"},
        defer_loading=True,
        description="Other",
        name="other",
        input_schema={"type": "object"},
    )
    def f(**anything: int) -> dict[str, int]:
        """Something."""
        return anything

    expected = {
        "name": "other",
        "description": "Other",
        "input_schema": {"type": "object"},
        "defer_loading": True,
        "cache_control": {"type": "ephemeral"},
        "allowed_callers": ["direct"],
        "eager_input_streaming": True,
        "input_examples": [{"a": 1}],
        "strict": False,
    }
    assert json.dumps(f.to_dict()) == json.dumps(expected) == json.dumps(f.to_dict())
    assert f.call({"b": "1"}) == {"b": 1}


def test_a_type_can_describe_the_input():
    @tool(input_schema=Place)
    def f(city: str, zone: int = 0) -> str:
        return city

    assert f.input_schema == Place.model_json_schema()


def test_descriptions_come_from_annotations_and_docstrings():
    @tool
    def f(
        a: Annotated[int, "plain"], b: Annotated[int, Field(description="field")], c: int, d: int
    ) -> None:
        """Do it.

        :param a: not this
        :param b: not this
        :param c: the third
        """

    properties = f.input_schema["properties"]
    assert [properties[name].get("description") for name in "abcd"] == [
        "plain",
        "field",
        "the third",
        None,
    ]


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\n    More.\n\n    Args:\n        a: The a.\n\n    Returns:\n        All.\n    ",
        "Do it.\n\n    More.\n\n    Parameters\n    ----------\n    a : int\n        The a.\n    ",
        "Do it.\n\n    More.\n\n    :param a: The a.\n    :returns: All.\n    ",
    ],
)
def test_docstrings_of_every_style_are_read(docstring):
    def f(a: int) -> None: ...

    f.__doc__ = docstring
    made = tool(f)
    assert made.description == "Do it.\n\nMore."
    assert made.input_schema["properties"]["a"]["description"] == "The a."


def test_names_of_the_place_are_found():
    class Local(BaseModel):
        a: int

    @tool
    def f(p: Local) -> int:
        return p.a

    @tool(name="g")
    def g(p: list[Local]) -> int:
        return p[0].a

    assert f.call({"p": {"a": 1}}) == g.call({"p": [{"a": 1}]}) == 1


class Account:
    def __init__(self, balance: int) -> None:
        self.balance = balance

    @tool
    def pay(self, amount: int) -> int:
        """Pay."""
        self.balance -= amount
        return self.balance

    @tool(name="pay_later")
    async def pay_async(self, amount: int) -> int:
        return self.balance - amount

    def plain(self, amount: int) -> int:
        return amount


def test_methods_become_tools_of_their_object():
    one, two = Account(10), Account(100)
    assert (one.pay.call({"amount": 3}), two.pay.call({"amount": 3})) == (7, 97)
    assert one.pay(2) == 5
    assert one.pay.to_dict() == Account.pay.to_dict()
    assert list(one.pay.input_schema["properties"]) == ["amount"]
    assert list(inspect.signature(one.pay).parameters) == ["amount"]
    assert asyncio.run(two.pay_async.call({"amount": 1})) == 96
    assert tool(one.plain).call({"amount": 1}) == 1


def test_partials_and_callable_objects_become_tools():
    class Greeter:
        """Greet."""

        def __call__(self, name: str) -> str:
            return f"Grüezi {name}"

    class Later:
        """Not this."""

        async def __call__(self, a: int) -> int:
            """Wait."""
            return a

    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    greet, add_one = tool(Greeter()), tool(functools.partial(add, b=1))
    assert (greet.name, greet.description) == ("Greeter", "Greet.")
    assert greet.call({"name": "Heidi"}) == "Grüezi Heidi"
    assert (add_one.name, add_one.description, add_one.call({"a": 2})) == ("add", "Add.", 3)
    assert tool(Later()).description == "Wait."
    assert asyncio.run(tool(Later()).call({"a": 1})) == 1


def test_decorated_functions_become_tools():
    @tool
    @functools.cache
    def double(a: int) -> int:
        """Double."""
        return 2 * a

    class Shop:
        @tool
        @staticmethod
        def price(name: str) -> int:
            return len(name)

        @classmethod
        def count(cls, names: list[str]) -> int:
            return len(names)

    assert (double.description, double.call({"a": "2"}), double(3)) == ("Double.", 4, 6)
    assert Shop.price.call({"name": "a"}) == Shop().price.call({"name": "b"}) == 1
    assert tool(Shop.count).call({"names": ["a"]}) == 1


def test_a_tool_looks_like_its_function_and_survives_copies():
    assert inspect.signature(get_weather) == inspect.signature(get_weather.func)
    assert (get_weather.__name__, get_weather.__doc__) == ("get_weather", "Tell the weather.")
    assert repr(get_weather) == "FunctionTool(name='get_weather')"
    assert pickle.loads(pickle.dumps(get_weather)) is get_weather
    assert copy.deepcopy(get_weather) is get_weather


def no_names(*values: int) -> None: ...
def any_names(**values: int) -> None: ...
def by_position(a: int, /) -> None: ...
def callback(a: int, done: Callable[[int], None]) -> None: ...
def unknown(a: int, b: logging.Logger) -> None: ...
def größe() -> None: ...


@contextlib.contextmanager
def opened() -> Iterator[Callable[[int], int]]:
    yield abs


@contextlib.asynccontextmanager
async def opened_later() -> AsyncIterator[Callable[[int], int]]:
    yield abs


@pytest.mark.parametrize(
    ("func", "error", "text"),
    [
        (no_names, TypeError, r"tool no_names: .* \*values "),
        (any_names, TypeError, r"tool any_names: .* \*\*values "),
        (by_position, TypeError, "tool by_position: .*cannot name 'a'"),
        (
            callback,
            TypeError,
            "tool callback: the argument 'done' has a type without a form in JSON",
        ),
        (unknown, TypeError, "tool unknown: the argument 'b' has a type without a form in JSON"),
        (größe, ValueError, "tool 'größe': .*name="),
        (lambda a: a, ValueError, "tool '<lambda>': .*name="),
        (opened, TypeError, "opened .* makes a context manager"),
        (opened_later, TypeError, "opened_later .* makes a context manager"),
        (len, TypeError, "tool len: .*cannot name 'obj'"),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_refused_at_once(func, error, text):
    with pytest.raises(error, match=text):
        tool(func)


def test_an_annotation_of_something_that_is_not_there_is_refused_at_once():
    def f(a: Missing) -> None: ...  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(NameError, match=r"tool f: an annotation names 'Missing'.*TYPE_CHECKING"):
        tool(f)


def test_an_async_function_is_no_tool_that_is_not_awaited():
    with pytest.raises(TypeError, match="is async; use"):
        FunctionTool(later.func)


class Appointment(BaseModel, strict=True):
    day: dt.date


def test_a_strict_model_is_read_as_json():
    @tool
    def f(when: Appointment) -> dt.date:
        return when.day

    assert f.call({"when": {"day": "2026-01-02"}}) == dt.date(2026, 1, 2)
    assert f.call({"when": Appointment(day=dt.date(2026, 1, 2))}) == dt.date(2026, 1, 2)
    with pytest.raises(ToolInputError, match=r"when\.day: "):
        f.call({"when": {"day": "soon"}})


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="did you mean 'description'"):
        tool(descripton="x")(no_names)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("input", "problems"),
    [
        ({}, ["- place: it is required, and missing"]),
        ({"place": {}}, ["- place.city: it is required, and missing"]),
        (
            {"place": {"city": "a", "zone": 99}, "days": "many"},
            [
                "- place.zone: Input should be less than or equal to 12; got a number",
                "- days: Input should be a valid integer, unable to parse string as an integer;"
                " got a string",
            ],
        ),
        (
            {"place": {"city": None}, "when": 1},
            [
                "- place.city: Input should be a valid string; got null",
                "- when: there is no such argument; there are: place, days",
            ],
        ),
    ],
)
def test_a_wrong_input_is_told_argument_by_argument(input, problems):
    with pytest.raises(ToolInputError) as caught:
        get_weather.call(input)
    first, *others = str(caught.value).splitlines()
    assert first == "Invalid arguments for function get_weather:"
    assert others == problems
    assert caught.value.content == str(caught.value)
    assert isinstance(caught.value, (ToolError, ValueError))


def test_the_values_of_a_wrong_input_are_in_no_traceback(caplog):
    secret = "hunter" + "2"
    with caplog.at_level(0):
        try:
            get_weather.call({"place": {"city": 5}, "days": secret})
        except ToolInputError:
            logging.getLogger("mine").exception("failed")
    assert secret not in caplog.text
    assert "days: Input should be" in caplog.text


def test_an_error_inside_of_the_function_is_not_a_wrong_input():
    @tool
    def f(a: int) -> None:
        Place.model_validate({})

    with pytest.raises(ValueError, match="Place") as caught:
        f.call({"a": 1})
    assert not isinstance(caught.value, ToolInputError)


@pytest.mark.parametrize("input", ["{}", None, [1]])
def test_an_input_that_is_no_dict_is_refused(input):
    with pytest.raises(
        TypeError, match=r"Input must be a dictionary, got .*, for the tool get_weather"
    ):
        get_weather.call(input)


def test_mutable_defaults_are_not_shared_between_calls():
    @tool
    def f(a: int, seen: list[int] = []) -> list[int]:  # noqa: B006
        seen.append(a)
        return seen

    assert (f.call({"a": 1}), f.call({"a": 2})) == ([1], [2])


def test_tools_go_into_every_method_as_they_are(server, client):
    before = len(server.requests)
    client.messages.create(**ASK, tools=[get_weather])
    client.messages.create(**ASK, tools=(get_weather for _ in range(1)), stream=True).close()
    with client.messages.stream(**ASK, tools=[get_weather]) as stream:
        stream.until_done()
    client.messages.count_tokens(model=ASK["model"], messages=ASK["messages"], tools=[later])
    client.beta.messages.create(**ASK, tools=[get_weather, later])
    client.messages.parse(**ASK, tools=[get_weather])
    client.messages.batches.create(
        requests=[{"custom_id": "a", "params": {**ASK, "tools": [get_weather]}}]
    )
    assert client.messages.check(**ASK, tools=[get_weather]) == []
    bodies = [request.body for request in server.requests[before:]]
    sent = [body["requests"][0]["params"] if "requests" in body else body for body in bodies]
    assert [body["tools"][0] for body in sent] == [
        each.to_dict()
        for each in [
            get_weather,
            get_weather,
            get_weather,
            later,
            get_weather,
            get_weather,
            get_weather,
        ]
    ]


def test_a_tool_of_your_own_has_a_definition_and_a_call():
    class Memory(Tool):
        def to_dict(self):
            return {"type": "memory_20250818", "name": "memory"}

        def call(self, input):
            return input["command"]

    memory = Memory()
    assert (memory.name, memory.is_async, memory.close()) == ("memory", False, None)
    assert memory.call({"command": "view"}) == "view"
