"""The API that is recorded."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import urlsplit

from ..._transport import OpenResponse, Transport, clocks
from ..._transport.default import transport_for
from ..._transport.origin import Origin, is_loopback, target_of
from ..._wire.http import Request, Timeout
from ..._wire.url import URL
from ...errors import APIConnectionError
from ..api.exchange import split_url
from ..scripting.recording import Chunk, Interaction
from ..scripting.scrubbing import Scrubber

__all__ = ["Upstream", "check_upstream"]

_DEFAULT = "https://api.anthropic.com"

# What belongs to one connection, or is set anew for the other server.
_NOT_PASSED_ON = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "transfer-encoding"}
)
# Headers that speak to this server: the API knows nothing about faults.
_OWN_PREFIX = "x-antiphon-"


class Upstream:
    """The API that is recorded.

    Args:
        url: its base URL; None for the real one.
        raw: whether streams are kept as they came, too.

    Raises:
        ValueError: it is no URL.
    """

    def __init__(self, url: str | None = None, *, raw: bool = False) -> None:
        self._url = _DEFAULT if url is None else check_upstream(url)
        self._raw = raw

    @cached_property
    def _transport(self) -> Transport:
        # Not loaded where a cassette is only played.
        return transport_for(None)

    def fetch(self, request: Request) -> Interaction:
        """Send a request there, and return what came of it.

        Raises:
            APIError: no response came, or no whole one.
        """
        _, _, path, query = split_url(request.url)
        target = f"{path}?{query}" if query else path
        given = request.revealed_headers()
        headers = {k: v for k, v in given.items() if _is_passed_on(k.lower())}
        body = request.buffered_body()
        url = URL(f"{self._url.rstrip('/')}{target}")
        started = clocks.now()
        response = _sent(self._transport, Request(request.method, url, headers, body, Timeout()))
        chunks: list[Chunk] = []
        try:
            while content := response.read(Timeout().read):
                chunks.append(Chunk(round((clocks.now() - started) * 1000), content))
        finally:
            response.close()
        recorded = Interaction.of(
            (request.method, target, given, bytes(body)),
            (response.head.status, dict(response.head.headers), chunks),
        )
        recorded.recorded_at = datetime.now(UTC).replace(microsecond=0)  # as it is written
        if self._raw:
            recorded.keep_bytes(chunks, Scrubber.of(given, target))
        return recorded


def check_upstream(url: str, host: str = "", port: int = 0) -> str:
    """Return the base URL of an API.

    Args:
        url: the URL.
        host: the address at which the server listens that records it.
        port: the port at which that listens; 0 if it takes a free one.

    Raises:
        ValueError: it is no URL with a host, it holds more than that, or it leads to that server.
    """
    try:
        origin, parts = target_of(url).origin, urlsplit(url)
    except (ValueError, AttributeError):
        # A secret stands behind a user or a query, also in a URL that is none.
        shown = "it" if re.search("[@?#]", str(url)) else repr(url)
        wrong = f"upstream: {shown} is not an http:// or https:// URL with a host"
        raise ValueError(wrong) from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        # Not shown: these are where secrets stand.
        raise ValueError(
            "upstream: holds more than scheme, host, port and path; a user, a password or a key is"
            " passed on if the client sends it in a header"
        )
    if port and origin.port == port and _is_same(origin, host):
        raise ValueError(f"upstream: {url} is this server itself; give the API to be recorded")
    return url


def _is_same(origin: Origin, host: str) -> bool:
    return origin.host == host or is_loopback(origin.host)


def _is_passed_on(header: str) -> bool:
    return header not in _NOT_PASSED_ON and not header.startswith(_OWN_PREFIX)


def _sent(transport: Transport, request: Request) -> OpenResponse:
    """Send a request, once more if a kept connection was closed before anything came."""
    try:
        return transport.send(request)
    except APIConnectionError as error:
        if not error.stale:
            raise
    return transport.send(request)
