"""What is removed from a prompt before Claude reads it."""

from __future__ import annotations

import pytest

from antiphon.catalog.tokens import PromptTokens
from antiphon.local.metering.context_edits import edited

OPUS = "claude-opus-5"  # keeps the thinking of earlier turns in the prompt
LONG = "a result of many words " * 50


def text(role, words):
    return {"role": role, "content": words}


def used(*names, thinking=None):
    """Return the messages of one call each: the assistant's and the user's."""
    thought = [{"type": "thinking", "thinking": thinking, "signature": "s"}] if thinking else []
    messages = []
    for name in names:
        use = {"type": "tool_use", "id": name, "name": name[0], "input": {"query": LONG}}
        result = {"type": "tool_result", "tool_use_id": name, "content": LONG}
        messages += [text("assistant", [*thought, use]), text("user", [result])]
    return messages


def prompt(messages, *edits, model=OPUS):
    body = {"model": model, "messages": messages, "context_management": {"edits": [*edits]}}
    return PromptTokens(body)


def clearing(**more):
    return {"type": "clear_tool_uses_20250919", "trigger": {"type": "tool_uses", "value": 3}} | more


def contents(left, field="content"):
    return [
        block[field] == LONG
        for message in left.prompt.body["messages"]
        for block in message["content"]
        if isinstance(block, dict) and field in block
    ]


CALLS = [text("user", "go"), *used("a1", "a2", "b3", "a4", "a5")]


def test_old_results_are_cleared_and_reported():
    original = prompt(CALLS, clearing())
    left = edited(original)
    assert contents(left) == [False, False, True, True, True]
    (report,) = left.applied
    assert report == {
        "type": "clear_tool_uses_20250919",
        "cleared_tool_uses": 2,
        "cleared_input_tokens": original.total - left.prompt.total,
    }
    assert 400 < report["cleared_input_tokens"] < original.total
    inputs = [block["input"] for each in left.prompt.body["messages"] for block in each["content"]
              if isinstance(block, dict) and "input" in block]  # fmt: skip
    assert all(each == {"query": LONG} for each in inputs)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"keep": {"type": "tool_uses", "value": 0}}, [False] * 5),
        ({"keep": {"type": "tool_uses", "value": 9}}, [True] * 5),
        ({"exclude_tools": ["b"]}, [False, True, True, True, True]),
        ({"exclude_tools": ["a", "b"]}, [True] * 5),
        ({"trigger": {"type": "tool_uses", "value": 5}}, [True] * 5),
        ({"trigger": {"type": "input_tokens", "value": 500}}, [False, False, True, True, True]),
        ({"trigger": {"type": "input_tokens", "value": 50_000}}, [True] * 5),
        ({"trigger": None}, [True] * 5),
        ({"clear_at_least": {"type": "input_tokens", "value": 50_000}}, [True] * 5),
        ({"clear_at_least": {"type": "input_tokens", "value": 100}}, [False] * 2 + [True] * 3),
    ],
)
def test_triggers_and_bounds_decide_what_is_cleared(changes, kept):
    original = prompt(CALLS, clearing(**changes))
    left = edited(original)
    assert contents(left) == kept
    assert bool(left.applied) == (left.prompt is not original) == (not all(kept))


@pytest.mark.parametrize(("inputs", "cleared"), [(True, 2), (["a"], 2), (["b"], 0), (False, 0)])
def test_inputs_are_cleared_on_request(inputs, cleared):
    left = edited(prompt(CALLS, clearing(clear_tool_inputs=inputs)))
    given = [block["input"] for each in left.prompt.body["messages"] for block in each["content"]
             if isinstance(block, dict) and "input" in block]  # fmt: skip
    assert given == [{}] * cleared + [{"query": LONG}] * (5 - cleared)


THOUGHTS = [
    text("user", "one"),
    *used("a1", "a2", thinking=LONG),
    text("user", "two"),
    *used("a3", thinking=LONG),
    text("user", "three"),
    *used("a4", thinking=LONG),
]


@pytest.mark.parametrize(
    ("keep", "turns"),
    [
        (None, 2),
        ({"type": "thinking_turns", "value": 2}, 1),
        ({"type": "thinking_turns", "value": 3}, 0),
        ("all", 0),
        ({"type": "all"}, 0),
    ],
)
def test_thinking_of_old_turns_is_cleared(keep, turns):
    original = prompt(THOUGHTS, {"type": "clear_thinking_20251015", "keep": keep})
    left = edited(original)
    # The first turn thinks twice, before each of its calls.
    assert len(contents(left, "thinking")) == 4 - [0, 2, 3][turns]
    assert [each["cleared_thinking_turns"] for each in left.applied] == [turns][: bool(turns)]
    removed = sum(each["cleared_input_tokens"] for each in left.applied)
    assert removed == original.total - left.prompt.total


def test_thinking_that_the_model_drops_anyway_is_not_reported():
    edit = {"type": "clear_thinking_20251015"}
    assert edited(prompt(THOUGHTS, edit, model="claude-haiku-4-5")).applied == []


def test_edits_are_applied_in_their_order():
    left = edited(prompt(THOUGHTS, {"type": "clear_thinking_20251015"}, clearing()))
    assert [each["type"] for each in left.applied] == [
        "clear_thinking_20251015",
        "clear_tool_uses_20250919",
    ]
    assert [each.get("cleared_tool_uses") for each in left.applied] == [None, 1]


def test_messages_before_a_summary_are_dropped():
    summary = {"type": "compaction", "content": "We talked."}
    said = {"type": "text", "text": "Go on."}
    messages = [*CALLS, text("assistant", [said, summary, said]), text("user", "more")]
    left = edited(PromptTokens({"model": OPUS, "messages": messages}))
    assert left.prompt.body["messages"] == [
        text("assistant", [summary, said]),
        text("user", "more"),
    ]


def test_failed_summary_stands_for_nothing():
    failed = text("assistant", [{"type": "compaction", "content": None}])
    original = PromptTokens({"model": OPUS, "messages": [*CALLS, failed, text("user", "more")]})
    assert edited(original).prompt is original


def test_prompt_beyond_the_trigger_is_to_be_summarized():
    edit = {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}}
    assert edited(prompt([text("user", "hello " * 60_000)], edit)).compaction == edit
    assert edited(prompt([text("user", "hello")], edit)).compaction is None
    without = {"type": "compact_20260112"}
    assert edited(prompt([text("user", "hello " * 100_000)], without)).compaction is None
