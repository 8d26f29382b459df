"""`antiphon count`: the input tokens of a prompt."""

from __future__ import annotations

import argparse

from . import prompt as prompting


def run(options: argparse.Namespace) -> None:
    """Count; print the number."""
    params = prompting.request(options)
    with prompting.client(options) as client:
        print(client.messages.count_tokens(**params).input_tokens)
