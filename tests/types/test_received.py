"""Laws of everything received: nothing is lost, nothing raises, nothing warns."""

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from antiphon._wire.decoding import WireModel
from antiphon.types import (
    ContentBlock,
    Message,
    MessageBatch,
    UnknownBlock,
    UnknownDelta,
    UnknownEvent,
    decode_event,
)
from tests.support.wire_samples import BATCH, EVENTS, FROM_THE_FUTURE, MESSAGES, OUT_OF_SHAPE, PLAIN

SAMPLES: list[dict[str, Any]] = [*MESSAGES, *EVENTS, BATCH]

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=8)
names = st.sampled_from(
    ["id", "type", "content", "usage", "text", "input", "model", "role", "to_dict", "_request_id"]
) | st.text(max_size=5)
kinds = st.sampled_from(["text", "tool_use", "thinking", "message", "error", "ping", "brand_new"])
values = st.recursive(
    scalars | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=8)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(*path, key) for key, _ in items]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return found + [
        deeper
        for key, part in inner
        if isinstance(part, dict | list)
        for deeper in paths(part, (*path, key))
    ]


@st.composite
def mangled(draw: st.DrawFn) -> dict[str, Any]:
    """A real answer or event with some of its parts dropped, replaced or added."""
    value = copy.deepcopy(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(paths(value) or [()]))
        if not path:
            break
        place: Any = value
        for step in path[:-1]:
            place = place[step]
        match draw(st.sampled_from(["drop", "replace", "add"])):
            case "drop":
                del place[path[-1]]
            case "replace":
                place[path[-1]] = draw(values)
            case _ if isinstance(place, dict):
                place[draw(names)] = draw(values)
            case _:
                place.append(draw(values))
    return value


def decoded(value: dict[str, Any]) -> WireModel:
    raw = json.dumps(value).encode()
    model: Any = {"message": Message, "message_batch": MessageBatch}.get(
        kind if isinstance(kind := value.get("type"), str) else ""
    )
    return model.decode(raw) if model else decode_event(raw)


def exactly(value: Any) -> str:
    """JSON text in which 1, 1.0 and true differ, as they do on the wire."""
    return json.dumps(value, sort_keys=True)


def assert_whole(model: WireModel, value: dict[str, Any]) -> None:
    assert exactly(model.to_dict()) == exactly(value)
    assert exactly(json.loads(model.to_json())) == exactly(value)
    assert exactly(json.loads(model.model_dump_json(exclude_unset=True))) == exactly(value)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: str(value.get("type")))
def test_a_sample_survives_every_way_of_keeping_it(value: dict[str, Any]) -> None:
    model = decoded(value)
    for kept in (
        model,
        pickle.loads(pickle.dumps(model)),
        copy.copy(model),
        copy.deepcopy(model),
        model.model_copy(deep=True),
        type(model).from_value(value),
        type(model).decode(model.to_json()),
    ):
        assert kept == model
        assert_whole(kept, value)


@given(objects | mangled())
def test_any_object_is_kept_whole(value: dict[str, Any]) -> None:
    for model in (decoded(value), Message.from_value(value), decode_event(json.dumps(value))):
        assert_whole(model, value)
        assert_whole(pickle.loads(pickle.dumps(model)), value)
        assert_whole(copy.deepcopy(model), value)
        assert json.loads(model.model_dump_json()) == model.model_dump(mode="json")
        repr(model)


@given(objects | mangled())
def test_conveniences_never_raise(value: dict[str, Any]) -> None:
    message = Message.from_value(value)
    assert isinstance(message.text + message.thinking, str)
    assert message.to_param()["role"] == "assistant"
    for call in message.tool_uses:
        assert call.complete


@given(mangled())
def test_answers_may_live_in_models_of_others(value: dict[str, Any]) -> None:
    message = Message.from_value(value)
    chat = Chat.model_construct(title="t", messages=[message], last=message)
    assert json.loads(chat.model_dump_json(exclude_unset=True))["messages"] == [value]
    assert Chat(title="t", messages=[message], last=message).messages[0] is message


class Chat(BaseModel):
    title: str
    messages: list[Message]
    last: Message
    blocks: list[ContentBlock] = []


