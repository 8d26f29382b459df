"""The files around the package: what continuous integration, pre-commit and a release say."""

from __future__ import annotations

import datetime as dt
import re
import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def text(path: str) -> str:
    return (ROOT / path).read_text()


def test_the_matrix_is_that_of_the_classifiers():
    promised = {
        version
        for classifier in PROJECT["classifiers"]
        if (version := classifier.rpartition(":: ")[2]).startswith("3.")
    }
    matrix = re.search(r"python: \[(.*)\]", text(".github/workflows/tests.yml"))
    assert matrix is not None
    assert set(re.findall(r"3\.\d+", matrix[1])) == promised


@pytest.mark.parametrize("path", [".github/workflows/tests.yml", ".ci/run", "CONTRIBUTING.md"])
def test_the_scripts_that_are_named_exist(path):
    scripts = set(re.findall(r"\bscripts/\w+", text(path)))
    assert scripts
    assert all((ROOT / script).is_file() for script in scripts)


def test_pre_commit_runs_the_tools_of_the_checks():
    tools = set(re.findall(r"scripts/run (\w+(?: format| check)?)", text("scripts/check")))
    assert tools == {"python", "ruff format", "ruff check", "mypy", "pyright"}
    entries = re.findall(r"entry: scripts/run (.*)", text(".pre-commit-config.yaml"))
    assert all(any(entry.startswith(tool) for entry in entries) for tool in tools)


@pytest.fixture(scope="module")
def release():
    return runpy.run_path(str(ROOT / "scripts" / "release"))


def test_a_release_moves_what_is_unreleased_under_its_heading(release):
    old = "# Changelog\n\n## Unreleased\n\n* A change.\n\n## 0.1.0 (2026-11-23)\n\n* All.\n"
    assert release["released"](old, "0.2.0", dt.date(2027, 1, 2)) == (
        "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2027-01-02)\n\n* A change.\n\n"
        "## 0.1.0 (2026-11-23)\n\n* All.\n"
    )


@pytest.mark.parametrize("changelog", ["", "## Unreleased\n\n## 0.1.0\n\n* All.\n"])
def test_a_release_without_changes_is_refused(release, changelog):
    with pytest.raises(release["Refusal"], match="no change under Unreleased"):
        release["released"](changelog, "0.2.0", dt.date(2027, 1, 2))


@pytest.mark.parametrize("new", ["0.1.9", "0.2", "v0.2.0", "0.2.0.dev0"])
def test_a_version_that_does_not_follow_is_refused(release, new):
    with pytest.raises(release["Refusal"]):
        release["check_version"](new, "0.2.0.dev0")


@pytest.mark.parametrize("new", ["0.2.0", "0.2.1", "0.10.0", "1.0.0"])
def test_a_version_that_follows_is_taken(release, new):
    release["check_version"](new, "0.2.0.dev0")


def test_a_release_waits_for_real_addresses(release):
    with pytest.raises(release["Refusal"], match="stand-in"):
        release["check_addresses"]('[project.urls]\nSource = "https://antiphon.example"')
    release["check_addresses"]('[project.urls]\nSource = "https://pypi.org/project/antiphon"')
