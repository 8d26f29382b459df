"""`antiphon count`: count the input tokens of a prompt."""

from __future__ import annotations

import argparse

from . import prompt

__all__ = ["run"]


def run(options: argparse.Namespace) -> None:
    """Print the number of tokens."""
    params = prompt.params(options)
    with prompt.client(options) as client:
        print(client.messages.count_tokens(**params).input_tokens)
