"""What the server was asked, without secrets and without the weight of what was uploaded."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from ..._wire.http import Body
from ..._wire.secret import SECRET_HEADERS

__all__ = ["Journal", "Recorded"]

_SECRET_HEADERS = SECRET_HEADERS | {"proxy-authorization"}
_SECRET_FIELDS = frozenset({"authorization_token"})
_HIDDEN = "[secret]"
_LONGEST_PAYLOAD = 64
_LONGEST_TEXT = 200
_HEAVY = 64 * 1024
_DEEPEST = 200


@dataclass(slots=True)
class Recorded:
    """One request and how it was answered."""

    request_id: str
    """The id in the answer's `request-id` header."""
    method: str
    """Upper case."""
    path: str
    """Path and query."""
    headers: Mapping[str, str]
    """Lower-case names; the values of secret ones replaced."""
    started: float
    """When it arrived: seconds since 1970 on the server's clock."""
    status: int | None = None
    """The status it was answered with; None while there is no answer."""
    seconds: float | None = None
    """How long the answer took on the server's clock; None while it lasts."""
    _content: bytes = field(default=b"", repr=False)

    @property
    def body(self) -> Any:
        """The body as JSON values, base64 payloads shortened; the text itself if it is no JSON.

        None stands for no body.
        """
        return _readable(self._content)

    def keep(self, content: Body) -> None:
        """Keep the body; a heavy one without its payloads."""
        self._content = bytes(content) if len(content) <= _HEAVY else _lightened(content)

    @property
    def weight(self) -> int:
        """The bytes kept of its body."""
        return len(self._content)

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body,
            "started": self.started,
            "status": self.status,
            "seconds": self.seconds,
        }


class Journal:
    """The latest requests, bounded in number and bytes.

    Args:
        most: how many requests are kept.
        heaviest: how many bytes of bodies are kept in all.
    """

    def __init__(self, most: int = 1000, heaviest: int = 16 * 1024 * 1024) -> None:
        self._most = most
        self._heaviest = heaviest
        self._weight = 0
        self._entries: deque[Recorded] = deque()

    def record(self, entry: Recorded, content: Body) -> None:
        """Add a request with its body, dropping the oldest ones if there are too many."""
        entry.keep(content)
        self._entries.append(entry)
        self._weight += entry.weight
        while len(self._entries) > self._most or self._weight > self._heaviest:
            self._weight -= self._entries.popleft().weight

    def entries(self) -> list[Recorded]:
        """The requests, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()
        self._weight = 0


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, with the values of secret ones replaced."""
    return {name: _HIDDEN if name in _SECRET_HEADERS else value for name, value in headers.items()}


def _readable(content: Body) -> Any:
    if not content:
        return None
    try:
        return _shown(orjson.loads(content))
    except orjson.JSONDecodeError:
        return _cut(content.decode("utf-8", "replace"), _LONGEST_TEXT)


def _lightened(content: Body) -> bytes:
    readable = _readable(content)
    return orjson.dumps(readable)


def _shown(value: Any, depth: int = 0) -> Any:
    """`value` with payloads shortened and secrets replaced; very deep parts are left out."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, list):
        return [_shown(item, depth + 1) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _shown_field(name, fields[name], depth + 1) for name in fields}
    return value


def _shown_field(name: str, value: Any, depth: int) -> Any:
    if name in _SECRET_FIELDS:
        return _HIDDEN
    if name == "data" and isinstance(value, str):
        return _cut(value, _LONGEST_PAYLOAD)
    return _shown(value, depth)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
