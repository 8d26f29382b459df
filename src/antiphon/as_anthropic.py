"""Run a program that imports the official package with antiphon in its place.

``python -m antiphon.as_anthropic program.py …`` runs a file, and
``python -m antiphon.as_anthropic -m module …`` runs a module, as Python itself would.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from .compat.install import install_as_anthropic

__all__ = ["main"]

_STAND_IN = Path(__file__).parent / "compat" / "stand_in"
"""A folder whose `anthropic` is found by the processes that the program starts."""

USAGE = "usage: python -m antiphon.as_anthropic (program.py | -m module) [argument ...]"


def main() -> None:
    """Run what the command line names, as `__main__`.

    Raises:
        SystemExit: nothing was named; or the program ended.
    """
    arguments = sys.argv[1:]
    as_module = arguments[:1] == ["-m"]
    target = arguments[as_module : as_module + 1]
    if not target or target[0].startswith("-"):
        raise SystemExit(USAGE)
    install_as_anthropic()
    sys.argv = arguments[as_module:]
    sys.path.insert(1, str(_STAND_IN))  # behind the folder of the program
    if as_module:
        # Python has put the current folder first, as it does for a module.
        runpy.run_module(target[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(target[0]).resolve().parent)
        runpy.run_path(target[0], run_name="__main__")


if __name__ == "__main__":
    main()
