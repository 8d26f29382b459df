"""Why a cached prefix was not found: what is said, and that the local server agrees."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon import Client, explain_cache_miss
from antiphon.types import Message

LONG = "You answer in one sentence. " * 400
MODEL = "claude-sonnet-4-6"
MARK = {"type": "ephemeral"}


def ask(system: str = LONG, *turns: str, **changes: Any) -> dict[str, Any]:
    """Return a request whose system prompt and last turn are to be cached."""
    return {
        "model": MODEL,
        "max_tokens": 10,
        "system": [{"type": "text", "text": system, "cache_control": MARK}],
        "cache_control": MARK,
        "messages": [
            {"role": "assistant" if n % 2 else "user", "content": turn}
            for n, turn in enumerate(turns or ("Hello",))
        ],
        **changes,
    }


def tool(description: str = "Tell the weather.") -> dict[str, Any]:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"name": "weather", "description": description, "input_schema": schema}


def test_a_date_in_the_system_prompt_is_found_to_the_character():
    today = f"Today is Tuesday, 2026-11-24, and all is well. {LONG}"
    found = explain_cache_miss(ask(today), ask(today.replace("-24", "-25")))
    assert found.reason == "system_changed"
    assert found.path == "system[0].text"
    assert found.character == today.index("-24") + 2
    assert found.before == "…'ay is Tuesday, 2026-11-24, and all is well. You '…"
    assert found.read_tokens == 0
    assert found.missed_tokens == found.cached_tokens > 2_000
    # Three dollars a million tokens; writing costs a quarter more, reading a tenth.
    assert found.cost == found.missed_tokens * Decimal("3.45") / 1_000_000
    assert str(found) == (
        f"system[0].text, character {found.character} ended the cached prefix (system_changed).\n"
        f"  before: {found.before}\n"
        f"  after:  {found.after}\n"
        f"  missed: {found.missed_tokens:,} of {found.cached_tokens:,} cached tokens,"
        f" ${found.cost:.6f} more than a read"
    )


def test_a_conversation_that_grows_misses_nothing():
    found = explain_cache_miss(ask(LONG, "Hello"), ask(LONG, "Hello", "Hi", "How are you?"))
    assert found.reason is None
    assert found.missed_tokens == 0
    assert found.cost == 0
    assert str(found).startswith("Nothing was missed")


def test_what_is_before_the_difference_is_read():
    found = explain_cache_miss(ask(LONG, LONG), ask(LONG, f"{LONG}!"))
    assert found.reason == "messages_changed"
    assert found.path == "messages[0].content"
    assert found.character == len(LONG)
    assert 0 < found.read_tokens < found.cached_tokens


@pytest.mark.parametrize(
    ("before", "after", "reason", "path"),
    [
        ({}, {"model": "claude-opus-4-8"}, "model_changed", "model"),
        ({}, {"tools": [tool()]}, "tools_changed", "tools[0]"),
        ({"tools": [tool()]}, {"tools": []}, "tools_changed", "tools[0]"),
        (
            {"tools": [tool()]},
            {"tools": [tool("Tell it.")]},
            "tools_changed",
            "tools[0].description",
        ),
        (
            {"tools": [tool()]},
            {"tools": [dict(reversed(tool().items()))]},
            "tools_changed",
            "tools[0]",
        ),
        ({"tools": [tool()]}, {"tools": [tool()] * 2}, "tools_changed", "tools[1]"),
        ({}, {"tool_choice": {"type": "any"}}, "tool_choice_changed", "tool_choice"),
        (
            {},
            {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            "thinking_changed",
            "thinking",
        ),
        ({}, {"system": LONG[1:]}, "system_changed", "system"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "b"}]}]},
            "messages_changed",
            "messages[0].content[0].text",
        ),
    ],
)
def test_the_place_is_named(before, after, reason, path):
    found = explain_cache_miss({**ask(), **before}, {**ask(), **after, "cache_control": MARK})
    assert (found.reason, found.path) == (reason, path)
    assert found.missed_tokens > 0
    assert path in str(found)


def test_a_turn_that_is_gone_is_named():
    found = explain_cache_miss(ask(LONG, "a", "b", "c"), ask(LONG, "a"))
    assert (found.reason, found.path) == ("messages_changed", "messages[1].content")
    assert (found.before, found.after) == ("{'type': 'text', 'text': 'b'}", "nothing")


def test_requests_that_cache_nothing_say_so():
    plain = {"model": MODEL, "messages": [{"role": "user", "content": LONG}]}
    assert explain_cache_miss(plain, plain).reason == "nothing_cached"
    short = explain_cache_miss(ask("Be brief."), ask("Be brief."))
    assert short.reason == "too_short"
    assert "at least 1,024" in str(short)
    assert (short.cached_tokens, short.cost) == (0, 0)


def test_a_second_request_without_a_mark_says_so():
    unmarked = deepcopy(ask())
    del unmarked["cache_control"], unmarked["system"][0]["cache_control"]
    found = explain_cache_miss(ask(), unmarked)
    assert found.reason == "no_breakpoint"
    # They are paid for as new input, and not written.
    assert found.cost == found.missed_tokens * Decimal("2.7") / 1_000_000


def test_a_mark_that_is_too_far_away_says_so():
    before = ask(LONG, LONG)
    del before["system"][0]["cache_control"]
    turns = [LONG, *["word"] * 30]
    after = ask(LONG, *turns)
    del after["system"][0]["cache_control"]
    assert explain_cache_miss(before, after).reason == "too_far"


def test_a_model_without_a_price_has_no_cost():
    found = explain_cache_miss(ask(model="some-model"), ask(f"x{LONG}", model="some-model"))
    assert found.missed_tokens
    assert found.cost is None
    assert "more than a read" not in str(found)


def test_messages_of_claude_may_be_objects():
    message = Message.from_value(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
    )
    first = ask(LONG, "Hello")
    longer = {**first, "messages": [*first["messages"], message, {"role": "user", "content": "?"}]}
    assert explain_cache_miss(first, longer).reason is None


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_what_is_no_request_is_refused(missing):
    wrong = ask()
    del wrong[missing]
    with pytest.raises(TypeError, match=f"next: a request has '{missing}'"):
        explain_cache_miss(ask(), wrong)


CHANGES = [
    {},
    {"tools": [tool()]},
    {"tools": [tool("Tell it.")]},
    {"tools": [tool()], "tool_choice": {"type": "any"}},
    {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000},
    {"cache_control": {"type": "ephemeral", "ttl": "5m"}},
]
requests = st.builds(
    lambda changes, lead, words: (changes, lead, words),
    st.sampled_from(CHANGES),
    st.sampled_from(["", "x"]),
    st.lists(st.sampled_from(["one", "two", LONG[:4000]]), min_size=1, max_size=7),
)
numbers = count()


@settings(max_examples=60)
@given(requests, requests)
def test_the_local_server_finds_as_much(server, one, other):
    client = Client(api_key="k", base_url=server.url)
    number = next(numbers)  # no other test has left this prompt in the cache

    def made(changes: dict[str, Any], lead: str, words: list[str]) -> dict[str, Any]:
        turns = words[: len(words) - (len(words) + 1) % 2]  # Claude's turn is not the last
        return {**ask(f"{lead}{number} {LONG}", *turns), **changes}

    before, after = made(*one), made(*other)
    client.messages.create(**before)
    read = client.messages.create(**after).usage.cache_read_input_tokens
    found = explain_cache_miss(before, after)
    # A forced tool has more tokens around it; the same prefix then counts by the choice of each.
    forced = before.get("tool_choice") != after.get("tool_choice")
    assert abs(found.read_tokens - read) <= (120 if forced and read else 0)
    assert (found.reason is None) == (found.missed_tokens == 0)
