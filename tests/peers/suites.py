"""Run the tests in the source distributions of other people's packages on antiphon.

``python tests/peers/suites.py [--official] [NAME ...]`` downloads the sources of each suite into a
temporary folder and runs its tests with antiphon in the place of the official package. Nothing of
the sources is kept. Of the official package's own suites only the portable tests count (see
`portable.py`): the others test its inside.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from environments import environment
from portable import portable_tests

OFFICIAL_TOOLS = (
    "pytest<9", "pytest-asyncio", "pytest-timeout", "pytest-xdist", "respx", "time-machine",
    "dirty-equals", "rich", "inline-snapshot>=0.28", "http-snapshot[httpx]==0.1.9",
    "httpx", "httpx2",
    "importlib-metadata", "hypothesis", "packaging", "opentelemetry-sdk", "nest-asyncio", "mcp",
)  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """The tests of one source distribution."""

    package: str
    """Name and version, as pip takes them."""
    tools: tuple[str, ...]
    """What its tests need besides the package."""
    tests: tuple[str, ...] = ("tests",)
    """Which of its folders hold tests."""
    portable_only: bool = False
    """Whether only the portable tests count."""
    options: tuple[str, ...] = ("-W", "ignore")
    """What pytest is told besides."""


_LANGCHAIN_TOOLS = (
    "anthropic<1", "pytest<8", "blockbuster<1.6", "freezegun<2", "pytest-mock<4",
    "syrupy<5", "pytest-asyncio<1", "pytest-retry<1.8",
    "pytest-timeout<3", "pytest-socket<1",
    "pytest-xdist", "vcrpy<8", "langchain-tests", "langchain", "defusedxml<1",
)  # fmt: skip

SUITES = {
    **{
        f"anthropic-{version}": Suite(f"anthropic=={version}", OFFICIAL_TOOLS, portable_only=True)
        for version in ("0.75.0", "0.121.0", "2.12.0")
    },
    "langchain": Suite(
        "langchain-anthropic==1.2.0",
        _LANGCHAIN_TOOLS,
        ("tests/unit_tests",),
        options=("-W", "default"),  # some tests are about warnings
    ),
    "langchain-recorded": Suite(
        "langchain-anthropic==1.2.0",
        _LANGCHAIN_TOOLS,
        ("tests/integration_tests",),
        options=("-W", "ignore", "-m", "vcr"),
    ),
    "opentelemetry": Suite(
        "opentelemetry-instrumentation-anthropic==0.62.4",
        (
            "anthropic[bedrock]",
            "opentelemetry-sdk",
            "pytest-asyncio<0.24",
            "pytest-recording<0.14",
            "pytest<9",
            "pytest-timeout",
            "pytest-xdist",
            "vcrpy<9",
        ),
    ),
}


def unpacked(package: str, folder: Path) -> Path:
    """Download and unpack the sources of a package; return their folder."""
    name = package.partition("==")[0]
    command = ["download", "--quiet", "--no-deps", "--no-binary", name, package]
    subprocess.run([sys.executable, "-m", "pip", *command, "--dest", str(folder)], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def run(name: str, official: bool) -> tuple[dict[str, str | None], str]:
    """Return the failure of each test function of a suite, and how many of its cases pass."""
    suite = SUITES[name]
    place = name.removesuffix("-recorded")
    python = environment(f"suite-{place}", suite.package, *suite.tools, ours=True)
    with tempfile.TemporaryDirectory() as temporary:
        sources = unpacked(suite.package, Path(temporary))
        report = Path(temporary) / "report.xml"
        places: list[str] = list(suite.tests)
        tests: list[tuple[str, str]] | None = None
        if suite.portable_only:
            names = [python, "-c", "import anthropic; print(*anthropic.__all__)"]
            public = subprocess.run(names, check=True, capture_output=True, text=True).stdout
            tests = portable_tests(sources / "tests", set(public.split()))
            places = sorted({f"tests/{path}" for path, _ in tests})
        runner = ["-m", "pytest"] if official else ["-m", "antiphon.as_anthropic", "-m", "pytest"]
        options = [
            "-n", "0", "-q", "--tb=line", "-p", "no:cacheprovider", "--timeout=20",
            "--continue-on-collection-errors", f"--junit-xml={report}", *suite.options,
        ]  # fmt: skip
        subprocess.run(
            [python, *runner, *options, *places],
            cwd=sources,
            env={**os.environ, "ANTHROPIC_API_KEY": "sk-ant-any"},
            check=False,
            stdout=subprocess.DEVNULL,
            timeout=1200,
        )
        return _results(report, tests), cases(report)


def cases(report: Path) -> str:
    """Return how many cases of all tests that ran pass; a function with parameters has several."""
    ran = [each for each in ET.parse(report).iter("testcase") if each.find("skipped") is None]
    passed = [each for each in ran if each.find("failure") is None and each.find("error") is None]
    return f"{len(passed)} of {len(ran)} cases of the modules that have them"


def _results(report: Path, counted: list[tuple[str, str]] | None) -> dict[str, str | None]:
    """Return the failure of each counted test function: that of its first case that failed."""
    found: dict[str, str | None] = {}
    for case in ET.parse(report).iter("testcase"):
        key = f"{case.get('classname', '')}::{case.get('name', '').partition('[')[0]}"
        failure = next((each for each in case if each.tag in {"failure", "error"}), None)
        if any(each.tag == "skipped" for each in case):
            continue
        if found.get(key) is None:
            found[key] = None
            if failure is not None:
                text = failure.get("message") or failure.text or "failed"
                found[key] = text.split("\n")[0][:160]
    if counted is None:
        return found
    return {f"{path}::{name}": _of(found, path, name) for path, name in counted}


def _of(found: dict[str, str | None], path: str, name: str) -> str | None:
    """Return the failure of a test function in the classes of a module, or in none."""
    start = f"tests.{path.removesuffix('.py').replace('/', '.')}"
    cases = [
        failure
        for key, failure in found.items()
        if key.endswith(f"::{name}") and (key.partition("::")[0] + ".").startswith(f"{start}.")
    ]
    return next((each for each in cases if each is not None), None) if cases else "did not run"


def main() -> None:
    """Print how many tests of each suite pass, and why the others fail."""
    names = [each for each in sys.argv[1:] if not each.startswith("-")] or list(SUITES)
    for name in names:
        results, counted = run(name, "--official" in sys.argv)
        passed = sum(failure is None for failure in results.values())
        print(f"{name}: {passed} of {len(results)} tests pass ({counted})", flush=True)
        for test, failure in results.items():
            if failure is not None:
                print(f"  {test}: {failure}")


if __name__ == "__main__":
    main()
