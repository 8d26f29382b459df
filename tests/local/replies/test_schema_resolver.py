"""Combined schemas become one that allows the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from antiphon.local.replies.prompt_values import PromptValues
from antiphon.local.replies.schema_sample import sample
from tests.support.schema_strategies import LEAVES, PROMPTS, object_schema, objects


@given(st.lists(objects(LEAVES), min_size=1, max_size=3), PROMPTS)
def test_value_for_all_of_satisfies_every_part(parts, prompt):
    named = [
        {**part, "properties": {f"p{n}_{key}": each for key, each in part["properties"].items()}}
        for n, part in enumerate(parts)
    ]
    for part in named:
        part.pop("additionalProperties", None)
        part["required"] = list(part["properties"])
    value = sample({"allOf": named}, PromptValues(prompt), Random(0))
    Draft202012Validator({"allOf": named}).validate(value)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "oneOf": [
                object_schema(kind={"const": "a"}, x={"type": "integer"}),
                object_schema(kind={"const": "b"}, y={"type": "string"}),
            ]
        },
        {"anyOf": [False, {"type": "null"}, {"type": "integer"}]},
        {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "minimum": 1}]},
        {"allOf": [{"type": "string", "maxLength": 9}, {"maxLength": 4, "minLength": 2}]},
        {"allOf": [{"enum": ["a", "b"]}, {"enum": ["c", "b"]}]},
        {"allOf": [{"type": ["string", "null"]}, {"type": ["null", "boolean"]}]},
        {
            "allOf": [
                object_schema(a={"type": "number", "minimum": 4}),
                object_schema(a={"type": "integer"}, b={"type": "boolean"}),
            ]
        },
        {
            "allOf": [
                {"type": "array", "items": {"type": "integer"}, "minItems": 2},
                {"items": {"minimum": 7}},
            ]
        },
        {"$defs": {"a/b%": {"type": "boolean"}}, "$ref": "#/$defs/a~1b%25"},
        {"prefixItems": [{"type": "integer"}, {"type": "null"}], "items": False},
        {"anyOf": [{"$ref": "#/anyOf/1"}, {"type": "integer", "minimum": 2}]},
        {"minimum": 2, "maximum": 2},
        {"type": "string", "maxLength": 3},
    ],
)
def test_value_for_a_combined_schema_satisfies_it(schema):
    value = sample(schema, PromptValues("a long prompt about nothing"), Random(0))
    Draft202012Validator(schema).validate(value)
