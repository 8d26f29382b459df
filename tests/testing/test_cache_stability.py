"""Requests of one conversation, and what breaks the prefix that they share."""

from __future__ import annotations

import copy
import re
from base64 import b64encode

import pytest

from antiphon import BadRequestError, Client, cached
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


def result(**more):
    return {"type": "tool_result", "tool_use_id": "a", "content": [text("sunny", **more)]}


@pytest.mark.parametrize(
    "requests",
    [
        [body("a")],
        [body("a"), body("a", "b", "c"), body("a", "b", "c", "d", "e")],
        [body("a"), body([text("a")], "b", "c")],
        [body([text("a", **MARK)]), body([text("a")], "b", [text("c", **MARK)])],
        # Behind the last mark everything may change.
        [body("x", system=[text("s", **MARK)]), body("y", system=[text("s", **MARK), text("t")])],
        [body("a", tools=TOOLS, system="s"), {}, body("a", "b", "c", tools=TOOLS, system="s")],
        [body("a", "b", [result(**MARK)]), body("a", "b", [result()], "c", [result(**MARK)])],
        # What loses the messages loses nothing if only the system prompt is cached.
        [
            body("a", system=[text("s", **MARK)]),
            body("a", system=[text("s", **MARK)], tool_choice={"type": "any"}),
        ],
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
            "system: character 25 changed, …'e brief. It is 2026-11-23.' became",
        ),
        (body("a"), body("b"), "messages[0].content: character 0 changed, 'a' became 'b'"),
        (
            body("a", [text("b")], "c"),
            body("a", [text("b", citations=[])], "c", "d", "e"),
            "messages[1].content[0].citations: nothing became []",
        ),
        (body("a", tools=TOOLS), body("a", tools=renamed(TOOLS)), "tools[1].name: character 0"),
        (
            body("a", tools=TOOLS),
            body("a", tools=TOOLS[:1]),
            "tools[1]: {'name': 'time'} became nothing",
        ),
        (
            body("a", "b", "c"),
            body("a"),
            "messages[1].content: {'type': 'text', 'text': 'b'} became nothing",
        ),
        (body("a"), body("a", model="claude-opus-5"), "model: 'claude-haiku-4-5' became"),
        (
            body("a", system=[text("s", **MARK)]),
            body("a", system=[text("S", **MARK)]),
            "system[0].text: character 0 changed",
        ),
        (
            body([text("a")], "b", "c"),
            body([text("a"), text("d")], "b", "c"),
            "messages[0].content[1]: assistant: {'type': 'text', 'text': 'b'} became user: {'type'",
        ),
        (
            body("a", tools=TOOLS),
            body("a", tools=[dict(reversed(TOOLS[0].items())), TOOLS[1]]),
            "tools[0]: the key 'name' became the key 'input_schema'",
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


def conversation(*contents, **fields):
    return body(*contents, **{"max_tokens": 5000, **MARK, "system": "Be brief. " * 3000, **fields})


def weather(*names):
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return [{"name": "weather", "input_schema": schema}]


def document(text, **more):
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source, **more}


def picture(padding):
    # A chunk of zeros behind the first one: images that begin alike.
    start = b"\x89PNG\r\n\x1a\n" + bytes.fromhex(
        "0000000d4948445200000001000000010802000000907753de"
    )
    chunk = len(padding).to_bytes(4, "big") + b"teXt" + padding + bytes(4)
    content = start + chunk + bytes.fromhex("0000000049454e44ae426082")
    source = {"type": "base64", "media_type": "image/png", "data": b64encode(content).decode()}
    return {"type": "image", "source": source}


CAUSES = {
    "tools[0].input_schema.properties: the key 'x' became the key 'y'": (
        {"tools": weather("x", "y")},
        {"tools": weather("y", "x")},
    ),
    "tool_choice: {'type': 'auto'} became {'type': 'any'}": (
        {"tools": weather("x")},
        {"tools": weather("x"), "tool_choice": {"type": "any"}},
    ),
    "thinking: 'disabled' became 'enabled'": (
        {},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    ),
    "images: False became True": ({}, {}, [picture(b"a" * 200)]),
    "citations: False became True": ({}, {}, [document("Dogs.", citations={"enabled": True})]),
}


@pytest.mark.parametrize("says", CAUSES)
def test_what_the_server_does_not_find_again_is_named(says):
    before, after, *more = CAUSES[says]
    client = Client(http_client=(transport := InProcess()), api_key="test")
    usage = [
        client.messages.create(**conversation(*contents, **fields)).usage
        for contents, fields in ((["a"], before), (["a", "b", *(more or ["c"])], after))
    ]
    assert usage[1].cache_read_input_tokens < usage[0].cache_creation_input_tokens
    with pytest.raises(AssertionError, match=re.escape(says)):
        assert_cache_stable(transport.requests)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (document("Dogs bark loudly. " * 10 + "one"), document("Dogs bark loudly. " * 10 + "two")),
        (picture(b"a" * 200 + b"one"), picture(b"a" * 200 + b"two")),
        (picture(b"a" * 90_000 + b"one"), picture(b"a" * 90_000 + b"two")),
    ],
)
def test_what_changes_behind_its_beginning_is_named(one, other):
    client = Client(http_client=(transport := InProcess()), api_key="test")
    for block in (one, other):
        client.messages.create(**conversation([block]))
    with pytest.raises(AssertionError, match=re.escape("messages[0].content[0].source.data: ")):
        assert_cache_stable(transport.requests)
    transport.app.reset()
    for turns in ([[one]], [[one], "b", "c"]):
        client.messages.create(**conversation(*turns))
    assert_cache_stable(transport.requests)


