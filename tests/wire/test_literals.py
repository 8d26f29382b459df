"""Numbers and texts that remember how they were written."""

from __future__ import annotations

import copy
import json
import math
import pickle
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon._wire.json import dumps
from antiphon._wire.json_writer import Writer, refused
from antiphon._wire.literals import ExactNumber, ExactText, read_exactly

digits = st.text("0123456789", min_size=1, max_size=30)
numbers = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    digits.map(lambda text: text.lstrip("0") or "0"),
    st.just("") | digits.map(".{}".format),
    st.just("")
    | st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), digits),
)
halves = [r"\ud83d", r"\ude0b"]
texts = st.lists(st.sampled_from([*halves, "a", "é", r"\n", "\\\\", '\\"']), max_size=6).map(
    "".join
)


def reference(value: object) -> bytes:
    return Writer(refused, sort=False).written(value)


@pytest.mark.parametrize("write", [dumps, reference])
@given(numbers)
@example("1e-05")
@example("1e+16")
def test_a_number_is_written_as_it_was_read(write, literal):
    assert write(read_exactly(f"[{literal}]")) == f"[{literal}]".encode()


@given(numbers)
def test_a_number_has_the_value_that_python_gives_it(literal):
    assert read_exactly(literal) == json.loads(literal)


@pytest.mark.parametrize("write", [dumps, reference])
@given(texts)
def test_a_text_is_written_as_it_was_read(write, text):
    for value in (f'"{text}"', f'{{"{text}":"{text}"}}'):
        read = read_exactly(value)
        assert json.loads(write(read)) == json.loads(value)
        print(str(read).encode())  # nothing that is read breaks an output


@given(texts)
def test_pairs_are_characters_and_others_show_as_unknown(text):
    paired = re.sub(r"\\ud83d\\ude0b", "\U0001f60b", text)
    shown = paired.replace(halves[0], "\ufffd").replace(halves[1], "\ufffd")
    assert read_exactly(f'"{text}"') == json.loads(f'"{shown}"')


def test_what_loses_nothing_is_plain():
    read = read_exactly('{"a": [1, 2.5, 0.0001, "x", "\\ud83d\\ude0b", 18446744073709551616]}')
    assert {type(value) for value in read["a"]} == {int, float, str}


@pytest.mark.parametrize(
    "literal", ["1.10", "1e400", "-1E-400", "-0", "1e5", "0.00001", "9" * 5000, "1" * 400 + ".5"]
)
def test_what_would_be_lost_remembers_its_literal(literal):
    number = read_exactly(literal)
    assert isinstance(number, ExactNumber)
    for kept in (number, copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert (kept.literal, kept) == (literal.encode(), float(literal))


def test_numbers_out_of_range_are_infinite():
    assert math.isinf(read_exactly("1e400"))
    assert json.loads(json.dumps(read_exactly("1.10"))) == 1.1


def test_a_text_with_half_a_pair_remembers_it():
    text = read_exactly(r'"a\ud83d"')
    for kept in (text, copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert isinstance(kept, ExactText)
        assert (kept, kept.literal) == ("a\ufffd", rb'"a\ud83d"')


@pytest.mark.parametrize(
    "text", ["", "{", "nan", "[" * 201 + "1" + "]" * 201, "[" * 100_000, '{"a":' * 100_000]
)
def test_what_is_not_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        read_exactly(text)
