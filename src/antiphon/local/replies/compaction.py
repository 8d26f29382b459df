"""Summaries of conversations, simulated: what was asked for, and which tools were called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..._wire.json import JSONObject
from ...catalog.tokens import PromptTokens, count_text
from .description import first_words
from .task import Task

__all__ = ["Summary", "summarize"]

_MAX_REQUEST = 400
_MAX_INSTRUCTIONS = 100


class Summary(NamedTuple):
    """A summary of a conversation, and what it cost."""

    block: JSONObject
    """The `compaction` block."""
    input_tokens: int
    """The tokens of the conversation that it stands for."""
    output_tokens: int
    """The tokens of the summary."""
    is_all: bool
    """Whether the reply ends with it."""

    def behind(self, prompt: PromptTokens) -> PromptTokens:
        """Return the prompt of what follows: the summary in place of all but the last task."""
        if self.is_all:
            return prompt
        messages: Sequence[JSONObject] = prompt.body["messages"]
        begun: JSONObject = {"role": "assistant", "content": [self.block]}
        left = [begun, *messages[Task.start(messages) :]]
        return PromptTokens({**prompt.body, "messages": left})


def summarize(body: JSONObject, tokens: int, config: JSONObject, *, is_all: bool) -> Summary:
    """Return the summary of the conversation of a request.

    Args:
        body: the body of the request.
        tokens: the tokens of its prompt.
        config: what asks for the summary; `instructions` are quoted.
        is_all: whether the reply ends with it.
    """
    messages: Sequence[JSONObject] = body["messages"]
    task = Task.of(messages)
    called = Counter(str(call["name"]) for call in task.calls)
    tools = ", ".join(f"{name} ×{times}" for name, times in called.items())
    # `Task` reads these sentences again, so that a task goes on behind its summary.
    sentences = [
        f"Simulated summary of {len(messages)} messages.",
        f"The user wrote last: “{first_words(task.request, _MAX_REQUEST)}”.",
        f"Tools called: {tools}." if tools else "",
    ]
    if instructions := config.get("instructions"):
        sentences.append(
            f"It was asked for with: “{first_words(instructions, _MAX_INSTRUCTIONS)}”."
        )
    text = " ".join(filter(None, sentences))
    block = {"type": "compaction", "content": text}
    return Summary(block, tokens, count_text(body["model"], text), is_all)
