"""What a debugger shows of an error: every frame with its local variables."""

from __future__ import annotations

from collections.abc import Iterator
from traceback import TracebackException
from types import TracebackType

__all__ = ["shown_with_locals"]


def shown_with_locals(error: BaseException) -> str:
    """Return the frames of `error` and of all it came from, with their local variables.

    Frames of the tests are left out: they know what must not be shown.
    """
    return "\n".join(
        line
        for each in _chain(error)
        for line in TracebackException(
            type(each), each, _of_the_package(each.__traceback__), capture_locals=True, compact=True
        ).format(chain=False)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _chain(inner)
        error = error.__cause__ or error.__context__


def _of_the_package(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace
