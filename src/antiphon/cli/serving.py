"""`antiphon serve`: the local server, until it is interrupted."""

from __future__ import annotations

import argparse

from ..local.serve import serve


def run(options: argparse.Namespace) -> None:
    """Serve; say on stdout how to use it."""
    serve(options.host, options.port)
