"""The rule book: for each rule a request that breaks it, in the API's words, and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.rules import RULES, Finding, findings, repair
from tests.support.rule_samples import GOOD, TABLE, body, call, result, talk, text


@pytest.mark.parametrize(("rule", "wrong", "words", "right"), TABLE)
def test_each_rule_in_the_words_of_the_api(rule, wrong, words, right):
    found = {finding.rule: finding for finding in reversed(list(look(wrong)))}
    assert rule in found
    assert found[rule].message.startswith(words)
    assert (found[rule].status, found[rule].type) == (
        (404, "not_found_error") if rule == "model" else (400, "invalid_request_error")
    )
    assert found[rule].remedy.endswith(".")
    assert rule not in {finding.rule for finding in look(right)}


def look(request: Any) -> Iterator[Finding]:
    return findings(request) if isinstance(request, dict) else request()


def test_every_rule_is_in_the_table():
    tried = {row[0] for row in TABLE} | {"depth"}
    assert tried == {rule.id for rule in RULES}


def test_counting_needs_no_max_tokens_and_no_model_answers_after_its_time():
    from datetime import date

    count = {name: value for name, value in GOOD.items() if name != "max_tokens"}
    assert not list(findings(count, endpoint="count_tokens"))
    old = body(model="claude-sonnet-4-5")
    assert not list(findings(old))
    (finding,) = findings(old, today=date(2026, 12, 1))
    assert finding.status == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
TYPES = [
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "search_result",
    "web_search_tool_result",
    "x",
]
NAMES = [
    "type",
    "text",
    "source",
    "content",
    "id",
    "name",
    "input",
    "tool_use_id",
    "cache_control",
    "citations",
    "data",
    "media_type",
]
odd_blocks = st.dictionaries(
    st.sampled_from(NAMES), json_values | st.sampled_from(TYPES), max_size=6
)
odd_messages = st.lists(
    st.fixed_dictionaries({
        "role": st.sampled_from(["user", "assistant", "system", "x"]) | json_values,
        "content": st.text(max_size=5) | st.lists(odd_blocks, max_size=3) | json_values,
    }),
    max_size=4,
)  # fmt: skip
FIELDS = [
    "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "stream", "stop_sequences",
    "temperature", "top_p", "top_k", "metadata", "max_tokens", "model",
]  # fmt: skip


@settings(max_examples=400)
@given(odd_messages, st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4))
def test_no_json_breaks_the_rules(messages, fields):
    for finding in findings({**GOOD, "messages": messages, **fields}):
        assert finding.message


def test_deep_nesting_is_refused_and_not_followed():
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]
    (finding,) = findings(body(metadata=deep))
    assert (finding.rule, finding.message) == ("depth", "The request body is nested too deeply")


ids = st.sampled_from(["a", "b", "c", "d"])
blocks = st.lists(
    st.builds(call, ids) | st.builds(result, ids) | st.builds(text, st.sampled_from(["x", "y"])),
    max_size=4,
)
conversations = st.lists(st.builds(lambda content: content, blocks), min_size=1, max_size=5)
PAIRING = {"tool_use.unanswered", "tool_result.orphan"}


def alternating(contents: list[Any]) -> list[dict[str, Any]]:
    """A conversation of calls by the assistant and results by the user, any of them missing."""
    messages = []
    for number, content in enumerate(contents):
        role, foreign = ("assistant", "tool_result") if number % 2 else ("user", "tool_use")
        own = [block for block in content if block["type"] != foreign]
        unique = {block.get("id", number): block for number, block in enumerate(own)}
        messages.append(
            {
                "role": role,
                "content": [text("-"), *unique.values()]
                if role == "assistant"
                else [*own, text("-")],
            }
        )
    return messages  # fmt: skip


@given(conversations)
def test_repair_leaves_no_call_alone(contents):
    mended = repair(alternating(contents))
    assert not PAIRING & {finding.rule for finding in findings(body(messages=mended))}
    assert repair(mended) == mended


def test_repair_changes_nothing_that_is_right():
    right = talk("a", [call()], [result(), text("b")], "c")["messages"]
    assert repair(right) == right


def test_repair_drops_nothing():
    mended = repair(talk("a", [call()], "and now?", [text("b")], [result("x")])["messages"])
    assert mended[2]["content"][0]["tool_use_id"] == "toolu_1"
    assert mended[2]["content"][0]["is_error"] is True
    assert mended[2]["content"][1] == text("and now?")
    assert mended[4]["content"] == [text("[result of x] seen")]
