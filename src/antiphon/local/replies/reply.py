"""The answers of a simulated Claude: nothing is understood, everything is true to the wire.

The same request gets the same answer. What it says follows from what was sent: the language, the
kinds of blocks, the tools asked for. Phrases in the last user turn ask for rarer endings:
``[[refusal]]`` for a refusal, ``[[pause_turn]]`` for a paused turn, ``[[redacted_thinking]]`` for
thinking that is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from random import Random
from typing import Any

from ...catalog import models as catalog
from ..metering.canonical_json import canonical
from ..metering.prompt_cache import CacheUsage
from ..metering.tokens import output_tokens, part
from .content import compose
from .ids import new_id
from .prompt import Prompt
from .server_tools import runs_code
from .signatures import Signatures
from .thinking import Thinking
from .truncation import at_stop_sequence, within

__all__ = ["Reply", "make_reply"]

Block = dict[str, Any]

_CONTAINER_SECONDS = 300
_REFUSAL = {
    "type": "refusal",
    "category": "general_harms",
    "explanation": "Simulated refusal: the prompt asked for it.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """All of a message but what its input costs."""

    id: str
    """The message's id."""
    model: str
    """The model that answers, by its full name."""
    content: list[Block]
    """The content blocks."""
    stop_reason: str
    """Why it ends."""
    stop_sequence: str | None
    """The stop sequence it ends at."""
    stop_details: Mapping[str, Any] | None
    """More about a refusal."""
    container: Mapping[str, Any] | None
    """Where code ran, if it did."""
    output_tokens: int
    """The tokens written, thinking included."""
    thinking_tokens: int
    """Those of them that are thinking."""
    server_tool_use: Mapping[str, int] | None
    """How often each of the API's own tools ran."""
    raw_inputs: Mapping[int, str]
    """The text of a tool's input by the index of its block, where `max_tokens` cut it."""
    inference_geo: str
    """Where it is said to be computed."""
    speed: str | None
    """The speed asked for."""

    def message(self, read: CacheUsage, *, service_tier: str = "standard") -> Block:
        """The message as the API sends it, keys in its order.

        Args:
            read: what the input costs.
            service_tier: "standard", or "batch" for an item of a batch.
        """
        contained = {"container": self.container} if self.container else {}
        return {
            "model": self.model,
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "content": self.content,
            **contained,
            "stop_reason": self.stop_reason,
            "stop_sequence": self.stop_sequence,
            "stop_details": self.stop_details,
            "usage": self._usage(read, service_tier),
            "diagnostics": None,
        }

    def _usage(self, read: CacheUsage, service_tier: str) -> Block:
        usage: Block = {
            "input_tokens": read.uncached,
            "cache_creation_input_tokens": read.write_5m + read.write_1h,
            "cache_read_input_tokens": read.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": read.write_5m,
                "ephemeral_1h_input_tokens": read.write_1h,
            },
            "output_tokens": self.output_tokens,
            "output_tokens_details": {"thinking_tokens": self.thinking_tokens},
            "service_tier": service_tier,
            "inference_geo": self.inference_geo,
        }
        if self.server_tool_use:
            usage["server_tool_use"] = self.server_tool_use
        if self.speed:
            usage["speed"] = self.speed
        return usage


def make_reply(
    body: Mapping[str, Any],
    *,
    signatures: Signatures,
    seed: int = 0,
    now: float = 0.0,
    input_tokens: int = 0,
) -> Reply:
    """The simulated answer to the body of a create request that passed validation.

    Args:
        body: the request; ``stream`` makes no difference.
        signatures: signs thinking.
        seed: makes other answers to the same request, as far as ids and opaque values go.
        now: the server's time, seconds since 1970.
        input_tokens: the size of the prompt, so that the answer ends where the window is full.
    """
    card = catalog.find(body["model"])
    prompt = Prompt.of(body)
    rng = _random(body, seed)
    identifier = new_id("msg", rng)
    thinking = Thinking.of(body, prompt, card)
    composed, stop_reason = compose(body, prompt, rng, now)
    drafted = thinking.drafted() + composed if stop_reason != "refusal" else composed
    drafted, stop_sequence = at_stop_sequence(drafted, body.get("stop_sequences") or ())
    budget, exceeded = _budget(body, card, input_tokens)
    cut = within(body["model"], drafted, budget)
    if not cut.whole or budget == 0:
        stop_reason, stop_sequence = exceeded, None
    elif stop_sequence is not None:
        stop_reason = "stop_sequence"
    return Reply(
        id=identifier,
        model=card.id if card else body["model"],
        content=thinking.shown(cut.content, signatures, rng),
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        stop_details=_REFUSAL if stop_reason == "refusal" else None,
        container=_container(body, cut.content, rng, now),
        output_tokens=cut.tokens,
        thinking_tokens=_thinking_tokens(body["model"], cut.content),
        server_tool_use=_server_tool_use(cut.content),
        raw_inputs=cut.raw_inputs,
        inference_geo=body.get("inference_geo") or "not_available",
        speed=body.get("speed"),
    )


def _random(body: Mapping[str, Any], seed: int) -> Random:
    """Chance that is the same for the same request."""
    request = {key: body[key] for key in body if key != "stream"}
    digest = blake2b(canonical(request, sort=True), digest_size=8, salt=seed.to_bytes(8, "big"))
    return Random(int.from_bytes(digest.digest(), "big"))


def _budget(
    body: Mapping[str, Any], card: catalog.ModelCard | None, input_tokens: int
) -> tuple[int, str]:
    """How many tokens may be written, and the stop reason when they do not suffice."""
    asked = (body["max_tokens"], "max_tokens")
    if card is None:
        return asked
    return min(asked, (max(0, card.window - input_tokens), "model_context_window_exceeded"))


def _thinking_tokens(model: str, content: Iterable[Block]) -> int:
    return sum(output_tokens(model, block) for block in content if block["type"] == "thinking")


def _container(
    body: Mapping[str, Any], content: Iterable[Block], rng: Random, now: float
) -> Block | None:
    """The container in which the code of an answer ran: the request's own, or a new one."""
    if not any(runs_code(block) for block in content):
        return None
    asked: Any = body.get("container")
    given = part(body, "container").get("id") if isinstance(asked, dict) else asked
    expires = datetime.fromtimestamp(now + _CONTAINER_SECONDS, UTC)
    return {"id": given or new_id("container", rng), "expires_at": _zulu(expires)}


def _zulu(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _server_tool_use(content: Iterable[Block]) -> Mapping[str, int] | None:
    """How often the tools that are billed by use ran."""
    ran = Counter(block["type"] for block in content)
    uses = {f"{tool}_requests": ran[f"{tool}_tool_result"] for tool in ("web_search", "web_fetch")}
    return uses if any(uses.values()) else None
