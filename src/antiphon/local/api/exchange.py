"""One request on its way through the app, and the steps that end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from ..._wire.http import Request
from .errors import RequestRefusedError
from .headers import content_of, parsed
from .messages import ORGANIZATION, Caller
from .steps import Steps, Write, WriteHead

__all__ = ["WORKSPACE", "Endpoint", "Exchange"]

WORKSPACE = "wrkspc_01SimuLatedWorkspace00000"

_RETRIED = frozenset({408, 409, 429})

Fields = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Exchange:
    """A request, what is known of who sent it, and the answers it may get."""

    request: Request
    headers: dict[str, str]
    """Those of the request, by their lower-case names."""
    origin: str
    """Scheme, host and port as the client knows them."""
    path: str
    """The path that was asked for, as it was sent."""
    raw_query: str
    request_id: str
    arrived: float
    """Seconds since 1970 on the server's clock."""
    version: str = ""
    betas: frozenset[str] = frozenset()
    workspace: str | None = None
    """Whose request it is; None until its key was accepted."""

    @classmethod
    def of(cls, request: Request, request_id: str, arrived: float) -> Exchange:
        """A visit that begins."""
        scheme, _, place = request.url.partition("://")
        host, _, target = place.partition("/")
        path, _, query = target.partition("?")
        headers = request.revealed_headers()
        return cls(request, headers, f"{scheme}://{host}", f"/{path}", query, request_id, arrived)

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.raw_query}" if self.raw_query else self.path

    @property
    def segments(self) -> list[str]:
        """The parts of the path, unquoted."""
        return [unquote(segment) for segment in self.path.split("/")[1:]]

    @property
    def query(self) -> dict[str, str]:
        """The query; the last of repeated names counts."""
        return {name: values[-1] for name, values in parse_qs(self.raw_query).items()}

    def body(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return parsed(content_of(self.headers, self.path, self.request.body))

    def asker(self) -> Caller:
        """Who asks, once its key was accepted."""
        assert self.workspace is not None
        return Caller(self.workspace, self.version, self.betas)

    def head(self, status: int, content_type: str, more: Fields = ()) -> WriteHead:
        """The head of an answer, with the headers that all have."""
        tenant: Fields = ()
        if self.workspace is not None:
            tenant = (
                ("anthropic-organization-id", ORGANIZATION),
                ("anthropic-workspace-id", self.workspace),
            )
        date = _date(int(self.arrived))
        return WriteHead(
            status,
            (
                ("date", date),
                ("content-type", content_type),
                ("request-id", self.request_id),
                *tenant,
                *more,
                ("x-antiphon-simulated", "true"),
            ),
        )

    def json(self, content: Any, status: int = 200, more: Fields = ()) -> Steps:
        """An answer in JSON."""
        yield self.head(status, "application/json", more)
        yield Write(orjson.dumps(content))

    def refused(self, refusal: RequestRefusedError) -> Steps:
        """The answer that a refusal is."""
        retry = refusal.status in _RETRIED or refusal.status >= 500
        more = (("x-should-retry", "true" if retry else "false"), *refusal.headers)
        return self.json(refusal.body(self.request_id), refusal.status, more)


Endpoint = Callable[[Exchange], Steps]
"""Answers the visits of one method of one path."""


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
