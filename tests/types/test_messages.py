"""What messages and usages do for their readers."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.types import (
    Message,
    MessageBatchIndividualResponse,
    TextBlock,
    ToolUseBlock,
    Usage,
)
from tests.support.wire_samples import EVERY_BLOCK, FROM_THE_FUTURE, PLAIN, USAGE


def message(*content: dict[str, Any]) -> Message:
    return Message.from_value({**PLAIN, "content": list(content)})


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def test_text_thinking_and_tool_uses() -> None:
    reply = Message.from_value(EVERY_BLOCK)
    assert reply.text == "Both agree."
    assert reply.thinking == "Let me see."
    assert [call.name for call in reply.tool_uses] == ["get_weather"]
    assert message(text("a"), text("b")).text == "ab"
    assert message().text == message().thinking == ""


def test_a_message_is_sent_back_as_it_came() -> None:
    param = Message.from_value(EVERY_BLOCK).to_param()
    sent = copy.deepcopy(EVERY_BLOCK["content"])
    del sent[2]["citations"][0]["file_id"]
    assert param == {"role": "assistant", "content": sent}
    assert Message.from_value(FROM_THE_FUTURE).to_param()["content"] == FROM_THE_FUTURE["content"]


def test_what_the_api_refuses_is_not_sent_back() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "toolset_name": None}
    param = message(text(""), text(" \n"), text("a", citations=None), {**call, "caller": None})
    assert param.to_param()["content"] == [text("a", citations=None), call]


def test_an_incomplete_call_is_not_sent_back() -> None:
    reply = message({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}})
    call = reply.tool_uses[0]
    assert (call.complete, call.raw_input, call.input_error) == (True, None, None)
    before = reply.to_dict()
    call.mark_incomplete('{"a": ', "the input ends in the middle")
    assert (call.complete, call.raw_input) == (False, '{"a": ')
    assert call.input_error == "the input ends in the middle"
    assert reply.to_dict() == before
    with pytest.raises(ValueError, match=r"toolu_1.*ends in the middle"):
        reply.to_param()
    for kept in (copy.deepcopy(reply), pickle.loads(pickle.dumps(reply))):
        assert not kept.tool_uses[0].complete
    assert call != ToolUseBlock.from_value(call.to_dict())


@pytest.mark.parametrize(
    ("reason", "given", "complete"),
    [
        ("max_tokens", {}, False),
        ("model_context_window_exceeded", {}, False),
        ("max_tokens", {"a": 1}, True),
        ("tool_use", {}, True),
    ],
)
def test_a_call_that_a_limit_left_without_input_is_not_complete(reason, given, complete) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": given}
    sent = {"type": "message", "content": [{**call, "input": {}}, call], "stop_reason": reason}
    decoded = Message.decode(json.dumps(sent))
    result = {"type": "succeeded", "message": sent}
    line = MessageBatchIndividualResponse.decode(json.dumps({"custom_id": "a", "result": result}))
    for received in (decoded, line.result.message):
        assert [each.complete for each in received.tool_uses] == [True, complete]


def test_each_block_is_sent_back_alone() -> None:
    block = TextBlock.from_value(text("a", citations=[{"type": "dream"}], tone="warm"))
    assert block.to_param() == text("a", citations=[{"type": "dream"}], tone="warm")


def test_total_input_tokens() -> None:
    usage = Usage.from_value({**USAGE, "cache_creation_input_tokens": 10})
    assert usage.total_input_tokens == 672 + 128 + 10
    assert Usage(input_tokens=1, output_tokens=2).total_input_tokens == 1
    assert Usage.from_value({}).total_input_tokens == 0


def test_usages_add_up() -> None:
    one = Usage.from_value({**USAGE, "steps": 2, "server_tool_use": None})
    other = Usage.from_value(
        {
            "input_tokens": 1,
            "output_tokens": 2,
            "cache_creation": {"ephemeral_1h_input_tokens": 5},
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
            "service_tier": "batch",
            "inference_geo": "not_available",
        }
    )
    both = one + other
    assert (both.input_tokens, both.output_tokens) == (673, 41)
    assert both.cache_read_input_tokens == 128
    assert both.to_dict()["cache_creation"] == {
        "ephemeral_5m_input_tokens": 0,
        "ephemeral_1h_input_tokens": 5,
    }
    assert both.server_tool_use is not None
    assert both.server_tool_use.web_search_requests == 1
    assert (both.service_tier, both.inference_geo) == (None, "not_available")
    assert both.model_extra == {"steps": 2}
    assert sum([one, other]) == both
    with pytest.raises(TypeError):
        one + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        1 + one


def test_lists_of_usages_are_joined() -> None:
    rounds = [Usage.from_value({"iterations": [{"type": kind}]}) for kind in ("message", "other")]
    total = rounds[0] + rounds[1]
    assert total.to_dict() == {"iterations": [{"type": "message"}, {"type": "other"}]}


counts = st.none() | st.integers(0, 10**12)
usages = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 10**12), "output_tokens": st.integers(0, 10**12)},
    optional={
        "cache_read_input_tokens": counts,
        "cache_creation_input_tokens": counts,
        "brand_new_tokens": counts,
        "server_tool_use": st.none()
        | st.fixed_dictionaries({"web_search_requests": counts, "web_fetch_requests": counts}),
    },
).map(Usage.from_value)


@given(usages, usages, usages)
def test_addition_of_usages(one: Usage, other: Usage, third: Usage) -> None:
    assert (one + other).to_dict() == (other + one).to_dict()
    assert ((one + other) + third).to_dict() == (one + (other + third)).to_dict()
    total = one.total_input_tokens + other.total_input_tokens
    assert (one + other).total_input_tokens == total
    assert json.loads(sum([one], start=Usage(input_tokens=0, output_tokens=0)).to_json()) == (
        one.to_dict()
    )


def test_content_that_is_a_text_is_the_text() -> None:
    reply = Message.decode('{"type": "message", "content": "Hello"}')
    assert (reply.text, reply.thinking, reply.tool_uses) == ("Hello", "", [])
    assert reply.to_param() == {"role": "assistant", "content": "Hello"}
    assert reply.to_dict() == {"type": "message", "content": "Hello"}


def test_results_of_batches_keep_the_literals_of_their_messages() -> None:
    call = '{"type":"tool_use","id":"t","name":"f","input":{"a":1.10}}'
    line = '{"custom_id":"a","result":{"type":"succeeded","message":{"content":[' + call + "]}}}"
    result: Any = MessageBatchIndividualResponse.decode(line).result
    assert call in result.message.to_json(indent=None)
    assert MessageBatchIndividualResponse.decode(line).to_json(indent=None) == line
