"""A warning for credentials that leave the machine unencrypted."""

from __future__ import annotations

import warnings

from .origin import Origin, is_loopback, target_of

__all__ = ["PlainHTTPWarning", "warn_of_plain_http"]


class PlainHTTPWarning(UserWarning):
    """A credential is sent over plain http to another machine: all on the way can read it."""


_warned: set[Origin] = set()


def warn_of_plain_http(url: str, *, stacklevel: int = 2) -> None:
    """Warn if a request to `url` would show its credential on the network.

    It warns once for each origin in a process. Plain http to this machine itself is fine.

    Args:
        url: where a request with a credential goes.
        stacklevel: what the warning points to, as if the caller of this function called
            `warnings.warn`: 1 for itself, 2 for its caller, and so on.
    """
    origin = target_of(url).origin
    if origin.scheme != "http" or origin in _warned or is_loopback(origin.host):
        return
    _warned.add(origin)
    warnings.warn(
        f"base_url: the API key is sent to {origin.shown} over plain http, where everybody on the"
        " way"
        " can read it. Use https://, or pass allow_plain_http=True if the network is trusted.",
        PlainHTTPWarning,
        stacklevel=stacklevel + 1,
    )
