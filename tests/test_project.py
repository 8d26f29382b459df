"""The files around the package: what continuous integration, pre-commit and a release say."""

from __future__ import annotations

import datetime as dt
import re
import runpy
import shutil
import subprocess
import sys
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


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a repository that is ready for a release, and in which `.ci/run` does nothing."""
    if shutil.which("git") is None or sys.platform == "win32":
        pytest.skip("needs git and a POSIX shell")
    for name in ("author", "committer"):
        monkeypatch.setenv(f"GIT_{name.upper()}_NAME", "A. Tester")
        monkeypatch.setenv(f"GIT_{name.upper()}_EMAIL", "tester@example.org")
    for path in ("scripts/release", "pyproject.toml", "CHANGELOG.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    project = tmp_path / "pyproject.toml"
    project.write_text(project.read_text().replace(".example", ".org"))
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## Unreleased\n\n* A change.\n")
    (tmp_path / "src/antiphon").mkdir(parents=True)
    (tmp_path / "src/antiphon/_version.py").write_text(
        '"""The version."""\n\n__version__ = "1.2.0"\n'
    )
    runs(tmp_path, "exit 0")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def runs(repository: Path, line: str) -> None:
    script = repository / ".ci" / "run"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\n{line}\n")
    script.chmod(0o755)


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout


def released(repository: Path, version: str) -> subprocess.CompletedProcess[str]:
    script = str(repository / "scripts" / "release")
    return subprocess.run(
        [sys.executable, script, version], capture_output=True, text=True, check=False
    )


def test_a_release_is_a_commit_and_a_tag(repository):
    done = released(repository, "1.2.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert git(repository, "log", "-1", "--format=%s %d").startswith("Release 1.2.1")
    assert git(repository, "tag") == "v1.2.1\n"
    assert git(repository, "status", "--porcelain") == ""
    assert '__version__ = "1.2.1"' in (repository / "src/antiphon/_version.py").read_text()
    assert "## 1.2.1 (2" in (repository / "CHANGELOG.md").read_text()


def test_a_release_whose_checks_fail_leaves_everything_as_it_was(repository):
    runs(repository, "exit 1")
    git(repository, "commit", "--quiet", "--all", "--message", "Break the checks")
    done = released(repository, "1.2.1")
    assert done.returncode == 1
    assert ".ci/run failed" in done.stderr
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "tag") == ""


def test_a_release_of_what_is_not_committed_is_refused(repository):
    (repository / "new.txt").touch()
    assert "not committed" in released(repository, "1.2.1").stderr
