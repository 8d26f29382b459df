"""`transform_schema`: the rows of the official package's function."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel, Field

import antiphon

STRING = {"type": "string"}
DEFS = {"P": {"type": "integer", "minimum": 1}}
THREE = {"type": "integer", "multipleOf": 3}

ROWS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"type": "integer", "minimum": 1, "maximum": 5},
        {"type": "integer", "description": "{minimum: 1, maximum: 5}"},
    ),
    (
        {"type": "string", "minLength": 2, "pattern": "^a", "format": "email"},
        {"type": "string", "format": "email", "description": "{minLength: 2, pattern: ^a}"},
    ),
    (
        {"type": "string", "format": "phone"},
        {"type": "string", "description": "{format: phone}"},
    ),
    (
        {"type": "string", "pattern": "^a", "description": "D"},
        {"type": "string", "description": "D\n\n{pattern: ^a}"},
    ),
    (
        {"type": "array", "items": STRING, "minItems": 1, "maxItems": 3, "uniqueItems": True},
        {
            "type": "array",
            "items": STRING,
            "minItems": 1,
            "description": "{maxItems: 3, uniqueItems: True}",
        },
    ),
    (
        {"type": "array", "items": STRING, "minItems": 2},
        {"type": "array", "items": STRING, "description": "{minItems: 2}"},
    ),
    (
        {"oneOf": [STRING, THREE], "discriminator": {"a": 1}},
        {
            "anyOf": [STRING, {"type": "integer", "description": "{multipleOf: 3}"}],
            "description": "{discriminator: {'a': 1}}",
        },
    ),
    (
        {"anyOf": [STRING, {"type": "null"}], "default": None, "title": "T"},
        {"anyOf": [STRING, {"type": "null"}], "title": "T", "description": "{default: None}"},
    ),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {}, "additionalProperties": False},
    ),
    (
        {
            "type": "object",
            "properties": {"a": STRING},
            "patternProperties": {},
            "minProperties": 1,
        },
        {
            "type": "object",
            "properties": {"a": STRING},
            "additionalProperties": False,
            "description": "{patternProperties: {}, minProperties: 1}",
        },
    ),
    (
        {"$ref": "#/$defs/P", "description": "d", "$defs": DEFS},
        {"$defs": {"P": {"type": "integer", "description": "{minimum: 1}"}}, "$ref": "#/$defs/P"},
    ),
    (
        {"$ref": "#/definitions/P", "definitions": DEFS},
        {"$ref": "#/definitions/P"},
    ),
    (
        {"enum": ["a", "b"], "type": "string", "default": "a"},
        {"enum": ["a", "b"], "description": "{default: a}"},
    ),
    ({"const": "a", "type": "string"}, {"const": "a"}),
    ({"const": [1], "type": "array"}, {"type": "array", "description": "{const: [1]}"}),
    ({"enum": [[1], [2]], "type": "array"}, {"type": "array", "description": "{enum: [[1], [2]]}"}),
    (
        {"type": "array", "prefixItems": [STRING], "maxItems": 1, "minItems": 2},
        {
            "type": "array",
            "description": "{prefixItems: [{'type': 'string'}], maxItems: 1, minItems: 2}",
        },
    ),
    ({"allOf": [THREE]}, {"allOf": [{"type": "integer", "description": "{multipleOf: 3}"}]}),
]


@pytest.mark.parametrize(("schema", "transformed"), ROWS)
def test_a_row(schema, transformed):
    before = deepcopy(schema)
    assert antiphon.transform_schema(schema) == transformed
    assert schema == before


def test_a_class_of_pydantic_models():
    class Point(BaseModel):
        """A point."""

        x: int = Field(ge=0)

    assert antiphon.transform_schema(Point) == {
        "type": "object",
        "title": "Point",
        "description": "A point.",
        "properties": {"x": {"type": "integer", "title": "X", "description": "{minimum: 0}"}},
        "required": ["x"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema",
    [{}, {"description": "x"}, {"type": "array", "items": {}}, {"const": [1]}, {"enum": []}],
)
def test_a_schema_without_a_type_is_refused(schema):
    with pytest.raises(ValueError, match="must have a 'type'"):
        antiphon.transform_schema(schema)


@pytest.mark.parametrize("kind", [["string", "null"], "text"])
def test_an_unknown_type_is_refused(kind):
    with pytest.raises(AssertionError):
        antiphon.transform_schema({"type": kind})


def test_what_is_neither_a_schema_nor_a_model_is_refused():
    with pytest.raises(TypeError, match="json_schema: 5 is neither"):
        antiphon.transform_schema(5)
