"""`antiphon serve`: run the local server until it is interrupted."""

from __future__ import annotations

import argparse
import errno
from typing import Any

from ..local.api.app import App
from ..local.api.latency import Latency
from ..local.metering.rate_limits import Limits
from ..local.serving.listener import serve

__all__ = ["run"]

_PACE = ("first_token", "tokens_per_second", "jitter")
_LIMITS = ("requests", "input_tokens", "output_tokens")


def run(options: argparse.Namespace) -> None:
    """Serve; how to reach the server is printed on stdout.

    Raises:
        OSError: the server cannot listen at this address.
    """
    limits, latency = Limits(**_given(options, _LIMITS)), Latency(**_given(options, _PACE))
    app = App(
        seed=options.seed,
        models="any" if options.any_model else "known",
        limits=limits,
        latency=latency,
    )
    try:
        serve(
            options.host,
            options.port,
            app,
            control=options.control,
            allow_hosts=options.allow_host,
        )
    except OSError as failure:
        if failure.errno != errno.EADDRINUSE:
            raise
        raise OSError(
            f"port {options.port} of {options.host} is in use; choose another one, or leave out"
            " --port for a free one"
        ) from failure


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those options among `names` that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}
