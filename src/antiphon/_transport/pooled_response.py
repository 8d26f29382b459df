"""What the responses of both pools share: the reader, and when their connection goes back."""

from __future__ import annotations

from typing import Any, Generic, NoReturn, Protocol, TypeVar

from .._wire.http import ResponseHead
from .failures import Progress
from .http1 import ResponseReader, TruncatedResponseError

__all__ = ["Pool", "PooledResponse"]

ConnectionT = TypeVar("ConnectionT")


class Pool(Protocol):
    """What connections go back to."""

    def give_back(self, connection: Any, *, fit: bool) -> None:
        """Take back a connection: `fit` for another request, or to be closed."""
        ...


class PooledResponse(Generic[ConnectionT]):
    """A response arriving over a connection of a pool."""

    __slots__ = ("__weakref__", "_connection", "_pool", "_progress", "_reader", "_sent", "head")

    head: ResponseHead

    def __init__(self, pool: Pool, connection: ConnectionT, progress: Progress) -> None:
        self._pool = pool
        self._connection: ConnectionT | None = connection
        self._progress = progress
        self._reader = ResponseReader(progress.request.method)
        self._sent = False  # whether the whole request was: otherwise the server waits for the rest

    def _connected(self) -> ConnectionT:
        """Return the connection.

        Raises:
            TruncatedResponseError: it is gone, so the rest of the body will not arrive.
        """
        if self._connection is None:
            raise TruncatedResponseError
        return self._connection

    def _has_head(self, data: bytes) -> bool:
        """Take in what arrived while the request was sent; return whether the head is complete."""
        self._reader.feed(data)
        self._progress.may_be_stale = False
        return self._reader.head is not None

    def _release(self, *, fit: bool) -> None:
        """Let go of the connection, once."""
        self._progress.head = self._reader.head
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection, fit=fit and self._sent and self._reader.reusable)

    def _fail(self, error: BaseException) -> NoReturn:
        """Close the connection, and raise what `error`, which ended a read, means to the caller."""
        self._release(fit=False)
        self._progress.fail(error)
