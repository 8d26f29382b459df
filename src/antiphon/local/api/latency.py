"""How long a simulated Claude takes: pauses before the events of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from ..metering.word_tokens import word_tokens

__all__ = ["Latency"]

Event = Mapping[str, Any]

_WRITTEN = ("text", "thinking", "partial_json")


@dataclass(frozen=True, slots=True)
class Latency:
    """The pace of answers; by default they come at once."""

    first_token: float = 0.0
    """Seconds before the first event."""
    tokens_per_second: float | None = None
    """The pace from then on; None writes at once."""
    jitter: float = 0.0
    """How far each pause may stray, as a part of it: 0 not at all, 1 from nothing to double."""

    def __post_init__(self) -> None:
        if not self.first_token >= 0:
            raise ValueError(f"first_token: {self.first_token}; give seconds from 0")
        if self.tokens_per_second is not None and not self.tokens_per_second > 0:
            raise ValueError(f"tokens_per_second: {self.tokens_per_second}; give more than 0")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter: {self.jitter}; give a part from 0 to 1")

    def paced(self, events: Iterable[Event], rng: Random) -> Iterator[tuple[float, Event]]:
        """Each event of a stream after the seconds to wait before it."""
        waiting = self.first_token
        for event in events:
            yield self._strayed(waiting + self._writing(_tokens(event)), rng), event
            waiting = 0.0

    def whole(self, tokens: int, rng: Random) -> float:
        """The seconds before an answer of so many tokens that is sent in one piece."""
        return self._strayed(self.first_token + self._writing(tokens), rng)

    def _writing(self, tokens: int) -> float:
        return tokens / self.tokens_per_second if self.tokens_per_second else 0.0

    def _strayed(self, seconds: float, rng: Random) -> float:
        if not seconds or not self.jitter:
            return seconds
        return seconds * (1 + self.jitter * rng.uniform(-1, 1))


def _tokens(event: Event) -> int:
    """The tokens an event carries, by the older tokenizer."""
    delta: Mapping[str, Any] = event.get("delta") or {}
    return sum(word_tokens(delta[key]) for key in _WRITTEN if isinstance(delta.get(key), str))
