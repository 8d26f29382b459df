"""The TLS settings that every connection shares."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_making = threading.Lock()


def trust_environment() -> tuple[str | None, ...]:
    """The variables that choose the trusted certificates, as they are now."""
    return tuple(os.environ.get(name) for name in _VARIABLES)


def shared_context() -> ssl.SSLContext:
    """One context per process and trust store; made on the first call, in some 30 ms.

    It trusts the system's certificates, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
    """
    with _making:
        return _context(trust_environment())


@lru_cache(maxsize=8)
def _context(_trust: tuple[str | None, ...]) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _after_fork() -> None:
    global _making
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def missing_certificates() -> str | None:
    """The trust variable that names nothing that exists, if one does: OpenSSL ignores it silently."""
    for name in _VARIABLES:
        path = os.environ.get(name)
        if path and not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded yet
            return f"{name} names {path}, which does not exist."
    return None
