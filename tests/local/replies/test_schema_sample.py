"""Samples satisfy their schemas, by the judgement of an independent validator."""

from __future__ import annotations

import json
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from antiphon.local.replies.prompt_values import PromptValues
from antiphon.local.replies.result_values import ResultValues
from antiphon.local.replies.schema_sample import sample
from tests.support.schema_strategies import JUDGED_SCHEMAS, PROMPTS, SCHEMAS, object_schema


@given(SCHEMAS, PROMPTS, st.integers(0, 9))
@settings(max_examples=300)
def test_values_satisfy_their_schemas(schema, prompt, seed):
    value = sample(schema, PromptValues(prompt), Random(seed))
    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(schema, format_checker=checker).validate(value)


@given(JUDGED_SCHEMAS, PROMPTS)
@settings(max_examples=150)
def test_values_satisfy_what_only_a_validator_can_judge(schema, prompt):
    Draft202012Validator(schema).validate(sample(schema, PromptValues(prompt), Random(1)))


@pytest.mark.parametrize(
    ("schema", "loaded"),
    [
        (object_schema(a={"type": "string"}, b={"anyOf": [{"type": "null"}]}), set()),
        (object_schema(a={"type": "string", "pattern": "^a+$"}), {"rstr"}),
        (object_schema(a={"not": {"const": 1}}), {"jsonschema"}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"const": 1}}}}, {"jsonschema"}),
    ],
)
def test_libraries_are_loaded_when_a_schema_needs_them(schema, loaded):
    code = (
        "import sys; from random import Random;"
        "from antiphon.local.replies.prompt_values import PromptValues;"
        "from antiphon.local.replies.schema_sample import sample;"
        f"sample({schema!r}, PromptValues('x'), Random(0)); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"rstr", "jsonschema"} & set(run.stdout.split()) == loaded


def test_without_jsonschema_values_are_taken_as_they_are_made():
    code = (
        "import sys; sys.modules['jsonschema'] = None; from random import Random;"
        "from antiphon.local.replies.prompt_values import PromptValues;"
        "from antiphon.local.replies.schema_sample import sample;"
        "print(sample({'type': 'integer', 'not': {'const': 1}}, PromptValues('x'), Random(0)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1\n"


def test_schemas_elsewhere_are_not_fetched(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_: pytest.fail("fetched"))
    schema = object_schema(a={"$ref": "https://schemas.example/a.json"}, b={"not": {"const": 1}})
    assert set(sample(schema, PromptValues(""), Random(0))) == {"a", "b"}


def test_references_that_multiply_are_not_judged():
    doubled = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)} | {
        "d60": {"not": {}}
    }
    assert sample({"$ref": "#/$defs/d0", "$defs": doubled}, PromptValues(""), Random(0)) is not None


@given(SCHEMAS, PROMPTS)
def test_same_prompt_and_seed_give_the_same_value(schema, prompt):
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


def test_recursive_schema_gets_a_bounded_value():
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
def test_impossible_schema_still_gets_a_bounded_value(schema):
    value = sample(schema, PromptValues("9 lives in Rome"), Random(0))
    assert len(json.dumps(value)) < 10_000_000


@pytest.mark.parametrize(
    ("prompt", "schema", "expected"),
    [
        (
            "Weather in San Francisco, CA?",
            object_schema(location={"type": "string"}),
            "San Francisco, CA",
        ),
        ("Search for “blue whales” now", object_schema(query={"type": "string"}), "blue whales"),
        (
            "Read https://example.org/a?b=1",
            object_schema(url={"type": "string"}),
            "https://example.org/a?b=1",
        ),
        ("Mail bob@example.org", object_schema(email={"type": "string"}), "bob@example.org"),
        ("Book 2026-12-24", object_schema(date={"type": "string"}), "2026-12-24"),
        ("What is 12 * (3 + 4)", object_schema(expression={"type": "string"}), "12 * (3 + 4)"),
        ("Open src/main.py", object_schema(path={"type": "string"}), "src/main.py"),
        ("A price of 9.5 please", object_schema(price={"type": "number"}), 9.5),
        ("in fahrenheit", object_schema(unit={"enum": ["celsius", "fahrenheit"]}), "fahrenheit"),
        ("anything", object_schema(unit={"enum": ["celsius", "fahrenheit"]}), "celsius"),
        ("yes or no? No: no way", object_schema(said={"enum": ["yes", "no"]}), "no"),
        ("Due on 3 December 2026", object_schema(due_date={"type": "string"}), "2026-12-03"),
        ("Pay EUR 1,234.50 at once", object_schema(total={"type": "number"}), 1234.5),
        ("Total: EUR 1,234.50", object_schema(total={"type": "number"}), 1234.5),
        ("Total: EUR 1,234.50", object_schema(currency={"type": "string"}), "EUR"),
        ("3 rooms for 2 nights", object_schema(nights={"type": "integer"}), 2),
        ("Newsletter: no", object_schema(newsletter={"type": "boolean"}), False),
        ("Where is order A-1042?", object_schema(order_id={"type": "string"}), "A-1042"),
        ("Say hello to Ann Lee", object_schema(name={"type": "string"}), "Ann Lee"),
        ("ISBN 978-3", object_schema(isbn={"type": "string", "pattern": "^978-[0-9]$"}), "978-3"),
        ("code red", object_schema(code={"type": "string", "pattern": "^[0-9]{3}$"}), "000"),
        (
            "Sort 3, 1 and 2",
            object_schema(numbers={"type": "array", "items": {"type": "integer"}}),
            [3, 1, 2],
        ),
        (
            "Mix red, green and blue",
            object_schema(colours={"type": "array", "items": {"type": "string"}}),
            ["red", "green", "blue"],
        ),
    ],
)
def test_properties_get_fitting_values_of_the_prompt(prompt, schema, expected):
    assert list(sample(schema, PromptValues(prompt), Random(0)).values()) == [expected]


