"""The addresses of a host, and the order in which they are tried (RFC 8305, "Happy Eyeballs").

A further address is tried every quarter of a second, or at once when an earlier one fails, and the
first that connects wins. So neither a dead address nor a slow one uses up the connect clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

__all__ = ["Address", "families_in_turn", "is_numeric"]

Address: TypeAlias = tuple[int, int, int, str, Any]
"""What `socket.getaddrinfo` gives: family, type, protocol, canonical name, address."""


def is_numeric(host: str) -> bool:
    """Tell whether `host` is an address already, so that looking it up takes no time."""
    return ":" in host or host.replace(".", "").isdigit()


def families_in_turn(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses so that IPv6 and IPv4 take turns: often only one of them works."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    other = [address for address in addresses if address[0] != addresses[0][0]]
    pairs = itertools.zip_longest(first, other)
    return [address for pair in pairs for address in pair if address is not None]
