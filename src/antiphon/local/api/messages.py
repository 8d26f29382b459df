"""What a request gets: the API's rules first, then what its prompt costs, then the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...rules import Endpoint, findings
from ..metering.clock import Clock
from ..metering.prompt_cache import Lookup, PromptCache
from ..metering.rate_limits import Limits, RateLimitBuckets
from ..metering.tokens import count
from ..replies.reply import Reply, make_reply
from ..replies.signatures import Signatures
from .errors import RequestRefusedError, invalid, refused

__all__ = ["ORGANIZATION", "Caller", "MessageResult", "Simulation"]

ORGANIZATION = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by which version of the API."""

    workspace: str
    version: str
    betas: frozenset[str]


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message, and what sending it needs besides."""

    message: dict[str, Any]
    output_tokens: int
    raw_inputs: Mapping[int, str]
    """The text of a tool's input by the index of its block, where it is not whole JSON."""
    headers: tuple[tuple[str, str], ...]
    """The rate limits, as the answer's headers tell them."""


class Simulation:
    """Makes messages and counts tokens; it understands nothing.

    Args:
        clock: the server's.
        seed: changes every id and opaque value.
        limits: what each class of models may use in a minute.
    """

    def __init__(self, clock: Clock, seed: int, limits: Limits) -> None:
        self._clock = clock
        self._seed = seed
        self._limits = limits
        self._signatures = Signatures(f"antiphon {seed}".encode())
        self.clear()

    def clear(self) -> None:
        """Forget what was cached and counted."""
        self._cache = PromptCache(self._clock)
        self._rates = RateLimitBuckets(self._limits, self._clock, ORGANIZATION)

    def create(self, body: Mapping[str, Any], asker: Caller) -> MessageResult:
        """The message that answers the body of a create request."""
        self._check(body, "create", asker)
        model: str = body["model"]
        lookup = self._cache.lookup(body, asker.workspace)
        self._admit(model, lookup.usage.limited)
        answered = self._answer(body, lookup)
        self._rates.produced(model, answered.output_tokens)
        return MessageResult(
            answered.message(lookup.usage),
            answered.output_tokens,
            answered.raw_inputs,
            tuple(self._rates.headers(model)),
        )

    def count(self, body: Mapping[str, Any], asker: Caller) -> int:
        """The input tokens of the body of a count_tokens request."""
        self._check(body, "count_tokens", asker)
        return count(body)

    def result(self, params: Mapping[str, Any], asker: Caller) -> dict[str, Any]:
        """How an item of a batch ends; batches have rate limits of their own."""
        try:
            self._check(params, "batch_item", asker)
        except RequestRefusedError as refusal:
            error = {"type": "error", "error": {"details": None, **refusal.error()}}
            return {"type": "errored", "error": error}
        lookup = self._cache.lookup(params, asker.workspace)
        message = self._answer(params, lookup).message(lookup.usage, service_tier="batch")
        return {"type": "succeeded", "message": message}

    def _check(self, body: Mapping[str, Any], endpoint: Endpoint, asker: Caller) -> None:
        """Refuse what the API refuses, with the first reason it would give."""
        found = findings(
            body, endpoint=endpoint, version=asker.version, betas=asker.betas, count=count
        )
        if (first := next(found, None)) is not None:
            raise refused(first)
        if (block := self._signatures.verify(body)) is not None:
            raise invalid(block.message)

    def _admit(self, model: str, input_tokens: int) -> None:
        over = self._rates.admit(model, input_tokens)
        if over is not None:
            wait = ("retry-after", str(over.retry_after))
            headers = (wait, *self._rates.headers(model))
            raise RequestRefusedError(429, "rate_limit_error", over.message, headers=headers)

    def _answer(self, body: Mapping[str, Any], lookup: Lookup) -> Reply:
        answered = make_reply(
            body,
            signatures=self._signatures,
            seed=self._seed,
            now=self._clock(),
            input_tokens=lookup.usage.total,
        )
        self._cache.commit(lookup)
        return answered
