"""Types to schemas that the API takes, and output of those schemas back to values of the types."""

from __future__ import annotations

import json
import random
import typing
from dataclasses import dataclass, field, make_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired

import jsonschema
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel

from antiphon._wire.partial_json import PartialJSON
from antiphon.local.replies.prompt_values import PromptValues
from antiphon.local.replies.schema_sample import sample
from antiphon.outputs import format_of, output_type
from antiphon.rules import findings


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: int = 0


class Song(typing.TypedDict):
    title: str
    year: NotRequired[int]


class Album(typing_extensions.TypedDict):
    songs: list[Song]


@dataclass
class Line:
    text: str
    price: Decimal
    color: Color = Color.RED


class Invoice(BaseModel):
    number: Annotated[str, Field(pattern="^R", description="Begins with R.")]
    day: date
    lines: list[Line]
    stock: dict[str, int] = {}
    place: tuple[int, str] | None = None


@dataclass
class Tree:
    name: str
    children: list[Tree]


class Link(BaseModel):
    value: int
    following: Link | None = None


@dataclass
class Folder:
    entries: dict[str, File | Folder] = field(default_factory=dict)


@dataclass
class File:
    size: int


OBJECT = {"type": "object", "additionalProperties": False}
SONG = {
    **OBJECT,
    "title": "Song",
    "properties": {
        "title": {"type": "string", "title": "Title"},
        "year": {"type": "integer", "title": "Year"},
    },
    "required": ["title"],
}


