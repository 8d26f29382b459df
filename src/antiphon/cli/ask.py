"""`antiphon ask`: a prompt in, the answer out, while it arrives."""

from __future__ import annotations

import argparse
import sys
from typing import Any, TextIO, cast

from ..catalog import models as catalog
from .._sync.client import Client
from ..types.message import Message
from ..types.params import CreateParamsNonStreaming
from . import prompt as prompting

_SMALLEST_BUDGET = 1024


def run(options: argparse.Namespace) -> None:
    """Send the prompt; print the answer."""
    params = {**prompting.request(options), "max_tokens": options.max_tokens}
    if options.thinking:
        params |= _thinking(options.model, options.max_tokens)
    with prompting.client(options) as client:
        if options.json or options.no_stream:
            message = _print_whole(client, params, options)
        else:
            message = _print_while_it_arrives(client, params, options)
    if options.usage:
        _note(_usage(message))
    if message.stop_reason not in ("end_turn", "stop_sequence"):
        _note(f"the answer ended with stop reason {message.stop_reason}")


def _thinking(model: str, max_tokens: int) -> dict[str, Any]:
    """The parameters that make a model think and show it, with as many tokens left for the answer."""
    card = catalog.find(model)
    if card is None or "adaptive" in card.thinking_types:
        return {"thinking": {"type": "adaptive", "display": "summarized"}}
    thinking = {"type": "enabled", "budget_tokens": _SMALLEST_BUDGET}
    return {"thinking": thinking, "max_tokens": max_tokens + _SMALLEST_BUDGET}


def _print_whole(client: Client, params: dict[str, Any], options: argparse.Namespace) -> Message:
    message: Message = client.messages.create(**cast("CreateParamsNonStreaming", params))
    if options.thinking and message.thinking:
        print(message.thinking, file=sys.stderr)
    print(message.to_json() if options.json else message.text)
    return message


def _print_while_it_arrives(
    client: Client, params: dict[str, Any], options: argparse.Namespace
) -> Message:
    line = _Output()
    try:
        with client.messages.stream(**params) as stream:
            for event in stream:
                if event.type == "text":
                    line.write(event.text, sys.stdout)
                elif event.type == "thinking" and options.thinking:
                    line.write(event.thinking, sys.stderr)
            return stream.get_final_message()
    finally:
        line.end()


class _Output:
    """A line that is being written, to stdout or stderr; turning to the other one ends it."""

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def write(self, text: str, file: TextIO) -> None:
        """Write at once."""
        if file is not self._file:
            self.end()
        self._file = file
        print(text, end="", file=file, flush=True)

    def end(self) -> None:
        """End the line if there is one."""
        if self._file is not None:
            print(file=self._file, flush=True)
        self._file = None


def _usage(message: Message) -> str:
    usage = message.usage
    return f"{usage.total_input_tokens} tokens in, {usage.output_tokens} out ({message.model})"


def _note(text: str) -> None:
    print(f"antiphon: {text}", file=sys.stderr)
