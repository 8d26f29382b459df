"""What a function becomes as a tool: its name, its description, the schema of its arguments.

The schemas are those that the official package makes, key by key and in its order.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Optional

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

import antiphon


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Model(BaseModel):
    """A model."""

    n: int = Field(ge=1)
    t: str = "x"


class Pair(TypedDict):
    a: int
    b: NotRequired[str]


@dataclass
class Data:
    """Some data."""

    a: int
    b: str = "x"


class Tree(BaseModel):
    children: list[Tree] = []


def google(a: int, b: str = "x", c: Optional[float] = None):  # noqa: UP045
    """Do a thing.

    More of it.

    Args:
        a (str): The first,
            continued.
        b: The second.
        c: The third.
        d: Of something that is not there.

    Returns:
        str: What it did.

    Raises:
        ValueError: never.
    """


def untyped(x, y=3): ...
def choices(c: Color, l: Literal["a", "b"], n: int | str | None): ...  # noqa: E741
def models(p: Model, ps: list[Model], m: dict[str, int]): ...
def lists(t: Pair, xs: list[str] = [], tp: tuple[int, str] = (1, "a"), s: set[int] = set()): ...  # noqa: B006
def limits(
    a: Annotated[int, Field(ge=1, le=5, description="AA")],
    d: dt.datetime,
    b: bool = False,
    by: bytes = b"",
): ...
def nothing(): ...
def data(d: Data): ...
def anything(a: Any, o: object, xs: list, m: dict): ...  # type: ignore[type-arg]
def recursive(t: Tree): ...


class Counter:
    def count(self, a: int) -> int:
        return a


NUMBER = {"type": "integer"}
MODEL = {
    "description": "A model.",
    "properties": {
        "n": {"minimum": 1, "title": "N", "type": "integer"},
        "t": {"default": "x", "title": "T", "type": "string"},
    },
    "required": ["n"],
    "title": "Model",
    "type": "object",
}
ROWS = [
    (
        google,
        {
            "a": {"description": "The first,\ncontinued.", "title": "A", "type": "integer"},
            "b": {"default": "x", "description": "The second.", "title": "B", "type": "string"},
            "c": {
                "anyOf": [{"type": "number"}, {"type": "null"}],
                "default": None,
                "description": "The third.",
                "title": "C",
            },
        },
        ["a"],
        {},
    ),
    (untyped, {"x": {"title": "X"}, "y": {"default": 3, "title": "Y"}}, ["x"], {}),
    (
        choices,
        {
            "c": {"$ref": "#/$defs/Color"},
            "l": {"enum": ["a", "b"], "title": "L", "type": "string"},
            "n": {
                "anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}],
                "title": "N",
            },
        },
        ["c", "l", "n"],
        {"Color": {"enum": ["red", "blue"], "title": "Color", "type": "string"}},
    ),
    (
        models,
        {
            "p": {"$ref": "#/$defs/Model"},
            "ps": {"items": {"$ref": "#/$defs/Model"}, "title": "Ps", "type": "array"},
            "m": {"additionalProperties": NUMBER, "title": "M", "type": "object"},
        },
        ["p", "ps", "m"],
        {"Model": MODEL},
    ),
    (
        lists,
        {
            "t": {"$ref": "#/$defs/Pair"},
            "xs": {"default": [], "items": {"type": "string"}, "title": "Xs", "type": "array"},
            "tp": {
                "default": [1, "a"],
                "maxItems": 2,
                "minItems": 2,
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "title": "Tp",
                "type": "array",
            },
            "s": {
                "default": [],
                "items": NUMBER,
                "title": "S",
                "type": "array",
                "uniqueItems": True,
            },
        },
        ["t"],
        {
            "Pair": {
                "properties": {
                    "a": {"title": "A", "type": "integer"},
                    "b": {"title": "B", "type": "string"},
                },
                "required": ["a"],
                "title": "Pair",
                "type": "object",
            }
        },
    ),
    (
        limits,
        {
            "a": {
                "description": "AA",
                "maximum": 5,
                "minimum": 1,
                "title": "A",
                "type": "integer",
            },
            "d": {"format": "date-time", "title": "D", "type": "string"},
            "b": {"default": False, "title": "B", "type": "boolean"},
            "by": {"default": "", "format": "binary", "title": "By", "type": "string"},
        },
        ["a", "d"],
        {},
    ),
    (nothing, {}, None, {}),
    (
        data,
        {"d": {"$ref": "#/$defs/Data"}},
        ["d"],
        {
            "Data": {
                "description": "Some data.",
                "properties": {
                    "a": {"title": "A", "type": "integer"},
                    "b": {"default": "x", "title": "B", "type": "string"},
                },
                "required": ["a"],
                "title": "Data",
                "type": "object",
            }
        },
    ),
    (
        anything,
        {
            "a": {"title": "A"},
            "o": {"title": "O"},
            "xs": {"items": {}, "title": "Xs", "type": "array"},
            "m": {"additionalProperties": True, "title": "M", "type": "object"},
        },
        ["a", "o", "xs", "m"],
        {},
    ),
    (
        recursive,
        {"t": {"$ref": "#/$defs/Tree"}},
        ["t"],
        {
            "Tree": {
                "properties": {
                    "children": {
                        "default": [],
                        "items": {"$ref": "#/$defs/Tree"},
                        "title": "Children",
                        "type": "array",
                    }
                },
                "title": "Tree",
                "type": "object",
            }
        },
    ),
    (Counter().count, {"a": {"title": "A", "type": "integer"}}, ["a"], {}),
]


@pytest.mark.parametrize(("func", "properties", "required", "defs"), ROWS)
def test_a_signature_becomes_a_schema(func, properties, required, defs):
    expected: dict[str, object] = {
        **({"$defs": defs} if defs else {}),
        "additionalProperties": False,
        "properties": properties,
        **({"required": required} if required else {}),
        "type": "object",
    }
    schema = antiphon.tool(func).input_schema
    assert json.dumps(schema) == json.dumps(expected)


ASK: Any = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


@pytest.mark.parametrize("func", [models, lists, limits, data, recursive])
def test_a_strict_tool_has_a_schema_that_the_api_compiles(func, client):
    as_it_is = {**antiphon.tool(func).to_dict(), "strict": True}
    assert client.messages.check(**ASK, tools=[as_it_is]) != []
    assert client.messages.check(**ASK, tools=[antiphon.tool(func, strict=True)]) == []


def test_the_input_of_a_strict_tool_is_turned_back():
    @antiphon.tool(strict=True)
    def f(scores: dict[str, int], size: tuple[int, str], tree: Tree) -> object:
        return scores, size, tree

    sent = {
        "scores": [{"key": "a", "value": 1}],
        "size": {"item_1": 1, "item_2": "b"},
        "tree": {"children": [{}]},
    }
    assert f.call(sent) == ({"a": 1}, (1, "b"), Tree(children=[Tree()]))


def test_what_a_strict_schema_cannot_say_is_still_checked():
    @antiphon.tool(strict=True)
    def f(p: Model) -> None: ...

    assert f.input_schema["$defs"]["Model"]["properties"]["n"] == {
        "type": "integer",
        "description": "{minimum: 1}",
        "title": "N",
    }
    with pytest.raises(antiphon.ToolInputError, match=r"p\.n: .*greater than or equal to 1"):
        f.call({"p": {"n": 0}})


def test_a_strict_tool_needs_a_type_for_every_argument():
    with pytest.raises(TypeError, match="tool untyped: strict=True: x may be anything"):
        antiphon.tool(untyped, strict=True)


def test_a_schema_that_is_given_as_a_dict_is_sent_as_it_is():
    schema = {"type": "object", "minProperties": 1}
    assert antiphon.tool(untyped, strict=True, input_schema=schema).input_schema == schema
    described = antiphon.tool(untyped, strict=True, input_schema=Model).input_schema
    assert described["additionalProperties"] is False
