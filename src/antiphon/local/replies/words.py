"""Replies in words, and what all replies have in common."""

from __future__ import annotations

import json
import re
from typing import Any

from ..._wire.json import JSONObject
from ...catalog.request_parts import object_at
from .citations import citations
from .description import describe_blocks, describe_result, first_words
from .prompt import Prompt

__all__ = ["PAUSE", "REFUSE", "SIMULATED", "Composer", "Draft", "output_schema", "text_block"]

Draft = tuple[list[JSONObject], str]
"""The content of a reply and its stop reason."""

REFUSE = re.compile(r"\[\[refusal\]\]|ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL_[0-9A-Fa-f]+")
"""In the last user turn: the reply is a refusal. The second form is the API's own test string."""
PAUSE = "[[pause_turn]]"
"""In the last user turn: the reply is a paused turn."""

SIMULATED = "Simulated by antiphon's local server."
"""What the words of a reply begin with."""

# Characters of the prompt that a reply quotes; ideographs are words, so fewer of them say as much.
_MAX_ECHO = 60
_MAX_RESULTS = 8
_MAX_ECHO_OF_IDEOGRAPHS = 20


def output_schema(body: JSONObject) -> Any:
    """Return the schema of the output that a request asks for; None without one."""
    output = object_at(object_at(body, "output_config"), "format")
    return (output or object_at(body, "output_format")).get("schema")


class Composer:
    """Composes the reply to one request, in words."""

    def __init__(self, body: JSONObject, prompt: Prompt) -> None:
        self._body = body
        self._prompt = prompt
        self._results = prompt.named_results() if prompt.results else []

    def draft(self) -> Draft:
        """Return the content of the reply and its stop reason."""
        if self._prompt.continued:
            return self._continued()
        if REFUSE.search(self._prompt.text):
            return [], "refusal"
        return self._reply()

    def _continued(self) -> Draft:
        """Return what goes on where the request ends with the assistant's turn."""
        if self._prompt.summary is not None:
            after = f"{SIMULATED} Going on after “{first_words(self._prompt.summary, _MAX_ECHO)}”"
            return [text_block(after)], "end_turn"
        return self._words(), "end_turn"

    def _reply(self) -> Draft:
        """Return the reply to the user's turn."""
        return self._words(), "end_turn"

    def _words(self) -> list[JSONObject]:
        """Return a reply in words: a continuation, or a summary or echo with its citations."""
        if self._prompt.prefill is not None:
            return [text_block(_continuation(self._prompt.prefill))]
        words = self._client_results() if self._results else self._echo()
        cited = map(_quotation, citations(self._body["messages"]))
        return [text_block(f"{SIMULATED} {words}".rstrip()), *cited]

    def _client_results(self) -> str:
        """Return the results that the client sent, each beside the name of its tool."""
        shown = [f"{name}: {describe_result(block)}" for name, block in self._results]
        more = len(shown) - _MAX_RESULTS
        ending = f"; and {more} more" if more > 0 else ""
        return f"Results: {'; '.join(shown[:_MAX_RESULTS])}{ending}."

    def _echo(self) -> str:
        """Return what was sent: its first words, and the number and kinds of its blocks."""
        text = self._prompt.text
        has_spaces = text[:_MAX_ECHO].isascii() or " " in text[:_MAX_ECHO]
        most = _MAX_ECHO if has_spaces else _MAX_ECHO_OF_IDEOGRAPHS
        quoted = f"You wrote: “{first_words(text, most)}”. " if text.strip() else ""
        sent = describe_blocks(self._prompt.blocks)
        return f"{quoted}Received: {sent}." if sent else quoted


def text_block(text: str) -> JSONObject:
    """Return a block of text."""
    return {"type": "text", "text": text}


def _quotation(citation: JSONObject) -> JSONObject:
    """Return a text block that quotes a source and cites it."""
    quoted = first_words(citation["cited_text"], _MAX_ECHO)
    return {**text_block(f"Source: “{quoted}”"), "citations": [citation]}


def _continuation(prefill: str) -> str:
    """Return words that continue `prefill`; JSON that it begins is completed."""
    match prefill.rstrip()[-1:]:
        case "{":
            return f'"simulated": {json.dumps(SIMULATED, ensure_ascii=False)}}}'
        case "[":
            return f"{json.dumps(SIMULATED, ensure_ascii=False)}]"
        case _:
            return f" … {SIMULATED}"
