"""What the examples share: without a key they talk to a simulator instead of Claude."""

import atexit
import os
import sys

from antiphon.local import LocalServer


def use_simulator_without_key() -> None:
    """Start a local server for this program, if the environment has no key."""
    if os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN"):
        return
    os.environ["ANTHROPIC_API_KEY"] = "any"  # the simulator takes any key
    if not os.environ.get("ANTHROPIC_BASE_URL"):  # else `antiphon serve` runs already
        server = LocalServer()
        server.start()
        atexit.register(server.close)
        os.environ["ANTHROPIC_BASE_URL"] = server.url
    print("ANTHROPIC_API_KEY is not set: a simulator replies, not Claude.", file=sys.stderr)
