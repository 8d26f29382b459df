"""What the examples share: without a key they talk to a simulator instead of Claude."""

import atexit
import os
import sys

from antiphon.local import LocalServer

SETTINGS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")


def use_simulator_without_key() -> None:
    """Start a local server for this program, unless the environment says where to send requests."""
    if any(os.environ.get(name) for name in SETTINGS):
        return
    server = LocalServer()
    server.start()
    atexit.register(server.close)
    os.environ["ANTHROPIC_BASE_URL"] = server.url
    os.environ["ANTHROPIC_API_KEY"] = "any"
    print("ANTHROPIC_API_KEY is not set: a simulator replies, not Claude.", file=sys.stderr)
