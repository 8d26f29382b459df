"""Who may reach a server, and who may use its control endpoints.

Any web page that is open on the same machine can send requests to a local server, and with DNS
rebinding (a name of the page's own that suddenly means 127.0.0.1) it can even read the responses.
The browser tells on such pages: the `Host` header has their name, and the `Origin` header stands in
every request that changes something. So names that nobody allowed are refused, and control
endpoints refuse everything with an `Origin`.

Beyond loopback other machines can send requests too. There the control endpoints are off, and if
they are switched on, all but `health` need a token that the server makes at its start.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Collection
from functools import lru_cache

from ..._wire.http import Request
from ..api.errors import RequestRefusedError, not_found
from ..api.exchange import CONTROL_PREFIX, path_segments, split_url
from ..api.headers import bearer_token

__all__ = ["Access"]

_PUBLIC = ["health"]


class Access:
    """The rules of one listener about who may send what.

    Args:
        host: the address that the server listens at.
        allow_hosts: names that clients may use for the server, besides those of loopback.
        control: whether there are control endpoints; None for only if `host` is loopback.
    """

    control: bool
    """Whether there are control endpoints."""
    token: str | None
    """The token that control endpoints need; None if they need none."""

    def __init__(self, host: str, allow_hosts: Collection[str], control: bool | None) -> None:
        local = _is_loopback(host)
        self.control = local if control is None else control
        self.token = secrets.token_urlsafe() if self.control and not local else None
        self._names = frozenset(name.lower() for name in (host, *allow_hosts))

    def check(self, request: Request) -> None:
        """Refuse a request that must not be served.

        Raises:
            RequestRefusedError: its host is not allowed, or a control endpoint is out of its reach.
        """
        _, authority, path, _ = split_url(request.url)
        name = _host_name(authority)
        if not self._allows(name):
            raise _forbidden(
                f"The server does not answer to the name {name!r}. Start it with"
                f" --allow-host {name} or LocalServer(allow_hosts=[{name!r}]) if it should."
            )
        control, *segments = path_segments(path)
        if control == CONTROL_PREFIX:
            self._check_control(segments, request.revealed_headers())

    def _allows(self, name: str) -> bool:
        # Addresses are safe: only names can be made to mean another machine.
        return name in self._names or _is_loopback(name) or _is_address(name)

    def _check_control(self, segments: list[str], headers: dict[str, str]) -> None:
        if not self.control:
            raise not_found()
        if "origin" in headers:
            raise _forbidden("Control endpoints are not for web pages.")
        if self.token is None or segments == _PUBLIC:
            return
        given = bearer_token(headers.get("authorization", ""))
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            text = "Control endpoints beyond loopback need the token that the server printed, as"
            raise RequestRefusedError(
                401, "authentication_error", f"{text} `authorization: Bearer TOKEN`."
            )


def _forbidden(message: str) -> RequestRefusedError:
    return RequestRefusedError(403, "permission_error", message)


def _host_name(authority: str) -> str:
    """Return the host of `host:port`, in lower case and without the brackets of IPv6."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower()


# Clients call a server by one or two names, and the names of attackers are refused all the same.
@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    """Return whether a host always means this machine (RFC 6761 for names)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@lru_cache(maxsize=64)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
