"""Results that may be awaited although they are there already."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Self

__all__ = ["AwaitableResult"]


class AwaitableResult:
    """A result of which `await` gives the result itself.

    `parse()` of a raw response returns its result at once. Programs written for clients whose
    `parse()` is a coroutine write `await response.parse()`; this keeps them working.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, Self]:
        return self
        yield  # makes this a generator, as `__await__` must be
