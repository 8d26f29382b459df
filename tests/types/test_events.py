"""Events made from those on the wire."""

from typing import Any

import pytest

from antiphon.types import (
    CitationEvent,
    CitationsDelta,
    ErrorResponse,
    InputJsonEvent,
    PingEvent,
    RawContentBlockDeltaEvent,
    RawMessageStartEvent,
    SignatureEvent,
    TextEvent,
    ThinkingEvent,
    decode_event,
)
from tests.support.wire_samples import EVENTS


class Said:
    """Text in fragments."""

    def __init__(self, *fragments: str) -> None:
        self.fragments = fragments

    def snapshot(self, upto: int) -> str:
        return "".join(self.fragments[:upto])


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
    with pytest.raises(ValueError, match="expected"):
        TextEvent("", Said("Hello"), 1).parsed_snapshot()


def test_events_on_the_wire_are_told_apart() -> None:
    import json

    kinds = [type(decode_event(json.dumps(event))) for event in EVENTS]
    assert kinds[0] is RawMessageStartEvent
    assert kinds[2] is PingEvent
    assert kinds[3] is RawContentBlockDeltaEvent
    assert kinds[14] is ErrorResponse
    citation: Any = decode_event(json.dumps(EVENTS[4]))
    assert isinstance(citation.delta, CitationsDelta)
    assert citation.delta.citation.end_char_index == 8
