"""Run the portable tests of the official package's source distributions on antiphon.

``python tests/peers/suites.py [--official] 2.12.0 …`` downloads the sources of each version into a
temporary folder, finds the tests that are portable (see `portable.py`) and runs them with antiphon
in the place of the package. Nothing of the sources is kept.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

from environments import environment
from portable import portable_tests

TOOLS = (
    "pytest<9",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "respx",
    "time-machine",
    "dirty-equals",
    "rich",
    "inline-snapshot>=0.28",
    "http-snapshot[httpx]==0.1.9",
    "httpx",
    "httpx2",
    "importlib-metadata",
    "hypothesis",
    "packaging",
    "opentelemetry-sdk",
    "nest-asyncio",
)


def unpacked(version: str, folder: Path) -> Path:
    """Download and unpack the sources of a version; return their folder."""
    command = [
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        "anthropic",
        f"anthropic=={version}",
    ]
    subprocess.run([sys.executable, "-m", "pip", *command, "--dest", str(folder)], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def run(version: str, official: bool) -> dict[str, str | None]:
    """Return the failure of each portable test of a version, None where it passed."""
    python = environment(f"suite-{version}", f"anthropic=={version}", *TOOLS, ours=True)
    names = [python, "-c", "import anthropic; print(*anthropic.__all__)"]
    public = subprocess.run(names, check=True, capture_output=True, text=True).stdout.split()
    with tempfile.TemporaryDirectory() as temporary:
        sources = unpacked(version, Path(temporary))
        tests = portable_tests(sources / "tests", set(public))
        report = Path(temporary) / "report.xml"
        runner = ["-m", "pytest"] if official else ["-m", "antiphon.as_anthropic", "-m", "pytest"]
        wanted = Path(temporary) / "wanted"
        wanted.write_text("\n".join(name for _, name in tests))
        modules = sorted({f"tests/{path}" for path, _ in tests})
        subprocess.run(
            [
                python,
                *runner,
                "-n",
                "0",
                "-q",
                "--tb=line",
                "-W",
                "ignore",
                "-p",
                "no:cacheprovider",
                "--continue-on-collection-errors",
                "--timeout=20",
                f"--junit-xml={report}",
                *modules,
            ],
            cwd=sources,
            check=False,
            stdout=subprocess.DEVNULL,
            timeout=1200,
        )
        return _results(report, tests)


def _results(report: Path, tests: list[tuple[str, str]]) -> dict[str, str | None]:
    """Return the failure of each test function: that of its first case that failed."""
    found: dict[str, str | None] = {f"{path}::{name}": "did not run" for path, name in tests}
    for case in ET.parse(report).iter("testcase"):
        path = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        name = re.sub(r"\[.*", "", case.get("name", ""))
        key = next((k for k in found if _matches(k, path, name)), None)
        failure = next((each for each in case if each.tag in {"failure", "error"}), None)
        if key is None or any(each.tag == "skipped" for each in case):
            continue
        if failure is not None and found[key] in {None, "did not run"}:
            found[key] = (failure.get("message") or failure.text or "failed").split("\n")[0][:160]
        elif found[key] == "did not run":
            found[key] = None
    return found


def _matches(key: str, path: str, name: str) -> bool:
    place, _, function = key.partition("::")
    stem = place.removesuffix(".py")
    return function == name and (path == stem or path.startswith(f"{stem}/"))


def main() -> None:
    """Print how many portable tests of each version pass, and why the others fail."""
    official = "--official" in sys.argv
    for version in [each for each in sys.argv[1:] if each[0].isdigit()] or ["2.12.0", "0.75.0"]:
        results = run(version, official)
        passed = sum(failure is None for failure in results.values())
        print(f"anthropic {version}: {passed} of {len(results)} portable tests pass", flush=True)
        reasons = Counter(failure for failure in results.values() if failure is not None)
        for test, failure in results.items():
            if failure is not None:
                print(f"  {test}: {failure}")
        print("  reasons: " + "; ".join(f"{n} × {why[:60]}" for why, n in reasons.most_common(12)))


if __name__ == "__main__":
    main()
