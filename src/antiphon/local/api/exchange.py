"""One request on its way through the app, and the responses that it may get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote

from ..._wire.http import Request
from ..._wire.json import JSONObject, dumps
from . import cors
from .errors import RequestRefusedError
from .headers import content_of, parse_object
from .journal import Recorded
from .messages import ORGANIZATION, Caller
from .steps import HeaderPairs, Steps, Write, WriteHead

__all__ = [
    "CONTROL_PREFIX",
    "WORKSPACE",
    "Endpoint",
    "Exchange",
    "http_date",
    "path_segments",
    "split_url",
]

CONTROL_PREFIX = "__antiphon"
"""The first segment of every control path; no path of the API begins so."""

WORKSPACE = "wrkspc_01SimuLatedWorkspace00000"
"""The workspace of requests that name none."""

# Besides server errors: timeouts, conflicts and rate limits pass by themselves.
_RETRYABLE = frozenset({408, 409, 429})


@dataclass(slots=True)
class Exchange:
    """A request, what is known about its sender, and the responses that it may get."""

    request: Request
    headers: dict[str, str]
    """The headers of the request, by their lower-case names."""
    origin: str
    """Scheme, host and port as the client knows them."""
    path: str
    """The path as it was sent, still quoted."""
    raw_query: str
    """The query as it was sent, without the question mark."""
    request_id: str
    """The id of the request, also in the response's `request-id` header."""
    arrived: float
    """When the request arrived, in seconds since 1970 on the server's clock."""
    version: str = ""
    """The version of the API that its headers name."""
    betas: frozenset[str] = frozenset()
    """The betas that its headers name."""
    workspace: str | None = None
    """The workspace that the request belongs to; None until its key was accepted."""
    recorded: Recorded | None = None
    """Its entry in the journal, where the status of the response is noted."""

    @classmethod
    def of(cls, request: Request, request_id: str, arrived: float) -> Exchange:
        """Return the exchange that a request begins, with its URL in parts."""
        scheme, authority, path, query = split_url(request.url)
        headers = request.revealed_headers()
        origin = f"{scheme}://{authority}"
        return cls(request, headers, origin, path, query, request_id, arrived)

    @property
    def is_control(self) -> bool:
        """Whether the request is for the server's own endpoints."""
        return self.segments[0] == CONTROL_PREFIX

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.raw_query}" if self.raw_query else self.path

    @property
    def segments(self) -> Sequence[str]:
        """The parts of the path, unquoted."""
        return path_segments(self.path)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; the last of repeated ones counts."""
        return {name: values[-1] for name, values in parse_qs(self.raw_query).items()}

    @property
    def size(self) -> int:
        """The bytes of the request's body."""
        return len(self.request.body)

    def body(self) -> JSONObject:
        """Return the request's body, which must be a JSON object.

        Raises:
            RequestRefusedError: content type, encoding or JSON are wrong.
        """
        return parse_object(content_of(self.headers, self.path, self.request.buffered_body()))

    def caller(self) -> Caller:
        """Return who sends the request; call this once the key was accepted."""
        assert self.workspace is not None
        return Caller(self.workspace, self.version, self.betas, self.headers, self.request_id)

    def head(self, status: int, content_type: str, more: HeaderPairs = ()) -> WriteHead:
        """Return the head of the response, with the headers that every response has."""
        if self.recorded is not None:
            self.recorded.status = status
        # Without an accepted key it is not known whose request it is.
        tenant: HeaderPairs = ()
        if self.workspace is not None:
            tenant = (
                ("anthropic-organization-id", ORGANIZATION),
                ("anthropic-workspace-id", self.workspace),
            )
        return WriteHead(
            status,
            (
                ("date", http_date(int(self.arrived))),
                ("content-type", content_type),
                ("request-id", self.request_id),
                *tenant,
                *more,
                *(() if self.is_control else cors.response_headers(self.headers)),
                ("x-antiphon-simulated", "true"),
            ),
        )

    def noting_status(self, steps: Steps) -> Steps:
        """Yield the same steps, and note in the journal which status is really sent."""
        for step in steps:
            if isinstance(step, WriteHead) and self.recorded is not None:
                self.recorded.status = step.status
            yield step

    def empty(self, status: int, more: HeaderPairs = ()) -> Steps:
        """Yield the steps of a response without a body."""
        yield self.head(status, "text/plain", more)

    def json(self, content: Any, status: int = 200, more: HeaderPairs = ()) -> Steps:
        """Yield the steps of a JSON response."""
        yield self.head(status, "application/json", more)
        yield Write(dumps(content))

    def error_response(self, refusal: RequestRefusedError) -> Steps:
        """Return the steps of an error response."""
        retry = refusal.status in _RETRYABLE or refusal.status >= 500
        more = (("x-should-retry", "true" if retry else "false"), *refusal.headers)
        return self.json(refusal.body(self.request_id), refusal.status, more)


# Clients send to a few URLs again and again, and several parts of the server look at each.
@lru_cache(maxsize=64)
def split_url(url: str) -> tuple[str, str, str, str]:
    """Return scheme, host with port, path and query of a URL, as they were sent."""
    scheme, _, rest = url.partition("://")
    authority, _, target = rest.partition("/")
    path, _, query = target.partition("?")
    return scheme, authority, f"/{path}", query


@lru_cache(maxsize=64)
def path_segments(path: str) -> tuple[str, ...]:
    """Return the parts of a path, unquoted."""
    return tuple(map(unquote, path.split("/")[1:]))


Endpoint: TypeAlias = Callable[[Exchange], Steps]
"""Responds to the requests of one method and one path."""


# A date changes once a second, and many responses are sent within one.
@lru_cache(maxsize=4)
def http_date(second: int) -> str:
    """Return seconds since 1970 as the header `date` has them."""
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
