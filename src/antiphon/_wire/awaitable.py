"""What users may await: results that are there already, functions of theirs, and lists.

The async client has each thing in one form, the sync client in the other; `scripts/unasync` puts
`plain_result` and `paginated` where the async client says `async_result` and `async_paginated`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Generator
from inspect import isawaitable, iscoroutine
from typing import Any, Generic, Protocol, Self, TypeVar

__all__ = [
    "AsyncPaginator",
    "AwaitableResult",
    "async_paginated",
    "async_result",
    "paginated",
    "plain_result",
]


T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


async def async_result(result: Any) -> Any:
    """Return what a function of the user gave, awaited if it is awaitable."""
    return await result if isawaitable(result) else result


def plain_result(result: Any) -> Any:
    """Return what a function of the user gave.

    Raises:
        TypeError: it is awaitable, and a sync client cannot wait for it.
    """
    if isawaitable(result):
        if iscoroutine(result):
            result.close()  # else Python warns that it was never awaited
        raise TypeError(
            "Client cannot wait for an async function; pass it to AsyncClient, or give a sync one"
        )
    return result


class AwaitableResult:
    """A result of which `await` gives the result itself.

    `parse()` of a raw response returns its result at once. Programs written for clients whose
    `parse()` is a coroutine write `await response.parse()`; this keeps them working.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield  # makes this a generator, as `__await__` must be


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
