"""The requests that the server received, without secrets and without the weight of uploads."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ..._wire.http import BufferedBody
from ..._wire.json import JSONObject, dumps, is_list, is_object, loads
from ..._wire.secret import HIDDEN, Secret
from ...catalog.canonical_json import canonical
from .answer import Answer
from .differences import differences
from .message_view import MessageView

__all__ = ["Journal", "Recorded", "without_secrets"]

# Only these are shown: programs put tokens of their own into headers of any name.
_SHOWN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)
_SHOWN_PREFIXES = ("anthropic-", "x-stainless-")
# The key of an MCP server stands in the body.
_SECRET_FIELDS = frozenset({"authorization_token"})
# What an expected value becomes where the journal holds `HIDDEN`: it cannot be compared.
_EXPECTED_SECRET = f"a secret, which is not kept; expect {HIDDEN!r}"
_MAX_PAYLOAD = 64
_MAX_TEXT = 200
# Bodies up to this size are kept as they came and made readable when somebody looks; larger ones
# hold mostly base64 and are shortened at once, so that a thousand of them fit in memory.
_HEAVY = 64 * 1024
# Far below Python's limit for recursion.
_MAX_DEPTH = 200


@dataclass(slots=True)
class Recorded(MessageView):
    """One request, and the status and duration of its response."""

    request_id: str
    """The id in the response's `request-id` header."""
    method: str
    """Upper case."""
    path: str
    """Path and query."""
    headers: Mapping[str, str] = field(repr=False)
    """Lower-case names; values that may be secret are replaced."""
    started: float
    """When it arrived: seconds since 1970 on the server's clock."""
    status: int | None = None
    """The status of the response; None before the response begins."""
    seconds: float | None = None
    """How long the response took on the server's clock; None until it has ended."""
    message: JSONObject | None = field(default=None, repr=False)
    """The message of the response; None if it has none, or is one of another endpoint."""
    _content: bytes = field(default=b"", repr=False)
    _hidden_values: Mapping[str, Secret] = field(default_factory=dict[str, Secret], repr=False)
    """Those of the headers that are not shown."""
    answers: list[Answer] = field(default_factory=list[Answer], repr=False)
    """What it got if the script was asked: one answer, or one for each item of a batch."""

    @property
    def body(self) -> Any:
        """The body as JSON values; as text if it is not JSON; None if there was none.

        The `data` of base64 sources is shortened; behind its beginning stand its length and the
        SHA-256 of the whole.
        """
        return _readable(self._content)

    def keep(self, content: BufferedBody) -> None:
        """Keep the body; of a large one, keep it without its payloads."""
        heavy = len(content) > _HEAVY
        self._content = dumps(_readable(content)) if heavy else bytes(content)

    def as_sent(self) -> Recorded:
        """Return the request with its headers as they were sent, to be matched and never shown."""
        values = {name: value.reveal() for name, value in self._hidden_values.items()}
        return replace(self, headers={**self.headers, **values})

    def assert_sent(self, **fields: Any) -> None:
        """Check fields of the body.

        Args:
            **fields: the values that they must have, e.g. ``system="Be brief."``; other fields may
                have any. Base64 is given as it was sent, and compared as a whole.

        Raises:
            AssertionError: one of them has another value, or is missing; the text says where.
        """
        if lines := self.differences(fields):
            raise AssertionError("\n".join([f"{self.method} {self.path} differs:", *lines]))

    def differences(self, fields: Mapping[str, Any]) -> list[str]:
        """Return what differs between the body and fields that it should have."""
        body = self.body
        found = {name: body[name] for name in fields if name in body} if is_object(body) else body
        return list(differences(_redacted(dict(fields), _EXPECTED_SECRET), found))

    @property
    def size(self) -> int:
        """The number of bytes kept of the body."""
        return len(self._content)

    def as_json(self) -> JSONObject:
        """Return all of it as JSON values."""
        return {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "headers": without_secrets(self.headers)[0],
            "body": self.body,
            "started": self.started,
            "status": self.status,
            "seconds": self.seconds,
        }


class Journal:
    """The latest requests, bounded in number and bytes.

    Args:
        max_entries: how many requests are kept.
        max_bytes: how many bytes of their bodies are kept in all.
    """

    def __init__(self, max_entries: int = 1000, max_bytes: int = 16 * 1024 * 1024) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: deque[Recorded] = deque()

    def record(self, entry: Recorded) -> None:
        """Add a request; drop the oldest ones if there are too many."""
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popleft().size

    def entries(self) -> list[Recorded]:
        """Return the requests, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()
        self._bytes = 0


def without_secrets(headers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Secret]]:
    """Return headers whose values are replaced unless they are known to hold no secret; and those.

    The values that were replaced stand by their names.
    """
    hidden = _hidden(tuple(headers))
    return {**headers, **hidden}, {name: Secret(headers[name]) for name in hidden}


# A program sends headers of the same names with all its requests.
@lru_cache(maxsize=64)
def _hidden(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return what stands in place of the values that may be secret, by their names."""
    return {name: HIDDEN for name in names if not _is_shown(name)}


def _is_shown(name: str) -> bool:
    return name in _SHOWN_HEADERS or name.startswith(_SHOWN_PREFIXES)


def _readable(content: BufferedBody) -> Any:
    if not content:
        return None
    try:
        return _redacted(loads(content))
    except ValueError:
        if len(content) > _HEAVY:  # an upload is not decoded for its beginning
            beginning = content[: 4 * _MAX_TEXT].decode("utf-8", "replace")
            return f"{beginning[:_MAX_TEXT]}… ({len(content)} bytes)"
        return _shortened(content.decode("utf-8", "replace"))


def _redacted(value: Any, secret: str = HIDDEN, depth: int = 0) -> Any:
    """Return `value` with base64 and deep parts shortened and secrets replaced.

    Equal values give equal ones, different values different ones; shortened ones stay as they are.

    Args:
        value: a JSON value.
        secret: what stands in the place of secrets.
        depth: how deep it stands in the body.
    """
    if depth > _MAX_DEPTH and (is_list(value) or is_object(value)):
        return f"… ({_digest(canonical(value))})"
    if is_list(value):
        return [_redacted(item, secret, depth + 1) for item in value]
    if not is_object(value):
        return value
    fields = {name: _redacted_field(name, value[name], secret, depth + 1) for name in value}
    # Images and documents would fill the journal. Texts and inputs of tools have fields of the
    # same name.
    if value.get("type") == "base64" and isinstance(data := value.get("data"), str):
        fields["data"] = _summary(data)
    return fields


def _redacted_field(name: str, value: Any, secret: str, depth: int) -> Any:
    if name in _SECRET_FIELDS:
        return value if value == HIDDEN else secret
    return _redacted(value, secret, depth)


def _summary(data: str) -> str:
    """Return the beginning of base64, with what tells it from others that begin like it."""
    # Base64 is ASCII, and a summary is not.
    if len(data) <= _MAX_PAYLOAD or not data.isascii():
        return data
    return f"{data[:_MAX_PAYLOAD]}… ({len(data)} characters, {_digest(data.encode())})"


def _digest(content: bytes) -> str:
    return f"sha256 {sha256(content).hexdigest()[:16]}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}… ({len(text)} characters)"
