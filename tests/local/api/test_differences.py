from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.api.differences import differences, first_difference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("expected", "found", "lines"),
    [
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, ["a.1.b: expected 'x', found 'y'"]),
        ({"a": 1}, {}, ["a: missing; expected 1"]),
        ([1], [1, 2], ["1: not expected: 2"]),
        ({"a": True}, {"a": 1}, ["a: expected True, found 1"]),
        ("x", {"a": 1}, [": expected 'x', found {'a': 1}"]),
    ],
)
def test_each_difference_has_its_path(expected, found, lines):
    assert list(differences(expected, found)) == lines


def test_long_texts_are_shown_where_they_differ():
    [line] = differences({"a": "x" * 500 + "Oslo"}, {"a": "x" * 500 + "Rome"})
    assert "from character 500 on, expected '…xxxx" in line
    assert "Oslo'" in line
    assert "Rome'" in line
    assert len(line) < 200


@given(JSON, JSON)
def test_there_are_none_between_equal_values_alone(one, other):
    equal = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (list(differences(one, other)) == []) == equal


def test_the_first_character_that_differs():
    assert [first_difference("abc", text) for text in ("abd", "ab", "abc", "x")] == [2, 2, 3, 0]