@pytest.mark.parametrize("value", [PLAIN, FROM_THE_FUTURE])
def test_a_stored_conversation_is_read_back(value: dict[str, Any]) -> None:
    message = Message.from_value(value)
    chat = Chat(title="t", messages=[message], last=message, blocks=message.content)
    stored = chat.model_dump_json(exclude_unset=True)
    assert Chat.model_validate_json(stored) == chat
    assert Chat.model_validate(chat.model_dump(exclude_unset=True)) == chat


def test_pydantic_options_reach_into_answers() -> None:
    message = Message.from_value(PLAIN)
    assert message.model_dump(include={"content": {0: {"text"}}}) == {
        "content": [{"text": PLAIN["content"][0]["text"]}]
    }
    assert message.model_dump(exclude={"content": {"__all__": {"type"}}})["content"] == [
        {"text": PLAIN["content"][0]["text"], "citations": None}
    ]
    assert "citations" in message.model_dump()["content"][0]
    assert "citations" not in message.model_dump(exclude_none=True)["content"][0]
    assert "citations" not in message.to_dict()["content"][0]  # type: ignore[index]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_json_schemas_tell_the_kinds_apart(mode: Any) -> None:
    schema = Message.model_json_schema(mode=mode)
    known, unknown = schema["properties"]["content"]["items"]["anyOf"]
    assert known["discriminator"]["mapping"]["text"] == "#/$defs/TextBlock"
    assert unknown == {"$ref": "#/$defs/UnknownBlock"}
    expires = schema["$defs"]["Container"]["properties"]["expires_at"]
    assert expires["format"] == "date-time"


def test_kinds_of_the_future_keep_their_fields() -> None:
    message = Message.from_value(FROM_THE_FUTURE)
    block: Any = message.content[0]
    assert isinstance(block, UnknownBlock)
    assert (block.type, block.frames) == ("hologram", [1, 2])
    assert (message.stop_reason, message.model_extra) == ("tired", {"mood": {"level": 3}})
    event: Any = decode_event(json.dumps(EVENTS[-1]))
    assert isinstance(event, UnknownEvent)
    assert event.until == "later"
    delta: Any = decode_event(json.dumps(EVENTS[11]))
    assert isinstance(delta.delta, UnknownDelta)


def test_what_should_have_come_reads_as_none() -> None:
    message = Message.from_value(OUT_OF_SHAPE)
    assert message.model is None
    assert "model" not in message.model_fields_set
    assert message.id is None
    assert "id" in message.model_fields_set
    assert message.usage.input_tokens == "many"
    assert message.content[2:] == ["bare", None]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Invalid JSON"),
        (b"<html>", "Invalid JSON"),
        (b'{"id": "msg', "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
        (b"[1]", "should be an object"),
        (b"null", "should be an object"),
        (b"[" * 100_000, "recursion limit"),
        (b'{"id": ' * 100_000, "recursion limit"),
    ],
)
def test_what_is_no_object_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        Message.decode(raw)
    assert "<html>" not in str(caught.value)


def test_a_number_too_large_for_a_float_is_not_lost() -> None:
    message = Message.decode(b'{"score": 1e999}')
    assert json.loads(message.to_json()) == {"score": float("inf")}


def test_constructing_is_strict() -> None:
    good = {**PLAIN, "usage": {"input_tokens": 1, "output_tokens": 1}}
    assert Message(**good).text == PLAIN["content"][0]["text"]
    with pytest.raises(ValueError, match="text"):
        Message(**{**good, "content": [{"type": "text"}]})
    with pytest.raises(ValueError, match="input_tokens"):
        Message(**{**good, "usage": {"input_tokens": "1", "output_tokens": 1}})


def test_a_time_is_dumped_as_it_was_written() -> None:
    batch = MessageBatch.from_value(BATCH)
    assert batch.expires_at.year == 2026
    assert batch.expires_at.utcoffset() is not None
    assert batch.model_dump()["expires_at"] == batch.expires_at
    assert batch.to_dict()["expires_at"] == BATCH["expires_at"]
    later = batch.model_copy(update={"expires_at": batch.expires_at.replace(year=2027)})
    assert later.to_dict()["expires_at"] == "2027-08-20T14:49:30.044811+00:00"


def test_answers_know_their_request() -> None:
    message, again = Message.from_value(PLAIN), Message.from_value(PLAIN)
    assert message._request_id is None
    message._request_id = "req_01"
    assert message == again
    assert message != Message.from_value({**PLAIN, "id": "msg_02"})
    assert message != PLAIN
    assert "req_01" not in message.to_json()
    for kept in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert kept._request_id == "req_01"
