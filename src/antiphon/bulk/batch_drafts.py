"""The body of a batch that is being made: its requests one after the other, as they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final

from .._core.call import split_params
from .._core.request_body import PendingBody, encode_body
from .._transport.files import read_file
from .._wire.http import Body, BufferedBody
from ..errors import UsageError
from .batch_notes import NotedRow

__all__ = ["SMALLEST", "BatchDraft", "encoded", "position_in"]

_OPENING, _CLOSING = b'{"requests":[', b"]}"


@dataclass(slots=True)
class BatchDraft:
    """A batch that is being made."""

    mark: str = field(default_factory=lambda: token_hex(4))
    """What tells its requests from those of all other batches."""
    rows: list[NotedRow] = field(default_factory=list[NotedRow])
    """Those of its requests, and those that wait for an equal one."""
    requests: int = 0
    # One growing body: 256 MB of it are in memory once, and neither as values of Python nor twice.
    _body: bytearray = field(default_factory=lambda: bytearray(_OPENING))

    def size_with(self, params: BufferedBody) -> int:
        """Return the most bytes that the body has with one more request."""
        return len(self._body) + len(params) + _AROUND

    def add(self, row: NotedRow, params: BufferedBody) -> None:
        """Add the request of a row."""
        if self.requests:
            self._body += b","
        self._body += _request(row.position, self.mark, params)
        self.rows.append(row._replace(mark=self.mark))
        self.requests += 1

    def finished(self) -> bytearray:
        """Return the whole body; nothing can be added any more."""
        self._body += _CLOSING
        return self._body


def _request(position: int, mark: str, params: BufferedBody) -> bytes:
    # Ids of users may have any characters and any length, those of the API may not.
    custom_id = f"row-{position}-{mark}".encode()
    return b"".join((b'{"custom_id":"', custom_id, b'","params":', params, b"}"))


_AROUND: Final = len(b"," + _request(2**63, "01234567", b"") + _CLOSING)

SMALLEST: Final = len(_OPENING) + _AROUND
"""The bytes of a body with one request, without its parameters."""


def position_in(custom_id: str, mark: str) -> int | None:
    """Return the position of the row of a request; None if it is not one of the batch `mark`."""
    name, _, found = custom_id.rpartition("-")
    return int(name.removeprefix("row-")) if found == mark else None


async def encoded(params: Mapping[str, Any]) -> BufferedBody:
    """Return the parameters of a call as the JSON of a request in a batch; files are read.

    Raises:
        UsageError: a parameter says how to send a call, and not what.
        RequestEncodingError: a value is not JSON.
        OSError: a file cannot be read.
    """
    given, own = split_params(params)
    own.pop("timeout", None)  # each request of a batch has a day
    more: Mapping[str, Any] = own.pop("extra_body", None) or {}
    if own:
        raise UsageError(
            f"{min(own)}: the rows of a batch are sent in one request, so say it to the client, for"
            " example with default_headers={'anthropic-beta': …}"
        )
    body = encode_body({**given, **more})
    if isinstance(body, PendingBody):
        body = await asyncio.to_thread(_filled, body)
    return body if isinstance(body, (bytes, bytearray)) else b"".join(body.pieces())


def _filled(body: PendingBody) -> Body:
    return body.filled(map(read_file, body.files))
