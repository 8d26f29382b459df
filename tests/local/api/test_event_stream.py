"""Events at their pace, with pings in long silences."""

from __future__ import annotations

import pytest

from antiphon._stream.writer import framed
from antiphon.local import App, VirtualClock
from antiphon.local.api.event_stream import with_pings
from antiphon.local.api.latency import Latency
from antiphon.local.api.steps import Pause, Write
from tests.support.app_requests import (
    BODY,
    events,
    send,
)


def test_silence_before_the_first_event_is_broken_by_pings():
    app = App(VirtualClock(), latency=Latency(first_token=50.0))
    response = send(app, body={**BODY, "stream": True})
    kinds = [event["type"] for event in events(response.content)]
    assert kinds[:4] == ["ping", "ping", "ping", "message_start"]
    assert response.paused == 50.0


PING = Write(framed({"type": "ping"}))


@pytest.mark.parametrize(
    ("steps", "with_them"),
    [
        ([Pause(10), Write(b"a"), Pause(10), Write(b"b")], None),
        ([Pause(15), Write(b"a")], None),
        ([Pause(9), Pause(9)], [Pause(9), Pause(6), PING, Pause(3)]),
        ([Pause(16), Pause(14), Pause(1)], [Pause(15), PING, Pause(1), Pause(14), PING, Pause(1)]),
        ([Pause(31), Write(b"a")], [Pause(15), PING, Pause(15), PING, Pause(1), Write(b"a")]),
    ],
    ids=["silence ends with a write", "exactly 15", "pauses add up", "again", "twice"],
)
def test_pings_come_after_each_15_seconds_of_silence(steps, with_them):
    found = [step for step in with_pings(steps) if step != Pause(0)]
    assert found == (with_them or steps)
