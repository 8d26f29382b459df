"""One spelling of JSON values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog.canonical_json import canonical
from tests.support.request_samples import JSON

ORDINARY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(ORDINARY)
def test_ordinary_value_is_compact_json(value):
    assert canonical(value).decode() == json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@given(st.dictionaries(st.text(), JSON))
def test_order_of_keys_counts_only_without_sort(value):
    turned = dict(reversed(value.items()))
    assert canonical(value, sort=True) == canonical(turned, sort=True)
    assert (canonical(value) == canonical(turned)) is (list(value) == list(turned))


def nested(depth: int) -> object:
    value: object = "\ud800"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\ud800", "\ud801"),
        (10**60, 10**60 + 1),
        ([10**60, [1]], [10**60, 1]),
        ([10**60, {"a": 1}], [10**60, ["a", 1]]),
        (nested(2_000), nested(2_001)),
    ],
)
def test_values_that_json_writers_refuse_have_their_own_spelling(one, other):
    assert canonical(one) == canonical(one)
    assert canonical(one) != canonical(other)


def test_sort_reaches_values_that_json_writers_refuse():
    assert canonical({"b": 10**60, "a": 1}, sort=True) == canonical(
        {"a": 1, "b": 10**60}, sort=True
    )
    assert canonical({"b": 10**60, "a": 1}) != canonical({"a": 1, "b": 10**60})
