"""`antiphon ask`: a prompt in, the answer out, while it arrives."""

from __future__ import annotations

import argparse
import sys
from typing import Any, cast

from ..client import Client
from ..types.messages import Message
from . import prompting


def run(options: argparse.Namespace) -> None:
    """Send the prompt; print the answer."""
    params = {**prompting.request(options), "max_tokens": options.max_tokens}
    with prompting.client(options) as client:
        if options.json or options.no_stream:
            message = cast("Message", client.messages.create(**params))  # pyright: ignore[reportUnknownMemberType] overloads of a dict
            _print_whole(message, options)
        else:
            message = _print_while_it_arrives(client, params, options)
    if options.usage:
        print(_usage(message), file=sys.stderr)
    if message.stop_reason not in ("end_turn", "stop_sequence"):
        print(
            f"antiphon: the answer ended with stop reason {message.stop_reason}.", file=sys.stderr
        )


def _print_whole(message: Message, options: argparse.Namespace) -> None:
    if options.thinking and message.thinking:
        print(message.thinking, file=sys.stderr)
    print(message.to_json() if options.json else message.text)


def _print_while_it_arrives(
    client: Client, params: dict[str, Any], options: argparse.Namespace
) -> Message:
    try:
        with client.messages.stream(**params) as stream:
            for event in stream:
                if event.type == "text":
                    print(event.text, end="", flush=True)
                elif event.type == "thinking" and options.thinking:
                    print(event.thinking, end="", file=sys.stderr, flush=True)
            return stream.get_final_message()
    finally:
        print()


def _usage(message: Message) -> str:
    usage = message.usage
    return f"antiphon: {usage.total_input_tokens} tokens in, {usage.output_tokens} out ({message.model})"
