"""What a messages request gets: the rules first, then the cost of its prompt, then the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..._wire.json import JSONObject
from ...rules import Endpoint as RuleEndpoint
from ...rules import findings
from ..metering.clock import Clock
from ..metering.prompt_cache import CacheLookup, PromptCache
from ..metering.rate_limits import Limits, RateLimitBuckets
from ..metering.tokens import PromptTokens
from ..replies.reply import Reply, make_reply
from ..replies.signatures import Signatures
from .errors import RequestRefusedError, broken_rule, invalid
from .steps import HeaderPairs

__all__ = ["ORGANIZATION", "Caller", "MessageResult", "Simulation"]

ORGANIZATION = "00000000-0000-4000-8000-000000000000"
"""The id of the only organization of a server."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and the version of the API that it uses."""

    workspace: str
    version: str
    betas: frozenset[str]


@dataclass(frozen=True, slots=True)
class MessageResult:
    """A message, and what is needed besides to send it."""

    message: JSONObject
    output_tokens: int
    raw_inputs: Mapping[int, str]
    """The JSON text of a tool's input where it was cut, by the index of its block."""
    headers: HeaderPairs
    """The headers about rate limits."""


class Simulation:
    """Makes messages and counts tokens, by the API's rules and limits.

    Args:
        clock: the server's.
        seed: changes every id and every opaque value.
        limits: what each class of models may use in a minute.
    """

    def __init__(self, clock: Clock, seed: int, limits: Limits) -> None:
        self._clock = clock
        self._seed = seed
        self._limits = limits
        self._signatures = Signatures(f"antiphon {seed}".encode())
        self.clear()

    def clear(self) -> None:
        """Forget cached prompts and used-up limits."""
        self._cache = PromptCache(self._clock)
        self._rates = RateLimitBuckets(self._limits, self._clock, ORGANIZATION)

    def create(self, body: JSONObject, caller: Caller) -> MessageResult:
        """Return the message for the body of a create request.

        Raises:
            RequestRefusedError: a rule or a limit forbids the request.
        """
        prompt = PromptTokens(body)
        self._check(prompt, "create", caller)
        model: str = body["model"]
        lookup = self._cache.lookup(prompt, caller.workspace)
        self._admit(model, lookup.usage.limited)
        reply = self._reply(body, lookup)
        self._rates.produced(model, reply.output_tokens)
        return MessageResult(
            reply.message(lookup.usage),
            reply.output_tokens,
            reply.raw_inputs,
            tuple(self._rates.headers(model)),
        )

    def count(self, body: JSONObject, caller: Caller) -> int:
        """Return the input tokens for the body of a count_tokens request.

        Raises:
            RequestRefusedError: a rule forbids the request.
        """
        prompt = PromptTokens(body)
        self._check(prompt, "count_tokens", caller)
        return prompt.total

    def batch_result(self, params: JSONObject, caller: Caller) -> JSONObject:
        """Return the result of an item of a batch; batches have rate limits of their own."""
        prompt = PromptTokens(params)
        try:
            self._check(prompt, "batch_item", caller)
        except RequestRefusedError as refusal:
            error = {"type": "error", "error": {"details": None, **refusal.error()}}
            return {"type": "errored", "error": error}
        lookup = self._cache.lookup(prompt, caller.workspace)
        message = self._reply(params, lookup).message(lookup.usage, service_tier="batch")
        return {"type": "succeeded", "message": message}

    def _check(self, prompt: PromptTokens, endpoint: RuleEndpoint, caller: Caller) -> None:
        """Refuse what the API refuses, for the first reason that the API would give."""
        found = findings(
            prompt.body,
            endpoint=endpoint,
            version=caller.version,
            betas=caller.betas,
            count=lambda _: prompt.total,
            today=self._clock.today(),
        )
        if (first := next(found, None)) is not None:
            raise broken_rule(first)
        if (block := self._signatures.verify(prompt.body)) is not None:
            raise invalid(block.message)

    def _admit(self, model: str, input_tokens: int) -> None:
        """Take the request out of the rate limits, or refuse it."""
        over = self._rates.admit(model, input_tokens)
        if over is not None:
            wait = ("retry-after", str(over.retry_after))
            headers = (wait, *self._rates.headers(model))
            raise RequestRefusedError(429, "rate_limit_error", over.message, headers=headers)

    def _reply(self, body: JSONObject, lookup: CacheLookup) -> Reply:
        reply = make_reply(
            body,
            signatures=self._signatures,
            seed=self._seed,
            now=self._clock(),
            input_tokens=lookup.usage.total,
        )
        self._cache.commit(lookup)
        return reply
