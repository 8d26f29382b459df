"""What a request gets: the API's rules first, then what the prompt costs, then the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from .clock import Clock
from .ids import new_id
from .refusals import Refusal, invalid

__all__ = ["Asker", "Produced", "Simulation"]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and by which version of the API."""

    workspace: str
    version: str
    betas: frozenset[str]


@dataclass(frozen=True, slots=True)
class Produced:
    """A message, and what streaming it needs besides."""

    message: dict[str, Any]
    raw_inputs: Mapping[int, str]
    """The text of a tool's input by the index of its block, where it is not whole JSON."""
    headers: tuple[tuple[str, str], ...]
    """The rate limits as the answer's headers tell them."""


class Simulation:
    """Makes messages and counts tokens; it understands nothing.

    Args:
        clock: the server's.
        seed: changes every id and opaque value.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._seed = seed

    def create(
        self, body: Mapping[str, Any], asker: Asker, *, service_tier: str = "standard"
    ) -> Produced:
        """The message that answers the body of a create request."""
        for name in ("model", "messages", "max_tokens"):
            if name not in body:
                raise invalid(f"{name}: Field required")
        text = "Hello! This is antiphon's local server: a simulator, not Claude."
        message = {
            "model": body["model"],
            "id": new_id("msg", Random(self._seed)),
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                "input_tokens": self.count(body, asker),
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": len(text) // 4,
                "service_tier": service_tier,
            },
        }
        return Produced(message, {}, ())

    def count(self, body: Mapping[str, Any], asker: Asker) -> int:
        """The input tokens of the body of a count_tokens request."""
        for name in ("model", "messages"):
            if name not in body:
                raise invalid(f"{name}: Field required")
        return 7 + len(str(body["messages"])) // 4

    def result(self, params: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
        """How an item of a batch ends."""
        try:
            produced = self.create(params, asker, service_tier="batch")
        except Refusal as refusal:
            error = {"type": "error", "error": {"details": None, **refusal.error()}}
            return {"type": "errored", "error": error}
        return {"type": "succeeded", "message": produced.message}

    def clear(self) -> None:
        """Forget what was cached and counted."""
