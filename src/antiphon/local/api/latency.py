"""How long a simulated Claude takes: the pauses before the events of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from ..._wire.json import JSONObject
from ...catalog.word_tokens import word_tokens

__all__ = ["Latency"]

# The fields of a delta that Claude writes; a signature comes with the last of its thinking.
_WRITTEN = ("text", "thinking", "partial_json")


@dataclass(frozen=True, slots=True)
class Latency:
    """The pace of replies; by default they come at once."""

    first_token: float = 0.0
    """Seconds before the first event."""
    tokens_per_second: float | None = None
    """The pace after the first event; None for at once."""
    jitter: float = 0.0
    """Random variation of each pause, as a fraction: 0 for none, 0.5 for ±50 %."""

    def __post_init__(self) -> None:
        if not self.first_token >= 0:
            raise ValueError(f"first_token: {self.first_token}; give seconds from 0")
        if self.tokens_per_second is not None and not self.tokens_per_second > 0:
            raise ValueError(f"tokens_per_second: {self.tokens_per_second}; give more than 0")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter: {self.jitter}; give a part from 0 to 1")

    def paced(
        self, events: Iterable[JSONObject], rng: Random
    ) -> Iterator[tuple[float, JSONObject]]:
        """Yield each event of a stream after the seconds to pause before it."""
        delay = self.first_token
        for event in events:
            yield self._varied(delay + self._writing(_tokens(event)), rng), event
            delay = 0.0

    def whole(self, tokens: int, rng: Random) -> float:
        """Return the seconds before a reply of `tokens` tokens that is sent in one piece."""
        return self._varied(self.first_token + self._writing(tokens), rng)

    def _writing(self, tokens: float) -> float:
        return tokens / self.tokens_per_second if self.tokens_per_second else 0.0

    def _varied(self, seconds: float, rng: Random) -> float:
        if not seconds or not self.jitter:
            return seconds
        return seconds * (1 + self.jitter * rng.uniform(-1, 1))


def _tokens(event: JSONObject) -> float:
    """Return the tokens that an event carries; the older tokenizer is precise enough for a pace."""
    delta: JSONObject = event.get("delta") or {}
    texts = (delta[key] for key in _WRITTEN if isinstance(delta.get(key), str))
    return sum(map(word_tokens, texts), 0.0)