def test_descriptions_tell_what_names_do_not():
    schema = object_schema(
        order={"type": "string", "description": "The number of the order."},
        bought={"type": "string", "description": "The day, as in 2026-11-25."},
        note={"type": "string", "description": "The id or date of anything"},
    )
    made = sample(schema, PromptValues("On 2026-11-03 I bought a lamp, order A-17."), Random(0))
    assert (made["order"], made["bought"]) == ("A-17", "2026-11-03")


def test_addresses_are_told_by_their_numbers():
    schema = object_schema(address={"type": "string"})
    for address in ("Lindenweg 4, 3006 Bern", "12 Main Street, Springfield"):
        values = PromptValues(f"I live at {address}. Call me!")
        assert sample(schema, values, Random(0)) == {"address": address}


PERSON = object_schema(name={"type": "string"}, age={"type": "integer"}, city={"type": "string"})
ANNA = {"name": "Anna", "age": 34, "city": "Oslo"}
BOB = {"name": "Bob", "age": 41, "city": "Rome"}


@pytest.mark.parametrize(
    "prompt",
    [
        "Anna, 34, Oslo",
        "Extract the person: Anna, 34, Oslo.",
        "Anna is 34 years old and lives in Oslo.",
        "My name is Anna, I am 34 and I live in Oslo",
        "city: Oslo\nage: 34\nname: Anna",
        'Who is this? {"name": "Anna", "age": 34, "city": "Oslo"}',
    ],
)
def test_person_is_found_in_any_form(prompt):
    values = PromptValues(prompt, results=ResultValues.of((), [prompt]))
    assert sample(PERSON, values, Random(0)) == ANNA


@pytest.mark.parametrize(
    "prompt",
    [
        "Anna, 34, Oslo\nBob, 41, Rome",
        "name,age,city\nAnna,34,Oslo\nBob,41,Rome",
        "| age | name | city |\n| 34 | Anna | Oslo |\n| 41 | Bob | Rome |",
    ],
)
def test_rows_of_a_table_are_the_items_of_a_list(prompt):
    schema = object_schema(people={"type": "array", "items": PERSON})
    assert sample(schema, PromptValues(prompt), Random(0)) == {"people": [ANNA, BOB]}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Paid on 2026-11-03", {"paid": "2026-11-03", "due": None, "state": None, "sum": None}),
        (
            "Date: 2026-11-03, due: 2026-12-03, open; sum: 3",
            {"paid": "2026-12-03", "due": "2026-12-03", "state": "open", "sum": 3},
        ),
    ],
)
def test_what_may_be_null_is_null_unless_the_prompt_says_it(prompt, expected):
    date = {"type": "string", "format": "date"}
    schema = object_schema(
        paid=date,
        due={"anyOf": [date, {"type": "null"}]},
        state={"anyOf": [{"enum": ["open", "closed"]}, {"type": "null"}]},
        sum={"type": ["number", "null"]},
    )
    made = sample(schema, PromptValues(prompt), Random(0))
    assert {**made, "paid": expected["paid"]} == expected


def test_numbers_of_the_prompt_are_used_in_order():
    schema = object_schema(a={"type": "integer"}, b={"type": "integer"})
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
