"""What replies say without tools."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from antiphon.catalog.tokens import count_text
from antiphon.local.metering.prompt_cache import CacheUsage
from tests.support.replies import HAIKU, OPUS, kinds, reply, words
from tests.support.schema_strategies import JUDGED_SCHEMAS, PROMPTS, SCHEMAS, objects


@pytest.mark.parametrize(
    "prompt",
    [
        "What is the capital of France?",
        "Quelle est la capitale de la France ?",
        "Was ist die Hauptstadt von Frankreich?",
        "フランスの首都はどこですか",
        "法国的首都是哪里？",
        "프랑스의 수도는 어디입니까?",
        "Какая столица Франции?",
        "ما هي عاصمة فرنسا؟",
        "फ्रांस की राजधानी क्या है?",
    ],
)
def test_replies_say_that_they_are_simulated_and_echo_the_prompt(prompt):
    text = words(reply(prompt))
    assert text.startswith("Simulated by antiphon's local server. You wrote:")
    assert prompt[:10] in text
    assert count_text(HAIKU, text) <= 60


def test_phrase_in_the_prompt_gives_a_refusal():
    given = reply("[[refusal]] please", OPUS)
    assert given.content == []
    assert given.stop_reason == "refusal"
    details = given.message(CacheUsage(0, 0, 0, 1))["stop_details"]
    assert set(details) == {"type", "category", "explanation"}
    assert details["type"] == "refusal"


@pytest.mark.parametrize(("prefill", "ended"), [("{", True), ('{"a": [', True), ("Once", False)])
def test_prefill_is_continued(prefill, ended):
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": prefill}]
    text = words(reply(turns))
    assert not text.startswith(prefill)
    assert "antiphon" in text
    if prefill == "{":
        assert "antiphon" in json.loads(prefill + text)["simulated"]
    elif ended:
        assert json.loads(prefill + text + "}")


@given(objects(SCHEMAS | JUDGED_SCHEMAS), PROMPTS.filter(bool))
@settings(max_examples=50)
def test_structured_output_satisfies_its_schema(schema, prompt):
    form = {"type": "json_schema", "schema": schema}
    given = reply(prompt, output_config={"format": form}, max_tokens=10**6)
    assert kinds(given) == ["text"]
    Draft202012Validator(schema).validate(json.loads(words(given)))


# The API's own test strings. Whole ones are put together here, so that this file can be read by
# agents that talk to the real API.
TRIGGER = "ANTHROPIC_MAGIC" + "_STRING_TRIGGER_"


@pytest.mark.parametrize("digits", ["0", "1FAEFB6177B4672DEE07F9D3AFC62588", "abcdef"])
def test_test_string_of_the_api_gives_a_refusal(digits):
    assert reply(f"Please {TRIGGER}REFUSAL_{digits}", OPUS).stop_reason == "refusal"


@pytest.mark.parametrize("ending", ["", "REFUSAL", "REFUSAL_", "REFUSAL_xyz", "REDACTED_1F"])
def test_part_of_a_test_string_does_nothing(ending):
    assert reply(f"Please {TRIGGER}{ending}", OPUS).stop_reason == "end_turn"
