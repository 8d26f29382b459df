"""Run other people's packages on antiphon: ``scripts/peers [--dir DIR] [--official] [NAME ...]``.

Each package is installed once in an environment of its own outside of the repository, and its
checks run against a local server, with antiphon in the place of the official package. With
``--official`` the same checks run on the official package, to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import environments

from antiphon.local import LocalServer

HERE = Path(__file__).parent

PEERS = {
    "instructor": ("instructor", "anthropic"),
    "langchain": ("langchain-anthropic", "langgraph"),
    "llm": ("llm", "llm-anthropic"),
    "claudette": ("claudette",),
    "haystack": ("anthropic-haystack",),
    "pydantic_ai": ("pydantic-ai-slim[anthropic]",),
    "llama_index": ("llama-index-llms-anthropic",),
    "agno": ("agno", "anthropic"),
    "strands": ("strands-agents[anthropic]",),
    "crewai": ("crewai", "anthropic"),
    "tracers": (
        "langfuse",
        "langsmith",
        "logfire",
        "sentry-sdk",
        "opentelemetry-instrumentation-anthropic",
        "opentelemetry-sdk",
        "anthropic",
    ),
}
"""The peers, and what pip installs for each."""


def results(name: str, official: bool) -> dict[str, str | None]:
    """Return the failure of each check of a peer, None where it passed."""
    python = environments.environment(name.replace("_", "-"), *PEERS[name], ours=True)
    with LocalServer() as server:
        command = [python, str(HERE / "check.py"), name, *(["--official"] if official else [])]
        done = subprocess.run(
            command,
            env=environment_of(server.url),
            stdout=subprocess.PIPE,
            check=False,
            timeout=600,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b'{"check"')]
    return {line["check"]: line["failure"] for line in lines} or {"run": "nothing ran"}


def environment_of(url: str) -> dict[str, str]:
    """Return the environment of the checks: they find the local server, and nothing else."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "ANTIPHON_"))}
    quiet = {"CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "false", "DO_NOT_TRACK": "1"}
    return {**kept, **quiet, "ANTHROPIC_API_KEY": "sk-ant-any", "ANTHROPIC_BASE_URL": url}


def main() -> None:
    """Run the peers that are named, or all of them, and print a table."""
    parser = argparse.ArgumentParser(description="Run other people's packages on antiphon.")
    parser.add_argument("--dir", type=Path, help="where their environments are kept")
    parser.add_argument("--official", action="store_true", help="run on the official package")
    parser.add_argument("names", nargs="*", choices=[*PEERS, []], help="the peers; all by default")
    options = parser.parse_args()
    if options.dir is not None:
        environments.DIRECTORY = options.dir
    failed = False
    for name in options.names or PEERS:
        found = results(name, options.official)
        passed = sum(failure is None for failure in found.values())
        print(f"{name}: {passed}/{len(found)}", flush=True)
        for check, failure in found.items():
            if failure is not None:
                print(f"  {check}: {failure}", flush=True)
        failed = failed or passed < len(found)
    sys.exit(failed)


if __name__ == "__main__":
    main()
