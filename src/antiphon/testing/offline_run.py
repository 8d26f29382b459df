"""The hooks of pytest for a run with `--antiphon-offline`: each refusal fails what it belongs to.

A refusal belongs to the report of the part of a test (set-up, call, teardown) or of the collecting
in which it came. It is looked at when that report is made, so that it does not matter what the
code, or `unittest`, made of the exception. What comes outside of all reports fails the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any

import pytest

from .offline import OfflineGuard

__all__ = ["begin"]

_NAME = "antiphon-offline"
_TITLE = "refused by --antiphon-offline"
# Python waits for such threads before it ends; but the end of a run, for no longer than that: a
# plugin may end its threads only later.
_SECONDS_FOR_THREADS = 1.0


def begin(config: pytest.Config) -> None:
    """Refuse, until the end of a run, what would leave this machine; twice is like once."""
    if config.pluginmanager.has_plugin(_NAME):
        return
    guard = OfflineGuard(config.invocation_params.dir)
    guard.start()
    config.add_cleanup(guard.stop)
    config.pluginmanager.register(_OfflineRun(config, guard), _NAME)


class _OfflineRun:
    def __init__(self, config: pytest.Config, guard: OfflineGuard) -> None:
        self._config = config
        self._guard = guard
        self._outside: list[str] = []
        self._older_threads = frozenset(threading.enumerate())

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        self._take_what_is_outside()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, Any]:
        report = yield
        _tell(report, self._guard.taken())
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._take_what_is_outside()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, Any]:
        report = yield
        _tell(report, self._guard.taken())
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        result = yield
        self._wait_for_threads()
        self._take_what_is_outside()
        if self._outside:
            session.testsfailed += 1
        # There is one in processes of pytest-xdist, for the process that reports.
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_TITLE] = self._outside
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # A process that crashed has none.
        self._outside += getattr(node, "workeroutput", {}).get(_TITLE, [])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        self._take_what_is_outside()
        if self._outside:
            terminalreporter.section(f"{_TITLE}, outside of tests", red=True, bold=True)
            for line in dict.fromkeys(self._outside):
                terminalreporter.line(line)

    def _take_what_is_outside(self) -> None:
        self._outside += self._guard.taken()

    def _wait_for_threads(self) -> None:
        ends = time.monotonic() + _SECONDS_FOR_THREADS
        for thread in threading.enumerate():
            if not thread.daemon and thread not in self._older_threads:
                thread.join(max(0.0, ends - time.monotonic()))


def _tell(report: Any, refused: list[str]) -> None:
    """Make a report fail because of what was refused; one that fails already tells it as well."""
    if not refused:
        return
    text = "\n".join(refused)
    expected = report.skipped and hasattr(report, "wasxfail")
    if not (report.failed or expected):
        if hasattr(report, "wasxfail"):
            del report.wasxfail  # with it, the failure would not count
        report.outcome, report.longrepr = "failed", text
    elif hasattr(report.longrepr, "addsection"):
        report.longrepr.addsection(_TITLE, text)
    else:
        report.longrepr = f"{report.longreprtext}\n{text}"
