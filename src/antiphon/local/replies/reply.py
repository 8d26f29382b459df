"""The reply of a simulated Claude: nothing is understood, everything is true to the wire.

A reply is a function of the request, the server's seed and its time; the same request gets the
same reply. It is made in the order in which Claude would produce it:

1. `Prompt.of` reads the last turn, `Thinking.of` decides about thinking.
2. `content.draft` writes the content that the request asks for: tool calls that its prompt
   mentions, structured output, or an echo of what was sent.
3. Stop sequences and then `max_tokens` (or the end of the context window) cut it.
4. Only what is left is counted and signed.

Phrases in the last user turn ask for rarer endings: ``[[refusal]]`` for a refusal,
``[[pause_turn]]`` for a paused turn, ``[[redacted_thinking]]`` for thinking that is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple

from ..._wire.json import JSONObject, is_object
from ...catalog import models as catalog
from ...catalog.canonical_json import canonical
from ...catalog.request_parts import content_blocks
from ...catalog.tokens import output_tokens
from ..metering.clock import timestamp
from ..metering.prompt_cache import CacheUsage
from . import content
from .compaction import Summary
from .ids import new_id
from .prompt import Prompt
from .server_tools import runs_code
from .signatures import Signatures
from .thinking import Thinking
from .truncation import at_stop_sequence, within_budget

__all__ = ["Reply", "complete_reply", "make_reply", "reply_random", "request_digest"]

# Containers of the API expire after some minutes without use.
_CONTAINER_SECONDS = 300
_REFUSAL: JSONObject = {
    "type": "refusal",
    "category": "general_harms",
    "explanation": "Simulated refusal: the prompt contains its phrase.",
}


class Reply(NamedTuple):
    """A message without the cost of its input."""

    id: str
    """The message's id."""
    model: str
    """The full name of the model."""
    content: list[JSONObject]
    """The content blocks."""
    stop_reason: str
    """Why the message ends."""
    stop_sequence: str | None
    """The stop sequence that ended it."""
    stop_details: JSONObject | None
    """More about a refusal."""
    container: JSONObject | None
    """The container in which code ran, if any did."""
    output_tokens: int
    """The tokens written, thinking included."""
    thinking_tokens: int
    """The tokens of thinking among them."""
    server_tool_use: Mapping[str, int] | None
    """How often the tools ran that are billed by use; None if no server tool ran."""
    raw_inputs: Mapping[int, str]
    """The JSON text of a tool's input where `max_tokens` cut it, by the index of its block."""
    inference_geo: str
    """The region of the computation."""
    speed: str | None
    """The speed that the request set."""
    applied_edits: Sequence[JSONObject] | None
    """What was removed from the context; None if the request set no rules for that."""
    summary: Summary | None
    """The summary that was written before everything else, if one was."""

    def message(self, read: CacheUsage, *, service_tier: str = "standard") -> JSONObject:
        """Return the message as the API sends it, with its keys in the API's order.

        Args:
            read: the cost of the input.
            service_tier: "standard", or "batch" for an item of a batch.
        """
        return {
            "model": self.model,
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "content": self.content,
            **({"container": self.container} if self.container else {}),
            "stop_reason": self.stop_reason,
            "stop_sequence": self.stop_sequence,
            "stop_details": self.stop_details,
            "usage": self._usage(read, service_tier),
            **self._context_management(),
            "diagnostics": None,
        }

    def _context_management(self) -> JSONObject:
        if self.applied_edits is None:
            return {}
        return {"context_management": {"applied_edits": [*self.applied_edits]}}

    def _usage(self, read: CacheUsage, service_tier: str) -> JSONObject:
        if self.summary is not None and self.summary.is_all:
            read = CacheUsage(0, 0, 0, 0)  # the pass that summarizes is told in `iterations` alone
        usage: JSONObject = {
            "input_tokens": read.uncached,
            "cache_creation_input_tokens": read.write_5m + read.write_1h,
            "cache_read_input_tokens": read.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": read.write_5m,
                "ephemeral_1h_input_tokens": read.write_1h,
            },
            **self._iterations(read),
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"thinking_tokens": self.thinking_tokens},
            "service_tier": service_tier,
            "inference_geo": self.inference_geo,
        }
        if self.server_tool_use is not None:
            usage["server_tool_use"] = self.server_tool_use
        if self.speed:
            usage["speed"] = self.speed
        return usage

    def _iterations(self, read: CacheUsage) -> JSONObject:
        """Return the passes of the message, under their name, if one of them was a summary."""
        if self.summary is None:
            return {}
        passes = [_pass("compaction", self.summary.input_tokens, self.summary.output_tokens)]
        if not self.summary.is_all:
            cached = read.read, read.write_5m + read.write_1h
            passes.append(_pass("message", read.uncached, self.output_tokens, *cached))
        return {"iterations": passes}


def _pass(kind: str, read: int, written: int, cached: int = 0, stored: int = 0) -> JSONObject:
    return {
        "type": kind,
        "input_tokens": read,
        "output_tokens": written,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": stored,
    }


