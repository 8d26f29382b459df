"""`antiphon conformance`: check whether a server speaks the Messages API."""

from __future__ import annotations

import argparse
import json

from ..testing.conformance import check_server
from .exit import NETWORK

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Print the score card of a server; return 1 if programs cannot rely on it.

    Return 7 if the run was stopped, because there was no connection or no response.
    """
    card = check_server(
        options.base_url,
        api_key=options.key,
        model=options.model,
        thinking_model=options.thinking_model,
        timeout=options.timeout,
    )
    print(json.dumps(card.to_dict(), indent=2) if options.json else card)
    if card.stopped:
        return NETWORK
    return 0 if card.conforms else 1
