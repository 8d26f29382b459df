"""Script files: what may stand in them, and what is said about the rest."""

from __future__ import annotations

import re
from datetime import date
from functools import reduce
from math import nan
from pathlib import Path

import jsonschema
import pytest
import yaml

from antiphon import Client, RateLimitError
from antiphon.local import InProcess, Script
from antiphon.local.scripting.file_form import parse
from antiphon.local.scripting.file_schema import SCHEMA

HELLO = {"model": "claude-haiku-4-5", "max_tokens": 200}


def cited(**citation):
    return {"text": "b", "citations": [{"cited_text": "x", **citation}]}


RIGHT = [
    {"rules": []},
    {"rules": [{"reply": "Hello!"}], "strict": False, "$schema": "x"},
    [{"reply": "Hello!", "times": 2, "delay": 0.5, "stop_reason": "max_tokens"}],
    [{"reply": ["a", {"text": "b"}, {"thinking": "c"}, {"tool_use": "t", "input": {"a": 1}}]}],
    [{"reply": {"text": "b", "citations": [{"cited_text": "x", "document": 1}]}}],
    [{"reply": {"refusal": None, "category": "cyber"}}],
    [{"reply": {"type": "text", "text": "raw"}}],
    [{"reply": {"type": "message", "content": ["a", {"type": "new"}], "usage": None}}],
    [{"reply": "a", "times": 2.0, "when": {"turn": 1.0}, "usage": {"input_tokens": 1.0}}],
    [{"fail": 529.0}, {"reply": {"text": "b", "citations": {"cited_text": "x", "document": 1.0}}}],
    [{"reply": {"text": "b", "citations": {"cited_text": "x", "title": None, "url": "u"}}}],
    [{"reply": "a", "faults": "cut(after=20)"}, {"fail": 529, "faults": ["drip", "crlf"]}],
    [{"replies": ["a"], "faults": {"fault": "cut", "attempts": [1, 2], "probability": 0.5}}],
    [{"reply": {"type": "message", "content": []}, "usage": {"input_tokens": 7}}],
    [{"replies": ["a", ["b", "c"]], "when": "text"}],
    [{"fail": 529}, {"fail": "rate_limit_error", "retry_after": 3, "message": "m", "times": 1}],
    [{"reply": "a", "when": {"user_text": "x", "system_text": {"regex": "y"}, "model": "z"}}],
    [{"reply": "a", "when": {"turn": 1, "offers": "t", "has_result": "t", "has_image": True}}],
    [{"reply": "a", "when": {"has_result": False, "header": {"x-a": True, "x-b": "c"}}}],
    [{"reply": "a", "when": {"all": ["x", {"any": ["y"]}, {"not": "z"}]}}],
]
WRONG = [
    ("text", "rules: give a list"),
    ({}, "rules: give a list"),
    ({"rules": [], "strict": 1}, "strict: give true or false"),
    ({"rule": []}, "rule: unknown; give rules, strict"),
    (["text"], "rules.0: give a mapping with one of reply, replies, fail"),
    ([{"reply": "a", "fail": 529}], "rules.0: give a mapping with one of"),
    ([{"reply": "a", "retry_after": 1}], "rules.0.retry_after: unknown; give reply"),
    ([{"replies": "a"}], "rules.0.replies: give a list"),
    ([{"reply": 7}], "rules.0.reply: give a text, or a mapping"),
    ([{"reply": ["a", {"txt": "b"}]}], "rules.0.reply.1: give a text, or a mapping"),
    ([{"reply": {"tool_use": "t", "input": 1}}], "rules.0.reply.input: give a mapping"),
    ([{"reply": {"text": "a", "id": 1}}], "rules.0.reply.id: unknown"),
    ([{"reply": {"text": "b", "citations": [{}]}}], "citations.0: give a mapping with cited_text"),
    ([{"fail": 200}], "rules.0.fail: 200 is no error"),
    ([{"fail": "nonsense"}], "rules.0.fail: 'nonsense' is no error"),
    ([{"fail": None}], "rules.0.fail: None is no error"),
    ([{"reply": "a", "times": 0}], "rules.0.times: give a number from 1"),
    ([{"reply": "a", "times": True}], "rules.0.times: give a number from 1"),
    ([{"reply": "a", "delay": -1}], "rules.0.delay: give a number from 0"),
    ([{"reply": "a", "faults": 7}], "rules.0.faults: give"),
    ([{"reply": "a", "faults": {"fault": "cut", "attempts": [0]}}], "rules.0.faults: attempts"),
    ([{"reply": "a", "usage": 1}], "rules.0.usage: give a mapping"),
    ([{"reply": "a", "stop_reason": 1}], "rules.0.stop_reason: give a text"),
    ([{"reply": "a", "when": {}}], "rules.0.when: give a text, or a mapping with user_text"),
    ([{"reply": "a", "when": ""}], "rules.0.when: give a text"),
    ([{"reply": "a", "when": {"user_txt": "b"}}], "rules.0.when.user_txt: unknown; give user_text"),
    ([{"reply": "a", "when": {"user_text": 1}}], "rules.0.when.user_text: give a text"),
    ([{"reply": "a", "when": {"turn": 0}}], "rules.0.when.turn: give a number from 1"),
    ([{"reply": "a", "when": {"turn": True}}], "rules.0.when.turn: give a number from 1"),
    ([{"reply": "a", "when": {"has_image": "x"}}], "rules.0.when.has_image: give true or false"),
    ([{"reply": "a", "when": {"header": {"x": 1}}}], "rules.0.when.header.x: give a text"),
    ([{"reply": "a", "when": {"any": []}}], "rules.0.when.any: give a list"),
    ([{"reply": "a", "when": {"header": {"": "x"}}}], "rules.0.when.header: a name is empty"),
    ({"rules": [], "$schema": 5}, "$schema: give a text"),
    ([{}], "rules.0: give a mapping with one of reply, replies, fail, not an empty one"),
    ([{"reply": []}], "rules.0.reply: nothing is said"),
    ([{"replies": ["a", []]}], "rules.0.reply: nothing is said"),
    ([{"reply": {"tool_use": "t", "id": 5}}], "rules.0.reply.id: give a text"),
    ([{"reply": {"tool_use": "t", "id": None}}], "rules.0.reply.id: give a text"),
    ([{"reply": {"thinking": "t", "signature": 5}}], "rules.0.reply.signature: give a text"),
    ([{"reply": {"thinking": "t", "signature": None}}], "rules.0.reply.signature: give a text"),
    ([{"reply": {"refusal": "t", "category": 5}}], "rules.0.reply.category: give a text"),
    ([{"reply": {"tool_use": "t", "text": "a"}}], "rules.0.reply: give text or tool_use, each in"),
    ([{"reply": {"type": "text"}}], "rules.0.reply: {'type': 'text'} has no `text`; give a str"),
    ([{"reply": ["a", {"type": "tool_use", "name": "a"}]}], "rules.0.reply.1: "),
    ([{"reply": {"type": "message", "content": [{"type": "thinking"}]}}], "has no `thinking`"),
    ([{"reply": {"type": "new", "id": 5}}], "rules.0.reply: id: 5; give a str"),
    ([{"reply": cited(document="0")}], "rules.0.reply.citations.0.document: '0'; give a number"),
    ([{"reply": cited(document=True)}], "rules.0.reply.citations.0.document: True; give a number"),
    ([{"reply": cited(documnt=1)}], "rules.0.reply.citations.0.documnt: unknown; give document"),
    ([{"reply": cited(title=5)}], "rules.0.reply.citations.0.title: 5; give a str"),
    ([{"reply": "a", "stop_reason": "bogus"}], "rules.0.stop_reason: 'bogus' is none"),
    ([{"reply": "a", "usage": {"inputtokens": 3}}], "rules.0.usage: 'inputtokens' is no count"),
    ([{"reply": "a", "usage": {"input_tokens": -3}}], "rules.0.usage: input_tokens: -3; give"),
    ([{"fail": 429, "retry_after": "a\r\nb: c"}], "rules.0.retry_after: 'a"),
    ([{"fail": 429, "retry_after": "\u2028"}], "rules.0.retry_after: "),
    ([{"replyy": "a"}], "rules.0: give a mapping with one of reply, replies, fail, not 'replyy'"),
    ([{"reply": "a", "when": {"all": [{"x": 1}]}}], "rules.0.when.all.0.x: unknown"),
]


