"""What a statement loads, seen from a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    """Return the names of the modules that are loaded after `statement`."""
    code = f"import sys; {statement}; print(*sys.modules)"
    unwatched = {name: v for name, v in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run(
        [sys.executable, "-c", code], env=unwatched, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())
