"""An answer as a stream: its events at the pace they are made, and signs of life between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any

from ..._stream.writer import PING, events, framed, write_message
from .latency import Latency
from .steps import Pause, Step, Write

__all__ = ["paced", "with_pings"]

_AT_ONCE = Latency()
_LONGEST_SILENCE = 15.0
_MOST_PADDING = 15


def paced(
    message: Mapping[str, Any], raw_inputs: Mapping[int, str], latency: Latency, rng: Random
) -> Iterator[Step]:
    """The steps that stream a message."""
    if latency == _AT_ONCE:
        return map(Write, write_message(message, rng=rng, raw_inputs=raw_inputs))
    return with_pings(_timed(message, raw_inputs, latency, rng))


def _timed(
    message: Mapping[str, Any], raw_inputs: Mapping[int, str], latency: Latency, rng: Random
) -> Iterator[Step]:
    for seconds, event in latency.paced(events(message, rng=rng, raw_inputs=raw_inputs), rng):
        if seconds:
            yield Pause(seconds)
        yield Write(framed(event, rng.randint(0, _MOST_PADDING)))


def with_pings(steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, with a ping per 15 seconds of silence (Messages API, streaming)."""
    silence = 0.0
    for step in steps:
        if not isinstance(step, Pause):
            silence = 0.0
            yield step
            continue
        left = step.seconds
        while silence + left > _LONGEST_SILENCE:
            yield Pause(_LONGEST_SILENCE - silence)
            yield Write(framed(PING))
            left -= _LONGEST_SILENCE - silence
            silence = 0.0
        silence += left
        yield Pause(left)
