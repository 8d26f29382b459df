"""Values of earlier results, by name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.replies.result_values import ResultValues, parsed_json
from tests.support.request_samples import JSON


def result(value, **more):
    content = value if isinstance(value, str) else json.dumps(value)
    return {"type": "tool_result", "content": content, **more}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("customer_id", 7),
        ("id", 7),
        ("order_ids", 1),
        ("order_total", 9.5),
        ("total", 9.5),
        ("temperature_c", 4),
        ("temperature", 4),
        ("paid", False),
        ("unknown", None),
        ("", None),
    ],
)
def test_values_are_found_by_the_words_on_the_way_to_them(name, value):
    found = ResultValues.of(
        [
            ("get_weather", result({"temperature": 4})),
            (
                "list_orders",
                result({"orders": [{"id": 1, "total": 9.5}, {"id": 2}], "paid": False}),
            ),
            ("find_customer", result({"id": 7, "name": None})),
        ]
    )
    assert found.find(name) == value


def test_latest_result_wins_and_errors_hold_nothing():
    found = ResultValues.of(
        [
            ("f", result({"size": 1})),
            ("f", result({"size": 2})),
            ("f", result({"size": 3}, is_error=True)),
        ]
    )
    assert found.find("size") == 2
    assert found.text == '{"size": 1}\n{"size": 2}'


def test_text_is_that_of_the_last_tool():
    assert (
        ResultValues.of([("f", result("a")), ("g", result("b")), ("g", result("c"))]).text == "b\nc"
    )
    assert ResultValues.of([]).text == ""


def test_rows_are_the_objects_of_a_list():
    rows = ResultValues.of([("f", result({"n": 1, "rows": [{"a": 1}, {"a": 2}]}))]).rows
    assert [row.find("a") for row in rows] == [1, 2]
    assert ResultValues.of([("f", result([1, 2]))]).rows == []


def test_json_in_a_prompt_counts_last():
    found = ResultValues.of([("f", result({"a": 1}))], ['Grade this: {"a": 2, "b": 3} Thanks!'])
    assert (found.find("a"), found.find("b")) == (1, 3)


@given(st.text() | JSON.map(json.dumps))
def test_any_text_is_read(text):
    assert parsed_json(text) is None or isinstance(parsed_json(text), dict | list)
    ResultValues.of([("f", result(text))], [text]).find("a")