def pairs(values: dict[str, Any], keys: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {"key": keys or {"type": "string"}, "value": values}
    pair = {**OBJECT, "properties": properties, "required": ["key", "value"]}
    return {"type": "array", "items": pair}


INTEGER, STRING = {"type": "integer"}, {"type": "string"}
SCHEMAS = [
    (int, INTEGER),
    (str, STRING),
    (bool, {"type": "boolean"}),
    (type(None), {"type": "null"}),
    (Color, {"enum": ["red", "blue"], "title": "Color"}),
    (Literal["a", 1], {"enum": ["a", 1]}),
    (int | None, {"anyOf": [INTEGER, {"type": "null"}]}),
    (list[str], {"type": "array", "items": STRING}),
    (date, {"type": "string", "format": "date"}),
    (Annotated[int, Field(ge=1)], {"type": "integer", "description": "{minimum: 1}"}),
    (dict[str, int], pairs(INTEGER)),
    (dict[str, dict[str, int]], pairs(pairs(INTEGER))),
    (dict[Literal["a", "b"], int], pairs(INTEGER, {"enum": ["a", "b"]})),
    (
        dict[Annotated[str, Field(pattern="^a")], int],
        pairs(INTEGER, {"type": "string", "description": "{pattern: ^a}"}),
    ),
    (
        tuple[int, str],
        {
            **OBJECT,
            "properties": {"item_1": INTEGER, "item_2": STRING},
            "required": ["item_1", "item_2"],
        },
    ),
    (
        Point,
        {
            **OBJECT,
            "title": "Point",
            "properties": {"x": INTEGER, "y": {**INTEGER, "description": "{default: 0}"}},
            "required": ["x"],
        },
    ),
    (Song, SONG),
]


@pytest.mark.parametrize(("kind", "schema"), SCHEMAS, ids=lambda each: str(each)[:40])
def test_the_schema_of_a_type(kind, schema):
    assert format_of(kind) == {"type": "json_schema", "schema": schema}


def test_a_model_with_all_kinds_of_fields():
    schema = format_of(Invoice)["schema"]
    properties = schema["properties"]
    assert schema["required"] == ["number", "day", "lines"]
    assert properties["number"]["description"] == "Begins with R.\n\n{pattern: ^R}"
    assert properties["lines"]["items"] == {"$ref": "#/$defs/Line"}
    assert properties["stock"] == {
        **pairs(INTEGER),
        "title": "Stock",
        "description": "{default: {}}",
    }


KINDS: list[Any] = [
    *(kind for kind, _ in SCHEMAS),
    *(Album, Line, Invoice, Tree, Link, Folder, list[Tree], dict[str, Tree], Tree | Link),
    *(list[Point], dict[Color, Point], set[int], tuple[int, ...], float, Decimal, bytes),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_api_takes_every_schema_and_its_output_is_read(kind):
    schema = format_of(kind)["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    body = {
        "model": "claude-sonnet-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "x"}],
        "output_config": {"format": format_of(kind)},
    }
    assert list(findings(body)) == []
    if "{pattern" in json.dumps(schema):
        return  # a sample of the schema does not know what the schema lost
    for prompt in ("", "4 of them", "Give me a red one, R7, on 2026-11-25"):
        output = sample(schema, PromptValues(prompt), random.Random(0))
        jsonschema.validate(output, schema)
        output_type(kind).value(json.dumps(output))


@st.composite
def kinds(draw, depth=3):
    """Return a type, a value of it, and the output that describes the value."""
    scalars = [
        (int, st.integers()),
        (str, st.text()),
        (bool, st.booleans()),
        (type(None), st.none()),
        (float, st.floats(allow_nan=False, allow_infinity=False)),
    ]
    choice = draw(st.sampled_from(["scalar", "list", "dict", "tuple", "class", "optional"]))
    if depth == 0 or choice == "scalar":
        kind, values = draw(st.sampled_from(scalars))
        value = draw(values)
        return kind, value, value
    kind, value, output = draw(kinds(depth=depth - 1))
    match choice:
        case "list":
            count = draw(st.integers(0, 2))
            return list[kind], [value] * count, [output] * count
        case "dict":
            keys = draw(st.lists(st.text(), unique=True, max_size=3))
            described = [{"key": key, "value": output} for key in keys]
            return dict[str, kind], dict.fromkeys(keys, value), described
        case "tuple":
            other, second, described = draw(kinds(depth=depth - 1))
            items = {"item_1": output, "item_2": described}
            return tuple[kind, other], (value, second), items
        case "class":
            made = make_dataclass("Made", [("inside", kind)])
            return made, made(value), {"inside": output}
        case _:
            return kind | None, value, output


@given(kinds())
def test_output_becomes_the_value_that_it_describes(drawn):
    kind, value, output = drawn
    read = output_type(kind).value(json.dumps(output))
    assert read == value
    assert type(read) is type(value)
    jsonschema.validate(output, format_of(kind)["schema"])


@given(kinds(), st.integers(1, 9))
def test_output_that_grows_is_that_of_its_text_so_far(drawn, size):
    kind, _, output = drawn
    schema = output_type(kind).schema
    text, parser, growing = json.dumps(output), PartialJSON(), schema.growing()
    for start in range(0, len(text), size):
        parser.feed(text[start : start + size])
        before = parser.value()
        grown = growing.value(before, 0)
        assert grown == schema.growing().value(before, 0)
        assert before == parser.value()
    parser.feed(" ")  # which ends a number
    assert growing.value(parser.value(), 0) == schema.restored(json.loads(text))


def test_a_type_that_contains_itself_has_five_levels():
    output = {"name": "leaf", "children": []}
    for _ in range(4):
        output = {"name": "branch", "children": [output]}
    schema = format_of(Tree)["schema"]
    jsonschema.validate(output, schema)
    read = output_type(Tree).value(json.dumps(output))
    assert read.children[0].children[0].children[0].children[0] == Tree("leaf", [])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "branch", "children": [output]}, schema)


class Bushy(BaseModel):
    a: int = 0
    b: int = 0
    c: int = 0
    d: int = 0
    e: int = 0
    f: int = 0
    parts: list[Bushy] = []


def test_a_type_of_many_optional_fields_has_fewer_levels():
    schema = format_of(Bushy)["schema"]
    assert (schema["type"], sorted(schema["$defs"])) == (
        "object",
        ["Bushy-level-2", "Bushy-level-3"],
    )


