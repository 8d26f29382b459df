from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import from_json

from antiphon._wire.json import dumps
from antiphon._wire.partial_json import PartialJSON, read_object

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=4)
layouts = st.fixed_dictionaries(
    {"indent": st.sampled_from([None, 1]), "ensure_ascii": st.booleans()}
)


def read(*texts: str) -> Any:
    reader = PartialJSON()
    for text in texts:
        reader.feed(text)
    return reader.value()


def is_beginning(part: Any, whole: Any) -> bool:
    """Whether `whole` can be what `part` was cut from."""
    if isinstance(part, dict) and isinstance(whole, dict):
        names = list(whole)[: len(part)]
        return list(part) == names and all(is_beginning(part[k], whole[k]) for k in names)
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(is_beginning, part, whole))
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    return bool(type(part) is type(whole) and part == whole)


@given(objects, layouts, st.integers(1, 7))
@example({"a": "\U0001f30d"}, {"ensure_ascii": True}, 1)
@example({"a": [1, [{}, []]], "": ""}, {}, 2)
def test_the_whole_text_is_the_value_and_every_part_a_beginning(value, layout, size):
    text = json.dumps(value, **layout)
    reader = PartialJSON()
    for start in range(0, len(text), size):
        reader.feed(text[start : start + size])
        assert is_beginning(reader.value(), value)
    assert reader.value() == value


@given(objects, layouts, st.data())
def test_how_it_was_cut_does_not_matter(value, layout, data):
    text = json.dumps(value, **layout)
    end = data.draw(st.integers(0, len(text)))
    middle = data.draw(st.integers(0, end))
    assert read(text[:middle], text[middle:end]) == read(text[:end])


@given(objects, st.data())
def test_nothing_that_can_be_read_is_left_out(value, data):
    """Compared to a parser that reads all text anew, on cuts that no number ends at."""
    text = json.dumps(value, ensure_ascii=False)
    end = data.draw(st.integers(1, len(text)))
    if text[end - 1] in ' ,:[]{}"':
        assert read(text[:end]) == from_json(text[:end], allow_partial="trailing-strings")


@given(st.text(alphabet='{}[]",:\\ud83dtrue1.5- \nx\x00'), st.integers(1, 5))
def test_text_that_is_not_json_is_read_up_to_the_fault(text, size):
    reader = PartialJSON()
    for start in range(0, len(text), size):
        reader.feed(text[start : start + size])
        reader.value()
    try:
        value = from_json(text)
    except ValueError:
        return
    assert isinstance(value, int | float | bool) or value is None or reader.value() == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        (" ", {}),
        ("{", {}),
        ('{"a', {}),
        ('{"a":', {}),
        ('{"a": "', {"a": ""}),
        ('{"a": 1', {}),
        ('{"a": 1 ', {"a": 1}),
        ('{"a": tru', {}),
        ('{"a": "x\\', {"a": "x"}),
        ('{"a": "x\\u00e', {"a": "x"}),
        ('{"a": "x\\ud83d\\ude0', {"a": "x"}),
        ('{"a": "\\ud83d"}', {"a": ""}),
        ('{"a": [1, {"b": [', {"a": [1, {"b": []}]}),
        ('{"a": 1}}}', {"a": 1}),
        ('{"a": 1, nope: 2, "b": 3}', {"a": 1}),
        ('{"a": 1, "b": nope, "c": 3}', {"a": 1}),
        ('{"a": [1}', {"a": [1]}),
        ('{{"a": 1}', {}),
        ('{"a": ' + "1" * 10_000 + "}", {}),
    ],
)
def test_cut_and_faulty_texts(text, value):
    assert read(text) == value
    assert read(*text) == value


def test_a_value_stays_what_it_was():
    reader = PartialJSON()
    reader.feed('{"a": [1, ')
    before = reader.value()
    reader.feed('2, "three')
    assert before == {"a": [1]}
    assert reader.value() == {"a": [1, 2, "three"]}


def test_text_that_is_nested_deeper_than_json_is_read_is_read_up_to_there():
    value = read('{"a": ' * 300 + "1" + "}" * 300)
    depth = 0
    while isinstance(value, dict) and value:
        value, depth = value["a"], depth + 1
    assert depth == 199
    assert read("[" * 100_000) != {}


def test_an_object_is_read_with_its_literals():
    value, flaw = read_object('{"a": 1.10, "b": [1e400], "c": "\\ud83d"}')
    assert flaw is None
    assert dumps(value) == b'{"a":1.10,"b":[1e400],"c":"\\ud83d"}'


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 1}}', '"a"', "{}{}"])
def test_what_is_no_object_has_a_flaw(text):
    value, flaw = read_object(text)
    assert isinstance(value, dict)
    assert flaw
