"""A certificate authority that no system trusts."""

from __future__ import annotations

import ssl

import trustme

AUTHORITY = trustme.CA()


def certified(*names: str) -> ssl.SSLContext:
    """Return the settings of a server with a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context
