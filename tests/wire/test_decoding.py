"""The forgiving model, on a small vocabulary of its own."""

import copy
import json
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Discriminator

from antiphon._wire.decoding import (
    Decoder,
    OrUnknown,
    ResponseModel,
    Timestamp,
    Unknown,
    WireModel,
)
from antiphon._wire.literals import read_exactly


class Leaf(WireModel):
    type: Literal["leaf"]
    size: int
    grown: Timestamp | None = None
    colour: Literal["red", "green"] | None = None


class Twig(WireModel):
    type: Literal["twig"]
    leaves: list[Leaf]


Part = Annotated[Leaf | Twig, Discriminator("type"), OrUnknown()]


class Tree(ResponseModel):
    parts: list[Part]
    height: int


def leaf(**fields: Any) -> Leaf:
    return Leaf.from_value({"type": "leaf", "size": 1, **fields})


@pytest.mark.parametrize("size", ["1", True, 1.0, None, [1], {"type": "leaf"}, 10**30])
def test_no_value_is_ever_coerced(size: Any) -> None:
    for read in (leaf(size=size), Leaf.decode(json.dumps({"type": "leaf", "size": size}))):
        assert (type(read.size), read.size) == (type(size), size)


def test_a_list_of_known_values_is_open() -> None:
    assert Leaf(type="leaf", size=1, colour="blue").colour == "blue"  # type: ignore[arg-type]
    assert leaf(colour="blue").colour == "blue"


def test_only_kinds_that_are_not_known_are_unknown() -> None:
    tree = Tree.from_value(
        {"height": 1, "parts": [{"type": "root", "deep": 3}, {"type": "twig"}, {"deep": 4}, 5]}
    )
    root, twig, nameless, number = (part for part in tree.parts)
    assert (type(root), root.model_extra) == (Unknown, {"deep": 3})
    assert isinstance(twig, Twig)
    assert twig.leaves is None
    assert isinstance(nameless, Unknown)
    assert nameless.to_dict() == {"deep": 4}
    assert number == 5
    with pytest.raises(ValueError, match="leaves"):
        Tree(height=1, parts=[{"type": "twig"}])  # type: ignore[list-item]


leaves = st.fixed_dictionaries(
    {"type": st.just("leaf"), "size": st.integers()}, optional={"colour": st.none() | st.text()}
)
parts = leaves | st.fixed_dictionaries({"type": st.just("twig"), "leaves": st.lists(leaves)})


@given(st.lists(parts))
def test_a_flaw_elsewhere_changes_nothing_here(parts: list[dict[str, Any]]) -> None:
    sound = Tree.from_value({"height": 1, "parts": parts})
    flawed = Tree.from_value({"height": "tall", "parts": [*parts, {"type": "leaf"}]})
    assert flawed.parts[:-1] == sound.parts
    assert [part.model_fields_set for part in flawed.parts[:-1]] == [
        part.model_fields_set for part in sound.parts
    ]


def test_one_of_several_is_decoded() -> None:
    part: Decoder[Leaf | Twig] = Decoder(Part)
    assert isinstance(part.decode(b'{"type": "leaf", "size": 1}'), Leaf)
    assert isinstance(part.decode('{"type": "leaf"}'), Leaf)
    assert isinstance(part.from_value({"type": "bud"}), Unknown)
    with pytest.raises(ValueError, match="object"):
        part.from_value([])  # type: ignore[arg-type]


@given(st.datetimes() | st.datetimes(timezones=st.just(UTC)), st.sampled_from(["T", " "]))
def test_a_time_keeps_its_text(moment: datetime, separator: str) -> None:
    text = moment.isoformat(separator)
    read = leaf(grown=text)
    assert read.grown == moment
    assert read.to_dict(mode="python")["grown"] == moment
    for kept in (read, copy.deepcopy(read), pickle.loads(pickle.dumps(read))):
        assert kept.to_dict()["grown"] == text
    assert Leaf(type="leaf", size=1, grown=moment).to_dict()["grown"] == moment.isoformat()


def test_what_is_made_from_a_time_is_written_anew() -> None:
    grown = leaf(grown="2026-08-19T14:49:30Z").grown
    assert grown is not None
    later = leaf().model_copy(update={"grown": grown + timedelta(days=1)})
    later.model_fields_set.add("grown")
    assert later.to_dict()["grown"] == "2026-08-20T14:49:30+00:00"
    assert pickle.loads(pickle.dumps(grown.replace(year=2027))).year == 2027


