"""JSON is written and read the same way with orjson and without it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import OrderedDict
from enum import Enum, IntEnum
from json import JSONDecodeError
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon import NOT_GIVEN, omit
from antiphon._wire import json_faults
from antiphon._wire.json import dumps, encode, loads
from antiphon._wire.json_writer import LongText, NotJSONError, Writer, refused
from antiphon._wire.literals import read_exactly
from tests.support.imports import loaded_by

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def reference(value: Any, default: Any = refused, *, sort: bool = False) -> bytes:
    return Writer(default, sort=sort).written(value)


@given(values, st.booleans())
def test_both_writers_say_the_same(value, sort):
    assert json.loads(dumps(value, sort=sort)) == value
    assert json.loads(reference(value, sort=sort)) == value
    assert read_exactly(reference(value, sort=sort)) == read_exactly(dumps(value, sort=sort))


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()


class Pair(NamedTuple):
    a: object
    b: object


@pytest.mark.parametrize("write", [encode, reference], ids=["usual", "reference"])
@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Colour.RED, b'"red"'),
        (Level.HIGH, b"3"),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Text("a"), b'"a"'),
        (OrderedDict(a=1), b'{"a":1}'),
        ((1, (2,)), b"[1,[2]]"),
        ({"a": omit, "b": [NOT_GIVEN, 1, omit], "c": {"d": omit}}, b'{"b":[1],"c":{}}'),
        ([omit], b"[]"),
        (2**64, b"18446744073709551616"),
        ([None, True, False, -0.0, 1e16], b"[null,true,false,-0.0,1e+16]"),
        ("\x7f\u2028é\U0001f30d\x00", '"\x7f\u2028é\U0001f30d\\u0000"'.encode()),
        (LongText("ab"), b'"ab"'),
        ([LongText('"é'), LongText("")], '["\\"é",""]'.encode()),
    ],
)
def test_all_that_may_stand_in_a_request_is_written(write, value, written):
    assert write(value) == written


@pytest.mark.parametrize("write", [encode, reference], ids=["usual", "reference"])
def test_default_is_asked_about_everything_else(write):
    def default(value: object) -> object:
        return ["pair", *value] if isinstance(value, Pair) else refused(value)

    assert write({"a": Pair(1, Pair(2, 3))}, default) == b'{"a":["pair",1,["pair",2,3]]}'


@pytest.mark.parametrize("write", [encode, reference], ids=["usual", "reference"])
@pytest.mark.parametrize(
    ("value", "path", "said"),
    [
        ({"a": [0, {"b": math.nan}]}, ("a", 1, "b"), "nan is not a JSON number"),
        ({"a": [None, -math.inf]}, ("a", 1), "-inf is not a JSON number"),
        ({"a": {"b": object()}}, ("a", "b"), "object is not JSON"),
        ({"a": {1: 2}}, ("a", 1), "a key must be a str, not int"),
        ({"a": {Colour.RED: 2}}, ("a", Colour.RED), "a key must be a str, not Colour"),
        (["\ud800"], (0,), "surrogates"),
        ([LongText("a" * 40_000 + "\ud800")], (0,), "surrogates"),
        ({"\udfff": 1}, ("\udfff",), "surrogates"),
        (omit, (), "omit stands where a value must be"),
        ([10**5000], (0,), "digits"),
    ],
)
def test_what_is_not_json_is_refused_with_its_path(write, value, path, said):
    with pytest.raises(NotJSONError, match=said) as raised:
        write(value)
    assert raised.value.path == path


@pytest.mark.parametrize("write", [encode, reference], ids=["usual", "reference"])
def test_values_nested_without_end_are_refused(write):
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotJSONError, match="refers to itself"):
        write(loop)
    deep: Any = 1
    for _ in range(250):
        deep = [deep]
    assert json.loads(write(deep)) == deep


ATOMS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    " ",
    "\n",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude0b",
    "\\n",
    "\\x",
    "\\u00e9",
    "\\u12",
    "1",
    "0",
    "-",
    "+",
    ".",
    "e",
    "E",
    "12",
    "1e400",
    "true",
    "tru",
    "t",
    "false",
    "nul",
    "null",
    "n",
    '"a"',
    '"k":',
    "é",
    "\x01",
    "\t",
    "x",
    '{"a":1}',
    "[1,2]",
    "NaN",
    '"\\ud83d\\ude0b"',
    "1.5",
    "\ufeff",
    "01",
]
garbled = st.lists(st.sampled_from(ATOMS), max_size=9).map("".join)


def outcome(read: Any, text: str | bytes) -> object:
    try:
        return repr(read(text))
    except JSONDecodeError as fault:
        return str(fault)


@given(garbled)
@example("[" * 2000)
@example('"\\ud800\\')
@example('"\\ude0b\\u')
@example('"\\ud83d\\u12')
def test_both_readers_refuse_the_same_texts_with_the_same_words(text):
    assert outcome(json_faults.read, text) == outcome(orjson.loads, text)


@given(values)
def test_both_readers_read_the_same(value):
    text = json.dumps(value)
    if all(len(digits) < 19 for digits in text.split()):
        assert outcome(json_faults.read, text) == outcome(orjson.loads, text)


def test_bytes_that_are_no_text_are_refused_with_the_same_words():
    for text in (b'"\xff"', b"\xff", b'"\xe2\x82"'):
        assert outcome(json_faults.read, text) == outcome(orjson.loads, text)


def test_importing_loads_neither_orjson_nor_pydantic():
    loaded = loaded_by("import antiphon._wire.json")
    assert not {name for name in loaded if name.startswith(("orjson", "pydantic"))}


TESTS_OF_JSON = [
    "tests/core/test_request_body.py",
    "tests/local/api/test_app.py",
    "tests/local/metering",
    "tests/client/test_calls.py",
]


@pytest.mark.slow
def test_everything_works_where_orjson_is_not_installed():
    program = f"""
import sys
sys.modules["orjson"] = None  # imports of it fail
import pytest
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *{TESTS_OF_JSON!r}]))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_reading_uses_what_is_there():
    assert loads(b'{"a":[1,2.5,"x"]}') == {"a": [1, 2.5, "x"]}
    with pytest.raises(ValueError, match="line 1 column 2"):
        loads("{")
