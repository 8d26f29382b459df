"""`antiphon ask`: send a prompt and print the reply while it is received."""

from __future__ import annotations

import argparse
import sys
from typing import Any, TextIO, cast

from .._sync.client import Client
from ..catalog import models as catalog
from ..types.message import Message
from ..types.params import CreateParamsNonStreaming
from . import prompt

__all__ = ["run"]

_SMALLEST_BUDGET = 1024  # the API refuses a `budget_tokens` below it


def run(options: argparse.Namespace) -> None:
    """Send the prompt and print the reply."""
    params = {**prompt.params(options), "max_tokens": options.max_tokens}
    if options.thinking:
        params |= _thinking(options.model, options.max_tokens)
    with prompt.client(options) as client:
        if options.json or options.no_stream:
            message = _print_complete(client, params, options)
        else:
            message = _print_stream(client, params, options)
    if options.usage:
        _note(_usage(message))
    if message.stop_reason not in ("end_turn", "stop_sequence"):
        _note(f"the reply ended with stop reason {message.stop_reason}")


def _thinking(model: str, max_tokens: int) -> dict[str, Any]:
    """Return the parameters for visible thinking that leave `max_tokens` for the reply."""
    card = catalog.find(model)
    if card is None or "adaptive" in card.thinking_types:
        return {"thinking": {"type": "adaptive", "display": "summarized"}}
    # Older models take a budget, which counts towards `max_tokens`.
    thinking = {"type": "enabled", "budget_tokens": _SMALLEST_BUDGET}
    return {"thinking": thinking, "max_tokens": max_tokens + _SMALLEST_BUDGET}


def _print_complete(client: Client, params: dict[str, Any], options: argparse.Namespace) -> Message:
    message: Message = client.messages.create(**cast("CreateParamsNonStreaming", params))
    if options.thinking and message.thinking:
        print(message.thinking, file=sys.stderr)
    print(message.to_json() if options.json else message.text)
    return message


def _print_stream(client: Client, params: dict[str, Any], options: argparse.Namespace) -> Message:
    output = _Output()
    try:
        with client.messages.stream(**params) as stream:
            if not options.thinking:  # most often, and loading all kinds of events takes a while
                for text in stream.text_stream:
                    output.write(text, sys.stdout)
                return stream.get_final_message()
            for event in stream:
                if event.type == "text":
                    output.write(event.text, sys.stdout)
                elif event.type == "thinking":
                    output.write(event.thinking, sys.stderr)
            return stream.get_final_message()
    # Also after a failure, so that its message begins on a line of its own.
    finally:
        output.end_line()


class _Output:
    """Text that goes to stdout or stderr; a change from one to the other starts a new line."""

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def write(self, text: str, file: TextIO) -> None:
        """Write text at once."""
        if file is not self._file:
            self.end_line()
        self._file = file
        print(text, end="", file=file, flush=True)

    def end_line(self) -> None:
        """End the line, if one was begun."""
        if self._file is not None:
            print(file=self._file, flush=True)
        self._file = None


def _usage(message: Message) -> str:
    usage = message.usage
    return f"{usage.total_input_tokens} tokens in, {usage.output_tokens} out ({message.model})"


def _note(text: str) -> None:
    print(f"antiphon: {text}", file=sys.stderr)
