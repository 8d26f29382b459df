"""A pytest plugin that keeps the report of a failing test short; `-vv` shows all of it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest._code.code import ExceptionChainRepr  # public in no other place; tried with pytest 9.2

TRACEBACK = 100
"""The most lines of all tracebacks of a failure together."""
CAPTURED = 20
"""The most lines of each captured output."""
COLUMNS = 500
"""The most characters of a line."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.config.get_verbosity() < 2:
        if isinstance(report.longrepr, ExceptionChainRepr):
            shorten(report.longrepr)
        report.sections = [
            (name, "\n".join(shortened(text.splitlines(), CAPTURED)))
            for name, text in report.sections
        ]
    return report


def shorten(failure: ExceptionChainRepr) -> None:
    """Share the lines that may be shown among the frames of all tracebacks."""
    entries = [entry for traceback, _, _ in failure.chain for entry in traceback.reprentries]
    for entry in entries:
        entry.lines[:] = shortened(entry.lines, max(8, TRACEBACK // len(entries)))
    for _, crash, _ in failure.chain:
        if crash is not None:
            # The summary repeats it, and on a CI machine pytest shows the whole of it.
            crash.message = shortened(crash.message.splitlines(), 1)[0]


def shortened(lines: list[str], most: int) -> list[str]:
    """Return the first and last of many lines, and how many are missing between them."""
    if len(lines) > most:
        missing = f"[{len(lines) - most} lines left out; -vv shows them]"
        lines = [*lines[: most - most // 2], missing, *lines[len(lines) - most // 2 :]]
    return [line if len(line) <= COLUMNS else f"{line[:COLUMNS]} …" for line in lines]