@pytest.mark.parametrize("value", RIGHT)
def test_what_is_right_is_right_for_the_schema_too(value):
    parse(value)
    jsonschema.validate(value, SCHEMA)


@pytest.mark.parametrize(("value", "says"), WRONG)
def test_what_is_wrong_is_said_with_its_path(value, says):
    with pytest.raises(ValueError) as caught:
        parse(value)
    assert says in str(caught.value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, SCHEMA)


NESTED: dict = {}
NESTED["not"] = NESTED


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"reply": {"tool_use": "x", "input": {"a": date(2026, 1, 1)}}}, "reply.input.a: datetime"),
        ({"reply": {"tool_use": "x", "input": {1: "a"}}}, "reply.input: the key 1 is no text"),
        ({"reply": {"tool_use": "x", "input": {"a": nan}}}, "reply.input.a: nan is not finite"),
        ({"reply": {"tool_use": "x", "input": {"a": {1}}}}, "reply.input.a: {1} is not JSON"),
        ({"reply": "\ud800"}, "reply: '\\ud800' has half"),
        ({"reply": "a", "delay": nan}, "delay: nan is not finite"),
        ({"reply": "a", "when": {"header": {1: "a"}}}, "when.header: the key 1 is no text"),
        ({"reply": {"type": "message", "role": "assistant", "content": 5}}, "reply: 5 cannot be"),
        ({"replies": ["a", ["b", {"type": "message", "content": 5}]]}, "replies.1.1: 5 cannot be"),
        (
            {"reply": {"text": "a", "citations": {"cited_text": "b", 1: "c"}}},
            "reply.citations: the",
        ),
        ({"reply": "a", "when": NESTED}, "nested too deeply"),
        ({"reply": "a", "when": reduce(lambda made, _: {"not": made}, range(900), "a")}, "nested"),
    ],
)
def test_what_no_json_holds_is_said_with_its_path(rule, says):
    with pytest.raises(ValueError, match=r"^rules\.0\.") as caught:
        parse([rule])
    assert says in str(caught.value)


def test_a_fault_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"rules\.0\.faults: 'nonsense' is no fault"):
        parse([{"reply": "a", "faults": ["cut", "nonsense"]}])


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"rules\.0\.when\.user_text\.regex: "):
        parse([{"reply": "a", "when": {"user_text": {"regex": "("}}}])


def test_the_file_on_the_page_is_right():
    page = (Path(__file__).parents[3] / "docs" / "scripts.md").read_text()
    [text] = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    value = yaml.safe_load(text)
    jsonschema.validate(value, SCHEMA)
    rules = parse(value)
    assert f"replies.yaml: {len(rules.rules)} rules, nothing wrong" in page
    assert rules.shadowed() == []


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def ask(client, prompt):
    return client.messages.create(**HELLO, messages=[{"role": "user", "content": prompt}])


def test_a_file_says_what_the_methods_say():
    transport = InProcess()
    transport.script.load(
        [
            {"when": {"user_text": "look"}, "reply": ["Hm.", {"tool_use": "w", "input": {"a": 1}}]},
            {"replies": ["one", ["two, ", "three"]], "when": "count"},
            {"fail": "rate_limit_error", "retry_after": 3},
        ]
    )
    client = Client(http_client=transport, api_key="test", max_retries=0)
    assert ask(client, "look").tool_uses[0].input == {"a": 1}
    assert [ask(client, "count").text for _ in range(2)] == ["one", "two, three"]
    with pytest.raises(RateLimitError) as caught:
        ask(client, "else")
    assert caught.value.retry_after == 3
    transport.verify()


def test_a_wrong_file_changes_nothing():
    script = Script()
    script.load([{"reply": "a"}])
    with pytest.raises(ValueError, match="rules"):
        script.load([{"reply": "b"}, {}])
    assert [rule.name for rule in script.rules] == ["reply('a')"]


FIRST = {"turn": 1}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (
            [{"fail": 529, "times": 1}, {"reply": "a"}, {"reply": "b", "when": "c"}],
            ["rule 3, reply('b'), when user_text('c'): never used, rule 2 answers all"],
        ),
        (
            [{"reply": "a", "when": FIRST}, {"reply": "b", "when": FIRST}],
            ["rule 2, reply('b'), when turn(1): never used, rule 1 answers all such requests"],
        ),
        (
            [{"reply": "a", "when": FIRST}, {"reply": "b", "when": {"all": ["x", FIRST]}}],
            [
                "rule 2, reply('b'), when user_text('x') & turn(1): never used, rule 1 answers all"
                " such requests"
            ],
        ),
        ([{"reply": "a", "when": FIRST, "times": 1}, {"reply": "b", "when": FIRST}], []),
        ([{"reply": "a", "when": {**FIRST, "offers": "t"}}, {"reply": "b", "when": FIRST}], []),
    ],
)
def test_rules_that_can_never_answer_are_found(rules, says):
    assert parse(rules).shadowed() == says
