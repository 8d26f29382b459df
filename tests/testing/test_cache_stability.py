"""Requests of one conversation, and what breaks the prefix that they share."""

from __future__ import annotations

import copy

import pytest

from antiphon import Client, cached
from antiphon.local import InProcess
from antiphon.testing import assert_cache_stable

MARK = {"cache_control": {"type": "ephemeral"}}
TOOLS = [{"name": "weather", "input_schema": {"type": "object"}}, {"name": "time"}]


def body(*contents, **fields):
    messages = [
        {"role": ("user", "assistant")[index % 2], "content": content}
        for index, content in enumerate(contents)
    ]
    return {"model": "claude-haiku-4-5", "messages": messages, **fields}


def text(text, **more):
    return {"type": "text", "text": text, **more}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [body("a")],
        [body("a"), body("a", "b", "c"), body("a", "b", "c", "d", "e")],
        [body("a"), body([text("a")], "b", "c")],
        [body([text("a", **MARK)]), body([text("a")], "b", [text("c", **MARK)])],
        # Behind the last mark everything may change.
        [body("x", system=[text("s", **MARK)]), body("y", system=[text("s", **MARK), text("t")])],
        [body("a", tools=TOOLS, system="s"), {}, body("a", "b", "c", tools=TOOLS, system="s")],
    ],
)
def test_what_only_grows_is_stable(requests):
    assert_cache_stable(requests)


def renamed(tools):
    changed = copy.deepcopy(tools)
    changed[1]["name"] = "clock"
    return changed


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            body("a", system="Be brief. It is 2026-11-23."),
            body("a", "b", "c", system="Be brief. It is 2026-11-24."),
            "system.text: character 25 changed, 'ief. It is 2026-11-23.' became",
        ),
        (body("a"), body("b"), "messages.0.content.text: character 0 changed, 'a' became 'b'"),
        (
            body("a", [text("b")], "c"),
            body("a", [text("b", citations=[])], "c", "d", "e"),
            "messages.1.content.0.citations: not expected",
        ),
        (body("a", tools=TOOLS), body("a", tools=renamed(TOOLS)), "tools.1.name: character 0"),
        (body("a", tools=TOOLS), body("a", tools=TOOLS[:1]), "tools.1: messages.0.role stands in"),
        (body("a", "b", "c"), body("a"), "messages.1.role: it is missing"),
        (body("a"), body("a", model="claude-opus-5"), "model: 'claude-haiku-4-5' became"),
        (
            body("a", system=[text("s", **MARK)]),
            body("a", system=[text("S", **MARK)]),
            "system.0.text: character 0 changed",
        ),
    ],
)
def test_what_breaks_the_prefix_is_named(before, after, says):
    with pytest.raises(AssertionError, match="Request 2 does not begin like request 1") as caught:
        assert_cache_stable([before, after])
    assert says in str(caught.value)


def test_the_requests_of_a_server_are_taken():
    transport = InProcess()
    transport.reply("ok")
    client = Client(http_client=transport, api_key="test")
    for day in (23, 24):
        client.messages.create(
            model="claude-haiku-4-5",
            max_tokens=9,
            system=[cached("Long instructions."), text(f"It is the {day}th.")],
            messages=[{"role": "user", "content": "Hi"}],
        )
    client.models.list()
    assert_cache_stable(transport.requests)
    usage = [each.message["usage"] for each in transport.requests if each.message]
    assert len(usage) == 2


@pytest.mark.parametrize("wrong", [5, None, "x", [5]])
def test_what_is_no_list_of_requests_is_refused(wrong):
    with pytest.raises(TypeError, match="requests: "):
        assert_cache_stable(wrong)