@pytest.mark.parametrize("grown", ["soon", "", 5, True, {}])
def test_what_is_no_time_is_kept(grown: Any) -> None:
    assert leaf(grown=grown).grown == grown


def test_threads_may_meet_a_class_for_the_first_time_together() -> None:
    program = """
import json, sys, threading
sys.setswitchinterval(1e-6)
from antiphon.types import Message, TextBlock, decode_event
value = {"id": "m", "content": [{"type": "text", "text": "x"}, {"type": "text"}, {"type": "new"}]}
raw, together, failed = json.dumps(value), threading.Barrier(16), []
def meet(number):
    together.wait()
    try:
        if number % 4 == 0:
            TextBlock.from_value({"type": "text", "text": "x"})
        if number % 4 == 1:
            decode_event('{"type": "ping"}')
        for _ in range(20):
            assert json.loads(Message.decode(raw).to_json()) == value
    except BaseException as failure:
        failed.append(repr(failure))
threads = [threading.Thread(target=meet, args=(number,)) for number in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failed)
"""
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


ODD = [
    '{"type": "leaf", "size": 1, "colour": "a\\ud83d"}',
    '{"type": "twig", "leaves": [{"type": "leaf", "size": 1, "note": "\\ude0b!"}], "a": 1.10}',
    '{"type": "leaf", "size": ' + "9" * 5000 + "}",
    '{"\\ud83d": 1}',
]


@pytest.mark.parametrize("text", ODD)
def test_what_python_cannot_hold_is_kept_all_the_same(text: str) -> None:
    part: Decoder[Leaf | Twig] = Decoder(Part)
    for raw in (text, text.encode(), b"\xef\xbb\xbf" + text.encode(), "\ufeff" + text):
        read: Any = part.decode(raw)
        for kept in (read, copy.deepcopy(read), pickle.loads(pickle.dumps(read))):
            assert kept.to_json(indent=None) == text.replace(": ", ":").replace(", ", ",")
            assert read_exactly(kept.to_json()) == read_exactly(text)
            assert part.decode(kept.to_json()) == read
            repr(kept).encode()
            str(kept.to_dict()).encode()


def test_surrogates_show_as_unknown_characters() -> None:
    read = Leaf.decode('{"type": "leaf", "size": 1, "colour": "a\\ud83d", "b": "\\ud83d\\ude0b"}')
    assert (read.colour, read.b) == ("a\ufffd", "\U0001f60b")  # type: ignore[attr-defined]
    assert read.model_dump()["colour"] == "a\ufffd"


def test_what_was_changed_is_written_as_it_is_now() -> None:
    read = Leaf.decode('{"type": "leaf", "size": 1, "colour": "a\\ud83d"}')
    read.size = 2
    assert read.to_dict() == {"type": "leaf", "size": 2, "colour": "a\ufffd"}
    assert json.loads(read.to_json()) == read.to_dict()


def test_what_is_exported_is_not_shared() -> None:
    read = Leaf.decode('{"type": "leaf", "size": 1, "a": {"b": "\\ud83d"}}')
    exported: Any = read.to_dict()
    exported["a"]["b"] = "changed"
    assert json.loads(read.to_json())["a"] == {"b": "\ud83d"}


def test_text_indented_by_us_looks_as_that_of_pydantic() -> None:
    plain = Tree.decode('{"parts": [{"type": "twig", "leaves": []}, {"type": "x", "y": {}}]}')
    odd = Tree.decode('{"parts": [{"type": "twig", "leaves": []}, {"type": "\\ud83d", "y": {}}]}')
    for indent in (None, 0, 2, 3):
        written = odd.to_json(indent=indent)
        assert written.replace("\\ud83d", "x") == plain.to_json(indent=indent)


class Measured(WireModel):
    weight: float


def test_a_float_may_be_an_int_and_one_that_no_float_can_hold_stays_one():
    assert repr(Measured.decode('{"weight": 10}').weight) == "10.0"
    assert Measured.decode('{"weight": 1e300}').weight == 1e300
    assert Measured.decode(f'{{"weight": {2**53 + 1}}}').weight == 2**53 + 1
    assert Measured.from_value({"weight": -(2**53) - 1}).weight == -(2**53) - 1
