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
