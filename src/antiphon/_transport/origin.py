"""Where a request goes: the parts of its URL that a connection needs."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

_KEPT_IN_TARGETS = "/:?#[]@!$&'()*+,;=%~"
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port: what a connection is made to, and the limit of trust."""

    scheme: str
    host: str
    """Without the brackets of IPv6; ASCII."""
    port: int

    @property
    def shown(self) -> str:
        """``host:port``, as error messages name it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """What the `Host` header says: the port only where it is not the scheme's own."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


class Target(NamedTuple):
    """Where one request goes."""

    origin: Origin
    target: str
    """Path and query, ASCII."""

    @property
    def url(self) -> str:
        """The whole URL, as a proxy is asked for it."""
        return f"{self.origin.scheme}://{self.origin.host_header}{self.target}"


@lru_cache(maxsize=256)
def target_of(url: str) -> Target:
    """The place that `url` names.

    Raises:
        ValueError: it is not an http or https URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"base_url: {url!r} is not an http:// or https:// URL with a host")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    origin = Origin(parts.scheme, host, parts.port or _PORTS[parts.scheme])
    return Target(origin, quote(target, safe=_KEPT_IN_TARGETS))
