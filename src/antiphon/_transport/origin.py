"""Where a request goes: the parts of its URL that a connection needs."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from .._wire.url import UnusableURLError

__all__ = ["DEFAULT_PORTS", "Origin", "Target", "is_loopback", "target_of"]

DEFAULT_PORTS = {"http": 80, "https": 443}
"""The schemes that can be spoken, and the port of each."""

# What a URL may contain unquoted (RFC 3986 §2.2), and `%`: what is quoted already stays as it is.
_KEPT_IN_TARGETS = "/:?#[]@!$&'()*+,;=%~"


class Origin(NamedTuple):
    """Scheme, host and port: what a connection is made to, and the limit of trust."""

    scheme: str
    host: str
    """The host in ASCII, without the brackets of IPv6."""
    port: int

    @property
    def shown(self) -> str:
        """``host:port``, as error messages name it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """The value of the `Host` header: with the port only where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == DEFAULT_PORTS[self.scheme] else f"{name}:{self.port}"


class Target(NamedTuple):
    """Where one request goes."""

    origin: Origin
    target: str
    """Path and query, in ASCII."""

    @property
    def url(self) -> str:
        """The whole URL, as it is sent to a proxy."""
        return f"{self.origin.scheme}://{self.origin.host_header}{self.target}"


@lru_cache(maxsize=256)  # a client sends to few URLs, thousands of times each
def target_of(url: str) -> Target:
    """Return the origin and the target that `url` names.

    Raises:
        ValueError: it is not an http or https URL with a host.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError as error:  # brackets, a port or a name that cannot be
        raise UnusableURLError(url) from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise UnusableURLError(url)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    origin = Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])
    return Target(origin, quote(target, safe=_KEPT_IN_TARGETS))


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, by its name or address alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
