"""Where replies end."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from antiphon._wire.partial_json import PartialJSON
from antiphon.catalog.tokens import count_text
from tests.support.replies import HAIKU, OPUS, reply, words


def test_reply_to_max_tokens_0_is_empty():
    given = reply("hello", max_tokens=0)
    assert (given.content, given.stop_reason, given.output_tokens) == ([], "max_tokens", 0)


def test_a_stop_sequence_ends_the_text_before_it():
    given = reply("hello", stop_sequences=["never said", " local", "antiphon's"])
    assert words(given) == "Simulated by "
    assert (given.stop_reason, given.stop_sequence) == ("stop_sequence", "antiphon's")


@given(st.lists(st.text("abl' .", min_size=1, max_size=4), max_size=4))
def test_no_stop_sequence_is_left_in_the_text(sequences):
    given = reply("a ball", stop_sequences=sequences)
    assert not any(each in words(given) for each in sequences)
    assert (given.stop_reason == "stop_sequence") is (given.stop_sequence in sequences)
    assert words(reply("a ball", stop_sequences=sequences[:0])).startswith(words(given))


@given(st.integers(1, 80), st.sampled_from([HAIKU, OPUS]))
def test_reply_keeps_to_max_tokens(budget, model):
    whole = reply("What is the capital of France?", model)
    given = reply("What is the capital of France?", model, max_tokens=budget)
    assert given.output_tokens == min(budget, whole.output_tokens)
    assert given.stop_reason == ("end_turn" if whole.output_tokens <= budget else "max_tokens")
    assert words(whole).startswith(words(given))
    assert count_text(model, words(given)) <= budget


@given(st.integers(1, 60))
def test_tool_input_is_cut_as_raw_text_and_as_far_as_it_can_be_read(budget):
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}}
    tool = {"name": "f", "input_schema": {**schema, "required": ["a", "b"]}}
    forced = {"tools": [tool], "tool_choice": {"type": "any"}}
    whole, given = reply("x 5", **forced), reply("x 5", **forced, max_tokens=budget)
    if whole.output_tokens <= budget:
        assert (given.stop_reason, given.raw_inputs) == ("tool_use", {})
        return
    assert given.stop_reason == "max_tokens"
    for index, raw_input in given.raw_inputs.items():
        assert json.dumps(whole.content[0]["input"]).startswith(raw_input)
        partial = PartialJSON()
        partial.feed(raw_input)
        assert given.content[index]["input"] == partial.value()
