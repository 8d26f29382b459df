"""`import anthropic` made ours: from code, and for a whole program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OFFICIAL = "raise AssertionError('the official package was imported')"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with a package `anthropic` that must not be imported."""
    package = tmp_path / "site" / "anthropic"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(OFFICIAL)
    return tmp_path


def run(elsewhere: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=elsewhere,
        env={"PYTHONPATH": str(elsewhere / "site"), "ANTHROPIC_API_KEY": "k"},
        check=False,
    )


def output(elsewhere: Path, *arguments: str) -> str:
    done = run(elsewhere, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


INSTALLED = "import antiphon; antiphon.install_as_anthropic()\n"


def test_the_package_and_its_modules_are_ours(elsewhere):
    program = """
import anthropic, anthropic.types.beta
from anthropic import Anthropic, types
from anthropic.types.message_param import MessageParam
from anthropic.resources.messages import AsyncMessages
assert Anthropic is antiphon.Anthropic is anthropic.Anthropic
assert types is antiphon.types is sys.modules["anthropic.types"]
assert anthropic.types.beta.BetaMessage is antiphon.types.Message
assert MessageParam is antiphon.types.MessageParam
assert AsyncMessages is antiphon.AsyncMessages
assert antiphon.types.__spec__.name == "antiphon.types"
"""
    output(elsewhere, "-c", f"import sys; {INSTALLED}{program}")


def test_programs_see_the_version_of_the_official_package(elsewhere):
    program = (
        "import anthropic, importlib.metadata as m;"
        " print(anthropic.__version__, m.version('anthropic'))"
    )
    name, installed = output(elsewhere, "-c", INSTALLED + program).split()
    assert name == installed
    assert int(name.split(".")[0]) >= 2


def test_installing_twice_changes_nothing(elsewhere):
    program = (
        "import sys; n = len(sys.meta_path); antiphon.install_as_anthropic();"
        " print(len(sys.meta_path) - n)"
    )
    assert output(elsewhere, "-c", INSTALLED + program) == "0"


def test_installing_does_not_import_the_package_yet(elsewhere):
    program = "import sys; print('anthropic' in sys.modules)"
    assert output(elsewhere, "-c", INSTALLED + program) == "False"


def test_it_refuses_when_the_official_package_is_imported_already(elsewhere):
    (elsewhere / "site" / "anthropic" / "__init__.py").write_text("")
    refused = run(elsewhere, "-c", f"import anthropic; {INSTALLED}")
    assert refused.returncode == 1
    assert str(elsewhere) in refused.stderr
    assert "before anything imports it" in refused.stderr


def test_a_module_that_is_not_there_is_not_taken_from_the_official_package(elsewhere):
    (elsewhere / "site" / "anthropic" / "extra.py").write_text(OFFICIAL)
    refused = run(elsewhere, "-c", f"{INSTALLED}import anthropic.extra")
    assert "ModuleNotFoundError: No module named 'anthropic.extra'" in refused.stderr


def test_a_patch_of_anthropic_is_seen_by_the_program(elsewhere):
    program = """
from unittest.mock import patch
import anthropic
with patch("anthropic.Anthropic") as fake:
    assert anthropic.Anthropic is fake
assert anthropic.Anthropic is antiphon.Anthropic
with patch("anthropic.resources.messages.Messages.create", return_value="fake"):
    assert anthropic.Anthropic(api_key="k").messages.create() == "fake"
"""
    output(elsewhere, "-c", INSTALLED + program)


PROGRAM = """
import sys, anthropic, beside
print(__name__, anthropic.Anthropic.__module__.split(".")[0], beside.HERE, sys.argv[1:])
"""


@pytest.fixture
def program(elsewhere: Path) -> Path:
    folder = elsewhere / "programs"
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    (folder / "beside.py").write_text("HERE = 'beside'")
    return folder


def test_a_program_runs_with_ours(elsewhere, program):
    said = output(elsewhere, "-m", "antiphon.as_anthropic", "programs/program.py", "-x", "y")
    assert said == "__main__ antiphon beside ['-x', 'y']"


def test_a_module_runs_with_ours(program):
    arguments = ["-m", "antiphon.as_anthropic", "-m", "program", "z"]
    done = subprocess.run(
        [sys.executable, *arguments], cwd=program, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "__main__ antiphon beside ['z']"


POOL = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import anthropic, anthropic.types


def origin(name):
    raise anthropic.AnthropicError(f"{name}: {anthropic.types.__name__}")


if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        print(repr(pool.submit(origin, "child").exception()))
"""


@pytest.mark.parametrize("arguments", [["programs/pool.py"], ["-m", "programs.pool"]])
def test_processes_that_the_program_starts_have_ours(elsewhere, program, arguments):
    (program / "pool.py").write_text(POOL)
    said = output(elsewhere, "-m", "antiphon.as_anthropic", *arguments)
    assert said == "AntiphonError('child: antiphon.types')"


@pytest.mark.parametrize("arguments", [[], ["-m"], ["--help"]])
def test_nothing_to_run_shows_the_usage(elsewhere, arguments):
    done = run(elsewhere, "-m", "antiphon.as_anthropic", *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("usage: python -m antiphon.as_anthropic")


def test_a_client_that_is_never_called_may_have_any_base_url(elsewhere):
    """The official package looks at it in the first call; tests of programs count on that."""
    program = """
import warnings, anthropic
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    client = anthropic.Anthropic(base_url="foo")
print(client.base_url, *[f"{warning.filename}: {warning.message}" for warning in caught])
try:
    client.messages.create(model="m", max_tokens=1, messages=[])
except ValueError as error:
    print(error)
"""
    made, failed = output(elsewhere, "-c", INSTALLED + program).splitlines()
    assert made.startswith("foo <string>: base_url: 'foo' is not an http:// or https:// URL")
    assert failed.startswith("base_url: 'foo")
