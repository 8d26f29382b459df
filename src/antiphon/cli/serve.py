"""`antiphon serve`: the local server, until it is interrupted."""

from __future__ import annotations

import argparse
from typing import Any

from ..local.api.app import App
from ..local.api.latency import Latency
from ..local.metering.rate_limits import Limits
from ..local.serving.listener import serve

_PACE = ("first_token", "tokens_per_second", "jitter")
_LIMITS = ("requests", "input_tokens", "output_tokens")


def run(options: argparse.Namespace) -> None:
    """Serve; say on stdout how to use it."""
    limits, latency = Limits(**_given(options, _LIMITS)), Latency(**_given(options, _PACE))
    app = App(seed=options.seed, limits=limits, latency=latency)
    serve(options.host, options.port, app, control=options.control)


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """The options among `names` that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}
