"""Which proxy a request goes through, as the environment says."""

from __future__ import annotations

import os
import sys
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from .._wire.secret import Secret
from .origin import DEFAULT_PORTS, Origin, is_loopback

__all__ = ["Proxy", "UnusableProxyError", "proxy_environment", "proxy_for"]

# `REQUEST_METHOD` marks a CGI program, where `HTTP_PROXY` may come from a request's header:
# `urllib.request` ignores the variable there.
_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD")


class UnusableProxyError(OSError):
    """The environment names a proxy that does not speak HTTP."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy."""

    scheme: str
    host: str
    port: int
    authorization: Secret | None = None
    """The value of `Proxy-Authorization`, if the proxy's URL has credentials."""

    @property
    def url(self) -> str:
        """The proxy's URL without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def headers(self) -> dict[str, str | Secret]:
        """The headers of every request to the proxy itself."""
        return {"proxy-authorization": self.authorization} if self.authorization else {}


def proxy_environment() -> tuple[str | None, ...]:
    """Return the variables that choose a proxy, as they are now."""
    environ = os.environ
    return tuple(environ.get(name) or environ.get(name.upper()) for name in _VARIABLES)


def proxy_for(origin: Origin) -> Proxy | None:
    """Return the proxy to reach `origin` through, as the environment names it.

    The rules are those of `urllib.request` for `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
    `NO_PROXY`. This machine's loopback is never proxied: another machine could not reach it.

    Raises:
        UnusableProxyError: the variable does not hold the URL of an HTTP proxy.
    """
    found = _from_environment(origin)
    if isinstance(found, str):
        raise UnusableProxyError(found)
    return found


def _from_environment(origin: Origin) -> Proxy | str | None:
    """Return the proxy, or what is wrong with the variable that names it.

    It raises nothing, because its local variables hold the password of the proxy.
    """
    if is_loopback(origin.host) or not _may_have_proxies():
        return None
    from urllib.request import getproxies, proxy_bypass  # loads 30 modules

    proxies = getproxies()
    url = proxies.get(origin.scheme) or proxies.get("all")
    if not url or proxy_bypass(f"{origin.host}:{origin.port}"):
        return None
    if any(_covers(entry.strip(), origin) for entry in proxies.get("no", "").split(",")):
        return None
    try:
        return _parsed(url)
    except ValueError:  # the port, or the brackets of an address
        return (
            "the environment names a proxy whose URL cannot be read; check HTTP_PROXY, HTTPS_PROXY"
            " and ALL_PROXY"
        )


def _may_have_proxies() -> bool:
    # Windows and macOS have settings for the whole system; elsewhere only variables name proxies.
    system = sys.platform in ("darwin", "win32")
    return system or any(name.lower().endswith("_proxy") for name in os.environ)


def _covers(entry: str, origin: Origin) -> bool:
    """Tell whether an address or network in `NO_PROXY` covers `origin`; `urllib` knows names."""
    from ipaddress import ip_address, ip_network

    if entry == origin.shown:  # an address of IPv6 in brackets, with its port
        return True
    try:
        return ip_address(origin.host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False


def _parsed(url: str) -> Proxy | str:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return (
            f"the environment names a proxy of the kind {parts.scheme!r}; give HTTP_PROXY,"
            " HTTPS_PROXY"
            " or ALL_PROXY an http:// or https:// URL, or pass http_client=httpx2.Client(proxy=…)"
        )
    return Proxy(
        parts.scheme,
        parts.hostname,
        parts.port or DEFAULT_PORTS[parts.scheme],
        _basic(parts.username, parts.password or "") if parts.username else None,
    )


def _basic(user: str, password: str) -> Secret:
    pair = f"{unquote(user)}:{unquote(password)}"
    return Secret(f"Basic {b64encode(pair.encode()).decode()}")
