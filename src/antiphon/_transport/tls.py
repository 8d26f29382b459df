"""The TLS settings that every connection shares."""

from __future__ import annotations

import os
import sys
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["missing_certificates", "shared_context", "trust_environment"]

_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_making = threading.Lock()


def trust_environment() -> tuple[str | None, ...]:
    """Return the variables that choose the trusted certificates, as they are now."""
    return tuple(os.environ.get(name) for name in _VARIABLES)


def shared_context() -> ssl.SSLContext:
    """Return the one context of the process for the certificates that are trusted now.

    It trusts those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` if one of them is set, and otherwise
    what the system trusts. Making it takes some 30 ms, most of it to read the certificates, so it
    is kept.
    """
    with _making:
        return _context(trust_environment())


@lru_cache(maxsize=8)  # programs that change the variables, such as tests, do not pile contexts up
def _context(trust: tuple[str | None, ...]) -> ssl.SSLContext:
    context = _default_context() if any(trust) else _system_context()
    # Proxies and gateways pick HTTP/2 when a client leaves the choice to them.
    context.set_alpn_protocols(["http/1.1"])
    return context


def _default_context() -> ssl.SSLContext:
    import ssl

    return ssl.create_default_context()  # it reads both variables by itself


def _system_context() -> ssl.SSLContext:
    # OpenSSL finds the certificates of a Linux system. On macOS it sees only a file that came with
    # Python, and on Windows only what the system has downloaded so far; truststore has the system
    # itself verify (tried with 0.10).
    if sys.platform in ("darwin", "win32"):
        import ssl

        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _default_context()


def _after_fork() -> None:
    global _making  # another thread of the parent may have held it
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def missing_certificates() -> str | None:
    """Return a sentence if a trust variable names nothing that exists: OpenSSL ignores it."""
    for name in _VARIABLES:
        path = os.environ.get(name)
        if path and not os.path.exists(path):  # noqa: PTH110 - pathlib is not loaded yet
            return f"{name} names {path}, which does not exist."
    return None
