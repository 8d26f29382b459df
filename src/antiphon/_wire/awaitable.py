"""Results that may be awaited although they are there already."""

from __future__ import annotations

from collections.abc import Generator
from inspect import isawaitable, iscoroutine
from typing import Any, Self

__all__ = ["AwaitableResult", "async_result", "plain_result"]


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
        raise TypeError("an async function gives the key; pass it to AsyncClient, or a sync one")
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