def test_a_map_of_files_and_folders():
    output = {
        "entries": [{"key": "a", "value": {"size": 1}}, {"key": "b", "value": {"entries": []}}]
    }
    jsonschema.validate(output, format_of(Folder)["schema"])
    read = output_type(Folder).value(json.dumps(output))
    assert read == Folder({"a": File(1), "b": Folder({})})


class Nest(RootModel[list["Nest"]]):
    pass


def test_a_list_of_lists_ends_in_empty_ones():
    schema = format_of(Nest)["schema"]
    output = [[[[[None]]]], []]
    jsonschema.validate(output, schema)
    assert output_type(Nest).value(json.dumps(output)).model_dump() == [[[[[]]]], []]


def test_the_output_so_far_has_the_shape_of_the_type():
    class Shop(BaseModel):
        stock: dict[str, tuple[int, str]]
        owner: dict[str, str] | list[str]

    grown = output_type(Shop).schema.growing().value
    pairs = [{"key": "a", "value": {"item_1": 1, "item_2": "b"}}, {"key": "b", "value": {}}]
    output = {"stock": [*pairs, {"key": "c"}, {}]}
    assert grown(output, 1) == {"stock": {"a": [1, "b"], "b": []}}
    output = {"stock": pairs[:1], "owner": [{"key": "x", "value": "y"}, {"key": "z"}]}
    assert grown(output, 2)["owner"] == {"x": "y"}
    assert grown({"owner": ["x"]}, 3) == {"owner": ["x"]}


class Endless(BaseModel):
    inside: Endless


class Vague(BaseModel):
    lines: list[dict[str, Any]]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Any, "the type may be anything"),
        (list, r"\[…\] may be anything"),
        (Vague, r"lines\[…\]\[…\] may be anything"),
        (Endless, "contains itself always"),
        ({"type": "string"}, "takes a type, not a schema"),
        (object(), "^output_format: <object object at .*> is no type of JSON"),
    ],
)
def test_what_has_no_schema_is_refused_with_the_place(kind, sentence):
    with pytest.raises(TypeError, match=sentence):
        format_of(kind)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: dict[str, int]


class Pet(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


def test_kinds_that_a_field_tells_apart():
    pet = format_of(Pet)["schema"]["properties"]["pet"]
    assert pet["anyOf"] == [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    assert "kind" in pet["description"]
    output = {"pet": {"kind": "dog", "tricks": [{"key": "sit", "value": 3}]}}
    assert output_type(Pet).value(json.dumps(output)).pet == Dog(kind="dog", tricks={"sit": 3})


def test_what_the_schema_lost_is_checked():
    given = {"number": "R1", "day": "2026-11-25", "lines": []}
    assert output_type(Invoice).value(json.dumps(given)).day == date(2026, 11, 25)
    with pytest.raises(ValueError, match="number"):
        output_type(Invoice).value(json.dumps({**given, "number": "7"}))


def test_a_strict_model_reads_its_dates_from_json():
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        days: dict[str, date]

    output = {"days": [{"key": "a", "value": "2026-11-25"}]}
    assert output_type(Strict).value(json.dumps(output)).days == {"a": date(2026, 11, 25)}


def test_a_long_number_in_a_map_keeps_its_digits():
    number = 12345678901234567890123
    output = [{"key": "a", "value": number}]
    assert output_type(dict[str, int]).value(json.dumps(output)) == {"a": number}


def test_a_described_reference_keeps_its_description():
    class Shirt(BaseModel):
        color: Color = Field(description="Of the front.")

    shirt = format_of(Shirt)["schema"]["properties"]["color"]
    assert shirt == {"enum": ["red", "blue"], "title": "Color", "description": "Of the front."}


def test_a_type_is_looked_at_once():
    assert output_type(Invoice) is output_type(Invoice)
