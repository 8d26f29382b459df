"""Events made from those on the wire."""

import json
from typing import Any

import pytest

from antiphon._wire.partial_json import PartialJSON
from antiphon.types import (
    CitationEvent,
    CitationsDelta,
    ErrorResponse,
    InputJsonEvent,
    Message,
    ParsedContentBlockStopEvent,
    ParsedMessageStopEvent,
    PingEvent,
    RawContentBlockDeltaEvent,
    RawMessageStartEvent,
    SignatureEvent,
    TextBlock,
    TextEvent,
    ThinkingEvent,
    decode_event,
)
from tests.support.wire_samples import EVENTS, PLAIN


class Said:
    """Text in fragments."""

    def __init__(self, *fragments: str) -> None:
        self.fragments = fragments

    def snapshot(self, upto: int) -> str:
        return "".join(self.fragments[:upto])

    def parsed(self, upto: int) -> PartialJSON:
        parser = PartialJSON()
        parser.feed(self.snapshot(upto))
        return parser


class Inputs:
    """A tool's input that does not grow."""

    def __init__(self, value: object) -> None:
        self.value = value

    def snapshot(self, upto: int) -> object:
        return self.value


class Never:
    def snapshot(self, upto: int) -> Any:
        raise AssertionError("looked at")

    __call__ = snapshot


def test_a_snapshot_is_that_of_its_event() -> None:
    said = Said("Hel", "lo", "!")
    first, second = TextEvent("Hel", said, 1), TextEvent("lo", said, 2)
    assert (first.type, first.text, first.snapshot) == ("text", "Hel", "Hel")
    assert second.snapshot == "Hello"
    assert ThinkingEvent("lo", said, 2).snapshot == "Hello"
    assert SignatureEvent("Eq").signature == "Eq"


def test_a_snapshot_is_made_when_asked_for() -> None:
    for kind in (TextEvent, ThinkingEvent, InputJsonEvent, CitationEvent):
        event: Any = kind("x", Never(), 1)  # type: ignore[arg-type]
        assert "x" in repr(event)
        with pytest.raises(AssertionError, match="looked at"):
            _ = event.snapshot


def test_text_that_is_json_can_be_read_early() -> None:
    event = TextEvent("", Said('{"a": [1, 2], "b": "wor'), 1)
    assert event.parsed_snapshot() == {"a": [1, 2], "b": "wor"}
    with pytest.raises(ValueError, match="not the beginning of JSON"):
        TextEvent("", Said("Hello, world"), 1).parsed_snapshot()


def test_events_on_the_wire_are_told_apart() -> None:
    kinds = [type(decode_event(json.dumps(event))) for event in EVENTS]
    assert kinds[0] is RawMessageStartEvent
    assert kinds[2] is PingEvent
    assert kinds[3] is RawContentBlockDeltaEvent
    assert kinds[14] is ErrorResponse
    citation: Any = decode_event(json.dumps(EVENTS[4]))
    assert isinstance(citation.delta, CitationsDelta)
    assert citation.delta.citation.end_char_index == 8


TEXT = {"type": "text", "text": "Hi"}
DUMPED: list[tuple[Any, dict[str, Any]]] = [
    (TextEvent("lo", Said("Hel", "lo"), 2), {"type": "text", "text": "lo", "snapshot": "Hello"}),
    (
        ThinkingEvent("b", Said("a", "b"), 2),
        {"type": "thinking", "thinking": "b", "snapshot": "ab"},
    ),
    (
        InputJsonEvent("1", Inputs({"a": 1}), 1),
        {"type": "input_json", "partial_json": "1", "snapshot": {"a": 1}},
    ),
    (SignatureEvent("Eq"), {"type": "signature", "signature": "Eq"}),
    (
        CitationEvent(TextBlock.from_value(TEXT), lambda upto: [], 1),  # type: ignore[arg-type, return-value]
        {"type": "citation", "citation": TEXT, "snapshot": []},
    ),
    (
        ParsedContentBlockStopEvent(1, TextBlock.from_value(TEXT)),
        {"type": "content_block_stop", "index": 1, "content_block": TEXT},
    ),
    (
        ParsedMessageStopEvent(Message.from_value(PLAIN)),
        {"type": "message_stop", "message": PLAIN},
    ),
]


@pytest.mark.parametrize(("event", "value"), DUMPED, ids=[event.type for event, _ in DUMPED])
def test_made_events_are_dumped_as_received_ones_are(event: Any, value: dict[str, Any]) -> None:
    assert event.to_dict() == value
    assert json.loads(event.to_json()) == value
    assert event.model_dump(exclude_unset=True) == value
    assert json.loads(event.model_dump_json(exclude_unset=True)) == value
    assert list(event.model_dump(include={"type"})) == ["type"]