def make_reply(
    body: JSONObject,
    *,
    rng: Random,
    signatures: Signatures,
    now: float = 0.0,
    input_tokens: int = 0,
    summary: Summary | None = None,
) -> Reply:
    """Return the simulated reply to a create request that passed every rule.

    Args:
        body: the request; ``stream`` makes no difference.
        rng: makes ids and opaque values.
        signatures: signs thinking.
        now: the server's time in seconds since 1970.
        input_tokens: the size of the prompt; the reply ends where the context window is full.
        summary: a summary of the conversation that the reply begins with.
    """
    card = catalog.find(body["model"])
    prompt = Prompt.of(body)
    identifier = new_id("msg", rng)
    thinking = Thinking.of(body, prompt, card)
    if summary is not None and summary.is_all:
        drafted, stop_reason = [summary.block], "compaction"
    else:
        drafted, stop_reason = content.draft(body, prompt, rng, now)
        if stop_reason != "refusal":
            drafted = thinking.draft() + drafted
        if summary is not None:
            drafted = [summary.block, *drafted]
    drafted, stop_sequence = at_stop_sequence(drafted, body.get("stop_sequences") or ())
    budget, exceeded = _budget(body, card, input_tokens)
    cut = within_budget(body["model"], drafted, budget)
    if not cut.whole or budget == 0:
        stop_reason, stop_sequence = exceeded, None
    elif stop_sequence is not None:
        stop_reason = "stop_sequence"
    return complete_reply(
        body,
        cut.content,
        thinking.signed(cut.content, signatures, rng),
        identifier=identifier,
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        stop_details=_REFUSAL if stop_reason == "refusal" else None,
        tokens=cut.tokens,
        raw_inputs=cut.raw_inputs,
        rng=rng,
        now=now,
        summary=summary,
    )


def complete_reply(
    body: JSONObject,
    written: Sequence[JSONObject],
    content: list[JSONObject],
    *,
    identifier: str,
    stop_reason: str,
    stop_sequence: str | None,
    stop_details: JSONObject | None,
    tokens: int,
    raw_inputs: Mapping[int, str],
    rng: Random,
    now: float,
    summary: Summary | None = None,
) -> Reply:
    """Return the reply of given content, with all that follows from the content and the request.

    Args:
        body: the request.
        written: the blocks as they were written, with all of their thinking.
        content: the same blocks as the client receives them.
        identifier: the message's id.
        stop_reason: why the message ends.
        stop_sequence: the stop sequence that ended it.
        stop_details: more about a refusal.
        tokens: the tokens written, thinking included.
        raw_inputs: the JSON text of a tool's input where it was cut, by the index of its block.
        rng: makes ids.
        now: the server's time in seconds since 1970.
        summary: the summary that was written before everything else, if one was.
    """
    card = catalog.find(body["model"])
    return Reply(
        id=identifier,
        model=card.id if card else body["model"],
        content=content,
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        stop_details=stop_details,
        container=_container(body, written, rng, now),
        output_tokens=tokens,
        thinking_tokens=_thinking_tokens(body["model"], written),
        server_tool_use=_server_tool_use(written),
        raw_inputs=raw_inputs,
        inference_geo=body.get("inference_geo") or "not_available",
        speed=body.get("speed"),
        applied_edits=() if body.get("context_management") else None,
        summary=summary,
    )


def request_digest(body: JSONObject) -> bytes:
    """Return a digest of a request; whether it is streamed makes no difference."""
    request = {key: body[key] for key in body if key != "stream"}
    return blake2b(canonical(request, sort=True), digest_size=16).digest()


def reply_random(digest: bytes, seed: int, repeat: int) -> Random:
    """Return a generator that is the same for the same request, seed and number of repeats."""
    return Random(f"{seed} {repeat} {digest.hex()}")


def _budget(body: JSONObject, card: catalog.ModelCard | None, input_tokens: int) -> tuple[int, str]:
    """Return how many tokens may be written, and the stop reason if they do not suffice."""
    requested = (body["max_tokens"], "max_tokens")
    if card is None:
        return requested
    return min(requested, (max(0, card.window - input_tokens), "model_context_window_exceeded"))


def _thinking_tokens(model: str, blocks: Iterable[JSONObject]) -> int:
    return sum(output_tokens(model, block) for block in blocks if block["type"] == "thinking")


def _container(
    body: JSONObject, blocks: Iterable[JSONObject], rng: Random, now: float
) -> JSONObject | None:
    """Return the container of the conversation: the request's own, or a new one.

    There is one as soon as code ran, in this reply or in an earlier one.
    """
    requested: Any = body.get("container")
    given = requested.get("id") if is_object(requested) else requested
    if not given and not any(runs_code(block) for block in (*blocks, *_earlier_blocks(body))):
        return None
    expires = timestamp(now + _CONTAINER_SECONDS)
    return {"id": given or new_id("container", rng), "expires_at": expires}


def _earlier_blocks(body: JSONObject) -> Iterator[JSONObject]:
    """Yield the blocks of the assistant's earlier messages."""
    for message in body["messages"]:
        if message["role"] == "assistant":
            yield from content_blocks(message["content"])


def _server_tool_use(blocks: Iterable[JSONObject]) -> Mapping[str, int] | None:
    """Return how often the tools ran that are billed by use; None if no server tool ran."""
    ran = [block["type"] for block in blocks if block["type"] != "mcp_tool_result"]
    if "server_tool_use" not in ran and not any(kind.endswith("_tool_result") for kind in ran):
        return None
    tools = ("web_search", "web_fetch")
    return {f"{tool}_requests": ran.count(f"{tool}_tool_result") for tool in tools}
