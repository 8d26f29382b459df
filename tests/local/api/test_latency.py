"""The pace of simulated answers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.api.latency import Latency

EVENTS = [
    {"type": "message_start", "message": {}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "one two"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " three"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}},
    {"type": "message_stop"},
]


def pauses(latency, seed=0):
    return [pause for pause, _ in latency.paced(EVENTS, Random(seed))]


def test_default_latency_has_no_pauses():
    assert pauses(Latency()) == [0.0] * len(EVENTS)
    assert Latency().whole(1_000, Random(0)) == 0.0


def test_first_event_and_text_take_their_time():
    latency = Latency(first_token=2.0, tokens_per_second=4.0)
    assert pauses(latency) == [2.0, 0.0, 0.5, 0.25, 0.0, 0.0, 0.0]
    assert latency.whole(3, Random(0)) == 2.75


def test_events_are_passed_unchanged_and_in_order():
    assert [event for _, event in Latency(1.0, 10.0, 0.5).paced(EVENTS, Random(1))] == EVENTS


@given(st.floats(0, 1), st.integers())
def test_jitter_stays_in_its_bounds_and_is_seeded(jitter, seed):
    latency = Latency(first_token=2.0, tokens_per_second=4.0, jitter=jitter)
    steady = pauses(Latency(first_token=2.0, tokens_per_second=4.0))
    varied = pauses(latency, seed)
    for pause, middle in zip(varied, steady, strict=True):
        assert middle * (1 - jitter) - 1e-9 <= pause <= middle * (1 + jitter) + 1e-9
    assert varied == pauses(latency, seed)


def test_jitter_makes_pauses_differ():
    assert pauses(Latency(2.0, 4.0, 0.5), 1) != pauses(Latency(2.0, 4.0, 0.5), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [("first_token", -1), ("tokens_per_second", 0), ("tokens_per_second", -3), ("jitter", 1.5)],
)
def test_impossible_latency_is_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}: "):
        Latency(**{name: value})