def test_a_mark_in_a_result_that_moves_on_loses_nothing():
    client = Client(http_client=(transport := InProcess()), api_key="test")

    def turns(number, *, is_last):
        call = {"type": "tool_use", "id": f"c{number}", "name": "weather", "input": {}}
        return [call], [{**result(**(MARK if is_last else {})), "tool_use_id": f"c{number}"}]

    first = conversation("a", *turns(1, is_last=True), tools=weather("x"))
    second = conversation(
        "a", *turns(1, is_last=False), *turns(2, is_last=True), tools=weather("x")
    )
    written = client.messages.create(**first).usage.cache_creation_input_tokens
    assert client.messages.create(**second).usage.cache_read_input_tokens == written > 0
    assert_cache_stable(transport.requests)


def test_requests_that_the_server_has_refused_are_skipped():
    transport = InProcess()
    client = Client(http_client=transport, api_key="test", max_retries=0)
    client.messages.create(**conversation("a"))
    with pytest.raises(BadRequestError):
        client.post("/v1/messages", body=conversation("a") | {"messages": ["x"]}, cast_to=object)
    client.messages.create(**conversation("a", "b", "c"))
    assert_cache_stable(transport.requests)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (5, "requests: give a list"),
        (None, "requests: give a list"),
        ("x", "requests: give a list"),
        ([5], "requests: 5 is neither"),
        ([], "requests: there are none"),
        ([{}, {"model": "m"}], "requests: none of them has messages"),
        ([body("a"), {"messages": ["x"]}], r"requests\[1\]: messages\[0\] has not the form"),
        ([{"messages": None}], r"requests\[0\]: messages has not"),
        ([{"messages": [{"role": "user", "content": ["x"]}]}], r"\]: messages\[0\] has not"),
        ([body([{**result(), "content": ["x"]}])], r"\]: messages\[0\] has not"),
        ([body("a", system=5)], "system has not"),
        ([body("a", tools=["x"])], "tools has not"),
        ([body("a", tool_choice="any")], "tool_choice has not"),
        ([body("a", model=["m"])], "model has not"),
    ],
)
def test_what_is_no_list_of_requests_is_refused(wrong, says):
    with pytest.raises(TypeError, match=says):
        assert_cache_stable(wrong)
