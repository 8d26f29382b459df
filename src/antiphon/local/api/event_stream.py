"""A reply as an event stream: its events at their pace, with pings in long silences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from ..._stream.writer import PING, events, framed, padding, write_message
from ..._wire.json import JSONObject
from .latency import Latency
from .steps import Pause, Step, Write

__all__ = ["paced", "with_pings"]

_AT_ONCE = Latency()
_MAX_SILENCE = 15.0


def paced(
    message: JSONObject, raw_inputs: Mapping[int, str], latency: Latency, rng: Random
) -> Iterator[Step]:
    """Return the steps that stream a message."""
    if latency == _AT_ONCE:  # the writer has a faster way when all events are sent together
        return map(Write, write_message(message, rng=rng, raw_inputs=raw_inputs))
    return with_pings(_timed(message, raw_inputs, latency, rng))


def _timed(
    message: JSONObject, raw_inputs: Mapping[int, str], latency: Latency, rng: Random
) -> Iterator[Step]:
    for seconds, event in latency.paced(events(message, rng=rng, raw_inputs=raw_inputs), rng):
        if seconds:
            yield Pause(seconds)
        yield Write(framed(event, padding(rng)))


def with_pings(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the same steps, and a ping after every 15 seconds of silence (docs, streaming)."""
    silence = 0.0
    for step in steps:
        if not isinstance(step, Pause):
            silence = 0.0
            yield step
            continue
        left = step.seconds
        while silence + left > _MAX_SILENCE:
            yield Pause(_MAX_SILENCE - silence)
            yield Write(framed(PING))
            left -= _MAX_SILENCE - silence
            silence = 0.0
        silence += left
        yield Pause(left)
