"""Marks for the prompt cache: whatever the caller has marked, the API accepts the request."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from antiphon import Client
from antiphon._core.cache_marks import with_marks

LONG = {"type": "ephemeral", "ttl": "1h"}
MARKS = st.sampled_from([LONG, {"type": "ephemeral", "ttl": "5m"}, {"type": "ephemeral"}])
TOOL: dict[str, Any] = {"input_schema": {"type": "object"}}
TEXTS = st.sampled_from("abc")
SYSTEMS = st.sampled_from(["Be brief.", [{"type": "text", "text": "Be brief."}]])


@st.composite
def blocks(draw: st.DrawFn) -> dict[str, Any]:
    mark = draw(st.none() | MARKS)
    return {"type": "text", "text": draw(TEXTS), **({"cache_control": mark} if mark else {})}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Return a request with marks anywhere in its messages, and on up to two of its tools."""
    contents = TEXTS | st.lists(blocks(), min_size=1, max_size=4)
    turns = 2 * draw(st.integers(0, 6)) + 1
    marked = draw(st.integers(0, 2))
    return {
        "model": "claude-haiku-4-5",
        "max_tokens": 10,
        "cache_control": draw(MARKS),
        "system": draw(SYSTEMS),
        "tools": [
            {**TOOL, "name": f"f{number}", **({"cache_control": LONG} if number < marked else {})}
            for number in range(3)
        ],
        "messages": [
            {"role": ("user", "assistant")[number % 2], "content": draw(contents)}
            for number in range(turns)
        ],
    }


def unmarked(message: dict[str, Any]) -> list[Any]:
    content = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [{k: v for k, v in block.items() if k != "cache_control"} for block in content]


def marks(messages: list[Any]) -> list[Any]:
    return [b["cache_control"] for m in messages for b in m["content"] if "cache_control" in b]


@given(requests())
def test_the_api_accepts_the_marks_and_sees_nothing_else_changed(params):
    made = with_marks(params)
    assert Client(api_key="k").messages.check(**made) == []
    assert [*map(unmarked, made["messages"])] == [*map(unmarked, params["messages"])]
    others = {"messages", "cache_control"}
    assert {k: made[k] for k in made if k not in others} == {
        k: params[k] for k in params if k not in others
    }


@given(requests())
def test_the_last_message_of_the_user_is_marked(params):
    made = with_marks(params)
    assert "cache_control" in made["messages"][-1]["content"][-1]
    assert made["cache_control"]
    assert len(marks(made["messages"])) <= 3
