"""What the async client returns for a list: awaited it is a page, iterated it is all items."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Generator
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["AsyncPaginator", "async_paginated", "paginated"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class _ItemSource(Protocol[T_co]):
    """What gives the items of a list, from this page on."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...


PageT = TypeVar("PageT", bound=_ItemSource[Any])


class AsyncPaginator(Generic[T, PageT]):
    """A list that is not yet requested: `await` gives its first page, `async for` all its items."""

    def __init__(self, first: Coroutine[Any, Any, PageT]) -> None:
        self._first = first

    def __await__(self) -> Generator[Any, None, PageT]:
        return self._first.__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self._first:
            yield item


def async_paginated(first: Coroutine[Any, Any, PageT]) -> AsyncPaginator[Any, PageT]:
    """Return a list of which `first` gives the first page."""
    return AsyncPaginator(first)


def paginated(first: T) -> T:
    """Return the first page of a list, which the sync client has already."""
    return first
