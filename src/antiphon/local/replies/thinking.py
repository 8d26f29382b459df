"""Whether a simulated Claude thinks about a request, and what the client sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from ..._wire.json import JSONObject
from ...catalog.models import ModelCard
from ...catalog.request_parts import object_at
from .description import first_words
from .prompt import Prompt
from .signatures import NONCE_BYTES, Signatures

__all__ = ["REDACT", "Thinking"]

REDACT = re.compile(
    r"\[\[redacted_thinking\]\]|ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_[0-9A-Fa-f]+"
)
"""In the last user turn: thinking comes redacted. The second form is the API's own test string."""


class Thinking(NamedTuple):
    """Whether and how the simulated reply includes thinking."""

    text: str | None
    """The thinking; None if there is none."""
    omitted: bool
    """Whether the client receives only the signature of the thinking."""
    redacted: bool
    """Whether the thinking comes as a redacted block."""

    @classmethod
    def of(cls, body: JSONObject, prompt: Prompt, card: ModelCard | None) -> Thinking:
        """Return the thinking for the body of a create request."""
        config = object_at(body, "thinking")
        display = config.get("display") or (card.thinking_display if card else "summarized")
        forced = object_at(body, "tool_choice").get("type") in ("any", "tool")
        thinks = not forced and not prompt.continued and _thinks(config.get("type"), prompt, card)
        if not thinks:
            return cls(None, omitted=False, redacted=False)
        echo = first_words(REDACT.sub("", prompt.text), 60)
        text = f"Simulated thinking about “{echo}”."
        return cls(text, display == "omitted", REDACT.search(prompt.text) is not None)

    def draft(self) -> list[JSONObject]:
        """Return the thinking block, unsigned and whole, in a list; an empty list without it."""
        return [] if self.text is None else [{"type": "thinking", "thinking": self.text}]

    def signed(
        self, content: Iterable[JSONObject], signatures: Signatures, rng: Random
    ) -> list[JSONObject]:
        """Return `content` with its thinking as the client receives it, signed.

        It is signed last, because `max_tokens` may have cut it.
        """
        return [
            self._signed(block, signatures, rng) if block["type"] == "thinking" else block
            for block in content
        ]

    def _signed(self, block: JSONObject, signatures: Signatures, rng: Random) -> JSONObject:
        nonce = rng.randbytes(NONCE_BYTES)
        if self.redacted:
            return {"type": "redacted_thinking", "data": signatures.sign("", nonce)}
        text = "" if self.omitted else block["thinking"]
        return {"type": "thinking", "thinking": text, "signature": signatures.sign(text, nonce)}


def _thinks(kind: str | None, prompt: Prompt, card: ModelCard | None) -> bool:
    """Return whether the model thinks: as the request says, otherwise as is its default."""
    match kind:
        case "enabled" | "adaptive":
            return True
        case "between_tools":
            return bool(prompt.results)
        case "disabled":
            return False
        case _:
            return card is not None and card.thinking_default != "off"
