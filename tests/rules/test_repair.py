"""Repaired conversations: every call has its result, every result its call, nothing is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from antiphon.rules import findings, repair
from tests.support.rule_samples import body, call, result, talk, text

PAIRING = {"tool_use.unanswered", "tool_result.orphan"}

ids = st.sampled_from(["a", "b", "c", "d"])
blocks = st.lists(
    st.builds(call, ids) | st.builds(result, ids) | st.builds(text, st.sampled_from(["x", "y"])),
    max_size=4,
)
conversations = st.lists(blocks, min_size=1, max_size=5)


def alternating(contents: list[Any]) -> list[dict[str, Any]]:
    """Return a conversation of calls and results, any of them missing."""
    messages = []
    for number, content in enumerate(contents):
        role, foreign = ("assistant", "tool_result") if number % 2 else ("user", "tool_use")
        own = [block for block in content if block["type"] != foreign]
        if role == "assistant":
            unique = {block.get("id", number): block for number, block in enumerate(own)}
            said = [text("-"), *unique.values()]
        else:
            said = [*own, text("-")]
        messages.append({"role": role, "content": said})
    return messages


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
