"""How the tests themselves run: short reports, and interrupts where the parent ignores them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )


LONG_FAILURE = """
def test_long():
    for number in range(500):
        print(f"printed {number}")
    assert [f"a{number}" for number in range(40)] == [f"b{number}" for number in range(40)]
"""


@pytest.mark.parametrize("verbosity", ["--verbosity=0", "--verbosity=1"])
def test_a_failing_test_prints_under_200_lines(tmp_path, verbosity, monkeypatch):
    monkeypatch.setenv("CI", "true")  # where pytest shows assertions whole
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_long.py").write_text(LONG_FAILURE)
    done = run(
        sys.executable,
        "-m",
        "pytest",
        "--rootdir",
        str(tmp_path),
        "-p",
        "tests.support.short_reports",
        "-p",
        "no:cacheprovider",
        verbosity,
        str(tmp_path),
    )
    assert done.returncode == 1
    assert "lines left out; -vv shows them" in done.stdout
    assert "AssertionError: assert ['a0'" in done.stdout
    assert len(done.stdout.splitlines()) < 200


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to inherit")
def test_an_ignored_interrupt_is_not_inherited():
    code = "import signal, tests.conftest; print(signal.getsignal(signal.SIGINT).__name__)"
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    done = run(*ignoring, sys.executable, "-c", code)
    assert done.stdout == "default_int_handler\n"
