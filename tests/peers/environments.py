"""Environments of other people's packages, outside of the repository, made once and kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import venv
from pathlib import Path

__all__ = ["DIRECTORY", "environment"]

DIRECTORY = Path(os.environ.get("ANTIPHON_PEERS_DIR", "~/.cache/antiphon-peers")).expanduser()
"""Where the environments are; none of it belongs to the project."""

ROOT = Path(__file__).parents[2]


def environment(name: str, *packages: str, ours: bool = False) -> str:
    """Return the interpreter of an environment that has these packages.

    Args:
        name: the name of its folder.
        packages: what pip installs into it.
        ours: also install antiphon, as it is in this checkout.
    """
    wanted = [*packages, *(["--editable", str(ROOT)] if ours else [])]
    place = DIRECTORY / name
    python = str(place / ("Scripts" if os.name == "nt" else "bin") / "python")
    done = place / f"installed-{hashlib.sha256(repr(wanted).encode()).hexdigest()[:8]}"
    if not done.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        done.touch()
    return python
