"""Whether a simulated Claude thinks about a request, and what the client sees of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from ...catalog.models import ModelCard
from ..metering.tokens import part
from .description import first_words
from .prompt import Prompt
from .signatures import Signatures

__all__ = ["REDACT", "Thinking"]

Block = dict[str, Any]

REDACT = "[[redacted_thinking]]"

_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Thinking:
    """How a request is thought about."""

    text: str | None
    """The thoughts; None without thinking."""
    omitted: bool
    """Whether the client gets only their signature."""
    redacted: bool
    """Whether they come as a redacted block."""

    @classmethod
    def of(cls, body: Mapping[str, Any], prompt: Prompt, card: ModelCard | None) -> Thinking:
        """How the body of a create request is thought about."""
        config = part(body, "thinking")
        display = config.get("display") or (card.thinking_display if card else "summarized")
        forced = part(body, "tool_choice").get("type") in ("any", "tool")
        on = not forced and not prompt.continued and _on(config.get("type"), prompt, card)
        echo = first_words(prompt.text.replace(REDACT, ""), 60)
        text = f"Simulated thinking about “{echo}”." if on else None
        return cls(text, display == "omitted", REDACT in prompt.text)

    def drafted(self) -> list[Block]:
        """The thinking block before it is cut and signed, if there is one."""
        return [] if self.text is None else [{"type": "thinking", "thinking": self.text}]

    def shown(self, content: Iterable[Block], signatures: Signatures, rng: Random) -> list[Block]:
        """`content` with its thinking as the client gets it, signed."""
        return [
            self._shown(block, signatures, rng) if block["type"] == "thinking" else block
            for block in content
        ]

    def _shown(self, block: Block, signatures: Signatures, rng: Random) -> Block:
        nonce = rng.randbytes(_NONCE_BYTES)
        if self.redacted:
            return {"type": "redacted_thinking", "data": signatures.sign("", nonce)}
        text = "" if self.omitted else block["thinking"]
        return {"type": "thinking", "thinking": text, "signature": signatures.sign(text, nonce)}


def _on(kind: str | None, prompt: Prompt, card: ModelCard | None) -> bool:
    """Whether the model thinks, as the request says or by default."""
    match kind:
        case "enabled" | "adaptive":
            return True
        case "between_tools":
            return bool(prompt.results)
        case "disabled":
            return False
        case _:
            return card is not None and card.thinking_default != "off"
