"""Fabricated values satisfy their schemas, by the judgement of an independent validator."""

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from antiphon.local.replies.prompt_values import PromptValues
from antiphon.local.replies.regex_sample import sample_text
from antiphon.local.replies.schema_sample import sample
from tests.support.schema_strategies import LEAVES, PATTERNS, SCHEMAS, objects

PROMPTS = st.sampled_from(
    [
        "",
        "What's the weather in Paris and Tokyo in celsius?",
        "add 2 and -3.5, then mail ann@example.org about https://example.org/x",
        "rouge, 7, 0.25 and 1e9; open notes/todo.txt on 2026-11-23",
    ]
)


@given(SCHEMAS, PROMPTS, st.integers(0, 9))
@settings(max_examples=300)
def test_values_satisfy_their_schemas(schema, prompt, seed):
    value = sample(schema, PromptValues(prompt), Random(seed))
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(schema, format_checker=checker).validate(value)


@given(st.lists(objects(LEAVES), min_size=1, max_size=3), PROMPTS)
def test_schemas_that_all_hold_are_merged(parts, prompt):
    named = [
        {**part, "properties": {f"p{n}_{key}": each for key, each in part["properties"].items()}}
        for n, part in enumerate(parts)
    ]
    for part in named:
        part.pop("additionalProperties", None)
        part["required"] = list(part["properties"])
    value = sample({"allOf": named}, PromptValues(prompt), Random(0))
    Draft202012Validator({"allOf": named}).validate(value)


@given(SCHEMAS, PROMPTS)
def test_the_same_request_gets_the_same_value(schema, prompt):
    first, second = (sample(schema, PromptValues(prompt), Random(5)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "children", "next"],
            "additionalProperties": False,
        }
    },
}


def test_recursion_ends():
    value = sample(TREE, PromptValues("node 7"), Random(0))
    Draft202012Validator(TREE).validate(value)
    assert len(json.dumps(value)) < 100_000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"anyOf": [{"$ref": "#"}]},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$ref": "#/nowhere/0"},
        {"$ref": "https://example.org/elsewhere"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 3},
        {"type": "object", "properties": {c: {"$ref": "#"} for c in "abc"}, "required": [*"abc"]},
        {"enum": []},
        {"type": []},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**12},
        {"type": "object", "minProperties": 10**9},
        {"pattern": "(a{9999}){9999}"},
        {"pattern": "["},
        {"type": "number", "minimum": 5, "maximum": 1},
        {"type": "number", "minimum": float("inf")},
        {"type": "integer", "minimum": "5"},
        {"type": "object", "properties": ["a"], "required": "a"},
        {"type": "array", "minItems": "many"},
        {"anyOf": 3},
        {"$ref": "#/anyOf/0/x", "anyOf": [{"type": "null"}]},
        {"type": "integer", "minimum": 0.5, "maximum": 0.6, "multipleOf": 0.25},
        False,
    ],
)
def test_what_nothing_satisfies_still_gets_a_bounded_value(schema):
    value = sample(schema, PromptValues("9 lives in Rome"), Random(0))
    assert len(json.dumps(value)) < 10_000_000


def _object(**properties):
    return {"type": "object", "properties": properties, "required": [*properties]}


@pytest.mark.parametrize(
    ("prompt", "schema", "expected"),
    [
        (
            "Weather in San Francisco, CA?",
            _object(location={"type": "string"}),
            "San Francisco, CA",
        ),
        ("Search for “blue whales” now", _object(query={"type": "string"}), "blue whales"),
        (
            "Read https://example.org/a?b=1",
            _object(url={"type": "string"}),
            "https://example.org/a?b=1",
        ),
        ("Mail bob@example.org", _object(email={"type": "string"}), "bob@example.org"),
        ("Book 2026-12-24", _object(date={"type": "string"}), "2026-12-24"),
        ("What is 12 * (3 + 4)", _object(expression={"type": "string"}), "12 * (3 + 4)"),
        ("Open src/main.py", _object(path={"type": "string"}), "src/main.py"),
        ("A price of 9.5 please", _object(price={"type": "number"}), 9.5),
        ("in fahrenheit", _object(unit={"enum": ["celsius", "fahrenheit"]}), "fahrenheit"),
        ("anything", _object(unit={"enum": ["celsius", "fahrenheit"]}), "celsius"),
    ],
)
def test_properties_take_what_the_prompt_says(prompt, schema, expected):
    assert list(sample(schema, PromptValues(prompt), Random(0)).values()) == [expected]


def test_numbers_are_taken_in_order():
    schema = _object(a={"type": "integer"}, b={"type": "integer"})
    assert sample(schema, PromptValues("add 19 and 23"), Random(0)) == {"a": 19, "b": 23}


def test_optional_properties_are_filled_only_when_the_prompt_speaks_of_them():
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
    }
    assert sample(schema, PromptValues("a hotel in Rome"), Random(0)) == {"city": "Rome"}


def test_unique_items_differ():
    for items in ({"type": "string"}, {"type": "integer"}, {"enum": ["a", "b", "c"]}):
        schema = {"type": "array", "items": items, "minItems": 3, "uniqueItems": True}
        Draft202012Validator(schema).validate(sample(schema, PromptValues("x"), Random(0)))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_matched(pattern):
    assert re.search(pattern, sample_text(pattern))


@given(st.text("ab[]()|^$*+?{}\\d.,-12", max_size=12))
def test_no_pattern_breaks_the_generator(pattern):
    sample = sample_text(pattern)
    assert sample is None or re.search(pattern, sample)


@given(st.text(max_size=300))
def test_any_prompt_gives_clues(prompt):
    clues = PromptValues(prompt)
    for name in ("location", "url", "email", "date", "path", "expression", "symbol", "query"):
        assert clues.word(name) is None or isinstance(clues.word(name), str)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "oneOf": [
                _object(kind={"const": "a"}, x={"type": "integer"}),
                _object(kind={"const": "b"}, y={"type": "string"}),
            ]
        },
        {"anyOf": [False, {"type": "null"}, {"type": "integer"}]},
        {"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "minimum": 1}]},
        {"allOf": [{"type": "string", "maxLength": 9}, {"maxLength": 4, "minLength": 2}]},
        {"allOf": [{"enum": ["a", "b"]}, {"enum": ["c", "b"]}]},
        {"allOf": [{"type": ["string", "null"]}, {"type": ["null", "boolean"]}]},
        {
            "allOf": [
                _object(a={"type": "number", "minimum": 4}),
                _object(a={"type": "integer"}, b={"type": "boolean"}),
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
def test_combined_schemas(schema):
    value = sample(schema, PromptValues("a long prompt about nothing"), Random(0))
    Draft202012Validator(schema).validate(value)
